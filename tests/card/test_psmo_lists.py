"""The PSMOs listProfileInfo, getRAT, configureImmediateEnable and setDefaultDpAddress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import Eim, ask, eim1, tlv, trust, value_of
from support.hexes import hx
from support.installed import (
    UNKNOWN,
    change,
    give,
    refused,
    switch,
)
from support.installing import A, B
from support.psmos import GET_RAT, delete, disable, order, package

from euicc_sim import Card
from euicc_sim.model.profile import AuthorisationRule, Operator, ProfileClass, Rule
from euicc_sim.model.state import ImmediateEnable

Send = Callable[[bytes], bytes]

RULES = (
    AuthorisationRule(
        frozenset({Rule.PPR1_NO_DISABLE}), (Operator(hx("00F110")),), consent_required=True
    ),
    AuthorisationRule(frozenset({Rule.PPR2_NO_DELETE}), (Operator(hx("EEEEEE"), b"", hx("01")),)),
)


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    with Card.create(tmp_path / "card", pki=pki_folder, seed=1, rules=RULES, fsync=False) as card:
        yield card


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim)
    special = {"fallback_allowed": True, "profile_class": ProfileClass.TEST, "ecall": False}
    give(card, A, B, enabled=A, B=special)
    change(card, fallback_profile=B)
    return eim


# -- listProfileInfo

LISTED_A = tlv(
    "E3",
    hx("5A0A 98001032547698103214"),
    hx("4F10 A0000005591010FFFFFFFF8900001000"),
    hx("9F7001 01"),
    tlv("91", b"Test Operator"),
    tlv("92", b"Test"),
    hx("9501 02"),
)
LISTED_B = tlv(
    "E3",
    hx("5A0A 98001032547698103224"),
    hx("4F10 A0000005591010FFFFFFFF8900001100"),
    hx("9F7001 00"),
    tlv("91", b"Test Operator"),
    tlv("92", b"Test"),
    hx("9501 00 9F7B01 00 9F2601 FF 9F6701 FF"),
)


def listed(*profiles: bytes) -> bytes:
    """listProfileInfoResult with these."""
    return tlv("BF2D", tlv("A0", *profiles))


def test_without_a_tag_list_the_usual_fields_are_shown(send: Send, eim: Eim) -> None:
    assert order(send, eim, hx("BF2D00")) == listed(LISTED_A, LISTED_B)


def test_the_function_shows_the_same(send: Send, eim: Eim) -> None:
    assert order(send, eim, hx("BF2D00")) == ask(send, hx("BF2D00"))


def test_a_tag_list_says_what_is_shown(send: Send, eim: Eim) -> None:
    found = order(send, eim, hx("BF2D 05 5C03 5A 9F70"))
    assert found == listed(
        hx("E310 5A0A") + A + hx("9F7001 01"), hx("E310 5A0A") + B + hx("9F7001 00")
    )


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        (tlv("5A", B), [LISTED_B]),
        (tlv("5A", UNKNOWN), []),
        (hx("4F10 A0000005591010FFFFFFFF8900001000"), [LISTED_A]),
        (hx("9501 00"), [LISTED_B]),
        (hx("9501 02"), [LISTED_A]),
        (hx("9501 01"), []),
    ],
    ids=["ICCID", "unknown ICCID", "AID", "test", "operational", "provisioning"],
)
def test_a_criterion_says_which_are_shown(
    send: Send, eim: Eim, criterion: bytes, found: list[bytes]
) -> None:
    assert order(send, eim, tlv("BF2D", tlv("A0", criterion))) == listed(*found)


def test_a_list_shows_what_operations_before_it_have_done(send: Send, eim: Eim) -> None:
    found = order(send, eim, disable(A), delete(B), hx("BF2D 05 5C03 5A 9F70"))
    assert found == hx("840100 850100") + listed(hx("E310 5A0A") + A + hx("9F7001 00"))


@pytest.mark.parametrize("wrong", ["BF2D 03 5C01 5F", "BF2D 05 A003 9F0100"])
def test_wrong_input_is_1_and_ends_the_list(send: Send, eim: Eim, card: Card, wrong: str) -> None:
    assert refused(send, eim, card, hx(wrong), disable(A)) == hx("BF2D 03 810101")


# -- getRAT


def test_the_rules_authorisation_table_is_shown(send: Send, eim: Eim) -> None:
    assert order(send, eim, GET_RAT) == tlv(
        "A6",
        _rule("06 40", hx("8003 00F110"), hx("8202 0780")),
        _rule("05 20", hx("8003 EEEEEE 8100 8201 01"), hx("8201 00")),
    )


def _rule(bits: str, operator: bytes, flags: bytes) -> bytes:
    return tlv("30", tlv("80", hx(bits)), tlv("A1", tlv("30", operator)), flags)


def test_the_function_shows_the_same_rules(send: Send, eim: Eim) -> None:
    rules = order(send, eim, GET_RAT)[2:]
    assert ask(send, hx("BF4300")) == tlv("BF43", tlv("A0", rules))


@pytest.mark.parametrize("damaged", ["A6 01 00", "A6 02 05FF"])
def test_a_damaged_getrat_ends_the_list(send: Send, eim: Eim, card: Card, damaged: str) -> None:
    assert refused(send, eim, card, hx(damaged), GET_RAT) == hx("02 01 02")


# -- configureImmediateEnable

OID_AND_ADDRESS = hx("8108 2B0601040182E960") + tlv("82", b"smdp.example.com")


def test_immediate_enabling_is_switched_on(send: Send, eim: Eim, card: Card) -> None:
    assert order(send, eim, tlv("A7", hx("8000"), OID_AND_ADDRESS)) == hx("87 01 00")
    assert card.state.immediate_enable == ImmediateEnable(
        True, "1.3.6.1.4.1.46304", "smdp.example.com"
    )


def test_immediate_enabling_without_a_flag_is_switched_off(
    send: Send, eim: Eim, card: Card
) -> None:
    order(send, eim, tlv("A7", hx("8000"), OID_AND_ADDRESS))
    assert order(send, eim, hx("A700")) == hx("87 01 00")
    assert card.state.immediate_enable == ImmediateEnable()


def test_an_address_without_an_oid_removes_the_oid(send: Send, eim: Eim, card: Card) -> None:
    order(send, eim, tlv("A7", hx("8000"), OID_AND_ADDRESS))
    order(send, eim, hx("A7 05 8000 8201 61"))
    assert card.state.immediate_enable == ImmediateEnable(True, None, "a")


def test_a_full_memory_is_1(send: Send, eim: Eim, card: Card) -> None:
    switch(card, memory_full=True)
    assert refused(send, eim, card, tlv("A7", hx("8000"), OID_AND_ADDRESS)) == hx("87 01 01")


@pytest.mark.parametrize("damaged", ["A7 03 800100", "A7 02 8100", "A7 03 8201 FF"])
def test_a_damaged_configuration_ends_the_list(
    send: Send, eim: Eim, card: Card, damaged: str
) -> None:
    assert refused(send, eim, card, hx(damaged), GET_RAT) == hx("02 01 02")


# -- setDefaultDpAddress


def test_the_default_address_is_set_and_removed(send: Send, eim: Eim) -> None:
    assert order(send, eim, hx("BF65 05 8003 612E62")) == hx("BF65 03 800100")
    assert value_of(ask(send, hx("BF3C00")))["defaultDpAddress"] == "a.b"
    assert order(send, eim, hx("BF65 02 8000")) == hx("BF65 03 800100")
    assert "defaultDpAddress" not in value_of(ask(send, hx("BF3C00")))


def test_an_address_that_is_too_long_is_127(send: Send, eim: Eim, card: Card) -> None:
    long = tlv("BF65", tlv("80", b"a" * 256))
    assert refused(send, eim, card, long, disable(A)) == hx("BF65 03 80017F")


# -- what is not a PSMO


@pytest.mark.parametrize("other", ["8C 01 00", "AB 00", "BF20 00", "04 00"])
def test_anything_else_is_unknown_or_damaged(send: Send, eim: Eim, card: Card, other: str) -> None:
    assert refused(send, eim, card, hx(other), disable(A)) == hx("02 01 02")


def test_a_package_of_no_operation_is_accepted(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card) == b""


def test_a_transaction_id_comes_back(send: Send, eim: Eim) -> None:
    answer = ask(send, package(eim, GET_RAT, transaction=hx("A1B2C3D4")))
    assert hx("81 01 01 82 04 A1B2C3D4 83 01 01 30") in answer
