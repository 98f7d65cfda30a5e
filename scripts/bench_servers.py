"""What an eIM and an SM-DP+ cost in CPU, and that it does not grow with what was ever stored.

Each server is a process of its own, and its CPU time is read from /proc. Servers with little and
with much in their databases take turns, so that a slow moment affects them all; the ratio is what
counts. See bench.py.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench_basics import Bench, Row, in_turn

from apdu.tlv import children, whole
from euicc_sim import Card
from euicc_sim.asn1 import esipa
from euicc_sim.asn1.esipa.functions import GetEimPackageRequestValue
from euicc_sim.parties.clients import Es9Client, EsipaClient
from euicc_sim.parties.eim import Eim, add_initial_eim, eim_file
from euicc_sim.parties.eim.server import CardRecord, EimService, Result
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import exchange, select_isdr
from euicc_sim.parties.smdpp import made_up_package
from euicc_sim.servers.database import EimDatabase
from keys import make_eid

EIM_ID = "eim.example.com"
RESULTS, CARDS, ORDERS, IDLE = 5_000, 10_000, 10_000, 1_000
PACKAGES, DOWNLOADS, ROUNDS = 40, 10, 5
GROWTH = 1.15
"""How much more the same may cost when much is stored."""
PACKAGE_GOAL = 40
"""How many times verify and sign of server CPU a package may take."""
AT = "2026-01-02T03:04:05+00:00"


@dataclass
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    url: str
    times: list[float] = field(default_factory=list)

    def cpu(self) -> float:
        """The CPU time that it has used, in microseconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks * 1e6 / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def measured(self, count: int) -> Iterator[None]:
        """In the block something is done so many times; keep what one costs."""
        before = self.cpu()
        yield
        self.times.append((self.cpu() - before) / count)

    @property
    def cost(self) -> float:
        """The mean CPU time of one, and the times are forgotten."""
        found = sum(self.times) / len(self.times)
        self.times.clear()
        return found


@contextmanager
def served(log: Path, *words: str | Path) -> Iterator[Server]:
    """A command that serves and writes to a log, which nobody has to read."""
    command = [sys.executable, "-P", "-m", "euicc_sim", *map(str, words)]
    with (
        log.open("w") as out,
        subprocess.Popen(command, stdout=out, text=True) as process,  # noqa: S603 our own
    ):
        try:
            while process.poll() is None and "\n" not in log.read_text():
                time.sleep(0.05)
            first = log.read_text().partition("\n")[0].split()
            if not first:
                raise SystemExit(f"{words[0]} {words[1]} does not serve")
            yield Server(process, first[-1])
        finally:
            process.terminate()


def eim_servers(bench: Bench) -> Iterator[Row]:
    """An eIM with one card, with many results of it, and with many cards."""
    floor = in_turn([bench.verify_and_sign()], bench.rounds)[0]
    yield Row("floor: ECDSA P-256 verify + sign", floor)
    with ExitStack() as stack:
        worlds = [
            stack.enter_context(_world(bench.folder / name, results, cards))
            for name, results, cards in (
                ("little", 0, 10),
                ("results", RESULTS, 10),
                ("cards", 0, CARDS),
            )
        ]
        for world in worlds:
            world.run(1)  # the card's certificate is asked for first
        for named in (True, False):
            for _ in range(ROUNDS):
                for world in worlds:
                    with world.server.measured(PACKAGES):
                        world.run(PACKAGES, named=named)
            costs = [world.server.cost for world in worlds]
            what = "a package" if named else "a package, result without EID"
            yield Row(what, costs[0], "floor", costs[0] / floor, PACKAGE_GOAL)
            yield from _grown(costs)
        for _ in range(ROUNDS):
            for world in worlds:
                with world.server.measured(5 * PACKAGES):
                    world.poll(5 * PACKAGES)
        costs = [world.server.cost for world in worlds]
        yield Row("an idle poll", costs[0], "floor", costs[0] / floor)
        yield from _grown(costs)
        yield _idle_connections(worlds[0])


def _grown(costs: list[float]) -> Iterator[Row]:
    little, results, cards = costs
    yield Row(f"  with {RESULTS:,} results", results, "few", results / little, GROWTH)
    yield Row(f"  with {CARDS:,} cards", cards, "few", cards / little, GROWTH)


@dataclass
class _World:
    """An eIM that is served, its database and a card that trusts it."""

    server: Server
    store: EimDatabase
    card: Card
    client: EsipaClient
    eim: Path

    def run(self, count: int, *, named: bool = True) -> None:
        """Order packages and carry them out."""
        for _ in range(count):
            self._order()
        for _ in range(count + 1):
            form, package = self._next()
            if form == "eimPackageError":
                break
            self._answer(form, package, named)

    def poll(self, count: int) -> None:
        """Ask for a package when none waits."""
        for _ in range(count):
            if self._next()[0] != "eimPackageError":
                raise SystemExit("a package waits")

    def _order(self) -> None:
        EimService(eim_file.load(self.eim), self.store).order(self.card.eid, ["getRAT"])

    def _next(self) -> tuple[str, object]:
        asked: GetEimPackageRequestValue = {"eidValue": bytes.fromhex(self.card.eid)}
        data = self.client.exchange(esipa.to_eim(("getEimPackageRequest", asked)))
        found: tuple[str, object] = esipa.from_eim(data)[1]
        return found

    def _answer(self, form: str, package: object, named: bool) -> None:
        if form == "ipaEuiccDataRequest":
            certificates = exchange(self.card.transmit, b"\xbf\x56\x00")
            result: object = ("ipaEuiccDataResponse", ("ipaEuiccData", _certificates(certificates)))
            named = True
        elif isinstance(package, bytes):
            result = ("euiccPackageResult", exchange(self.card.transmit, package))
        else:
            raise SystemExit(f"the eIM gave {form}")
        given = {"eidValue": bytes.fromhex(self.card.eid)} if named else {}
        message = esipa.to_eim(
            ("provideEimPackageResult", given | {"eimPackageResult": result})  # type: ignore[arg-type]
        )
        answer = esipa.from_eim(self.client.exchange(message))[1]
        if answer[0] == "provideEimPackageResultError":
            raise SystemExit(f"the eIM did not take a result: {answer[1]}")


def _certificates(answer: bytes) -> dict[str, bytes]:
    outer = whole(answer)
    inside = children(answer, outer.value, outer.end)[0]
    eum, euicc = children(answer, inside.value, inside.end)
    return {
        "eumCertificate": b"\x30" + answer[eum.start + 1 : eum.end],
        "euiccCertificate": b"\x30" + answer[euicc.start + 1 : euicc.end],
    }


@contextmanager
def _world(folder: Path, results: int, cards: int) -> Iterator[_World]:
    folder.mkdir()
    file = folder / "eim.json"
    eim = Eim.create(EIM_ID)
    eim_file.create(file, eim)
    with closing(EimDatabase(folder / "eim.db", fsync=False)) as filling:
        for number in range(cards - 1):
            eid = make_eid("89049032", number + 1)
            with filling.changing(eid, CardRecord(eid=eid)):
                pass
        with Card.create(folder / "card", fsync=False) as card:
            eid = card.eid
            card.reset()
            select_isdr(card.transmit)
            exchange(card.transmit, add_initial_eim(eim.configuration(counter=0)))
        with filling.changing(eid, CardRecord(eid=eid)) as draft:
            for number in range(results):
                draft.keep(
                    Result(
                        kind="package",
                        words=["getRAT"],
                        at=AT,
                        state="done",
                        transaction_id=number.to_bytes(16),
                        message=number.to_bytes(200),
                    )
                )
    with (
        served(folder / "log", "eim", "serve", file, "--port", "0") as server,
        closing(EimDatabase(folder / "eim.db", fsync=False)) as store,
        Card.open(folder / "card", fsync=False) as card,
        EsipaClient(server.url) as client,
    ):
        select_isdr(card.transmit)
        yield _World(server, store, card, client, file)


def _idle_connections(world: _World) -> Row:
    host, _, port = world.server.url.rpartition("/")[2].rpartition(":")
    with ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(socket.create_connection((host, int(port)), 10))
        with world.server.measured(PACKAGES):
            world.poll(PACKAGES)
    cost = world.server.cost
    return Row(f"  an idle poll beside {IDLE:,} idle connections", cost)


def smdpp_servers(bench: Bench) -> Iterator[Row]:
    """A download from an SM-DP+ with one order, and with many."""
    with ExitStack() as stack:
        cards = bench.folder / "smdpp-card"
        with Card.create(cards, fsync=False):
            pass
        card = stack.enter_context(Card.open(cards, fsync=False))
        select_isdr(card.transmit)
        found = []
        for count in (1, ORDERS):
            folder = bench.folder / f"packages{count}"
            folder.mkdir()
            for number in range(count):
                (folder / f"P{number}.der").write_bytes(made_up_package(f"8900{number:015}", "x"))
            words = ("smdpp", "serve", folder, "--pki", cards / "pki", "--port", "0", "--no-tls")
            log = bench.folder / f"log{count}"
            found.append(stack.enter_context(served(log, *words, "--address", "localhost")))
        for _ in range(ROUNDS):
            for server in found:
                with server.measured(DOWNLOADS):
                    _downloads(card, server, DOWNLOADS)
        one, many = (server.cost for server in found)
    yield Row("a download from an SM-DP+ with 1 order", one)
    yield Row(f"  with {ORDERS:,} orders", many, "one", many / one, GROWTH)


def _downloads(card: Card, server: Server, count: int) -> None:
    lpa = Lpa(card.transmit)
    with Es9Client(server.url, address="localhost") as client:
        for _ in range(count):
            done = lpa.download(client, matching_id="P0")
            lpa.delete(done.iccid)
            for one in lpa.notifications():
                client.handle_notification(lpa.notification(one.seq_number))
                lpa.remove_notification(one.seq_number)
