"""A listening IPA, to which an eIM delivers packages over HTTP (SGP.32 v1.2 clause 6.3.2.8)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from euicc_sim.parties.messages import LpaError
from euicc_sim.parties.messages.interfaces import Reply
from euicc_sim.servers import Log
from euicc_sim.servers.esipa_bindings import BAD_REQUEST, NO_CONTENT, OK, routes

Transferred = Callable[[bytes], bytes]
"""Carries out a TransferEimPackageRequest. Raises LpaError."""


def ipa_app(transferred: Transferred, log: Log) -> Starlette:
    """The application; it handles one request at a time, as there is one card."""
    lock = Lock()

    def run(message: bytes) -> bytes:
        with lock:
            return transferred(message)

    async def take(message: bytes, _: str) -> Reply:
        try:
            body = await run_in_threadpool(run, message)
        except LpaError as error:
            log(f"refused: {error}", refused=True)
            return Reply(b"", BAD_REQUEST, str(error))
        return Reply(body, OK if body else NO_CONTENT)

    return Starlette(routes=routes(["transferEimPackage"], take, log))
