"""Downloads and lists of Profiles, on the card directly and over a reader. See bench.py."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bench_basics import SELECT, Bench, Row, Transmit, in_turn, timed

from euicc_sim import Card
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import exchange
from euicc_sim.parties.smdpp import SMALLEST, Order, Smdpp, made_up_package
from keys import TestPki

PACKAGE_SIZE = 12_000
DOWNLOADS = 12
FURTHER = 36
"""Kilobytes."""
LIST = bytes.fromhex("BF2D00")
FEW, MANY_PROFILES = 5, 50


def iccid(number: int) -> str:
    """The ICCID of the Profile with that number."""
    return f"8900012345678{number:06d}"


class Timer:
    """Passes commands on to `transmit`; records them, their responses and the total time."""

    def __init__(self, transmit: Transmit) -> None:
        self._transmit = transmit
        self.seconds = 0.0
        self.seen: list[tuple[bytes, bytes]] = []

    def __call__(self, apdu: bytes) -> bytes:
        """Send one command."""
        start = time.perf_counter()
        answer = self._transmit(apdu)
        self.seconds += time.perf_counter() - start
        self.seen.append((apdu, answer))
        return answer


def download(transmit: Transmit, pki: Path, number: int, size: int = PACKAGE_SIZE) -> Timer:
    """Install one more Profile; the time of the server and the LPA is not counted."""
    server = Smdpp.of(
        TestPki.load(pki),
        [Order(made_up_package(iccid(number), "bench", size=size), "bench")],
    )
    timer = Timer(transmit)
    Lpa(timer).download(server, matching_id="bench")
    return timer


def remove(transmit: Transmit, number: int) -> None:
    """Delete that Profile and its Notifications."""
    lpa = Lpa(transmit)
    lpa.delete(iccid(number))
    for one in lpa.notifications():
        lpa.remove_notification(one.seq_number)


def share(bench: Bench, *, fsync: bool, size: int = PACKAGE_SIZE) -> float:
    """The card's own time for a download, in microseconds: the sum over its APDUs."""
    with bench.card(2, fsync=fsync) as card:
        found = []
        for number in range(DOWNLOADS):
            timer = download(card.transmit, card.directory / "pki", number, size)
            found.append(timer.seconds)
            remove(card.transmit, number)
    return statistics.median(found) * 1e6


def direct_profiles(bench: Bench) -> Iterator[Row]:
    """The card alone, called as a function."""
    floor = in_turn([bench.verify_and_sign()], bench.rounds)[0]
    small = share(bench, fsync=False)
    yield Row("download of 12 kB, all APDUs", small, "floor", small / floor, 50)
    more = PACKAGE_SIZE + FURTHER * 1000
    further = (share(bench, fsync=False, size=more) - small) / FURTHER
    yield Row("  each further kB", further, "floor", further / floor, 0.8)
    synced = share(bench, fsync=True)
    yield Row("  with fsync", synced, "60 ms", synced / 60_000, 1)
    for count in (FEW, MANY_PROFILES):
        with bench.card(2) as card:
            fill(card, count)
            send = card.transmit
            median = timed(lambda _: exchange(send, LIST), range(bench.rounds))  # noqa: B023
        yield Row(f"GetProfilesInfo, {count} Profiles", median)


def fill(card: Card, count: int) -> None:
    """Install that many small Profiles."""
    for number in range(count):
        download(card.transmit, card.directory / "pki", number, SMALLEST)
    card.transmit(SELECT)
