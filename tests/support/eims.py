"""eIMs of the tests: their keys, the packages they sign, and what they make of an answer.

Packages are encoded by the judge's module and signed with `cryptography`; nothing is the card's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from support.es10 import SELECT_ISDR, es10
from support.judge import SGP22, SGP32, judged, module
from support.vectors import sgp32

Send = Callable[[bytes], bytes]
Key = ec.EllipticCurvePrivateKey

EID = bytes.fromhex("89049032123451234512345678901235")
TOKEN_WANTED = -1
MAX_COUNTER = 8388607

ANSWERS = {
    0xBF20: "EUICCInfo1",
    0xBF21: "PrepareDownloadResponse",
    0xBF22: "EUICCInfo2",
    0xBF28: "ListNotificationResponse",
    0xBF2B: "RetrieveNotificationsListResponse",
    0xBF2D: "ProfileInfoListResponse",
    0xBF2E: "GetEuiccChallengeResponse",
    0xBF30: "NotificationSentResponse",
    0xBF38: "AuthenticateServerResponse",
    0xBF3C: "EuiccConfiguredAddressesResponse",
    0xBF3E: "GetEuiccDataResponse",
    0xBF41: "CancelSessionResponse",
    0xBF43: "GetRatResponse",
    0xBF51: "EuiccPackageResult",
    0xBF55: "GetEimConfigurationDataResponse",
    0xBF56: "GetCertsResponse",
    0xBF57: "AddInitialEimResponse",
    0xBF64: "EuiccMemoryResetResponse",
    0xBF58: "ProfileRollbackResponse",
    0xBF59: "ConfigureImmediateProfileEnablingResponse",
    0xBF5A: "ImmediateEnableResponse",
    0xBF5B: "EnableEmergencyProfileResponse",
    0xBF5C: "DisableEmergencyProfileResponse",
    0xBF5D: "ExecuteFallbackMechanismResponse",
    0xBF5E: "ReturnFromFallbackResponse",
    0xBF5F: "GetConnectivityParametersResponse",
    0xBF65: "SetDefaultDpAddressResponse",
    0xBF42: "IpaeActivationResponse",
    0xBF37: "ProfileInstallationResult",
}
"""The ASN.1 name of each answer, by its tag. LoadBoundProfilePackage (BF36) is answered BF37."""

ANSWERS22 = {
    0xBF29: "SetNicknameResponse",
    0xBF31: "EnableProfileResponse",
    0xBF32: "DisableProfileResponse",
    0xBF33: "DeleteProfileResponse",
    0xBF34: "EuiccMemoryResetResponse",
    0xBF3F: "SetDefaultDpAddressResponse",
}
"""The answers of SGP.22's own functions, which its module has to judge."""


# -- bytes


def tlv(tag: str, *parts: bytes) -> bytes:
    """One object, its tag in hex."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        length = bytes((size,))
    elif size < 0x100:
        length = bytes((0x81, size))
    else:
        length = b"\x82" + size.to_bytes(2)
    return bytes.fromhex(tag) + length + content


def objects(data: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """The objects in a row: tag in hex, whole object, content."""
    while data:
        at = 1
        if data[0] & 0x1F == 0x1F:
            while data[at] & 0x80:
                at += 1
            at += 1
        tag, size, at = data[:at], data[at], at + 1
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at : at + count]), at + count
        yield tag.hex().upper(), data[: at + size], data[at : at + size]
        data = data[at + size :]


def integer(value: int) -> bytes:
    """The content of an INTEGER."""
    return value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, signed=True)


# -- keys


@cache
def vector_key(name: str) -> Key:
    """A private key of the vectors: eim1, eim1_new, eim2, euicc."""
    return ec.derive_private_key(int(sgp32()["keys"][name]["d"], 16), ec.SECP256R1())


@cache
def brainpool_key() -> Key:
    """A private key on brainpoolP256r1."""
    return ec.derive_private_key(0x5343_5032, ec.BrainpoolP256R1())


def spki(key: Key) -> bytes:
    """The SubjectPublicKeyInfo of a key, DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def plain_signature(key: Key, data: bytes) -> bytes:
    """ECDSA with SHA-256 as r||s, made without randomness."""
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256(), deterministic_signing=True)))
    return r.to_bytes(32) + s.to_bytes(32)


def check_signature(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> None:
    """Raises InvalidSignature unless `signature` (r||s) is the key's over `data`."""
    if len(signature) != 64:
        raise InvalidSignature(f"{len(signature)} bytes")
    halves = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    key.verify(encode_dss_signature(*halves), data, ec.ECDSA(SHA256()))


def token_object(token: int | None) -> bytes:
    """What a signature covers last: 84 01 00 when there is no token."""
    return tlv("84", integer(token or 0))


# -- asking


def ask(send: Send, request: bytes) -> bytes:
    """Send a request; the judge must read the answer, which must have the request's tag."""
    answer = es10(send, request)
    value_of(answer)
    if answer[:2] != request[:2]:
        raise AssertionError(f"{request.hex()} was answered {answer.hex()}")
    return answer


def value_of(answer: bytes) -> Any:
    """What the judge reads in an answer; fails unless it would write the very same bytes."""
    tag = int.from_bytes(answer[:2])
    if tag in ANSWERS22:
        return _judged22(ANSWERS22[tag], answer)
    return judged(ANSWERS[tag], answer)


def _judged22(name: str, data: bytes) -> Any:
    one = getattr(module(SGP22).RSPDefinitions, name)
    one.from_der(data)
    value = one.get_val()
    one.set_val(value)
    if one.to_der() != data:
        raise AssertionError(f"{name}: {data.hex()} is not DER")
    return value


def encoded(name: str, value: Any) -> bytes:
    """A value of SGP.32 as the judge writes it."""
    one = getattr(module(SGP32).SGP32Definitions, name)
    one.set_val(value)
    found: bytes = one.to_der()
    return found


@cache
def _judged_key(der: bytes) -> Any:
    one = module(SGP32).PKIX1Explicit88.SubjectPublicKeyInfo
    one.from_der(der)
    return one.get_val()


def _judged_certificate(der: bytes) -> Any:
    one = module(SGP32).PKIX1Explicit88.Certificate
    one.from_der(der)
    return one.get_val()


# -- eIMs


@dataclass
class Eim:
    """An eIM: it signs packages, counts them, and checks the card's signature on the results."""

    name: str
    key: Key
    counter: int = 0
    token: int | None = None
    certificate: bytes | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def configuration(self, *, token_wanted: bool = False, **fields: Any) -> dict[str, Any]:
        """Its eIM Configuration Data, as the judge takes it; a field of None is left out."""
        key: tuple[str, Any] = (
            ("eimCertificate", _judged_certificate(self.certificate))
            if self.certificate
            else ("eimPublicKey", _judged_key(spki(self.key)))
        )
        found = {
            "eimId": self.name,
            "counterValue": self.counter,
            "eimPublicKeyData": key,
            **self.extra,
        }
        if token_wanted:
            found["associationToken"] = TOKEN_WANTED
        return {name: value for name, value in (found | fields).items() if value is not None}

    def package(self, *operations: tuple[str, Any], **options: Any) -> bytes:
        """The next package with these operations, signed; see `build` for the options."""
        self.counter += 1
        return build(self, *operations, **({"counter": self.counter} | options))

    def load(self, send: Send, *operations: tuple[str, Any], **options: Any) -> list[Any]:
        """Send the next package and return the operation results, each (name, value)."""
        answer = ask(send, self.package(*operations, **options))
        kind, content = value_of(answer)
        if kind != "euiccPackageResultSigned":
            raise AssertionError(f"{kind}: {answer.hex()}")
        data = content["euiccPackageResultDataSigned"]
        results: list[Any] = data["euiccResult"]
        return results


ECOS = {"addEim", "deleteEim", "updateEim", "listEim"}

LIST_EIM: tuple[str, Any] = ("listEim", {})
"""The operation that changes nothing."""


def build(
    eim: Eim,
    *operations: tuple[str, Any],
    counter: int,
    eid: bytes = EID,
    transaction: bytes | None = None,
    name: str | None = None,
    key: Key | None = None,
    token: int | None = None,
) -> bytes:
    """A signed package of `eim`, with whatever is given here in place of what belongs to it."""
    kind = "ecoList" if all(one[0] in ECOS for one in operations) else "psmoList"
    value: dict[str, Any] = {
        "eimId": eim.name if name is None else name,
        "eidValue": eid,
        "counterValue": counter,
        "euiccPackage": (kind, list(operations)),
    }
    if transaction is not None:
        value["eimTransactionId"] = transaction
    signed = encoded("EuiccPackageSigned", value)
    return seal(signed, key or eim.key, eim.token if token is None else token)


def seal(signed: bytes, key: Key, token: int | None = None) -> bytes:
    """A package request around any euiccPackageSigned."""
    return tlv("BF51", signed, tlv("5F37", plain_signature(key, signed + token_object(token))))


def raw_package(
    eim: Eim,
    content: bytes,
    *,
    counter: int,
    eid: bytes = EID,
) -> bytes:
    """A signed package whose fields after the counter are any bytes."""
    head = tlv("80", eim.name.encode()), tlv("5A", eid), tlv("81", integer(counter))
    return seal(tlv("30", *head, content), eim.key, eim.token)


def add_initial(*configurations: dict[str, Any]) -> bytes:
    """An AddInitialEimRequest."""
    return encoded("AddInitialEimRequest", {"eimConfigurationDataList": list(configurations)})


def raw_add_initial(*entries: bytes) -> bytes:
    """An AddInitialEimRequest of entries that may be anything."""
    return tlv("BF57", tlv("A0", *entries))


def trust(send: Send, *eims: Eim, token_wanted: bool = False) -> None:
    """Select the ISD-R and make the card trust these eIMs, which learn their tokens."""
    send(SELECT_ISDR)
    request = add_initial(*(one.configuration(token_wanted=token_wanted) for one in eims))
    kind, results = value_of(ask(send, request))
    if kind != "addInitialEimOk":
        raise AssertionError(f"{kind} {results}")
    for eim, (name, value) in zip(eims, results, strict=True):
        eim.token = value if name == "associationToken" else None


def configurations(send: Send) -> dict[str, dict[str, Any]]:
    """What GetEimConfigurationData shows, by eimId."""
    value = value_of(ask(send, bytes.fromhex("BF5500")))
    return {one["eimId"]: one for one in value["eimConfigurationDataList"]}


def stored_results(send: Send) -> list[bytes]:
    """The package results that wait on the card, each a BF51 object."""
    answer = ask(send, bytes.fromhex("BF2B04A0028200"))
    (_, _, body), *_ = objects(answer)
    (tag, _, found), *_ = objects(body)
    if tag != "A2":
        raise AssertionError(answer.hex())
    return [whole for _, whole, _ in objects(found)]


# -- answers to packages


@dataclass(frozen=True)
class Answer:
    """A signed answer to a package: A0 (result) or A1 (error)."""

    data: dict[str, Any]
    covered: bytes
    signature: bytes

    def check(self, certificate: bytes, token: int | None = None) -> None:
        """Raises InvalidSignature unless the card of that certificate made it, with that token."""
        key = x509.load_der_x509_certificate(certificate).public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError(f"{key}")
        check_signature(key, self.signature, self.covered + token_object(token))


def read_result(answer: bytes) -> Answer:
    """Take the signed result of an accepted package apart; an error is a failure of the test."""
    return _read(answer, "euiccPackageResult")


def read_error(answer: bytes) -> Answer:
    """Take a signed error apart; a result is a failure of the test."""
    return _read(answer, "euiccPackageError")


def _read(answer: bytes, name: str) -> Answer:
    kind, value = value_of(answer)
    if kind != f"{name}Signed":
        raise AssertionError(f"{kind}: {answer.hex()}")
    (_, _, body), *_ = objects(answer)
    ((_, _, inside),) = objects(body)
    (_, signed, _), (_, _, signature) = objects(inside)
    return Answer(value[f"{name}DataSigned"], signed, signature)


def unsigned_error(answer: bytes) -> dict[str, Any]:
    """The fields of an unsigned error."""
    kind, value = value_of(answer)
    if kind != "euiccPackageErrorUnsigned":
        raise AssertionError(f"{kind}: {answer.hex()}")
    found: dict[str, Any] = value
    return found


def error_code(answer: bytes) -> int:
    """The code of a signed error."""
    code: int = read_error(answer).data["euiccPackageErrorCode"]
    return code


def key_of(der: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a SubjectPublicKeyInfo."""
    found = load_der_public_key(der)
    if not isinstance(found, ec.EllipticCurvePublicKey):
        raise TypeError(f"{found}")
    return found


def eim1(**fields: Any) -> Eim:
    """The first eIM of the vectors."""
    return Eim("eim1.example.com", vector_key("eim1"), **fields)


def eim2(**fields: Any) -> Eim:
    """The second eIM of the vectors."""
    return Eim("eim2.example.com", vector_key("eim2"), **fields)
