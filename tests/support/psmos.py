"""Profile State Management Operations as bytes, and the bytes of their results."""

from __future__ import annotations

from collections.abc import Callable

from support.eims import Eim, ask, objects, raw_package, read_result, tlv
from support.hexes import hx

Send = Callable[[bytes], bytes]

LIST = hx("BF2D00")
GET_RAT = hx("A600")
UNSET_FALLBACK = hx("A900")


def enable(iccid: bytes, *, rollback: bool = False) -> bytes:
    """enable; with the flag the IPA may go back."""
    return tlv("A3", tlv("5A", iccid), hx("0500") if rollback else b"")


def disable(iccid: bytes) -> bytes:
    """disable."""
    return tlv("A4", tlv("5A", iccid))


def delete(iccid: bytes) -> bytes:
    """delete."""
    return tlv("A5", tlv("5A", iccid))


def set_fallback(iccid: bytes) -> bytes:
    """setFallbackAttribute."""
    return tlv("A8", tlv("5A", iccid))


def package(eim: Eim, *operations: bytes, transaction: bytes = b"") -> bytes:
    """The eIM's next package."""
    eim.counter += 1
    head = tlv("82", transaction) if transaction else b""
    return raw_package(eim, head + tlv("A0", *operations), counter=eim.counter)


def order(send: Send, eim: Eim, *operations: bytes, transaction: bytes = b"") -> bytes:
    """Send the eIM's next package; the elements of its signed result in a row."""
    return elements(ask(send, package(eim, *operations, transaction=transaction)))


def elements(answer: bytes) -> bytes:
    """The elements in a signed result of a package."""
    found = read_result(answer)
    ((_, _, fields),) = objects(found.covered)
    *_, (tag, _, content) = objects(fields)
    if tag != "30":
        raise AssertionError(answer.hex())
    return content
