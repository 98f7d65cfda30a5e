"""The memory of `euicc-sim ipa run` over many polls.

    PYTHONPATH=tests:. python tests/support/endurance.py 100000

The IPA and the eIM are processes of their own on loopback. Now and then the eIM has an order, and
now and then it is started again; what is measured is the resident memory of the IPA.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from euicc_sim import Card
from euicc_sim.parties.eim import Eim, add_initial_eim, eim_file, take_initial_answer
from euicc_sim.parties.messages import exchange, select_isdr

ORDER_EVERY, RESTART_EVERY = 1_000, 10_000
"""Polls."""
WARM = 200
"""Polls after which every part of the program has been used."""
DEADLINE = 60.0
_PROGRAM = (sys.executable, "-m", "euicc_sim")


class Measure(NamedTuple):
    """After how many polls how many KiB of memory are resident."""

    polls: int
    resident: int


def endure(folder: Path, polls: int) -> Iterator[Measure]:
    """Let an IPA poll that often; a measure each second, the first one when it is warm."""
    card, file = folder / "card", folder / "eim.json"
    eid = _made(card, file)
    with _Eim(file) as eim, _polling(card, eim.url, folder / "ipa.json") as ipa:
        eim.order(eid)
        ordered = restarted = 0
        for done in _polls(ipa):
            if done >= WARM:
                yield Measure(done, resident(ipa.pid))
            if done >= polls:
                return
            if done // ORDER_EVERY > ordered:
                ordered = done // ORDER_EVERY
                eim.order(eid)
            if done // RESTART_EVERY > restarted:
                restarted = done // RESTART_EVERY
                eim.restart()


def resident(process: int) -> int:
    """The resident memory of a process, KiB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError(f"process {process} has no memory")


def _made(folder: Path, file: Path) -> str:
    """A card that trusts the eIM in a new file; return its EID."""
    eim = Eim.create("eim.example.com", seed=1)
    with Card.create(folder, seed=1) as card:
        select_isdr(card.transmit)
        asked = add_initial_eim(eim.configuration(want_token=True))
        take_initial_answer(exchange(card.transmit, asked), eim)
    eim_file.create(file, eim)
    return card.eid


def _polls(ipa: subprocess.Popen[str]) -> Iterator[int]:
    """How many polls were made so far, from the summaries of the log."""
    for line in ipa.stdout or ():
        found = json.loads(line)
        if found["event"] in ("summary", "stopped"):
            yield found["polls"]
    raise AssertionError(f"the IPA ended with {ipa.wait(DEADLINE)}")


@contextmanager
def _polling(card: Path, url: str, state: Path) -> Iterator[subprocess.Popen[str]]:
    words = ("--every", "0", "--summary", "1", "--json", "--state", str(state), "--eim", url)
    command = (*_PROGRAM, "ipa", "run", "--card", str(card), *words)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ipa:
        try:
            yield ipa
        finally:
            ipa.kill()


class _Eim:
    """A served eIM that can be started again on its port."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.port = "0"

    def __enter__(self) -> _Eim:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def order(self, eid: str) -> None:
        """Order something of the card."""
        command = (*_PROGRAM, "eim", "order", str(self._file), eid, "listProfileInfo")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE)

    def restart(self) -> None:
        """Be away for a moment."""
        self._stop()
        self._start()

    def _start(self) -> None:
        log = self._file.with_suffix(".log")
        with log.open("w") as out:
            command = (*_PROGRAM, "eim", "serve", str(self._file), "--port", self.port)
            self._process = subprocess.Popen(
                (*command, "--keep-results", "10"), stdout=out, stderr=out
            )
        deadline = time.monotonic() + DEADLINE
        while "listens at" not in log.read_text():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError(log.read_text())
            time.sleep(0.05)
        self.port = log.read_text().splitlines()[0].rpartition(":")[2]

    def _stop(self) -> None:
        self._process.terminate()
        self._process.wait(DEADLINE)


def main() -> None:
    """Measure as many polls as the command line says, and print the memory now and then."""
    wanted = int(sys.argv[1])
    started, shown = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        for one in endure(Path(folder), wanted):
            if one.polls >= shown or one.polls >= wanted:
                shown = one.polls - one.polls % max(wanted // 20, 1) + max(wanted // 20, 1)
                seconds = time.monotonic() - started
                print(f"{one.polls:7} polls  {one.resident:7} KiB  {seconds:6.0f} s", flush=True)


if __name__ == "__main__":
    main()
