"""Cards by the thousand: making one, and many open in one process. See bench.py."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

from bench_basics import REQUESTS, SELECT, Bench, Row, in_turn
from bench_eims import resident

from euicc_sim import Card, Fleet
from euicc_sim.parties.messages import exchange
from keys import TestPki

CARDS = 2000
MADE = 100
KIB = 1024


def many_cards(bench: Bench) -> Iterator[Row]:
    """Card.create beside verify and sign, and 2,000 open cards beside one."""
    pki = TestPki.create()
    numbers = iter(range(MADE))

    def make() -> None:
        Card.create(bench.folder / f"made{next(numbers)}", pki=pki, fsync=False).close()

    floor, made = in_turn([bench.verify_and_sign(), make], MADE)
    yield Row("floor: ECDSA P-256 verify + sign", floor)
    yield Row("Card.create with a loaded PKI, NIST and Brainpool", made, "floor", made / floor, 30)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    Fleet.create(bench.folder / "fleet", CARDS, pki=pki, fsync=False).close()
    with Fleet(bench.folder / "fleet", most_open=CARDS, fsync=False) as fleet:
        yield from _open(fleet)


def _open(fleet: Fleet) -> Iterator[Row]:
    first, *others = fleet
    alone = fleet.card(first)
    memory, descriptors = resident(), _descriptors()
    cards = [fleet.card(eid) for eid in others]
    memory, descriptors = resident() - memory, _descriptors() - descriptors
    for card in (alone, *cards):
        card.reset()
        card.transmit(SELECT)
    turns = iter(cards)
    request = REQUESTS["GetEID"]
    one, among = in_turn(
        [
            lambda: exchange(alone.transmit, request),
            lambda: exchange(next(turns).transmit, request),
        ],
        len(cards),
    )
    yield Row(f"{CARDS} open cards: {descriptors / len(cards):.2f} descriptors each", None)
    each = memory / len(cards) / KIB
    yield Row(f"  memory of each: {each:.0f} KiB", None, "KiB", each, 40)
    yield Row("GetEID of one of them, again and again", one)
    yield Row("  of each of them in turn", among, "one", among / one, 1.2)


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))
