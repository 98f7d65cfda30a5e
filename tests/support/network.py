"""A home network for tests: vectors of Milenage and of the USIM test algorithm, written from 3GPP
TS 35.206 and TS 34.108 clause 8.1.2.

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


class Subscriber:
    """What a home network computes for one subscriber."""

    def vector(self, rand: bytes, number: int) -> Vector:
        """The challenge with that sequence number."""
        raise NotImplementedError

    def resynchronised(self, rand: bytes, auts: bytes) -> int:
        """The sequence number in AUTS; fails unless its MAC is right."""
        raise NotImplementedError

    def triplet(self, rand: bytes) -> tuple[bytes, bytes]:
        """SRES and Kc (TS 33.102 clause 6.8.1.2)."""
        one = self.vector(rand, 0)
        res = one.res.ljust(16, b"\0")
        sres = _xor(_xor(res[:4], res[4:8]), _xor(res[8:12], res[12:]))
        return sres, _xor(_xor(one.ck[:8], one.ck[8:]), _xor(one.ik[:8], one.ik[8:]))


class Network(Subscriber):
    """The keys of one subscriber with Milenage."""

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


class TestNetwork(Subscriber):
    """The key of one subscriber with the USIM test algorithm."""

    __test__ = False

    def __init__(self, k: bytes) -> None:
        """K, 16 bytes."""
        self._k = k

    def vector(self, rand: bytes, number: int) -> Vector:
        """XDOUT is K xor RAND, and everything is cut out of it."""
        out, sqn = _xor(self._k, rand), number.to_bytes(6)
        mac = _xor(out[:8], sqn + AMF)
        ck, ik, ak = out[1:] + out[:1], out[2:] + out[:2], out[3:9]
        return Vector(_xor(sqn, ak) + AMF + mac, out, ck, ik)

    def resynchronised(self, rand: bytes, auts: bytes) -> int:
        """It does that for AMF FFFF alone, which this network does not send."""
        raise AssertionError(f"AUTS {auts.hex()} for {rand.hex()}")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _turned(block: bytes, count: int) -> bytes:
    return block[count:] + block[:count]
