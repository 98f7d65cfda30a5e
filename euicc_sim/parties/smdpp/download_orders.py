"""The orders of an SM-DP+: each a Profile Package and who may download it.

SGP.22 v2.5 clause 3.1.1. Knows no keys and no messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.crypto.agreement import KeyPair
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.smdpp.binding import SessionKeys
from euicc_sim.parties.smdpp.metadata import Metadata, MetadataError
from euicc_sim.parties.smdpp.profile_packages import metadata_of

CONFIRMATION_TRIES = 3
"""The number of consecutive wrong confirmation codes that ends an order."""


@dataclass(frozen=True)
class Order:
    """A Profile to download: `package` is the unprotected Profile Package, DER.

    Without a `matching_id`, a card gets it only with the order's EID (32 digits); otherwise the EID
    is a restriction. `metadata` is StoreMetadata as values or as BF25 of any content; by default it
    is made from the package. A `single_use` order ends when the Profile was installed or finally
    refused; others can be downloaded again.
    """

    package: bytes = field(repr=False)
    matching_id: str = ""
    confirmation_code: str | None = field(default=None, repr=False)
    metadata: Metadata | bytes | None = None
    eid: str | None = None
    single_use: bool = False

    def store_metadata(self, address: str, wire: Wire = WIRE_1_2) -> bytes:
        """StoreMetadata (BF25); `address` is the SM-DP+'s own.

        Raises SmdppError if it cannot be made from the order.
        """
        if isinstance(self.metadata, bytes):
            return self.metadata
        try:
            return (self.metadata or metadata_of(self.package, address)).encoded(wire)
        except MetadataError as error:
            raise SmdppError(Refusal.PROFILE_NOT_PREPARED, str(error)) from error


class OrderState(Enum):
    """The state of an order."""

    RELEASED = "released"
    INSTALLED = "installed"
    ENDED = "ended"


@dataclass(frozen=True)
class Prepared:
    """The one-time keys of a bound Profile, kept for a retry by the same card."""

    eid: str
    euicc_otpk: bytes
    one_time_key: KeyPair
    keys: SessionKeys | None


@dataclass
class OrderRecord:
    """An order and its state."""

    order: Order
    state: OrderState = OrderState.RELEASED
    wrong_codes: int = 0
    prepared: Prepared | None = None

    @property
    def open(self) -> bool:
        """Whether the Profile can be downloaded."""
        return self.state is OrderState.RELEASED or (
            self.state is OrderState.INSTALLED and not self.order.single_use
        )

    def prepared_for(self, eid: str) -> Prepared | None:
        """The keys of an earlier attempt of that card."""
        return self.prepared if self.prepared and self.prepared.eid == eid else None

    def installed(self) -> None:
        """Record that a card has installed the Profile."""
        self.state, self.prepared = OrderState.INSTALLED, None

    def refused(self) -> None:
        """Record that a card has finally refused it."""
        self.prepared = None
        if self.order.single_use:
            self.state = OrderState.ENDED

    def check_code(self, given: bytes | None, right: bytes | None) -> None:
        """Check the hash of a confirmation code; None if no code was given.

        Raises SmdppError; the third wrong code ends the order.
        """
        if right is None or given == right:
            self.wrong_codes = 0
            return
        if given is None:
            raise SmdppError(
                Refusal.CONFIRMATION_CODE_MISSING,
                "The order requires a confirmation code, and none was given. Ask the user for it.",
            )
        self.wrong_codes += 1
        if self.wrong_codes >= CONFIRMATION_TRIES:
            self.state = OrderState.ENDED
            raise SmdppError(
                Refusal.CONFIRMATION_CODE_TRIES,
                f"That was wrong confirmation code {self.wrong_codes}, and the order is ended. "
                "Place a new one.",
            )
        raise SmdppError(
            Refusal.CONFIRMATION_CODE,
            f"The confirmation code is wrong. {CONFIRMATION_TRIES - self.wrong_codes} tries are "
            "left: start the download again with the right one.",
        )


class OrderBook:
    """The orders of an SM-DP+."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._records: list[OrderRecord] = []
        for order in orders:
            self.add(order)

    def __iter__(self) -> Iterator[OrderRecord]:
        """All orders, in order of arrival."""
        return iter(self._records)

    def add(self, order: Order) -> OrderRecord:
        """Add an order; of equal matchingIds the latest is used."""
        record = OrderRecord(order)
        self._records.append(record)
        return record

    def find(self, matching_id: str, eid: str) -> OrderRecord:
        """The open order with that matchingId, or if there is none, the one for that card.

        Raises SmdppError if there is none for the matchingId (8.2.6) or the card (8.1.1), or it
        is for another card (8.1.1).
        """
        named = [
            one
            for one in self._records
            if one.open
            and (one.order.matching_id == matching_id if matching_id else one.order.eid == eid)
        ]
        if not named:
            if not matching_id:
                raise SmdppError(
                    Refusal.OTHER_EID,
                    f"No order waits for the EID {eid}, and there is no matchingId. Place one, or "
                    "use an activation code.",
                )
            raise SmdppError(
                Refusal.MATCHING_ID,
                f"No order waits for the matchingId {matching_id!r}. Check the activation code, or "
                "place an order.",
            )
        record = named[-1]
        if record.order.eid not in (None, eid):
            raise SmdppError(
                Refusal.OTHER_EID,
                f"The order is for the card {record.order.eid}, not for {eid}. Use that card.",
            )
        return record
