"""`euicc-sim watch`: a running card, live in the terminal. Only reads."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.live import Live

from euicc_sim.cli.console import console
from euicc_sim.cli.watch_screen import screen
from euicc_sim.views.moment import Moment, Watched

LOOK_SECONDS = 0.25
FUNCTIONS_ONCE = 20
QUIT = b"q"

Wait = Callable[[float], bool]
"""Waits so many seconds, or until the user wants to quit, which is True."""


def watch(
    directory: Annotated[Path, typer.Argument(help="The card's directory.", show_default=False)],
    once: Annotated[bool, typer.Option("--once", help="Print one screen and exit.")] = False,
) -> None:
    """Show a running card live: functions and reasons, eIMs, Profiles, what waits. q ends it.

    Works whether or not the card is served, and changes nothing.
    """
    watched = Watched(directory)
    if once or not console.is_terminal:
        console.print(screen(watched.look(), FUNCTIONS_ONCE))
        return
    with suppress(KeyboardInterrupt), _keyboard() as wait:
        _follow(watched, wait)


def _follow(watched: Watched, wait: Wait) -> None:
    shown, size = watched.look(), console.size
    with Live(_fitting(shown), console=console, screen=True, auto_refresh=False) as live:
        live.refresh()
        while not wait(LOOK_SECONDS):
            seen = watched.look()
            if seen is not shown or console.size != size:
                shown, size = seen, console.size
                live.update(_fitting(shown), refresh=True)


def _fitting(moment: Moment) -> RenderableType:
    """The screen with as many functions as there is room for."""
    others = console.render_lines(screen(replace(moment, entries=()), 0), pad=False)
    return screen(moment, console.height - len(others))


@contextmanager
def _keyboard() -> Iterator[Wait]:
    """Keys one by one and unseen, where there is a keyboard."""
    if not sys.stdin.isatty():
        yield _no_key
        return
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd)
        yield lambda seconds: _quits(fd, seconds)
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _no_key(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _quits(fd: int, seconds: float) -> bool:
    if not select.select([fd], [], [], seconds)[0]:
        return False
    pressed = os.read(fd, 64)
    return not pressed or QUIT in pressed.lower()
