"""Shows a person how far long work is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from euicc_sim.cli.console import stderr
from euicc_sim.parties.lpa import Progress as Tell


@contextmanager
def bar(name: str) -> Iterator[Tell | None]:
    """A bar on the terminal, which goes when the work is done; None where there is no terminal."""
    if not stderr.is_interactive:
        yield None
        return
    shown = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*shown, console=stderr, transient=True) as progress:
        task = progress.add_task(name, total=None)

        def tell(step: str, done: int, total: int) -> None:
            progress.update(task, description=f"{name}: {step}", completed=done, total=total)

        yield tell
