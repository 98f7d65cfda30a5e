"""`euicc-sim watch`: a running card, live in the terminal. Only reads."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer
from rich.live import Live

from euicc_sim.cli.command import CardArgument
from euicc_sim.cli.console import console
from euicc_sim.cli.watch_live import Looking, events_in, live_screen
from euicc_sim.cli.watch_screen import screen
from euicc_sim.views.moment import Watched

LOOK_SECONDS = 0.25
FUNCTIONS_ONCE = 20
QUIT = "q"

Pressed = Callable[[float], list[str]]
"""Waits so many seconds for keys, and gives their names."""

_KEYS = re.compile(rb"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)
_NAMES = {
    **dict.fromkeys((b"q", b"Q"), QUIT),
    **dict.fromkeys((b"r", b"R"), "r"),
    **dict.fromkeys((b"k", b"\x1b[A", b"\x1bOA"), "up"),
    **dict.fromkeys((b"j", b"\x1b[B", b"\x1bOB"), "down"),
    **dict.fromkeys((b"b", b"\x1b[5~"), "pageup"),
    **dict.fromkeys((b" ", b"\x1b[6~"), "pagedown"),
    **dict.fromkeys((b"G", b"\x1b[F", b"\x1bOF", b"\x1b[4~"), "end"),
}


def watch(
    card: CardArgument,
    once: Annotated[bool, typer.Option("--once", help="Print one screen and exit.")] = False,
) -> None:
    """Show a running card live: functions and reasons, eIMs, Profiles, what waits. q ends it.

    r shows refusals only, the arrow keys scroll. Works whether or not the card is served, and
    changes nothing.
    """
    watched = Watched(card)
    if once or not console.is_terminal:
        console.print(screen(watched.look(), FUNCTIONS_ONCE))
        return
    with suppress(KeyboardInterrupt), _keyboard() as pressed:
        _follow(watched, pressed)


def _follow(watched: Watched, pressed: Pressed) -> None:
    looking = Looking()
    shown: object = None
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            moment, size = watched.look(), console.size
            if shown != (id(moment), size, looking.back, looking.refusals_only):
                drawn = live_screen(moment, looking, size.width, size.height)
                live.update(drawn, refresh=True)
                shown = (id(moment), size, looking.back, looking.refusals_only)
            for key in pressed(LOOK_SECONDS):
                if key == QUIT:
                    return
                looking.press(key, events_in(size.height, moment))


@contextmanager
def _keyboard() -> Iterator[Pressed]:
    """Keys one by one and unseen, where there is a keyboard."""
    if not sys.stdin.isatty():
        yield _no_key
        return
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd)
        yield lambda seconds: _keys(fd, seconds)
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _no_key(seconds: float) -> list[str]:
    time.sleep(seconds)
    return []


def _keys(fd: int, seconds: float) -> list[str]:
    """The keys that were pressed within so many seconds; the end of the terminal is q."""
    if not select.select([fd], [], [], seconds)[0]:
        return []
    pressed = os.read(fd, 64)
    return [QUIT] if not pressed else [_NAMES.get(one, "") for one in _KEYS.findall(pressed)]
