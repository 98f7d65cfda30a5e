"""The orders that an eIM takes for a card, and what it delivers next (SGP.32 clause 3.3).

Packages are signed on delivery. Changes a card in a transaction of the caller, which is on the disk
before the answer leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from euicc_sim.asn1.esipa.packages import (
    ContactSmdsValue,
    IpaEuiccDataRequestValue,
    ProfileDownloadDataValue,
    ProfileDownloadTriggerRequestValue,
)
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.eim.eim import Eim
from euicc_sim.parties.eim.operation_words import Loader, operation
from euicc_sim.parties.eim.server.card_records import (
    CardDraft,
    CardRecord,
    Order,
    OrderedOperation,
)
from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError
from euicc_sim.parties.messages.address import Address, AddressError
from euicc_sim.parties.messages.errors import EimError

SYNTAX = """\
data[:TAGS]
download:ACTIVATION-CODE[,cc=CONFIRMATION-CODE]
download:default
download:smds[=ADDRESS]"""
"""Orders other than packages; each stands alone."""

USUAL_TAGS = bytes.fromhex("BF20BF228384A5A688A8A9")
"""EUICCInfo1 and 2, root SM-DS, association token, EUM and eUICC certificates, and what the IPA and
the device are capable of (IPAs take 88 or A8 for that)."""
CERTIFICATES = bytes.fromhex("BF20BF2284A5A6")
"""What an eIM must know to verify results."""
RESULTS = bytes.fromhex("A2BF2B")
"""The package results that the card keeps; BF2B in v1.0."""


def order_of(
    words: Sequence[str], at: str, eim_of: Loader | None = None, wire: Wire = WIRE_1_2
) -> Order:
    """An order, not numbered yet. Raises EimError with what to write instead."""
    if not words:
        raise EimError("An order has at least one operation. Name one, such as listProfileInfo.")
    for word in words:
        if not word.isprintable():
            raise EimError(f"{word!r} has characters that cannot be printed. Write it again.")
    order = Order(number=0, kind="package", words=list(words), ordered_at=at)
    name, _, rest = words[0].partition(":")
    if name not in ("data", "download"):
        loading = {} if eim_of is None else {"eim_of": eim_of}
        order.operations = [
            OrderedOperation(kind=one.kind, name=one.name, raw=one.raw)
            for one in (operation(word, **loading, wire=wire) for word in words)
        ]
        return order
    if len(words) > 1:
        raise EimError(f"{name} stands alone. Order {' '.join(words[1:])!r} separately.")
    order.kind = "data" if name == "data" else "download"
    (_data if name == "data" else _download)(order, rest)
    return order


def download_order(code: ActivationCode, at: str) -> Order:
    """The order of a download by a code that no person wrote: there is nothing after it."""
    words = [f"download:{code.bare}"]
    return Order(number=0, kind="download", words=words, ordered_at=at, activation_code=str(code))


def data_order(tags: bytes, at: str) -> Order:
    """A data request that the eIM itself makes."""
    words = [f"data:{tags.hex().upper()}"]
    return Order(number=0, kind="data", words=words, ordered_at=at, automatic=True, tag_list=tags)


def check(order: Order, record: CardRecord, eim: Eim) -> None:
    """Raise EimError for a package that cannot be signed, before it is queued."""
    if order.kind == "package":
        operations = [one.to_sign() for one in order.operations]
        replace(eim).package(operations, record.eid, counter=0)


def _data(order: Order, rest: str) -> None:
    try:
        order.tag_list = bytes.fromhex(rest) or USUAL_TAGS
    except ValueError as error:
        raise EimError(f"{rest[:40]!r} is not hex. Write tags such as data:A5A6.") from error


def _download(order: Order, rest: str) -> None:
    code, _, confirmation = rest.partition(",cc=")
    if confirmation:
        order.confirmation_code = confirmation
        order.words = [f"download:{code}"]
    if code == "default":
        order.default_smdp = True
    elif code.partition("=")[0] == "smds":
        order.smds = _smds(code)
    else:
        try:
            order.activation_code = str(ActivationCode.parse(code))
        except ActivationCodeError as error:
            raise EimError(str(error)) from error


def _smds(code: str) -> str:
    """The address in smds=ADDRESS, "" in smds alone. Raises EimError."""
    _, given, address = code.partition("=")
    if given:
        try:
            Address.read(address)
        except AddressError as error:
            raise EimError(str(error)) from error
    return address


TRANSACTION_ID_SIZE = 16

Package = (
    tuple[Literal["euiccPackageRequest"], bytes]
    | tuple[Literal["ipaEuiccDataRequest"], IpaEuiccDataRequestValue]
    | tuple[Literal["profileDownloadTriggerRequest"], ProfileDownloadTriggerRequestValue]
)
"""What an IPA gets in GetEimPackageResponse or TransferEimPackageRequest."""


DELIVERIES = 3
"""How many times an order is delivered without a result before it is postponed."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
"""How long a postponed order waits; twice as long each time, up to the second."""


def stamp(at: datetime) -> str:
    """A time as it is kept: ISO 8601 to the second, all in one time zone."""
    return at.isoformat(timespec="seconds")


def next_package(
    card: CardDraft,
    eim: Eim,
    random: Callable[[int], bytes],
    now: datetime,
    tell: Callable[[str], None],
) -> tuple[Package, Order] | None:
    """What the card gets next, and its order; None if nothing is queued.

    An order that was delivered before is delivered unchanged, unless the card did not recognise its
    signature and another association token is known. One without a result after DELIVERIES
    deliveries is postponed: anybody can ask for packages, so it is never given up for that. One
    that cannot be signed is held; `tell` is called with the reason.
    """
    at = stamp(now)
    _ask_first(card, at)
    while (order := card.next(at)) is not None:
        try:
            found = _MAKERS[order.kind](card.record, order, eim, random)
        except EimError as error:
            order.held, order.problem = True, str(error)
            tell(f"{order.what} is held: {error}")
            continue
        order.deliveries += 1
        if order.deliveries >= DELIVERIES:
            postpone(order, now, f"no result after {order.deliveries} deliveries")
        return found, order
    return None


def postpone(order: Order, now: datetime, problem: str) -> None:
    """Deliver an order later, the later the more often it was delivered; others come first."""
    doublings = min(max(order.deliveries - DELIVERIES, 0), 10)
    order.not_before = stamp(now + min(FIRST_WAIT * 2**doublings, LONGEST_WAIT))
    order.problem = order.problem or problem


EARLIER = 16
"""The most packages of an order whose results are still awaited."""


def sign_again(order: Order) -> None:
    """Deliver an order as if for the first time, with a new counter."""
    if order.transaction_id is not None:
        order.earlier = [*order.earlier, order.transaction_id][-EARLIER:]
    order.held, order.lost, order.problem, order.not_before = False, False, None, None
    order.deliveries = 0
    order.message = order.transaction_id = order.counter = order.token = None


def _ask_first(card: CardDraft, at: str) -> None:
    """Request the card's certificate first: results can only be verified with it."""
    if card.record.euicc_certificate is not None or card.record.asked:
        return
    order = card.next(at)
    if order is not None and order.kind == "package":
        card.record.asked = True
        card.add(data_order(CERTIFICATES, at), first=True)


def token_for(record: CardRecord, order: Order) -> int | None:
    """The association token to sign an order's package with.

    That of the record; if the card did not recognise it, the one that an IPA reported.
    """
    believed = record.token
    if believed is None and not record.token_proven:
        believed = record.token_said
    if order.unknown_signer and believed == order.token:
        return record.token if believed != record.token else record.token_said
    return believed


def _signed_package(
    record: CardRecord, order: Order, eim: Eim, random: Callable[[int], bytes]
) -> Package:
    token = token_for(record, order)
    if order.message is None or (order.unknown_signer and token != order.token):
        signer = replace(eim, counter=record.counter, token=token)
        if order.message is not None:
            sign_again(order)
        order.transaction_id = random(TRANSACTION_ID_SIZE)
        order.message = signer.package(
            [one.to_sign() for one in order.operations],
            record.eid,
            transaction_id=order.transaction_id,
        )
        order.token, order.unknown_signer = token, False
        record.counter = order.counter = signer.counter
    return "euiccPackageRequest", order.message


def _data_request(_: CardRecord, order: Order, eim: Eim, random: Callable[[int], bytes]) -> Package:
    value: IpaEuiccDataRequestValue = {"tagList": order.tag_list or CERTIFICATES}
    if eim.ci_pk_id is not None:
        value["euiccCiPKIdentifierToBeUsed"] = eim.ci_pk_id
    if eim.wire.since("1.1"):  # v1.0 has no eimTransactionId here
        order.transaction_id = order.transaction_id or random(TRANSACTION_ID_SIZE)
        value["eimTransactionId"] = order.transaction_id
    return "ipaEuiccDataRequest", value


def _download_trigger(
    _: CardRecord, order: Order, __: Eim, random: Callable[[int], bytes]
) -> Package:
    if order.transaction_id is None:
        order.transaction_id = random(TRANSACTION_ID_SIZE)
    if order.activation_code is not None:
        code = ActivationCode.parse(order.activation_code).bare
        data: ProfileDownloadDataValue = ("activationCode", code)
    elif order.default_smdp:
        data = ("contactDefaultSmdp", None)
    else:
        contact: ContactSmdsValue = {"smdsAddress": order.smds} if order.smds else {}
        data = ("contactSmds", contact)
    value: ProfileDownloadTriggerRequestValue = {
        "profileDownloadData": data,
        "eimTransactionId": order.transaction_id,
    }
    return "profileDownloadTriggerRequest", value


_MAKERS: dict[str, Callable[[CardRecord, Order, Eim, Callable[[int], bytes]], Package]] = {
    "package": _signed_package,
    "data": _data_request,
    "download": _download_trigger,
}
