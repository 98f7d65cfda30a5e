"""ES11 and ES12 over HTTP: an SM-DS as a Starlette application (SGP.22 v2.5 clauses 5.8, 5.9, 6.5).

    serve_app(smds_app(smds, log), "127.0.0.1", 8445, smds_context(credential, cis), log)

LPAs ask for events at the paths of ES9+, in JSON or ASN.1. SM-DP+s, and SM-DSs below this one,
register them (JSON); they show a TLS certificate, whose OID says to whom an event belongs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from euicc_sim.parties.messages import Refusal, SmdppError
from euicc_sim.parties.smds import Smds
from euicc_sim.servers import Log, es11_asn1
from euicc_sim.servers.client_certificate import oid_of_client
from euicc_sim.servers.es9_app import ASN1_PATH, PATH, asn1_answer, check_media_type
from euicc_sim.servers.es11_json import FUNCTIONS, REGISTRY, Function, Outcome, card_of
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

ES12_PATH = "/gsma/rsp2/es12/"
_JSON_TYPE = "application/json"

_BAD_REQUEST, _FORBIDDEN, _UNSUPPORTED_TYPE = 400, 403, 415


def smds_app(smds: Smds, log: Log) -> Starlette:
    """The application."""
    server = _Smds(smds, log)
    routes = [
        *(
            Route(PATH + path, server.for_lpas(function), methods=["POST"])
            for path, function in FUNCTIONS.items()
        ),
        *(
            Route(ES12_PATH + path, server.for_servers(name, run), methods=["POST"])
            for path, (name, run) in REGISTRY.items()
        ),
        Route(ASN1_PATH, server.answer_asn1, methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: server.no_function})


@dataclass(frozen=True)
class _Smds:
    smds: Smds
    log: Log

    def for_lpas(self, function: Function) -> Callable[[Request], Awaitable[Response]]:
        """The handler for a function of ES11."""

        async def answer(request: Request) -> Response:
            try:
                body = await read_body(request)
            except BodyError as error:
                return self._unreadable(function.name, error)
            return await run_in_threadpool(self._run, function, request.headers, body)

        return answer

    def for_servers(
        self, name: str, run: Callable[[Smds, Given, str], Outcome]
    ) -> Callable[[Request], Awaitable[Response]]:
        """The handler for a function of ES12, which is refused to who shows no certificate."""

        async def answer(request: Request) -> Response:
            try:
                owner = _owner(request)
                body = await read_body(request)
            except BodyError as error:
                return self._unreadable(name, error)

            def with_owner(smds: Smds, given: Given) -> Outcome:
                return run(smds, given, owner)

            function = Function(name, with_owner)
            return await run_in_threadpool(self._run, function, request.headers, body, owner)

        return answer

    async def answer_asn1(self, request: Request) -> Response:
        """Answer a request of ES11 in ASN.1."""
        try:
            check_media_type(request)
            body = await read_body(request)
        except BodyError as error:
            self.log(f"ES11: refused: {error}", refused=True)
            return Response(status_code=error.status, headers=headers())
        return await run_in_threadpool(self._run_asn1, request.headers, body)

    async def no_function(self, request: Request, error: Exception) -> Response:
        """Answer a request that is neither ES11 nor ES12."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        asked = f"{request.method} {request.url.path}"
        sentence = (
            f"{asked} is not a function of an SM-DS. POST to {PATH} or {ES12_PATH} and its name."
        )
        self.log(f"refused: {sentence}", refused=True)
        return failed(SmdppError(Refusal.UNSUPPORTED, sentence), status)

    def _unreadable(self, name: str, error: BodyError) -> Response:
        self.log(f"{name}: refused: {error}", refused=True)
        return failed(SmdppError(Refusal.MALFORMED, str(error)), error.status)

    def _run(
        self, function: Function, sent: Mapping[str, str], body: bytes, who: str = ""
    ) -> Response:
        call = Call(self.log, function.name, lambda: f"{who}, " if who else "")
        try:
            check_protocol(sent)
            given = Given.of(function.name, read_json(body))
            if not who:
                with suppress(SmdppError):
                    call.about = card_of(self.smds, given.transaction)
            fields, outcome = function.run(self.smds, given)
        except SmdppError as error:
            call.refused(error)
            return failed(error)
        call.done(outcome)
        return executed(fields)

    def _run_asn1(self, sent: Mapping[str, str], body: bytes) -> Response:
        call, request = Call(self.log, "ES11"), None
        try:
            check_protocol(sent)
            request = es11_asn1.read(body)
            call.name = es11_asn1.name_of(request)
            call.about = card_of(self.smds, es11_asn1.transaction(request))
            reply = es11_asn1.answer(self.smds, request)
        except SmdppError as error:
            call.refused(error)
            answer = b"" if request is None else es11_asn1.refusal(request, error)
            return asn1_answer(answer, _BAD_REQUEST)
        call.done(reply.note)
        return asn1_answer(reply.body, NO_CONTENT)


def _owner(request: Request) -> str:
    """The OID of the server that asks. Raises BodyError for others."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON_TYPE:
        raise BodyError(_UNSUPPORTED_TYPE, f"Content-Type is {kind!r}. Send {_JSON_TYPE}.")
    found = oid_of_client(request)
    if found is None:
        raise BodyError(
            _FORBIDDEN,
            "ES12 is for SM-DP+s and SM-DSs. Show a TLS certificate below a CI of this SM-DS, with "
            "an OID.",
        )
    return found
