"""`euicc-sim watch`: one screen, and what makes it change."""

from __future__ import annotations

import io
import os
import pty
import select
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import typer
from rich.console import Console
from support.es10 import SELECT_ISDR, es10
from support.hexes import hx
from support.installing import install
from typer.testing import CliRunner

from euicc_sim import Card, CardError
from euicc_sim.cli.card_log import CardLog
from euicc_sim.cli.log_lines import LogLines
from euicc_sim.cli.watch import watch
from euicc_sim.cli.watch_screen import screen
from euicc_sim.tracing.journal import JOURNAL, Journal, read
from euicc_sim.views.moment import Watched

DEADLINE = 20.0

app = typer.Typer()
app.command()(watch)


def served(card: Card) -> CardLog:
    """The log of a card as `serve` keeps it, its journal beside card.json."""
    out = Console(file=io.StringIO())
    journal = Journal(card.directory)
    log = CardLog(card.take_events, LogLines(out), reader="R", address="A", journal=journal)
    log.connected()
    return log


def once(directory: Path) -> list[str]:
    result = CliRunner().invoke(app, [str(directory), "--once"])
    assert result.exit_code == 0, result.output
    return [line.rstrip() for line in result.stdout.splitlines()]


def test_a_fresh_card_is_shown_though_nobody_serves_it(card: Card) -> None:
    lines = once(card.directory)
    assert any("89049032123451234512345678901235" in line for line in lines)
    assert any("served" in line and "no; insert it" in line for line in lines)
    assert "none; add the first eIM with AddInitialEim" in lines
    assert "no Profiles" in lines
    assert lines[-1] == "no function has been called yet"


def test_functions_are_shown_with_reasons_and_profiles_with_their_state(
    card: Card, pki_folder: Path
) -> None:
    log = served(card)
    install(card.transmit, pki_folder)
    card.transmit(hx("80E2910003BF6600"))
    log.answered(b"", b"")
    log.idle()
    lines = once(card.directory)
    assert any("89000123456789012341" in line and "disabled" in line for line in lines)
    assert any("notifications.example.com" in line for line in lines)
    assert lines[-1].endswith("ES10: 6A88, this card has no ES10 function with the tag BF66")
    assert any(f"by process {os.getpid()}, connected" in line for line in lines)
    (refused,) = [one for one in read(card.directory) if one.refused]
    assert refused.name == "ES10"


def test_a_download_under_way_is_shown(card: Card, pki_folder: Path) -> None:
    class EnoughError(Exception):
        pass

    def send(command: bytes) -> bytes:
        if command[5:6] == hx("A3"):
            raise EnoughError
        return card.transmit(command)

    with suppress(EnoughError):
        install(send, pki_folder)
    assert any("download" in line and "in progress from" in line for line in once(card.directory))


def test_a_look_at_what_has_not_changed_is_the_same(card: Card, pki_folder: Path) -> None:
    watched = Watched(card.directory)
    first = watched.look()
    assert watched.look() is first
    log = served(card)
    second = watched.look()
    assert second is not first
    assert second.serving is not None
    install(card.transmit, pki_folder)
    third = watched.look()
    assert len(third.state.profiles) == 1
    log.idle()
    assert watched.look() is third


def test_a_change_is_seen_though_the_document_is_not_written_yet(card: Card) -> None:
    watched = Watched(card.directory)
    assert watched.look().state.default_dp_address == ""
    card.transmit(SELECT_ISDR)
    before = (card.directory / "card.json").read_bytes()
    assert es10(card.transmit, bytes.fromhex("BF6503800161")) == bytes.fromhex("BF6503800100")
    assert (card.directory / "card.json").read_bytes() == before
    assert watched.look().state.default_dp_address == "a"
    seen = watched.look()
    card.idle(1.0)
    assert watched.look().state == seen.state


def test_a_card_that_is_damaged_meanwhile_is_shown_as_it_was(card: Card) -> None:
    watched = Watched(card.directory)
    watched.look()
    (card.directory / "card.json").write_text("{")
    moment = watched.look()
    out = Console(file=io.StringIO(), width=200)
    out.print(screen(moment, 5))
    assert isinstance(out.file, io.StringIO)
    assert "is damaged" in out.file.getvalue()
    assert moment.identity.eid == card.eid


def test_a_directory_without_a_card_is_told(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="there is no card in"):
        Watched(tmp_path).look()


def test_a_card_that_cannot_keep_a_journal_is_served_all_the_same(card: Card) -> None:
    (card.directory / JOURNAL).mkdir()
    log = served(card)
    log.idle()
    assert once(card.directory)[-1] == "no function has been called yet"


@pytest.mark.slow
@pytest.mark.parametrize("key", [b"q", b"Q", b"\x03"])
def test_on_a_terminal_it_follows_the_card_until_a_key_ends_it(card: Card, key: bytes) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "euicc_sim", "watch", str(card.directory)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "30"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        _wait_for(ours, b"no events yet")
        journal = Journal(card.directory)
        journal.function(time.time(), "GetEID", "GetEID: quite new", refused=False)
        journal.flush()
        _wait_for(ours, b"GetEID: quite new")
        if key == b"\x03":
            process.send_signal(2)
        else:
            os.write(ours, key)
        with suppress(OSError):  # a terminal that nobody holds any more
            while select.select([ours], [], [], DEADLINE)[0] and os.read(ours, 1000):
                pass
        assert process.wait(DEADLINE) == 0
    os.close(ours)


def _wait_for(fd: int, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        ready, _, _ = select.select([fd], [], [], DEADLINE)
        assert ready, f"nothing more after {seen!r}"
        seen += os.read(fd, 10000)
