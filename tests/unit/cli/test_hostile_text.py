"""Text that strangers write never moves a terminal, whatever command prints it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from support.eims import ask, eim1, trust
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installed import change, give
from support.installing import A, B
from typer.testing import CliRunner

from euicc_sim import Card, Event
from euicc_sim.cli.console import Terminal, complain
from euicc_sim.cli.log_lines import Line, LogLines
from euicc_sim.cli.main import app
from euicc_sim.cli.reasons import Reasons
from euicc_sim.model.profile import ProfileEvent, Recipient
from euicc_sim.tracing.journal import Journal

C0 = "".join(map(chr, range(0x20))) + "\x7f"
C1 = "".join(map(chr, range(0x80, 0xA0)))
MARKS = "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
MARKS += "\u2066\u2067\u2068\u2069\ufeff"
RUDE = C0 + C1 + MARKS
PIECES = [RUDE[at : at + 16] for at in range(0, len(RUDE), 16)]


def harmless(text: str) -> bool:
    return all(one.isprintable() for one in text.split("\n"))


@pytest.fixture(params=PIECES, ids=lambda one: ascii(one[0])[1:-1])
def directory(request: pytest.FixtureRequest, card: Card) -> Path:
    """A card in which every text has such characters, and a journal with them."""
    rude = f"a{request.param}b"
    everything = (Recipient(frozenset(ProfileEvent), rude),)
    texts = {"name": rude, "service_provider": rude, "nickname": rude, "recipients": everything}
    give(card, A, B, A=texts, B=texts)
    card.transmit(SELECT_ISDR)
    trust(card.transmit, eim1())
    eims = tuple(replace(one, eim_id=rude, fqdn=rude) for one in card.state.eims)
    ask(card.transmit, hx("BF31 11 A00C 5A0A") + A + hx("8101FF"))
    change(card, eims=eims, default_dp_address=rude)
    journal = Journal(card.directory)
    journal.function(1.0, rude, f"{rude}: {rude}", refused=True)
    journal.link(2.0, rude)
    journal.flush()
    card.close()
    return card.directory


COMMANDS = [
    ("card", "show", "CARD"),
    ("profile", "list", "--card", "CARD"),
    ("profile", "notifications", "--card", "CARD"),
    ("watch", "CARD", "--once"),
    ("apdu", "es10", "BF2D00", "--card", "CARD"),
    ("apdu", "es10", "BF5500", "--card", "CARD"),
    ("apdu", "es10", "BF3C00", "--card", "CARD"),
    ("apdu", "es10", "BF2800", "--card", "CARD"),
    ("ipa", "poll", "--card", "CARD"),
    ("profile", "enable", "--card", "CARD", "1"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: " ".join(one[:3]))
def test_what_a_card_keeps_is_printed_harmlessly(directory: Path, command: tuple[str, ...]) -> None:
    arguments = [str(directory) if one == "CARD" else one for one in command]
    result = CliRunner().invoke(app, arguments)
    assert harmless(result.output), ascii(result.output)
    if command[0] in ("card", "watch", "profile") and command[1] != "enable":
        assert "\\" in result.output


@pytest.mark.parametrize("rude", PIECES, ids=lambda one: ascii(one[0])[1:-1])
def test_what_is_said_is_printed_harmlessly(
    rude: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    complain(f"a{rude}b")
    out = Terminal(file=StringIO(), width=200)
    LogLines(out).add(Line(None, "", f"a{rude}b"))
    assert isinstance(out.file, StringIO)
    said = capsys.readouterr().err + out.file.getvalue()
    assert harmless(said), ascii(said)


@pytest.mark.parametrize(
    "arguments",
    [
        ("decode", "RUDE"),
        ("profile", "fetch", "LPA:1$RUDE$RUDE", "--card", "nothing"),
        ("eim", "show", "RUDE"),
        ("card", "show", "RUDE"),
        ("trace", "RUDE"),
        ("apdu", "run", "RUDE"),
        ("apdu", "send", "RUDE"),
        ("smdpp", "serve", "RUDE"),
    ],
    ids=lambda one: " ".join(one[:2]),
)
def test_what_was_given_is_printed_back_harmlessly(arguments: tuple[str, ...]) -> None:
    for rude in PIECES:
        given = [one.replace("RUDE", f"a{rude.replace(chr(0), '')}b") for one in arguments]
        result = CliRunner().invoke(app, given)
        assert result.exit_code != 0
        assert harmless(result.output), ascii(result.output)


@pytest.mark.slow
@pytest.mark.parametrize("command", [("profile", "list"), ("card", "show"), ("demo", "--card")])
def test_a_terminal_that_cannot_show_a_character_gets_its_escape(
    card: Card, command: tuple[str, ...]
) -> None:
    give(card, A, A={"nickname": "\U0001f4e1"})
    card.close()
    result = subprocess.run(
        [sys.executable, "-P", "-m", "euicc_sim", *command, str(card.directory)],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert b"Traceback" not in result.stderr, result.stderr
    if command[0] != "demo":
        assert b"\\U0001f4e1" in result.stdout


FORGED = "no\r\n23:59:59 LoadEuiccPackage: enable: ok\x1b[2J"


def test_a_complaint_stays_on_its_line_whatever_a_server_has_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    complain(f"The server refused to authenticate itself: {FORGED} (8.1/4.8).")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("euicc-sim: The server refused to authenticate itself: no\\r\\n23:59:59")


def test_a_card_s_reason_stays_on_its_line(card: Card) -> None:
    reasons = Reasons(card)
    card._events.append(Event("LoadEuiccPackage", refused=True, text=FORGED))
    assert reasons.take() == ["no\\r\\n23:59:59 LoadEuiccPackage: enable: ok\\x1b[2J"]
