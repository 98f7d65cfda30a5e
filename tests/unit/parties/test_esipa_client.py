"""The ESipa client against a server with a port of its own, with and without TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.esipa import EID, World
from support.fresh import pki_in
from support.hexes import hx

from euicc_sim import Card
from euicc_sim.parties.clients.esipa import EsipaClient
from euicc_sim.parties.ipa.ipa import Ipa, Poll
from euicc_sim.parties.messages.errors import EimUnreachableError, LpaError
from euicc_sim.servers.esipa_app import esipa_app
from euicc_sim.servers.tls import server_context, tls_credential
from euicc_sim.servers.web_server import WebServer
from keys import Curve, TestPki

POLL = hx(f"BF4F12 5A10 {EID}")


def nobody(address: str) -> Any:
    raise AssertionError(address)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "cards", nobody)
    world.service.set_card(EID)
    return world


@contextmanager
def served(world: World, pki: TestPki | None = None) -> Iterator[int]:
    """The port of a running server."""
    tls = None
    if pki is not None:
        tls = server_context(tls_credential(pki, "localhost", datetime.now(UTC)))
    web = WebServer("127.0.0.1", 0, tls, world.log)
    thread = Thread(target=web.run, args=[esipa_app(world.service, world.log)])
    thread.start()
    try:
        yield web.port
    finally:
        web.stop()
        thread.join()


def test_a_whole_poll_goes_over_the_network(world: World, card: Card) -> None:
    world.trusted_by(card)
    world.service.order(EID, ["getRAT"])
    with served(world) as port, EsipaClient(f"http://127.0.0.1:{port}") as eim:
        assert Ipa(card.transmit, eim).poll() == Poll(2)


def test_tls_is_verified(world: World, pki_folder: Path) -> None:
    pki = pki_in(pki_folder)
    ci = pki.branch(Curve.NIST).ci.certificate.public_bytes(Encoding.DER)
    with served(world, pki) as port:
        url = f"https://localhost:{port}"
        with EsipaClient(url, trust=[ci]) as eim:
            assert eim.exchange(POLL) == hx("BF4F03020101")
        with EsipaClient(url, verify=False) as eim:
            assert eim.exchange(POLL) == hx("BF4F03020101")
        with (
            EsipaClient(url) as eim,
            pytest.raises(EimUnreachableError, match="Name the CA"),
        ):
            eim.exchange(POLL)


def test_what_answers_as_no_eim_is_told(world: World) -> None:
    with served(world) as port:
        client = EsipaClient(f"http://127.0.0.1:{port}/elsewhere")
        with client as eim, pytest.raises(LpaError, match="HTTP status 404") as caught:
            eim.exchange(POLL)
    assert caught.value.code == "404"


def test_nobody_there_is_told() -> None:
    with (
        EsipaClient("http://127.0.0.1:9") as eim,
        pytest.raises(EimUnreachableError, match="does not answer"),
    ):
        eim.exchange(POLL)


def test_it_calls_itself_an_ipad() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(hx("BF4F03020101")))

    with EsipaClient("http://eim.example.com", transport=httpx.MockTransport(answer)) as eim:
        eim.exchange(POLL)
    assert sent[0].headers["user-agent"].partition("; ")[0] == "gsma-rsp-ipad"


@pytest.mark.parametrize("url", ["", "eim.example.com", "ftp://eim.example.com", "http://[::1"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(LpaError, match="is not a URL"):
        EsipaClient(url)
