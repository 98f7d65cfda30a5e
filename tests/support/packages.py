"""The other side of the wire, for tests: keys of eIMs, AddInitialEim requests, signed packages.

Messages are written by the judge's module, signatures by the cryptography library, raw DER by
`der`; no code of the card is used. Times of certificates are fixed, so bytes repeat.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.judge import SGP32, judged, module

EID = bytes.fromhex("89049032123451234512345678901235")
MAX_COUNTER = 8388607
CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "brainpoolP256r1": ec.BrainpoolP256R1(),
    "P-384": ec.SECP384R1(),
    "secp256k1": ec.SECP256K1(),
}


def der(tag: int, *parts: bytes) -> bytes:
    """One DER object, the tag as the integer of its bytes."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        length = bytes((size,))
    else:
        raw = size.to_bytes((size.bit_length() + 7) // 8)
        length = bytes((0x80 | len(raw),)) + raw
    return tag.to_bytes((tag.bit_length() + 7) // 8) + length + content


def der_integer(value: int) -> bytes:
    """The content of an INTEGER, shortest form."""
    size = 1
    while not -(1 << (8 * size - 1)) <= value < 1 << (8 * size - 1):
        size += 1
    return value.to_bytes(size, signed=True)


@dataclass(frozen=True)
class Key:
    """A key pair of an eIM, its public half as the card is told it."""

    name: str
    private: ec.EllipticCurvePrivateKey = field(repr=False)
    in_certificate: bool = False

    @property
    def spki(self) -> bytes:
        """DER of the SubjectPublicKeyInfo."""
        return self.private.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, data: bytes) -> bytes:
        """r||s."""
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


@cache
def key(number: int, curve: str = "P-256", *, in_certificate: bool = False) -> Key:
    """The test key of that number, the same in every run."""
    private = ec.derive_private_key(number + 0x1000, CURVES[curve])
    return Key(f"{curve} {number}", private, in_certificate)


@cache
def certificate(one: Key) -> bytes:
    """A self-signed certificate of that key, DER; made once."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one.name)])
    day = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(one.private.public_key())
        .serial_number(7)
        .not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(days=36500))
        .sign(one.private, SHA256())
    )
    return built.public_bytes(Encoding.DER)


def key_arm(one: Key) -> tuple[str, Any]:
    """The key as the value of EimPublicKeyData."""
    return ("eimCertificate" if one.in_certificate else "eimPublicKey"), _key_value(one)


@cache
def _key_value(one: Key) -> Any:
    types = module(SGP32).PKIX1Explicit88
    kind = types.Certificate if one.in_certificate else types.SubjectPublicKeyInfo
    kind.from_der(certificate(one) if one.in_certificate else one.spki)
    return kind.get_val()


def config(eim_id: str, *, key: Key | None = None, **fields: Any) -> dict[str, Any]:
    """EimConfigurationData as the judge takes it; fields by their names in the standard."""
    value: dict[str, Any] = {"eimId": eim_id, **fields}
    if key is not None:
        value["eimPublicKeyData"] = key_arm(key)
    return value


def message(name: str, value: Any) -> bytes:
    """DER of a type of SGP.32, written by the judge."""
    kind = getattr(module(SGP32).SGP32Definitions, name)
    kind.set_val(value)
    written: bytes = kind.to_der()
    return written


def add_initial_eim(*configs: dict[str, Any]) -> bytes:
    """An AddInitialEimRequest."""
    return message("AddInitialEimRequest", {"eimConfigurationDataList": list(configs)})


def token_object(token: int | None) -> bytes:
    """What a signature covers after the signed object: 84 01 00 without a token."""
    return der(0x84, der_integer(token or 0))


def signed_part(
    eim_id: str,
    counter: int,
    operations: Sequence[tuple[str, Any]] = (("listEim", {}),),
    *,
    eid: bytes = EID,
    transaction: bytes | None = None,
    kind: str = "ecoList",
) -> bytes:
    """DER of a euiccPackageSigned."""
    value: dict[str, Any] = {
        "eimId": eim_id,
        "eidValue": eid,
        "counterValue": counter,
        "euiccPackage": (kind, list(operations)),
    }
    if transaction is not None:
        value["eimTransactionId"] = transaction
    return message("EuiccPackageSigned", value)


def signed(part: bytes, key: Key, token: int | None = None) -> bytes:
    """An EuiccPackageRequest around any bytes, signed over them as they are."""
    return der(0xBF51, part, der(0x5F37, key.sign(part + token_object(token))))


def package(
    eim_id: str,
    counter: int,
    operations: Sequence[tuple[str, Any]] = (("listEim", {}),),
    *,
    key: Key,
    token: int | None = None,
    **fields: Any,
) -> bytes:
    """An EuiccPackageRequest; `fields` are those of `signed_part`."""
    return signed(signed_part(eim_id, counter, operations, **fields), key, token)


def result_of(answer: bytes) -> tuple[str, dict[str, Any]]:
    """An EuiccPackageResult: "result", "error" or "unsigned", and its fields."""
    name, value = judged("EuiccPackageResult", answer)
    if name == "euiccPackageResultSigned":
        return "result", value["euiccPackageResultDataSigned"]
    if name == "euiccPackageErrorSigned":
        return "error", value["euiccPackageErrorDataSigned"]
    return "unsigned", value


def covered(answer: bytes) -> tuple[bytes, bytes]:
    """The data object of a signed EuiccPackageResult as it stands there, and its signature."""
    at = answer.rindex(bytes.fromhex("5F3740"))
    start = 2
    for _ in range(2):  # the length of BF51, then tag A0 or A1 and its length
        start += 1 if answer[start] < 0x80 else 1 + (answer[start] & 0x7F)
        start += 1
    return answer[start - 1 : at], answer[at + 3 :]


def verified(public: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> None:
    """Raises InvalidSignature unless the 64 bytes are the key's over the data."""
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    public.verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))
