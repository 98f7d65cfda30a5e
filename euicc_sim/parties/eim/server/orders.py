"""What an eIM can be asked to do with a card, in words: packages, data requests, downloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from euicc_sim.parties.eim.party import Eim
from euicc_sim.parties.eim.server.record import CardRecord, Order, OrderedOperation
from euicc_sim.parties.eim.words import Loader, operation
from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError
from euicc_sim.parties.messages.errors import EimError

SYNTAX = """\
data[:TAGS]
download:ACTIVATION-CODE[,cc=CONFIRMATION-CODE]
download:default
download:smds[=ADDRESS]"""
"""Orders beside packages, each of which stands alone."""

USUAL_TAGS = bytes.fromhex("BF20BF228384A5A688A8A9")
"""EUICCInfo1 and 2, root SM-DS, association token, EUM and eUICC certificates, and what the IPA and
the device can do (IPAs take 88 or A8 for that)."""
CERTIFICATES = bytes.fromhex("BF20BF2284A5A6")
"""What an eIM must know to verify results."""
RESULTS = bytes.fromhex("A2BF2B")
"""The results of packages that the card keeps; BF2B is what v1.0 calls them."""


def order_of(words: Sequence[str], at: str, eim_of: Loader | None = None) -> Order:
    """An order without a number. Raises EimError with what to write instead."""
    if not words:
        raise EimError("An order has at least one operation. Name one, such as listProfileInfo.")
    order = Order(number=0, kind="package", words=list(words), ordered_at=at)
    name, _, rest = words[0].partition(":")
    if name not in ("data", "download"):
        loading = {} if eim_of is None else {"eim_of": eim_of}
        order.operations = [
            OrderedOperation(kind=one.kind, name=one.name, raw=one.raw)
            for one in (operation(word, **loading) for word in words)
        ]
        return order
    if len(words) > 1:
        raise EimError(f"{name} stands alone. Order {' '.join(words[1:])!r} separately.")
    order.kind = "data" if name == "data" else "download"
    (_data if name == "data" else _download)(order, rest)
    return order


def data_order(tags: bytes, at: str) -> Order:
    """A data request of the eIM's own."""
    words = [f"data:{tags.hex().upper()}"]
    return Order(number=0, kind="data", words=words, ordered_at=at, automatic=True, tag_list=tags)


def check(order: Order, record: CardRecord, eim: Eim) -> None:
    """Raise EimError for a package that cannot be signed, which tells before it is queued."""
    if order.kind == "package":
        operations = [one.operation() for one in order.operations]
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
        order.smds = code.partition("=")[2]
    else:
        try:
            order.activation_code = str(ActivationCode.parse(code))
        except ActivationCodeError as error:
            raise EimError(str(error)) from error
