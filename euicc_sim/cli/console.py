"""The terminal: consoles for output and complaints, and what several commands print on them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NoReturn

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text


class Terminal(Console):
    """A console on which nothing but its own styles moves the terminal.

    Text may come from anywhere: a control character in it is printed as its escape, such as \\x1b.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Every segment of a renderable, made harmless; Rich calls this for all that it prints."""
        for one in super().render(renderable, options):
            if one.control or one.text == "\n" or one.text.isprintable():
                yield one
            else:
                yield Segment("\n".join(map(printable, one.text.split("\n"))), one.style)


console = Terminal(highlight=False, soft_wrap=True)
stderr = Terminal(stderr=True, highlight=False, soft_wrap=True)


def complain(sentence: str) -> None:
    """Print what is wrong and what to do, on one line of standard error: it may quote strangers."""
    stderr.print(Text(f"euicc-sim: {printable(sentence)}", "red"))


NOT_ALL = 3
"""The exit code when it was done, but something was refused or could not be delivered."""


def fail(sentence: str) -> NoReturn:
    """Print what is wrong and exit with code 1."""
    complain(sentence)
    raise typer.Exit(1)


def log_line(text: str, *, refused: bool = False) -> None:
    """Print a line of a server's log, with the time; in red if the request was refused."""
    harmless = printable(" ".join(text.split()))
    at = time.strftime("%H:%M:%S")
    if not console.is_terminal:  # rich takes ten times as long
        print(at, harmless, file=console.file, flush=True)
        return
    console.print(Text.assemble((at, "dim"), " ", (harmless, "red" if refused else "")))


def facts(rows: Mapping[str, str | tuple[str, ...]]) -> Table:
    """Names and values, one pair per line; a value may have several lines."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        lines = (value,) if isinstance(value, str) else value
        table.add_row(Text(printable(name)), Text("\n".join(map(printable, lines))))
    return table


def columns(head: Sequence[str], rows: Iterable[Sequence[str]], whole: Collection[str]) -> Table:
    """A table without the columns that are empty in every row.

    Long text is folded, except in the columns named in `whole`.
    """
    given = list(rows)
    table = Table()
    kept = [at for at, _ in enumerate(head) if not given or any(row[at] for row in given)]
    for at in kept:
        table.add_column(head[at], no_wrap=head[at] in whole, overflow="fold")
    for row in given:
        table.add_row(*(Text(printable(row[at])) for at in kept))
    return table


def printable(text: str) -> str:
    """Text from outside, made safe for a terminal."""
    return text if text.isprintable() else ascii(text)[1:-1]
