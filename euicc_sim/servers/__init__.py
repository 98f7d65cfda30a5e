"""The other parties behind HTTP: an SM-DP+ and its like, for programs that are not ours.

They need the extra `servers` (Starlette, uvicorn), which the modules below import; this one does
not. Each is a Starlette application that `run.WebServer` serves.
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
