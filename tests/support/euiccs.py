"""The card's side of a download, written as bytes and made with the cryptography library alone.

Every part of an answer can be replaced, so that an SM-DP+ can be shown each mistake. Nothing is
the card's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from euicc_sim.parties.messages.interfaces import ClientAuthentication, ServerAuthentication
from keys import EuiccCredential, TestPki
from keys.curves import Curve
from support.eims import integer, objects, plain_signature, tlv
from support.hexes import hx
from support.vectors import FOLDER

EID = "89049032123451234512345678901235"
CHALLENGE = bytes(range(16))
ADDRESS = "testsmdpplus1.example.com"
AID = hx("A0000005591010FFFFFFFF8900001000")
ICCID = hx("98001032547698103214")
SIMA_OK = hx("3007A0053003800100")
DP_OID = hx("88370A")


@cache
def sgp22() -> dict[str, Any]:
    """The whole file of SGP.22 vectors."""
    found: dict[str, Any] = json.loads((FOLDER / "sgp22-vectors.json").read_text())
    return found


def vector22(function: str) -> tuple[bytes, bytes]:
    """Request and response of an SGP.22 vector."""
    one = next(one for one in sgp22()["vectors"] if one["function"] == function)
    return hx(one["request"]), hx(one["response"])


_INFO2 = vector22("ES10b.GetEUICCInfo2")[1]


@cache
def shared_pki() -> TestPki:
    """A PKI that repeats, on both curves."""
    return TestPki.create(seed=7)


@dataclass
class PaperEuicc:
    """A card that answers whatever a test wants; its one-time key can be given."""

    credential: EuiccCredential
    one_time: ec.EllipticCurvePrivateKey = field(repr=False)
    eid: str = EID

    @classmethod
    def below(cls, pki: TestPki, curve: Curve = Curve.NIST, eid: str = EID) -> PaperEuicc:
        """A card with certificates of a PKI."""
        found = next(one for one in pki.issue_euicc(eid, 3) if one.curve is curve)
        return cls(found, ec.derive_private_key(0xE51CC, curve.implementation), eid)

    @property
    def otpk(self) -> bytes:
        """The one-time public key, 65 bytes."""
        return self.one_time.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )

    def sign(self, data: bytes) -> bytes:
        """The card's signature, with its tag."""
        return tlv("5F37", plain_signature(self.credential.private_key, data))

    def info1(
        self,
        verify: list[bytes] | None = None,
        sign: list[bytes] | None = None,
        svn: str = "020202",
    ) -> bytes:
        """EUICCInfo1 with these CI keys, its own by default."""
        own = [self.credential.ci_pk_id]
        lists = [own if one is None else one for one in (verify, sign)]
        a9, aa = (b"".join(tlv("04", one) for one in keys) for keys in lists)
        return tlv("BF20", tlv("82", hx(svn)), tlv("A9", a9), tlv("AA", aa))

    # -- AuthenticateServer

    def authenticate(
        self,
        server: ServerAuthentication,
        matching_id: str | None = None,
        *,
        signed: bytes | None = None,
        signature: bytes | None = None,
        euicc: bytes | None = None,
        eum: bytes | None = None,
        **fields: bytes,
    ) -> bytes:
        """AuthenticateServerResponse; `fields` are those of `signed1`."""
        signed = self.signed1(server, matching_id, **fields) if signed is None else signed
        return tlv(
            "BF38",
            tlv(
                "A0",
                signed,
                self.sign(signed) if signature is None else signature,
                self.credential.euicc_certificate if euicc is None else euicc,
                self.credential.eum_certificate if eum is None else eum,
            ),
        )

    def signed1(
        self,
        server: ServerAuthentication,
        matching_id: str | None,
        *,
        transaction_id: bytes | None = None,
        challenge: bytes | None = None,
        forbidden: bytes = b"\x07\x80",
    ) -> bytes:
        """The euiccSigned1 of what a server sent; `forbidden` is a BIT STRING of policy rules."""
        sent = {tag: content for tag, _, content in objects(_inside(server.server_signed1))}
        named = b"" if matching_id is None else tlv("80", matching_id.encode())
        return tlv(
            "30",
            tlv("80", sent["80"] if transaction_id is None else transaction_id),
            tlv("83", sent["83"]),
            tlv("84", sent["84"] if challenge is None else challenge),
            _INFO2.replace(hx("99020780"), tlv("99", forbidden)),
            tlv("A0", named, hx("A108800435290611A100")),
        )

    # -- PrepareDownload

    def prepare(
        self,
        server: ClientAuthentication,
        *,
        hash_cc: bytes | None = None,
        transaction_id: bytes | None = None,
        otpk: bytes | None = None,
        signature: bytes | None = None,
    ) -> bytes:
        """PrepareDownloadResponse."""
        signed = tlv(
            "30",
            tlv("80", server.transaction_id if transaction_id is None else transaction_id),
            tlv("5F49", self.otpk if otpk is None else otpk),
            b"" if hash_cc is None else tlv("04", hash_cc),
        )
        if signature is None:
            signature = self.sign(signed + tlv("5F37", server.smdp_signature2))
        return tlv("BF21", tlv("A0", signed, signature))

    # -- what comes of it

    def result(
        self,
        transaction_id: bytes,
        *,
        error: tuple[int, int] | None = None,
        oid: bytes = DP_OID,
        signature: bytes | None = None,
        final: bytes | None = None,
    ) -> bytes:
        """ProfileInstallationResult: installed, or bppCommandId and errorReason of a failure.

        `final` is what stands in finalResult instead.
        """
        if final is not None:
            pass
        elif error is None:
            final = tlv("A0", tlv("4F", AID), tlv("04", SIMA_OK))
        else:
            final = tlv("A1", tlv("80", integer(error[0])), tlv("81", integer(error[1])))
        data = tlv(
            "BF27",
            tlv("80", transaction_id),
            metadata(1, "0780", ICCID),
            tlv("06", oid),
            tlv("A2", final),
        )
        return tlv("BF37", data, self.sign(data) if signature is None else signature)

    def notification(
        self,
        event: str = "0640",
        *,
        number: int = 2,
        iccid: bytes = ICCID,
        signature: bytes | None = None,
        eum: bytes | None = None,
    ) -> bytes:
        """OtherSignedNotification of that event (a BIT STRING's content in hex)."""
        data = metadata(number, event, iccid)
        return tlv(
            "30",
            data,
            self.sign(data) if signature is None else signature,
            self.credential.euicc_certificate,
            self.credential.eum_certificate if eum is None else eum,
        )

    def cancel(
        self,
        transaction_id: bytes,
        reason: int = 0,
        *,
        oid: bytes = DP_OID,
        signature: bytes | None = None,
    ) -> bytes:
        """CancelSessionResponse."""
        signed = tlv("30", tlv("80", transaction_id), tlv("81", oid), tlv("82", integer(reason)))
        return tlv("BF41", tlv("A0", signed, self.sign(signed) if signature is None else signature))


def metadata(number: int, event: str, iccid: bytes | None, address: str = ADDRESS) -> bytes:
    """NotificationMetadata."""
    return tlv(
        "BF2F",
        tlv("80", integer(number)),
        tlv("81", hx(event)),
        tlv("0C", address.encode()),
        b"" if iccid is None else tlv("5A", iccid),
    )


def _inside(whole: bytes) -> bytes:
    ((_, _, content),) = objects(whole)
    return content


# -- opening a Bound Profile Package


@dataclass
class Opened:
    """What a card finds in a Bound Profile Package; `sizes` are those of the plaintexts."""

    channel: bytes
    configuration: bytes
    metadata: bytes
    replacement: bytes | None
    package: bytes
    sizes: dict[str, list[int]]
    tags: list[str]


class _Opener:
    """The receiving end of SCP03t, straight from the clause."""

    def __init__(self, chaining: bytes, enc: bytes, cmac: bytes) -> None:
        self.chaining, self.enc, self.cmac, self.counter = chaining, enc, cmac, 1

    def open(self, segment: bytes) -> bytes:
        mac = CMAC(AES128(self.cmac))
        mac.update(self.chaining + segment[:-8])
        self.chaining = mac.finalize()
        if self.chaining[:8] != segment[-8:]:
            raise AssertionError(f"wrong MAC of segment {self.counter}")
        ((tag, _, content),) = objects(segment)
        block = Cipher(AES128(self.enc), ECB()).encryptor().update(self.counter.to_bytes(16))  # noqa: S305
        self.counter += 1
        if tag == "88":
            return content[:-8]
        plain = Cipher(AES128(self.enc), CBC(block)).decryptor().update(content[:-8])
        return plain[: plain.rindex(0x80)]


def open_package(
    euicc: PaperEuicc, package: bytes, *, host_id: bytes, eid: str | None = None
) -> Opened:
    """Verify and decipher a whole package (BF36) with the card's one-time key."""
    ((_, _, inside),) = objects(package)
    sections = list(objects(inside))
    channel = sections[0][1]
    shown = {tag: content for tag, _, content in objects(sections[0][2])}["5F49"]
    curve = euicc.one_time.curve
    secret = euicc.one_time.exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, shown)
    )
    number = bytes.fromhex(euicc.eid if eid is None else eid)
    info = b"\x88\x10" + bytes((len(host_id),)) + host_id + b"\x10" + number
    keys = X963KDF(SHA256(), 48, info).derive(secret)
    session = _Opener(keys[:16], keys[16:32], keys[32:])
    found: dict[str, list[bytes]] = {}
    for tag, _, content in sections[1:]:
        found[tag] = [session.open(one) for _, one, _ in objects(content)]
        if tag == "A2":
            new = [one for _, _, one in objects(_inside(found[tag][0]))]
            session = _Opener(*new)
    joined: dict[str, Any] = {tag: b"".join(parts) for tag, parts in found.items()}
    return Opened(
        channel,
        joined["A0"],
        joined["A1"],
        joined.get("A2"),
        joined["A3"],
        {tag: [len(one) for one in parts] for tag, parts in found.items()},
        [tag for tag, _, _ in sections],
    )
