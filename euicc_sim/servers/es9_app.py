"""ES9+ over HTTP: an SM-DP+ as a Starlette application (SGP.22 v2.5 clauses 6.3, 6.5 and 6.6).

    serve_app(es9_app(smdpp, log), "127.0.0.1", 8443, server_context(credential), log)

Each function call is a line in the log. A refusal has HTTP status 200 and the protocol's own codes;
a request that is not ES9+ gets such codes with an HTTP error status. The binding, JSON or ASN.1, is
that of the path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from threading import Lock

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from euicc_sim.parties.messages import Refusal, SmdppError
from euicc_sim.parties.smdpp import Smdpp
from euicc_sim.servers import Log, es9_asn1
from euicc_sim.servers.es9_json import FUNCTIONS, Function, subject
from euicc_sim.servers.request_body import BodyError, read_body
from euicc_sim.servers.rsp_json import (
    NO_CONTENT,
    Call,
    Given,
    check_protocol,
    executed,
    failed,
    headers,
    read_json,
)

PATH = "/gsma/rsp2/es9plus/"
ASN1_PATH = "/gsma/rsp2/asn1"
ASN1_MEDIA_TYPE = "application/x-gsma-rsp-asn1"

_BAD_REQUEST = 400


def es9_app(smdpp: Smdpp, log: Log) -> Starlette:
    """The application."""
    server = _Es9(smdpp, log)
    routes = [
        Route(PATH + path, server.endpoint(function), methods=["POST"])
        for path, function in FUNCTIONS.items()
    ]
    routes.append(Route(ASN1_PATH, server.answer_asn1, methods=["POST"]))
    return Starlette(routes=routes, exception_handlers={HTTPException: server.no_function})


class _Es9:
    """An SM-DP+, which handles one request at a time."""

    def __init__(self, smdpp: Smdpp, log: Log) -> None:
        self._smdpp = smdpp
        self._log = log
        self._lock = Lock()

    def endpoint(self, function: Function) -> Callable[[Request], Awaitable[Response]]:
        """The handler for a function's requests."""

        async def answer(request: Request) -> Response:
            try:
                body = await read_body(request)
                return await run_in_threadpool(self._run, function, request.headers, body)
            except BodyError as error:
                self._log(f"{function.name}: refused: {error}", refused=True)
                return failed(SmdppError(Refusal.MALFORMED, str(error)), error.status)

        return answer

    async def answer_asn1(self, request: Request) -> Response:
        """Answer a request in ASN.1."""
        try:
            check_media_type(request)
            body = await read_body(request)
        except BodyError as error:
            self._log(f"ES9+: refused: {error}", refused=True)
            return Response(status_code=error.status, headers=headers())
        return await run_in_threadpool(self._run_asn1, request.headers, body)

    async def no_function(self, request: Request, error: Exception) -> Response:
        """Answer a request that is not ES9+."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        asked = f"{request.method} {request.url.path}"
        sentence = f"{asked} is not a function of ES9+. POST to {PATH} and its name."
        self._log(f"refused: {sentence}", refused=True)
        return failed(SmdppError(Refusal.UNSUPPORTED, sentence), status)

    def _run(self, function: Function, sent: Mapping[str, str], body: bytes) -> Response:
        call = Call(self._log, function.name)
        with self._lock:
            try:
                check_protocol(sent)
                given = Given.of(function.name, read_json(body))
                with suppress(SmdppError):
                    call.about = subject(self._smdpp, given.transaction)
                answer, outcome = function.run(self._smdpp, given)
            except SmdppError as error:
                call.refused(error)
                return failed(error)
            call.done(outcome)
        return executed(answer)

    def _run_asn1(self, sent: Mapping[str, str], body: bytes) -> Response:
        call = Call(self._log, "ES9+")
        with self._lock:
            request = None
            try:
                check_protocol(sent)
                request = es9_asn1.read(body)
                call.name = es9_asn1.NAMES[request[0]]
                call.about = subject(self._smdpp, es9_asn1.transaction(request) or b"")
                reply = es9_asn1.answer(self._smdpp, request)
            except SmdppError as error:
                call.refused(error)
                answer = b"" if request is None else es9_asn1.refusal(request, error)
                return asn1_answer(answer, _BAD_REQUEST)
            call.done(reply.note)
        return asn1_answer(reply.body, NO_CONTENT)


def check_media_type(request: Request) -> None:
    """Raise BodyError unless a request is in ASN.1."""
    kind = request.headers.get("content-type", ASN1_MEDIA_TYPE).partition(";")[0].strip().lower()
    if kind != ASN1_MEDIA_TYPE:
        raise BodyError(415, f"Content-Type is {kind!r}. Send {ASN1_MEDIA_TYPE}.")


def asn1_answer(body: bytes, otherwise: int) -> Response:
    """An answer in ASN.1; if there is none, that status."""
    if not body:
        return Response(status_code=otherwise, headers=headers())
    return Response(body, 200, headers(), ASN1_MEDIA_TYPE)
