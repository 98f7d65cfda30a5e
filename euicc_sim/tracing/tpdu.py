"""A command and its response in one byte string, as GSMTAP carries them: the TPDU of T=0.

CLA INS P1 P2 P3, the data of one side or both, SW1 SW2 (ISO/IEC 7816-3 clause 12.2). Nothing in it
says which side sent the data, so splitting it depends on the instruction.
"""

from __future__ import annotations

from typing import NamedTuple

from apdu import Command, StatusError

HEAD_SIZE = 5
"""CLA INS P1 P2 P3."""
SW_SIZE = 2
_WITHOUT_P3 = 4
_EXTENDED = 2
"""Bytes of an extended length that follow P3 00."""
_MOST_SHORT = 256

_ASKING = frozenset({0x12, 0x70, 0x84, 0xB0, 0xB2, 0xC0, 0xCA, 0xF2})
"""FETCH, MANAGE CHANNEL, GET CHALLENGE, READ BINARY and RECORD, GET RESPONSE, GET DATA, STATUS:
instructions without command data."""


class Tpdu(NamedTuple):
    """A command (without Le if it has data), and the data and status word of its response."""

    command: bytes
    answer: bytes


def join(command: bytes, answer: bytes) -> bytes:
    """The TPDU of a command APDU and its response APDU.

    T=0 has a P3 in every command, and no Le after command data. What cannot be parsed as a command
    is included as it is.
    """
    try:
        parsed = Command.parse(command)
    except StatusError:
        return command + answer
    if parsed.data:
        return bytes(parsed._replace(ne=None)) + answer
    p3 = b"\0" if len(command) == _WITHOUT_P3 else b""
    return command + p3 + answer


def split(row: bytes) -> Tpdu:
    """Split a TPDU from `join`, or from another program that writes GSMTAP."""
    size = _command_size(row)
    return Tpdu(row[:size], row[size:])


def data_of(command: bytes) -> bytes:
    """The data field of a command that has no Le."""
    extended = len(command) > HEAD_SIZE and not command[4]
    return command[HEAD_SIZE + (_EXTENDED if extended else 0) :]


def _command_size(row: bytes) -> int:
    between = len(row) - HEAD_SIZE - SW_SIZE
    if between < 0:
        return max(len(row) - SW_SIZE, 0)
    ins, p3 = row[1], row[4]
    if ins in _ASKING:
        return HEAD_SIZE + (_EXTENDED if p3 == 0 and between > _MOST_SHORT else 0)
    if p3:
        return HEAD_SIZE + (p3 if between >= p3 else 0)
    size = int.from_bytes(row[HEAD_SIZE : HEAD_SIZE + _EXTENDED])
    if 0 < size <= between - _EXTENDED:
        return HEAD_SIZE + _EXTENDED + size
    return HEAD_SIZE
