"""The records of a card's JSON document that concern eIMs, credentials and what waits for an IPA.

What fields are called and which values fit. Knows no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from euicc_sim.crypto.signature import UnusableKeyError, public_key
from euicc_sim.model.eim import MAX_COUNTER, Eim, KeyForm, PublicKeyData
from euicc_sim.model.identity import Credential
from euicc_sim.model.notification import Notification, PackageResult

ID_TYPES = {1: "oid", 2: "fqdn", 3: "proprietary"}
PROTOCOLS = ("retrieveHttps", "retrieveCoaps", "injectHttps", "injectCoaps", "proprietary")
EVENTS = ("install", "enable", "disable", "delete")


def _from_hex(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("hex digits in a string are needed here")  # noqa: TRY004 pydantic's way
    return bytes.fromhex(value)


def _with_usable_key(certificate: bytes) -> bytes:
    public_key(certificate, in_certificate=True)
    return certificate


Hex = Annotated[bytes, BeforeValidator(_from_hex)]
CaCertificate = Annotated[Hex, AfterValidator(_with_usable_key)]
Text = Annotated[str, StringConstraints(max_length=0x20000)]
"""As long as what comes in one request."""
Number = Annotated[int, Field(ge=1)]


class Record(BaseModel):
    """Fields by their names, of the right types, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class KeyRecord(Record):
    """A public key: one of the two."""

    publicKey: Hex | None = None
    certificate: Hex | None = None

    @model_validator(mode="after")
    def _one(self) -> KeyRecord:
        if (self.publicKey is None) == (self.certificate is None):
            raise ValueError("either publicKey or certificate is needed, as DER in hex")
        return self

    def model(self) -> PublicKeyData:
        """The key as the card knows it."""
        if self.publicKey is not None:
            return PublicKeyData(KeyForm.KEY, self.publicKey)
        return PublicKeyData(KeyForm.CERTIFICATE, self.certificate or b"")


class SigningKeyRecord(KeyRecord):
    """A key that packages are verified with, so it must be one the card can use."""

    @model_validator(mode="after")
    def _usable(self) -> SigningKeyRecord:
        key = self.model()
        try:
            public_key(key.der, in_certificate=key.form is KeyForm.CERTIFICATE)
        except UnusableKeyError as error:
            raise ValueError(str(error)) from error
        return self


class EimRecord(Record):
    """One trusted eIM."""

    eimId: Annotated[str, StringConstraints(min_length=1, max_length=0xFFFF)]
    eimFqdn: Text | None = None
    eimIdType: Literal["oid", "fqdn", "proprietary"] = "proprietary"
    counterValue: Annotated[int, Field(ge=0, le=MAX_COUNTER)]
    associationToken: Number | None = None
    eimPublicKeyData: SigningKeyRecord
    trustedPublicKeyDataTls: KeyRecord | None = None
    eimSupportedProtocol: list[Literal[PROTOCOLS] | int]  # type: ignore[valid-type]
    euiccCiPKId: Hex
    indirectProfileDownload: bool = False
    eSipaProprietaryProtocolInformation: Hex | None = None

    def model(self) -> Eim:
        """The eIM as the card knows it."""
        kinds = {name: number for number, name in ID_TYPES.items()}
        return Eim(
            eim_id=self.eimId,
            counter=self.counterValue,
            key=self.eimPublicKeyData.model(),
            ci_pk_id=self.euiccCiPKId,
            fqdn=self.eimFqdn,
            id_type=kinds[self.eimIdType],
            token=self.associationToken,
            tls=self.trustedPublicKeyDataTls.model() if self.trustedPublicKeyDataTls else None,
            protocols=numbers(PROTOCOLS, self.eimSupportedProtocol),
            indirect_download=self.indirectProfileDownload,
            proprietary=self.eSipaProprietaryProtocolInformation,
        )


class ResultRecord(Record):
    """One stored package result."""

    seqNumber: Number
    eimId: str
    euiccPackageResult: Hex

    def model(self) -> PackageResult:
        """The result as the card knows it."""
        return PackageResult(self.seqNumber, self.eimId, self.euiccPackageResult)


class NotificationRecord(Record):
    """One pending Notification."""

    seqNumber: Number
    profileManagementOperation: list[Literal[EVENTS] | int]  # type: ignore[valid-type]
    notificationAddress: Text
    iccid: Hex | None = None
    pendingNotification: Hex

    def model(self) -> Notification:
        """The Notification as the card knows it."""
        return Notification(
            self.seqNumber,
            numbers(EVENTS, self.profileManagementOperation),
            self.notificationAddress,
            self.iccid,
            self.pendingNotification,
        )


class CredentialRecord(Record):
    """Certificates below one CI, and the name of the private key's file."""

    curve: str
    euiccCiPKId: Hex
    ciCertificate: CaCertificate | None = None
    eumCertificate: Hex
    euiccCertificate: Hex
    privateKey: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")]

    def model(self) -> Credential:
        """The credential as the card knows it."""
        return Credential(
            curve=self.curve,
            ci_pk_id=self.euiccCiPKId,
            eum_certificate=self.eumCertificate,
            euicc_certificate=self.euiccCertificate,
            key_file=self.privateKey,
            ci_certificate=self.ciCertificate,
        )


def numbers(names: tuple[str, ...], values: Sequence[Any]) -> frozenset[int]:
    """Bit numbers of names; what has no name is a number already."""
    return frozenset(names.index(one) if isinstance(one, str) else one for one in values)
