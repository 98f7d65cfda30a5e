"""MANAGE CHANNEL from the terminal's side (ISO/IEC 7816-4 clause 11.1.2).

`transmit` takes a command APDU and returns data and status word.
"""

from __future__ import annotations

from collections.abc import Callable

from apdu.command import Command
from apdu.status import SW

Transmit = Callable[[bytes], bytes]

MANAGE_CHANNEL, CLOSE = 0x70, 0x80


class NoChannelError(Exception):
    """The card opened no channel; `answer` is what it said."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(f"no channel was opened: {answer.hex().upper()}")
        self.answer = answer

    @property
    def sw(self) -> int:
        """The status word."""
        return int.from_bytes(self.answer[-2:])


def open_channel(transmit: Transmit) -> int:
    """Open a channel that the card chooses; its number. Raises NoChannelError."""
    answer = transmit(bytes(Command(0, MANAGE_CHANNEL, 0, 0, ne=1)))
    if answer[1:] != SW.OK.to_bytes(2):
        raise NoChannelError(answer)
    return answer[0]


def close_channel(transmit: Transmit, channel: int) -> bytes:
    """Close a channel; what the card answered."""
    return transmit(bytes(Command(0, MANAGE_CHANNEL, CLOSE, channel)))
