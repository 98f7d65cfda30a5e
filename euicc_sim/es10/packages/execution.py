"""The middle of LoadEuiccPackage: operations one after the other, until one is refused.

SGP.32 v1.2 clause 3.3.1. What the package was signed with is decided before, in `package`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from euicc_sim.asn1.codec import Prepared
from euicc_sim.es10.packages.operations import UnknownOperationError, perform
from euicc_sim.es10.packages.results import result_element
from euicc_sim.es10.session import Session
from euicc_sim.model.eim import Eim
from euicc_sim.readings import FRESH_COUNTER_NEEDS_A_TOKEN, OWN_UPDATE_KEEPS_PACKAGE_COUNTER

MAX_RESULTS_SIZE = 0x8000
"""Bytes of all result elements together: 32 KiB, which bounds what a package can make us keep."""


def execute(
    session: Session, kind: str, operations: Iterable[bytes], eim: Eim, counter: int
) -> list[Prepared]:
    """Run operations of that `kind` (Psmo or Eco); then the counter of the eIM is used up.

    Gives elements of EuiccResultData. An eIM that deleted itself has no counter any more.
    """
    results: list[Prepared] = []
    room = MAX_RESULTS_SIZE
    still_trusted = True
    for raw in operations:
        before = session.drafts
        element, go_on = _one(session, kind, raw)
        if len(element) > room:
            session.restore(before)
            session.refuse(f"resultSizeOverflow: results have at most {MAX_RESULTS_SIZE} bytes")
            element, go_on = _terminated(session, "resultSizeOverflow"), False
        results.append(element)
        room -= len(element)
        still_trusted = still_trusted and session.state.find_eim(eim.eim_id) is not None
        if not go_on:
            break
    _use_up(session, eim, counter, came_anew=not still_trusted)
    return results


def _one(session: Session, kind: str, raw: bytes) -> tuple[Prepared, bool]:
    try:
        element, go_on = perform(session, kind, raw)
    except UnknownOperationError as error:
        session.refuse(f"unknownOrDamagedCommand: {error}")
        return _terminated(session, "unknownOrDamagedCommand"), False
    return result_element(session, element), go_on


def _terminated(session: Session, code: str) -> Prepared:
    return result_element(session, ("processingTerminated", code))


def _use_up(session: Session, eim: Eim, counter: int, *, came_anew: bool) -> None:
    current = session.state.find_eim(eim.eim_id)
    if current is None:
        return
    if came_anew:
        if current.token is not None and FRESH_COUNTER_NEEDS_A_TOKEN:
            return
        counter = max(counter, current.counter)
    elif current.counter != eim.counter and not OWN_UPDATE_KEEPS_PACKAGE_COUNTER:
        return
    session.state = session.state.with_eim(replace(current, counter=counter))
