"""A remote SM-DS: ES11 over HTTPS (SGP.22 v2.5 clauses 5.8 and 6.5).

    with Es11Client.at("smds.example.com", trust=[ci_certificate]) as smds:
        Lpa(card.transmit).discover(smds)

The paths are those of ES9+. Needs httpx, from the extra `servers`.
"""

from __future__ import annotations

from euicc_sim.parties.clients.rsp_client import RspClient
from euicc_sim.parties.messages.address import Address, AddressError
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.messages.interfaces import EventEntries, EventEntry

ENTRIES_AT_MOST = 1000
"""Events of one answer."""
EVENT_ID_AT_MOST = 255
"""Characters."""


class Es11Client(RspClient):
    """The `EventServer` at `url`."""

    def authenticate_events(self, transaction_id: bytes, response: bytes) -> EventEntries:
        """ES11.AuthenticateClient, clause 5.8.2."""
        found = self._go_on(
            "authenticateClient", transaction_id, "authenticateServerResponse", response
        )
        entries = found.fields.get("eventEntries")
        if not isinstance(entries, list) or len(entries) > ENTRIES_AT_MOST:
            raise LpaError(
                f"{self.address} gave no eventEntries, as an SM-DS does. Check the address."
            )
        return EventEntries(transaction_id, tuple(self._entry(one) for one in entries))

    def _entry(self, given: object) -> EventEntry:
        fields = given if isinstance(given, dict) else {}
        event_id, address = fields.get("eventId"), fields.get("rspServerAddress")
        if not isinstance(event_id, str) or not isinstance(address, str):
            raise LpaError(
                f"{self.address} gave an event without eventId or rspServerAddress. Check its log."
            )
        plain = event_id.isascii() and event_id.isprintable() and "$" not in event_id
        if not 1 <= len(event_id) <= EVENT_ID_AT_MOST or not plain:
            raise LpaError(
                f"{self.address} gave the eventId {event_id[:40]!r}, which is not a matchingId: 1 "
                f"to {EVENT_ID_AT_MOST} characters of ASCII without $. Check its log."
            )
        try:
            Address.read(address)
        except AddressError as error:
            raise LpaError(f"{self.address} gave an event at no address: {error}") from error
        return EventEntry(event_id, address)
