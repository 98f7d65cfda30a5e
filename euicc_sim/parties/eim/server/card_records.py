"""An eIM's records of its cards: one file each in a folder, EID.json, replaced whole.

A record has the counter, the token, the queue and the results; a restart loses nothing. Several
programs may use one folder at once. Knows no messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, field

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.parties.eim.operations import Kind, Operation
from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.json_document import (
    DocumentError,
    Json,
    read_document,
    write_document,
)

NOTIFICATIONS = 100
"""The most notifications that wait for their SM-DP+s; further ones are refused."""
DELIVERIES = 3
"""How many times an order is delivered without a result before it is held."""


class _Part(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The common settings of the structs in a card's file."""


class OrderedOperation(_Part, kw_only=True):
    """One operation of a package."""

    kind: Kind
    name: str
    raw: bytes

    def to_sign(self) -> Operation:
        """In the form that `Eim.package` takes."""
        return Operation(self.kind, self.name, self.raw)


class About(NamedTuple):
    """What a result answers: the words, number and package of an order."""

    words: list[str]
    number: int | None = None
    package: bytes | None = None


OrderKind = Literal["package", "data", "download"]
State = Literal["done", "refused", "failed"]
"""How an order ended: refused by the card, or failed without an answer from it."""


class Order(_Part, kw_only=True, omit_defaults=True):
    """An order for a card, numbered in order of arrival.

    `words` are the words of the order. A package has `operations`, a data request a `tag_list`, a
    download an `activation_code`, `default_smdp` or an `smds` ("" for the card's own). Once it was
    delivered (`deliveries` times), it has a `transaction_id`, and a package its `counter` and
    `message`. A relayed download has `rsp_transactions` and the `rsp_certificate` of its card.
    `problem` is why a result was not accepted; `held` orders are not delivered.
    """

    number: int
    kind: OrderKind
    words: list[str]
    ordered_at: str
    automatic: bool = False
    operations: list[OrderedOperation] = field(default_factory=list)
    tag_list: bytes | None = None
    activation_code: str | None = None
    default_smdp: bool = False
    smds: str | None = None
    confirmation_code: str | None = None
    deliveries: int = 0
    transaction_id: bytes | None = None
    counter: int | None = None
    message: bytes | None = None
    rsp_transactions: list[bytes] = field(default_factory=list)
    rsp_certificate: bytes | None = None
    problem: str | None = None
    lost: bool = False
    held: bool = False

    def __repr__(self) -> str:
        return f"Order({self.what})"

    @property
    def what(self) -> str:
        """Its name in messages to people."""
        return f"order {self.number} ({' '.join(self.words)})"

    @property
    def about(self) -> About:
        """This order, for its result."""
        return About(self.words, self.number, self.message)


class Outcome(_Part, kw_only=True):
    """The result of one operation; `value` is JSON."""

    operation: str
    result: str
    value: Any = None  # JSON; msgspec does not support recursive types


class Result(_Part, kw_only=True):
    """The result of an order, or a result without an order.

    `state` is done, refused (by the card) or failed (without an answer from it). `message` is the
    result as received, `verified` whether its signature is the card's, `package` what it answers.
    """

    order: int | None = None
    kind: OrderKind
    words: list[str]
    at: str
    state: State
    verified: bool = False
    error: str | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    seq_number: int | None = None
    counter: int | None = None
    transaction_id: bytes | None = None
    message: bytes | None = None
    package: bytes | None = None

    @property
    def about(self) -> About:
        """The order that it answers, for another result."""
        return About(self.words, self.order, self.package)


class Forward(_Part, kw_only=True):
    """A notification that waits for its SM-DP+."""

    address: str
    message: bytes
    tries: int = 0
    problem: str | None = None


class CardRecord(_Part, kw_only=True):
    """One card. `asked` says that the eIM itself requested its certificate."""

    schema: Literal[1] = 1
    eid: Annotated[str, Meta(pattern=r"\A[0-9]{32}\Z")]
    counter: int = 0
    token: int | None = None
    asked: bool = False
    next_order: int = 1
    last_poll: str | None = None
    euicc_certificate: bytes | None = None
    eum_certificate: bytes | None = None
    euicc_info1: bytes | None = None
    euicc_info2: bytes | None = None
    data: dict[str, Any] = field(default_factory=dict)  # as value above
    queue: list[Order] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    notifications: list[Forward] = field(default_factory=list)

    @property
    def next(self) -> Order | None:
        """The order that is next."""
        return next((one for one in self.queue if not one.held), None)

    def waiting(self, number: int | None = None, transaction: bytes | None = None) -> Order | None:
        """An order of the queue by its number or its eimTransactionId."""
        found = (
            one
            for one in self.queue
            if one.number == number or (transaction and one.transaction_id == transaction)
        )
        return next(found, None)

    def add(self, order: Order, *, first: bool = False) -> None:
        """Number an order and queue it."""
        order.number, self.next_order = self.next_order, self.next_order + 1
        self.queue.insert(0 if first else len(self.queue), order)

    def finish(self, order: Order, result: Result) -> None:
        """Replace an order in the queue by its result."""
        self.queue = [one for one in self.queue if one.number != order.number]
        self.results.append(result)


def parse(content: bytes) -> CardRecord:
    """Read a document. Raises EimError with the place and the reason."""
    try:
        return read_document(CardRecord, content)
    except DocumentError as error:
        raise EimError(str(error)) from error


def plain(value: object) -> Json:
    """A value of a message as JSON: bytes as hex, sets as lists, ICCIDs as digits."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return value.hex().upper()
        case dict():
            return {
                name: iccid_digits(one)
                if name == "iccid" and isinstance(one, bytes)
                else plain(one)
                for name, one in value.items()
            }
        case frozenset():
            return sorted(value)
        case list() | tuple():
            return [plain(one) for one in value]
    raise TypeError(f"a {type(value).__name__} is not a value of a message")


_EID = re.compile(r"[0-9]{32}")


class UnknownEidError(EimError):
    """The eIM does not know this card."""


@dataclass(frozen=True)
class EimStore:
    """A folder of records, created with the first card."""

    folder: Path

    def eids(self) -> list[str]:
        """The EIDs of all cards. Raises EimError when the folder cannot be read."""
        try:
            names = [one.stem for one in self.folder.iterdir() if one.suffix == ".json"]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(self.folder, error) from error
        return sorted(one for one in names if _EID.fullmatch(one))

    def card(self, eid: str) -> CardRecord:
        """The record of a card. Raises UnknownEidError, or EimError for a damaged file."""
        path = self._path(eid)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise _unknown(eid) from error
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            record = parse(content)
        except EimError as error:
            raise EimError(f"{path} is not the record of a card: {error}") from error
        if record.eid != eid:
            raise EimError(f"{path} belongs to the card {record.eid}. Rename it to match.")
        return record

    def add(self, record: CardRecord) -> None:
        """Add a card unless it exists. Raises EimError."""
        path = self._path(record.eid)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                safe_file.create(path, write_document(record))
        except OSError as error:
            raise _unwritable(path, error) from error

    @contextmanager
    def changing(self, eid: str) -> Iterator[CardRecord]:
        """Yield the record of a card for changes; it is saved when the block ends without an error.

        It is locked meanwhile. Raises UnknownEidError, EimError.
        """
        path = self._path(eid)
        with ExitStack() as stack:
            try:
                stack.enter_context(safe_file.locked(path))
            except FileNotFoundError as error:
                raise _unknown(eid) from error
            except OSError as error:
                raise _unreadable(path, error) from error
            record = self.card(eid)
            before = write_document(record)
            yield record
            after = write_document(record)
            if after == before:
                return
            try:
                safe_file.replace(path, after)
            except OSError as error:
                raise _unwritable(path, error) from error

    def _path(self, eid: str) -> Path:
        if not _EID.fullmatch(eid):
            raise EimError(f"{eid[:40]!r} is not an EID. Write its 32 digits without spaces.")
        return self.folder / f"{eid}.json"


def _unknown(eid: str) -> UnknownEidError:
    return UnknownEidError(
        f"No card {eid} is known here. Order something for it, "
        f"with: euicc-sim eim order FILE {eid} OP; "
        f"or say what is known of it, with: euicc-sim eim card FILE {eid} --counter N"
    )


def _unreadable(path: Path, error: OSError) -> EimError:
    return EimError(f"{path} cannot be read: {error.strerror}. Check its permissions.")


def _unwritable(path: Path, error: OSError) -> EimError:
    return EimError(
        f"{path} cannot be written: {error.strerror}. Check that you may write there, "
        "and that the disk has room."
    )
