"""Milenage, 3GPP TS 35.206: the functions f1 to f5* from AES-128."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB

from euicc_sim.crypto.aka import MAC_SIZE, AkaKeyError, Derived, check_size, xor

BLOCK = 16
ROTATIONS = bytes((64, 0, 32, 64, 96))
"""r1 to r5, in bits (TS 35.206 clause 4.1)."""
CONSTANTS = b"".join(number.to_bytes(BLOCK) for number in (0, 1, 2, 4, 8))
"""c1 to c5, 16 bytes each (TS 35.206 clause 4.1)."""
_OUTPUTS = 5
_BITS = 8 * BLOCK
_MASK = (1 << _BITS) - 1


class Milenage:
    """Milenage with a subscriber's key K and the operator's OPc, 16 bytes each.

    `rotations` are five numbers of bits, `constants` five blocks, where an operator has others than
    the standard's; RES has 4 to 8 bytes. Raises AkaKeyError.
    """

    __slots__ = ("_cipher", "_constants", "_opc", "_res_size", "_rotations")

    def __init__(
        self,
        key: bytes,
        opc: bytes,
        *,
        rotations: bytes = ROTATIONS,
        constants: bytes = CONSTANTS,
        res_size: int = 8,
    ) -> None:
        check_size("K", key, BLOCK)
        check_size("OPc", opc, BLOCK)
        check_size("r1 to r5", rotations, _OUTPUTS)
        check_size("c1 to c5", constants, _OUTPUTS * BLOCK)
        if not 4 <= res_size <= 8:
            raise AkaKeyError(f"a RES of Milenage has 4 to 8 bytes, not {res_size}")
        self._cipher = _block_cipher(key)
        self._opc = int.from_bytes(opc)
        self._rotations = tuple(one % _BITS for one in rotations)
        self._constants = tuple(
            int.from_bytes(constants[at : at + BLOCK]) for at in range(0, len(constants), BLOCK)
        )
        self._res_size = res_size

    def __repr__(self) -> str:
        return "Milenage()"

    def f1(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """The first half of OUT1."""
        return self._out1(rand, sqn, amf)[:MAC_SIZE]

    def f1_star(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """The second half of OUT1."""
        return self._out1(rand, sqn, amf)[MAC_SIZE:]

    def f2345(self, rand: bytes) -> Derived:
        """OUT2 to OUT4: RES is the end of OUT2, AK its beginning."""
        blocks = self._outputs(rand, 1, 2, 3)
        return Derived(blocks[8 : 8 + self._res_size], blocks[16:32], blocks[32:], blocks[:6])

    def f5_star(self, rand: bytes) -> bytes:
        """The beginning of OUT5."""
        return self._outputs(rand, 4)[:6]

    def _temp(self, rand: bytes) -> int:
        return int.from_bytes(
            self._cipher.update((int.from_bytes(rand) ^ self._opc).to_bytes(BLOCK))
        )

    def _out1(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        temp, once = self._temp(rand), sqn + amf
        turned = _rotated(int.from_bytes(once + once) ^ self._opc, self._rotations[0])
        block = (temp ^ turned ^ self._constants[0]).to_bytes(BLOCK)
        return xor(self._cipher.update(block), self._opc.to_bytes(BLOCK))

    def _outputs(self, rand: bytes, *numbers: int) -> bytes:
        """Those of OUT2 to OUT5 (numbers 1 to 4), one after the other."""
        mixed = self._temp(rand) ^ self._opc
        opc = self._opc.to_bytes(BLOCK) * len(numbers)
        blocks = (
            (_rotated(mixed, self._rotations[one]) ^ self._constants[one]).to_bytes(BLOCK)
            for one in numbers
        )
        return xor(self._cipher.update(b"".join(blocks)), opc)


def opc_of(key: bytes, op: bytes) -> bytes:
    """OPc, from K and the operator's OP (TS 35.206 clause 4.1). Raises AkaKeyError."""
    check_size("K", key, BLOCK)
    check_size("OP", op, BLOCK)
    return xor(_block_cipher(key).update(op), op)


def _block_cipher(key: bytes) -> CipherContext:
    return Cipher(AES128(key), ECB()).encryptor()  # noqa: S305 - Milenage is made of single blocks


def _rotated(block: int, bits: int) -> int:
    """A block, rotated to the left."""
    return (block << bits | block >> (_BITS - bits)) & _MASK
