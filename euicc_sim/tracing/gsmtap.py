"""GSMTAP messages of type SIM (version 2, libosmocore's gsmtap.h): a 16-byte header and a body."""

from __future__ import annotations

import struct
from enum import IntEnum, unique
from typing import NamedTuple

PORT = 4729
"""The UDP port of GSMTAP."""

MAX_DATAGRAM = 65507
"""Bytes of a UDP payload over IPv4."""

_VERSION, _TYPE_SIM = 2, 4
_WORD = 4
_HEADER = struct.Struct(">BBBB8xBBBB")
_SW_SIZE = 2


@unique
class Kind(IntEnum):
    """The contents of a message of type SIM (sub_type)."""

    APDU = 0
    ATR = 1


class Message(NamedTuple):
    """A message: `kind` is a Kind or another sub_type, `slot` the card's number from 0.

    Its bytes are those of a datagram, with the slot in sub_slot. A body that is too long for one
    is truncated, except for its last two bytes (the status word).
    """

    kind: int
    body: bytes
    slot: int = 0

    def __bytes__(self) -> bytes:
        head = _HEADER.pack(
            _VERSION, _HEADER.size // _WORD, _TYPE_SIM, 0, self.kind, 0, self.slot, 0
        )
        body = self.body
        room = MAX_DATAGRAM - len(head)
        if len(body) > room:
            body = body[: room - _SW_SIZE] + body[-_SW_SIZE:]
        return head + body


def read(data: bytes) -> Message | None:
    """The message in a datagram; None if it is something else."""
    if len(data) < _HEADER.size:
        return None
    version, words, kind_of_net, _, kind, _, slot, _ = _HEADER.unpack_from(data)
    size = words * _WORD
    if version != _VERSION or kind_of_net != _TYPE_SIM or not _HEADER.size <= size <= len(data):
        return None
    return Message(kind, data[size:], slot)
