"""The card over a real reader, beside an echo card in the slot next to it. See bench.py."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench_basics import REQUESTS, SELECT, Bench, Row, accepted, in_turn, timed

from euicc_sim import Card
from euicc_sim.offcard import exchange
from euicc_sim.transport.pcsc import PcscCard, PcscError, open_card
from euicc_sim.transport.readers import DEFAULT_PORT, reader_name

ECHO = """
import sys, threading
from pathlib import Path
from euicc_sim.transport.blank import Unheard
from euicc_sim.transport.link import ConnectingLink
lines = [bytes.fromhex(one) for one in Path(sys.argv[1]).read_text().split()]
known = dict(zip(lines[1::2], lines[2::2]))
class Echo:
    atr = lines[0]
    def power_off(self): pass
    def reset(self): return self.atr
    def transmit(self, apdu): return known.get(apdu, b"\\x6d\\x00")
ConnectingLink("127.0.0.1", int(sys.argv[2]), Echo(), Unheard()).run()
"""


def over_pcsc(bench: Bench) -> Iterator[Row]:
    """The card in the reader's first slot, an echo card in its second."""
    with bench.card(2) as card:
        apdus = _recorded(card)
        directory = card.directory
    recording = bench.folder / "recording"
    recording.write_text("\n".join(one.hex() for one in apdus))
    served = [sys.executable, "-m", "euicc_sim", "serve", "--no-fsync"]
    with (
        _process([*served, "--card", str(directory)]),
        _process([sys.executable, "-c", ECHO, str(recording), str(DEFAULT_PORT + 1)]),
        _connected(reader_name(0)) as our_card,
        _connected(reader_name(1)) as echo_card,
    ):
        ours, echo = our_card.transmit, echo_card.transmit
        for transmit in (ours, echo):
            transmit(SELECT)
        actions: list[Callable[[], object]] = [lambda: echo(SELECT), lambda: ours(SELECT)]
        for request in REQUESTS.values():
            actions.append(lambda r=request: exchange(echo, r))  # type: ignore[misc]
            actions.append(lambda r=request: exchange(ours, r))  # type: ignore[misc]
        medians = in_turn(actions, bench.rounds)
        for name, of_echo, of_ours in zip(
            ("SELECT ISD-R", *REQUESTS), medians[::2], medians[1::2], strict=True
        ):
            goal = 1.3 if name == "GetEID" else None
            yield Row(f"floor: echo card, {name}", of_echo)
            yield Row(f"{name} over PC/SC", of_ours, "echo card", of_ours / of_echo, goal)
        packages = bench.packages(bench.rounds // 2)
        median = timed(lambda one: accepted(ours, one), packages)
        yield Row("LoadEuiccPackage(listEim), 2 eIMs, over PC/SC", median)


def _recorded(card: Card) -> list[bytes]:
    """The ATR, then each command that will be sent and what the card answers."""
    found = [card.atr]

    def record(apdu: bytes) -> bytes:
        answer = card.transmit(apdu)
        found.extend((apdu, answer))
        return answer

    record(SELECT)
    for request in REQUESTS.values():
        exchange(record, request)
    return found


@contextmanager
def _process(command: list[str]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 our own
        try:
            yield
        finally:
            process.terminate()


@contextmanager
def _connected(name: str) -> Iterator[PcscCard]:
    """The card in a reader, which may take a moment to come up."""
    deadline = time.monotonic() + 20
    while True:
        try:
            card = open_card(name)
        except PcscError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
            continue
        with card:
            yield card
        return
