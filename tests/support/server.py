"""RSP servers of the tests: their certificates, and what they ask a card and sign.

Certificates come from `keys`, those with a mistake in them from the cryptography library;
messages are written as bytes. Nothing is the card's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from keys import CertificateIssuer, Curve, profiles
from keys.credential import public_key
from support.eims import ask, objects, plain_signature, tlv, value_of
from support.hexes import hx

Send = Callable[[bytes], bytes]
Extensions = dict[str, tuple[x509.ExtensionType, bool]]

TRANSACTION = hx("0123456789ABCDEF0123456789ABCDEF")
SERVER_CHALLENGE = hx("F0E0D0C0B0A090807060504030201000")
ADDRESS = "testsmdpplus1.example.com"
CONTEXT = hx("A023 8017 5453343876345F53414950322E335F4E6F424552544C56 A108 8004 35290611 A100")
"""ctxParams1 as lpac sends it: a matchingId, a TAC, no capabilities."""
DP_AUTH, DP_PB = profiles.ROLE_DP_AUTH, profiles.ROLE_DP_PB


@dataclass(frozen=True)
class Certified:
    """A certificate in DER and the private key that belongs to it."""

    der: bytes
    key: Any = field(repr=False)


@dataclass(frozen=True)
class Recipe:
    """What a server's certificate says; by default what is right for CERT.DPauth below `ci`."""

    ci: CertificateIssuer
    role: x509.ObjectIdentifier = DP_AUTH
    oid: str = profiles.DP_OID
    key: Any = None
    issuer: x509.Name | None = None
    signer: Any = None
    authority: bytes | None = None
    not_after: datetime = datetime(2050, 1, 1, tzinfo=UTC)
    hash: Any = field(default_factory=SHA256)
    without: tuple[type, ...] = ()
    instead: tuple[tuple[x509.ExtensionType, bool], ...] = ()

    def made(self) -> Certified:
        """The certificate, with a key of its own unless the recipe has one."""
        key = self.key or self.ci.source.key(Curve.of(public_key(self.ci.certificate)), "test")
        builder = (
            x509.CertificateBuilder()
            .subject_name(profiles.dp_subject("TEST SM-DP+"))
            .issuer_name(self.issuer or self.ci.certificate.subject)
            .public_key(key.public_key())
            .serial_number(0x100)
            .not_valid_before(datetime(2001, 1, 1, tzinfo=UTC))
            .not_valid_after(self.not_after)
        )
        for value, critical in self._extensions(key):
            builder = builder.add_extension(value, critical)
        signer: Any = self.signer or self.ci.private_key
        return Certified(builder.sign(signer, self.hash).public_bytes(Encoding.DER), key)

    def _extensions(self, key: Any) -> list[tuple[x509.ExtensionType, bool]]:
        right = profiles.dp_extensions(
            key.public_key(), self.authority or self.ci.ci_pk_id, self.role, self.oid
        )
        changed = (*self.without, *(type(value) for value, _ in self.instead))
        kept = [one for one in right if not isinstance(one[0], changed)]
        return [*kept, *self.instead]


@dataclass
class Server:
    """An SM-DP+ (or SM-DS) below a CI: the two certificates that it shows to cards."""

    ci_pk_id: bytes
    auth: Certified
    pb: Certified
    transaction: bytes = TRANSACTION
    address: str = ADDRESS

    @classmethod
    def below(cls, ci: CertificateIssuer) -> Server:
        """A server as `keys` makes it."""
        auth, pb = ci.issue_dp_auth(), ci.issue_dp_pb()
        return cls(
            ci.ci_pk_id,
            Certified(auth.der, auth.private_key),
            Certified(pb.der, pb.private_key),
        )

    # -- AuthenticateServer

    def server_signed1(self, challenge: bytes) -> bytes:
        """What is signed first."""
        return tlv(
            "30",
            tlv("80", self.transaction),
            tlv("81", challenge),
            tlv("83", self.address.encode()),
            tlv("84", SERVER_CHALLENGE),
        )

    def authenticate(
        self,
        challenge: bytes,
        *,
        signed: bytes | None = None,
        signature: bytes | None = None,
        ci_pk_id: bytes | None = None,
        certificate: Certified | None = None,
        context: bytes = CONTEXT,
    ) -> bytes:
        """An AuthenticateServerRequest, with what is given in place of what belongs there."""
        shown = certificate or self.auth
        signed = self.server_signed1(challenge) if signed is None else signed
        if signature is None:
            signature = signature_of(shown.key, signed)
        named = self.ci_pk_id if ci_pk_id is None else ci_pk_id
        return tlv("BF38", signed, tlv("5F37", signature), tlv("04", named), shown.der, context)

    def begin(self, send: Send, **options: Any) -> bytes:
        """Ask for a challenge and authenticate with it; the answer, whatever it is."""
        return ask(send, self.authenticate(challenge(send), **options))

    def session(self, send: Send, **options: Any) -> bytes:
        """Authenticate; euiccSignature1, which the next request signs. Fails for a refusal."""
        return authenticated(self.begin(send, **options))["euiccSignature1"]

    # -- PrepareDownload

    def smdp_signed2(
        self, *, confirmation: bool = False, otpk: bytes | None = None, tid: bytes | None = None
    ) -> bytes:
        """What is signed next."""
        return tlv(
            "30",
            tlv("80", self.transaction if tid is None else tid),
            tlv("01", b"\xff" if confirmation else b"\x00"),
            tlv("5F49", otpk) if otpk else b"",
        )

    def prepare(
        self,
        euicc_signature1: bytes,
        *,
        signed: bytes | None = None,
        signature: bytes | None = None,
        certificate: Certified | None = None,
        hash_cc: bytes | None = None,
        **fields: Any,
    ) -> bytes:
        """A PrepareDownloadRequest; `fields` are those of `smdp_signed2`."""
        shown = certificate or self.pb
        signed = self.smdp_signed2(**fields) if signed is None else signed
        if signature is None:
            signature = signature_of(shown.key, signed + tlv("5F37", euicc_signature1))
        confirmed = b"" if hash_cc is None else tlv("04", hash_cc)
        return tlv("BF21", signed, tlv("5F37", signature), confirmed, shown.der)


def signature_of(key: Any, data: bytes) -> bytes:
    """r||s of a 256-bit key; bytes without meaning for keys that cannot have one."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size == 256:
        return plain_signature(key, data)
    return bytes(64)


def challenge(send: Send) -> bytes:
    """A challenge of the card."""
    found: bytes = value_of(ask(send, hx("BF2E00")))["euiccChallenge"]
    return found


def authenticated(answer: bytes) -> dict[str, bytes]:
    """The parts of a good AuthenticateServerResponse, each as it stands there."""
    names = ("euiccSigned1", "euiccSignature1", "euiccCertificate", "eumCertificate")
    return dict(zip(names, _ok(answer), strict=True))


def prepared(answer: bytes) -> dict[str, bytes]:
    """The parts of a good PrepareDownloadResponse."""
    return dict(zip(("euiccSigned2", "euiccSignature2"), _ok(answer), strict=True))


def cancelled(answer: bytes) -> dict[str, bytes]:
    """The parts of a good CancelSessionResponse."""
    return dict(zip(("signed", "signature"), _ok(answer), strict=True))


def _ok(answer: bytes) -> list[bytes]:
    ((_, _, body),) = objects(answer)
    ((tag, _, inside),) = objects(body)
    if tag != "A0":
        raise AssertionError(answer.hex())
    return [whole if tag == "30" else content for tag, whole, content in objects(inside)]


def one_time_key(answer: bytes) -> bytes:
    """The euiccOtpk of a good PrepareDownloadResponse."""
    ((_, _, inside),) = objects(prepared(answer)["euiccSigned2"])
    return next(content for tag, _, content in objects(inside) if tag == "5F49")


def euicc_key(answer: bytes) -> ec.EllipticCurvePublicKey:
    """The card's key, out of the certificate in a good AuthenticateServerResponse."""
    certificate = x509.load_der_x509_certificate(authenticated(answer)["euiccCertificate"])
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError(f"{key}")
    return key


def refusal(tag: str, code: int, transaction: bytes = TRANSACTION) -> bytes:
    """The answer that refuses with that code: BF38 or BF21."""
    return tlv(tag, tlv("A1", tlv("80", transaction), tlv("02", bytes((code,)))))
