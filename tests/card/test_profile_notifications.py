"""Notifications of what happens to Profiles: to whom, in which order, signed by which key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from support.eims import LIST_EIM, ask, check_signature, eim1, objects, tlv, trust, value_of
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, RECIPIENT, SMDP, A, B, install
from support.managing import (
    Contents,
    delete,
    disable,
    enable,
    holding,
    made,
    nickname,
    profile,
    told,
)

from euicc_sim import Card
from euicc_sim.model.profile import Recipient
from euicc_sim.parties.smdpp.metadata import Event, NotificationTarget
from euicc_sim.store.directory import DOCUMENT
from keys import Curve

Send = Callable[[bytes], bytes]

INSTALL, ENABLE, DISABLE, DELETE = range(4)
ALL = hx("BF2B00")
SEVERAL = (
    Recipient(frozenset({ENABLE, DISABLE}), "one.example"),
    Recipient(frozenset({DISABLE}), "two.example"),
    Recipient(frozenset({ENABLE}), "three.example"),
    Recipient(frozenset({ENABLE}), "one.example"),
    Recipient(frozenset(), "nobody.example"),
    Recipient(frozenset({INSTALL, DELETE}), "four.example"),
)


@pytest.fixture
def contents() -> Contents:
    return Contents((profile(A_DIGITS), profile(B_DIGITS, enabled=True)))


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def retrieved(send: Send, criterion: str = "") -> list[bytes]:
    """RetrieveNotificationsList: the notifications, each as the card wrote it."""
    answer = ask(send, tlv("BF2B", *([tlv("A0", hx(criterion))] if criterion else [])))
    ((_, _, body),) = objects(answer)
    ((tag, _, found),) = objects(body)
    assert tag == "A0"
    return [whole for _, whole, _ in objects(found)]


def facts(send: Send) -> list[tuple[int, str, bytes]]:
    """Event, address and ICCID of what the card lists."""
    return [(event, address, iccid) for _, event, address, iccid in told(send)]


def parts(notification: bytes) -> list[bytes]:
    """BF2F, the signature's content, two certificates."""
    ((tag, _, inside),) = objects(notification)
    assert tag == "30"
    found = list(objects(inside))
    assert [one for one, _, _ in found] == ["BF2F", "5F37", "30", "30"]
    (_, metadata, _), (_, _, signature), (_, euicc, _), (_, eum, _) = found
    return [metadata, signature, euicc, eum]


# -- what is told, and to whom


def test_the_old_profile_is_told_of_before_the_new_one(isdr: Send) -> None:
    ask(isdr, enable(A))
    assert told(isdr) == [(1, DISABLE, RECIPIENT, B), (2, ENABLE, RECIPIENT, A)]


def test_the_list_in_bytes(isdr: Send) -> None:
    ask(isdr, disable(B))
    address = RECIPIENT.encode().hex()
    assert ask(isdr, hx("BF2800")) == hx(
        f"BF28 33 A031 BF2F 2E 800101 8102 0520 0C19 {address} 5A0A 98001032547698103224"
    )


def test_a_deletion_is_told_of(isdr: Send) -> None:
    ask(isdr, delete(A))
    assert told(isdr) == [(1, DELETE, RECIPIENT, A)]


@holding(profile(A_DIGITS, recipients=SEVERAL))
def test_each_recipient_of_an_event_is_told_in_the_order_of_the_metadata(isdr: Send) -> None:
    ask(isdr, enable(A))
    assert facts(isdr) == [
        (ENABLE, "one.example", A),
        (ENABLE, "three.example", A),
        (ENABLE, "one.example", A),
    ]
    ask(isdr, disable(A))
    assert facts(isdr)[3:] == [(DISABLE, "one.example", A), (DISABLE, "two.example", A)]
    ask(isdr, delete(A))
    assert facts(isdr)[5:] == [(DELETE, "four.example", A)]


@holding(profile(A_DIGITS, recipients=()))
def test_where_nobody_wants_to_know_nobody_is_told(isdr: Send) -> None:
    for request in (enable(A), disable(A), delete(A)):
        ask(isdr, request)
    assert ask(isdr, hx("BF2800")) == hx("BF28 02 A000")


@pytest.mark.parametrize("request_", [enable(B), disable(A), delete(B), nickname(A, b"new")])
def test_what_is_refused_or_no_event_is_not_told(isdr: Send, request_: bytes) -> None:
    ask(isdr, request_)
    assert told(isdr) == []


@holding()
def test_an_installation_is_told_to_others_than_its_server(
    isdr: Send, card: Card, pki_folder: Path
) -> None:
    targets = tuple(
        NotificationTarget(frozenset(Event), one) for one in (SMDP, "one.example", "two.example")
    )
    result = install(card.transmit, pki_folder, notifications=targets)
    assert told(isdr) == [
        (1, INSTALL, SMDP, A),
        (2, INSTALL, "one.example", A),
        (3, INSTALL, "two.example", A),
    ]
    assert retrieved(isdr)[0] == result.result
    assert [one[:1].hex() for one in retrieved(isdr)] == ["bf", "30", "30"]


# -- numbers


def test_notifications_and_package_results_share_their_numbers(isdr: Send) -> None:
    eim = eim1()
    trust(isdr, eim)
    ask(isdr, enable(A))
    eim.load(isdr, LIST_EIM)
    eim.load(isdr, ("disable", {"iccid": A}), ("enable", {"iccid": B}))
    ask(isdr, disable(B))
    _, results = value_of(ask(isdr, hx("BF2B 04 A0028200")))
    numbers = [one["euiccPackageResultDataSigned"]["seqNumber"] for _, one in results]
    found = [number for number, _, _, _ in told(isdr)]
    assert len(found) == 5
    assert found == sorted(found)
    assert sorted(found + numbers) == list(range(1, 8))


def test_a_number_is_not_used_again(isdr: Send, card: Card) -> None:
    ask(isdr, disable(B))
    assert ask(isdr, hx("BF30 03 800101")) == hx("BF30 03 800100")
    card.reset()
    isdr(SELECT_ISDR)
    ask(isdr, enable(B))
    assert [number for number, _, _, _ in told(isdr)] == [2]


@holding(profile(A_DIGITS), state={"next_seq": 0x80})
def test_a_number_above_127_is_a_positive_integer(isdr: Send) -> None:
    ask(isdr, enable(A))
    assert hx("8002 0080 8102 0640") in ask(isdr, ALL)
    assert retrieved(isdr, "8002 0080") == retrieved(isdr)
    assert ask(isdr, hx("BF30 04 8002 0080")) == hx("BF30 03 800100")


# -- the notification itself


def test_it_holds_metadata_signature_and_the_certificates_of_the_card(
    isdr: Send, card: Card
) -> None:
    ask(isdr, disable(B))
    (only,) = retrieved(isdr)
    metadata, signature, euicc, eum = parts(only)
    first = card.identity.credentials[0]
    assert (euicc, eum) == (first.euicc_certificate, first.eum_certificate)
    assert len(signature) == 64
    assert metadata == hx("BF2F 2E 800101 8102 0520 0C19") + RECIPIENT.encode() + tlv("5A", B)


@holding()
@pytest.mark.parametrize("curve", list(Curve), ids=lambda one: one.value)
def test_it_is_signed_below_the_ci_that_the_profile_came_by(
    isdr: Send, card: Card, pki_folder: Path, curve: Curve
) -> None:
    install(card.transmit, pki_folder, curve=curve)
    for request in (enable(A), disable(A), delete(A)):
        ask(isdr, request)
    found = retrieved(isdr)[1:]
    assert len(found) == 4, "of an installation, an enabling, a disabling and a deletion"
    for one in found:
        metadata, signature, euicc, eum = parts(one)
        key = x509.load_der_x509_certificate(euicc).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert Curve.of(key) is curve
        check_signature(key, signature, metadata)
        x509.load_der_x509_certificate(euicc).verify_directly_issued_by(
            x509.load_der_x509_certificate(eum)
        )


def test_it_is_the_same_each_time(isdr: Send, card: Card) -> None:
    ask(isdr, enable(A))
    first = ask(isdr, ALL)
    assert ask(isdr, ALL) == first
    card.reset()
    isdr(SELECT_ISDR)
    assert ask(isdr, ALL) == first
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert ask(again.transmit, ALL) == first


# -- list, fetch, remove


@pytest.mark.parametrize(
    ("bits", "events"),
    [
        ("0640", [ENABLE]),
        ("0520", [DISABLE, DISABLE]),
        ("0560", [ENABLE, DISABLE, DISABLE]),
        ("0410", [DELETE]),
        ("0780", []),
        ("04F0", [ENABLE, DISABLE, DISABLE, DELETE]),
        ("00", []),
    ],
)
def test_events_choose_what_is_listed_and_fetched(isdr: Send, bits: str, events: list[int]) -> None:
    for request in (enable(A), disable(A), delete(A)):
        ask(isdr, request)
    mask = tlv("81", hx(bits))
    _, found = value_of(ask(isdr, tlv("BF28", mask)))
    listed = [one["seqNumber"] for one in found]
    by_number = {number: event for number, event, _, _ in told(isdr)}
    assert sorted(by_number[one] for one in listed) == events
    assert retrieved(isdr, mask.hex()) == [
        one for number in listed for one in retrieved(isdr, f"8001{number:02X}")
    ]


def test_one_is_fetched_by_its_number(isdr: Send) -> None:
    ask(isdr, enable(A))
    first, second = retrieved(isdr)
    assert retrieved(isdr, "800101") == [first]
    assert retrieved(isdr, "800102") == [second]
    assert retrieved(isdr, "800103") == []


def test_removing_one_leaves_the_other(isdr: Send) -> None:
    ask(isdr, enable(A))
    _, second = retrieved(isdr)
    assert ask(isdr, hx("BF30 03 800101")) == hx("BF30 03 800100")
    assert retrieved(isdr) == [second]
    assert ask(isdr, hx("BF30 03 800101")) == hx("BF30 03 800101")


@holding(profile(A_DIGITS), profile(B_DIGITS, enabled=True, recipients=SEVERAL))
def test_the_oldest_goes_when_there_is_no_room(card: Card, tmp_path: Path) -> None:
    card.close()
    path = card.directory / DOCUMENT
    document = json.loads(path.read_text())
    document["card"]["limits"]["notifications"] = 3
    path.write_text(json.dumps(document))
    with Card.open(card.directory, fsync=False) as small:
        small.transmit(SELECT_ISDR)
        ask(small.transmit, enable(A))
        assert told(small.transmit) == [
            (1, DISABLE, "one.example", B),
            (2, DISABLE, "two.example", B),
            (3, ENABLE, RECIPIENT, A),
        ]
        ask(small.transmit, enable(B))
        assert [number for number, _, _, _ in told(small.transmit)] == [5, 6, 7]
