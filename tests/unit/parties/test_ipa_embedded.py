"""An IPAe: our IPA with the wire habits of the one that was seen, and its TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.esipa import EID, URL, InProcess, World, kept, nobody
from support.heard import A, Heard, states
from support.hexes import hx
from support.installing import A_DIGITS
from support.judge import judged
from support.web import DEADLINE

from euicc_sim import Card
from euicc_sim.parties.clients import IPAE, EimTls, EsipaClient
from euicc_sim.parties.ipa import Poll
from euicc_sim.parties.messages import EimUnreachableError
from euicc_sim.servers.esipa_app import esipa_app
from euicc_sim.servers.tls import server_context, tls_credential
from euicc_sim.servers.web_server import WebServer
from keys import TestPki

POLL = hx(f"BF4F12 5A10 {EID}")


class Listening:
    """An eIM's line; `sent` are the messages that an IPA sends over it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sent: list[bytes] = []

    def exchange(self, message: bytes) -> bytes:
        """One message, one answer."""
        self.sent.append(message)
        judged("EsipaMessageFromIpaToEim", message)
        return self._world.client.exchange(message)

    def read(self) -> list[Any]:
        """What was sent, as GSMA's module reads it."""
        return [judged("EsipaMessageFromIpaToEim", one) for one in self.sent]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def world(tmp_path: Path, card: Card, pki_folder: Path, heard: Heard) -> World:
    server = heard.by(pki_folder)
    world = World(tmp_path / "cards", lambda _: server)
    world.trusted_by(card, token=True)
    return world


def test_it_names_its_card_in_get_eim_package_alone(world: World, card: Card) -> None:
    world.service.order(EID, ["listProfileInfo"])
    line = Listening(world)
    ipa = world.ipa(card, is_embedded=True)
    ipa.eim = line
    assert ipa.poll() == Poll(2)
    named = line.read()
    assert [name for name, _ in named] == [
        "getEimPackageRequest",
        "provideEimPackageResult",
        "getEimPackageRequest",
        "provideEimPackageResult",
        "getEimPackageRequest",
    ]
    assert [("eidValue" in value) for _, value in named] == [True, False, True, False, True]
    assert [one.state for one in kept(world).results] == ["done", "done"]


def test_it_reports_a_download_by_handle_notification(
    world: World, card: Card, heard: Heard
) -> None:
    world.service.order(EID, ["listProfileInfo"])
    world.service.order(EID, [A])
    line = Listening(world)
    ipa = world.ipa(card, is_embedded=True)
    ipa.eim = line
    assert ipa.poll() == Poll(3)
    carried = [value for name, value in line.read() if name == "handleNotificationEsipa"]
    assert [(form, value["eimPackageResult"][0]) for form, value in carried] == [
        ("provideEimPackageResult", "profileDownloadTriggerResult")
    ]
    assert states(world)[-1] == (A, "done", True)
    assert heard == [f"install {A_DIGITS}"]


def test_an_ipad_is_not_declared_to_the_card(world: World, card: Card) -> None:
    seen: list[bytes] = []

    def transmit(apdu: bytes) -> bytes:
        seen.append(apdu)
        return card.transmit(apdu)

    world.service.set_card(EID)
    ipa = world.ipa(card, is_embedded=True)
    ipa.card._raw = transmit
    ipa.poll()
    assert [one for one in seen if one[1] == 0xAA] == []


def test_it_says_that_it_is_an_ipae(world: World) -> None:
    asked: list[httpx.Request] = []

    class Noting(InProcess):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return super().handle_request(request)

    app = esipa_app(world.service, world.log)
    with EsipaClient(URL, agent=IPAE, transport=Noting(app)) as client:
        client.exchange(POLL)
    assert asked[0].headers["user-agent"] == "gsma-rsp-ipae"


# -- TLS


@contextmanager
def served(world: World, pki: TestPki) -> Iterator[tuple[int, x509.Certificate]]:
    """The port of the eIM over TLS, and its certificate."""
    credential = tls_credential(pki, "localhost", datetime.now(UTC))
    web = WebServer("127.0.0.1", 0, server_context(credential), world.log)
    thread = Thread(target=web.run, args=[esipa_app(world.service, world.log)])
    thread.start()
    try:
        found = ssl.get_server_certificate(("127.0.0.1", web.port))
        yield web.port, x509.load_pem_x509_certificate(found.encode())
    finally:
        web.stop()
        thread.join(DEADLINE)


@pytest.fixture
def eim(tmp_path: Path) -> World:
    world = World(tmp_path / "eim", nobody)
    world.service.set_card(EID)
    return world


def asked(context: EimTls, port: int) -> bytes:
    with EsipaClient(f"https://localhost:{port}", agent=IPAE, context=context) as client:
        return client.exchange(POLL)


def spki(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


NOTHING = hx("BF4F03 020101")


def test_the_cis_of_the_card_the_certificate_or_its_key_are_trusted(
    eim: World, pki_folder: Path
) -> None:
    pki = TestPki.load(pki_folder)
    with served(eim, pki) as (port, certificate):
        der = certificate.public_bytes(Encoding.DER)
        for context in (
            EimTls.of(None, pki.ci_certificates),
            EimTls.of(("trustedCertificateTls", pki.ci_certificates[0]), []),
            EimTls.of(("trustedCertificateTls", der), []),
            EimTls.of(("trustedEimPkTls", spki(certificate)), []),
        ):
            assert asked(context, port) == NOTHING


def test_another_certificate_or_key_is_not(eim: World, pki_folder: Path) -> None:
    other = TestPki.create(seed=2)
    ci = x509.load_der_x509_certificate(other.ci_certificates[0])
    with served(eim, TestPki.load(pki_folder)) as (port, _):
        for context in (
            EimTls.of(None, other.ci_certificates),
            EimTls.of(("trustedCertificateTls", other.ci_certificates[0]), []),
            EimTls.of(("trustedEimPkTls", spki(ci)), []),
        ):
            with pytest.raises(EimUnreachableError, match="failed TLS verification"):
                asked(context, port)


def test_the_session_is_resumed_at_the_next_connection(eim: World, pki_folder: Path) -> None:
    pki = TestPki.load(pki_folder)
    with served(eim, pki) as (port, certificate):
        for context in (
            EimTls.of(None, pki.ci_certificates),
            EimTls.of(("trustedEimPkTls", spki(certificate)), []),
        ):
            for _ in range(3):
                assert asked(context, port) == NOTHING
            assert context.resumed == 2
