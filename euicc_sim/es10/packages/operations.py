"""The operations of eUICC Packages, PSMOs and eCOs: their table, execution and signed result.

SGP.32 v1.2 clauses 3.3.1 and 2.11.2.1. Operations run one after the other until one is refused; the
package has been verified before, in `load_euicc_package`. Knows no particular operation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from apdu import tlv
from euicc_sim.asn1.codec import Asn1Error, Message
from euicc_sim.asn1.deviations import Deviations
from euicc_sim.asn1.sgp32.packages import (
    Eco,
    EcoValue,
    EuiccPackageResultDataSigned,
    EuiccPackageResultDataSignedValue,
    EuiccResultData,
    EuiccResultDataValue,
    ProcessingTerminatedName,
    Psmo,
    PsmoValue,
)
from euicc_sim.asn1.types import Type, prepared
from euicc_sim.asn1.wire import SIGNATURE, WIRES, Wire, token_object
from euicc_sim.es10.registry import ResultCode, ResultError, codes_of, judge
from euicc_sim.es10.session import Session
from euicc_sim.model.eim import Eim
from euicc_sim.model.notification import PackageResult
from euicc_sim.model.replacing import replace
from euicc_sim.readings import FRESH_COUNTER_NEEDS_A_TOKEN, OWN_UPDATE_KEEPS_PACKAGE_COUNTER

Q = TypeVar("Q")
C = TypeVar("C", bound=str)
Kind = type[Psmo] | type[Eco]
"""The type of the elements of a package's list."""

KINDS: tuple[Kind, ...] = (Psmo, Eco)
LOAD_EUICC_PACKAGE = 0xBF51
PACKAGE_PLACE = "euiccPackageSigned.euiccPackage"
RESULT_SIGNED, ERROR_SIGNED = 0xA0, 0xA1
MAX_RESULTS_SIZE = 0x8000
"""The most bytes of all result elements together, 32 KiB: a limit on what a package can store."""


# -- the table


@dataclass(frozen=True, slots=True)
class Operation(ABC):
    """A PSMO or eCO; its name is that of its alternative in the list's type.

    `clause` is that of the standard, None for a proprietary operation; `since` is the first version
    of SGP.32 that has it.
    """

    name: str
    kind: Kind
    clause: str | None
    about: str
    since: str

    @abstractmethod
    def run(self, session: Session, raw: bytes) -> EuiccResultDataValue:
        """Execute it. Raises ResultError, or UnknownOperationError for content not understood."""

    @abstractmethod
    def refusal(self, error: ResultError) -> EuiccResultDataValue:
        """The result element of a refusal. Raises the error itself if there is no such code."""


Handler = Callable[[Session, Q], EuiccResultDataValue]
Refuse = Callable[[C], EuiccResultDataValue]


@dataclass(frozen=True, slots=True)
class HandledOperation(Operation, Generic[Q, C]):
    """An operation with a handler for its content.

    `refuse` makes the result element for one of `codes`; `malformed` is the code for content that
    cannot be read (without it, processing is terminated).
    """

    content: type[Type[Q]]
    handler: Handler[Q]
    refuse: Refuse[C] | None
    codes: tuple[C, ...]
    malformed: ResultCode | None

    def run(self, session: Session, raw: bytes) -> EuiccResultDataValue:
        """Read the content and call the handler."""
        try:
            message, seen = _message(session.wire, self.kind), Deviations()
            value = message.decode_alternative(self.name, self.content, raw, seen)
            if seen:
                seen.inside(f"{PACKAGE_PLACE}.{self.name}")
            judge(session, LOAD_EUICC_PACKAGE, seen)
        except Asn1Error as error:
            if self.malformed is None:
                raise UnknownOperationError(f"{self.name}: {error}") from error
            raise ResultError(self.malformed, str(error)) from error
        return self.handler(session, value)

    def refusal(self, error: ResultError) -> EuiccResultDataValue:
        """Refuse with the code of the error."""
        for code in self.codes:
            if self.refuse is not None and code == error.code:
                return self.refuse(code)
        raise error


OPERATIONS: dict[str, Operation] = {}


def operation(
    name: str,
    content: type[Type[Q]],
    *,
    clause: str | None,
    refuse: Refuse[C] | None = None,
    malformed: ResultCode | None = None,
    since: str = "1.0",
) -> Callable[[Handler[Q]], Handler[Q]]:
    """Register an operation; `content` is the type of its alternative.

    The type of `refuse`'s parameter lists the codes that it may refuse with. Raises ValueError if
    the name is taken, or if the versions whose types have it are not those given by `since`.
    """

    def enter(handler: Handler[Q]) -> Handler[Q]:
        if name in OPERATIONS:
            raise ValueError(f"operation {name} is there already")
        about, kind = handler.__doc__ or "", _kind(name, content, since)
        OPERATIONS[name] = HandledOperation(
            name,
            kind,
            clause,
            about,
            since,
            content,
            handler,
            refuse,
            codes_of(refuse),
            malformed,
        )
        return handler

    return enter


def _kind(name: str, content: type[Type[Q]], since: str) -> Kind:
    """The list type with an alternative of that name, in exactly the right versions."""
    found: set[Kind] = set()
    for wire in (one for one in WIRES if one.iot):
        here = {kind for kind in KINDS if name in wire.alternatives(kind)}
        if bool(here) is not wire.since(since):
            there = "has" if here else "lacks"
            raise ValueError(f"operation {name} is there since {since}, but {wire} {there} it")
        if any(wire.alternatives(kind)[name] is not content.root for kind in here):
            raise ValueError(f"operation {name} is not a {content.__name__} in {wire}")
        found |= here
    if len(found) != 1:
        raise ValueError(f"no version of SGP.32 has an operation {name}")
    return found.pop()


def _message(wire: Wire, kind: Kind) -> Message[PsmoValue] | Message[EcoValue]:
    return wire[Psmo] if kind is Psmo else wire[Eco]


class UnknownOperationError(Exception):
    """The operation is unknown or malformed."""


# -- execution


def execute(
    session: Session, kind: Kind, operations: Iterable[bytes], eim: Eim, counter: int
) -> list[bytes]:
    """Run operations of that `kind`, then set the eIM's counter.

    Returns elements of EuiccResultData. An eIM that deleted itself no longer has a counter.
    """
    results: list[bytes] = []
    room = MAX_RESULTS_SIZE
    still_trusted = True
    for raw in operations:
        before = session.drafts
        element, go_on = _one(session, kind, raw)
        if len(element) > room:
            session.restore(before)
            session.refuse(f"resultSizeOverflow: the results exceed {MAX_RESULTS_SIZE} bytes")
            element, go_on = _terminated(session, "resultSizeOverflow"), False
        results.append(element)
        room -= len(element)
        still_trusted = still_trusted and session.state.find_eim(eim.eim_id) is not None
        if not go_on:
            break
    _use_up(session, eim, counter, came_anew=not still_trusted)
    return results


def _one(session: Session, kind: Kind, raw: bytes) -> tuple[bytes, bool]:
    try:
        element, go_on = perform(session, kind, raw)
    except UnknownOperationError as error:
        session.refuse(f"unknownOrDamagedCommand: {error}")
        return _terminated(session, "unknownOrDamagedCommand"), False
    return result_element(session.wire, element), go_on


def perform(session: Session, kind: Kind, raw: bytes) -> tuple[EuiccResultDataValue, bool]:
    """Run one operation; return its element of EuiccResultData and whether to continue.

    The changes of a refused operation are undone. Raises UnknownOperationError for a tag or content
    not understood.
    """
    name = _message(session.wire, kind).alternative(raw)
    if name is None or name not in OPERATIONS:
        raise UnknownOperationError(
            f"there is no {kind.__name__} with the tag {raw[:2].hex().upper()}"
        )
    found = OPERATIONS[name]
    try:
        with session.savepoint():
            return found.run(session, raw), True
    except ResultError as error:
        session.refuse(f"{name}: {error.code}, {error.why}")
        return found.refusal(error), False


def _terminated(session: Session, code: ProcessingTerminatedName) -> bytes:
    return result_element(session.wire, ("processingTerminated", code))


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


# -- the signed result


def result_element(wire: Wire, element: EuiccResultDataValue) -> bytes:
    """An element of a result's list, encoded."""
    return wire[EuiccResultData].encode(element)


def signed_for(
    session: Session, eim: Eim, kind: int, data: bytes, package_signature: bytes = b""
) -> bytes:
    """An EuiccPackageResult with `data`, signed for an eIM in its present state.

    `kind` is the tag of its alternative; `package_signature` is covered by the signature before
    v1.1.
    """
    covered = data + session.wire.result_suffix(token_object(eim.token), package_signature)
    signature = session.signer_for(eim.ci_pk_id).sign(covered)
    return tlv(0xBF51, tlv(kind, data, tlv(SIGNATURE, signature)))


def keep_result(
    session: Session,
    eim: Eim,
    counter: int,
    transaction_id: bytes | None,
    results: Iterable[bytes],
    package_signature: bytes = b"",
) -> bytes:
    """Number, sign and store a result.

    `counter` and `transaction_id` are the package's, `results` elements of EuiccResultData.
    """
    seq_number = session.state.next_seq
    value: EuiccPackageResultDataSignedValue = {
        "eimId": eim.eim_id,
        "counterValue": counter,
        "seqNumber": seq_number,
        "euiccResult": [prepared(EuiccResultData, one) for one in results],
    }
    if transaction_id is not None:
        value["eimTransactionId"] = transaction_id
    data = session.wire[EuiccPackageResultDataSigned].encode(value)
    answer = signed_for(session, eim, RESULT_SIGNED, data, package_signature)
    session.state = session.state.with_result(
        PackageResult(seq_number, eim.eim_id, answer), session.identity.limits
    )
    return answer
