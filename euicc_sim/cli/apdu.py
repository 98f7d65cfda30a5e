"""`euicc-sim apdu`: send commands or run scripts, in a reader or in a card's directory."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from apdu import TlvError, refuses
from apdu.names import INSTRUCTIONS, status
from apdu.tlv import whole
from euicc_sim.cli.apdu_script import Outcome, ScriptError, Step, parse, play
from euicc_sim.cli.console import console, fail, stderr
from euicc_sim.cli.eim_bytes import bytes_from
from euicc_sim.cli.link import CardOption, ReaderOption, open_link
from euicc_sim.cli.reasons import Reasons, with_reasons
from euicc_sim.cli.tracing import (
    AnywhereOption,
    GsmtapOption,
    KeysOption,
    TraceOption,
    TraceOptions,
    traced,
)
from euicc_sim.parties.messages import EimError, StatusWordError, exchange, select_isdr
from euicc_sim.tracing.errors import TraceError
from euicc_sim.transport.pcsc import PcscError

SHOWN = 24
"""How many bytes of a command or response are shown on a short line."""

_STORE_DATA, _LAST_BLOCK = 0xE2, 0x80
_OK = "9000"

app = typer.Typer(
    name="apdu", help="Send APDUs to a card, or run scripts of them.", no_args_is_help=True
)


@app.command()
def send(
    commands: Annotated[
        list[str],
        typer.Argument(
            metavar="HEX...",
            help="Command APDUs, each in one word (or the bytes of one APDU), or the word reset.",
            show_default=False,
        ),
    ],
    card: CardOption = None,
    reader: ReaderOption = None,
) -> None:
    """Send commands and print the responses. For 61XX, send GET RESPONSE yourself."""
    try:
        steps = _commands(commands)
        with open_link(card, reader) as link:
            reasons = Reasons(link)
            for outcome in play(steps, link):
                console.print(Text(f"> {_sent(outcome.step)}"))
                console.print(Text(f"< {_answered(outcome)}"))
                _print_reasons(outcome, reasons)
    except (ScriptError, PcscError) as error:
        fail(str(error))


@app.command()
def es10(
    request: Annotated[
        str,
        typer.Argument(
            help="An ES10 request in hex, a file with one, or - for standard input.",
            show_default=False,
        ),
    ],
    card: CardOption = None,
    reader: ReaderOption = None,
) -> None:
    """Select the ISD-R, send it one ES10 request and print the response in hex.

    euicc-sim eim initial eim1.json | euicc-sim apdu es10 - | euicc-sim decode -
    """
    try:
        sent = bytes_from(request, "request")
        if _is_command(sent):
            fail(
                f"{request[:40]!r} is a command APDU, not an ES10 request; "
                f"send it with: euicc-sim apdu send {_hex(sent, SHOWN)}"
            )
        with open_link(card, reader) as link:
            reasons = Reasons(link)
            try:
                select_isdr(link.transmit)
                answer = exchange(link.transmit, sent)
            except StatusWordError as error:
                fail(with_reasons(error, reasons.take()))
            typer.echo(answer.hex().upper())
            for reason in reasons.take():
                stderr.print(Text(f"the card: {reason}", "red"))
    except (EimError, PcscError) as error:
        fail(str(error))


@app.command()
def run(
    scripts: Annotated[
        list[Path], typer.Argument(metavar="SCRIPT...", help="Files in scriptor's format.")
    ],
    card: CardOption = None,
    reader: ReaderOption = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print comments and every byte.")
    ] = False,
    trace: TraceOption = None,
    gsmtap: GsmtapOption = None,
    gsmtap_anywhere: AnywhereOption = False,
    trace_keys: KeysOption = False,
) -> None:
    """Run scripts: lines of hex, reset, # comments, and '#< PATTERN' for the expected response.

    The format is that of scriptor from pcsc-tools, which runs the same files. A pattern is a
    regular expression for the whole response, data and status word in hex; spaces in it are
    ignored, and several '#<' lines after one command are one pattern. The exit code is 1 when a
    response does not match.
    """
    try:
        steps = [step for one in scripts for step in parse(_text(one), str(one))]
        options = TraceOptions(trace, gsmtap, gsmtap_anywhere, trace_keys)
        with open_link(card, reader) as opened, traced(opened, options) as link:
            reasons = Reasons(opened)
            counted = Counter(_printed(one, verbose, reasons) for one in play(steps, link))
    except (ScriptError, PcscError, TraceError) as error:
        fail(str(error))
    failed = counted[False]
    checked = counted[True] + failed
    console.print(
        f"{len(steps)} commands, {checked} checked, {failed} failed",
        style="bold red" if failed else "bold",
    )
    if failed:
        raise typer.Exit(1)


def _commands(words: list[str]) -> list[Step]:
    if all(len(word) == len("00") for word in words):
        words = [" ".join(words)]
    try:
        return parse("\n".join(words), "command")
    except ScriptError as error:
        raise ScriptError(f"{error} Give commands in hex, such as 0070000001.") from error


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ScriptError(f"{path} cannot be read ({why}); give a script in text.") from error


def _printed(outcome: Outcome, verbose: bool, reasons: Reasons) -> bool | None:
    """Print the outcome of a step; return whether it passed."""
    step = outcome.step
    failed = outcome.passed is False
    if verbose:
        for remark in step.remarks:
            console.print(Text(f"# {remark}", "dim"))
    size = None if verbose or failed else SHOWN
    line = Text(f"{step.where} ")
    line.append(*_VERDICTS[outcome.passed])
    line.append(f" > {_sent(step, size)}  < {_answered(outcome, size)}")
    console.print(line)
    if failed:
        console.print(Text(f"  expected {step.expected}", "red"))
    _print_reasons(outcome, reasons, shown=verbose or not outcome.passed)
    return outcome.passed


def _print_reasons(outcome: Outcome, reasons: Reasons, *, shown: bool = True) -> None:
    """Print why the card has refused a command, unless that was expected."""
    if outcome.step.command is None or not _says_something(outcome.step.command, outcome.answer):
        return
    for reason in reasons.take():
        if shown:
            console.print(Text(f"  {reason}", "red"))


def _says_something(command: bytes, answer: bytes) -> bool:
    """Whether the card has an event for it: a refusal, or the end of an ES10 request."""
    last_block = command[1] == _STORE_DATA and bool(command[2] & _LAST_BLOCK)
    return last_block or refuses(int.from_bytes(answer[-2:]))


def _is_command(data: bytes) -> bool:
    """Whether bytes that should be an ES10 request, a single object, are a command APDU."""
    try:
        whole(data)
    except TlvError:
        return data[1:2] != b"" and data[1] in INSTRUCTIONS
    return False


_VERDICTS = {True: ("ok", "green"), False: ("FAILED", "bold red"), None: ("-", "dim")}


def _sent(step: Step, size: int | None = None) -> str:
    return "reset" if step.command is None else _hex(step.command, size)


def _answered(outcome: Outcome, size: int | None = None) -> str:
    answer = outcome.answer
    if outcome.step.command is None:
        return _hex(answer, size)
    sw, _, meaning = status(int.from_bytes(answer[-2:])).partition(" ")
    said = f" ({meaning})" if meaning and sw != _OK else ""
    return f"{_hex(answer[:-2], size)} {sw}{said}".strip()


def _hex(data: bytes, size: int | None = None) -> str:
    text = data.hex().upper()
    if size is None or len(data) <= size:
        return text
    return f"{text[: 2 * size]}... ({len(data)} bytes)"
