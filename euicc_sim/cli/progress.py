"""Progress of long work, on standard error of a terminal; it disappears at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from euicc_sim.cli.console import stderr


@contextmanager
def counting(name: str, total: int | None) -> Iterator[Callable[[], None]]:
    """A bar for so many things; what is yielded is to be called after each."""
    if not stderr.is_interactive:
        yield lambda: None
        return
    words = TextColumn("{task.description}", markup=False)
    shown = (words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*shown, console=stderr, transient=True) as progress:
        task = progress.add_task(name, total=total)
        yield lambda: progress.advance(task)
