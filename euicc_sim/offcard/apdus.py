"""An ES10 request as the command APDUs that carry it (SGP.22 clause 5.7.2)."""

from __future__ import annotations

from apdu import Command

BLOCK_SIZE = 255
"""Bytes of one block: the most that a short command APDU holds."""

_CLA, _STORE_DATA, _MORE_BLOCKS, _LAST_BLOCK = 0x80, 0xE2, 0x11, 0x91


def store_data(request: bytes, block_size: int = BLOCK_SIZE) -> list[bytes]:
    """STORE DATA commands for the basic channel, on which the ISD-R is selected.

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
