"""`serve --processes`: each card in a process of its own, so that no card waits for another.

The first process serves no card: it starts the others, gathers which cards can be used, and ends
all when it gets a signal or one of them has ended. None of them outlives it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from threading import Event

import typer

from euicc_sim.cli.ready_file import Cards, Tell
from euicc_sim.cli.signals import on_signals

_LOOK = 0.2
"""Seconds between two looks at what has ended."""
_END = 10.0
"""Seconds that a process gets to close its card."""

Work = Callable[[int, Tell], None]
"""Serve the card with that number; tell where it can be used."""


def run_each(count: int, work: Work, tell: Tell) -> None:
    """Do `work` in so many processes until SIGINT, SIGTERM or the end of one of them.

    `tell` gets all cards once each process has told its own, and None while one is missing. Raises
    typer.Exit with the code of a process that failed. This process must have no thread yet.
    """
    forking = get_context("fork")
    pipes = [forking.Pipe(duplex=False) for _ in range(count)]
    running = [
        forking.Process(target=_run, args=(work, number, pipe[1]), daemon=True)
        for number, pipe in enumerate(pipes)
    ]
    stopped = Event()
    for one in running:
        one.start()
    with on_signals(stopped.set):
        for _, child_end in pipes:
            child_end.close()
        _gather([pipe[0] for pipe in pipes], [one.sentinel for one in running], stopped, tell)
        for one in running:
            one.terminate()
        for one in running:
            one.join(_END)
    tell(None)
    if failed := [one.exitcode for one in running if one.exitcode]:
        raise typer.Exit(max(1, *failed))


def _gather(pipes: Sequence[Connection], ends: Sequence[int], stopped: Event, tell: Tell) -> None:
    """Pass on what the processes tell, until the first end."""
    told: dict[Connection, Cards | None] = dict.fromkeys(pipes)
    while not stopped.is_set():
        heard = wait([*pipes, *ends], _LOOK)
        if any(end in heard for end in ends):
            return
        for one in pipes:
            if one in heard:
                try:
                    told[one] = one.recv()
                except EOFError:  # its end, seen before the process itself has ended
                    return
        if heard:
            ready = [one for one in told.values() if one is not None]
            tell([card for one in ready for card in one] if len(ready) == len(pipes) else None)


def _run(work: Work, number: int, pipe: Connection) -> None:
    """What a process does."""

    def tell(cards: Cards | None) -> None:
        with suppress(BrokenPipeError):
            pipe.send(cards)

    try:
        work(number, tell)
    except typer.Exit as ended:
        sys.exit(ended.exit_code)


class WithTheFirst:
    """A service that ends when the process that started this one has ended."""

    def __init__(self) -> None:
        self._stopped = Event()

    def run(self) -> None:
        """Wait for it."""
        first = parent_process()
        while first is not None and not self._stopped.is_set():
            if wait([first.sentinel], _LOOK):
                return

    def stop(self) -> None:
        """Wait no longer."""
        self._stopped.set()
