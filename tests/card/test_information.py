"""What a card says of itself beyond its EID: EUICCInfo1 and 2, RAT, challenge, profiles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import ask, objects, value_of
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.vectors import vector

from euicc_sim import Card

Send = Callable[[bytes], bytes]


@pytest.mark.parametrize("tags", ["5C015B", "5C0100"])
def test_a_tag_list_that_cannot_be_served_is_6a88(isdr: Send, tags: str) -> None:
    assert es10_sw(isdr, hx("BF3E03") + hx(tags)) == (b"", 0x6A88)


def test_both_lists_of_info1_are_the_cis_of_the_card_in_order(isdr: Send, card: Card) -> None:
    found = value_of(ask(isdr, hx("BF2000")))
    ids = [one.ci_pk_id for one in card.identity.credentials]
    assert len(ids) == 2
    assert found["euiccCiPKIdListForSigning"] == ids
    assert found["euiccCiPKIdListForVerification"] == ids


def test_info1_and_info2_agree(isdr: Send) -> None:
    one, two = value_of(ask(isdr, hx("BF2000"))), value_of(ask(isdr, hx("BF2200")))
    assert {name: two[name] for name in one} == one


def test_info2_is_in_the_order_of_the_module(isdr: Send) -> None:
    ((_, _, inside),) = objects(ask(isdr, hx("BF2200")))
    assert " ".join(tag for tag, _, _ in objects(inside)) == (
        "81 82 83 84 85 86 87 88 A9 AA 8B 99 04 0C 90 B4"
    )


def test_iot_specific_info_is_that_of_the_vector_but_for_its_tag(isdr: Send) -> None:
    assert ask(isdr, hx("BF2200")).endswith(hx("B4") + vector("IoTSpecificInfo")[1:])


def test_the_rules_authorisation_table_is_empty(isdr: Send) -> None:
    assert ask(isdr, hx("BF4300")) == hx("BF43 02 A000")


def test_a_challenge_has_16_bytes_and_does_not_repeat(isdr: Send) -> None:
    challenges = {value_of(ask(isdr, hx("BF2E00")))["euiccChallenge"] for _ in range(8)}
    assert len(challenges) == 8
    assert {len(one) for one in challenges} == {16}


def test_a_seeded_card_repeats_its_challenges_after_a_reset(isdr: Send, card: Card) -> None:
    first = ask(isdr, hx("BF2E00"))
    card.reset()
    isdr(SELECT_ISDR)
    assert ask(isdr, hx("BF2E00")) == first


@pytest.mark.parametrize(
    "request_",
    [
        "BF2D00",
        "BF2D 04 5C02 9F70",
        "BF2D 02 5C00",
        "BF2D 0E A00C 5A0A 98001032547698103214",
        "BF2D 05 A003 950102",
        "BF2D 14 A012 4F10 A0000005591010FFFFFFFF8900001000",
    ],
)
def test_no_profile_is_an_empty_list(isdr: Send, request_: str) -> None:
    assert ask(isdr, hx(request_)) == hx("BF2D 02 A000")


@pytest.mark.parametrize(
    "request_",
    [
        "BF2D 05 A003 9F0100",
        "BF2D 08 A006 950102 950102",
        "BF2D 04 A002 5A00",
        "BF2D 02 A000",
    ],
)
def test_an_unknown_or_double_criterion_is_incorrect_input(isdr: Send, request_: str) -> None:
    assert ask(isdr, hx(request_)) == hx("BF2D 03 8101 01")


@pytest.mark.parametrize(
    "tag", ["BF35", "BF44", "BF45", "BF4B", "BF4D", "BF50", "BF52", "BF60", "BF62"]
)
def test_a_function_that_the_card_lacks_is_6a88(isdr: Send, tag: str) -> None:
    assert es10_sw(isdr, hx(tag) + hx("03 8001FF")) == (b"", 0x6A88)
