"""Binds a Profile Package to one card: BF36 and its parts (SGP.22 v2.5 clauses 2.5.3, 2.5.4, 5.5).

Every step can be called alone and every part replaced, so that tests can make each mistake. Knows
nothing of sessions and orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from apdu import tlv
from euicc_sim.asn1.primitives import write_oid
from euicc_sim.asn1.wire import SIGNATURE
from euicc_sim.crypto.agreement import KeyPair, shared_secret
from euicc_sim.crypto.bsp import (
    ENCIPHERED,
    KEY_SIZE,
    KEY_TYPE_AES,
    MAC_ONLY,
    PROFILE_ELEMENTS,
    Bsp,
    shared_info,
)
from euicc_sim.crypto.signature import sign

SEGMENT_SIZE = 1008
"""The default number of plaintext bytes in one 86 or 88."""

INSTALL = 1
"""remoteOpId installBoundProfilePackage, the only one defined."""

HOST_ID = b"smdpp-01"
"""The host identifier, 1 to 16 bytes in a CRT."""

_PACKAGE, _INITIALISE, _CONFIGURE, _REPLACE = 0xBF36, 0xBF23, 0xBF24, 0xBF26
_REMOTE_OP_ID, _TRANSACTION_ID, _CRT, _OTPK = 0x82, 0x80, 0xA6, 0x5F49
_PROPRIETARY, _OID = 0xB8, 0x80
_FIRST_87, _ALL_88, _SECOND_87, _ALL_86 = 0xA0, 0xA1, 0xA2, 0xA3


class SessionKeys(NamedTuple):
    """The keys in ReplaceSessionKeys, 16 bytes each."""

    chaining: bytes
    enc: bytes
    cmac: bytes

    def __repr__(self) -> str:
        return "SessionKeys()"

    @classmethod
    def make(cls, random: Callable[[int], bytes]) -> SessionKeys:
        """New keys from 48 random bytes."""
        return cls(random(KEY_SIZE), random(KEY_SIZE), random(KEY_SIZE))

    def session(self) -> Bsp:
        """A session with these keys; its counter begins at 1."""
        return Bsp(self.chaining, self.enc, self.cmac)


def control_reference_template(
    host_id: bytes, key_type: int = KEY_TYPE_AES, key_length: int = KEY_SIZE
) -> bytes:
    """The CRT (A6) of a key agreement, clause 5.5.1. The values are not checked."""
    return tlv(
        _CRT,
        tlv(0x80, bytes((key_type,))),
        tlv(0x81, bytes((key_length,))),
        tlv(0x84, host_id),
    )


def channel_parameters(
    transaction_id: bytes, crt: bytes, smdp_otpk: bytes, remote_op_id: int = INSTALL
) -> bytes:
    """The first fields of BF23: 82, 80, the given CRT, and 5F49 (clause 5.5.1)."""
    return b"".join(
        (
            tlv(_REMOTE_OP_ID, bytes((remote_op_id,))),
            tlv(_TRANSACTION_ID, transaction_id),
            crt,
            tlv(_OTPK, smdp_otpk),
        )
    )


def smdp_sign(key: ec.EllipticCurvePrivateKey, parameters: bytes, euicc_otpk: bytes) -> bytes:
    """The smdpSign over `parameters` and the card's one-time key, 64 bytes."""
    return sign(key, parameters + tlv(_OTPK, euicc_otpk))


def initialise_secure_channel(parameters: bytes, signature: bytes) -> bytes:
    """InitialiseSecureChannel (BF23), clause 5.5.1."""
    return tlv(_INITIALISE, parameters, tlv(SIGNATURE, signature))


def configure_isdp(dp_oid: str | None = None) -> bytes:
    """ConfigureISDP (BF24), clause 5.5.2: empty, or with dpProprietaryData of just that OID."""
    if dp_oid is None:
        return tlv(_CONFIGURE)
    return tlv(_CONFIGURE, tlv(_PROPRIETARY, tlv(_OID, write_oid(dp_oid))))


def replace_session_keys(keys: SessionKeys) -> bytes:
    """ReplaceSessionKeys (BF26), clause 5.5.4."""
    return tlv(_REPLACE, tlv(0x80, keys.chaining), tlv(0x81, keys.enc), tlv(0x82, keys.cmac))


def protected(
    session: Bsp, tag: int, plaintext: bytes, segment_size: int = SEGMENT_SIZE
) -> Iterator[bytes]:
    """The segments (87, 88 or 86) of a plaintext, cut every `segment_size` bytes.

    Each advances the session. An empty plaintext gives one segment.
    """
    for start in range(0, max(len(plaintext), 1), segment_size):
        yield session.protect(tag, plaintext[start : start + segment_size])


def bound_package(channel: bytes, *sections: bytes) -> bytes:
    """BoundProfilePackage (BF36) of BF23 and complete sections."""
    return tlv(_PACKAGE, channel, *sections)


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A Profile Package (`package`, plain) and all that is needed to bind it but the card's part.

    `metadata` is BF25, `eid` 16 bytes, `signing_key` the key of CERT.DPpb, `one_time_key` the
    SM-DP+'s key pair. Without `keys` there is no ReplaceSessionKeys, and the session keys protect
    the profile elements too. `segment_size` is in bytes of plaintext, above 0.

    The other fields are for deliberate mistakes: `configuration` and `replacement` are the
    plaintexts of BF24 and BF26; `crt` (A6), `shown_otpk` and `signature` replace the correct values
    in BF23, `session` replaces the agreed one.
    """

    package: bytes = field(repr=False)
    metadata: bytes
    transaction_id: bytes
    eid: bytes
    signing_key: ec.EllipticCurvePrivateKey = field(repr=False)
    one_time_key: KeyPair
    keys: SessionKeys | None = None
    host_id: bytes = HOST_ID
    segment_size: int = SEGMENT_SIZE

    configuration: bytes = configure_isdp()
    replacement: bytes | None = field(default=None, repr=False)
    remote_op_id: int = INSTALL
    key_type: int = KEY_TYPE_AES
    key_length: int = KEY_SIZE
    crt: bytes | None = None
    shown_otpk: bytes | None = None
    signature: bytes | None = None
    session: Bsp | None = field(default=None, repr=False)

    def bound(self, euicc_otpk: bytes) -> bytes:
        """BoundProfilePackage (BF36) for a card's one-time key, an uncompressed point.

        The same binding always gives the same bytes. Raises UnusableKeyError for a point that is
        not on the curve of `one_time_key`, BspStructureError for segments above 65535 bytes.
        """
        return bound_package(self.channel(euicc_otpk), *self.sections(euicc_otpk))

    def parameters(self) -> bytes:
        """The part of BF23 before the signature."""
        crt = self.crt or control_reference_template(self.host_id, self.key_type, self.key_length)
        shown = self.one_time_key.public if self.shown_otpk is None else self.shown_otpk
        return channel_parameters(self.transaction_id, crt, shown, self.remote_op_id)

    def channel(self, euicc_otpk: bytes) -> bytes:
        """InitialiseSecureChannel (BF23)."""
        signature = self.signature
        if signature is None:
            signature = smdp_sign(self.signing_key, self.parameters(), euicc_otpk)
        return initialise_secure_channel(self.parameters(), signature)

    def agreed(self, euicc_otpk: bytes) -> Bsp:
        """The session that both sides derive, in its initial state. Raises UnusableKeyError."""
        if self.session is not None:
            return self.session.fork()
        pair = self.one_time_key
        secret = shared_secret(pair.curve, pair.private, euicc_otpk)
        info = shared_info(self.host_id, self.eid, self.key_type, self.key_length)
        return Bsp.derive(secret, info)

    def sections(self, euicc_otpk: bytes) -> list[bytes]:
        """A0, A1, A2 if the keys are replaced, and A3."""
        session = self.agreed(euicc_otpk)
        size = self.segment_size
        found = [
            tlv(_FIRST_87, session.protect(ENCIPHERED, self.configuration)),
            tlv(_ALL_88, *protected(session, MAC_ONLY, self.metadata, size)),
        ]
        replacement = self.replacement
        if replacement is None and self.keys is not None:
            replacement = replace_session_keys(self.keys)
        if replacement is not None:
            found.append(tlv(_SECOND_87, session.protect(ENCIPHERED, replacement)))
        if self.keys is not None:
            session = self.keys.session()
        found.append(tlv(_ALL_86, *protected(session, PROFILE_ELEMENTS, self.package, size)))
        return found
