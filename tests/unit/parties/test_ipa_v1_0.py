"""An IPA with an eIM of SGP.32 v1.0.1: what it sends is read by the judge of that version."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.eims import tlv
from support.esipa import EID, World, kept, nobody
from support.heard import A, Heard, states
from support.hexes import hx
from support.installing import A_DIGITS
from support.judge import module

from euicc_sim import Card
from euicc_sim.parties.clients.esipa import OldEsipa
from euicc_sim.parties.ipa.ipa import Ipa, Poll
from euicc_sim.parties.ipa.triggered_download import DownloadMode
from euicc_sim.parties.messages.interfaces import Esipa
from euicc_sim.parties.smdpp.smdpp import Smdpp

pytestmark = pytest.mark.slow

OLD = "GSMA/SGP_32/v1_0_1/python_gen/sgp32/sgp32.py"
DIFFERENT = (hx("BF50"), hx("BF39"))
EMPTY, NOTHING = hx("BF50023000"), hx("BF5000")


class OldEim:
    """Understands v1.0.1 alone, and has no emptyResponse."""

    def __init__(self, eim: Esipa) -> None:
        self._eim = eim
        self.messages: list[bytes] = []

    def exchange(self, message: bytes) -> bytes:
        self.messages.append(message)
        if message[:2] in DIFFERENT:
            one = module(OLD).SGP32Definitions.EsipaMessageFromIpaToEim
            one.from_der(message)
            one.set_val(one.get_val())
            assert one.to_der() == message
        found = self._eim.exchange(message)
        return NOTHING if found == EMPTY else found


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def server(pki_folder: Path, heard: Heard) -> Smdpp:
    return heard.by(pki_folder)


@pytest.fixture(params=["1.0.1", "1.2"])
def card(request: pytest.FixtureRequest, tmp_path: Path, pki_folder: Path) -> Card:
    return Card.create(tmp_path / "card", pki=pki_folder, seed=1, sgp32=request.param, fsync=False)


@pytest.fixture
def world(tmp_path: Path, card: Card, server: Smdpp) -> World:
    world = World(tmp_path / "cards", lambda _: server)
    world.trusted_by(card, token=True)
    return world


@pytest.mark.parametrize("mode", list(DownloadMode))
def test_packages_data_and_downloads_are_done(
    world: World, card: Card, mode: DownloadMode, heard: Heard
) -> None:
    for words in ("data:BF20A5A6BF2B", A, f"enable:{A_DIGITS}", "listProfileInfo", "data:BF2B"):
        world.service.order(EID, [words])
    eim = OldEim(world.client)
    ipa = Ipa(card.transmit, OldEsipa(eim), world.servers, mode, sleep=lambda _: None)
    assert ipa.poll() == Poll(5)
    assert [one[1] for one in states(world)] == ["done"] * 5
    results = kept(world).results
    assert all(one.verified for one in results if one.kind != "data")
    assert not any("did not accept" in one for one in world.said)
    provided = [one for one in eim.messages if one[:2] == hx("BF50")]
    assert provided
    assert not any(tlv("5A", hx(EID)) in one[:25] for one in provided)
    assert heard[0] == f"install {A_DIGITS}"


def test_a_token_that_the_data_report_is_kept_once_a_card_has_accepted_it(
    tmp_path: Path, card: Card
) -> None:
    """Results of v1.0 cover the package's signature and not the token: they prove it, too."""
    world = World(tmp_path / "cards", nobody)
    world.trusted_by(card, token=True)
    world.eim.token = None
    world.restart()
    for words in ("data", "getRAT", "listEim", "listProfileInfo"):
        world.service.order(EID, [words])
    ipa = Ipa(card.transmit, OldEsipa(world.client), sleep=lambda _: None)
    assert ipa.poll().packages == 4
    assert kept(world).record.token == 1
    assert not any("did not accept" in one for one in world.said)
