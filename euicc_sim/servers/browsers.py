"""Keeps web pages out: what a browser sends for a page of somebody else is refused.

A browser can reach a server on this machine that nobody else can. It says from which page a request
comes (Origin), and a name that leads here though it is not ours (DNS rebinding) is seen in Host.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from euicc_sim.servers import Log

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

FORBIDDEN = 403


def guarded(app: ASGIApp, host: str, names: Collection[str], log: Log) -> ASGIApp:
    """An application that no page of another server can use.

    `host` is where it listens; if that is this machine alone, `names` are those by which it may be
    called, beside localhost and its addresses.
    """
    known = frozenset(one.lower() for one in names) | {"localhost"}
    checked = is_loopback(host)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        why = why_refused(
            Headers(scope=scope),
            scope["scheme"],
            lambda called: not checked or called is None or _ours(called, known),
        )
        if why is None:
            await app(scope, receive, send)
            return
        log(f"{scope['method']} refused: {why}", refused=True)
        await PlainTextResponse(f"{why}\n", FORBIDDEN)(scope, receive, send)

    return answer


def why_refused(headers: Headers, scheme: str, is_ours: Callable[[str | None], bool]) -> str | None:
    """Why what a browser sends is refused; None if it may come in.

    `is_ours` says whether the server may be called so (Host), and None is no name at all; `scheme`
    is that of its own pages.
    """
    called, origin = headers.get("host"), headers.get("origin")
    if origin is not None and origin != f"{scheme}://{called}":
        return f"A page of {_shown(origin)} may not ask this server."
    if not is_ours(called):
        return f"This server is not called {_shown(called or '')}. Ask for localhost."
    return None


def is_loopback(host: str) -> bool:
    """Whether a server that listens there is reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ours(called: str, known: frozenset[str]) -> bool:
    try:
        host = urlsplit(f"//{called}").hostname or ""
    except ValueError:
        return False
    return host in known or is_loopback(host)


def _shown(text: str) -> str:
    return ascii(text[:80])
