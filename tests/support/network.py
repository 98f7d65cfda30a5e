"""A home network for tests: authentication vectors of Milenage, written from 3GPP TS 35.206.

No code of the card is used, so that the two witness each other.
"""

from __future__ import annotations

from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB

AMF = bytes.fromhex("8000")


class Vector(NamedTuple):
    """What a network sends, and what it expects."""

    autn: bytes
    res: bytes
    ck: bytes
    ik: bytes


class Network:
    """The keys of one subscriber."""

    def __init__(self, k: bytes, opc: bytes) -> None:
        """K and OPc, 16 bytes each."""
        self._k, self._opc = k, opc

    def _out(self, rand: bytes, block: bytes, turn: int, constant: int) -> bytes:
        temp = self._encrypted(_xor(rand, self._opc))
        if block:
            turned = _turned(_xor(block, self._opc), turn)
            given = _xor(_xor(temp, turned), constant.to_bytes(16))
        else:
            given = _xor(_turned(_xor(temp, self._opc), turn), constant.to_bytes(16))
        return _xor(self._encrypted(given), self._opc)

    def _encrypted(self, block: bytes) -> bytes:
        return Cipher(AES128(self._k), ECB()).encryptor().update(block)  # noqa: S305

    def vector(self, rand: bytes, number: int, amf: bytes = AMF) -> Vector:
        """The challenge with that sequence number."""
        sqn = number.to_bytes(6)
        out2 = self._out(rand, b"", 0, 1)
        mac = self._out(rand, (sqn + amf) * 2, 8, 0)[:8]
        autn = _xor(sqn, out2[:6]) + amf + mac
        return Vector(autn, out2[8:], self._out(rand, b"", 4, 2), self._out(rand, b"", 8, 4))

    def resynchronised(self, rand: bytes, auts: bytes) -> int:
        """The sequence number in AUTS; fails unless its MAC is right."""
        sqn = _xor(auts[:6], self._out(rand, b"", 12, 8)[:6])
        if self._out(rand, (sqn + bytes(2)) * 2, 8, 0)[8:] != auts[6:]:
            raise AssertionError("the MAC of AUTS is wrong")
        return int.from_bytes(sqn)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _turned(block: bytes, count: int) -> bytes:
    return block[count:] + block[:count]
