"""Several processes that serve one port: forked, replaced when one dies, ended together.

Each opens its own database; a worker also ends when the first process is gone, however it went.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from euicc_sim.servers import Log

PAUSE = 1.0
"""Seconds before a worker that died is replaced."""


def run_workers(count: int, work: Callable[[], None], log: Log) -> None:
    """Do `work` in so many processes until SIGINT or SIGTERM; it has to return at SIGTERM.

    Must be called before this process has any thread.
    """
    alive, held = os.pipe()
    ended = False

    def end(*_: object) -> None:
        nonlocal ended
        ended = True
        for one in list(running):
            _signal(one)

    running = {_forked(work, alive, held) for _ in range(count)}
    before = [signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)]
    try:
        while running:
            pid, status = os.wait()
            running.discard(pid)
            if not ended:
                code = os.waitstatus_to_exitcode(status)
                log(f"a worker ended with {code} and is replaced", refused=True)
                time.sleep(PAUSE)
                if not ended:
                    running.add(_forked(work, alive, held))
                    if ended:
                        end()
    finally:
        for one, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(one, handler)
        os.close(alive)
        os.close(held)


def _forked(work: Callable[[], None], alive: int, held: int) -> int:
    """A new worker's process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first one decides
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(held)
        Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
        work()
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with_parent(alive: int) -> None:
    """End this process when the other end of the pipe is closed."""
    os.read(alive, 1)
    _signal(os.getpid())


def _signal(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
