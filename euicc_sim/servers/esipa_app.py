"""ESipa over HTTP: an eIM as a Starlette application (SGP.32 v1.2 clause 6.1).

    serve_app(esipa_app(service, log), "127.0.0.1", 8080, None, log)

Speaks both bindings, as an eIM has to. Orders are under /eids, for those who have the token.
"""

from __future__ import annotations

from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from euicc_sim.parties.eim.server import EimService, EsipaFunctions, relayed
from euicc_sim.parties.messages.esipa_json import PATH as JSON_PATH
from euicc_sim.parties.messages.interfaces import Reply
from euicc_sim.servers import Log
from euicc_sim.servers.eim_rest import rest_routes
from euicc_sim.servers.esipa_bindings import PATH, UNAVAILABLE, headers, routes
from euicc_sim.servers.order_token import OrderToken

FUNCTIONS = (
    "initiateAuthentication",
    "authenticateClient",
    "getBoundProfilePackage",
    "cancelSession",
    "handleNotification",
    "getEimPackage",
    "provideEimPackageResult",
)
"""The functions that an IPA calls."""
CALLS_OUT, CALLS_OUT_WAITING = 32, 32
"""The calls to SM-DP+s that are made at a time, and that wait for one of these to end. They have
threads of their own, so that a silent SM-DP+ delays no package."""


def esipa_app(service: EimService, log: Log, token: OrderToken | None = None) -> Starlette:
    """The application: ESipa, and with a token the interface for orders."""
    server = _Esipa(service, log)
    found = routes(FUNCTIONS, server.take, log)
    if token is not None:
        found += rest_routes(service, log, token)
    return Starlette(routes=found, exception_handlers={HTTPException: server.no_function})


class _Esipa:
    def __init__(self, service: EimService, log: Log) -> None:
        self._service = service
        self._functions = EsipaFunctions(service)
        self._log = log
        self._calls_out = CapacityLimiter(CALLS_OUT)

    async def take(self, message: bytes, peer: str) -> Reply:
        """Answer one message."""
        answer = partial(self._functions.answer, message, peer)
        if not relayed(message):
            return await run_in_threadpool(answer)
        if self._calls_out.statistics().tasks_waiting >= CALLS_OUT_WAITING:
            self._log("ESipa: refused: too many calls to SM-DP+s are waiting", refused=True)
            return Reply(b"", UNAVAILABLE)
        return await to_thread.run_sync(answer, limiter=self._calls_out)

    async def no_function(self, request: Request, error: Exception) -> Response:
        """Answer a request that is neither ESipa nor for orders."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        asked = f"{request.method} {request.url.path}"
        self._log(
            f"refused: {asked} is not a function of ESipa. POST to {PATH}, or JSON to "
            f"{JSON_PATH} and the function's name.",
            refused=True,
        )
        return Response(status_code=status, headers=headers())
