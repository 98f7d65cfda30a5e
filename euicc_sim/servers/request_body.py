"""Reads the body of a request, with limits on size and time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.requests import Request


BODY_AT_MOST = 1024 * 1024
"""Bytes."""
BODY_SECONDS = 30.0

_HEARD_OUT = 16
"""A body of up to this many times the limit is read and discarded before it is refused: a client
still sending when the connection closes does not see the answer."""


class BodyError(Exception):
    """The body is refused: a sentence with the next step, and the HTTP status."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def read_body(
    request: Request, *, at_most: int = BODY_AT_MOST, seconds: float = BODY_SECONDS
) -> bytes:
    """The whole body. Raises BodyError."""
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, at_most)
    except TimeoutError as error:
        raise BodyError(
            408, f"The body was not received within {seconds:g} seconds. Send it again."
        ) from error
    except ClientDisconnect as error:
        raise BodyError(400, "The body ended too early. Send it again.") from error


def json_of(body: bytes) -> object:
    """A body as JSON. Raises ValueError, also for half of a surrogate pair in a text."""
    try:
        return msgspec.json.decode(body)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


async def _read(request: Request, at_most: int) -> bytes:
    kept, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= at_most:
            kept += chunk
        elif size > _HEARD_OUT * at_most:
            break
    if size > at_most:
        raise BodyError(
            413,
            f"The body has {size} bytes or more; at most {at_most} are accepted. Send a smaller "
            "one.",
        )
    return bytes(kept)
