"""The parties as HTTP servers for other programs: SM-DP+ (ES9+), eIM (ESipa), IPA.

A request, limited in size and time, is passed to a party, which answers it. Each server is a
Starlette application that `web_server.WebServer` serves, if wanted with TLS below a test CI.

Knows HTTP and JSON, not cards: what a message does is up to the party. The modules of this package
need the extra `servers` (Starlette, uvicorn), except this one. Start reading at `es9_app`, then
`web_server`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

_EXTRA = ("httpx", "sqlalchemy", "starlette", "uvicorn")


class ServerError(Exception):
    """Why a server cannot serve; a sentence with the next step."""


class Log(Protocol):
    """Takes one line for each request, `refused` if it was not carried out."""

    def __call__(self, text: str, *, refused: bool = False) -> None:
        """Log the line; the time is added."""
        ...


@contextmanager
def extra_needed() -> Iterator[None]:
    """For imports that need the extra. Raises ServerError that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        raise ServerError(
            f"servers need {error.name}, which is not installed; "
            "install it with: pip install 'euicc-sim[servers]'"
        ) from error
