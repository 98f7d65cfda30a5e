"""Documents that are not a card's: each is refused with its place and the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.es10 import SELECT_ISDR, es10
from support.packages import add_initial_eim, config, key, package

from euicc_sim import Card
from euicc_sim.store.document import DocumentError, parse

Document = dict[str, Any]
Spoil = Callable[[Document], object]


@pytest.fixture
def document(card: Card) -> Document:
    """The document of a card that trusts two eIMs and keeps two results."""
    card.transmit(SELECT_ISDR)
    es10(
        card.transmit,
        add_initial_eim(
            config("eim1", counterValue=0, key=key(1), associationToken=-1),
            config("eim2", counterValue=0, key=key(2)),
        ),
    )
    for counter in (1, 2):
        es10(card.transmit, package("eim1", counter, key=key(1), token=1))
    card.idle(1.0)
    found: Document = json.loads((card.directory / "card.json").read_text())
    return found


def put(*path: str | int, value: object) -> Spoil:
    """Put a value in a place."""

    def spoil(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return spoil


def drop(*path: str | int) -> Spoil:
    """Take a field away."""

    def spoil(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return spoil


P384 = key(6, "P-384").spki.hex()

SPOILT = {
    "no counter": (drop("eims", 1, "counterValue"), "at eims.1.counterValue: this field is"),
    "a negative counter": (put("eims", 0, "counterValue", value=-1), "at eims.0.counterValue: "),
    "a counter too high": (
        put("eims", 0, "counterValue", value=8388608),
        "at eims.0.counterValue: ",
    ),
    "a counter in quotes": (put("eims", 0, "counterValue", value="7"), "at eims.0.counterValue: "),
    "a counter with a point": (
        put("eims", 0, "counterValue", value=7.5),
        "at eims.0.counterValue: ",
    ),
    "a counter that is true": (
        put("eims", 0, "counterValue", value=True),
        "at eims.0.counterValue: ",
    ),
    "token 0": (put("eims", 0, "associationToken", value=0), "at eims.0.associationToken: "),
    "an empty eimId": (put("eims", 0, "eimId", value=""), "at eims.0.eimId: "),
    "a long eimId": (put("eims", 0, "eimId", value="a" * 0x10000), "at eims.0.eimId: "),
    "a key that is none": (
        put("eims", 0, "eimPublicKeyData", value={"publicKey": "30"}),
        "at eims.0.eimPublicKeyData: ",
    ),
    "a key on P-384": (
        put("eims", 0, "eimPublicKeyData", value={"publicKey": P384}),
        "at eims.0.eimPublicKeyData: ",
    ),
    "no key": (put("eims", 0, "eimPublicKeyData", value={}), "at eims.0.eimPublicKeyData: "),
    "digits that are not hex": (
        put("eims", 0, "euiccCiPKId", value="XY"),
        "at eims.0.euiccCiPKId: ",
    ),
    "a number for hex": (put("eims", 0, "euiccCiPKId", value=12), "at eims.0.euiccCiPKId: "),
    "the same eimId twice": (put("eims", 1, "eimId", value="eim1"), "two eIMs have the same eimId"),
    "the same number twice": (put("results", 1, "seqNumber", value=1), "the same seqNumber"),
    "a number in use as the next": (put("nextSeqNumber", value=2), "nextSeqNumber must be above 2"),
    "a token in use as the next": (
        put("nextAssociationToken", value=1),
        "nextAssociationToken must be above 1",
    ),
    "a field nobody knows": (put("eims", 0, "colour", value="red"), "at eims.0.colour: "),
    "an EID of 31 digits": (put("card", "eid", value="8" * 31), "at card.eid: "),
    "an EID of letters": (put("card", "eid", value="A" * 32), "at card.eid: "),
    "no credentials": (put("card", "credentials", value=[]), "at card.credentials: "),
    "a private key elsewhere": (
        put("card", "credentials", 0, "privateKey", value="../key.pem"),
        "at card.credentials.0.privateKey: ",
    ),
    "a CI's certificate that is none": (
        put("card", "credentials", 0, "ciCertificate", value="3000"),
        "at card.credentials.0.ciCertificate: ",
    ),
    "no room": (put("card", "limits", "eims", value=0), "at card.limits.eims: "),
    "eIMs that are no list": (put("eims", value={}), "at eims: "),
    "another schema": (put("schema", value=3), '"schema" is 3'),
    "no schema": (drop("schema"), '"schema" is None'),
    "a later version": (put("card", "sgp32", value="9.9"), "at card.sgp32: "),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_damaged_document_is_refused_with_its_place(document: Document, name: str) -> None:
    spoil, expected = SPOILT[name]
    spoil(document)
    with pytest.raises(DocumentError) as caught:
        parse(json.dumps(document).encode())
    assert expected in str(caught.value)


def test_the_document_is_whole_before_it_is_spoilt(document: Document, card: Card) -> None:
    assert parse(json.dumps(document).encode()) == (card.identity, card.state)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0" * 100,
        b"\xff\xfe",
        b"{",
        b"[1, 2",
        b"null",
        b"[]",
        b"7",
        b'{"schema": 1}',
        b'{"schema": true}',
        b'{"schema": 1, "card": null}',
        b'{"schema": ' + b"1" * 5000 + b"}",
        b'{"schema": NaN}',
        b"[" * 100_000,
        b'{"schema": 1, "card": ' + b"[" * 100_000,
    ],
    ids=lambda text: f"{text[:24]!r} of {len(text)}",
)
def test_other_text_is_refused(text: bytes) -> None:
    with pytest.raises(DocumentError):
        parse(text)


def test_the_document_cut_at_any_byte_is_refused(card: Card) -> None:
    whole = Path(card.directory, "card.json").read_bytes().rstrip()
    for size in range(0, len(whole), 37):
        with pytest.raises(DocumentError, match="not JSON"):
            parse(whole[:size])


def test_a_fault_in_a_very_long_document_is_named_without_its_line(document: Document) -> None:
    document["zzz"] = "a" * 0x400000
    with pytest.raises(DocumentError, match=r"^at zzz: there is no such field$"):
        parse(json.dumps(document).encode())
