"""An SM-DP+ at SM-DSs: what an order says should be registered there, and what is (ES12).

    keeper = EventKeeper(smdpp.orders, registries, smdpp.address)
    for record in keeper.unsettled():
        keeper.settle(record.number)

An order that a card is to find through an SM-DS is an event there, with its matchingId as EventID,
from its release until the card has installed the Profile, or the order ends (SGP.22 v2.5 clauses
3.1.1 and 3.6). An order keeps what is registered: whoever settles it later goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec.structs import replace

from euicc_sim.parties.messages.errors import LpaError, Refusal, SmdppError
from euicc_sim.parties.messages.interfaces import Registries
from euicc_sim.parties.smdpp.download_orders import Announcement, OrderRecord
from euicc_sim.parties.smdpp.order_book import Orders


@dataclass(frozen=True)
class EventKeeper:
    """The events of the SM-DP+ at `address`.

    `registries` returns the SM-DS at an address. Orders for a card that name no SM-DS are
    registered at `smds`, if there is one. `clock` tells whether an order has expired.
    """

    orders: Orders
    registries: Registries
    address: str
    smds: str = ""
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)

    def unsettled(self) -> list[OrderRecord]:
        """The orders that are not registered as they should be; looks at all of them."""
        return [one for one in self.orders if not self.settled(one)]

    def wanted(self, record: OrderRecord) -> Announcement | None:
        """What should be registered for an order."""
        return record.wanted_event(self.clock(), self.address, self.smds)

    def settled(self, record: OrderRecord) -> bool:
        """Whether what should be registered for an order is."""
        return record.event == self.wanted(record)

    def settle(self, number: int) -> str:
        """Register, or delete, the event of an order; what was done, in words, "" if nothing.

        Raises SmdppError if the SM-DS cannot be reached, or refuses.
        """
        record = self.orders.record(number)
        wanted, done = self.wanted(record), []
        if record.event == wanted:
            return ""
        if record.event is not None:
            self.delete(record.event)
            self._keep(number, record.event, None)
            done.append(f"deleted at the SM-DS {record.event.smds}")
        if wanted is not None:
            self.register(wanted)
            self._keep(number, None, wanted)
            done.append(f"registered at the SM-DS {wanted.smds} for EID {wanted.eid}")
        return ", ".join(done)

    def register(self, event: Announcement) -> None:
        """ES12.RegisterEvent. Raises SmdppError with SMDS."""
        try:
            self.registries(event.smds).register_event(
                event.eid, event.event_id, event.address, forward=True
            )
        except (LpaError, SmdppError) as error:
            raise _failed(event, error) from error

    def delete(self, event: Announcement) -> None:
        """ES12.DeleteEvent; an event that the SM-DS does not have is deleted. Raises SmdppError."""
        try:
            self.registries(event.smds).delete_event(event.eid, event.event_id)
        except (LpaError, SmdppError) as error:
            gone = isinstance(error, SmdppError) and error.refusal is Refusal.EVENT_UNKNOWN
            if not gone:
                raise _failed(event, error) from error

    def take_back(self, event: Announcement) -> None:
        """Delete an event whose order could not be kept, if that is possible."""
        with suppress(SmdppError):
            self.delete(event)

    def _keep(self, number: int, before: Announcement | None, now: Announcement | None) -> None:
        """Note in the order what is registered, whatever else has become of it meanwhile."""
        with self.orders.changing() as draft:
            record = draft.record(number)
            if record.event == before:
                draft.put(replace(record, event=now))


def _failed(event: Announcement, error: Exception) -> SmdppError:
    return SmdppError(Refusal.SMDS, f"The SM-DS {event.smds[:60]} did not take this over: {error}")
