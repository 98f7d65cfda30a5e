"""What `euicc-sim smdpp` shows: the CIs, the activation codes, and what to do with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.cli.console import printable
from euicc_sim.cli.machine import Eid, Iccid, Output
from euicc_sim.parties.messages import ActivationCode, SmdppError
from euicc_sim.parties.smdpp import (
    BEFORE_RELEASE,
    Identity,
    OrderRecord,
    Orders,
    OrderState,
    read_metadata,
)
from keys.layout import CI

LISTED = 20
"""The most orders that a server lists at its start."""
LPAC = "LPAC_APDU=pcsc LPAC_HTTP=curl lpac"


def trusted(pki: Path, identities: Sequence[Identity]) -> str:
    """The CIs below which it has certificates: cards must have some below one of them."""
    return "\n".join(
        f"CI {one.ci_pk_id.hex().upper()} ({one.auth.curve.value}) "
        f"{CI.find_certificate(pki, one.auth.curve) or ''}"
        for one in identities
    )


def listed_codes(orders: Orders, address: str, at_most: int | None = None) -> str:
    """A line for each order: its activation code, its Profile, and its conditions."""
    records = list(orders)
    shown = records[:at_most]
    lines = [(_code(one, address), ", ".join(_facts(one, orders, address))) for one in shown]
    width = max((len(code) for code, _ in lines), default=0)
    found = [printable(f"{code:{width}}  {facts}") for code, facts in lines]
    if len(records) > len(shown):
        found.append(f"and {len(records) - len(shown)} more; see euicc-sim smdpp codes")
    return "\n".join(found)


class OrderOutput(Output):
    """An order of an SM-DP+; of its confirmation code it is only said whether one is needed."""

    name: str
    activation_code: str | None
    matching_id: str | None
    iccid: Iccid | None
    profile_type: str | None
    eid: Eid | None
    confirmation_code: bool
    single_use: bool
    expires: datetime | None
    tries: int | None
    downloads: int
    eligible: bool
    state: OrderState
    open: bool
    smds: str | None
    is_registered: bool

    @classmethod
    def of(cls, record: OrderRecord, address: str) -> Self:
        """For programs."""
        return cls(
            name=record.name,
            activation_code=str(activation_code(record, address)) if record.matching_id else None,
            matching_id=record.matching_id or None,
            iccid=record.iccid,
            profile_type=record.profile_type or None,
            eid=record.card,
            confirmation_code=record.confirmation_code is not None,
            single_use=record.single_use,
            expires=record.expires,
            tries=record.tries,
            downloads=record.downloads,
            eligible=record.eligible,
            state=record.state,
            open=record.open,
            smds=record.smds or (record.event.smds if record.event else None),
            is_registered=record.event is not None,
        )


def how_to_download(orders: Orders, address: str) -> str:
    """What to type for the first order that waits."""
    waiting = next((one for one in orders if one.open and one.matching_id), None)
    if waiting is None:
        if any(one.state is OrderState.AVAILABLE for one in orders):
            return "No Profile is ordered yet: euicc-sim smdpp order, with --es2plus PORT here."
        return "There are no orders left."
    code = activation_code(waiting, address)
    # lpac takes a matchingId from an activation code only if it is as strict as clause 4.1.
    where = f"-a '{code}'" if code.strict else f"-s {address} -m '{code.matching_id}'"
    confirmation = " -c CODE" if code.confirmation else ""
    return (
        "Try:\n"
        f"  {LPAC} profile download {where}{confirmation}\n"
        f"  {LPAC} notification process -a -r"
    )


def _facts(record: OrderRecord, orders: Orders, address: str) -> Iterator[str]:
    try:
        said = read_metadata(orders.profile(record).store_metadata(address))
    except SmdppError as error:
        yield str(error)
        return
    yield f"ICCID {iccid_digits(said['iccid'])}"
    if said["profileName"]:
        yield said["profileName"]
    if record.profile_type:
        yield f"type {record.profile_type}"
    if record.confirmation_code is not None:
        yield "with a confirmation code"
    if record.card is not None:
        yield f"for EID {record.card}"
    if record.smds or record.event is not None:
        where = record.smds or (record.event.smds if record.event else "")
        yield f"at the SM-DS {where}" + ("" if record.event else " (not registered)")
    if record.single_use:
        yield "once"
    if record.expires is not None:
        yield f"until {record.expires:%Y-%m-%d %H:%M %Z}"
    if record.tries is not None:
        yield f"{record.downloads} of {record.tries} tries"
    if not record.eligible:
        yield "for no card"
    if record.state in BEFORE_RELEASE:
        yield f"{record.state.value}: not released"
    elif not record.open:
        yield f"{record.state.value}: no longer available"
    elif record.state is not OrderState.RELEASED:
        yield record.state.value


def _code(record: OrderRecord, address: str) -> str:
    """The activation code; the name of what has none yet."""
    return str(activation_code(record, address)) if record.matching_id else record.name


def activation_code(record: OrderRecord, address: str) -> ActivationCode:
    """The activation code of an order that has a matchingId."""
    return ActivationCode(
        address, record.matching_id, confirmation=record.confirmation_code is not None
    )
