"""An SM-DS without a network: ES11 and ES12 as methods (SGP.22 v2.5 clauses 3.6, 5.8 and 5.9).

    smds = Smds.of(TestPki.load("pki"), address="smds.example.com")
    smds.register_event(eid, "CODE-1", "smdp.example.com", owner="2.999.10")

Verifies everything that cards send. Validity dates are checked only if a time is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Self

from euicc_sim.asn1.codec import Unknown
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.env import SystemEnv
from euicc_sim.parties.authentication import (
    CHALLENGE_SIZE,
    SMDS,
    TRANSACTION_ID_SIZE,
    Identity,
    Session,
    Sessions,
    authentic,
    check_info,
    choose,
    greeting,
    read_authentication,
    registered,
)
from euicc_sim.parties.messages.address import Address, AddressError
from euicc_sim.parties.messages.errors import LpaError, Refusal, SmdppError
from euicc_sim.parties.messages.interfaces import (
    EventEntries,
    EventEntry,
    EventRegistry,
    ServerAuthentication,
)
from euicc_sim.parties.smds.event_book import (
    EVENTS_AT_MOST,
    EVENTS_PER_CARD,
    Event,
    EventBook,
    EventDraft,
    Events,
)
from keys import Curve, Role, TestPki, profiles

EVENT_ID_AT_MOST = 255
ADDRESS_AT_MOST = 255
"""Characters."""

_EID = re.compile("[0-9]{32}")


@dataclass(eq=False, kw_only=True)
class Smds:
    """An SM-DS; its refusals are SmdppError, and a refusal ends the transaction.

    `address` is its FQDN, `root` the SM-DS above it, if there is one. `random` returns that many
    random bytes, `at` is the time at which cards' certificates must be valid (None: dates are not
    checked), `seconds` tells how old a transaction is. It keeps so many events of one card
    (`per_card`) and in all (`at_most`).
    """

    identities: tuple[Identity, ...]
    address: str = profiles.DS_HOST
    events: Events = field(default_factory=EventBook)
    root: EventRegistry | None = None
    random: Callable[[int], bytes] = field(default=SystemEnv().random, repr=False)
    at: datetime | None = None
    wire: Wire = WIRE_1_2
    seconds: Callable[[], float] = field(default=monotonic, repr=False)
    per_card: int = EVENTS_PER_CARD
    at_most: int = EVENTS_AT_MOST
    _sessions: Sessions[Session[Identity]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sessions = Sessions(self.seconds)

    @classmethod
    def of(
        cls,
        pki: TestPki,
        *,
        address: str = profiles.DS_HOST,
        curves: Iterable[Curve] | None = None,
        at: datetime | None = None,
        random: Callable[[int], bytes] | None = None,
    ) -> Self:
        """The SM-DS of a test PKI, on all its curves or on these; `events` are in memory.

        A PKI without CERT.DSauth issues one, which is not kept. Raises PkiError if it cannot,
        InvalidCertificateError if no card would accept it.
        """
        chosen = pki.curves if curves is None else curves
        return cls(
            identities=tuple(_identity(pki, one) for one in chosen),
            address=address,
            at=at,
            random=random or SystemEnv().random,
        )

    def session(self, transaction_id: bytes) -> Session[Identity]:
        """The state of a transaction, for observers. Raises SmdppError for an unknown one."""
        return self._sessions.any(transaction_id)

    # -- ES11

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        """ES11.InitiateAuthentication, clause 5.8.1: EUICCInfo1 (BF20), a challenge of 16 bytes."""
        info = check_info(
            SMDS, euicc_info1, challenge, asked=address, own=self.address, wire=self.wire
        )
        identity = choose(
            SMDS,
            self.identities,
            info["euiccCiPKIdListForVerification"],
            info["euiccCiPKIdListForSigning"],
        )
        session = Session(self.random(TRANSACTION_ID_SIZE), identity, self.random(CHALLENGE_SIZE))
        self._sessions.add(session)
        return greeting(session, challenge, self.address, self.wire)

    def authenticate_events(self, transaction_id: bytes, response: bytes) -> EventEntries:
        """ES11.AuthenticateClient, clause 5.8.2, with AuthenticateServerResponse (BF38).

        The events of the card, or that which its matchingId names. They stay until their SM-DP+
        deletes them.
        """
        session = self._sessions.current(transaction_id)
        with self._sessions.ending(session):
            answer = read_authentication(response, self.wire)
            session.euicc = authentic(session, answer, self.identities, self.at)
            context = answer.value["euiccSigned1"]["ctxParams1"]
            named = "" if isinstance(context, Unknown) else context[1].get("matchingId", "")
            found = self._events(session.euicc.eid, named)
        self._sessions.end(session)
        entries = tuple(EventEntry(one.event_id, one.address) for one in found)
        return EventEntries(transaction_id, entries)

    def _events(self, eid: str, event_id: str) -> list[Event]:
        if not event_id:
            return self.events.of_card(eid)
        found = self.events.event(eid, event_id)
        if found is None:
            raise _no_event(eid, event_id)
        return [found]

    # -- ES12, and ES15 from other SM-DSs

    def register_event(
        self, eid: str, event_id: str, address: str, *, owner: str, forward: bool = False
    ) -> bool:
        """ES12.RegisterEvent, clause 5.9.1, by the server with the OID `owner`.

        With `forward` the event is registered at the root SM-DS, too, if there is one: with the
        same EventID, and this SM-DS as the server that has it. Returns whether it was.
        """
        event = Event(
            eid=_eid(eid),
            event_id=_event_id(event_id),
            address=_address(address),
            owner=owner,
            forwarded=forward and self.root is not None,
        )
        known = self.events.event(eid, event_id)
        if known is not None and self._known(known, event):
            return known.forwarded
        if event.forwarded and self.root is not None:
            with _reaching_root():
                self.root.register_event(eid, event_id, self.address, forward=False)
        try:
            with self.events.changing() as draft:
                self._add(draft, event)
        except SmdppError:
            self._forget_at_root(event)
            raise
        return event.forwarded

    def delete_event(self, eid: str, event_id: str, *, owner: str) -> None:
        """ES12.DeleteEvent, clause 5.9.2, by the server that has registered the event."""
        found = self.events.event(eid, event_id)
        if found is None or found.owner != owner:
            raise _no_event(eid, event_id)
        if found.forwarded and self.root is not None:
            with _reaching_root():
                _delete_at(self.root, found)
        with self.events.changing() as draft:
            if draft.event(eid, event_id) == found:
                draft.remove(found)

    def _add(self, draft: EventDraft, event: Event) -> None:
        if self._known(draft.event(event.eid, event.event_id), event):
            return
        if draft.count() >= self.at_most or len(draft.of_card(event.eid)) >= self.per_card:
            raise SmdppError(
                Refusal.SMDS,
                f"This SM-DS has no room for another event of the card {event.eid}: it keeps "
                f"{self.per_card} of a card and {self.at_most} in all. Delete old ones.",
            )
        draft.add(event)

    def _known(self, found: Event | None, event: Event) -> bool:
        """Whether the event is registered already. Raises SmdppError for another of its name."""
        same = found is not None and (found.address, found.owner) == (event.address, event.owner)
        if found is not None and not same:
            raise SmdppError(
                Refusal.EVENT_TAKEN,
                f"The card {event.eid} has another event {event.event_id!r} already. Register it "
                "with another eventId.",
            )
        return found is not None

    def _forget_at_root(self, event: Event) -> None:
        """The event is not kept here: the root is not to have it either."""
        if event.forwarded and self.root is not None:
            with suppress(SmdppError, LpaError):
                self.root.delete_event(event.eid, event.event_id)


def _identity(pki: TestPki, curve: Curve) -> Identity:
    branch = pki.branch(curve)
    auth = branch.credentials.get(Role.DS_AUTH) or branch.ci.issue_ds_auth()
    ci = branch.ci.certificate
    return Identity(ci, branch.ci.ci_pk_id, auth, registered(ci, auth, SMDS))


def _delete_at(root: EventRegistry, event: Event) -> None:
    """Delete an event at the root; one that it does not have is deleted."""
    try:
        root.delete_event(event.eid, event.event_id)
    except SmdppError as error:
        if error.refusal is not Refusal.EVENT_UNKNOWN:
            raise


@contextmanager
def _reaching_root() -> Iterator[None]:
    """A root that cannot be reached, or refuses, is a refusal of this SM-DS."""
    try:
        yield
    except (LpaError, SmdppError) as error:
        raise SmdppError(Refusal.SMDS, f"The root SM-DS did not take this over: {error}") from error


def _no_event(eid: str, event_id: str) -> SmdppError:
    return SmdppError(
        Refusal.EVENT_UNKNOWN,
        f"No event {event_id[:60]!r} waits here for the card {eid[:40]}. Ask without an EventID "
        "for all of them.",
    )


def _eid(eid: str) -> str:
    if not _EID.fullmatch(eid):
        raise SmdppError(
            Refusal.MALFORMED, f"The eid {eid[:40]!r} is not an EID. Send its 32 digits."
        )
    return eid


def _event_id(event_id: str) -> str:
    plain = event_id.isascii() and event_id.isprintable() and "$" not in event_id
    if not 1 <= len(event_id) <= EVENT_ID_AT_MOST or not plain:
        raise SmdppError(
            Refusal.MALFORMED,
            f"The eventId {event_id[:60]!r} cannot be a matchingId. Send 1 to {EVENT_ID_AT_MOST} "
            "characters of ASCII without $.",
        )
    return event_id


def _address(address: str) -> str:
    try:
        Address.read(address)
    except AddressError as error:
        raise SmdppError(
            Refusal.MALFORMED, f"The rspServerAddress is not an address: {error}"
        ) from error
    if len(address) > ADDRESS_AT_MOST:
        raise SmdppError(
            Refusal.MALFORMED,
            f"The rspServerAddress has {len(address)} characters. Send at most {ADDRESS_AT_MOST}.",
        )
    return address
