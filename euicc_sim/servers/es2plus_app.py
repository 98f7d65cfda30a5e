"""ES2+ over HTTP: what an operator orders, as a Starlette application (SGP.22 clauses 5.3, 6.5.2).

    app = es2plus_app(Es2Plus(smdpp.orders, smdpp.address), log, token)
    serve_app(app, "127.0.0.1", 8444, tls, log)

Operators show a certificate, as the standard has it, or the token for orders.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from euicc_sim.parties.messages import Refusal, SmdppError
from euicc_sim.parties.smdpp import Es2Plus, FinalStatus
from euicc_sim.servers import Log
from euicc_sim.servers.order_token import OrderToken
from euicc_sim.servers.request_body import BodyError, read_body
from euicc_sim.servers.rsp_json import (
    Call,
    Given,
    check_header,
    check_protocol,
    executed,
    failed,
    read_json,
)

PATH = "/gsma/rsp2/es2plus/"
MEDIA_TYPE = "application/json"

Outcome = tuple[Mapping[str, str], str]
"""The fields of the answer, and a note for the log."""


def es2plus_app(
    es2plus: Es2Plus,
    log: Log,
    token: OrderToken | None,
) -> Starlette:
    """The application; without a `token`, whoever reaches it may order."""
    server = _Es2Plus(es2plus, log, token)
    routes = [
        Route(PATH + path, server.endpoint(function), methods=["POST"])
        for path, function in FUNCTIONS.items()
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: server.no_function})


@dataclass(frozen=True)
class Function:
    """A function: its name, and what answers the fields of a request."""

    name: str
    run: Callable[[Es2Plus, Given], Outcome]


class _Es2Plus:
    def __init__(
        self,
        es2plus: Es2Plus,
        log: Log,
        token: OrderToken | None,
    ) -> None:
        self._es2plus = es2plus
        self._log = log
        self._token = token

    def endpoint(self, function: Function) -> Callable[[Request], Awaitable[Response]]:
        """The handler for a function's requests."""

        async def answer(request: Request) -> Response:
            try:
                self._check_sender(request)
                body = await read_body(request)
            except BodyError as error:
                self._log(f"{function.name}: refused: {error}", refused=True)
                return failed(SmdppError(Refusal.MALFORMED, str(error)), error.status)
            return await run_in_threadpool(self._run, function, request.headers, body)

        return answer

    def _check_sender(self, request: Request) -> None:
        """Raise BodyError for a request without the token, or of a type that any page can send."""
        if self._token and not self._token.fits(request.headers.get("authorization")):
            path = self._token.path
            self._log(f"The token for orders is in {path}.", refused=True)
            raise BodyError(401, "The token for orders is missing. Send it as a Bearer token.")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != MEDIA_TYPE:
            raise BodyError(415, f"Content-Type is {kind!r}. Send {MEDIA_TYPE}.")

    async def no_function(self, request: Request, error: Exception) -> Response:
        """Answer a request that is not ES2+."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        asked = f"{request.method} {request.url.path}"
        sentence = f"{asked} is not a function of ES2+. POST to {PATH} and its name."
        self._log(f"refused: {sentence}", refused=True)
        return failed(SmdppError(Refusal.UNSUPPORTED, sentence), status)

    def _run(self, function: Function, sent: Mapping[str, str], body: bytes) -> Response:
        call = Call(self._log, function.name)
        try:
            check_protocol(sent)
            given = Given.of(function.name, read_json(body))
            requester = check_header(given)
            call.about = lambda: f"{requester}, "
            fields, outcome = function.run(self._es2plus, given)
        except SmdppError as error:
            call.refused(error)
            return failed(error)
        call.done(outcome)
        return executed(fields)


def _download_order(es2plus: Es2Plus, given: Given) -> Outcome:
    eid = given.optional("eid")
    iccid = es2plus.download_order(
        eid=eid, iccid=given.optional("iccid"), profile_type=given.optional("profileType")
    )
    return {"iccid": iccid}, f"ICCID {iccid} ordered{_for(eid)}"


def _confirm_order(es2plus: Es2Plus, given: Given) -> Outcome:
    iccid, release = given.text("iccid"), given.flag("releaseFlag")
    found = es2plus.confirm_order(
        iccid,
        release=release,
        eid=given.optional("eid"),
        matching_id=given.optional("matchingId"),
        confirmation_code=given.optional("confirmationCode"),
        smds_address=given.optional("smdsAddress"),
    )
    fields = {"matchingId": found.matching_id, "smdpAddress": found.smdp_address}
    if found.eid is not None:
        fields["eid"] = found.eid
    done = "released" if release else "confirmed"
    return fields, f"ICCID {iccid} {done} as {found.matching_id!r}{_for(found.eid)}"


def _cancel_order(es2plus: Es2Plus, given: Given) -> Outcome:
    iccid, indicator = given.text("iccid"), given.text("finalProfileStatusIndicator")
    if indicator not in (one.value for one in FinalStatus):
        raise SmdppError(
            Refusal.MALFORMED,
            f"finalProfileStatusIndicator is {indicator[:40]!r}. Send Available or Unavailable.",
        )
    es2plus.cancel_order(
        iccid,
        final=FinalStatus(indicator),
        eid=given.optional("eid"),
        matching_id=given.optional("matchingId"),
    )
    return {}, f"ICCID {iccid} cancelled: {indicator}"


def _release_profile(es2plus: Es2Plus, given: Given) -> Outcome:
    iccid = given.text("iccid")
    es2plus.release_profile(iccid)
    return {}, f"ICCID {iccid} released"


def _for(eid: str | None) -> str:
    return "" if eid is None else f" for EID {eid}"


FUNCTIONS = {
    "downloadOrder": Function("DownloadOrder", _download_order),
    "confirmOrder": Function("ConfirmOrder", _confirm_order),
    "cancelOrder": Function("CancelOrder", _cancel_order),
    "releaseProfile": Function("ReleaseProfile", _release_profile),
}
"""Keyed by the last part of the path."""
