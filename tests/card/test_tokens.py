"""Association tokens: given by the card alone, never twice, and part of every signature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from support.eims import (
    LIST_EIM,
    Eim,
    add_initial,
    ask,
    build,
    configurations,
    eim1,
    eim2,
    error_code,
    read_error,
    read_result,
    token_object,
    trust,
    unsigned_error,
    value_of,
    vector_key,
)
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]
RESET_EIMS = hx("BF64 04 82020204")


@pytest.fixture
def eim(send: Send) -> Eim:
    """An eIM with token 1."""
    eim = eim1()
    trust(send, eim, token_wanted=True)
    assert eim.token == 1
    return eim


@pytest.fixture
def certificate(card: Card) -> bytes:
    return card.identity.credentials[0].euicc_certificate


def test_the_token_is_part_of_what_the_eim_signs(send: Send, eim: Eim) -> None:
    assert unsigned_error(ask(send, build(eim, LIST_EIM, counter=1, token=0)))
    assert unsigned_error(ask(send, build(eim, LIST_EIM, counter=1, token=2)))
    assert eim.load(send, LIST_EIM)


def test_the_token_is_part_of_what_the_card_signs(send: Send, eim: Eim, certificate: bytes) -> None:
    result = read_result(ask(send, eim.package(LIST_EIM)))
    result.check(certificate, 1)
    with pytest.raises(InvalidSignature):
        result.check(certificate, None)


def test_the_token_is_part_of_a_signed_error(send: Send, eim: Eim, certificate: bytes) -> None:
    answer = ask(send, build(eim, LIST_EIM, counter=0))
    assert error_code(answer) == 4
    read_error(answer).check(certificate, 1)


def test_an_unsigned_error_names_the_token(send: Send, eim: Eim) -> None:
    answer = ask(send, build(eim, LIST_EIM, counter=1, key=vector_key("eim2")))
    assert answer == hx("BF51 17 A215 8010") + b"eim1.example.com" + hx("84 01 01")


def test_an_unsigned_error_for_an_unknown_eim_names_no_token(send: Send, eim: Eim) -> None:
    answer = ask(send, build(eim, LIST_EIM, counter=1, name="eim9"))
    assert unsigned_error(answer) == {"eimId": "eim9"}


def test_a_token_is_not_given_again_after_its_eim_was_deleted(send: Send, eim: Eim) -> None:
    eim.load(send, ("deleteEim", {"eimId": eim.name}))
    again = eim1()
    trust(send, again, token_wanted=True)
    assert again.token == 2


def test_a_token_is_not_given_again_after_a_memory_reset(send: Send, eim: Eim) -> None:
    ask(send, RESET_EIMS)
    again = eim1()
    trust(send, again, token_wanted=True)
    assert again.token == 2


def test_a_token_is_not_given_again_by_add_eim(send: Send, eim: Eim) -> None:
    found = eim.load(
        send,
        ("addEim", eim2().configuration(token_wanted=True)),
        ("deleteEim", {"eimId": "eim2.example.com"}),
        ("addEim", eim2().configuration(token_wanted=True)),
    )
    assert [value for name, value in found if name == "addEimResult"] == [
        ("associationToken", 2),
        ("associationToken", 3),
    ]


def test_an_old_package_cannot_be_replayed_after_a_re_adding(send: Send, eim: Eim) -> None:
    old = eim.package(LIST_EIM)
    ask(send, old)
    eim.load(send, ("deleteEim", {"eimId": eim.name}))
    again = eim1()
    trust(send, again, token_wanted=True)
    assert unsigned_error(ask(send, old)) == {"eimId": eim.name, "associationToken": 2}
    assert again.load(send, LIST_EIM)


def test_a_result_of_deleting_and_adding_oneself_is_signed_with_the_old_token(
    send: Send, eim: Eim, certificate: bytes
) -> None:
    package = eim.package(
        ("deleteEim", {"eimId": eim.name}),
        ("addEim", eim1().configuration(token_wanted=True)),
    )
    read_result(ask(send, package)).check(certificate, 1)
    again = eim1(token=2)
    read_result(ask(send, again.package(LIST_EIM))).check(certificate, 2)


def test_a_token_outlives_a_reset(send: Send, eim: Eim, card: Card) -> None:
    card.reset()
    send(SELECT_ISDR)
    assert eim.load(send, LIST_EIM)


def test_the_row_of_tokens_outlives_the_process(card: Card) -> None:
    eim = eim1()
    trust(card.transmit, eim, token_wanted=True)
    ask(card.transmit, RESET_EIMS)
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        other = eim1()
        trust(again.transmit, other, token_wanted=True)
        assert other.token == 2


def test_tokens_are_not_used_up_by_eims_without_one(send: Send) -> None:
    one, two = eim1(), eim2()
    send(SELECT_ISDR)
    request = add_initial(one.configuration(), two.configuration(token_wanted=True))
    assert ask(send, request) == hx("BF57 07 A005 0500 840101")


class TestAfterManyTokens:
    """The 128th token needs a second byte."""

    @pytest.fixture
    def card(self, tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
        with Card.open(
            fresh_card(tmp_path / "card", pki_folder, max_eims=128), fsync=False
        ) as card:
            yield card

    def test_token_128_is_84_02_00_80_wherever_it_shows(
        self, send: Send, certificate: bytes
    ) -> None:
        assert token_object(128) == hx("84 02 00 80")
        many = [Eim(f"eim{number}", vector_key("eim1")) for number in range(1, 129)]
        send(SELECT_ISDR)
        request = add_initial(*(one.configuration(token_wanted=True) for one in many))
        answer = ask(send, request)
        assert answer.endswith(hx("84 01 7F 84 02 00 80"))
        assert [token for _, token in value_of(answer)[1]] == list(range(1, 129))
        last = many[-1]
        assert configurations(send)["eim128"]["associationToken"] == 128
        unsigned = unsigned_error(ask(send, build(last, LIST_EIM, counter=1, token=127)))
        assert unsigned == {"eimId": "eim128", "associationToken": 128}
        last.token = 128
        read_result(ask(send, last.package(LIST_EIM))).check(certificate, 128)
