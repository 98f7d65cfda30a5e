"""A listening IPA, to which an eIM delivers packages over HTTP (SGP.32 v1.2 clause 6.3.2.8)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from euicc_sim.parties.messages import LpaError
from euicc_sim.servers import Log
from euicc_sim.servers.esipa_app import MEDIA_TYPE, PATH, check_headers, headers
from euicc_sim.servers.request_body import BodyError, read_body

Transferred = Callable[[bytes], bytes]
"""Carries out a TransferEimPackageRequest. Raises LpaError."""


def ipa_app(transferred: Transferred, log: Log) -> Starlette:
    """The application; it handles one request at a time, as there is one card."""
    lock = Lock()

    def run(message: bytes) -> bytes:
        with lock:
            return transferred(message)

    async def answer(request: Request) -> Response:
        try:
            check_headers(request)
            body = await run_in_threadpool(run, await read_body(request))
        except BodyError as error:
            log(f"refused: {error}", refused=True)
            return Response(status_code=error.status, headers=headers())
        except LpaError as error:
            log(f"refused: {error}", refused=True)
            return Response(status_code=400, headers=headers())
        status, kind = (200, MEDIA_TYPE) if body else (204, None)
        return Response(body, status, headers(), kind)

    return Starlette(routes=[Route(PATH, answer, methods=["POST"])])
