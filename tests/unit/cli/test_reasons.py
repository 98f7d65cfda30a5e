"""Commands that talk to a card say why it refuses, also when somebody else serves it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.hexes import hx
from typer.testing import CliRunner, Result

from euicc_sim import Card
from euicc_sim.cli import apdu
from euicc_sim.cli.main import app
from euicc_sim.cli.reasons import Reasons, with_reasons
from euicc_sim.es10.registry import FUNCTIONS
from euicc_sim.parties.lpa.lpa import _refused
from euicc_sim.parties.messages import LpaError, StatusWordError, exchange
from euicc_sim.tracing.journal import Journal
from euicc_sim.transport.pcsc import PcscCard

GET_EID = "80E2910006BF3E035C015A"
READER = "A reader of this test"


@pytest.fixture
def folder(tmp_path: Path, card: Card) -> str:
    """A card that nobody has open."""
    card.close()
    return str(card.directory)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


class Read(PcscCard):
    """A card in a reader, served by this process, with its journal."""

    def __init__(self, card: Card) -> None:
        self.reader = READER
        self._served = card
        self._journal = Journal(card.directory)
        self._journal.link(time.time(), "connected", reader=READER)
        self._journal.flush()

    def transmit(self, apdu: bytes) -> bytes:
        answer = self._served.transmit(apdu)
        for one in self._served.take_events():
            self._journal.function(
                time.time(), one.name, one.text, refused=one.refused, warning=one.warning
            )
        self._journal.flush()
        return answer

    def close(self) -> None: ...


@contextmanager
def _reader(card: Card) -> Iterator[Read]:
    yield Read(card)


@pytest.fixture
def served(card: Card, monkeypatch: pytest.MonkeyPatch) -> Card:
    """What the commands reach without --card."""
    monkeypatch.setattr(apdu, "open_link", lambda _card, _reader_: _reader(card))
    return card


def test_send_prints_the_meaning_and_the_reason(folder: str) -> None:
    lines = run("apdu", "send", GET_EID, "--card", folder).stdout.splitlines()
    assert lines[:2] == [f"> {GET_EID}", "< 6985 (conditions of use not satisfied)"]
    assert lines[2].startswith("  STORE DATA: 6985, ")


def test_send_says_so_of_a_served_card_too(served: Card) -> None:
    lines = run("apdu", "send", GET_EID).stdout.splitlines()
    assert lines[1] == "< 6985 (conditions of use not satisfied)"
    assert lines[2].startswith("  STORE DATA: 6985, ")


def test_the_reason_for_a_result_code_is_shown_below_the_answer(folder: str) -> None:
    select = "00A4040010A0000005591010FFFFFFFF8900000100"
    enable = "80E2910014BF3111A00C5A0A98001032547698103214810100"
    lines = run("apdu", "send", select, enable, "--card", folder).stdout.splitlines()
    assert lines[-1].startswith("  EnableProfile: iccidOrAidNotFound")


def test_es10_says_why_on_standard_error(folder: str) -> None:
    enable = "BF3111A00C5A0A98001032547698103214810100"
    result = run("apdu", "es10", enable, "--card", folder)
    assert result.stdout == "BF3103800101\n"
    assert result.stderr.startswith("the card: EnableProfile: iccidOrAidNotFound")
    refused = run("apdu", "es10", "BF7F00", "--card", folder)
    assert "data not found). The card's reason: ES10: 6A88, this card has no" in refused.stderr


def test_es10_says_why_of_a_served_card_too(served: Card) -> None:
    refused = run("apdu", "es10", "BF7F00")
    assert "data not found). The card's reason: ES10: 6A88, this card has no" in refused.stderr


def test_es10_says_what_a_chip_would_refuse(folder: str) -> None:
    result = run("apdu", "es10", "BF2B028200", "--card", folder)
    assert result.stdout == "BF2B02A200\n"
    assert result.stderr.startswith("the card: RetrieveNotificationsList: ")
    assert "chips refuse that, but YggdraSIM" in result.stderr.replace("\n", " ")


def test_es10_says_so_of_a_served_card_too(served: Card) -> None:
    assert "chips refuse that" in run("apdu", "es10", "BF2B028200").stderr.replace("\n", " ")


def test_run_says_why_unless_the_refusal_was_expected(folder: str, tmp_path: Path) -> None:
    script = tmp_path / "x.apdu"
    script.write_text(f"{GET_EID}\n#< 6985\n0070800500\n")
    lines = run("apdu", "run", str(script), "--card", folder).stdout.splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("  MANAGE CHANNEL: 6881, ")


def test_a_card_that_is_not_served_here_is_not_waited_for(card: Card) -> None:
    reasons = Reasons(Read(card), find=lambda _: [], patience=1e9)
    card.transmit(hx(GET_EID))
    assert reasons.take() == []


def test_a_journal_that_says_nothing_is_waited_for_once(card: Card) -> None:
    reader = Read(card)
    asked: list[str] = []

    def find(name: str) -> list[Path]:
        asked.append(name)
        return [card.directory]

    reasons = Reasons(reader, find=find, patience=0.0)
    assert reasons.take() == []
    reader.transmit(hx(GET_EID))
    assert reasons.take() == []
    assert asked == [READER]


def test_what_was_refused_earlier_is_nobody_s_reason(card: Card) -> None:
    reader = Read(card)
    reader.transmit(hx("0070800500"))
    reasons = Reasons(reader, find=lambda _: [card.directory])
    reader.transmit(hx(GET_EID))
    (reason,) = reasons.take()
    assert reason.startswith("STORE DATA: 6985")


@pytest.mark.parametrize("command", [GET_EID, "00A4040000", "81E2110003BF3E03"])
def test_a_command_given_as_a_request_is_told(folder: str, command: str) -> None:
    result = run("apdu", "es10", command, "--card", folder)
    assert result.exit_code == 1
    assert "is a command APDU, not an ES10 request; send it with: euicc-sim apdu send" in (
        result.stderr
    )


@pytest.mark.parametrize("tag", FUNCTIONS)
def test_no_request_is_taken_for_a_command(tag: int) -> None:
    assert not apdu._is_command(tag.to_bytes(2) + b"\x00")


@pytest.mark.parametrize("words", [["decode"], ["apdu", "es10"]], ids=["decode", "es10"])
def test_a_file_that_does_not_exist_is_said_not_to_exist(words: list[str]) -> None:
    result = run(*words, "nofile")
    assert result.exit_code == 1
    assert "the file 'nofile' does not exist, and it is not hex" in result.stderr


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        ("EnableProfile", "The Profile is enabled already."),
        ("DeleteProfile", "The Profile is enabled; disable it before deleting it."),
    ],
)
def test_the_advice_for_an_enabled_profile_is_that_of_the_operation(
    function: str, advice: str
) -> None:
    code = "profileNotInDisabledState"
    assert str(_refused(function, ("", code))) == f"The card refused {function}: {code}. {advice}"


def test_a_segment_that_no_card_takes_is_refused_by_the_option(tmp_path: Path) -> None:
    result = run("profile", "download", str(tmp_path), "--segment-size", "65520")
    assert result.exit_code == 2
    assert "1008" in result.output


def test_a_status_word_alone_is_explained_and_says_where_the_reason_is(card: Card) -> None:
    with pytest.raises(StatusWordError) as caught:
        exchange(card.transmit, hx("BF3E 03 5C015A"))
    sentence = (
        "The card answered the ES10 request BF3E with 6985 (conditions of use not satisfied)."
    )
    assert str(caught.value) == sentence
    assert with_reasons(caught.value, []) == (
        f"{sentence} If the card is one of euicc-sim, its serve shows the reason."
    )
    assert with_reasons(caught.value, ["no"]) == f"{sentence} The card's reason: no."


def test_a_sentence_that_is_no_status_word_is_left_alone() -> None:
    assert with_reasons(LpaError("The server has no Profile.", "8.2"), []) == (
        "The server has no Profile."
    )
