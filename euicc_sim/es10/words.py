"""How values appear in a sentence for a person."""

from __future__ import annotations

_SHOWN_BITS = 64


def number(value: int) -> str:
    """A number in digits, a huge one by its size: a sender may choose any."""
    bits = value.bit_length()
    return str(value) if bits <= _SHOWN_BITS else f"of {bits} bits"
