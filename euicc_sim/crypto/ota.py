"""Ciphers and checksums of remote management packets (ETSI TS 102 225 clauses 5.1.2 and 5.1.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

DES_KEY, AES_KEY = 0x80, 0x88
CHECKSUM_SIZE = 8
_TRIPLE = 24


@dataclass(frozen=True, slots=True)
class OtaCipher:
    """One key in CBC mode with an IV of zeros; `block` is the size of a block in bytes."""

    algorithm: Any = field(repr=False)
    block: int

    def ciphered(self, data: bytes) -> bytes:
        """Encrypt whole blocks."""
        return Cipher(self.algorithm, CBC(bytes(self.block))).encryptor().update(data)

    def deciphered(self, data: bytes) -> bytes:
        """Decrypt whole blocks."""
        return Cipher(self.algorithm, CBC(bytes(self.block))).decryptor().update(data)

    def checksum(self, data: bytes) -> bytes:
        """8 bytes: AES-CMAC, or the last block of 3DES in CBC over data padded with zeros."""
        if self.block != CHECKSUM_SIZE:
            mac = CMAC(self.algorithm)
            mac.update(data)
            return mac.finalize()[:CHECKSUM_SIZE]
        return self.ciphered(data + bytes(-len(data) % self.block))[-CHECKSUM_SIZE:]


def cipher_of(kind: int, key: bytes) -> OtaCipher | None:
    """The cipher of a key type of GlobalPlatform; None for others and for unusable sizes."""
    if kind == AES_KEY and len(key) in (16, 24, 32):
        return OtaCipher(AES(key), 16)
    if kind == DES_KEY and len(key) in (8, 16, 24):
        return OtaCipher(TripleDES((key * 3)[:_TRIPLE]), 8)
    return None
