"""The parties behind HTTP, for programs that are not ours: SM-DP+ (ES9+), eIM (ESipa), IPA.

A request comes in, is bounded in size and time, and is handed to a party; its answer goes out. Each
server is a Starlette application that `web_server.WebServer` serves, with TLS below a test CI where
that is wanted.

Knows HTTP and JSON, and no card: what a message does is the party's business. The modules below
need the extra `servers` (Starlette, uvicorn), this one does not. Start reading at `es9_app`, then
`web_server`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

_EXTRA = ("httpx", "starlette", "uvicorn")


class ServerError(Exception):
    """What keeps a server from serving; a sentence with the next step."""


class Log(Protocol):
    """Takes one line for each thing that was asked, `refused` where it was not done."""

    def __call__(self, text: str, *, refused: bool = False) -> None:
        """Take the line, which has no time yet."""
        ...


@contextmanager
def extra_needed() -> Iterator[None]:
    """Imports in here need the extra. Raises ServerError with what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        raise ServerError(
            f"{error.name} is not installed, which servers need; "
            "install it with: pip install 'euicc-sim[servers]'"
        ) from error
