"""The card over a real reader, compared with an echo card in the next slot. See bench.py."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from bench_basics import (
    REQUESTS,
    SELECT,
    Bench,
    Row,
    Transmit,
    accepted,
    each_of,
    in_turn,
    timed,
)
from bench_profiles import DOWNLOADS, FEW, LIST, MANY_PROFILES, Timer, download, fill, remove, share
from bench_sim import (
    READ_IMSI,
    SELECT_IMSI,
    SELECT_USIM,
    authenticated,
    challenges,
    sim_card,
)

from euicc_sim import Card
from euicc_sim.parties.messages import exchange
from euicc_sim.transport.pcsc import PcscCard, PcscError, open_card
from euicc_sim.transport.readers import DEFAULT_PORT, reader_name

ECHO = str(Path(__file__).with_name("echo_card.py"))
IN_A_ROW = 4000

Recording = list[tuple[bytes, bytes]]


def over_pcsc(bench: Bench) -> Iterator[Row]:
    """The card in the reader's first slot, an echo card in its second."""
    yield from _requests(bench)
    yield from _sim(bench)
    yield from _download(bench)
    for count in (FEW, MANY_PROFILES):
        yield from _listing(bench, count)


def _requests(bench: Bench) -> Iterator[Row]:
    with bench.card(2) as card:
        seen = Timer(card.transmit)
        seen(SELECT)
        for request in REQUESTS.values():
            exchange(seen, request)
        directory = card.directory
    with _both(bench, directory, seen.seen) as (ours, echo):
        actions: list[Callable[[], object]] = [lambda: echo(SELECT), lambda: ours(SELECT)]
        for request in REQUESTS.values():
            actions.append(lambda r=request: exchange(echo, r))  # type: ignore[misc]
            actions.append(lambda r=request: exchange(ours, r))  # type: ignore[misc]
        medians = in_turn(actions, bench.rounds)
        tails = _in_a_row(ours, echo)
        for name, of_echo, of_ours in zip(
            ("SELECT ISD-R", *REQUESTS), medians[::2], medians[1::2], strict=True
        ):
            goal = 1.5 if name == "GetEID" else None
            yield Row(f"floor: echo card, {name}", of_echo)
            yield Row(f"{name} over PC/SC", of_ours, "echo card", of_ours / of_echo, goal)
        yield from tails
        packages = bench.packages(bench.rounds // 2)
        median = timed(lambda one: accepted(ours, one), packages)
        yield Row("LoadEuiccPackage(listEim), 2 eIMs, over PC/SC", median)


def _in_a_row(ours: Transmit, echo: Transmit) -> list[Row]:
    """What a median does not show: thousands of GetEID without a pause, the slowest of them."""
    found = []
    for send in (echo, ours):
        times = sorted(each_of(partial(exchange, send), [REQUESTS["GetEID"]] * IN_A_ROW))
        found.append((statistics.mean(times), times[IN_A_ROW * 99 // 100], times[-1]))
    rows = []
    names, goals = ("mean", "p99", "worst"), (1.5, 2, None)
    for name, of_echo, of_ours, goal in zip(names, *found, goals, strict=True):
        rows.append(Row(f"floor: echo card, {IN_A_ROW} GetEID, {name}", of_echo))
        rows.append(Row(f"  {name} of the card", of_ours, "echo card", of_ours / of_echo, goal))
    return rows


def _sim(bench: Bench) -> Iterator[Row]:
    """Files and authentication; the echo card repeats one answer to each challenge."""
    commands = list(challenges(bench.rounds))
    names = ("SELECT EF.IMSI", "READ BINARY EF.IMSI", "AUTHENTICATE, Milenage")
    with sim_card(bench) as card:
        seen = Timer(card.transmit)
        for one in (SELECT_USIM, SELECT_IMSI, READ_IMSI, *commands):
            seen(one)
    with sim_card(bench) as card:
        directory = card.directory
    with _both(bench, directory, seen.seen) as (ours, echo):
        ours(SELECT_USIM)
        to_us, to_echo = iter(commands), iter(commands)
        medians = in_turn(
            [
                lambda: echo(SELECT_IMSI),
                lambda: ours(SELECT_IMSI),
                lambda: echo(READ_IMSI),
                lambda: ours(READ_IMSI),
                lambda: echo(next(to_echo)),
                lambda: authenticated(ours, next(to_us)),
            ],
            bench.rounds,
        )
    for name, of_echo, of_ours in zip(names, medians[::2], medians[1::2], strict=True):
        yield Row(f"{name} over PC/SC", of_ours, "echo card", of_ours / of_echo)


def _download(bench: Bench) -> Iterator[Row]:
    """A download, compared with the same APDUs to the echo card plus the card's own time."""
    alone = share(bench, fsync=False)
    with bench.card(2) as card:
        recorded = download(card.transmit, card.directory / "pki", 0).seen
    with bench.card(2) as card:
        directory = card.directory
    ours_took, echo_took = [], []
    with _both(bench, directory, recorded) as (ours, echo):
        for number in range(DOWNLOADS):
            replay = Timer(echo)
            for apdu, _ in recorded:
                replay(apdu)
            echo_took.append(replay.seconds)
            timer = download(ours, directory / "pki", number)
            ours_took.append(timer.seconds)
            remove(ours, number)
    floor = statistics.median(echo_took) * 1e6
    median = statistics.median(ours_took) * 1e6
    yield Row(f"floor: echo card, the {len(recorded)} APDUs of a download", floor)
    yield Row("download of 12 kB, all APDUs, direct", alone)
    beside = floor + alone
    yield Row("download of 12 kB over PC/SC", median, "echo + direct", median / beside, 1.5)


def _listing(bench: Bench, count: int) -> Iterator[Row]:
    with bench.card(2) as card:
        fill(card, count)
        seen = Timer(card.transmit)
        seen(SELECT)
        exchange(seen, LIST)
        directory = card.directory
    with _both(bench, directory, seen.seen) as (ours, echo):
        ours(SELECT)
        actions: list[Callable[[], object]] = [
            lambda: exchange(echo, LIST),
            lambda: exchange(ours, LIST),
        ]
        floor, median = in_turn(actions, bench.rounds)
    yield Row(f"floor: echo card, GetProfilesInfo, {count} Profiles", floor)
    name = f"GetProfilesInfo, {count} Profiles, over PC/SC"
    yield Row(name, median, "echo card", median / floor)


@contextmanager
def _both(
    bench: Bench, directory: Path, recording: Recording
) -> Iterator[tuple[Transmit, Transmit]]:
    """The card in the first slot, and an echo card with that recording in the second."""
    with Card.open(directory) as card:
        lines = [card.atr, *(one for pair in recording for one in pair)]
    script = bench.folder / "recording"
    script.write_text("\n".join(one.hex() for one in lines))
    served = [sys.executable, "-m", "euicc_sim", "serve", "--no-fsync"]
    with (
        open(bench.folder / "said", "w") as said,
        _process([*served, "--card", str(directory)], said),
        _process([sys.executable, ECHO, str(script), str(DEFAULT_PORT + 1)], said),
        _connected(reader_name(0)) as our_card,
        _connected(reader_name(1)) as echo_card,
    ):
        yield our_card.transmit, echo_card.transmit


@contextmanager
def _process(command: list[str], said: IO[str]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=said) as process:  # noqa: S603 our own
        try:
            yield
        finally:
            process.terminate()


@contextmanager
def _connected(name: str) -> Iterator[PcscCard]:
    """The card in a reader, once it is there and an earlier one has gone."""
    deadline = time.monotonic() + 20
    while True:
        try:
            card = open_card(name)
            card.transmit(SELECT)
        except PcscError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
            continue
        with card:
            yield card
        return
