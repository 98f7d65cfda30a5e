"""The whole world of a card on loopback: an SM-DP+, two eIMs, an IPA and a card, for the demo."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from euicc_sim import Card
from euicc_sim.parties.clients import Binding, EsipaClient, EventRegistries, Smdpps
from euicc_sim.parties.eim import Eim
from euicc_sim.parties.eim.server import EimService
from euicc_sim.parties.smdpp import EventKeeper, Smdpp
from euicc_sim.parties.smds import Smds
from euicc_sim.servers import Log, extra_needed
from euicc_sim.servers.tls import server_context, show, tls_credential, welcome_clients
from euicc_sim.store import PKI_FOLDER
from euicc_sim.stories.arrows import Arrows
from euicc_sim.stories.drawn import DrawnRegistry, drawn
from euicc_sim.stories.telling import EIM1, EIM2, IPA, SMDPP, SMDS
from euicc_sim.stories.world import PARTIES, WITH_SMDS, Party, World, orders
from keys import Role, TestPki

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from euicc_sim.servers.web_server import WebServer


HOST = "127.0.0.1"
NAME = "localhost"
_LONGEST_END = 10.0
"""Seconds."""


@contextmanager
def running_world(
    log: Log, binding: Binding = Binding.ASN1, *, with_smds: bool = False
) -> Iterator[tuple[World, Card]]:
    """Servers on free ports of loopback and a card, all in a folder that goes at the end.

    The IPA writes its messages in that binding; `with_smds` it finds Profiles through an SM-DS.
    Raises ServerError, CardError.
    """
    arrows = Arrows(WITH_SMDS if with_smds else PARTIES)
    with ExitStack() as stack, extra_needed():
        from euicc_sim.servers.database import EimDatabase
        from euicc_sim.servers.es9_app import es9_app
        from euicc_sim.servers.esipa_app import esipa_app

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        card = stack.enter_context(Card.create(folder / "card", fsync=False))
        pki = TestPki.load(folder / "card" / PKI_FOLDER)
        web = _listening(pki, log)
        address = f"{NAME}:{web.port}"
        smds = stack.enter_context(_smds(pki, log)) if with_smds else None
        found = {} if smds is None else {smds: SMDS}
        placed = orders(address) if smds is None else orders(address, card.eid, smds)
        smdpp = Smdpp.of(pki, placed, address=address)
        stack.enter_context(_served(web, es9_app(smdpp, log)))
        clients = Smdpps(pki.ci_certificates)

        def party(name: str, eim_id: str) -> Party:
            servers = drawn(clients, arrows, name, SMDPP, found)
            store = EimDatabase(folder / f"{eim_id}.db", fsync=False)
            stack.callback(store.close)
            service = EimService(Eim.create(eim_id), store, servers, log)
            web = _listening(pki, log)
            stack.enter_context(_served(web, esipa_app(service, log)))
            url = f"https://{NAME}:{web.port}"
            client = EsipaClient(url, binding=binding, trust=clients.trust)
            return Party(name, service, stack.enter_context(client))

        first, second = party(EIM1, "eim1.example.com"), party(EIM2, "eim2.example.com")
        stack.callback(clients.close)
        ipa = drawn(clients, arrows, IPA, SMDPP, found)
        own = tls_credential(pki, NAME, datetime.now(UTC))
        registries = EventRegistries(address, clients.trust, lambda context: show(context, own))
        stack.callback(registries.close)
        keeper = EventKeeper(
            smdpp.orders,
            lambda one: DrawnRegistry(registries(one), arrows, SMDPP, SMDS),
            address,
        )

        def announce(matching_id: str) -> None:
            for record in smdpp.orders.with_matching_id(matching_id):
                keeper.settle(record.number)

        yield World(first, second, address, ipa, arrows, smds, announce), card


@contextmanager
def _smds(pki: TestPki, log: Log) -> Iterator[str]:
    """The address of an SM-DS."""
    from euicc_sim.servers.smds_app import smds_app
    from euicc_sim.servers.web_server import WebServer

    context = server_context(tls_credential(pki, NAME, datetime.now(UTC), Role.DS_TLS))
    welcome_clients(context, pki.ci_certificates)
    web = WebServer(HOST, 0, context, log)
    smds = Smds.of(pki, address=f"{NAME}:{web.port}")
    with _served(web, smds_app(smds, log)):
        yield smds.address


def _listening(pki: TestPki, log: Log) -> WebServer:
    from euicc_sim.servers.web_server import WebServer

    context = server_context(tls_credential(pki, NAME, datetime.now(UTC)))
    return WebServer(HOST, 0, context, log)


@contextmanager
def _served(web: WebServer, app: ASGIApp) -> Iterator[None]:
    thread = Thread(target=web.run, args=(app,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        web.stop()
        thread.join(_LONGEST_END)
