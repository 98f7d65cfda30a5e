"""SetNickname (SGP.22): a name of the user's own for a Profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import ask, tlv
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, A, B
from support.managing import (
    NO_PROFILE,
    PPR1,
    Contents,
    answered,
    disable,
    enable,
    holding,
    infos,
    made,
    nickname,
    profile,
    switched_on,
    told,
)

from euicc_sim import Card

Send = Callable[[bytes], bytes]

OK = hx("BF29 03 800100")
NOT_FOUND, UNDEFINED = "BF29 03 800101", "BF29 03 80017F"


@pytest.fixture
def contents() -> Contents:
    return Contents((profile(A_DIGITS, enabled=True), profile(B_DIGITS, nickname="old")))


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def nicknames(send: Send) -> list[str | None]:
    return [one.get("profileNickname") for one in infos(send, "90")]


def test_a_profile_gets_one(isdr: Send) -> None:
    request = hx("BF29 12 5A0A 98001032547698103214 9004 776F726B")
    assert ask(isdr, request) == OK
    assert nicknames(isdr) == ["work", "old"]


def test_another_takes_its_place(isdr: Send) -> None:
    assert ask(isdr, nickname(B, b"new")) == OK
    assert nicknames(isdr) == [None, "new"]


def test_no_byte_removes_it(isdr: Send) -> None:
    assert ask(isdr, hx("BF29 0E 5A0A 98001032547698103224 9000")) == OK
    assert nicknames(isdr) == [None, None]


def test_removing_none_is_ok(isdr: Send, card: Card) -> None:
    answered(isdr, card, nickname(A, b""), OK.hex())


@pytest.mark.parametrize(
    "text", ["ß" * 32, "a" * 64, "€" * 21 + "a", "\U0001f600" * 16, "\0", 'a"\\\n\u2028b']
)
def test_64_bytes_of_any_text_are_kept_as_they_are(isdr: Send, card: Card, text: str) -> None:
    assert len(text.encode()) <= 64
    assert ask(isdr, nickname(A, text.encode())) == OK
    assert nicknames(isdr) == [text, "old"]
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        assert [one.nickname for one in again.state.profiles] == [text, "old"]


@pytest.mark.parametrize(
    "text",
    [b"a" * 65, "ß".encode() * 33, "\U0001f600".encode() * 17, b"a" * 300],
    ids=["65 letters", "33 of two bytes", "17 of four bytes", "300 letters"],
)
def test_more_than_64_bytes_are_refused(isdr: Send, card: Card, text: bytes) -> None:
    answered(isdr, card, nickname(B, text), UNDEFINED)


@pytest.mark.parametrize("text", ["FF", "C3", "EDA080", "C080", "F8808080"])
def test_what_is_not_utf_8_is_refused(isdr: Send, card: Card, text: str) -> None:
    answered(isdr, card, nickname(B, hx(text)), UNDEFINED)


@pytest.mark.parametrize("text", [b"", b"new"])
def test_an_unknown_iccid_is_not_found(isdr: Send, card: Card, text: bytes) -> None:
    answered(isdr, card, nickname(NO_PROFILE, text), NOT_FOUND)


@pytest.mark.parametrize(
    "request_",
    [
        "BF2900",
        "BF29 0C 5A0A 98001032547698103224",
        "BF29 05 9003 6E6577",
        "BF29 17 4F10 A0000005591010FFFFFFFF8900001100 9003 6E6577",
        "BF29 10 5A09 980010325476981032 9003 6E6577",
    ],
    ids=["nothing", "no nickname", "no ICCID", "an AID", "9 bytes"],
)
def test_what_cannot_be_read_is_an_undefined_error(isdr: Send, card: Card, request_: str) -> None:
    answered(isdr, card, hx(request_), UNDEFINED)


def test_bytes_that_are_no_object_are_6a80(isdr: Send) -> None:
    assert es10_sw(isdr, hx("BF29 20 5A0A 98001032547698103224")) == (b"", 0x6A80)


@pytest.mark.usefixtures("lenient")
def test_a_long_length_is_understood(isdr: Send) -> None:
    assert ask(isdr, hx("BF29 8113 5A810A 98001032547698103214 908103 6E6577")) == OK
    assert nicknames(isdr) == ["new", "old"]


def test_a_field_of_a_later_version_is_skipped(isdr: Send) -> None:
    request = tlv("BF29", tlv("5A", A), tlv("90", b"new"), tlv("91", b"other"))
    assert ask(isdr, request) == OK
    assert nicknames(isdr) == ["new", "old"]


@holding(
    profile(A_DIGITS, enabled=True, rules=PPR1),
    profile(B_DIGITS, ecall=True),
    state=switched_on(toolkit_busy=True, memory_full=True),
)
def test_nothing_forbids_it(isdr: Send) -> None:
    """No policy rule, no emergency, no proactive session and no want of memory."""
    assert [ask(isdr, nickname(one, b"new")) for one in (A, B)] == [OK, OK]
    assert nicknames(isdr) == ["new", "new"]


def test_it_stays_through_changes_of_state_and_a_reset(isdr: Send, card: Card) -> None:
    ask(isdr, enable(B))
    ask(isdr, nickname(B, b"new"))
    ask(isdr, disable(B))
    card.reset()
    isdr(SELECT_ISDR)
    assert nicknames(isdr) == [None, "new"]


def test_nobody_is_told(isdr: Send) -> None:
    ask(isdr, nickname(B, b"new"))
    assert told(isdr) == []
