"""LoadEuiccPackage: verifies that a package is genuine, fresh and for this card, and answers it.

SGP.32 v1.2 clauses 5.9.1, 3.3.1, 2.11.1.1 and 2.11.2.1. Verifies over the bytes as received.
Handles the envelope; `operations` executes the content.
"""

from __future__ import annotations

from dataclasses import dataclass

from apdu import StatusError, TlvError, tlv
from apdu.tlv import Tlv, children, read, whole
from euicc_sim.asn1.deviations import Deviation, Deviations, Form
from euicc_sim.asn1.primitives import Asn1Error, number, read_integer, write_integer
from euicc_sim.asn1.sgp32.packages import (
    Eco,
    EuiccPackageErrorDataSigned,
    EuiccPackageErrorDataSignedValue,
    EuiccPackageErrorName,
    EuiccPackageErrorUnsigned,
    EuiccPackageErrorUnsignedValue,
    EuiccPackageRequest,
    EuiccPackageResult,
    Psmo,
)
from euicc_sim.asn1.wire import SIGNATURE, token_object
from euicc_sim.crypto.signature import fingerprint, verifies
from euicc_sim.es10.eims.configuration import verifying_key
from euicc_sim.es10.packages.operations import (
    ERROR_SIGNED,
    LOAD_EUICC_PACKAGE,
    Kind,
    execute,
    keep_result,
    signed_for,
)
from euicc_sim.es10.registry import es10_as_received, judge
from euicc_sim.es10.session import PackageRun, Session
from euicc_sim.model.eim import MAX_COUNTER, Eim, KeyForm
from euicc_sim.model.notification import RanPackage
from euicc_sim.model.replacing import replace
from euicc_sim.readings import UNREADABLE_PACKAGE

SIGNED, EIM_ID, EID, COUNTER, TRANSACTION_ID = 0x30, 0x80, 0x5A, 0x81, 0x82
LISTS: dict[int, Kind] = {0xA0: Psmo, 0xA1: Eco}
PART = "euiccPackageSigned"
MAX_EIM_ID = 128
ANY_EIM_ID = 0xFFFF
"""Before v1.1 the standard sets no limit."""


@dataclass(frozen=True, slots=True)
class Package:
    """What could be read of an EuiccPackageRequest, not verified yet.

    `signed` is the euiccPackageSigned object as received, `operations` are the objects of its list,
    each as received and of the type `kind`. `flaw` is a sentence that says why the content cannot
    be executed, None if it can. Other fields are None if missing or unreadable.
    """

    eim_id: str
    signed: bytes
    signature: bytes
    transaction_id: bytes | None
    eid: bytes
    counter: int | None
    kind: Kind | None
    operations: tuple[bytes, ...]
    flaw: str | None


class _PackageError(Exception):
    """A refusal that the card signs: the name of the euiccPackageErrorCode, and why."""

    def __init__(self, code: EuiccPackageErrorName, why: str) -> None:
        super().__init__(why)
        self.code: EuiccPackageErrorName = code


class _UnsignedError(Exception):
    """A refusal that the card does not sign, since the package is not authenticated."""

    def __init__(self, why: str, eim: Eim | None = None) -> None:
        super().__init__(why)
        self.eim = eim


@es10_as_received(
    LOAD_EUICC_PACKAGE,
    "LoadEuiccPackage",
    EuiccPackageResult,
    clause="SGP.32 5.9.1",
    only="SGP.32",
    enables=True,
)
def load_euicc_package(session: Session, request: bytes) -> bytes:
    """LoadEuiccPackage, SGP.32 v1.2 clause 5.9.1.

    An accepted package is answered with a signed result, even if an operation in it fails, and its
    counter is stored. Any other package changes nothing. A package that ran in an earlier life of
    its eIM's entry is accepted, as the standard has it, unless a switch says otherwise.
    """
    package = read_package(request, MAX_EIM_ID if session.wire.since("1.1") else ANY_EIM_ID)
    envelope, signed = _deviations(session, request, package)
    try:
        judge(session, LOAD_EUICC_PACKAGE, envelope)
    except Asn1Error as error:
        raise StatusError(UNREADABLE_PACKAGE, str(error)) from error
    try:
        eim, counter = _authentic(session, package)
        digest = _fingerprint(package, eim)
        before = session.ran_before(digest)
        try:
            kind = _acceptable(session, package, eim, counter, before)
            _check_form(session, signed)
        except _PackageError as error:
            session.refuse(f"package refused: {error}")
            return _signed_error(session, package, eim, counter, error.code)
    except _UnsignedError as error:
        session.refuse(f"package refused: {error}")
        return _unsigned_error(session, package, error.eim)
    seq_number = session.state.next_seq
    returns = replace(session.state.returns, rollback=None)
    session.state = replace(session.state, returns=returns)
    session.package = PackageRun(
        eim.eim_id, counter, package.transaction_id, seq_number, package.signature
    )
    results = execute(session, kind, package.operations, eim, counter)
    session.ran = RanPackage(digest, counter, seq_number)
    session.notes.insert(0, f"{eim.eim_id}, counter {counter}, result {seq_number}")
    if before is not None:
        session.notes.insert(
            0, f"REPLAY ACCEPTED: {_ran_before(eim, before)}; {_way_out(eim, before)}"
        )
    return keep_result(session, eim, counter, package.transaction_id, results, package.signature)


def read_package(request: bytes, longest_id: int = MAX_EIM_ID) -> Package:
    """Read as much as possible; an eimId has up to `longest_id` characters.

    Raises StatusError 6A80 if not even the eimId can be read.
    """
    try:
        outer = _readable(request, whole(request).value, len(request))
        signed = _only(outer, SIGNED)
        if signed is None:
            raise StatusError(UNREADABLE_PACKAGE, f"a package must have one object {SIGNED:X}")
        fields = _readable(request, signed.value, signed.end)
        eim_id = _content(request, _only(fields, EIM_ID)).decode()
    except (TlvError, UnicodeDecodeError) as error:
        raise StatusError(UNREADABLE_PACKAGE, f"the eimId cannot be read: {error}") from error
    if not 1 <= len(eim_id) <= longest_id:
        raise StatusError(UNREADABLE_PACKAGE, f"an eimId has 1 to {longest_id} characters")
    transaction_id = _content(request, _only(fields, TRANSACTION_ID))
    kind, operations = _operations(request, fields)
    return Package(
        eim_id=eim_id,
        signed=request[signed.start : signed.end],
        signature=_content(request, _only(outer, SIGNATURE)),
        transaction_id=transaction_id if 1 <= len(transaction_id) <= 16 else None,
        eid=_content(request, _only(fields, EID)),
        counter=_counter(_content(request, _only(fields, COUNTER))),
        kind=kind,
        operations=operations,
        flaw=_flaw(signed, fields, transaction_id),
    )


def _deviations(
    session: Session, request: bytes, package: Package
) -> tuple[list[Deviation], list[Deviation] | Asn1Error]:
    """What is wrong in the form of the envelope, and of the part that is signed.

    If the signed part is not one of its type at all, the second is the reason.
    """
    if request == _in_der(package):
        return [], []
    seen = Deviations()
    why = None
    try:
        session.wire[EuiccPackageRequest].decode(request, seen)
    except Asn1Error as error:
        why = error
    outer = [one for one in seen if one.place != PART and not one.place.startswith(f"{PART}.")]
    outer += [one for one in seen if one.place == PART and one.form is Form.ORDER]
    return outer, why or [one for one in seen if one not in outer]


def _in_der(package: Package) -> bytes:
    """The request as it should be: there is only one way to write it."""
    fields = [tlv(EIM_ID, package.eim_id.encode()), tlv(EID, package.eid)]
    if package.counter is not None:
        fields.append(tlv(COUNTER, write_integer(package.counter)))
    if package.transaction_id is not None:
        fields.append(tlv(TRANSACTION_ID, package.transaction_id))
    fields += [tlv(tag, *package.operations) for tag in LISTS if LISTS[tag] is package.kind]
    signature = tlv(SIGNATURE, package.signature)
    return tlv(LOAD_EUICC_PACKAGE, tlv(SIGNED, *fields), signature)


def _flaw(signed: Tlv, fields: list[Tlv], transaction_id: bytes) -> str | None:
    tags = [one.tag for one in fields]
    if fields[-1].end != signed.end or len(set(tags)) != len(tags):
        return "it cannot be read completely"
    if TRANSACTION_ID in tags and not 1 <= len(transaction_id) <= 16:
        return f"its eimTransactionId has {len(transaction_id)} bytes, not 1 to 16"
    return None


def _readable(request: bytes, start: int, end: int) -> list[Tlv]:
    """The concatenated objects up to the first malformed one."""
    found = []
    while start < end:
        try:
            item = read(request, start, end)
        except TlvError:
            break
        found.append(item)
        start = item.end
    return found


def _only(items: list[Tlv], tag: int) -> Tlv | None:
    """The object with that tag; None if there are several, as it is then ambiguous."""
    found = None
    for one in items:
        if one.tag == tag:
            if found:
                return None
            found = one
    return found


def _content(request: bytes, item: Tlv | None) -> bytes:
    return request[item.value : item.end] if item else b""


def _counter(content: bytes) -> int | None:
    try:
        return read_integer(content)
    except Asn1Error:
        return None


def _operations(request: bytes, fields: list[Tlv]) -> tuple[Kind | None, tuple[bytes, ...]]:
    lists = [one for one in fields if one.tag in LISTS]
    if len(lists) != 1:
        return None, ()
    try:
        inside = children(request, lists[0].value, lists[0].end)
    except TlvError:
        return None, ()
    return LISTS[lists[0].tag], tuple(request[one.start : one.end] for one in inside)


def _authentic(session: Session, package: Package) -> tuple[Eim, int]:
    """The eIM that signed the package, and the package's counter."""
    eim = session.state.find_eim(package.eim_id)
    if eim is None:
        raise _UnsignedError(f"this card does not trust the eIM {package.eim_id}")
    if not verifies(
        verifying_key(eim.key), package.signature, package.signed + token_object(eim.token)
    ):
        token = f"association token {eim.token}" if eim.token else "without association token"
        raise _UnsignedError(
            f"the signature is not that of {eim.eim_id} over these bytes, {token}", eim
        )
    if package.counter is None:
        raise _UnsignedError("the package has no counterValue, so it gets no signed answer", eim)
    return eim, package.counter


def _acceptable(
    session: Session, package: Package, eim: Eim, counter: int, before: RanPackage | None
) -> Kind:
    """The type of the operations, if they may be executed; `before` is when the package ran."""
    if session.state.emergency_active:
        raise _PackageError("ecallActive", "the Emergency Profile is enabled")
    if package.eid != session.identity.eid_bytes:
        eid = package.eid.hex() or "none"
        raise _PackageError(
            "invalidEid", f"it is for EID {eid}, this card is {session.identity.eid}"
        )
    if not 0 <= counter <= MAX_COUNTER:
        raise _PackageError(
            "counterValueOutOfRange",
            f"counter {number(counter)} is not in the range 0 to {MAX_COUNTER}",
        )
    if counter <= eim.counter:
        raise _PackageError("replayError", f"counter {counter} is not above {eim.counter}")
    if before is not None and session.state.switches.never_twice:
        why = f"{_ran_before(eim, before)} (card set --no-never-twice)"
        raise _PackageError("replayError", why)
    if package.flaw:
        raise _PackageError("undefinedError", package.flaw)
    if package.kind is None:
        raise _PackageError("undefinedError", "it has no list of PSMOs or eCOs")
    return package.kind


def _check_form(session: Session, form: list[Deviation] | Asn1Error) -> None:
    """Refuse a package whose signed part has a form that this card does not serve."""
    try:
        if isinstance(form, Asn1Error):
            raise form
        judge(session, LOAD_EUICC_PACKAGE, form)
    except Asn1Error as error:
        raise _PackageError("undefinedError", str(error)) from error


def _fingerprint(package: Package, eim: Eim) -> bytes:
    in_certificate = eim.key.form is KeyForm.CERTIFICATE
    return fingerprint(
        eim.eim_id.encode(), eim.key.der, package.signature, in_certificate=in_certificate
    )


def _was_added_again(eim: Eim, before: RanPackage) -> bool:
    """Otherwise updateEim, or a person, has lowered the counter."""
    return before.seq_number < eim.added_at


def _ran_before(eim: Eim, before: RanPackage) -> str:
    anew = f"{eim.eim_id} was added again"
    if not _was_added_again(eim, before):
        anew = f"the counter of {eim.eim_id} was lowered"
    return f"this package ran before, as counter {before.counter}, before {anew}"


def _way_out(eim: Eim, before: RanPackage) -> str:
    if _was_added_again(eim, before):
        return "only an association token or a new key prevents that"
    return "only a key that it never had prevents that"


def _signed_error(
    session: Session, package: Package, eim: Eim, counter: int, code: EuiccPackageErrorName
) -> bytes:
    value: EuiccPackageErrorDataSignedValue = {
        "eimId": package.eim_id,
        "counterValue": counter,
        "euiccPackageErrorCode": code,
    }
    if package.transaction_id is not None:
        value["eimTransactionId"] = package.transaction_id
    data = session.wire[EuiccPackageErrorDataSigned].encode(value)
    return signed_for(session, eim, ERROR_SIGNED, data, package.signature)


def _unsigned_error(session: Session, package: Package, eim: Eim | None) -> bytes:
    value: EuiccPackageErrorUnsignedValue = {
        "eimId": package.eim_id,
        "euiccPackageUnsignedErrorCode": "undefinedError",
    }
    if package.transaction_id is not None:
        value["eimTransactionId"] = package.transaction_id
    if eim is not None and eim.token is not None:
        value["associationToken"] = eim.token
    known = session.wire[EuiccPackageErrorUnsigned].known(value)
    return session.wire[EuiccPackageResult].encode(("euiccPackageErrorUnsigned", known))
