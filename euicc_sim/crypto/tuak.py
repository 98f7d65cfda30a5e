"""TUAK, 3GPP TS 35.231: the functions f1 to f5* from the permutation of Keccak.

The standard counts bits from the least significant, so fields and outputs are reversed byte by
byte.
"""

from __future__ import annotations

from hashlib import shake_256

from euicc_sim.crypto.aka import MAC_SIZE, RAND_SIZE, AkaKeyError, Derived, check_size

TOPC_SIZE = 32
_NAME = b"TUAK1.0"
_NO_RAND, _NO_AMF, _NO_SQN = bytes(RAND_SIZE), bytes(2), bytes(6)
_RATE = 136
_STATE = 200
_PAD, _LAST = 0x1F, 0x80
_KEY_256, _IK_256, _CK_256 = 0x01, 0x02, 0x04
_F1, _F2345, _F1_STAR, _F5_STAR = 0x00, 0x40, 0x80, 0xC0
_LENGTHS = {4: 0x00, 8: 0x08, 16: 0x10, 32: 0x20}
"""The bits of INSTANCE for the size of a MAC or RES, in bytes (TS 35.231 clause 6.2 on)."""
_TAKEN = 102
"""Bytes of the state that an output can be in."""


class Tuak:
    """TUAK with a subscriber's key K (16 or 32 bytes) and the operator's TOPc (32 bytes).

    RES has 4, 8, 16 or 32 bytes; CK and IK have 16 or 32. `iterations` is how often the
    permutation is applied, at least once. Raises AkaKeyError.
    """

    __slots__ = ("_ck_size", "_ik_size", "_iterations", "_key", "_res_size", "_topc")

    def __init__(
        self,
        key: bytes,
        topc: bytes,
        *,
        res_size: int = 8,
        ck_size: int = 16,
        ik_size: int = 16,
        iterations: int = 1,
    ) -> None:
        check_size("K", key, 16, 32)
        check_size("TOPc", topc, TOPC_SIZE)
        if res_size not in _LENGTHS:
            raise AkaKeyError(f"a RES of TUAK has 4, 8, 16 or 32 bytes, not {res_size}")
        if {ck_size, ik_size} - {16, 32}:
            raise AkaKeyError(f"CK and IK of TUAK have 16 or 32 bytes, not {ck_size} and {ik_size}")
        if not 1 <= iterations <= 0xFF:
            raise AkaKeyError(f"the permutation is applied 1 to 255 times, not {iterations}")
        self._key, self._topc = key, topc
        self._res_size, self._ck_size, self._ik_size = res_size, ck_size, ik_size
        self._iterations = iterations

    def __repr__(self) -> str:
        return "Tuak()"

    def f1(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """MAC-A of 8 bytes, the size of the MAC in AUTN."""
        return self._out(_F1 | _LENGTHS[MAC_SIZE], rand, amf, sqn, MAC_SIZE)

    def f1_star(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """MAC-S of 8 bytes."""
        return self._out(_F1_STAR | _LENGTHS[MAC_SIZE], rand, amf, sqn, MAC_SIZE)

    def f2345(self, rand: bytes) -> Derived:
        """RES, CK, IK and AK, each at its place in one output."""
        instance = _F2345 | _LENGTHS[self._res_size]
        instance |= _CK_256 * (self._ck_size == 32) | _IK_256 * (self._ik_size == 32)
        state = self._state(instance, rand, _NO_AMF, _NO_SQN)
        return Derived(
            state[: self._res_size][::-1],
            state[32 : 32 + self._ck_size][::-1],
            state[64 : 64 + self._ik_size][::-1],
            state[96:102][::-1],
        )

    def f5_star(self, rand: bytes) -> bytes:
        """The anonymity key of a resynchronisation."""
        return self._state(_F5_STAR, rand, _NO_AMF, _NO_SQN)[96:102][::-1]

    def _out(self, instance: int, rand: bytes, amf: bytes, sqn: bytes, size: int) -> bytes:
        return self._state(instance, rand, amf, sqn)[:size][::-1]

    def _state(self, instance: int, rand: bytes, amf: bytes, sqn: bytes) -> bytes:
        return _permuted(self._topc, instance, self._key, rand, amf, sqn, self._iterations)


def topc_of(key: bytes, top: bytes, iterations: int = 1) -> bytes:
    """TOPc, from K and the operator's TOP (TS 35.231 clause 6.1). Raises AkaKeyError."""
    check_size("K", key, 16, 32)
    check_size("TOP", top, TOPC_SIZE)
    state = _permuted(top, 0, key, _NO_RAND, _NO_AMF, _NO_SQN, iterations)
    return state[:TOPC_SIZE][::-1]


def _permuted(
    top: bytes, instance: int, key: bytes, rand: bytes, amf: bytes, sqn: bytes, iterations: int
) -> bytes:
    """The first bytes of the state after the permutations."""
    if len(key) == 32:
        instance |= _KEY_256
    fields = (top, bytes((instance,)), _NAME, rand, amf, sqn, key)
    data = b"".join(one[::-1] for one in fields).ljust(TOPC_SIZE + 64, b"\0")
    if iterations == 1:
        # Padding and rate are those of SHAKE256, so its output is the state after one permutation.
        return shake_256(data).digest(_TAKEN)
    state = bytearray(data.ljust(_STATE, b"\0"))
    state[len(data)] ^= _PAD
    state[_RATE - 1] ^= _LAST
    lanes = [int.from_bytes(state[at : at + 8], "little") for at in range(0, _STATE, 8)]
    for _ in range(iterations):
        lanes = keccak_f(lanes)
    return b"".join(one.to_bytes(8, "little") for one in lanes)[:_TAKEN]


# -- Keccak-f[1600], FIPS 202 clause 3


_LANE = (1 << 64) - 1


def _round_constants() -> tuple[int, ...]:
    """RC of the 24 rounds, from the linear feedback shift register of FIPS 202 algorithm 5."""
    found, register = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << ((1 << power) - 1)
            register <<= 1
            if register & 0x100:
                register ^= 0x171
        found.append(constant)
    return tuple(found)


def _moves() -> tuple[tuple[int, int, int], ...]:
    """Steps rho and pi: where lane `source` goes, and by how many bits it is rotated."""
    found, x, y = [(0, 0, 0)], 1, 0
    for step in range(24):
        target_x, target_y = y, (2 * x + 3 * y) % 5
        found.append((x + 5 * y, target_x + 5 * target_y, (step + 1) * (step + 2) // 2 % 64))
        x, y = target_x, target_y
    return tuple(found)


_ROUND_CONSTANTS = _round_constants()
_MOVES = _moves()


def keccak_f(lanes: list[int]) -> list[int]:
    """The permutation of 25 lanes of 64 bits, lane (x, y) at x + 5y (FIPS 202 clause 3.3)."""
    for constant in _ROUND_CONSTANTS:
        columns = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        theta = [columns[(x + 4) % 5] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
        moved = [0] * 25
        for source, target, bits in _MOVES:
            moved[target] = _turned(lanes[source] ^ theta[source % 5], bits)
        lanes = [
            moved[at] ^ (~moved[at - at % 5 + (at + 1) % 5] & moved[at - at % 5 + (at + 2) % 5])
            for at in range(25)
        ]
        lanes[0] ^= constant
    return lanes


def _turned(lane: int, bits: int) -> int:
    return (lane << bits | lane >> (64 - bits)) & _LANE
