"""Authentication and key agreement of a SIM: what f1 to f5* give, and the 2G values from them.

3GPP TS 33.102 clauses 6.3 and 6.8. An algorithm is an `AkaAlgorithm`: Milenage (`milenage`), TUAK
(`tuak`), or the USIM test algorithm below. Sequence numbers are the caller's affair. Sizes in
bytes: RAND 16, SQN 6, AMF 2, AK 6, MAC 8; K, RES, CK and IK as the algorithm has them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

RAND_SIZE = 16
AUTN_SIZE = 16
SQN_SIZE = 6
AMF_SIZE = 2
MAC_SIZE = 8
RESYNC_AMF = bytes(AMF_SIZE)
"""The AMF that f1* is computed with, TS 33.102 clause 6.3.3."""

_KEY_SIZE = 16
_XRES_2G = 16


class AkaKeyError(ValueError):
    """A key or parameter that an algorithm cannot be used with; the text does not show it."""


class Derived(NamedTuple):
    """What a RAND gives: RES (f2), CK (f3), IK (f4) and AK (f5)."""

    res: bytes
    ck: bytes
    ik: bytes
    ak: bytes


class AkaAlgorithm(Protocol):
    """The functions f1 to f5* with a subscriber's key, 3GPP TS 33.102 clause 6.3."""

    def f1(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """MAC-A, which authenticates the network."""
        ...

    def f1_star(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """MAC-S, which authenticates a resynchronisation."""
        ...

    def f2345(self, rand: bytes) -> Derived:
        """The response, the session keys and the anonymity key."""
        ...

    def f5_star(self, rand: bytes) -> bytes:
        """The anonymity key of a resynchronisation."""
        ...


class Challenge(NamedTuple):
    """What an AUTN says: its SQN, its AMF, and whether its MAC is genuine."""

    sqn: bytes
    amf: bytes
    genuine: bool
    derived: Derived


def read_challenge(algorithm: AkaAlgorithm, rand: bytes, autn: bytes) -> Challenge:
    """Take `autn` apart: SQN xor AK, AMF, MAC (TS 33.102 clause 6.3.3)."""
    derived = algorithm.f2345(rand)
    sqn = xor(autn[:SQN_SIZE], derived.ak)
    amf = autn[SQN_SIZE : SQN_SIZE + AMF_SIZE]
    expected = algorithm.f1(rand, sqn, amf)
    return Challenge(sqn, amf, expected == autn[SQN_SIZE + AMF_SIZE :], derived)


def make_auts(algorithm: AkaAlgorithm, rand: bytes, sqn_ms: bytes) -> bytes:
    """AUTS, 14 bytes: asks the network to continue after `sqn_ms` (TS 33.102 clause 6.3.3)."""
    mac = algorithm.f1_star(rand, sqn_ms, RESYNC_AMF)
    return xor(sqn_ms, algorithm.f5_star(rand)) + mac


def sres(res: bytes) -> bytes:
    """SRES, 4 bytes, of a RES: the conversion function c2 of TS 33.102 clause 6.8.1.2."""
    padded = int.from_bytes(res.ljust(_XRES_2G, b"\0"))
    words = (padded >> shift & 0xFFFFFFFF for shift in (96, 64, 32, 0))
    found = 0
    for word in words:
        found ^= word
    return found.to_bytes(4)


def kc(ck: bytes, ik: bytes) -> bytes:
    """Kc, 8 bytes, of a CK and an IK of 16: the conversion function c3 of TS 33.102 6.8.1.2."""
    return xor(xor(ck[:8], ck[8:16]), xor(ik[:8], ik[8:16]))


def xor(one: bytes, other: bytes) -> bytes:
    """The exclusive or of two strings of the same size."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


def check_size(name: str, value: bytes, *sizes: int) -> None:
    """Raise AkaKeyError unless `value` has one of these sizes."""
    if len(value) not in sizes:
        wanted = " or ".join(map(str, sizes))
        raise AkaKeyError(f"{name}: {len(value)} bytes, not {wanted}")


@dataclass(frozen=True, slots=True)
class UsimTestAlgorithm:
    """The test algorithm of 3GPP TS 34.108 clause 8.1.2, with a `key` of 16 bytes: XOR alone.

    RES has `res_size` bytes, 4 to 16. It protects nothing. Raises AkaKeyError.
    """

    key: bytes = field(repr=False)
    res_size: int = 16

    def __post_init__(self) -> None:
        check_size("K", self.key, _KEY_SIZE)
        if not 4 <= self.res_size <= _KEY_SIZE:
            raise AkaKeyError(f"a RES has 4 to {_KEY_SIZE} bytes, not {self.res_size}")

    def f1(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """XDOUT[0:8] xor CDOUT, which is SQN and AMF."""
        return xor(xor(self.key, rand)[:MAC_SIZE], sqn + amf)

    f1_star = f1

    def f2345(self, rand: bytes) -> Derived:
        """XDOUT; the same rotated by one byte and by two; its bytes 3 to 8."""
        out = xor(self.key, rand)
        return Derived(out[: self.res_size], out[1:] + out[:1], out[2:] + out[:2], out[3:9])

    def f5_star(self, rand: bytes) -> bytes:
        """The same as f5."""
        return xor(self.key, rand)[3:9]
