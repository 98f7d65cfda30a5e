"""An eIM, its cards and what they answered, as `--json` prints them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, get_args

import msgspec
from msgspec import UNSET, UnsetType

from euicc_sim.cli.machine import Eid, Output
from euicc_sim.parties.eim import Eim, eim_file
from euicc_sim.parties.eim.server import CardSummary, Result, State, StateChange
from euicc_sim.parties.ipa import Report, ReportEvent
from euicc_sim.parties.messages import Form, PackageAnswer, json_document
from keys import Curve

if TYPE_CHECKING:
    from euicc_sim.parties.smds import Event


class EimFileOutput(Output):
    """An eIM without its private key; what is null is the card's to choose."""

    eim_id: str
    id_type: eim_file.IdType | None
    fqdn: str | None
    protocols: list[eim_file.Protocol] | None
    ci_pk_id: bytes | None
    counter: int
    association_token: int | None
    sgp32: str
    curve: str
    public_key: bytes
    certificate: bytes | None

    @classmethod
    def of(cls, eim: Eim) -> Self:
        """For programs."""
        kinds = dict(enumerate(get_args(eim_file.IdType), 1))
        bits = eim.protocols
        return cls(
            eim_id=eim.eim_id,
            id_type=None if eim.id_type is None else kinds[eim.id_type],
            fqdn=eim.fqdn,
            protocols=None if bits is None else [eim_file.PROTOCOLS[one] for one in sorted(bits)],
            ci_pk_id=eim.ci_pk_id,
            counter=eim.counter,
            association_token=eim.token,
            sgp32=eim.wire.version,
            curve=Curve.of(eim.private_key).standard_name,
            public_key=eim.public_key,
            certificate=eim.certificate,
        )


class OutcomeOutput(Output):
    """The result of one operation: the name of its code, and what it returned."""

    operation: str
    result: str
    value: Any  # JSON; msgspec does not support recursive types


class AnswerOutput(Output):
    """The answer to a package; `eid` is the card whose signature was verified."""

    form: Form
    eim_id: str
    counter: int | None
    transaction_id: bytes | None
    number: int | None
    error: str | None
    token: int | None
    verified: bool
    eid: Eid | None
    outcomes: list[OutcomeOutput]

    @classmethod
    def of(cls, answer: PackageAnswer, signer: str | None) -> Self:
        """For programs; `signer` is the EID in the certificate."""
        return cls(
            form=answer.form,
            eim_id=answer.eim_id,
            counter=answer.counter,
            transaction_id=answer.transaction_id,
            number=answer.seq_number,
            error=answer.error,
            token=answer.token,
            verified=answer.genuine,
            eid=signer if answer.genuine else None,
            outcomes=[
                OutcomeOutput(
                    operation=one.name, result=one.code, value=json_document.to_json(one.value)
                )
                for one in answer.outcomes
            ],
        )


class StateChangeOutput(Output):
    """The last change of the enabled Profile that an IPA told of."""

    at: str
    cause: str | None
    plmn: str | None

    @classmethod
    def of(cls, change: StateChange) -> Self:
        """For programs."""
        return cls(at=change.at, cause=change.cause, plmn=change.plmn)


class CardSummaryOutput(Output):
    """A card in the list of a server."""

    eid: Eid
    waiting: int
    results: int
    last_poll: str | None
    state_change: StateChangeOutput | None

    @classmethod
    def of(cls, card: CardSummary) -> Self:
        """For programs."""
        change = card.state_change
        return cls(
            eid=card.eid,
            waiting=card.waiting,
            results=card.results,
            last_poll=card.last_poll,
            state_change=None if change is None else StateChangeOutput.of(change),
        )


class ResultOfOrderOutput(Output):
    """The result of an order, or a result without one."""

    order: int | None
    operations: list[str]
    at: str
    state: State
    error: str | None
    verified: bool
    counter: int | None
    number: int | None
    outcomes: list[OutcomeOutput]

    @classmethod
    def of(cls, result: Result) -> Self:
        """For programs."""
        return cls(
            order=result.order,
            operations=list(result.words),
            at=result.at,
            state=result.state,
            error=result.error,
            verified=result.verified,
            counter=result.counter,
            number=result.seq_number,
            outcomes=[
                OutcomeOutput(operation=one.operation, result=one.result, value=one.value)
                for one in result.outcomes
            ],
        )


class EventOutput(Output):
    """An event of an SM-DS; `owner` is the OID of the server that has registered it."""

    eid: Eid
    event_id: str
    rsp_server_address: str
    owner: str
    is_forwarded: bool

    @classmethod
    def of(cls, event: Event) -> Self:
        """For programs."""
        return cls(
            eid=event.eid,
            event_id=event.event_id,
            rsp_server_address=event.address,
            owner=event.owner,
            is_forwarded=event.forwarded,
        )


class ReportOutput(Output):
    """A line of an IPA that lives for weeks; which numbers it has depends on the event."""

    at: datetime
    event: ReportEvent
    text: str
    polls: int | UnsetType = UNSET
    packages: int | UnsetType = UNSET
    refused: int | UnsetType = UNSET
    kept: int | UnsetType = UNSET
    rolled_back: bool | UnsetType = UNSET
    failure: int | UnsetType = UNSET
    failures: int | UnsetType = UNSET
    again: float | UnsetType = UNSET
    seconds: float | UnsetType = UNSET

    @classmethod
    def of(cls, report: Report, at: datetime) -> Self:
        """For programs."""
        said = {"at": at, "event": report.event, "text": report.text, **report.facts}
        return msgspec.convert(said, cls)
