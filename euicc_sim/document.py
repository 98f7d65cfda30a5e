"""The JSON document of a card: what its fields are called, and how it is checked on reading.

Turns a document into `Identity` and `State` and back. Knows no files.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from euicc_sim.crypto.signature import UnusableKeyError, public_key
from euicc_sim.model.eim import MAX_COUNTER, Eim, KeyForm, PublicKeyData
from euicc_sim.model.identity import Credential, Identity
from euicc_sim.model.notification import Notification, PackageResult
from euicc_sim.model.state import ImmediateEnable, Limits, State

SCHEMA = 1
ID_TYPES = {1: "oid", 2: "fqdn", 3: "proprietary"}
PROTOCOLS = ("retrieveHttps", "retrieveCoaps", "injectHttps", "injectCoaps", "proprietary")
EVENTS = ("install", "enable", "disable", "delete")


class DocumentError(ValueError):
    """A document that is not a card's: the place in it, and the reason."""


def _from_hex(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("hex digits in a string are needed here")  # noqa: TRY004 pydantic's way
    return bytes.fromhex(value)


def _with_usable_key(certificate: bytes) -> bytes:
    public_key(certificate, in_certificate=True)
    return certificate


Hex = Annotated[bytes, BeforeValidator(_from_hex)]
CaCertificate = Annotated[Hex, AfterValidator(_with_usable_key)]
Text = Annotated[str, StringConstraints(max_length=0xFFFF)]
Number = Annotated[int, Field(ge=1)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class KeyRecord(_Record):
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


class EimRecord(_Record):
    """One trusted eIM."""

    eimId: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    eimFqdn: Text | None = None
    eimIdType: Literal["oid", "fqdn", "proprietary"] = "proprietary"
    counterValue: Annotated[int, Field(ge=0, le=MAX_COUNTER)]
    associationToken: Number | None = None
    eimPublicKeyData: SigningKeyRecord
    trustedPublicKeyDataTls: KeyRecord | None = None
    eimSupportedProtocol: list[Literal[PROTOCOLS] | int]  # type: ignore[valid-type]
    euiccCiPKId: Hex
    indirectProfileDownload: bool = False

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
            protocols=_numbers(PROTOCOLS, self.eimSupportedProtocol),
            indirect_download=self.indirectProfileDownload,
        )


class ResultRecord(_Record):
    """One stored package result."""

    seqNumber: Number
    eimId: str
    euiccPackageResult: Hex


class NotificationRecord(_Record):
    """One pending Notification."""

    seqNumber: Number
    profileManagementOperation: list[Literal[EVENTS] | int]  # type: ignore[valid-type]
    notificationAddress: Text
    iccid: Hex | None = None
    pendingNotification: Hex


class CredentialRecord(_Record):
    """Certificates below one CI, and the name of the private key's file."""

    curve: str
    euiccCiPKId: Hex
    ciCertificate: CaCertificate | None = None
    eumCertificate: Hex
    euiccCertificate: Hex
    privateKey: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")]


class LimitsRecord(_Record):
    """Room on the card."""

    eims: Number
    results: Number


class CardRecord(_Record):
    """What never changes."""

    eid: Annotated[str, StringConstraints(pattern=r"^[0-9]{32}$")]
    sgp32: Literal["1.2"]
    rootDsAddress: Text
    limits: LimitsRecord
    seed: int | None = None
    credentials: Annotated[list[CredentialRecord], Field(min_length=1)]


class ImmediateEnableRecord(_Record):
    """The immediate-enable configuration."""

    enabled: bool = False
    smdpOid: Text | None = None
    smdpAddress: Text | None = None


class Document(_Record):
    """The whole document."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    card: CardRecord
    nextSeqNumber: Number
    nextAssociationToken: Number
    defaultDpAddress: Text
    immediateEnable: ImmediateEnableRecord
    eims: list[EimRecord]
    results: list[ResultRecord]
    notifications: list[NotificationRecord]

    @model_validator(mode="after")
    def _consistent(self) -> Document:
        ids = [one.eimId for one in self.eims]
        if len(set(ids)) != len(ids):
            raise ValueError("two eIMs have the same eimId")
        numbers = [one.seqNumber for one in self.results]
        numbers += [one.seqNumber for one in self.notifications]
        if len(set(numbers)) != len(numbers):
            raise ValueError("two results or notifications have the same seqNumber")
        if numbers and max(numbers) >= self.nextSeqNumber:
            raise ValueError(f"nextSeqNumber must be above {max(numbers)}, which is in use")
        tokens = [one.associationToken for one in self.eims if one.associationToken]
        if tokens and max(tokens) >= self.nextAssociationToken:
            raise ValueError(f"nextAssociationToken must be above {max(tokens)}, which is in use")
        return self


def parse(text: bytes) -> tuple[Identity, State]:
    """Read a document. Raises DocumentError with the place and the reason."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"it is not JSON: {error}") from error
    found = content.get("schema") if isinstance(content, dict) else None
    if found != SCHEMA:
        raise DocumentError(f'its "schema" is {found!r}; this program reads schema {SCHEMA}')
    try:
        document = Document.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise DocumentError(f"at {place}: {first['msg']}") from error
    return _identity(document.card), _state(document)


def _identity(card: CardRecord) -> Identity:
    return Identity(
        eid=card.eid,
        credentials=tuple(
            Credential(
                curve=one.curve,
                ci_pk_id=one.euiccCiPKId,
                eum_certificate=one.eumCertificate,
                euicc_certificate=one.euiccCertificate,
                key_file=one.privateKey,
                ci_certificate=one.ciCertificate,
            )
            for one in card.credentials
        ),
        sgp32_version=card.sgp32,
        root_ds_address=card.rootDsAddress,
        limits=Limits(card.limits.eims, card.limits.results),
        seed=card.seed,
    )


def _state(document: Document) -> State:
    immediate = document.immediateEnable
    return State(
        eims=tuple(one.model() for one in document.eims),
        results=tuple(
            PackageResult(one.seqNumber, one.eimId, one.euiccPackageResult)
            for one in document.results
        ),
        notifications=tuple(
            Notification(
                one.seqNumber,
                _numbers(EVENTS, one.profileManagementOperation),
                one.notificationAddress,
                one.iccid,
                one.pendingNotification,
            )
            for one in document.notifications
        ),
        next_seq=document.nextSeqNumber,
        next_token=document.nextAssociationToken,
        default_dp_address=document.defaultDpAddress,
        immediate_enable=ImmediateEnable(
            immediate.enabled, immediate.smdpOid, immediate.smdpAddress
        ),
    )


def _numbers(names: tuple[str, ...], values: list[Any]) -> frozenset[int]:
    return frozenset(names.index(one) if isinstance(one, str) else one for one in values)
