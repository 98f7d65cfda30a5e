"""What a card forgets at a reset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Volatile:
    """The RSP session: the challenge that was last given out, 16 bytes."""

    challenge: bytes | None = None
