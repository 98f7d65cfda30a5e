"""The terminal: one console for what a command says, one for complaints."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

console = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def complain(sentence: str) -> None:
    """Say what is wrong and what to do, on standard error."""
    stderr.print(Text(f"euicc-sim: {sentence}", "red"))


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and end with exit code 1."""
    complain(sentence)
    raise typer.Exit(1)


def log_line(text: str, *, refused: bool = False) -> None:
    """Say what a server was asked and how it went: the time before it, red where it refused."""
    line = " ".join(text.split())
    harmless = line if line.isprintable() else ascii(line)[1:-1]
    at = datetime.now().astimezone().strftime("%H:%M:%S")
    console.print(Text.assemble((at, "dim"), " ", (harmless, "red" if refused else "")))
