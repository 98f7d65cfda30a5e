"""ES2+ without a network: what an operator does with the orders of an SM-DP+ (SGP.22 clause 5.3).

    es2plus = Es2Plus(smdpp.orders, smdpp.address)
    iccid = es2plus.download_order(profile_type="Test")
    confirmed = es2plus.confirm_order(iccid, release=True)

An order that is placed here is for one card. A function that is called again with the same input
says the same again. Refusals are SmdppError, and change nothing.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from msgspec.structs import replace

from euicc_sim.env import SystemEnv
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.smdpp.download_orders import Announcement, OrderRecord, OrderState
from euicc_sim.parties.smdpp.event_keeper import EventKeeper
from euicc_sim.parties.smdpp.order_book import OrderDraft, OrderRows, Orders

MATCHING_ID_AT_MOST = 255
_MATCHING_ID_BYTES = 10
_EID = re.compile("[0-9]{32}")
_ORDERED = (OrderState.ALLOCATED, OrderState.LINKED)
_CONFIRMED = (OrderState.CONFIRMED, OrderState.RELEASED)
_TO_CANCEL = (*_ORDERED, *_CONFIRMED, OrderState.ERROR)
_OVER = (OrderState.AVAILABLE, OrderState.ERROR, OrderState.UNAVAILABLE)


class Confirmed(NamedTuple):
    """The output of ConfirmOrder: the EID if there is one, the matchingId and the address."""

    eid: str | None
    matching_id: str
    smdp_address: str


class _Asked(NamedTuple):
    """The input of ConfirmOrder; `smds` is "" without one."""

    release: bool
    eid: str | None
    matching_id: str | None
    confirmation_code: str | None
    smds: str


class FinalStatus(Enum):
    """finalProfileStatusIndicator: what becomes of the Profile of a cancelled order."""

    AVAILABLE = "Available"
    UNAVAILABLE = "Unavailable"


@dataclass(frozen=True)
class Es2Plus:
    """The functions of ES2+ on the orders of the SM-DP+ at `address`.

    `random` returns that many random bytes, of which matchingIds are made. `events` registers
    orders at SM-DSs; without it none is.
    """

    orders: Orders
    address: str
    events: EventKeeper | None = field(default=None, kw_only=True)
    random: Callable[[int], bytes] = field(default=SystemEnv().random, repr=False)

    def download_order(
        self, *, eid: str | None = None, iccid: str | None = None, profile_type: str | None = None
    ) -> str:
        """ES2+.DownloadOrder, clause 5.3.1: order that Profile, or one of that type.

        Returns its ICCID; it is linked to the card with that EID, or allocated.
        """
        _check_eid(eid)
        if iccid is None and profile_type is None:
            raise SmdppError(
                Refusal.ELEMENT_MISSING,
                "DownloadOrder has neither iccid nor profileType. Send one of them.",
            )
        with self.orders.changing() as draft:
            record = (
                self._of_type(draft, profile_type or "")
                if iccid is None
                else self._of_iccid(draft, iccid, eid, profile_type)
            )
            if record.state is OrderState.AVAILABLE:
                state = OrderState.ALLOCATED if eid is None else OrderState.LINKED
                record = draft.put(replace(_blank(record), state=state, eid=eid, single_use=True))
            return record.iccid or ""

    def confirm_order(
        self,
        iccid: str,
        *,
        release: bool,
        eid: str | None = None,
        matching_id: str | None = None,
        confirmation_code: str | None = None,
        smds_address: str | None = None,
    ) -> Confirmed:
        """ES2+.ConfirmOrder, clause 5.3.2: confirm an order, and release it for download.

        Without a `matching_id` one is made; an empty one is for a card that asks without one. An
        order with an `smds_address` is registered there once it is released.
        """
        _check_eid(eid)
        if matching_id is not None:
            _check_matching_id(matching_id)
        asked = _Asked(release, eid, matching_id, confirmation_code or None, smds_address or "")
        if not asked.smds:
            with self.orders.changing() as draft:
                return self._answer(self._confirm(draft, iccid, asked))
        planned, keeper = self._planned(self.orders, iccid, asked), self._keeper(asked.smds)
        # The SM-DS is asked while nobody waits for the orders.
        asked = asked._replace(matching_id=planned.matching_id)
        with self._registered(keeper, planned) as event, self.orders.changing() as draft:
            return self._answer(self._confirm(draft, iccid, asked, event))

    def cancel_order(
        self,
        iccid: str,
        *,
        final: FinalStatus,
        eid: str | None = None,
        matching_id: str | None = None,
    ) -> None:
        """ES2+.CancelOrder, clause 5.3.3: end an order whose Profile was not downloaded."""
        with self.orders.changing() as draft:
            record = _in_state(draft, iccid, _TO_CANCEL, "cancel")
            if eid is None and record.eid is not None:
                raise SmdppError(
                    Refusal.EID_MISSING,
                    f"The order for the ICCID {record.iccid} is for a card. Send its eid.",
                )
            if eid != record.eid:
                raise _other_eid(record)
            if matching_id is not None and matching_id != record.matching_id:
                raise SmdppError(
                    Refusal.MATCHING_ID_DIFFERS,
                    f"The order for the ICCID {record.iccid} has another matchingId than "
                    f"{matching_id[:60]!r}. Send that of ConfirmOrder.",
                )
            draft.put(replace(_blank(record), state=OrderState(final.value.lower())))

    def release_profile(self, iccid: str) -> None:
        """ES2+.ReleaseProfile, clause 5.3.4: release a confirmed order for download."""
        record = _in_state(self.orders, iccid, _CONFIRMED, "release")
        released = replace(record, state=OrderState.RELEASED)
        keeper = self._keeper(record.smds) if record.smds else None
        with self._registered(keeper, released) as event, self.orders.changing() as draft:
            record = _in_state(draft, iccid, _CONFIRMED, "release")
            if record.state is OrderState.CONFIRMED:
                draft.put(_announced(replace(record, state=OrderState.RELEASED), event))

    def _confirm(
        self, draft: OrderDraft, iccid: str, asked: _Asked, event: Announcement | None = None
    ) -> OrderRecord:
        planned = _announced(self._planned(draft, iccid, asked), event)
        return planned if planned == draft.record(planned.number) else draft.put(planned)

    def _planned(self, rows: OrderRows, iccid: str, asked: _Asked) -> OrderRecord:
        """The order as it will be confirmed."""
        record = _in_state(rows, iccid, (*_ORDERED, *_CONFIRMED), "confirm")
        if None not in (asked.eid, record.eid) and asked.eid != record.eid:
            raise _other_eid(record)
        eid = asked.eid or record.eid
        if eid is None and (asked.matching_id == "" or asked.smds):
            raise SmdppError(
                Refusal.EID_MISSING,
                "An order with an empty matchingId, or at an SM-DS, is found by its EID. Send the "
                "eid.",
            )
        if asked.matching_id == "" and asked.smds:
            raise SmdppError(
                Refusal.MALFORMED,
                "An order at an SM-DS has a matchingId: it is the EventID. Leave it out, and one "
                "is made.",
            )
        state = OrderState.RELEASED if asked.release else OrderState.CONFIRMED
        planned = replace(
            record,
            state=state,
            eid=eid,
            confirmation_code=asked.confirmation_code,
            smds=asked.smds,
        )
        if record.state not in _CONFIRMED:
            return replace(planned, matching_id=self._unused(rows, record, asked.matching_id))
        if planned != record or asked.matching_id not in (None, record.matching_id):
            raise _wrong_state(record, "confirm")
        return record

    def _answer(self, record: OrderRecord) -> Confirmed:
        return Confirmed(record.eid, record.matching_id, self.address)

    def _keeper(self, smds: str) -> EventKeeper:
        if self.events is None:
            raise SmdppError(
                Refusal.SMDS,
                f"The SM-DS {smds[:60]!r} cannot be reached: this SM-DP+ registers no events. "
                "Leave out smdsAddress.",
            )
        return self.events

    @contextmanager
    def _registered(
        self, keeper: EventKeeper | None, planned: OrderRecord
    ) -> Iterator[Announcement | None]:
        """Register the event of an order before the block makes it so, or raise SmdppError.

        It is deleted if the block raises one.
        """
        event = None if keeper is None else planned.wanted_event(keeper.clock(), keeper.address)
        if keeper is None or event is None or event == planned.event:
            yield None
            return
        keeper.register(event)
        try:
            yield event
        except SmdppError:
            keeper.take_back(event)
            raise

    def _of_type(self, rows: OrderRows, profile_type: str) -> OrderRecord:
        found = rows.available(profile_type)
        if found is None:
            raise SmdppError(
                Refusal.PROFILE_TYPE_UNAVAILABLE,
                f"No Profile of the type {profile_type[:60]!r} is available. Add one with that "
                "profile_type and state = 'available', or cancel an order.",
            )
        return found

    def _of_iccid(
        self, rows: OrderRows, iccid: str, eid: str | None, profile_type: str | None
    ) -> OrderRecord:
        """The Profile if it can be ordered, or was ordered by the same request already."""
        found = _of(rows, iccid)
        record = next((one for one in found if one.state is OrderState.AVAILABLE), None)
        if record is None:
            again = [one for one in found if one.state in _ORDERED and one.eid == eid]
            if not again:
                raise SmdppError(
                    Refusal.ICCID_TAKEN,
                    f"The Profile with the ICCID {found[0].iccid} is ordered already: it is "
                    f"{found[0].state.value}. Order another, or cancel that order.",
                )
            record = again[0]
        if profile_type is not None and profile_type != record.profile_type:
            raise SmdppError(
                Refusal.PROFILE_TYPE_DIFFERS,
                f"The Profile with the ICCID {record.iccid} is of the type "
                f"{record.profile_type!r}. Send that or none.",
            )
        return record

    def _unused(self, rows: OrderRows, record: OrderRecord, matching_id: str | None) -> str:
        """A matchingId that no other order has."""
        if matching_id is None:
            return b32encode(self.random(_MATCHING_ID_BYTES)).decode()
        others = rows.with_matching_id(matching_id) if matching_id else []
        if any(one.number != record.number and one.state not in _OVER for one in others):
            raise SmdppError(
                Refusal.MATCHING_ID_TAKEN,
                f"Another order has the matchingId {matching_id!r}. Send another, or none.",
            )
        return matching_id


def _announced(record: OrderRecord, event: Announcement | None) -> OrderRecord:
    """An order whose event is registered, if there is one."""
    return record if event is None else replace(record, event=event)


def _blank(record: OrderRecord) -> OrderRecord:
    """A Profile without an order."""
    return replace(
        record,
        matching_id="",
        eid=None,
        confirmation_code=None,
        wrong_codes=0,
        downloads=0,
        delivery=None,
        seq_number=None,
        smds="",
    )


def _of(rows: OrderRows, iccid: str) -> list[OrderRecord]:
    found = rows.with_iccid(iccid.upper().rstrip("F")) if iccid else []
    if not found:
        raise SmdppError(
            Refusal.ICCID_UNKNOWN,
            f"There is no Profile with the ICCID {iccid[:40]!r}. Order one that this SM-DP+ has.",
        )
    return found


def _in_state(rows: OrderRows, iccid: str, states: Iterable[OrderState], verb: str) -> OrderRecord:
    """The order for a Profile in one of these states, the earliest state first."""
    found = _of(rows, iccid)
    for state in states:
        for record in found:
            if record.state is state:
                return record
    raise _wrong_state(found[-1], verb)


def _wrong_state(record: OrderRecord, verb: str) -> SmdppError:
    return SmdppError(
        Refusal.ICCID_STATE,
        f"The Profile with the ICCID {record.iccid} is {record.state.value}: there is no order to "
        f"{verb} like that. Look at its state with smdpp codes.",
    )


def _other_eid(record: OrderRecord) -> SmdppError:
    whose = "no card" if record.eid is None else "another card"
    return SmdppError(
        Refusal.EID_DIFFERS,
        f"The order for the ICCID {record.iccid} is for {whose}. Send the eid of DownloadOrder.",
    )


def _check_eid(eid: str | None) -> None:
    if eid is not None and not _EID.fullmatch(eid):
        raise SmdppError(Refusal.MALFORMED, f"The eid {eid[:40]!r} is no EID. Send its 32 digits.")


def _check_matching_id(matching_id: str) -> None:
    plain = matching_id.isascii() and matching_id.isprintable() and "$" not in matching_id
    if len(matching_id) > MATCHING_ID_AT_MOST or not plain:
        raise SmdppError(
            Refusal.MALFORMED,
            f"The matchingId {matching_id[:60]!r} cannot be in an activation code. Send at most "
            f"{MATCHING_ID_AT_MOST} characters of ASCII without $.",
        )
