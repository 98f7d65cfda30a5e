"""lpac's stdio protocol: what each request does to a card, and what is not a request."""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.hexes import hx

from euicc_sim import Card
from euicc_sim.transport.blank import BlankCard, SilentObserver
from euicc_sim.transport.lpac_stdio import MAX_LINE, LpacStdio
from euicc_sim.transport.stdio import StdioLink
from euicc_sim.transport.vpcd import Control, PoweredCard

DEADLINE = 10.0
ISDR = "A0000005591010FFFFFFFF8900000100"
CONNECT = b'{"type":"apdu","payload":{"func":"connect","param":null}}'
DONE = '{"type":"apdu","payload":{"ecode":0,"data":""}}'
FAILED = '{"type":"apdu","payload":{"ecode":-1,"data":""}}'


class Log(SilentObserver):
    def __init__(self) -> None:
        self.lines: list[object] = []

    def powered(self, control: Control) -> None:
        self.lines.append(control)

    def answered(self, apdu: bytes, answer: bytes) -> None:
        self.lines.append((apdu.hex().upper(), answer.hex().upper()))

    def connected(self) -> None:
        self.lines.append("connected")


@dataclass
class Program:
    """What lpac is to a card."""

    card: PoweredCard
    log: Log = field(default_factory=Log)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stdio = LpacStdio(self.card, self.log, self.complaints.append)

    def ask(self, func: str, param: str | None = None) -> tuple[int, str]:
        line = json.dumps({"type": "apdu", "payload": {"func": func, "param": param}})
        answer: dict[str, Any] = json.loads(self.stdio.answer(line.encode()))
        assert answer["type"] == "apdu"
        return answer["payload"]["ecode"], answer["payload"]["data"]


@pytest.fixture
def program(card: Card) -> Program:
    return Program(card)


def test_a_session_of_lpac(program: Program, card: Card) -> None:
    assert program.ask("connect") == (0, "")
    assert program.ask("logic_channel_open", ISDR) == (1, "")
    assert program.ask("transmit", "81E2910006BF3E035C015A") == (0, "6115")
    assert program.ask("transmit", "81C0000015") == (0, f"BF3E125A10{card.eid}9000")
    assert program.ask("logic_channel_close", "01") == (0, "")
    assert program.ask("disconnect") == (0, "")
    assert program.complaints == []
    assert program.log.lines == [
        Control.RESET,
        ("0070000001", "019000"),
        (f"01A4040010{ISDR}", "6120"),
        ("81E2910006BF3E035C015A", "6115"),
        ("81C0000015", f"BF3E125A10{card.eid}9000"),
        ("00708001", "9000"),
        Control.POWER_OFF,
    ]


def test_an_answer_is_a_line_as_in_the_documentation_of_lpac(program: Program) -> None:
    assert program.stdio.answer(CONNECT) == f"{DONE}\n".encode()


@pytest.mark.parametrize("func", ["connect", "disconnect"])
def test_connect_and_disconnect_reset_the_card(program: Program, func: str) -> None:
    assert program.ask("logic_channel_open", ISDR) == (1, "")
    assert program.ask(func) == (0, "")
    assert program.ask("transmit", "81E2910006BF3E035C015A") == (0, "6881")


def test_an_unknown_aid_does_not_leave_a_channel_open(program: Program) -> None:
    assert program.ask("logic_channel_open", "A000000000") == (-1, "")
    assert program.complaints == ["A000000000 cannot be selected: 6A82"]
    assert program.ask("logic_channel_open", ISDR) == (1, "")


def test_every_channel_can_be_opened_but_no_more(program: Program) -> None:
    opened = []
    while (channel := program.ask("logic_channel_open", ISDR)[0]) > 0:
        opened.append(channel)
    assert opened == list(range(1, len(opened) + 1))
    assert len(opened) == 19
    assert program.complaints == ["no channel is free: 6A81"]
    assert program.ask("transmit", "CFE2910006BF3E035C015A") == (0, "6115")
    assert program.ask("logic_channel_close", "13") == (0, "")


def test_a_card_without_channels(card: Card) -> None:
    program = Program(BlankCard())
    assert program.ask("logic_channel_open", ISDR) == (-1, "")
    assert program.complaints == ["no channel is free: 6D00"]


def test_a_channel_that_is_not_open_cannot_be_closed(program: Program) -> None:
    ecode, _ = program.ask("logic_channel_close", "07")
    assert ecode == -1
    assert program.complaints == ["channel 7 cannot be closed: 6881"]


@pytest.mark.parametrize(
    ("func", "param", "complaint"),
    [
        ("transmit", None, "the request lacks a command APDU"),
        ("transmit", "", "the request lacks a command APDU"),
        ("logic_channel_open", None, "the request lacks an AID"),
        ("logic_channel_open", "A0" * 17, "an AID has at most 16 bytes, not 17"),
        ("logic_channel_close", None, "the request lacks a channel"),
        ("logic_channel_close", "0102", "a channel is one byte, not 0102"),
    ],
)
def test_a_bad_parameter_is_refused(
    program: Program, func: str, param: str | None, complaint: str
) -> None:
    assert program.ask(func, param) == (-1, "")
    assert program.complaints == [complaint]
    assert program.log.lines == []


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"rubbish",
        b"\xff\xfe",
        b"[]",
        b"1",
        b"{}",
        b'{"type":"apdu"}',
        b'{"type":"apdu","payload":null}',
        b'{"type":"apdu","payload":{}}',
        b'{"type":"apdu","payload":{"func":"explode","param":null}}',
        b'{"type":"apdu","payload":{"func":["connect"]}}',
        b'{"type":"apdu","payload":{"func":"transmit","param":"0"}}',
        b'{"type":"apdu","payload":{"func":"transmit","param":"XX"}}',
        b'{"type":"apdu","payload":{"func":"transmit","param":[1]}}',
        b'{"type":["apdu"],"payload":{"func":"connect"}}',
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_not_a_request_is_answered_with_an_error_and_logged(
    program: Program, line: bytes
) -> None:
    assert program.stdio.answer(line) == f"{FAILED}\n".encode()
    (complaint,) = program.complaints
    assert complaint.endswith(" is not a request of lpac's stdio driver")
    assert len(complaint) < 130
    assert program.log.lines == []


def test_http_is_refused(program: Program) -> None:
    line = b'{"type":"http","payload":{"url":"https://example.com","tx":"","headers":[]}}'
    assert program.stdio.answer(line) == f"{FAILED}\n".encode()
    assert program.complaints == ["only APDUs are supported here, not HTTP; set LPAC_HTTP=curl"]


class Pipes:
    """A program's ends of two pipes, and a link at the others."""

    def __init__(self, program: Program) -> None:
        requests, self.out = os.pipe()
        self.into, answers = os.pipe()
        self.files = [io.FileIO(requests), io.FileIO(answers, "w")]
        self.told: list[str] = []
        reading, writing = self.files
        self.link = StdioLink(program.stdio, program.log, reading, writing, self.told.append)
        self.thread = threading.Thread(target=self.link.run)
        self.thread.start()

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            os.write(self.out, piece)

    def hear(self) -> str:
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self.into, 1)
        return line.decode().rstrip()

    def hang_up(self) -> None:
        os.close(self.out)
        self.out = -1

    def ended(self) -> bool:
        self.thread.join(DEADLINE)
        return not self.thread.is_alive()

    def close(self) -> None:
        self.link.stop()
        assert self.ended()
        for file in self.files:
            file.close()
        for fd in (self.into, self.out):
            if fd >= 0:
                os.close(fd)


@pytest.fixture
def pipes(program: Program) -> Iterator[Pipes]:
    pipes = Pipes(program)
    yield pipes
    pipes.close()


def test_lines_are_answered_until_the_end(pipes: Pipes, program: Program) -> None:
    pipes.say(CONNECT + b"\n")
    assert pipes.hear() == DONE
    pipes.say(b"rubbish\n")
    assert pipes.hear() == FAILED
    pipes.hang_up()
    assert pipes.ended()
    assert program.log.lines == ["connected", Control.RESET]


def test_lines_may_come_in_pieces_and_together(pipes: Pipes) -> None:
    pipes.say(CONNECT[:20])
    pipes.say(CONNECT[20:] + b"\r\n" + CONNECT + b"\nrub", b"bish\n")
    assert [pipes.hear() for _ in range(3)] == [DONE, DONE, FAILED]


def test_a_last_line_without_its_end_is_answered(pipes: Pipes) -> None:
    pipes.say(CONNECT)
    pipes.hang_up()
    assert pipes.hear() == DONE


def test_messages_for_the_user_of_lpac_are_passed_on_and_not_answered(pipes: Pipes) -> None:
    result = '{"type":"lpa","payload":{"code":0,"message":"success","data":[]}}'
    progress = '{"type":"progress","payload":{}}'
    pipes.say(f"{progress}\n{result}\n".encode(), CONNECT + b"\n")
    assert pipes.hear() == DONE
    assert pipes.told == [progress, result]


def test_an_endless_line_is_not_kept_and_gets_one_answer(pipes: Pipes, program: Program) -> None:
    for _ in range(3):
        pipes.say(b"5" * MAX_LINE)
    pipes.say(b"\n" + CONNECT + b"\n")
    assert [pipes.hear(), pipes.hear()] == [FAILED, DONE]
    assert program.complaints == [f"a line is longer than {MAX_LINE} bytes"]


def test_the_longest_command_fits(pipes: Pipes, program: Program) -> None:
    apdu = hx("80E29100 00FFFF") + bytes(0xFFFF)
    payload = {"func": "transmit", "param": apdu.hex()}
    pipes.say(json.dumps({"type": "apdu", "payload": payload}).encode() + b"\n")
    assert json.loads(pipes.hear())["payload"]["ecode"] == 0
    assert program.complaints == []


def test_it_ends_when_nobody_reads_the_answers(pipes: Pipes) -> None:
    os.close(pipes.into)
    pipes.into = -1
    pipes.say(CONNECT + b"\n")
    assert pipes.ended()


def test_it_does_nothing_after_it_was_stopped(pipes: Pipes, program: Program) -> None:
    pipes.say(CONNECT)
    pipes.link.stop()
    assert pipes.ended()
    assert Control.RESET not in program.log.lines


def test_at_the_end_the_card_is_reset(pipes: Pipes, card: Card) -> None:
    payload = {"func": "logic_channel_open", "param": ISDR}
    pipes.say(json.dumps({"type": "apdu", "payload": payload}).encode() + b"\n")
    assert json.loads(pipes.hear())["payload"]["ecode"] == 1
    pipes.hang_up()
    assert pipes.ended()
    assert card.transmit(hx("81E2910006BF3E035C015A")) == hx("6881")
