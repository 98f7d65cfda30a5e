"""Protection of Bound Profile Packages, SGP.22 v2.5 clauses 2.6.4 and 2.5.3 (SCP03t).

AES-128: a segment is `T L payload MAC`, enciphered before the MAC is computed. Covers both sides.
Knows the three tags of segments, not what they hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

PROFILE_ELEMENTS, ENCIPHERED, MAC_ONLY = 0x86, 0x87, 0x88
TAGS = (PROFILE_ELEMENTS, ENCIPHERED, MAC_ONLY)
KEY_TYPE_AES = 0x88
KEY_SIZE = 16
MAC_SIZE = 8
_BLOCK = 16
_EID_SIZE = 16
_PAD = b"\x80"
_MAX_WRITTEN = 0xFFFF
_MAX_LENGTH_BYTES = 4


class BspError(ValueError):
    """A segment that is refused. The session is unchanged."""


class BspStructureError(BspError):
    """Not a segment at all, or keys of the wrong size: scp03tStructureError of clause 2.5.6."""


class BspSecurityError(BspError):
    """A wrong MAC or wrong padding: scp03tSecurityError of clause 2.5.6."""


def shared_info(
    host_id: bytes, eid: bytes, key_type: int = KEY_TYPE_AES, key_length: int = KEY_SIZE
) -> bytes:
    """SharedInfo of the key derivation, SGP.22 v2.5 clause 2.6.4 and annex G.

    `eid` is 16 bytes, as in GetEuiccData. Raises BspStructureError for a host ID too long for its
    length byte, or an EID of a different size.
    """
    if len(host_id) > 0x7F or len(eid) != _EID_SIZE:
        raise BspStructureError(f"a host ID of {len(host_id)} bytes, an EID of {len(eid)}")
    return bytes((key_type, key_length, len(host_id))) + host_id + bytes((len(eid),)) + eid


@dataclass(slots=True)
class Bsp:
    """One side's session keys, MAC chaining value and counter, SGP.22 v2.5 clause 2.6.4.

    ReplaceSessionKeys (clause 5.5.4) is a new Bsp of its three values, in the same order; the
    counter starts again at 1. A refused segment changes nothing. Raises BspStructureError unless
    all three values are 16 bytes.
    """

    chaining: bytes = field(repr=False)
    s_enc: bytes = field(repr=False)
    s_mac: bytes = field(repr=False)
    counter: int = 1
    _aes: AES128 = field(init=False, repr=False, compare=False)
    _counters: CipherContext = field(init=False, repr=False, compare=False)
    _begun: CMAC = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("chaining", "s_enc", "s_mac"):
            size = len(getattr(self, name))
            if size != KEY_SIZE:
                raise BspStructureError(f"{name} has {size} bytes, not {KEY_SIZE}")
        self._aes = AES128(self.s_enc)
        self._counters = Cipher(self._aes, ECB()).encryptor()  # noqa: S305 the ICV is one block
        self._begun = CMAC(AES128(self.s_mac))

    @classmethod
    def derive(cls, secret: bytes, info: bytes) -> Bsp:
        """The session for a shared secret (the ECDH x-coordinate) and a SharedInfo.

        The X9.63 KDF with SHA-256 (SGP.22 v2.5 annex G) gives chaining value, S-ENC and S-MAC.
        """
        found = X963KDF(SHA256(), 3 * KEY_SIZE, info).derive(secret)
        return cls(found[:KEY_SIZE], found[KEY_SIZE : 2 * KEY_SIZE], found[2 * KEY_SIZE :])

    def fork(self) -> Bsp:
        """An independent copy. What has no state of its own between segments is shared."""
        made = object.__new__(Bsp)
        made.chaining, made.s_enc, made.s_mac = self.chaining, self.s_enc, self.s_mac
        made.counter = self.counter
        made._aes, made._counters, made._begun = self._aes, self._counters, self._begun
        return made

    def protect(self, tag: int, plaintext: bytes) -> bytes:
        """The segment that protects `plaintext`, as an SM-DP+ makes it. SGP.22 v2.5 clause 2.5.3.

        Raises BspStructureError for tags other than 86, 87, 88, and for more than 65,535 bytes.
        """
        _check_tag(tag)
        payload = plaintext if tag == MAC_ONLY else self._encipher(plaintext)
        data = bytes((tag,)) + _length_bytes(len(payload) + MAC_SIZE) + payload
        mac = self._mac(data)
        self._advance(mac)
        return data + mac[:MAC_SIZE]

    def unprotect(self, segment: bytes) -> bytes:
        """The plaintext of a segment (a complete 86, 87 or 88); the MAC is checked first.

        SGP.22 v2.5 clause 2.5.3. Raises BspStructureError, BspSecurityError.
        """
        start = _payload_start(segment)
        data, sent = segment[:-MAC_SIZE], segment[-MAC_SIZE:]
        mac = self._mac(data)
        if not bytes_eq(mac[:MAC_SIZE], sent):
            raise BspSecurityError(f"wrong MAC of segment {self.counter}")
        payload = data[start:]
        plaintext = payload if segment[0] == MAC_ONLY else self._decipher(payload)
        self._advance(mac)
        return plaintext

    def _advance(self, mac: bytes) -> None:
        self.chaining = mac
        self.counter += 1

    def _mac(self, data: bytes) -> bytes:
        cmac = self._begun.copy()
        cmac.update(self.chaining + data)
        return cmac.finalize()

    def _cipher(self) -> Cipher[CBC]:
        """The cipher with its ICV, the enciphered counter (one CBC block from zero is ECB)."""
        return Cipher(self._aes, CBC(self._counters.update(self.counter.to_bytes(_BLOCK))))

    def _encipher(self, plaintext: bytes) -> bytes:
        padded = plaintext + _PAD + bytes(-(len(plaintext) + 1) % _BLOCK)
        return self._cipher().encryptor().update(padded)

    def _decipher(self, payload: bytes) -> bytes:
        if not payload or len(payload) % _BLOCK:
            raise BspStructureError(f"{len(payload)} enciphered bytes are not whole blocks")
        padded = self._cipher().decryptor().update(payload)
        marked = padded.rstrip(b"\0")
        if not marked.endswith(_PAD) or len(padded) - len(marked) >= _BLOCK:
            raise BspSecurityError(f"wrong padding of segment {self.counter}")
        return marked[: -len(_PAD)]


def _check_tag(tag: int) -> None:
    if tag not in TAGS:
        raise BspStructureError(f"tag {tag:02X} is not that of a segment")


def _length_bytes(length: int) -> bytes:
    if length < 0x80:
        return bytes((length,))
    if length > _MAX_WRITTEN:
        raise BspStructureError(f"a segment of {length} bytes is too long")
    return bytes((0x81, length)) if length < 0x100 else b"\x82" + length.to_bytes(2)


def _payload_start(segment: bytes) -> int:
    """Where the payload begins in a segment that is complete and has room for a MAC."""
    if len(segment) < 2:
        raise BspStructureError(f"{len(segment)} bytes are not a segment")
    _check_tag(segment[0])
    length, start = segment[1], 2
    if length >= 0x80:
        size = length & 0x7F
        if not 0 < size <= _MAX_LENGTH_BYTES or len(segment) < start + size:
            raise BspStructureError(f"length {length:02X} of a segment cannot be read")
        start += size
        length = int.from_bytes(segment[2:start])
    if length != len(segment) - start:
        raise BspStructureError(f"a segment claims {length} bytes, it has {len(segment) - start}")
    if length < MAC_SIZE:
        raise BspStructureError(f"a segment of {length} bytes has no room for a MAC")
    return start
