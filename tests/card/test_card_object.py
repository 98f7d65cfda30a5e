"""`Card` in Python: opened and closed, its lock, its events, and faults that it survives."""

from __future__ import annotations

import base64
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from support.eims import LIST_EIM, ask, build, eim1, eim2, stored_results, trust
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx

from euicc_sim import Card, CardError
from euicc_sim.card import ATR, EVENTS_KEPT
from euicc_sim.env import SystemEnv
from euicc_sim.es10.registry import FUNCTIONS, AsReceived, Exchange
from euicc_sim.es10.session import Session
from euicc_sim.store.directory import LOCK, read
from keys import load_private_key

GET_EID = hx("BF3E 03 5C015A")
EID = hx("BF3E 12 5A10 89049032123451234512345678901235")
SET_ADDRESS = hx("BF65 03 8001 61")
RESET_EIMS = hx("BF64 04 8202 0204")
ADDRESS_SET = hx("BF65 03 8001 00")

OPEN_AND_WAIT = """
import sys
from euicc_sim import Card
with Card.open(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def closed(card: Card) -> Path:
    """The directory of a card that nobody has open."""
    card.close()
    return card.directory


@contextmanager
def open_elsewhere(directory: Path) -> Iterator[None]:
    """The card, open in another process."""
    with subprocess.Popen(
        [sys.executable, "-c", OPEN_AND_WAIT, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield
        process.communicate("")


def events(card: Card) -> list[tuple[str, bool, str]]:
    return [(one.name, one.refused, one.text) for one in card.take_events()]


# -- open and close


def test_a_card_that_is_open_in_this_process_is_not_opened_again(closed: Path) -> None:
    with Card.open(closed), pytest.raises(CardError, match=f"{closed} is open already, "):
        Card.open(closed)


def test_a_card_that_is_open_in_another_process_is_not_opened_here(closed: Path) -> None:
    with open_elsewhere(closed), pytest.raises(CardError, match=r"is open already, .*; close"):
        Card.open(closed)
    Card.open(closed).close()


def test_a_card_whose_lock_cannot_be_opened_is_named_with_the_reason(closed: Path) -> None:
    (closed / LOCK).unlink()
    (closed / LOCK).mkdir()
    with pytest.raises(CardError, match=f"^{closed} cannot be locked: Is a directory$"):
        Card.open(closed)


def test_a_with_block_closes_the_card_even_when_it_raises(closed: Path) -> None:
    with pytest.raises(ZeroDivisionError), Card.open(closed):
        raise ZeroDivisionError
    Card.open(closed).close()


def test_closing_a_card_twice_leaves_one_that_was_opened_meanwhile_alone(closed: Path) -> None:
    first = Card.open(closed)
    first.close()
    with Card.open(closed) as second:
        first.close()
        with pytest.raises(CardError, match="open already"):
            Card.open(closed)
        second.transmit(SELECT_ISDR)
        assert ask(second.transmit, SET_ADDRESS) == ADDRESS_SET


def test_a_card_is_opened_by_the_name_of_its_directory_too(closed: Path) -> None:
    with Card.open(str(closed)) as card:
        assert card.directory == closed


def test_a_closed_card_still_answers_what_need_not_be_kept(card: Card) -> None:
    card.close()
    card.transmit(SELECT_ISDR)
    assert ask(card.transmit, GET_EID) == EID


def test_a_closed_card_answers_6581_to_what_would_be_kept(card: Card) -> None:
    eim = eim1()
    trust(card.transmit, eim)
    card.close()
    before, state = read(card.directory)[2], card.state
    for request in (SET_ADDRESS, eim.package(LIST_EIM), RESET_EIMS):
        card.take_events()
        assert es10_sw(card.transmit, request) == (b"", 0x6581)
        ((_, refused, text),) = events(card)
        assert refused
        assert text.endswith("6581, not kept: the card's directory is not open")
    assert (read(card.directory)[2], card.state) == (before, state)


def test_a_full_disk_is_answered_6581_and_keeps_no_file_open(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*_: object) -> int:
        raise OSError(28, "No space left on device")

    card.transmit(SELECT_ISDR)
    before, files = read(card.directory)[2], len(os.listdir("/proc/self/fd"))
    with monkeypatch.context() as full:
        full.setattr(os, "write", write)
        assert es10_sw(card.transmit, SET_ADDRESS) == (b"", 0x6581)
    assert len(os.listdir("/proc/self/fd")) == files
    assert read(card.directory)[2] == before
    assert events(card) == [
        (
            "SetDefaultDpAddress",
            True,
            "SetDefaultDpAddress: 6581, not kept: No space left on device",
        )
    ]
    assert ask(card.transmit, SET_ADDRESS) == ADDRESS_SET


@pytest.mark.parametrize("apdu", ["", "00", "80E29100", "00A40400", "FFFFFFFFFF", "0070000001"])
def test_a_closed_card_answers_any_bytes(card: Card, apdu: str) -> None:
    card.close()
    assert len(card.transmit(hx(apdu))) >= 2


def test_a_reset_answers_the_atr_and_forgets_what_was_selected(card: Card) -> None:
    card.transmit(SELECT_ISDR)
    assert card.reset() == card.atr == ATR
    assert es10_sw(card.transmit, GET_EID)[1] != 0x9000


def test_power_off_forgets_what_was_selected_and_nothing_that_was_kept(card: Card) -> None:
    trust(card.transmit, eim1())
    card.power_off()
    assert es10_sw(card.transmit, GET_EID)[1] != 0x9000
    assert [one.eim_id for one in card.state.eims] == ["eim1.example.com"]


def test_a_card_says_who_it_is_without_a_command(card: Card) -> None:
    assert card.eid == card.identity.eid == "89049032123451234512345678901235"
    assert card.identity.seed == 1


def test_the_state_of_a_card_cannot_be_changed_from_outside(card: Card) -> None:
    with pytest.raises(FrozenInstanceError):
        card.state.next_seq = 9  # type: ignore[misc]


def test_the_system_s_randomness_has_no_beginning() -> None:
    env = SystemEnv()
    first = env.random(16)
    env.restart()
    assert len(first) == 16
    assert env.random(16) != first


def test_a_short_piece_of_a_seed_s_row_is_as_long_as_was_asked(card: Card) -> None:
    card.reset()
    assert [len(card._env.random(size)) for size in (0, 1, 33, 100)] == [0, 1, 33, 100]


# -- events


def test_what_went_well_is_an_event_with_its_facts(card: Card) -> None:
    eim = eim1()
    trust(card.transmit, eim)
    ask(card.transmit, GET_EID)
    ask(card.transmit, SET_ADDRESS)
    eim.load(card.transmit, ("addEim", eim2().configuration()))
    ask(card.transmit, hx("BF2E00"))
    assert events(card) == [
        ("AddInitialEim", False, "AddInitialEim: trusts eim1.example.com"),
        ("GetEID", False, "GetEID: 89049032123451234512345678901235"),
        ("SetDefaultDpAddress", False, "SetDefaultDpAddress: default SM-DP+ a"),
        (
            "LoadEuiccPackage",
            False,
            "LoadEuiccPackage: eim1.example.com, counter 1, result 1; "
            "addEim: trusts eim2.example.com, counter 0",
        ),
        ("GetEUICCChallenge", False, "GetEUICCChallenge: ok"),
    ]


def test_what_was_refused_is_an_event_with_the_reason(card: Card) -> None:
    eim = eim1()
    trust(card.transmit, eim)
    card.take_events()
    es10_sw(card.transmit, hx("BF7F00"))
    es10_sw(card.transmit, hx("0102"))
    es10_sw(card.transmit, hx("BF6500"))
    ask(card.transmit, eim.package(LIST_EIM))
    ask(card.transmit, build(eim, LIST_EIM, counter=1))
    found = [one for one in events(card) if one[1]]
    assert [name for name, *_ in found] == [
        "ES10",
        "ES10",
        "SetDefaultDpAddress",
        "LoadEuiccPackage",
    ]
    texts = [text for *_, text in found]
    assert texts[0] == "ES10: 6A88, this card has no ES10 function with the tag BF7F"
    assert texts[1].startswith("ES10: 6A80, the request is not a single TLV object: ")
    assert texts[2].startswith("SetDefaultDpAddress: 6A80, ")
    assert texts[3] == "LoadEuiccPackage: package refused: counter 1 is not above 1"


def test_events_are_taken_once(card: Card) -> None:
    card.transmit(SELECT_ISDR)
    ask(card.transmit, GET_EID)
    assert len(card.take_events()) == 1
    assert card.take_events() == []


def test_events_that_nobody_takes_make_room_for_later_ones(card: Card) -> None:
    card.transmit(SELECT_ISDR)
    ask(card.transmit, SET_ADDRESS)
    for _ in range(EVENTS_KEPT):
        ask(card.transmit, GET_EID)
    found = card.take_events()
    assert len(found) == EVENTS_KEPT
    assert {one.name for one in found} == {"GetEID"}


# -- faults of the program


def break_after_changing_state(monkeypatch: pytest.MonkeyPatch, tag: int) -> None:
    """The function of that tag does its work, and then fails as a program does."""
    function = FUNCTIONS[tag]
    assert isinstance(function, Exchange | AsReceived)

    def broken(session: Session, request: Any) -> Any:
        function.handler(session, request)
        raise RuntimeError("a fault that nobody thought of")

    monkeypatch.setitem(FUNCTIONS, tag, replace(function, handler=broken))


def test_a_fault_is_answered_6f00_and_nothing_is_kept(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.transmit(SELECT_ISDR)
    before, state = read(card.directory)[2], card.state
    break_after_changing_state(monkeypatch, 0xBF65)
    assert es10_sw(card.transmit, SET_ADDRESS) == (b"", 0x6F00)
    assert (read(card.directory)[2], card.state) == (before, state)


def test_a_fault_stands_among_the_events(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    card.transmit(SELECT_ISDR)
    break_after_changing_state(monkeypatch, 0xBF65)
    es10_sw(card.transmit, SET_ADDRESS)
    (event,) = card.take_events()
    assert (event.refused, event.text[:10]) == (True, "card: 6F00")


def test_a_challenge_that_a_fault_has_swallowed_was_never_given(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.transmit(SELECT_ISDR)
    volatile = card._volatile
    break_after_changing_state(monkeypatch, 0xBF2E)
    assert es10_sw(card.transmit, hx("BF2E00")) == (b"", 0x6F00)
    assert card._volatile is volatile


def test_a_card_goes_on_after_a_fault(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    eim = eim1()
    trust(card.transmit, eim)
    with monkeypatch.context() as broken:
        break_after_changing_state(broken, 0xBF51)
        package = eim.package(LIST_EIM)
        assert es10_sw(card.transmit, package) == (b"", 0x6F00)
        assert ask(card.transmit, GET_EID) == EID
    answer = ask(card.transmit, package)
    assert stored_results(card.transmit) == [answer]
    assert card.state.eims[0].counter == 1


def test_a_fault_is_logged_with_the_command_and_without_a_private_key(
    card: Card, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    eim = eim1()
    trust(card.transmit, eim)
    break_after_changing_state(monkeypatch, 0xBF51)
    with caplog.at_level(logging.DEBUG):
        es10_sw(card.transmit, eim.package(LIST_EIM))
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "a bug in this program, answered 6F00; the command was 80e2" in record.getMessage()
    assert "RuntimeError: a fault that nobody thought of" in caplog.text
    text = caplog.text.upper()
    for path in card.directory.rglob("SK_*.pem"):
        key = load_private_key(path)
        number = key.private_numbers().private_value
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        lines = path.read_text().splitlines()[1:-1]
        secrets = [f"{number:064X}", str(number), *lines, base64.b64encode(der).decode()]
        assert not [one for one in secrets if one.upper() in text]


def test_no_private_key_shows_when_a_signer_is_printed(card: Card) -> None:
    assert "key=" not in repr(card._signers).replace("key_file=", "")
