"""What a package costs, on a card with little in it and on full ones. See bench.py.

Each is compared with one ECDSA verify plus one sign, measured in turn with it.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import count
from time import perf_counter_ns

from bench_basics import EID, MANY, Bench, Row, accepted, in_turn
from bench_profiles import fill, iccid

from apdu import tlv
from euicc_sim import Card
from euicc_sim.parties.eim import Eim, Operation, operations
from euicc_sim.parties.messages import exchange

GOAL = 2.5
SYNCED_GOAL = 3.5
"""How many times verify and sign an accepted listEim may take, without fsync and with it."""
VERY_MANY = 1000
AT_ONCE = 90
"""So many eIMs are added by one package."""


def packages(bench: Bench) -> Iterator[Row]:
    """Packages of each sort, full stores, and fsync."""
    yield from _sorts(bench)
    yield from _stores(bench)
    yield from _synced(bench)


class Sender:
    """Sends a card packages whose counters rise; they are signed before the time is taken."""

    def __init__(self, bench: Bench, card: Card) -> None:
        self._eim = bench.eims[0]
        self._card = card
        self._counters = count(1)
        self._next: dict[str, bytes] = {}

    def send(self, *contents: Operation) -> None:
        """Send one package at once."""
        accepted(self._card.transmit, self._package(contents))

    def ready(self, **sorts: Operation) -> None:
        """Sign the next package of each of these sorts, which will be sent in this order."""
        self._next = {name: self._package([one]) for name, one in sorts.items()}

    def sort(self, name: str) -> Callable[[], None]:
        """Sends the package of that sort."""
        return lambda: accepted(self._card.transmit, self._next[name])

    def _package(self, contents: Iterable[Operation]) -> bytes:
        return self._eim.package(list(contents), eid=EID, counter=next(self._counters))


def _sorts(bench: Bench) -> Iterator[Row]:
    goals = {"listEim": GOAL, "addEim": 2.8, "deleteEim": GOAL, "enable": 3.0, "disable": 3.0}
    with bench.card(2) as card:
        fill(card, 1)
        sender, guest = Sender(bench, card), Eim.create("guest.example.com")
        sorts = {
            "listEim": operations.list_eim(),
            "addEim": operations.add_eim(guest.configuration(counter=0)),
            "deleteEim": operations.delete_eim(guest.eim_id),
            "enable": operations.enable(iccid(0)),
            "disable": operations.disable(iccid(0)),
        }

        def between() -> None:
            _empty(card)
            sender.ready(**sorts)

        rounds = bench.rounds // 4
        actions = [bench.verify_and_sign(), *map(sender.sort, sorts)]
        floor, *medians = in_turn(actions, rounds, between)
        yield Row("floor: ECDSA P-256 verify + sign", floor)
        for (name, goal), median in zip(goals.items(), medians, strict=True):
            about = f"LoadEuiccPackage({name}), 2 eIMs"
            about += " and a Notification" if "able" in name else ""
            yield Row(about, median, "floor", median / floor, goal)
        times = []
        for _ in range(rounds):
            between()
            start = perf_counter_ns()
            sender.sort("listEim")()
            times.append((perf_counter_ns() - start) / 1000)
            for name in list(sorts)[1:]:
                sender.sort(name)()
        mean = statistics.mean(times)
        yield Row("  mean of listEim", mean, "median", mean / statistics.median(times), 1.5)


def _stores(bench: Bench) -> Iterator[Row]:
    """The same package, getRAT, on cards with much in them: what that adds."""
    with ExitStack() as stack:

        def sender(eims: int = 2, results: int = 64) -> Sender:
            card = stack.enter_context(bench.card(eims, results=results, room=VERY_MANY))
            cards.append(card)
            return Sender(bench, card)

        cards: list[Card] = []
        little = sender()
        some_results, many_results = sender(), sender(results=500)
        many_eims, very_many_eims, profiles = sender(MANY), sender(MANY), sender()
        for _ in range(80):
            some_results.send(operations.get_rat())
        for _ in range(520):
            many_results.send(operations.get_rat())
        more = [Eim.create(f"more{n}.example.com") for n in range(VERY_MANY - MANY)]
        for at in range(0, len(more), AT_ONCE):
            very_many_eims.send(
                *(operations.add_eim(one.configuration(counter=0)) for one in more[at:][:AT_ONCE])
            )
        fill(cards[-1], 50)
        stores = {
            "64 results": (some_results, 0.3),
            "500 results": (many_results, 0.5),
            f"{MANY} eIMs": (many_eims, 0.5),
            f"{VERY_MANY:,} eIMs": (very_many_eims, 1.2),
            "50 Profiles": (profiles, 0.5),
        }
        senders = [little, *(one for one, _ in stores.values())]
        kept_short = [cards[0], *cards[3:]]

        def between() -> None:
            for card in kept_short:
                _empty(card)
            for one in senders:
                one.ready(getRAT=operations.get_rat())

        actions = [bench.verify_and_sign(), *(one.sort("getRAT") for one in senders)]
        floor, base, *medians = in_turn(actions, bench.rounds // 4, between)
    yield Row("LoadEuiccPackage(getRAT), 2 eIMs", base, "floor", base / floor)
    for (name, (_, goal)), median in zip(stores.items(), medians, strict=True):
        added = median - base
        yield Row(f"  added by {name}", added, "floor", added / floor, goal)


def _synced(bench: Bench) -> Iterator[Row]:
    with bench.card(2, fsync=True) as card:
        sender, rounds = Sender(bench, card), bench.rounds // 4
        floor, append, synced = in_turn(
            [bench.verify_and_sign(), bench.append(), sender.sort("listEim")],
            rounds,
            lambda: sender.ready(listEim=operations.list_eim()),
        )
    allowed = SYNCED_GOAL * floor + append
    yield Row("floor: append 600 bytes and fdatasync", append)
    beside = f"{SYNCED_GOAL} verify + sign, and that"
    yield Row("LoadEuiccPackage(listEim), with fsync", synced, beside, synced / allowed, 1)


def _empty(card: Card) -> None:
    """Remove all results and Notifications."""
    numbers = [one.seq_number for one in card.state.results]
    numbers += [one.seq_number for one in card.state.notifications]
    for one in numbers:
        number = one.to_bytes(one.bit_length() // 8 + 1)
        exchange(card.transmit, tlv(0xBF30, tlv(0x80, number)))
