"""What an eIM keeps of its cards: a record each, in a folder, EID.json, replaced whole.

Counter and token, what waits for the card and what came of the rest; a restart loses nothing.
Several programs may use one folder at once. Knows no messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError
from pydantic.alias_generators import to_camel

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.parties.eim.operations import Kind, Operation
from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.errors import EimError

NOTIFICATIONS = 100
"""So many may wait for their SM-DP+s; further ones are not taken."""
DELIVERIES = 3
"""So often is an order given out without a result; then it is held."""


def _from_hex(value: object) -> object:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError("hex digits in a string are needed here")  # noqa: TRY004 pydantic's way
    return bytes.fromhex(value)


Hex = Annotated[
    bytes,
    BeforeValidator(_from_hex),
    PlainSerializer(lambda value: value.hex().upper(), return_type=str),
]


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True
    )


class OrderedOperation(_Part):
    """One operation of a package."""

    kind: Kind
    name: str
    raw: Hex

    def operation(self) -> Operation:
        """As `Eim.package` takes it."""
        return Operation(self.kind, self.name, self.raw)


class About(NamedTuple):
    """What a result answers: the words and number of the order, and its package."""

    words: list[str]
    number: int | None = None
    package: bytes | None = None


OrderKind = Literal["package", "data", "download"]


class Order(_Part):
    """What a card is to be asked for, numbered as it came.

    `words` are how it was ordered. A package has `operations`; a data request `tag_list`; a
    download an `activation_code`, or `default_smdp`, or an `smds` ("" for the card's). Once given
    out, `deliveries` times, it has a `transaction_id`, and a package its `counter` and `message`.
    A download that is relayed has `rsp_transactions`, and the `rsp_certificate` that its card
    showed. `problem` is why no result was taken; `held` orders are not given out.
    """

    number: int
    kind: OrderKind
    words: list[str]
    ordered_at: str
    automatic: bool = False
    operations: list[OrderedOperation] = Field(default_factory=list)
    tag_list: Hex | None = None
    activation_code: str | None = None
    default_smdp: bool = False
    smds: str | None = None
    confirmation_code: Annotated[str | None, Field(repr=False)] = None
    deliveries: int = 0
    transaction_id: Hex | None = None
    counter: int | None = None
    message: Hex | None = None
    rsp_transactions: list[Hex] = Field(default_factory=list)
    rsp_certificate: Hex | None = None
    problem: str | None = None
    lost: bool = False
    held: bool = False

    @property
    def what(self) -> str:
        """How a person calls it."""
        return f"order {self.number} ({' '.join(self.words)})"

    @property
    def about(self) -> About:
        """What its result answers."""
        return About(self.words, self.number, self.message)


class Outcome(_Part):
    """What one operation came to; `value` is JSON."""

    operation: str
    result: str
    value: Any = None


class Result(_Part):
    """What came of an order, or a result that no order waited for.

    `state` is done, refused (by the card, who said so) or failed (without its word); `message` is
    what came, and `verified` says that its signature is the card's; `package` is what it answers.
    """

    order: int | None = None
    kind: OrderKind
    words: list[str]
    at: str
    state: Literal["done", "refused", "failed"]
    verified: bool = False
    error: str | None = None
    outcomes: list[Outcome] = Field(default_factory=list)
    seq_number: int | None = None
    counter: int | None = None
    transaction_id: Hex | None = None
    message: Hex | None = None
    package: Hex | None = None

    @property
    def about(self) -> About:
        """What it answers, and another result after it."""
        return About(self.words, self.order, self.package)


class Forward(_Part):
    """A notification that waits for its SM-DP+."""

    address: str
    message: Hex
    tries: int = 0
    problem: str | None = None


class CardRecord(_Part):
    """One card. `asked` says that its certificate was asked for by the eIM itself."""

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    eid: Annotated[str, Field(pattern="^[0-9]{32}$")]
    counter: int = 0
    token: int | None = None
    asked: bool = False
    next_order: int = 1
    last_poll: str | None = None
    euicc_certificate: Hex | None = None
    eum_certificate: Hex | None = None
    euicc_info1: Hex | None = None
    euicc_info2: Hex | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    queue: list[Order] = Field(default_factory=list)
    results: list[Result] = Field(default_factory=list)
    notifications: list[Forward] = Field(default_factory=list)

    @property
    def next(self) -> Order | None:
        """The order whose turn it is."""
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
        """Queue an order, which gets its number."""
        order.number, self.next_order = self.next_order, self.next_order + 1
        self.queue.insert(0 if first else len(self.queue), order)

    def finish(self, order: Order, result: Result) -> None:
        """Take an order out of the queue for its result."""
        self.queue = [one for one in self.queue if one.number != order.number]
        self.results.append(result)


def parse(content: bytes) -> CardRecord:
    """Read a document. Raises EimError with the place and the reason."""
    try:
        return CardRecord.model_validate(json.loads(content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise EimError(f"at {place}: {first['msg']}. Mend that place.") from error
    except (ValueError, RecursionError) as error:
        raise EimError("it is not JSON. Restore a copy of the file.") from error


def render(record: CardRecord) -> bytes:
    """The document of a card."""
    return record.model_dump_json(by_alias=True, exclude_none=True, indent=2).encode() + b"\n"


def plain(value: Any) -> Any:
    """A value out of a message as JSON has it: bytes as hex, sets as lists, ICCIDs as digits."""
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, dict):
        return {
            name: iccid_digits(one) if name == "iccid" and isinstance(one, bytes) else plain(one)
            for name, one in value.items()
        }
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


_EID = re.compile(r"[0-9]{32}")


class UnknownEidError(EimError):
    """A card that the eIM does not have."""


@dataclass(frozen=True)
class EimStore:
    """A folder, which is made with the first card."""

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
        """What is kept of a card. Raises UnknownEidError; EimError for a file that is not ours."""
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
            raise EimError(f"{path} is no card's file: {error}") from error
        if record.eid != eid:
            raise EimError(f"{path} is of the card {record.eid}. Give it that name again.")
        return record

    def add(self, record: CardRecord) -> None:
        """Begin with a card; nothing happens when it is there. Raises EimError."""
        path = self._path(record.eid)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                safe_file.create(path, render(record))
        except OSError as error:
            raise _unwritable(path, error) from error

    @contextmanager
    def changing(self, eid: str) -> Iterator[CardRecord]:
        """Give the record of a card to change; it is saved when the block ends without an error.

        Nobody else changes it meanwhile. Raises UnknownEidError, EimError.
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
            before = render(record)
            yield record
            after = render(record)
            if after == before:
                return
            try:
                safe_file.replace(path, after)
            except OSError as error:
                raise _unwritable(path, error) from error

    def _path(self, eid: str) -> Path:
        if not _EID.fullmatch(eid):
            raise EimError(f"{eid[:40]!r} is no EID. Write its 32 digits without spaces.")
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
