"""The answer to reset of a card: ISO/IEC 7816-3 clause 8.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

DIRECT, INVERSE = 0x3B, 0x3F
LONGEST = 33
"""Bytes of an ATR."""


@dataclass(frozen=True, slots=True)
class Atr:
    """An answer to reset: TS, the bytes TDi, and the historical bytes."""

    convention: int
    interfaces: tuple[int, ...]
    historical: bytes

    @property
    def protocols(self) -> tuple[int, ...]:
        """The protocols that it offers, each once; T=0 if it names none."""
        return tuple(dict.fromkeys(one & 0x0F for one in self.interfaces)) or (0,)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read TS, T0, interface bytes as announced, historical bytes, TCK. Raises ValueError."""
        if not 2 <= len(data) <= LONGEST or data[0] not in (DIRECT, INVERSE):
            raise ValueError("it does not begin like an ATR, or has more bytes")
        found = list[int]()
        at, announced = 1, data[1]
        while True:
            present = announced >> 4
            at += present.bit_count()
            if not present & 0x8:
                break
            if at >= len(data):
                raise ValueError("an interface byte that is announced is missing")
            announced = data[at]
            found.append(announced)
        start = at + 1
        end = start + (data[1] & 0x0F)
        has_check = any(one & 0x0F for one in found)
        if len(data) != end + has_check:
            raise ValueError("its length is not that of its historical bytes")
        return cls(data[0], tuple(found), data[start:end])
