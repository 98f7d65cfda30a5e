"""Tables that several commands print."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text


def facts(rows: Mapping[str, str]) -> Table:
    """Names and values, one pair a line."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(value))
    return table


def columns(head: Sequence[str], rows: Iterable[Sequence[str]], whole: Collection[str]) -> Table:
    """A table without the columns in which every row is empty.

    What is long is folded, but not in columns that are to stay `whole`.
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
    """What others have named, harmless for a terminal."""
    return text if text.isprintable() else ascii(text)[1:-1]
