"""`euicc-sim apdu`: send commands or run scripts, in a reader or in a card's directory."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim.cli.apdu_script import Outcome, ScriptError, Step, parse, play
from euicc_sim.cli.console import console, fail
from euicc_sim.cli.eim_bytes import bytes_from
from euicc_sim.cli.link import CardOption, ReaderOption, open_link
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
            for outcome in play(steps, link):
                console.print(Text(f"> {_sent(outcome.step)}"))
                console.print(Text(f"< {_answered(outcome)}"))
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
        with open_link(card, reader) as link:
            select_isdr(link.transmit)
            typer.echo(exchange(link.transmit, sent).hex().upper())
    except (EimError, PcscError, ScriptError, StatusWordError) as error:
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
            counted = Counter(_printed(one, verbose) for one in play(steps, link))
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


def _printed(outcome: Outcome, verbose: bool) -> bool | None:
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
    return outcome.passed


_VERDICTS = {True: ("ok", "green"), False: ("FAILED", "bold red"), None: ("-", "dim")}


def _sent(step: Step, size: int | None = None) -> str:
    return "reset" if step.command is None else _hex(step.command, size)


def _answered(outcome: Outcome, size: int | None = None) -> str:
    answer = outcome.answer
    if outcome.step.command is None:
        return _hex(answer, size)
    return f"{_hex(answer[:-2], size)} {_hex(answer[-2:], size)}".strip()


def _hex(data: bytes, size: int | None = None) -> str:
    text = data.hex().upper()
    if size is None or len(data) <= size:
        return text
    return f"{text[: 2 * size]}... ({len(data)} bytes)"
