"""ESipa over HTTP in both of its bindings, ASN.1 and JSON (SGP.32 v1.2 clauses 6.1.1 and 6.1.2).

    Starlette(routes=routes(["getEimPackage", ...], take, log))

`take` answers a message of the ASN.1 binding; JSON is translated here, so that both bindings are
one server. A refusal has HTTP status 200 and the protocol's own code; a request that is not ESipa
gets an HTTP error status.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from euicc_sim.parties.messages import Refusal
from euicc_sim.parties.messages.esipa_json import (
    PATH as JSON_PATH,
)
from euicc_sim.parties.messages.esipa_json import (
    EsipaJsonError,
    Refused,
    answer_fields,
    is_object,
    request_message,
)
from euicc_sim.parties.messages.interfaces import Reply
from euicc_sim.servers import Log
from euicc_sim.servers.request_body import BodyError, json_of, read_body
from euicc_sim.servers.rsp_json import executed, not_executed

PATH = "/gsma/rsp2/asn1"
MEDIA_TYPE = "application/x-gsma-rsp-asn1"
JSON_MEDIA_TYPE = "application/json"
PROTOCOL = "gsma/rsp/v2.1.0"
"""The value of X-Admin-Protocol, clause 6.1.1. An answer in JSON has that of its request."""

OK, NO_CONTENT, BAD_REQUEST, UNAVAILABLE = 200, 204, 400, 503
NOTHING_TO_SAY = ("handleNotification", "provideEimPackageResult", "transferEimPackage")
"""Functions whose answer without fields has no body at all."""

Take = Callable[[bytes, str], Awaitable[Reply]]
"""Answers a message from a peer, "host:port"."""


def routes(functions: Iterable[str], take: Take, log: Log) -> list[Route]:
    """A route for the ASN.1 binding, and one for each of these functions in JSON."""
    found = [Route(PATH, _Asn1(take, log).answer, methods=["POST"])]
    for name in functions:
        found.append(Route(JSON_PATH + name, _Json(name, take, log).answer, methods=["POST"]))
    return found


class _Asn1:
    def __init__(self, take: Take, log: Log) -> None:
        self._take = take
        self._log = log

    async def answer(self, request: Request) -> Response:
        """Answer one message."""
        try:
            _check(request, MEDIA_TYPE)
            body = await read_body(request)
        except BodyError as error:
            self._log(f"ESipa: refused: {error}", refused=True)
            return Response(status_code=error.status, headers=headers())
        reply = await self._take(body, _peer(request))
        media_type = MEDIA_TYPE if reply.body else None
        return Response(reply.body, reply.status, headers() | _later(reply), media_type)


class _Json:
    def __init__(self, name: str, take: Take, log: Log) -> None:
        self._name = name
        self._take = take
        self._log = log

    async def answer(self, request: Request) -> Response:
        """Answer one request for the function."""
        try:
            _check(request, JSON_MEDIA_TYPE)
            body = await read_body(request)
        except BodyError as error:
            return self._malformed(str(error), status=error.status)
        spoken = request.headers.get("x-admin-protocol", PROTOCOL)
        try:
            message = self._message(body)
        except EsipaJsonError as error:
            return self._malformed(str(error), spoken, missing=error.missing)
        return self._shown(await self._take(message, _peer(request)), spoken)

    def _message(self, body: bytes) -> bytes:
        """The request in ASN.1. Raises EsipaJsonError."""
        try:
            fields = json_of(body)
        except ValueError as error:
            raise EsipaJsonError(f"The body is not JSON: {error}. Send an object.") from error
        if not is_object(fields):
            raise EsipaJsonError(f"{self._name} needs a JSON object. Send the fields in one.")
        return request_message(self._name, fields)

    def _malformed(
        self, sentence: str, spoken: str = PROTOCOL, *, missing: bool = False, status: int = OK
    ) -> Response:
        self._log(f"ESipa: refused: {sentence}", refused=True)
        codes = Refusal.ELEMENT_MISSING if missing else Refusal.MALFORMED
        return not_executed(*codes.value, sentence, status, spoken)

    def _shown(self, reply: Reply, spoken: str) -> Response:
        """The answer in JSON."""
        if reply.status == UNAVAILABLE:
            shown = Response(status_code=UNAVAILABLE, headers=_later(reply))
            shown.headers["X-Admin-Protocol"] = spoken
            return shown
        if reply.status == BAD_REQUEST:  # the ASN.1 binding has no answer that could say it
            return not_executed(*Refusal.MALFORMED.value, reply.why, OK, spoken)
        found = answer_fields(self._name, reply.body)
        if isinstance(found, Refused):
            return not_executed(found.subject, found.reason, reply.why, OK, spoken)
        if not found and self._name in NOTHING_TO_SAY:
            return executed(None, spoken)
        return executed(found, spoken)


def _peer(request: Request) -> str:
    return f"{request.client.host}:{request.client.port}" if request.client else ""


def _later(reply: Reply) -> dict[str, str]:
    return {"Retry-After": "10"} if reply.status == UNAVAILABLE else {}


def _check(request: Request, media_type: str) -> None:
    """Raise BodyError for a request without the headers of ESipa."""
    spoken = request.headers.get("x-admin-protocol", PROTOCOL)
    if not spoken.startswith("gsma/rsp/v"):
        raise BodyError(400, f"X-Admin-Protocol is {spoken!r}. Send one such as {PROTOCOL}.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != media_type:
        raise BodyError(415, f"Content-Type is {kind!r}. Send {media_type}.")


def headers() -> dict[str, str]:
    """The headers of every answer in ASN.1."""
    return {"X-Admin-Protocol": PROTOCOL}
