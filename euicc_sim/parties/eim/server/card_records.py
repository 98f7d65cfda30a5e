"""What an eIM keeps of its cards: records, orders, results, notifications, relayed downloads.

The types, and `EimStore`: what the eIM asks of whoever keeps them. `servers.database` keeps them in
a file. Knows no messages and no files.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import msgspec
from msgspec import Meta, field

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.parties.eim.operations import Kind, Operation
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.json_document import Json

NOTIFICATIONS = 100
"""The most notifications of one card that wait for their SM-DP+s; further ones are refused."""


class UnknownEidError(EimError):
    """The eIM does not know this card."""


class StorageError(EimError):
    """What the eIM keeps cannot be read or written now: damaged, locked, or the disk is full."""


class _Part(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The common settings of what is kept."""


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
    `message`. `problem` is why a result was not accepted, or what was said without a signature. A
    postponed order is not delivered before the time `not_before`, a `held` one not at all. `token`
    is the association token that its package was signed with, `unknown_signer` says that the card
    did not recognise that signature, `earlier` are the transactions of packages that were signed
    before this one, `lost` that the card executed it but its result went missing.
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
    token: int | None = None
    message: bytes | None = None
    problem: str | None = None
    not_before: str | None = None
    unknown_signer: bool = False
    earlier: list[bytes] = field(default_factory=list)
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
    """A notification that waits for its SM-DP+.

    `sender` is the EID of its card, or where it came from if it does not say. It is not tried
    before the time `not_before`. `number` is 0 until it is kept.
    """

    address: str
    message: bytes
    sender: str = ""
    tries: int = 0
    problem: str | None = None
    not_before: str | None = None
    number: int = 0


class Relayed(_Part, kw_only=True):
    """A download that the eIM relays, by the SM-DP+'s transactionId.

    `sender` is the EID of its card if known, otherwise where it came from; `order` the number of
    that card's order, `certificate` the card's as the SM-DP+ accepted it. One that is `over` is
    remembered for its ProfileInstallationResult. With `smds` the server is an SM-DS.
    """

    transaction_id: bytes
    address: str
    begun_at: str
    sender: str
    eid: str | None = None
    order: int | None = None
    certificate: bytes | None = None
    over: bool = False
    smds: bool = False


class StateChange(_Part, kw_only=True):
    """What an IPA said of the enabled Profile, which no package of this eIM changed.

    `cause` is its stateChangeCause, `plmn` the network of the device then, as "262-01".
    """

    at: str
    cause: str | None = None
    plmn: str | None = None

    @property
    def what(self) -> str:
        """In words."""
        where = f" in network {self.plmn}" if self.plmn else ""
        return f"{self.cause or 'no cause given'}{where}"


class CardRecord(_Part, kw_only=True):
    """One card.

    `token` is the association token that the eIM signs with. `token_said` is the last one that an
    IPA reported: nobody signed it, so it is tried only when the card does not accept `token`.
    `token_proven` says that a signed result fitted `token`, also if there is none, `proven` that
    one fitted the card's certificate. `asked` says that the eIM itself requested the certificate.
    `host` is where the last poll came from, `state_change` the last notice of a changed Profile.
    """

    eid: Annotated[str, Meta(pattern=r"\A[0-9]{32}\Z")]
    counter: int = 0
    token: int | None = None
    token_proven: bool = False
    token_said: int | None = None
    asked: bool = False
    next_order: int = 1
    next_result: int = 1
    last_poll: str | None = None
    host: str | None = None
    state_change: StateChange | None = None
    euicc_certificate: bytes | None = None
    eum_certificate: bytes | None = None
    proven: bool = False
    euicc_info1: bytes | None = None
    euicc_info2: bytes | None = None
    data: dict[str, Any] = field(default_factory=dict)  # as value above


class CardSummary(NamedTuple):
    """A card in a list: what waits, how many results there are, the last poll and change."""

    eid: str
    waiting: int
    results: int
    last_poll: str | None
    state_change: StateChange | None = None


class CardDraft(Protocol):
    """One card in a transaction: `record` and the orders that it returns may be changed."""

    record: CardRecord

    def next(self, at: str) -> Order | None:
        """The order that is next at that time: neither held nor postponed."""
        ...

    def order(
        self,
        *,
        number: int | None = None,
        transaction: bytes | None = None,
        counter: int | None = None,
    ) -> Order | None:
        """A waiting order by its number, its eimTransactionId or the counter of its package."""
        ...

    def delivered(self, kind: OrderKind | None = None) -> Order | None:
        """The first order of that kind that was delivered and has no result yet."""
        ...

    def lost(self) -> list[Order]:
        """The orders whose results are searched for on the card."""
        ...

    def add(self, order: Order, *, first: bool = False) -> None:
        """Number an order and queue it."""
        ...

    def remove(self, order: Order) -> None:
        """Take an order out of the queue."""
        ...

    def keep(self, result: Result) -> None:
        """Keep a result, unless the same message is kept already."""
        ...

    def has_result(self, message: bytes) -> bool:
        """Whether this message is kept as a result."""
        ...

    def result(self, transaction: bytes) -> Result | None:
        """The first result with that eimTransactionId."""
        ...

    def relayed(self, transaction: bytes) -> Relayed | None:
        """The relayed download of this card with that transactionId."""
        ...

    def forward(self, waiting: Forward) -> None:
        """Keep a notification for its SM-DP+, as in `EimStore.forward`."""
        ...


class EimStore(Protocol):
    """Keeps what an eIM knows. Changes are on the disk when a call or a block returns.

    Several threads and processes may use it at once: a block of `changing` sees no change of
    others. All methods raise StorageError, and those for a card UnknownEidError.
    """

    def cards(self) -> list[CardSummary]:
        """All cards, by EID."""
        ...

    def card(self, eid: str) -> CardRecord:
        """The record of a card."""
        ...

    def queue(self, eid: str) -> list[Order]:
        """The orders of a card that wait for a result, in order of delivery."""
        ...

    def results(self, eid: str, *, after: int = 0, last: int | None = None) -> list[Result]:
        """The results of a card in order, without the first `after`, or the last ones."""
        ...

    def waiting(self, sender: str) -> list[Forward]:
        """The notifications of a sender that wait for their SM-DP+s, oldest first."""
        ...

    def changing(
        self, eid: str, new: CardRecord | None = None
    ) -> AbstractContextManager[CardDraft]:
        """A transaction on a card; with `new` the card is added first unless it is known."""
        ...

    def idle(self, eid: str, at: str) -> CardRecord | None:
        """The record of a card for which nothing is to be delivered at that time, or None."""
        ...

    def card_of(self, transaction: bytes) -> str | None:
        """The EID of the card that has an order or a result with that eimTransactionId."""
        ...

    def cards_at(self, host: str) -> list[str]:
        """The EIDs of up to two cards that polled last from that host."""
        ...

    def relay(self, download: Relayed) -> None:
        """Keep a relayed download; the oldest of the same sender make room for it."""
        ...

    def relayed(self, transaction: bytes) -> Relayed | None:
        """A relayed download by its transactionId."""
        ...

    def forward(self, waiting: Forward) -> None:
        """Keep a notification for its SM-DP+ unless it is kept already.

        Raises EimError when too many of that sender wait.
        """
        ...

    def claim(self, at: str, until: str) -> Forward | None:
        """A notification to be passed on at that time, which nobody else gets before `until`."""
        ...

    def next_forward(self) -> str | None:
        """The earliest time at which a notification may be passed on; None if none waits."""
        ...

    def passed_on(self, waiting: Forward, problem: str | None, not_before: str | None) -> None:
        """Forget a claimed notification, or with a `problem` keep it for later."""
        ...


STORED_BITS = 64
"""JSON and SQL have no larger numbers everywhere."""

_EID = re.compile(r"[0-9]{32}")


def checked_eid(eid: str) -> str:
    """The EID. Raises EimError if it is not 32 digits."""
    if not _EID.fullmatch(eid):
        raise EimError(f"{eid[:40]!r} is not an EID. Write its 32 digits without spaces.")
    return eid


def unknown_card(eid: str) -> UnknownEidError:
    """The error for a card that is not known."""
    return UnknownEidError(
        f"No card {eid} is known here. Order something for it, "
        f"with: euicc-sim eim order FILE {eid} OP; "
        f"or say what is known of it, with: euicc-sim eim card FILE {eid} --counter N"
    )


def plain(value: object) -> Json:
    """A value of a message as JSON: bytes and huge numbers are hex, sets lists, ICCIDs digits."""
    match value:
        case None | bool() | float() | str():
            return value
        case int():
            return int(value) if value.bit_length() < STORED_BITS else hex(value)
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
