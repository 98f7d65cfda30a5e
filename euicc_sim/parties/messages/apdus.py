"""ES10 requests over APDUs, as an IPA sends them (SGP.22 clause 5.7.2)."""

from __future__ import annotations

from collections.abc import Callable

from apdu import SW, Command
from apdu.names import status

SELECT_ISDR = bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100")
"""SELECT of the ISD-R on the basic channel."""

BLOCK_SIZE = 255
"""Bytes of one block: the most that a short command APDU holds."""

_CLA, _STORE_DATA, _MORE_BLOCKS, _LAST_BLOCK = 0x80, 0xE2, 0x11, 0x91
_CLA_GET_RESPONSE, _GET_RESPONSE, _MORE_DATA = 0x00, 0xC0, 0x61
_PROACTIVE = 0x91

Transmit = Callable[[bytes], bytes]
"""Takes a command APDU, returns data and status word."""


class StatusWordError(Exception):
    """A status word instead of an answer: a sentence, and the status word in `sw`."""

    def __init__(self, sw: int, what: str) -> None:
        word, _, meaning = status(sw).partition(" ")
        super().__init__(f"The card answered {what} with {word}{meaning and f' ({meaning})'}.")
        self.sw = sw


def select_isdr(transmit: Transmit) -> None:
    """Select the ISD-R on the basic channel. Raises StatusWordError if there is none."""
    _fetch(transmit, transmit(SELECT_ISDR), "SELECT of the ISD-R")


def exchange(transmit: Transmit, request: bytes) -> bytes:
    """Send an ES10 request to the selected ISD-R and fetch the whole answer.

    Raises StatusWordError if the last status word is neither 9000 nor 91XX: a card whose terminal
    has a toolkit announces REFRESH like that.
    """
    what = f"the ES10 request {request[:2].hex().upper()}"
    *blocks, last = store_data(request)
    for command in blocks:
        _check(transmit(command), what)
    return _fetch(transmit, transmit(last), what)


def _fetch(transmit: Transmit, answer: bytes, what: str) -> bytes:
    data = answer[:-2]
    while answer[-2] == _MORE_DATA:
        more = Command(_CLA_GET_RESPONSE, _GET_RESPONSE, 0, 0, ne=answer[-1] or 256)
        answer = transmit(bytes(more))
        data += answer[:-2]
    _check(answer, what)
    return data


def _check(answer: bytes, what: str) -> None:
    sw = int.from_bytes(answer[-2:])
    if sw != SW.OK and sw >> 8 != _PROACTIVE:
        raise StatusWordError(sw, what)


def store_data(request: bytes, block_size: int = BLOCK_SIZE) -> list[bytes]:
    """STORE DATA commands for the ISD-R on the basic channel.

    `block_size` is 1 to 255 bytes.
    """
    starts = range(0, len(request), block_size)
    return [
        bytes(
            Command(
                _CLA,
                _STORE_DATA,
                _LAST_BLOCK if start + block_size >= len(request) else _MORE_BLOCKS,
                number & 0xFF,
                request[start : start + block_size],
            )
        )
        for number, start in enumerate(starts)
    ]
