"""What an eIM gives out next to a card: it signs packages when they leave (SGP.32 clause 3.3).

Changes the record of one card, which must be on the disk before the answer leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from euicc_sim.parties.eim.party import Eim
from euicc_sim.parties.eim.server.orders import CERTIFICATES, data_order
from euicc_sim.parties.eim.server.record import DELIVERIES, CardRecord, Order
from euicc_sim.parties.messages.errors import EimError

TRANSACTION_ID_SIZE = 16

Package = tuple[str, Any]
"""An alternative of GetEimPackageResponse and its value."""


def next_package(
    record: CardRecord,
    eim: Eim,
    random: Callable[[int], bytes],
    at: str,
    tell: Callable[[str], None],
) -> tuple[Package, Order] | None:
    """What the card is to get now, and of which order; None when nothing waits.

    An order that was given out before is given out as it was. One that has come to nothing so
    often, or cannot be signed, is held, which `tell` is told.
    """
    _ask_first(record, at)
    while (order := record.next) is not None:
        if order.deliveries >= DELIVERIES:
            why = f"no result came, though it was given out {DELIVERIES} times"
            _hold(order, order.problem or why, tell)
            continue
        try:
            found = _MAKERS[order.kind](record, order, eim, random)
        except EimError as error:
            _hold(order, str(error), tell)
            continue
        order.deliveries += 1
        return found, order
    return None


def _ask_first(record: CardRecord, at: str) -> None:
    """Results can be verified with the card's certificate only, so that is asked for first."""
    order = record.next
    wanted = order is not None and order.kind == "package" and record.euicc_certificate is None
    if wanted and not record.asked:
        record.asked = True
        record.add(data_order(CERTIFICATES, at), first=True)


def _hold(order: Order, problem: str, tell: Callable[[str], None]) -> None:
    order.held, order.problem = True, problem
    tell(f"{order.what} is held: {problem}")


def _package(record: CardRecord, order: Order, eim: Eim, random: Callable[[int], bytes]) -> Package:
    if order.message is None:
        signer = replace(eim, counter=record.counter, token=record.token)
        order.transaction_id = random(TRANSACTION_ID_SIZE)
        order.message = signer.package(
            [one.operation() for one in order.operations],
            record.eid,
            transaction_id=order.transaction_id,
        )
        record.counter = order.counter = signer.counter
    return "euiccPackageRequest", order.message


def _data(_: CardRecord, order: Order, eim: Eim, __: Callable[[int], bytes]) -> Package:
    # Without eimTransactionId, which an IPA of v1.0 does not know.
    value: dict[str, Any] = {"tagList": order.tag_list or CERTIFICATES}
    if eim.ci_pk_id is not None:
        value["euiccCiPKIdentifierToBeUsed"] = eim.ci_pk_id
    return "ipaEuiccDataRequest", value


def _download(_: CardRecord, order: Order, __: Eim, random: Callable[[int], bytes]) -> Package:
    if order.transaction_id is None:
        order.transaction_id = random(TRANSACTION_ID_SIZE)
    if order.activation_code is not None:
        data: tuple[str, Any] = ("activationCode", order.activation_code)
    elif order.default_smdp:
        data = ("contactDefaultSmdp", None)
    else:
        data = ("contactSmds", {"smdsAddress": order.smds} if order.smds else {})
    value = {"profileDownloadData": data, "eimTransactionId": order.transaction_id}
    return "profileDownloadTriggerRequest", value


_MAKERS: dict[str, Callable[[CardRecord, Order, Eim, Callable[[int], bytes]], Package]] = {
    "package": _package,
    "data": _data,
    "download": _download,
}
