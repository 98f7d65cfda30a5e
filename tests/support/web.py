"""Applications under test: asked without a network, or served on a free loopback port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from threading import Thread
from typing import Any

import httpx

from euicc_sim.servers.connections import USUAL, Limits
from euicc_sim.servers.web_server import WebServer

DEADLINE = 120.0
NAMES = ("x", "testsmdpplus1.example.com")
"""By which tests call servers on loopback."""


@dataclass
class Lines:
    """What a server says, in place of its log; `refused` are the lines of what it refused."""

    all: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __call__(self, text: str, *, refused: bool = False) -> None:
        """Take a line."""
        self.all.append(text)
        if refused:
            self.refused.append(text)


def ask(
    app: Any,
    path: str,
    body: bytes | str | Mapping[str, Any] | AsyncIterator[bytes] = b"",
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """The answer of an application to one request; a mapping is sent as JSON."""

    async def work() -> httpx.Response:
        content = json.dumps(body) if isinstance(body, Mapping) else body
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            return await client.request(method, path, content=content, headers=headers)

    return asyncio.run(work())


@contextmanager
def served(
    app: Any,
    tls: SSLContext | None = None,
    log: Lines | None = None,
    limits: Limits = USUAL,
    names: Collection[str] = NAMES,
) -> Iterator[int]:
    """The port of an application that is served meanwhile."""
    web = WebServer("127.0.0.1", 0, tls, log or Lines(), limits, names)
    thread = Thread(target=web.run, args=(app,))
    thread.start()
    try:
        yield web.port
    finally:
        web.stop()
        thread.join(DEADLINE)
    assert not thread.is_alive()
