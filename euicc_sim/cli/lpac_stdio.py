"""`euicc-sim lpac-stdio`: start a program whose standard input and output lead to a card.

lpac's stdio driver writes requests to its standard output and reads answers from its standard
input, so both have to be crossed over; any other output of the program is passed on.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Annotated

import typer

from euicc_sim import Card
from euicc_sim.cli.card_log import StdioLog
from euicc_sim.cli.console import complain, fail, stderr
from euicc_sim.cli.log_lines import LogLines
from euicc_sim.cli.serve_links import Ways, served
from euicc_sim.tracing.recorder import Recorder
from euicc_sim.transport.framing import PAUSES
from euicc_sim.transport.link import LinkObserver
from euicc_sim.transport.lpac_stdio import APDU, HTTP, MAX_LINE, LpacStdio, line_type

DRIVER = {"LPAC_APDU": "stdio"}
DRIVER_TYPES = (APDU, HTTP)


def lpac_stdio(
    program: Annotated[
        list[str],
        typer.Argument(metavar="PROGRAM...", help="The program and its arguments: lpac chip info"),
    ],
    card: Annotated[Path, typer.Option("--card", metavar="DIR", help="The card's directory.")],
    fsync: Annotated[
        bool,
        typer.Option(
            "--fsync/--no-fsync",
            help="Without fsync a card is faster, but a power cut may destroy it.",
        ),
    ] = True,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also show power, commands and responses.")
    ] = False,
) -> None:
    """Run lpac, or another program with its stdio driver protocol, on a card without PC/SC.

    LPAC_APDU=stdio is set for the program. Its other output goes to standard output, what the card
    does to standard error; the exit code is the program's.
    """
    with ExitStack() as open_things:
        one = open_things.enter_context(Card.open(card, fsync=fsync))
        lines = LogLines(stderr, shared=True)
        ways, nothing_recorded = Ways("", stdio=True), Recorder([], complain)
        (its,) = served([one], ways, lines, nothing_recorded, open_things, verbose=verbose)
        observer = its.observer(StdioLog)
        code = _run(program, LpacStdio(its.contacts, observer, complain), observer)
    raise typer.Exit(code)


def _run(program: list[str], card: LpacStdio, observer: LinkObserver) -> int:
    """Run the program; return its exit code, or 128 plus the number of the signal that ended it."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command
            program,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **DRIVER},
        )
    except OSError as error:
        fail(f"{program[0]} cannot be started: {error.strerror or error}.")
    # Ctrl-C also reaches the program, which knows what to do
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        observer.connected()
        if process.stdin and process.stdout:
            _converse(process.stdout, process.stdin, card, observer)
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
        card.end()
        observer.idle()
    return code if code >= 0 else 128 - code


def _converse(said: IO[bytes], told: IO[bytes], card: LpacStdio, observer: LinkObserver) -> None:
    """Answer requests and pass on everything else, until the program closes its output."""
    with said:
        for line in _lines(said, card.paused):
            if line_type(line) in DRIVER_TYPES:
                with suppress(BrokenPipeError):
                    told.write(card.answer(line))
                    told.flush()
                observer.idle()
            else:
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
    with suppress(BrokenPipeError):
        told.close()


def _lines(said: IO[bytes], paused: Callable[[float], None]) -> Iterator[bytes]:
    """The program's output line by line; a line of more than MAX_LINE bytes comes in pieces."""
    waiting = select.poll()
    waiting.register(said, select.POLLIN)
    rest = b""
    while True:
        for pause in PAUSES:
            if waiting.poll(pause * 1000):
                break
            paused(pause)
        piece = os.read(said.fileno(), MAX_LINE)
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if rest and (not piece or len(rest) > MAX_LINE):
            yield rest
            rest = b""
        if not piece:
            return
