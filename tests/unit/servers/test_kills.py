"""Servers are killed while four IPAs poll and an LPA downloads: nothing is lost, doubled or back.

EUICC_SIM_KILLS says how often; the default is for every day.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from euicc_sim import Card
from euicc_sim.cli.smdpp_database import opened_orders
from euicc_sim.parties.clients import Es9Client, EsipaClient
from euicc_sim.parties.eim.eim import Eim, add_initial_eim
from euicc_sim.parties.eim.eim_file import create
from euicc_sim.parties.eim.server import EimService
from euicc_sim.parties.ipa.ipa import Ipa
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages import LpaError, SmdppError, exchange, select_isdr
from euicc_sim.parties.smdpp import OrderState, made_up_package
from euicc_sim.servers.database import EimDatabase
from keys import make_eid

KILLS = int(os.environ.get("EUICC_SIM_KILLS", "4"))
IPAS = 4
SECONDS = 20 + 6 * KILLS

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def killed(log: Path, port: int, *words: str | Path) -> Iterator[Event]:
    """A command that serves at a port and is killed again and again; the event says how often."""
    command = [sys.executable, "-P", "-m", "euicc_sim", *map(str, words), "--port", str(port)]
    over, enough = Event(), Event()
    chance = random.Random(7)  # noqa: S311 when to kill

    def run() -> None:
        kills = 0
        while not over.is_set():
            with log.open("a") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
                while process.poll() is None and not answers(port) and not over.is_set():
                    time.sleep(0.01)
                if kills < KILLS:
                    over.wait(chance.uniform(0, 1.5))
                    kills += 1
                    process.send_signal(signal.SIGKILL)
                else:
                    enough.set()
                    over.wait()
                    process.terminate()

    thread = Thread(target=run)
    thread.start()
    try:
        yield enough
    finally:
        over.set()
        thread.join()


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_an_eim_that_is_killed_loses_and_doubles_nothing(tmp_path: Path, pki_folder: Path) -> None:
    eim, file, port = Eim.create("eim.example.com"), tmp_path / "eim.json", free_port()
    create(file, eim)
    cards = [
        Card.create(
            tmp_path / f"card{one}", eid=make_eid("89049032", one), pki=pki_folder, fsync=False
        )
        for one in range(IPAS)
    ]
    for card in cards:
        select_isdr(card.transmit)
        exchange(card.transmit, add_initial_eim(eim.configuration(counter=0)))
    placed = dict.fromkeys([card.eid for card in cards], 0)
    with (
        closing(EimDatabase(tmp_path / "eim.db")) as store,
        killed(tmp_path / "log", port, "eim", "serve", file) as enough,
    ):
        service = EimService(eim, store)

        def device(card: Card) -> None:
            def poll() -> None:
                try:
                    with EsipaClient(f"http://127.0.0.1:{port}") as client:
                        Ipa(card.transmit, client, tries=1, sleep=lambda _: None).poll()
                except LpaError:
                    time.sleep(0.1)

            while not enough.is_set():
                service.order(card.eid, ["listProfileInfo"])
                placed[card.eid] += 1
                poll()
            start = time.monotonic()
            while store.queue(card.eid) and time.monotonic() - start < SECONDS:
                for one in store.queue(card.eid):
                    if one.not_before:  # nobody waits an hour here
                        postponed_no_longer(store, card.eid, one.number)
                poll()

        devices = [Thread(target=device, args=(card,)) for card in cards]
        for one in devices:
            one.start()
        for one in devices:
            one.join()
        for card in cards:
            results = [one for one in store.results(card.eid) if one.kind == "package"]
            counters = [one.counter for one in results if one.counter is not None]
            numbers = [one.order for one in results]
            assert store.queue(card.eid) == []
            assert len(set(counters)) == len(counters), "a counter was used twice"
            assert len(set(numbers)) == len(numbers), "an order has two results"
            assert {one.state for one in results} == {"done"}
            assert len(results) == placed[card.eid], "an order was lost"
            kept = store.card(card.eid)
            assert kept.counter == card.state.eims[0].counter
            card.close()


def postponed_no_longer(store: EimDatabase, eid: str, number: int) -> None:
    with store.changing(eid) as card:
        order = card.order(number=number)
        if order is not None:
            order.not_before = None


def test_an_smdpp_that_is_killed_gives_each_order_once(tmp_path: Path) -> None:
    folder, port = tmp_path / "packages", free_port()
    folder.mkdir()
    names = [f"P{number}" for number in range(max(8, KILLS))]
    for number, name in enumerate(names):
        (folder / f"{name}.der").write_bytes(made_up_package(f"8900{number:015}", "x"))
        (folder / f"{name}.toml").write_text("single_use = true")
    card = Card.create(tmp_path / "card", fsync=False)
    select_isdr(card.transmit)
    lpa, installed = Lpa(card.transmit), list[str]()
    words = ("smdpp", "serve", folder, "--pki", tmp_path / "card" / "pki", "--no-tls")
    address = f"localhost:{port}"
    with (
        killed(tmp_path / "log", port, *words, "--address", address) as enough,
        Es9Client(f"http://127.0.0.1:{port}", address=address) as client,
    ):
        start = time.monotonic()
        waiting = list(names)
        while (waiting or not enough.is_set()) and time.monotonic() - start < SECONDS:
            if waiting:
                with suppress(LpaError):
                    lpa.download(client, matching_id=waiting[0])
            for profile in lpa.profiles():
                installed.append(str(profile.iccid))
                told(lpa, client, start)
                lpa.delete(str(profile.iccid))
                waiting.pop(0)
                forget(lpa)
        with opened_orders(folder, address) as orders:
            states = {one.name: one.state for one in orders}
        for name in names:
            with pytest.raises(LpaError):
                lpa.download(client, matching_id=name)
    assert len(installed) == len(set(installed)) == len(names)
    assert states == dict.fromkeys(names, OrderState.INSTALLED)
    card.close()


def told(lpa: Lpa, client: Es9Client, start: float) -> None:
    """Deliver the notifications of an installation, until the server is there."""
    for one in lpa.notifications():
        pending = lpa.notification(one.seq_number)
        while time.monotonic() - start < SECONDS:
            try:
                client.handle_notification(pending)
            except SmdppError:
                break
            except LpaError:
                time.sleep(0.05)
            else:
                break


def forget(lpa: Lpa) -> None:
    """Remove all notifications: the order stays installed, as the deletion is not told."""
    for one in lpa.notifications():
        lpa.remove_notification(one.seq_number)
