"""The JSON document of a card as a whole, and how it is checked on reading.

Turns a document into `Identity` and `State`. Knows no files; `rendering` is the other direction.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from euicc_sim.model.identity import CardType, Identity
from euicc_sim.model.state import ImmediateEnable, Limits, State
from euicc_sim.store.records import (
    CredentialRecord,
    EimRecord,
    NotificationRecord,
    Number,
    Record,
    ResultRecord,
    Text,
)
from euicc_sim.store.records_profiles import FetchPackage, ProfilesPart, RuleRecord

SCHEMA = 1


class DocumentError(ValueError):
    """A document that is not a card's: the place in it, and the reason."""


class LimitsRecord(Record):
    """Room on the card."""

    eims: Number
    results: Number
    notifications: Number = Limits().notifications
    memory: Annotated[int, Field(ge=0)] = Limits().memory


class CardRecord(Record):
    """What never changes."""

    eid: Annotated[str, StringConstraints(pattern=r"^[0-9]{32}$")]
    type: Literal[tuple(CardType)] = CardType.IOT.value  # type: ignore[valid-type]
    sgp32: Literal["1.0.1", "1.1", "1.2", "1.3"]
    rootDsAddress: Text
    limits: LimitsRecord
    seed: int | None = None
    rulesAuthorisationTable: Annotated[list[RuleRecord], Field(default_factory=list)]
    credentials: Annotated[list[CredentialRecord], Field(min_length=1)]


class ImmediateEnableRecord(Record):
    """The immediate-enable configuration."""

    enabled: bool = False
    smdpOid: Text | None = None
    smdpAddress: Text | None = None


class Document(ProfilesPart):
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


def parse(text: bytes, fetch: FetchPackage | None = None) -> tuple[Identity, State]:
    """Read a document; `fetch` gives the profile package of an ICCID.

    Raises DocumentError with the place and the reason.
    """
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
    return _identity(document.card), _state(document, fetch or _no_package)


def _no_package(iccid: bytes) -> bytes:
    raise ValueError(f"the package of {iccid.hex().upper()} is not at hand")


def _identity(card: CardRecord) -> Identity:
    limits = card.limits
    return Identity(
        eid=card.eid,
        credentials=tuple(one.model() for one in card.credentials),
        sgp32_version=card.sgp32,
        root_ds_address=card.rootDsAddress,
        limits=Limits(limits.eims, limits.results, limits.notifications, limits.memory),
        seed=card.seed,
        card_type=CardType(card.type),
        authorisation_rules=tuple(one.model() for one in card.rulesAuthorisationTable),
    )


def _state(document: Document, fetch: FetchPackage) -> State:
    immediate = document.immediateEnable
    profiles = []
    for number, one in enumerate(document.profiles):
        try:
            profiles.append(one.model(fetch))
        except ValueError as error:
            raise DocumentError(f"at profiles.{number}.package: {error}") from error
    return State(
        eims=tuple(one.model() for one in document.eims),
        results=tuple(one.model() for one in document.results),
        notifications=tuple(one.model() for one in document.notifications),
        next_seq=document.nextSeqNumber,
        next_token=document.nextAssociationToken,
        default_dp_address=document.defaultDpAddress,
        immediate_enable=ImmediateEnable(
            immediate.enabled, immediate.smdpOid, immediate.smdpAddress
        ),
        profiles=tuple(profiles),
        fallback_profile=document.fallbackProfile,
        returns=document.returns.model(),
        installation=document.installation.model() if document.installation else None,
        switches=document.switches.model(),
    )
