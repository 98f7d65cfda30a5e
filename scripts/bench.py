"""Medians and ratios of the card's commands beside floors measured in the same run.

Run it by scripts/bench, which gives it a pcscd of its own. Floors: an echo card that gives the
same answers over the same reader, one ECDSA verify plus one sign, one write of the card's file.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric import ec
from rich.console import Console
from rich.progress import track
from rich.table import Table

from apdu import tlv
from euicc_sim import Card
from euicc_sim.crypto.signature import sign, verifies
from euicc_sim.offcard import Eim, add_initial_eim, operations
from euicc_sim.transport.readers import DEFAULT_PORT, reader_name

EID = "89049032123451234512345678901235"
SELECT = bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100")
REQUESTS = {
    "GetEID": bytes.fromhex("BF3E035C015A"),
    "GetEUICCInfo2": bytes.fromhex("BF2200"),
    "GetEimConfigurationData": bytes.fromhex("BF5500"),
}
MANY = 100
Transmit = Callable[[bytes], bytes]
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Row:
    """One line of the report, in microseconds."""

    name: str
    median: float
    beside: str = ""
    ratio: float | None = None
    goal: float | None = None


def timed(action: Callable[[Any], object], inputs: Iterable[Any]) -> float:
    """The median time of an action, in microseconds."""
    times = []
    for one in inputs:
        start = time.perf_counter_ns()
        action(one)
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1000


def in_turn(
    actions: list[Callable[[], object]],
    rounds: int,
    between: Callable[[], object] = lambda: None,
) -> list[float]:
    """The medians of several actions that take turns, so that a slow moment meets them all."""
    times: list[list[int]] = [[] for _ in actions]
    for _ in range(rounds):
        between()
        for action, found in zip(actions, times, strict=True):
            start = time.perf_counter_ns()
            action()
            found.append(time.perf_counter_ns() - start)
    return [statistics.median(one) / 1000 for one in times]


def es10(transmit: Transmit, request: bytes) -> bytes:
    """One ES10 function: blocks out, pieces in."""
    answer = b""
    for number, start in enumerate(range(0, len(request), 255)):
        block = request[start : start + 255]
        p1 = 0x11 if start + 255 < len(request) else 0x91
        answer = transmit(bytes((0x80, 0xE2, p1, number, len(block))) + block)
    data = answer[:-2]
    while answer[-2] == 0x61:
        answer = transmit(bytes((0x80, 0xC0, 0, 0, answer[-1])))
        data += answer[:-2]
    if answer[-2:] != b"\x90\x00":
        raise SystemExit(f"the card answered {answer[-2:].hex()} to {request[:8].hex()}")
    return data


def accepted(transmit: Transmit, package: bytes) -> None:
    """A package that must be executed: a refusal would be quick, and no measure."""
    if es10(transmit, package)[3:6].find(b"\xa0") < 0:
        raise SystemExit("a package was refused")


class Bench:
    """A folder of cards to measure, and the eIM that the first of them trusts."""

    def __init__(self, folder: Path, rounds: int) -> None:
        """Make the eIMs; cards come when they are needed."""
        self.folder = folder
        self.rounds = rounds
        self.eims = [Eim.create(f"eim{n}.example.com") for n in range(MANY)]

    @contextmanager
    def card(self, eims: int, *, fsync: bool = False) -> Iterator[Card]:
        """A fresh card that trusts so many eIMs and has the ISD-R selected."""
        name = f"{eims}-{fsync}-{random.random()}"  # noqa: S311 a name, no secret
        with Card.create(self.folder / name, max_eims=MANY, fsync=fsync) as card:
            card.transmit(SELECT)
            request = add_initial_eim(*(one.configuration(counter=0) for one in self.eims[:eims]))
            es10(card.transmit, request)
            yield card

    def packages(self, count: int, start: int = 1) -> list[bytes]:
        """Packages with listEim and rising counters."""
        return [
            self.eims[0].package([operations.list_eim()], eid=EID, counter=start + n)
            for n in range(count)
        ]

    def verify_and_sign(self) -> Callable[[], object]:
        """The floor under every accepted package."""
        key = ec.generate_private_key(ec.SECP256R1())
        public, data = key.public_key(), bytes(60)
        signature = sign(key, data)

        def both() -> None:
            if not verifies(public, signature, data):
                raise SystemExit("a signature did not verify")
            sign(key, data)

        return both

    def write(self, size: int, *, sync: bool) -> float:
        """The floor under every change: replace a file of that size, as the card does."""
        final, draft = self.folder / "floor", self.folder / "floor.new"
        content = os.urandom(size)
        folder = os.open(self.folder, os.O_RDONLY)

        def replace(_: int) -> None:
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(fd, content)
            if sync:
                os.fsync(fd)
            os.close(fd)
            draft.replace(final)
            if sync:
                os.fsync(folder)

        try:
            return timed(replace, range(max(20, self.rounds // 4)))
        finally:
            os.close(folder)


def direct(bench: Bench) -> Iterator[Row]:
    """The card alone, called as a function."""
    with bench.card(2) as card:
        send = card.transmit
        yield Row("SELECT ISD-R", timed(send, [SELECT] * bench.rounds))
        for name, request in REQUESTS.items():
            yield Row(name, timed(lambda one: es10(send, one), [request] * bench.rounds))
    with bench.card(MANY) as card:
        request = REQUESTS["GetEimConfigurationData"]
        median = timed(lambda one: es10(card.transmit, one), [request] * (bench.rounds // 4))
        yield Row(f"GetEimConfigurationData, {MANY} eIMs", median)
    yield from _package_rows(bench)


def _package_rows(bench: Bench) -> Iterator[Row]:
    few = _empty_and_full(bench, 2)
    yield Row("floor: ECDSA P-256 verify + sign", few.floor)
    yield Row("LoadEuiccPackage(listEim), 2 eIMs", few.empty, "floor", few.empty / few.floor, 10)
    yield Row("  with 64 results stored", few.full, "empty", few.full / few.empty, 1.5)
    for eims in (16, MANY):
        many = _empty_and_full(bench, eims)
        beside = many.empty / many.floor
        yield Row(f"LoadEuiccPackage(listEim), {eims} eIMs", many.empty, "floor", beside, 10)
        yield Row("  with 64 results stored", many.full, "empty", many.full / many.empty, 1.5)
    with bench.card(2, fsync=True) as card:
        synced = timed(lambda one: accepted(card.transmit, one), bench.packages(bench.rounds // 4))
    yield Row("LoadEuiccPackage(listEim), 2 eIMs, with fsync", synced)
    yield Row(f"floor: replace a file of {few.size} bytes", bench.write(few.size, sync=False))
    yield Row("  the same with fsync of file and folder", bench.write(few.size, sync=True))


@dataclass(frozen=True)
class Packages:
    """Medians that were measured in turn, in microseconds, and the full document's bytes."""

    floor: float
    empty: float
    full: float
    size: int


def _empty_and_full(bench: Bench, eims: int) -> Packages:
    with bench.card(eims) as empty, bench.card(eims) as full:
        for one in bench.packages(80):
            accepted(full.transmit, one)
        packages = bench.packages(bench.rounds // 4, start=100)
        first, second = iter(packages), iter(packages)

        def emptied() -> None:
            for one in empty.state.results:
                es10(empty.transmit, tlv(0xBF30, tlv(0x80, one.seq_number.to_bytes(4))))

        medians = in_turn(
            [
                bench.verify_and_sign(),
                lambda: accepted(empty.transmit, next(first)),
                lambda: accepted(full.transmit, next(second)),
            ],
            len(packages),
            between=emptied,
        )
        size = (full.directory / "card.json").stat().st_size
        floor, of_empty, of_full = medians
        return Packages(floor, of_empty, of_full, size)


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
    ):
        ours, echo = _connect(reader_name(0)), _connect(reader_name(1))
        for transmit in (ours, echo):
            transmit(SELECT)
        actions: list[Callable[[], object]] = [lambda: echo(SELECT), lambda: ours(SELECT)]
        for request in REQUESTS.values():
            actions.append(lambda r=request: es10(echo, r))  # type: ignore[misc]
            actions.append(lambda r=request: es10(ours, r))  # type: ignore[misc]
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
        es10(record, request)
    return found


@contextmanager
def _process(command: list[str]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 our own
        try:
            yield
        finally:
            process.terminate()


def _connect(name: str) -> Transmit:
    from smartcard.CardConnection import CardConnection
    from smartcard.Exceptions import SmartcardException
    from smartcard.System import readers

    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for reader in readers():
            if str(reader) == name:
                connection = reader.createConnection()
                try:
                    connection.connect(CardConnection.T0_protocol)
                except SmartcardException:
                    break
                return lambda apdu: _transmit(connection, apdu)
        time.sleep(0.05)
    raise SystemExit(f"no card came up in {name}")


def _transmit(connection: Any, apdu: bytes) -> bytes:
    data, sw1, sw2 = connection.transmit(list(apdu))
    return bytes((*data, sw1, sw2))


def report(title: str, rows: Iterable[Row]) -> None:
    """Print what was measured."""
    table = Table("what", "median", "beside", "ratio", "goal", title=title, title_justify="left")
    for column in (1, 3, 4):
        table.columns[column].justify = "right"
    for row in track(list(rows), description="", disable=True):
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(
            row.name,
            f"{row.median:,.0f} µs",
            row.beside,
            ratio,
            "" if row.goal is None else f"≤ {row.goal}",
            style="red" if row.goal and row.ratio and row.ratio > row.goal else None,
        )
    console.print(table)


def main(
    rounds: Annotated[int, typer.Option(min=40, help="How often each command is sent.")] = 400,
    pcsc: Annotated[bool, typer.Option(help="Measure over the reader too.")] = True,
) -> None:
    """Measure the card."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), rounds)
        with console.status("measuring, a minute or so"):
            rows = list(direct(bench))
        report("direct", rows)
        if pcsc:
            with console.status("measuring over PC/SC"):
                rows = list(over_pcsc(bench))
            report("over PC/SC", rows)


if __name__ == "__main__":
    typer.run(main)
