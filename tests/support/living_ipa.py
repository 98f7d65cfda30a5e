"""A running `euicc-sim ipa run`, and an eIM on a port for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Any

from euicc_sim.servers.esipa_app import esipa_app
from euicc_sim.servers.web_server import WebServer
from support.esipa import World
from support.schemas import check
from support.web import DEADLINE, Lines


class Living:
    """A running IPA; its log is JSON."""

    def __init__(self, *options: object) -> None:
        words = [sys.executable, "-m", "euicc_sim", "ipa", "run", "--json", "--every", "0.05"]
        self._process = subprocess.Popen(
            [*words, *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        self.said: list[dict[str, Any]] = []
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)
        self._lines.put("")

    def until(self, event: str, text: str = "") -> dict[str, Any]:
        """Read its log up to a line of that event with that text."""
        deadline = time.monotonic() + DEADLINE
        while line := self._lines.get(timeout=max(deadline - time.monotonic(), 0.01)):
            self.said.append(json.loads(line))
            check("ipa run", self.said[-1])
            if self.said[-1]["event"] == event and text in self.said[-1]["text"]:
                return self.said[-1]
        raise AssertionError(f"it ended: {self.said}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        self._process.send_signal(number)
        while line := self._lines.get(timeout=DEADLINE):
            self.said.append(json.loads(line))
        return self._process.wait(DEADLINE)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def living(*options: object) -> Iterator[Living]:
    """An IPA with these options, which ends in any case."""
    one = Living(*options)
    try:
        yield one
    finally:
        one.kill()


@contextmanager
def served(world: World, port: int = 0) -> Iterator[int]:
    """The port of the eIM, which is there meanwhile."""
    web = WebServer("127.0.0.1", port, None, Lines())
    thread = Thread(target=web.run, args=(esipa_app(world.service, world.log),))
    thread.start()
    try:
        yield web.port
    finally:
        web.stop()
        thread.join(DEADLINE)
