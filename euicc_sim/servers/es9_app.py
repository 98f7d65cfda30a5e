"""ES9+ over HTTP: an SM-DP+ as a Starlette application (SGP.22 v2.5 clauses 6.3 and 6.5).

    serve_app(es9_app(smdpp, log), "127.0.0.1", 8443, server_context(credential), log)

Each function call is a line in the log. A refusal has HTTP status 200 and the protocol's own codes;
a request that is not ES9+ gets such codes with an HTTP error status.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from threading import Lock

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from euicc_sim.parties.messages import Refusal, SmdppError
from euicc_sim.parties.smdpp import Smdpp
from euicc_sim.servers import Log
from euicc_sim.servers.es9_json import FUNCTIONS, Function, Given, subject
from euicc_sim.servers.request_body import BodyError, json_of, read_body

PATH = "/gsma/rsp2/es9plus/"
PROTOCOL = "gsma/rsp/v2.5.0"
"""The value of X-Admin-Protocol."""
MESSAGE_AT_MOST = 128
"""The maximum size of statusCodeData.message in characters of printable ASCII, as lpac has room for
no more; the log has it all."""

_NO_CONTENT = 204


def es9_app(smdpp: Smdpp, log: Log, changed: Callable[[], None] = lambda: None) -> Starlette:
    """The application. `changed` is called after each function, before it is answered."""
    server = _Es9(smdpp, log, changed)
    routes = [
        Route(PATH + path, server.endpoint(function), methods=["POST"])
        for path, function in FUNCTIONS.items()
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: server.no_function})


class _Es9:
    """An SM-DP+, which handles one request at a time."""

    def __init__(self, smdpp: Smdpp, log: Log, changed: Callable[[], None]) -> None:
        self._smdpp = smdpp
        self._log = log
        self._changed = changed
        self._lock = Lock()

    def endpoint(self, function: Function) -> Callable[[Request], Awaitable[Response]]:
        """The handler for a function's requests."""

        async def answer(request: Request) -> Response:
            try:
                body = await read_body(request)
                return await run_in_threadpool(self._run, function, request.headers, body)
            except BodyError as error:
                self._log(f"{function.name}: refused: {error}", refused=True)
                return _failed(SmdppError(Refusal.MALFORMED, str(error)), error.status)

        return answer

    async def no_function(self, request: Request, error: Exception) -> Response:
        """Answer a request that is not ES9+."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        asked = f"{request.method} {request.url.path}"
        sentence = f"{asked} is not a function of ES9+. POST to {PATH} and its name."
        self._log(f"refused: {sentence}", refused=True)
        return _failed(SmdppError(Refusal.UNSUPPORTED, sentence), status)

    def _run(self, function: Function, headers: Mapping[str, str], body: bytes) -> Response:
        with self._lock:
            about = _nobody
            try:
                _check(headers)
                given = Given.of(function.name, _json(body))
                about = subject(self._smdpp, given)
                answer, outcome = function.run(self._smdpp, given)
            except SmdppError as error:
                codes = f"{error.subject}/{error.reason}"
                self._log(f"{function.name}: {about()}refused {codes}: {error}", refused=True)
                return _failed(error)
            finally:
                self._changed()
            self._log(f"{function.name}: {about()}{outcome}")
        return _executed(answer)


def _nobody() -> str:
    return ""


def _check(headers: Mapping[str, str]) -> None:
    spoken = headers.get("x-admin-protocol", PROTOCOL)
    if not spoken.startswith("gsma/rsp/v"):
        raise SmdppError(
            Refusal.MALFORMED, f"X-Admin-Protocol is {spoken!r}. Send one such as {PROTOCOL}."
        )


def _json(body: bytes) -> object:
    try:
        return json_of(body)
    except ValueError as error:
        raise SmdppError(
            Refusal.MALFORMED, f"The body is not JSON: {error}. Send an object of the fields."
        ) from error


def _executed(fields: Mapping[str, str] | None) -> Response:
    if fields is None:
        return Response(status_code=_NO_CONTENT, headers=_headers())
    status = {"functionExecutionStatus": {"status": "Executed-Success"}}
    return _response({"header": status, **fields}, 200)


def _failed(error: SmdppError, http_status: int = 200) -> Response:
    data = {
        "subjectCode": error.subject,
        "reasonCode": error.reason,
        "message": _shortened(str(error)),
    }
    status = {"functionExecutionStatus": {"status": "Failed", "statusCodeData": data}}
    return _response({"header": status}, http_status)


def _response(content: Mapping[str, object], http_status: int) -> Response:
    return Response(json.dumps(content), http_status, _headers(), "application/json;charset=UTF-8")


def _headers() -> dict[str, str]:
    return {"X-Admin-Protocol": PROTOCOL}


def _shortened(text: str) -> str:
    """As many whole words as fit, in printable ASCII."""
    plain = "".join(one if " " <= one <= "~" else "?" for one in text)
    if len(plain) <= MESSAGE_AT_MOST:
        return plain
    end = "..."
    return plain[: MESSAGE_AT_MOST - len(end)].rpartition(" ")[0] + end
