"""What an IPA asks of any card: real ones announce commands, old ones list otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.euiccs import vector22
from support.hexes import hx
from support.phone import SpeakingCard
from support.vectors import vector

from euicc_sim import Card
from euicc_sim.parties.ipa.es10b import TERMINAL_CAPABILITY, IpaCard
from euicc_sim.parties.messages.errors import LpaError

RESULT = vector("res_enable_ok")
NOTIFICATION = vector22("ES10b.RetrieveNotificationsList (by seq, other)")[1][9:]
REFRESH = hx("D009 8103 010103 8202 8182")


class Proactive:
    """A card that has a REFRESH to announce after the first answer; `answered` are responses."""

    def __init__(self, inner: Callable[[bytes], bytes], commands: int = 1) -> None:
        """Announce that many commands."""
        self._inner = inner
        self._left = commands
        self.answered: list[bytes] = []

    def __call__(self, apdu: bytes) -> bytes:
        """Data and status word."""
        if apdu[:2] == b"\x80\x12":
            assert apdu[-1] == len(REFRESH)
            return REFRESH + b"\x90\x00"
        if apdu[:2] == b"\x80\x14":
            self.answered.append(apdu[5:])
            self._left -= 1
            return bytes((0x91, len(REFRESH))) if self._left else b"\x90\x00"
        found = self._inner(apdu)
        if found[-2:] == b"\x90\x00" and len(found) > 2 and self._left and not self.answered:
            return found[:-2] + bytes((0x91, len(REFRESH)))
        return found


def answering(answer: bytes) -> IpaCard:
    return IpaCard(SpeakingCard(lambda _: answer))


def test_the_device_says_that_it_has_an_ipad(card: Card) -> None:
    sent: list[bytes] = []

    def transmit(apdu: bytes) -> bytes:
        sent.append(apdu)
        return card.transmit(apdu)

    ipa = IpaCard(transmit)
    ipa.begin()
    assert sent == [TERMINAL_CAPABILITY]
    assert ipa.eid() == "89049032123451234512345678901235"


@pytest.mark.parametrize("commands", [1, 2])
def test_what_a_card_announces_is_fetched_and_done(commands: int) -> None:
    link = Proactive(SpeakingCard(lambda _: RESULT), commands)
    raw, found = IpaCard(link).load_package(vector("pkg_enable"))
    assert (raw, found.done) == (RESULT, True)
    assert link.answered == [hx("8103 010103 8202 8281 8301 00")] * commands


@pytest.mark.parametrize("command", ["", "D0", "D003 9901 00"])
def test_a_command_that_cannot_be_read_is_answered_all_the_same(command: str) -> None:
    sent: list[bytes] = []

    def transmit(apdu: bytes) -> bytes:
        sent.append(apdu)
        if apdu[1] == 0x12:
            return hx(command) + b"\x90\x00"
        return b"\x91\x00" if apdu[1] == 0xA4 else b"\x90\x00"

    assert IpaCard(transmit).transmit(hx("00A40400")) == b"\x90\x00"
    assert sent[1:] == [hx("8012000000"), hx("801400000C 8103 010100 8202 8281 8301 00")]


@pytest.mark.parametrize(
    ("answer", "notifications", "results"),
    [
        ("A000", 0, 0),
        ("A200", 0, 0),
        (f"A0 {NOTIFICATION.hex()}", 1, 0),
        (f"A2 {RESULT.hex()}", 0, 1),
    ],
)
def test_lists_of_all_versions_are_read(answer: str, notifications: int, results: int) -> None:
    tag, content = hx(answer[:2]), hx(answer[2:].removeprefix("00"))
    card = answering(_object(hx("BF2B"), _object(tag, content)))
    assert (len(card.notifications()), len(card.results())) == (notifications, results)


def test_the_list_of_v1_0_has_both() -> None:
    both = _object(b"\xa0", NOTIFICATION) + _object(b"\xa1", RESULT)
    card = answering(_object(hx("BF2B"), _object(b"\xa3", both)))
    assert card.notifications() == [NOTIFICATION]


def _object(tag: bytes, content: bytes) -> bytes:
    size = len(content)
    length = bytes((size,)) if size < 0x80 else b"\x82" + size.to_bytes(2)
    return tag + length + content


@pytest.mark.parametrize("answer", ["BF2B0381017F", "BF2B00", "BF2D00"])
def test_a_list_that_is_none_is_told(answer: str) -> None:
    with pytest.raises(LpaError, match="list"):
        answering(hx(answer)).notifications()


def test_a_result_that_is_none_is_told() -> None:
    with pytest.raises(LpaError, match="not an answer to a package"):
        answering(hx("BF5100")).load_package(vector("pkg_enable"))


def test_a_card_that_may_not_go_back_says_so(card: Card) -> None:
    with pytest.raises(LpaError, match="rollbackNotAllowed"):
        IpaCard(card.transmit).rollback()


def test_a_rollback_without_its_result_is_told() -> None:
    with pytest.raises(LpaError, match="lacks BF51"):
        answering(hx("BF5803020100")).rollback()


def test_a_card_without_sgp32_is_told_by_its_status_word() -> None:
    with pytest.raises(LpaError, match="6A88"):
        IpaCard(SpeakingCard(lambda _: 0x6A88)).eims()
