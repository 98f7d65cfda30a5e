"""ESipa over HTTP: an eIM as a Starlette application (SGP.32 v1.2 clause 6.1, ASN.1 binding).

    serve_app(esipa_app(service, log), "127.0.0.1", 8080, None, log)

A refusal has HTTP status 200 and the protocol's own code; a request that is not ESipa gets an HTTP
error status. Orders are under /eids, for those who have the token.
"""

from __future__ import annotations

from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from euicc_sim.parties.eim.server import EimService, EsipaFunctions, relayed
from euicc_sim.servers import Log
from euicc_sim.servers.eim_rest import rest_routes
from euicc_sim.servers.order_token import OrderToken
from euicc_sim.servers.request_body import BodyError, read_body

PATH = "/gsma/rsp2/asn1"
MEDIA_TYPE = "application/x-gsma-rsp-asn1"
PROTOCOL = "gsma/rsp/v2.1.0"
"""The value of X-Admin-Protocol, clause 6.1.1."""
CALLS_OUT, CALLS_OUT_WAITING = 32, 32
"""The calls to SM-DP+s that are made at a time, and that wait for one of these to end. They have
threads of their own, so that a silent SM-DP+ delays no package."""


def esipa_app(service: EimService, log: Log, token: OrderToken | None = None) -> Starlette:
    """The application: ESipa, and with a token the interface for orders."""
    server = _Esipa(service, log)
    routes = [Route(PATH, server.answer, methods=["POST"])]
    if token is not None:
        routes += rest_routes(service, log, token)
    return Starlette(routes=routes, exception_handlers={HTTPException: server.no_function})


class _Esipa:
    def __init__(self, service: EimService, log: Log) -> None:
        self._service = service
        self._functions = EsipaFunctions(service)
        self._log = log
        self._calls_out = CapacityLimiter(CALLS_OUT)

    async def answer(self, request: Request) -> Response:
        """Answer one message."""
        peer = f"{request.client.host}:{request.client.port}" if request.client else ""
        try:
            check_headers(request)
            body = await read_body(request)
        except BodyError as error:
            self._log(f"ESipa: refused: {error}", refused=True)
            return Response(status_code=error.status, headers=headers())
        if relayed(body):
            if self._calls_out.statistics().tasks_waiting >= CALLS_OUT_WAITING:
                self._log("ESipa: refused: too many calls to SM-DP+s are waiting", refused=True)
                return Response(status_code=503, headers=headers() | {"Retry-After": "10"})
            answer = partial(self._functions.answer, body, peer)
            reply = await to_thread.run_sync(answer, limiter=self._calls_out)
        else:
            reply = await run_in_threadpool(self._functions.answer, body, peer)
        media_type = MEDIA_TYPE if reply.body else None
        return Response(reply.body, reply.status, headers(), media_type)

    async def no_function(self, request: Request, error: Exception) -> Response:
        """Answer a request that is neither ESipa nor for orders."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        asked = f"{request.method} {request.url.path}"
        self._log(f"refused: {asked} is not a function of ESipa. POST to {PATH}.", refused=True)
        return Response(status_code=status, headers=headers())


def check_headers(request: Request) -> None:
    """Raise BodyError for a request without the headers of ESipa."""
    spoken = request.headers.get("x-admin-protocol", PROTOCOL)
    if not spoken.startswith("gsma/rsp/v"):
        raise BodyError(400, f"X-Admin-Protocol is {spoken!r}. Send one such as {PROTOCOL}.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise BodyError(415, f"Content-Type is {kind!r}. Send {MEDIA_TYPE}.")


def headers() -> dict[str, str]:
    """The headers of every answer."""
    return {"X-Admin-Protocol": PROTOCOL}
