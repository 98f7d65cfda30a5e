"""The functions of ES11 and ES12 in JSON (SGP.22 v2.5 clauses 5.8, 5.9 and 6.5): fields in and out.

Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from euicc_sim.parties.messages import SmdppError
from euicc_sim.parties.messages.interfaces import EventEntries
from euicc_sim.parties.smds import Smds
from euicc_sim.servers.es9_json import authentication_fields, begun
from euicc_sim.servers.rsp_json import Given, check_header

Outcome = tuple[Mapping[str, object], str]
"""The fields of the answer, and a note for the log."""


@dataclass(frozen=True)
class Function:
    """A function: its name, and what answers the fields of a request."""

    name: str
    run: Callable[[Smds, Given], Outcome]


def card_of(smds: Smds, transaction_id: bytes) -> Callable[[], str]:
    """The subject of an answered request: the EID, if known."""
    try:
        session = smds.session(transaction_id)
    except SmdppError:
        return lambda: ""
    return lambda: "" if session.euicc is None else f"EID {session.euicc.eid}, "


def listed(found: EventEntries) -> str:
    """The events that were given out, in words."""
    told = ", ".join(f"{one.event_id} at {one.address}" for one in found.entries)
    return told or "no event waits"


def _initiate_authentication(smds: Smds, given: Given) -> Outcome:
    found = smds.initiate_authentication(
        address=given.text("smdpAddress"),
        challenge=given.data("euiccChallenge"),
        euicc_info1=given.data("euiccInfo1"),
    )
    return authentication_fields(found), begun(found)


def _authenticate_client(smds: Smds, given: Given) -> Outcome:
    found = smds.authenticate_events(given.transaction, given.data("authenticateServerResponse"))
    entries = [{"eventId": one.event_id, "rspServerAddress": one.address} for one in found.entries]
    answer = {"transactionId": found.transaction_id.hex().upper(), "eventEntries": entries}
    return answer, listed(found)


def _register_event(smds: Smds, given: Given, owner: str) -> Outcome:
    check_header(given)
    eid, event_id = given.text("eid"), given.text("eventId")
    address = given.text("rspServerAddress")
    forwarded = smds.register_event(
        eid, event_id, address, owner=owner, forward=given.flag("forwardingIndicator")
    )
    told = ", also at the root SM-DS" if forwarded else ""
    return {}, f"event {event_id} at {address} for EID {eid}{told}"


def _delete_event(smds: Smds, given: Given, owner: str) -> Outcome:
    check_header(given)
    eid, event_id = given.text("eid"), given.text("eventId")
    smds.delete_event(eid, event_id, owner=owner)
    return {}, f"event {event_id} for EID {eid} is deleted"


FUNCTIONS = {
    "initiateAuthentication": Function("InitiateAuthentication", _initiate_authentication),
    "authenticateClient": Function("AuthenticateClient", _authenticate_client),
}
"""ES11, keyed by the last part of the path."""
REGISTRY = {
    "registerEvent": ("RegisterEvent", _register_event),
    "deleteEvent": ("DeleteEvent", _delete_event),
}
"""ES12, keyed by the last part of the path: the name, and what answers a server with that OID."""
