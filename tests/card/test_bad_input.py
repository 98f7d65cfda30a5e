"""Requests that no honest sender makes: each has its own answer, and nothing is changed by it.

6A80 for bytes that are not the message they claim to be, 6A88 for a tag without a function, and
the function's own error code where the standard gives it one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.hexes import hx
from support.kept import files
from support.packages import (
    EID,
    add_initial_eim,
    certificate,
    config,
    der,
    der_integer,
    key,
    result_of,
    signed,
    signed_part,
)

from euicc_sim import Card

A, B = "eim1.example.com", "eim2.example.com"
WRONG_DATA = (b"", 0x6A80)
NO_FUNCTION = (b"", 0x6A88)
HUGE = 1 << 15000
"""An INTEGER of 1,876 bytes: more digits than Python writes out."""


def _ok(answer: str) -> tuple[bytes, int]:
    return hx(answer), 0x9000


def _spki(content: bytes) -> bytes:
    """A SubjectPublicKeyInfo without its own tag and length."""
    at = 2 if content[1] < 0x80 else 2 + (content[1] & 0x7F)
    return content[at:]


def _key_data(spki: bytes | None = None, *, arm: int = 0xA0) -> bytes:
    return der(0xA5, der(arm, _spki(key(1).spki) if spki is None else spki))


def _entry(
    *parts: bytes,
    eim_id: bytes = A.encode(),
    counter: bytes = b"\x05",
    key_data: bytes | None = None,
) -> bytes:
    """A configuration that is fine but for the parts given; `parts` are put in their place."""
    items = [der(0x80, eim_id), der(0x83, counter), key_data or _key_data(), *parts]
    return der(0x30, *sorted(items, key=lambda one: one[0] & 0x1F))


def _initial(*entries: bytes) -> bytes:
    return der(0xBF57, der(0xA0, *entries))


def _nested(tag: int, depth: int, inside: bytes = b"") -> bytes:
    for _ in range(depth):
        inside = der(tag, inside)
    return inside


def _rsa() -> bytes:
    made = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 weak on purpose
    return _spki(made.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _ed25519() -> bytes:
    made = ed25519.Ed25519PrivateKey.generate().public_key()
    return _spki(made.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


EC = hx("06072A8648CE3D0201")
P256 = hx("06082A8648CE3D030107")
GOOD = _entry()
COMMAND_ERROR = _ok("BF5703810107")

ADD_INITIAL_EIM = {
    "nothing inside": (der(0xBF57), COMMAND_ERROR),
    "an empty list": (_initial(), COMMAND_ERROR),
    "a list of another tag": (der(0xBF57, der(0xA1, GOOD)), COMMAND_ERROR),
    "two lists": (der(0xBF57, der(0xA0, GOOD), der(0xA0, GOOD)), COMMAND_ERROR),
    "an empty entry": (_initial(der(0x30)), COMMAND_ERROR),
    "an entry of type SET": (_initial(b"\x31" + GOOD[1:]), COMMAND_ERROR),
    "an entry of type INTEGER": (_initial(der(0x02, b"\x01")), COMMAND_ERROR),
    "a good entry and a bad one": (_initial(GOOD, der(0x30)), COMMAND_ERROR),
    "no eimId": (_initial(der(0x30, der(0x83, b"\x05"), _key_data())), COMMAND_ERROR),
    "no counterValue": (_initial(der(0x30, der(0x80, b"a"), _key_data())), COMMAND_ERROR),
    "no key": (_initial(der(0x30, der(0x80, b"a"), der(0x83, b"\x05"))), COMMAND_ERROR),
    "an eimId of 0 characters": (_initial(_entry(eim_id=b"")), COMMAND_ERROR),
    "an eimId of 129 characters": (_initial(_entry(eim_id=b"a" * 129)), COMMAND_ERROR),
    "an eimId of 129 wide characters": (
        _initial(_entry(eim_id="é".encode() * 129)),
        COMMAND_ERROR,
    ),
    "an eimId that is not UTF-8": (_initial(_entry(eim_id=b"a\xff")), COMMAND_ERROR),
    "an eimId with half of a surrogate pair": (
        _initial(_entry(eim_id=hx("EDA080"))),
        COMMAND_ERROR,
    ),
    "the same eimId twice": (_initial(GOOD, GOOD), COMMAND_ERROR),
    "two eimIds in one entry": (_initial(_entry(der(0x80, b"b"))), COMMAND_ERROR),
    "fields in the wrong order": (
        _initial(der(0x30, der(0x83, b"\x05"), der(0x80, b"a"), _key_data())),
        WRONG_DATA,
    ),
    "a counter without a byte": (_initial(_entry(counter=b"")), COMMAND_ERROR),
    "counter -1": (_initial(_entry(counter=b"\xff")), _ok("BF5703810106")),
    "counter 8388608": (_initial(_entry(counter=hx("00800000"))), _ok("BF5703810106")),
    "counter -8388608": (_initial(_entry(counter=hx("800000"))), _ok("BF5703810106")),
    "counter 2^64": (_initial(_entry(counter=der_integer(2**64))), _ok("BF5703810106")),
    "counter 2^15000": (_initial(_entry(counter=der_integer(HUGE))), _ok("BF5703810106")),
    "counter -2^15000": (_initial(_entry(counter=der_integer(-HUGE))), _ok("BF5703810106")),
    "token 0": (_initial(_entry(der(0x84, b"\0"))), _ok("BF5703810105")),
    "token 1": (_initial(_entry(der(0x84, b"\1"))), _ok("BF5703810105")),
    "token -2": (_initial(_entry(der(0x84, b"\xfe"))), _ok("BF5703810105")),
    "token 2^15000": (_initial(_entry(der(0x84, der_integer(HUGE)))), _ok("BF5703810105")),
    "a token without a byte": (_initial(_entry(der(0x84))), COMMAND_ERROR),
    "an unknown CI": (_initial(_entry(der(0x88, bytes(20)))), _ok("BF5703810103")),
    "an empty CI": (_initial(_entry(der(0x88))), _ok("BF5703810103")),
    "an eimIdType without a byte": (_initial(_entry(der(0x82))), COMMAND_ERROR),
    "eimIdType 0": (_initial(_entry(der(0x82, b"\0"))), COMMAND_ERROR),
    "eimIdType 4": (_initial(_entry(der(0x82, b"\4"))), COMMAND_ERROR),
    "eimIdType 2^15000": (_initial(_entry(der(0x82, der_integer(HUGE)))), COMMAND_ERROR),
    "an eimFqdn that is not UTF-8": (_initial(_entry(der(0x81, b"\xc3"))), COMMAND_ERROR),
    "protocols without a byte": (_initial(_entry(der(0x87))), COMMAND_ERROR),
    "protocols with 8 unused bits": (_initial(_entry(der(0x87, b"\x08\x00"))), COMMAND_ERROR),
    "protocols with unused bits of none": (_initial(_entry(der(0x87, b"\x01"))), COMMAND_ERROR),
    "a NULL with content": (_initial(_entry(der(0x89, b"\0"))), COMMAND_ERROR),
    "an empty key": (_initial(_entry(key_data=der(0xA5))), COMMAND_ERROR),
    "an unknown form of key": (_initial(_entry(key_data=_key_data(arm=0xA2))), COMMAND_ERROR),
    "two keys in one": (
        _initial(_entry(key_data=der(0xA5, *[der(0xA0, _spki(key(1).spki))] * 2))),
        COMMAND_ERROR,
    ),
    "a key of no bytes": (_initial(_entry(key_data=_key_data(b""))), COMMAND_ERROR),
    "a key of garbage": (_initial(_entry(key_data=_key_data(b"\xde\xad" * 40))), COMMAND_ERROR),
    "a key on P-384": (
        _initial(_entry(key_data=_key_data(_spki(key(6, "P-384").spki)))),
        COMMAND_ERROR,
    ),
    "a key on secp256k1": (
        _initial(_entry(key_data=_key_data(_spki(key(7, "secp256k1").spki)))),
        COMMAND_ERROR,
    ),
    "a key on a curve nobody knows": (
        _initial(
            _entry(
                key_data=_key_data(
                    der(0x30, EC, hx("06042A030405")) + der(0x03, b"\0\x04" + bytes(64))
                )
            )
        ),
        COMMAND_ERROR,
    ),
    "a key on a curve spelt out": (
        _initial(
            _entry(
                key_data=_key_data(
                    der(0x30, EC, der(0x30, hx("020101"))) + der(0x03, b"\0\x04" + bytes(64))
                )
            )
        ),
        COMMAND_ERROR,
    ),
    "a point that is not on the curve": (
        _initial(
            _entry(key_data=_key_data(der(0x30, EC, P256) + der(0x03, b"\0\x04" + b"\x01" * 64)))
        ),
        COMMAND_ERROR,
    ),
    "the point at infinity": (
        _initial(_entry(key_data=_key_data(der(0x30, EC, P256) + hx("03020000")))),
        COMMAND_ERROR,
    ),
    "an RSA key": (_initial(_entry(key_data=_key_data(_rsa()))), COMMAND_ERROR),
    "an Ed25519 key": (_initial(_entry(key_data=_key_data(_ed25519()))), COMMAND_ERROR),
    "a certificate of garbage": (
        _initial(_entry(key_data=_key_data(b"\xde\xad" * 40, arm=0xA1))),
        COMMAND_ERROR,
    ),
    "a key where a certificate is due": (
        _initial(_entry(key_data=_key_data(arm=0xA1))),
        COMMAND_ERROR,
    ),
    "a certificate cut short": (
        _initial(_entry(key_data=_key_data(_spki(certificate(key(1)))[:-9], arm=0xA1))),
        COMMAND_ERROR,
    ),
    "a certificate for P-384": (
        _initial(_entry(key_data=_key_data(_spki(certificate(key(6, "P-384"))), arm=0xA1))),
        COMMAND_ERROR,
    ),
    "17 eIMs": (
        _initial(*(_entry(eim_id=b"%d" % one) for one in range(17))),
        _ok("BF5703810101"),
    ),
    "a list of indefinite length": (der(0xBF57, b"\xa0\x80" + GOOD + bytes(2)), COMMAND_ERROR),
    "an entry of indefinite length": (_initial(b"\x30\x80" + GOOD[2:] + bytes(2)), COMMAND_ERROR),
    "a list that claims too much": (der(0xBF57, b"\xa0\x7f" + GOOD), COMMAND_ERROR),
    "a field that claims too much": (_initial(der(0x30, b"\x80\x7fabc")), COMMAND_ERROR),
    "a length of 4 GiB": (_initial(der(0x30, b"\x80\x84\xff\xff\xff\xff")), COMMAND_ERROR),
    "a length of 127 bytes": (_initial(der(0x30, b"\x80\xff" + bytes(127))), COMMAND_ERROR),
    "a byte too many inside": (der(0xBF57, der(0xA0, GOOD), b"\0"), COMMAND_ERROR),
    "5000 levels": (_initial(_nested(0x30, 5000)), COMMAND_ERROR),
    "5000 levels of key": (_initial(_entry(key_data=_nested(0xA5, 5000))), COMMAND_ERROR),
}

NOT_ONE_OBJECT = {
    "a byte": hx("BF"),
    "zeros": bytes(9),
    "a tag": hx("BF57"),
    "a tag that does not end": hx("BFFFFFFFFFFFFFFF"),
    "a tag with a leading zero": hx("1F8000"),
    "a length that is cut": hx("BF5782"),
    "a length that lies": hx("BF55 05 A003"),
    "a length of 4 GiB": hx("BF55 84FFFFFFFF"),
    "an indefinite length": hx("BF55 80 0000"),
    "an indefinite length that holds something": hx("BF57 80 A000 0000"),
    "a package of indefinite length": b"\xbf\x51\x80" + der(0x30) + bytes(2),
    "a byte after the object": hx("BF5500 00"),
    "two objects": hx("BF5500 BF5500"),
    "a reserved form of length": hx("BF55 FF"),
}

NO_SUCH_FUNCTION = {
    "BF7D": hx("BF7D00"),
    "BF52, which IPAs exchange": hx("BF5200"),
    "BF35, LoadCRL": hx("BF3500"),
    "a universal tag": hx("3000"),
    "a context tag": hx("8000"),
    "the primitive twin of BF55": hx("9F5500"),
    "a tag of three bytes": hx("BF815500"),
    "a tag of four bytes": hx("BF81815500"),
}

OTHERS = {
    "BF55, empty criterion": (hx("BF55 02 A000"), WRONG_DATA),
    "BF55, unknown criterion": (hx("BF55 04 A002 8100"), WRONG_DATA),
    "BF55, eimId of 0 characters": (hx("BF55 04 A002 8000"), WRONG_DATA),
    "BF55, eimId of 129 characters": (der(0xBF55, der(0xA0, der(0x80, b"a" * 129))), WRONG_DATA),
    "BF55, eimId that is not UTF-8": (hx("BF55 05 A003 8001FF"), WRONG_DATA),
    "BF55, two criteria": (hx("BF55 08 A006 800161 800162"), WRONG_DATA),
    "BF55, cut criterion": (hx("BF55 03 A00180"), WRONG_DATA),
    "BF55, unknown eimId": (hx("BF55 05 A003 800161"), _ok("BF5502A000")),
    "BF2B, empty criterion": (hx("BF2B 02 A000"), WRONG_DATA),
    "BF2B, unknown criterion": (hx("BF2B 04 A002 8300"), WRONG_DATA),
    "BF2B, number without a byte": (hx("BF2B 04 A002 8000"), WRONG_DATA),
    "BF2B, number -1": (hx("BF2B 05 A003 8001FF"), _ok("BF2B02A000")),
    "BF2B, number 2^15000": (
        der(0xBF2B, der(0xA0, der(0x80, der_integer(HUGE)))),
        _ok("BF2B02A000"),
    ),
    "BF2B, events without a byte": (hx("BF2B 04 A002 8100"), WRONG_DATA),
    "BF2B, events with 8 unused bits": (hx("BF2B 06 A004 810208FF"), WRONG_DATA),
    "BF2B, NULL with content": (hx("BF2B 05 A003 820100"), WRONG_DATA),
    "BF30, nothing": (hx("BF3000"), WRONG_DATA),
    "BF30, number without a byte": (hx("BF30 02 8000"), WRONG_DATA),
    "BF30, number of type INTEGER": (hx("BF30 03 020101"), WRONG_DATA),
    "BF30, two numbers": (hx("BF30 06 800155 800156"), WRONG_DATA),
    "BF30, number 0": (hx("BF30 03 800100"), _ok("BF3003800101")),
    "BF30, number -1": (hx("BF30 03 8001FF"), _ok("BF3003800101")),
    "BF30, number 2^15000": (der(0xBF30, der(0x80, der_integer(HUGE))), _ok("BF3003800101")),
    "BF30, number -2^15000": (der(0xBF30, der(0x80, der_integer(-HUGE))), _ok("BF3003800101")),
    "BF2D, empty criterion": (hx("BF2D 02 A000"), _ok("BF2D03810101")),
    "BF2D, ICCID of 9 bytes": (
        der(0xBF2D, der(0xA0, der(0x5A, bytes(9)))),
        _ok("BF2D03810101"),
    ),
    "BF2D, AID of 17 bytes": (der(0xBF2D, der(0xA0, der(0x4F, bytes(17)))), _ok("BF2D03810101")),
    "BF2D, cut criterion": (hx("BF2D 03 A0015A"), _ok("BF2D03810101")),
    "BF2D, unknown criterion": (hx("BF2D 04 A002 9F00"), _ok("BF2D03810101")),
    "BF64, nothing": (hx("BF6400"), WRONG_DATA),
    "BF64, options without a byte": (hx("BF64 02 8200"), WRONG_DATA),
    "BF64, options of 8 unused bits": (hx("BF64 04 820208FF"), WRONG_DATA),
    "BF64, unused bits of none": (hx("BF64 03 820104"), WRONG_DATA),
    "BF64, options of type BIT STRING": (hx("BF64 04 03020204"), WRONG_DATA),
    "BF64, options twice": (hx("BF64 08 82020204 82020204"), WRONG_DATA),
    "BF64, no option": (hx("BF64 03 820100"), _ok("BF6403800101")),
    "BF64, options of 1000 bytes": (der(0xBF64, der(0x82, b"\0" + b"\xff" * 999)), WRONG_DATA),
    "BF65, nothing": (hx("BF6500"), WRONG_DATA),
    "BF65, not UTF-8": (hx("BF65 03 8001FF"), WRONG_DATA),
    "BF65, address of type UTF8String": (hx("BF65 03 0C0161"), WRONG_DATA),
    "BF65, 256 characters": (der(0xBF65, der(0x80, b"a" * 256)), _ok("BF650380017F")),
    "BF65, 60000 characters": (der(0xBF65, der(0x80, b"a" * 60000)), _ok("BF650380017F")),
    "BF56, CI of no bytes": (hx("BF56 02 8000"), _ok("BF5603810101")),
    "BF56, unknown CI": (der(0xBF56, der(0x80, bytes(20))), _ok("BF5603810101")),
    "BF56, CI of 5000 bytes": (der(0xBF56, der(0x80, bytes(5000))), _ok("BF5603810101")),
    "BF56, CI twice": (hx("BF56 06 800101 800101"), WRONG_DATA),
    "BF56, lying length": (hx("BF56 02 8005"), WRONG_DATA),
    "BF3E, nothing": (hx("BF3E00"), WRONG_DATA),
    "BF3E, empty tag list": (hx("BF3E 02 5C00"), WRONG_DATA),
    "BF3E, lying length": (hx("BF3E 03 5C025A"), WRONG_DATA),
    "BF28, events without a byte": (hx("BF28 02 8100"), WRONG_DATA),
    "BF28, events with 9 unused bits": (hx("BF28 04 810209FF"), WRONG_DATA),
    "BF28, lying length": (hx("BF28 02 8107"), WRONG_DATA),
}


@pytest.fixture
def blank(card: Card) -> Iterator[Card]:
    """A card that trusts nobody and must not change."""
    yield from _unchanged(card)


@pytest.fixture
def owned(card: Card) -> Iterator[Card]:
    """A card that trusts A (counter 5) and B (counter 5, token 1) and must not change."""
    card.transmit(SELECT_ISDR)
    es10(
        card.transmit,
        add_initial_eim(
            config(A, counterValue=5, key=key(1)),
            config(B, counterValue=5, key=key(2), associationToken=-1),
        ),
    )
    yield from _unchanged(card)


def _unchanged(card: Card) -> Iterator[Card]:
    card.reset()
    card.transmit(SELECT_ISDR)
    before, document = card.state, _document(card)
    yield card
    assert card.state == before
    assert _document(card) == document
    assert es10(card.transmit, hx("BF3E035C015A")) == hx("BF3E125A10") + EID


def _document(card: Card) -> tuple[bytes, bytes]:
    return files(card.directory)


@pytest.mark.parametrize("name", ADD_INITIAL_EIM)
def test_add_initial_eim_refuses(blank: Card, name: str) -> None:
    request, answer = ADD_INITIAL_EIM[name]
    assert es10_sw(blank.transmit, request) == answer


@pytest.mark.parametrize("name", ADD_INITIAL_EIM)
def test_add_initial_eim_says_that_somebody_is_trusted_before_it_looks_at_contents(
    owned: Card, name: str
) -> None:
    request, answer = ADD_INITIAL_EIM[name]
    trusted = _ok("BF5703810102")
    assert es10_sw(owned.transmit, request) == (answer if answer == WRONG_DATA else trusted)


@pytest.mark.parametrize("name", NOT_ONE_OBJECT)
def test_bytes_that_are_not_one_object_are_6a80(owned: Card, name: str) -> None:
    assert es10_sw(owned.transmit, NOT_ONE_OBJECT[name]) == WRONG_DATA


@pytest.mark.parametrize("name", NO_SUCH_FUNCTION)
def test_a_tag_without_a_function_is_6a88(owned: Card, name: str) -> None:
    assert es10_sw(owned.transmit, NO_SUCH_FUNCTION[name]) == NO_FUNCTION


@pytest.mark.parametrize("name", OTHERS)
def test_a_function_given_something_else_answers(owned: Card, name: str) -> None:
    request, answer = OTHERS[name]
    assert es10_sw(owned.transmit, request) == answer


def test_get_eid_cannot_serve_another_tag_list(owned: Card) -> None:
    answer, sw = es10_sw(owned.transmit, hx("BF3E 03 5C014F"))
    assert (answer, sw) in (NO_FUNCTION, WRONG_DATA)


# -- eUICC Packages


def _part(*fields: bytes) -> bytes:
    return der(0x30, *fields)


def _by_a(part: bytes) -> bytes:
    return signed(part, key(1))


ID, TO_ME, NEXT = der(0x80, A.encode()), der(0x5A, EID), der(0x81, b"\x06")
LIST = der(0xA1, der(0xAB))
GOOD_PART = _part(ID, TO_ME, NEXT, LIST)
SIGNATURE = key(1).sign(GOOD_PART + hx("840100"))

UNREADABLE = {
    "nothing": der(0xBF51),
    "garbage": der(0xBF51, b"\xff\xff\xff"),
    "a signature alone": der(0xBF51, der(0x5F37, bytes(64))),
    "an empty signed part": _by_a(_part()),
    "a signed part of type SET": _by_a(b"\x31" + GOOD_PART[1:]),
    "two signed parts": der(0xBF51, GOOD_PART, GOOD_PART, der(0x5F37, SIGNATURE)),
    "no eimId": _by_a(_part(TO_ME, NEXT, LIST)),
    "an eimId of 0 characters": _by_a(_part(der(0x80), TO_ME, NEXT, LIST)),
    "an eimId of 129 characters": _by_a(_part(der(0x80, b"a" * 129), TO_ME, NEXT, LIST)),
    "an eimId that is not UTF-8": _by_a(_part(der(0x80, b"\xff"), TO_ME, NEXT, LIST)),
    "an eimId that claims too much": _by_a(_part(b"\x80\x7f" + A.encode())),
    "two eimIds": _by_a(_part(ID, ID, TO_ME, NEXT, LIST)),
    "a signed part of indefinite length": der(
        0xBF51, b"\x30\x80" + ID + TO_ME + NEXT + LIST + bytes(2), der(0x5F37, SIGNATURE)
    ),
    "5000 levels": _nested(0xBF51, 5000),
    "5000 levels of signed parts": der(0xBF51, _nested(0x30, 5000)),
}

NOT_SIGNED = {
    "no signature": der(0xBF51, GOOD_PART),
    "an empty signature": der(0xBF51, GOOD_PART, der(0x5F37)),
    "a signature of 63 bytes": der(0xBF51, GOOD_PART, der(0x5F37, SIGNATURE[:-1])),
    "a signature of 65 bytes": der(0xBF51, GOOD_PART, der(0x5F37, SIGNATURE + b"\0")),
    "a signature of 65 bytes with a zero": der(0xBF51, GOOD_PART, der(0x5F37, b"\0" + SIGNATURE)),
    "two signatures": der(0xBF51, GOOD_PART, *[der(0x5F37, SIGNATURE)] * 2),
    "a signature of zeros": der(0xBF51, GOOD_PART, der(0x5F37, bytes(64))),
    "a signature of FFs": der(0xBF51, GOOD_PART, der(0x5F37, b"\xff" * 64)),
    "a signature whose length lies": der(0xBF51, GOOD_PART, b"\x5f\x37\x41" + SIGNATURE),
    "a signature by another": signed(GOOD_PART, key(2)),
    "a signature by a key on P-384": der(0xBF51, GOOD_PART, der(0x5F37, bytes(96))),
    "a token nobody gave": signed(GOOD_PART, key(1), 1),
    "a signature over the content alone": der(
        0xBF51, GOOD_PART, der(0x5F37, key(1).sign(GOOD_PART[2:] + hx("840100")))
    ),
    "a signature over no token": der(0xBF51, GOOD_PART, der(0x5F37, key(1).sign(GOOD_PART))),
    "no counter": _by_a(_part(ID, TO_ME, LIST)),
    "a counter without a byte": _by_a(_part(ID, TO_ME, der(0x81), LIST)),
    "two counters": _by_a(_part(ID, TO_ME, NEXT, der(0x81, b"\x07"), LIST)),
    "the length spelt in another way": der(
        0xBF51, b"\x30\x81" + GOOD_PART[1:], der(0x5F37, SIGNATURE)
    ),
}

REFUSED = {
    "no EID": (_part(ID, NEXT, LIST), 3),
    "an EID of 15 bytes": (_part(ID, der(0x5A, EID[:-1]), NEXT, LIST), 3),
    "an EID of 17 bytes": (_part(ID, der(0x5A, EID + b"\0"), NEXT, LIST), 3),
    "another EID": (_part(ID, der(0x5A, bytes(16)), NEXT, LIST), 3),
    "two EIDs": (_part(ID, TO_ME, TO_ME, NEXT, LIST), 3),
    "counter 8388608": (_part(ID, TO_ME, der(0x81, hx("00800000")), LIST), 6),
    "counter -1": (_part(ID, TO_ME, der(0x81, b"\xff"), LIST), 6),
    "counter 2^64": (_part(ID, TO_ME, der(0x81, der_integer(2**64)), LIST), 6),
    "counter 2^15000": (_part(ID, TO_ME, der(0x81, der_integer(HUGE)), LIST), 6),
    "counter -2^15000": (_part(ID, TO_ME, der(0x81, der_integer(-HUGE)), LIST), 6),
    "the counter of the last package": (_part(ID, TO_ME, der(0x81, b"\x05"), LIST), 4),
    "counter 0": (_part(ID, TO_ME, der(0x81, b"\0"), LIST), 4),
    "no list": (_part(ID, TO_ME, NEXT), 127),
    "both lists": (_part(ID, TO_ME, NEXT, der(0xA0), der(0xA1)), 127),
    "a list twice": (_part(ID, TO_ME, NEXT, LIST, LIST), 127),
    "a list of another tag": (_part(ID, TO_ME, NEXT, der(0xA2)), 127),
    "a list that is not a row of objects": (_part(ID, TO_ME, NEXT, der(0xA1, b"\xab")), 127),
    "a list that claims too much": (_part(ID, TO_ME, NEXT, b"\xa1\x05\xab\x00"), 127),
    "a list of indefinite length": (_part(ID, TO_ME, NEXT, b"\xa1\x80\xab\0\0\0"), 127),
    "an operation of indefinite length": (_part(ID, TO_ME, NEXT, hx("A104AB800000")), 127),
}

TERMINATED = ("processingTerminated", 2)
DAMAGED = {
    "an unknown tag": (der(0xA1, hx("AC00")), TERMINATED),
    "a SEQUENCE": (der(0xA1, hx("3000")), TERMINATED),
    "a PSMO among eCOs": (der(0xA1, der(0xA3, der(0x5A, bytes(10)))), TERMINATED),
    "an eCO among PSMOs": (der(0xA0, hx("AB00")), TERMINATED),
    "an eIM among PSMOs": (der(0xA0, b"\xa8" + GOOD[1:]), TERMINATED),
    "an ICCID of 9 bytes": (der(0xA0, der(0xA3, der(0x5A, bytes(9)))), TERMINATED),
    "no ICCID": (der(0xA0, hx("A400")), TERMINATED),
    "an address that is not UTF-8": (der(0xA0, hx("BF65 03 8001FF")), TERMINATED),
    "an OID that does not end": (der(0xA0, hx("A7 05 8000 810180")), TERMINATED),
    "an empty addEim": (der(0xA1, hx("A800")), ("addEimResult", ("addEimResultCode", 7))),
    "an addEim of garbage": (
        der(0xA1, hx("A803 800561")),
        ("addEimResult", ("addEimResultCode", 7)),
    ),
    "an addEim with an eimId of 129 characters": (
        der(0xA1, b"\xa8" + _entry(eim_id=b"a" * 129)[1:]),
        ("addEimResult", ("addEimResultCode", 7)),
    ),
    "an addEim with a key on P-384": (
        der(0xA1, b"\xa8" + _entry(eim_id=b"c", key_data=_key_data(key(6, "P-384").spki))[1:]),
        ("addEimResult", ("addEimResultCode", 7)),
    ),
    "an addEim with counter 2^15000": (
        der(0xA1, b"\xa8" + _entry(eim_id=b"c", counter=der_integer(HUGE))[1:]),
        ("addEimResult", ("addEimResultCode", 6)),
    ),
    "an addEim with token 2^15000": (
        der(0xA1, b"\xa8" + _entry(der(0x84, der_integer(HUGE)), eim_id=b"c")[1:]),
        ("addEimResult", ("addEimResultCode", 5)),
    ),
    "an addEim with an unknown CI": (
        der(0xA1, b"\xa8" + _entry(der(0x88, bytes(20)), eim_id=b"c")[1:]),
        ("addEimResult", ("addEimResultCode", 3)),
    ),
    "an empty updateEim": (der(0xA1, hx("AA00")), ("updateEimResult", 7)),
    "an updateEim of an eIM nobody knows": (
        der(0xA1, hx("AA06 800161 830109")),
        ("updateEimResult", 1),
    ),
    "an updateEim with counter 2^15000": (
        der(0xA1, der(0xAA, der(0x80, B.encode()), der(0x83, der_integer(HUGE)))),
        ("updateEimResult", 6),
    ),
    "an updateEim with a key on secp256k1": (
        der(0xA1, der(0xAA, der(0x80, B.encode()), _key_data(_spki(key(7, "secp256k1").spki)))),
        ("updateEimResult", 7),
    ),
    "an updateEim of a token": (
        der(0xA1, der(0xAA, der(0x80, B.encode()), der(0x84, b"\xff"))),
        ("updateEimResult", 7),
    ),
    "an empty deleteEim": (der(0xA1, hx("A900")), ("deleteEimResult", 7)),
    "a deleteEim of no UTF-8": (der(0xA1, hx("A903 8001FF")), ("deleteEimResult", 7)),
    "a deleteEim of 129 characters": (
        der(0xA1, der(0xA9, der(0x80, b"a" * 129))),
        ("deleteEimResult", 1),
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_package_whose_eim_cannot_be_read_is_6a80(owned: Card, name: str) -> None:
    assert es10_sw(owned.transmit, UNREADABLE[name]) == WRONG_DATA


@pytest.mark.parametrize("name", NOT_SIGNED)
def test_a_package_nobody_signed_has_an_unsigned_answer(owned: Card, name: str) -> None:
    answer = es10(owned.transmit, NOT_SIGNED[name])
    assert answer == der(0xBF51, der(0xA2, ID))


def test_a_package_nobody_signed_is_told_the_token(owned: Card) -> None:
    part = signed_part(B, 6)
    answer = es10(owned.transmit, signed(part, key(2)))
    assert answer == der(0xBF51, der(0xA2, der(0x80, B.encode()), hx("840101")))


@pytest.mark.parametrize("name", REFUSED)
def test_a_signed_package_that_is_not_acceptable_has_a_signed_error(owned: Card, name: str) -> None:
    part, code = REFUSED[name]
    form, value = result_of(es10(owned.transmit, _by_a(part)))
    assert (form, value["euiccPackageErrorCode"]) == ("error", code)


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_operation_stops_an_accepted_package(card: Card, name: str) -> None:
    operations, result = DAMAGED[name]
    card.transmit(SELECT_ISDR)
    setup = [config(A, counterValue=5, key=key(1)), config(B, counterValue=5, key=key(2))]
    es10(card.transmit, add_initial_eim(*setup))
    shown = es10(card.transmit, hx("BF5500"))
    form, value = result_of(es10(card.transmit, _by_a(_part(ID, TO_ME, NEXT, operations))))
    assert (form, value["euiccResult"]) == ("result", [result])
    assert es10(card.transmit, hx("BF5500")) == shown
    assert [one.counter for one in card.state.eims] == [6, 5]


# -- ways round the replay counter


def test_a_package_in_which_its_eim_comes_anew_is_a_replay_the_second_time(card: Card) -> None:
    """Clause 5.9.1: the counter is written after the operations; then no old package fits."""
    card.transmit(SELECT_ISDR)
    es10(card.transmit, add_initial_eim(config(A, counterValue=5, key=key(1))))
    again = [("deleteEim", {"eimId": A}), ("addEim", config(A, counterValue=0, key=key(1)))]
    request = _by_a(signed_part(A, 6, again))
    assert result_of(es10(card.transmit, request))[0] == "result"
    assert result_of(es10(card.transmit, request))[0] == "error"


def test_a_lower_counter_with_the_old_key_again_lets_no_old_package_in(card: Card) -> None:
    """Clause 3.5: lowering needs a new key, and the key that is there already is not new."""
    card.transmit(SELECT_ISDR)
    both = [config(A, counterValue=5, key=key(1)), config(B, counterValue=5, key=key(2))]
    es10(card.transmit, add_initial_eim(*both))
    old = _by_a(GOOD_PART)
    assert result_of(es10(card.transmit, old))[0] == "result"
    lower = [("updateEim", config(A, counterValue=0, key=key(1)))]
    es10(card.transmit, signed(signed_part(B, 6, lower), key(2)))
    assert result_of(es10(card.transmit, old))[0] == "error"
