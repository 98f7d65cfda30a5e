"""ProfileRollback as bytes, and whether a card allows it."""

from __future__ import annotations

from collections.abc import Callable

from support.eims import ask, objects
from support.hexes import hx

Send = Callable[[bytes], bytes]

ROLLBACK = hx("BF58 03 8001FF")
NOT_ALLOWED = hx("BF58 03 020101")
BUSY = hx("BF58 03 020105")
COMMAND_ERROR = hx("BF58 03 020107")


def result_in(answer: bytes) -> bytes:
    """The package result in a good answer."""
    (_, _, content), *_ = objects(answer)
    (_, code, _), (_, result, _) = objects(content)
    if code != hx("02 01 00"):
        raise AssertionError(answer.hex())
    return result


def still_granted(send: Send) -> bool:
    """Whether going back is allowed; it is done then."""
    answer = ask(send, ROLLBACK)
    return answer != NOT_ALLOWED and bool(result_in(answer))
