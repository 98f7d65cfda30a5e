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
from euicc_sim.parties.clients import Binding, EsipaClient, Smdpps
from euicc_sim.parties.eim import Eim
from euicc_sim.parties.eim.server import EimService
from euicc_sim.parties.smdpp import Smdpp
from euicc_sim.servers import Log, extra_needed
from euicc_sim.servers.tls import server_context, tls_credential
from euicc_sim.store import PKI_FOLDER
from euicc_sim.stories.arrows import Arrows
from euicc_sim.stories.drawn import drawn
from euicc_sim.stories.telling import EIM1, EIM2, IPA, SMDPP
from euicc_sim.stories.world import PARTIES, Party, World, orders
from keys import TestPki

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from euicc_sim.servers.web_server import WebServer


HOST = "127.0.0.1"
NAME = "localhost"
_LONGEST_END = 10.0
"""Seconds."""


@contextmanager
def running_world(log: Log, binding: Binding = Binding.ASN1) -> Iterator[tuple[World, Card]]:
    """Servers on free ports of loopback and a card, all in a folder that goes at the end.

    The IPA writes its messages in that binding. Raises ServerError, CardError.
    """
    arrows = Arrows(PARTIES)
    with ExitStack() as stack, extra_needed():
        from euicc_sim.servers.database import EimDatabase
        from euicc_sim.servers.es9_app import es9_app
        from euicc_sim.servers.esipa_app import esipa_app

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        card = stack.enter_context(Card.create(folder / "card", fsync=False))
        pki = TestPki.load(folder / "card" / PKI_FOLDER)
        web = _listening(pki, log)
        address = f"{NAME}:{web.port}"
        smdpp = Smdpp.of(pki, orders(address), address=address)
        stack.enter_context(_served(web, es9_app(smdpp, log)))
        clients = Smdpps(pki.ci_certificates)

        def party(name: str, eim_id: str) -> Party:
            servers = drawn(clients, arrows, name, SMDPP)
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
        yield World(first, second, address, drawn(clients, arrows, IPA, SMDPP), arrows), card


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
