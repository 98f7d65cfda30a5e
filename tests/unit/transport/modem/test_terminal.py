"""The modem's pseudo-terminal, opened as programs open a serial port."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from euicc_sim import Card
from euicc_sim.transport.blank import SilentObserver
from euicc_sim.transport.link import LinkError
from euicc_sim.transport.modem import terminal
from euicc_sim.transport.modem.commands import Modem
from euicc_sim.transport.modem.syntax import MAX_LINE
from euicc_sim.transport.modem.terminal import ModemLink

DEADLINE = 120.0


class Log(SilentObserver):
    """Counts programs, and tells when one has gone."""

    def __init__(self) -> None:
        self.programs = 0
        self.gone = threading.Semaphore(0)

    def connected(self) -> None:
        self.programs += 1

    def disconnected(self) -> None:
        self.gone.release()


@contextmanager
def running(card: Card, link: Path | None = None, log: Log | None = None) -> Iterator[ModemLink]:
    observer = log or Log()
    served = ModemLink(Modem(card, observer), observer, link)
    thread = threading.Thread(target=served.run)
    thread.start()
    try:
        yield served
    finally:
        served.stop()
        thread.join(DEADLINE)
        served.close()
        assert not thread.is_alive()


class Program:
    """A program with the port open."""

    def __init__(self, path: str | Path) -> None:
        self._port = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._port)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._port, data[:1024]) :]

    def until(self, end: bytes) -> bytes:
        """What comes, up to that end."""
        got = b""
        while not got.endswith(end):
            assert select.select([self._port], [], [], DEADLINE)[0], got
            got += os.read(self._port, 0x1000)
        return got

    def ask(self, line: bytes) -> bytes:
        self.write(line)
        return self.until(b"\r\nOK\r\n")


def test_characters_are_echoed_until_e0(card: Card) -> None:
    with running(card) as link, Program(link.path) as program:
        assert program.ask(b"AT\r") == b"AT\r\r\nOK\r\n"
        assert program.ask(b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
        assert program.ask(b"AT\r") == b"\r\nOK\r\n"


def test_the_lines_of_one_command_follow_each_other(card: Card) -> None:
    with running(card) as link, Program(link.path) as program:
        program.ask(b"ATE0\r")
        assert program.ask(b"AT+CGMI;+CFUN?\r") == b"\r\neuicc-sim\r\n\r\n+CFUN: 1\r\n\r\nOK\r\n"
        assert program.ask(b"ATI\r").startswith(b"\r\neuicc-sim\r\nVirtual modem\r\nRev")


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_a_line_ends_with_either_character_or_both(card: Card, end: bytes) -> None:
    with running(card) as link, Program(link.path) as program:
        program.ask(b"ATE0\r")
        assert program.ask(b"AT+CFUN?" + end).endswith(b"\r\n+CFUN: 1\r\n\r\nOK\r\n")


def test_a_line_may_come_in_pieces_and_several_in_one(card: Card) -> None:
    with running(card) as link, Program(link.path) as program:
        program.ask(b"ATE0\r")
        for piece in (b"A", b"T+C", b"FUN", b"?"):
            program.write(piece)
        assert program.ask(b"\r") == b"\r\n+CFUN: 1\r\n\r\nOK\r\n"
        program.write(b"AT+CFUN?\rAT+CMEE?\r")
        both = b"\r\n+CFUN: 1\r\n\r\nOK\r\n\r\n+CMEE: 0\r\n\r\nOK\r\n"
        assert program.until(b"+CMEE: 0\r\n\r\nOK\r\n") == both


def test_backspace_takes_a_character_back(card: Card) -> None:
    with running(card) as link, Program(link.path) as program:
        program.ask(b"ATE0\r")
        assert program.ask(b"\x7fAX\x08T+CFUM\x7fN?\r") == b"\r\n+CFUN: 1\r\n\r\nOK\r\n"


def test_a_command_of_the_longest_apdu_fits(card: Card) -> None:
    with running(card) as link, Program(link.path) as program:
        program.ask(b"ATE0\r")
        apdu = "80E2910000FFFF" + "00" * 0xFFFF + "0000"
        answer = program.ask(f'AT+CSIM={len(apdu)},"{apdu}"\r'.encode())
        assert answer.startswith(b"\r\n+CSIM: ")


def test_a_longer_line_is_an_error_and_the_next_one_is_answered(card: Card) -> None:
    with running(card) as link, Program(link.path) as program:
        program.ask(b"ATE0\r")
        program.write(b"AT+CSIM=" + b"0" * MAX_LINE + b"\r")
        assert program.until(b"ERROR\r\n") == b"\r\nERROR\r\n"
        assert program.ask(b"AT\r").endswith(b"\r\nOK\r\n")


@pytest.mark.parametrize("hostile", [b"\x00\xff\x1b[2J", "AT+CIMÍ²".encode(), b"AT+\x00"])
def test_other_characters_never_come_back_as_an_answer(card: Card, hostile: bytes) -> None:
    with running(card) as link, Program(link.path) as program:
        program.ask(b"ATE0\r")
        program.write(hostile + b"\r")
        answer = program.ask(b"AT\r")
        assert answer in (b"\r\nOK\r\n", b"\r\nERROR\r\n\r\nOK\r\n")


def test_programs_come_and_go_and_find_the_modem_as_it_was(card: Card) -> None:
    log = Log()
    with running(card, log=log) as link:
        with Program(link.path) as program:
            program.ask(b"ATE0+CMEE=2\r")
        assert log.gone.acquire(timeout=DEADLINE)
        with Program(link.path) as program:
            assert program.ask(b"AT+CMEE?\r") == b"\r\n+CMEE: 2\r\n\r\nOK\r\n"
    assert log.programs == 2


LEFT = {"answer": b"ATI\r", "line": b"AT+CGM", "much": b"ATI\r" * 100}


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_what_a_program_left_is_not_for_the_next_one(card: Card, left: bytes) -> None:
    log = Log()
    with running(card, log=log) as link:
        with Program(link.path) as program:
            program.ask(b"ATE0\r")
            program.write(left)
        assert log.gone.acquire(timeout=DEADLINE)
        with Program(link.path) as program:
            assert program.ask(b"AT\r") == b"\r\nOK\r\n"


def test_a_shell_may_write_a_line_and_close(card: Card) -> None:
    log = Log()
    with running(card, log=log) as link:
        with Program(link.path) as program:
            program.write(b"ATE0+CMEE=2\r")
        assert log.gone.acquire(timeout=DEADLINE)
        with Program(link.path) as program:
            assert program.ask(b"AT+CMEE?\r") == b"\r\n+CMEE: 2\r\n\r\nOK\r\n"


def test_answers_that_nobody_reads_do_not_hold_it_up(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "UNREAD_SECONDS", 0.01)
    with running(card) as link, Program(link.path) as program:
        program.ask(b"ATE0\r")
        for _ in range(200):
            program.write(b"AT+CLAC\r")


def test_the_card_has_no_power_when_the_modem_is_gone(card: Card) -> None:
    with running(card) as link, Program(link.path) as program:
        program.ask(b'AT+CCHO="A0000005591010FFFFFFFF8900000100"\r')
    card.reset()
    assert card.transmit(bytes.fromhex("81F2000000")) == bytes.fromhex("6881")


# -- the link


def test_the_link_is_there_while_the_modem_is(card: Card, tmp_path: Path) -> None:
    place = tmp_path / "modem"
    with running(card, place) as link:
        assert os.readlink(place) == link.path
        with Program(place) as program:
            assert program.ask(b"AT\r").endswith(b"OK\r\n")
    assert not os.path.lexists(place)


def test_a_link_that_a_killed_server_left_is_replaced(card: Card, tmp_path: Path) -> None:
    place = tmp_path / "modem"
    place.symlink_to("/dev/pts/99999")
    with running(card, place) as link:
        assert os.readlink(place) == link.path


def test_a_link_of_a_living_server_is_left_to_it(card: Card, tmp_path: Path) -> None:
    place = tmp_path / "modem"
    with running(card, place) as link:
        with pytest.raises(LinkError, match="exists already"):
            ModemLink(Modem(card, SilentObserver()), SilentObserver(), place)
        assert os.readlink(place) == link.path


@pytest.mark.parametrize("kind", ["file", "folder", "other link"])
def test_what_is_there_already_is_never_removed(card: Card, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "modem"
    if kind == "file":
        place.write_text("mine")
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LinkError, match="exists already; name a different one for --at"):
        ModemLink(Modem(card, SilentObserver()), SilentObserver(), place)
    assert os.path.lexists(place)


def test_a_link_of_somebody_else_is_left_in_the_end(card: Card, tmp_path: Path) -> None:
    place = tmp_path / "modem"
    with running(card, place):
        place.unlink()
        place.symlink_to("/dev/pts/99999")
    assert os.readlink(place) == "/dev/pts/99999"


def test_a_link_in_a_folder_that_is_not_there_is_a_sentence(card: Card, tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="No such file or directory"):
        ModemLink(Modem(card, SilentObserver()), SilentObserver(), tmp_path / "no" / "modem")
