"""A hundred IPAs with a hundred cards and one eIM server, in one process. See bench.py.

Each IPA polls over HTTP on loopback until there is nothing left. The server runs in a thread of its
own; the IPAs share a few threads. The cost of a package is compared with one ECDSA verify plus one
sign, of which each package needs two: the eIM signs, the card verifies and signs, the eIM verifies.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

from bench_basics import Bench, Row, in_turn

from euicc_sim import Card
from euicc_sim.parties.clients import EsipaClient
from euicc_sim.parties.eim import Eim, add_initial_eim
from euicc_sim.parties.eim.server import EimService
from euicc_sim.parties.ipa import Ipa
from euicc_sim.parties.messages import exchange, select_isdr
from euicc_sim.servers.database import EimDatabase
from euicc_sim.servers.esipa_app import esipa_app
from euicc_sim.servers.web_server import WebServer
from keys import make_eid

CARDS, PACKAGES, THREADS = 100, 5, 4


def crowd(bench: Bench) -> Iterator[Row]:
    """The time per package compared with the floor, packages per second, and memory per card."""
    floor = in_turn([bench.verify_and_sign()], bench.rounds)[0]
    with ExitStack() as stack:
        store = EimDatabase(bench.folder / "eim.db")
        stack.callback(store.close)
        service = EimService(Eim.create("eim.example.com"), store)
        before = resident()
        cards = [stack.enter_context(_card(bench.folder, one, service.eim)) for one in range(CARDS)]
        memory = (resident() - before) / CARDS
        web = WebServer("127.0.0.1", 0, None, _quiet)
        thread = Thread(target=web.run, args=(esipa_app(service, _quiet),))
        thread.start()
        stack.callback(thread.join)
        stack.callback(web.stop)
        url = f"http://127.0.0.1:{web.port}"
        for card in cards:
            service.order(card.eid, ["listProfileInfo"])
        _poll_all(cards, url)  # fetches the cards' certificates
        for card in cards:
            for _ in range(PACKAGES):
                service.order(card.eid, ["listProfileInfo"])
        start = time.perf_counter()
        done = _poll_all(cards, url)
        took = (time.perf_counter() - start) * 1e6 / done
        _check(service, cards)
    yield Row("floor: ECDSA P-256 verify + sign", floor)
    yield Row(f"a package, {CARDS} IPAs and cards, one eIM server", took, "floor", took / floor)
    yield Row(f"  packages a second: {1e6 / took:,.0f}", took)
    yield Row(f"  memory of a card: {memory / 1024:,.0f} KiB", None)


def _card(folder: Path, number: int, eim: Eim) -> Card:
    eid = make_eid("89049032", number)
    card = Card.create(folder / f"card{number}", eid=eid, pki=_pki(folder), fsync=False)
    card.reset()
    select_isdr(card.transmit)
    exchange(card.transmit, add_initial_eim(eim.configuration(counter=0)))
    return card


def _pki(folder: Path) -> Path:
    """One PKI for all cards."""
    found = folder / "crowd"
    if not found.exists():
        with Card.create(found, fsync=False):
            pass
    return found / "pki"


def _poll_all(cards: list[Card], url: str) -> int:
    """Poll for each card until there is nothing left; return how many packages were executed."""

    def poll(card: Card) -> int:
        with EsipaClient(url) as eim:
            return Ipa(card.transmit, eim).poll().packages

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(poll, cards))


def _check(service: EimService, cards: list[Card]) -> None:
    for card in cards:
        results = service.store.results(card.eid, last=PACKAGES)
        if [one.verified for one in results] != [True] * PACKAGES:
            raise SystemExit(f"not every package of {card.eid} was executed and verified")


def resident() -> int:
    """The resident memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _quiet(text: str, *, refused: bool = False) -> None:
    """No log."""
