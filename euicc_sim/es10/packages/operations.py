"""The table of operations that an eUICC Package may hold: PSMOs and eCOs.

Knows no operation, and nothing of signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.es10.registry import ResultError
from euicc_sim.es10.session import Session

OperationHandler = Callable[[Session, Any], Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One PSMO or eCO.

    `result` is the alternative of EuiccResultData that answers it, `refuse` makes that
    alternative's value from a result code, `codes` are those it may use, and `malformed` is the
    code for content that cannot be read (without it the list is terminated).
    """

    name: str
    result: str
    clause: str
    handler: OperationHandler
    refuse: Callable[[str], Any]
    codes: tuple[str, ...]
    malformed: str | None


OPERATIONS: dict[str, Operation] = {}


def operation(
    name: str,
    result: str,
    *,
    clause: str,
    refuse: Callable[[str], Any] = str,
    codes: tuple[str, ...] = (),
    malformed: str | None = None,
) -> Callable[[OperationHandler], OperationHandler]:
    """Enter an operation into the table; ValueError when its name is taken."""

    def enter(handler: OperationHandler) -> OperationHandler:
        if name in OPERATIONS:
            raise ValueError(f"operation {name} is there already")
        OPERATIONS[name] = Operation(name, result, clause, handler, refuse, codes, malformed)
        return handler

    return enter


class UnknownOperationError(Exception):
    """An operation that no reading makes sense of."""


def perform(session: Session, kind: str, raw: bytes) -> tuple[tuple[str, Any], bool]:
    """Run one operation; give its element of EuiccResultData and whether the list goes on.

    `kind` is the ASN.1 type of the list's elements, Psmo or Eco. What a refused operation did to
    the session is undone. Raises UnknownOperationError for a tag or content not understood.
    """
    found = _by_tag(session, kind, raw)
    try:
        with session.savepoint():
            return (found.result, _run(session, found, kind, raw)), True
    except ResultError as error:
        session.refuse(f"{found.name}: {error.code}, {error.why}")
        return (found.result, found.refuse(error.code)), False


def _run(session: Session, found: Operation, kind: str, raw: bytes) -> Any:
    try:
        _, value = session.wire.decode(kind, raw)
    except Asn1Error as error:
        if found.malformed is None:
            raise UnknownOperationError(f"{found.name}: {error}") from error
        raise ResultError(found.malformed, str(error)) from error
    return found.handler(session, value)


def _by_tag(session: Session, kind: str, raw: bytes) -> Operation:
    name = session.wire.alternative(kind, raw)
    if name is None or name not in OPERATIONS:
        raise UnknownOperationError(f"no {kind} with tag {raw[:2].hex().upper()}")
    return OPERATIONS[name]
