"""An eIM that delivers packages to a listening IPA (TransferEimPackage)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.by_name import to_eim
from support.esipa import EID, InProcess, World, kept
from support.hexes import hx
from support.judge import judged

from euicc_sim import Card
from euicc_sim.parties.clients.esipa import Binding, EsipaClient
from euicc_sim.parties.eim.server.esipa_functions import EsipaFunctions
from euicc_sim.parties.eim.server.transfer_eim_package import push
from euicc_sim.parties.ipa.es10b import IpaCard
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.servers.ipa_app import ipa_app


def nobody(address: str) -> Any:
    raise AssertionError(address)


@pytest.fixture
def world(tmp_path: Path, card: Card) -> World:
    world = World(tmp_path / "cards", nobody)
    world.trusted_by(card, token=True)
    world.service.set_card(EID)
    return world


@pytest.fixture(params=Binding)
def ipa(world: World, card: Card, request: pytest.FixtureRequest) -> EsipaClient:
    """An IPA with the card, that listens."""
    app = ipa_app(world.ipa(card).transferred, world.log)
    binding: Binding = request.param
    return EsipaClient("http://127.0.0.1:8081", binding=binding, transport=InProcess(app))


class Saying:
    """An IPA that gives the same answer to everything."""

    def __init__(self, answer: bytes) -> None:
        """Answer so."""
        self._answer = answer

    def exchange(self, message: bytes) -> bytes:
        """The answer."""
        judged("EsipaMessageFromEimToIpa", message)
        return self._answer


def pushed(world: World, ipa: Any) -> int:
    return push(EsipaFunctions(world.service), EID, ipa)


def test_all_that_waits_is_brought(world: World, card: Card, ipa: EsipaClient) -> None:
    world.service.order(EID, ["getRAT"])
    world.service.order(EID, ["listProfileInfo"])
    assert pushed(world, ipa) == 3
    assert [(one.kind, one.state, one.verified) for one in kept(world).results] == [
        ("data", "done", False),
        ("package", "done", True),
        ("package", "done", True),
    ]
    assert IpaCard(card.transmit).results() == []
    assert pushed(world, ipa) == 0


def test_a_download_that_is_brought_waits_for_its_result(world: World, ipa: EsipaClient) -> None:
    world.service.order(EID, ["download:1$smdp.example.com$CODE-1"])
    assert pushed(world, ipa) == 1
    assert kept(world).queue[0].deliveries == 1


def test_an_ipa_that_cannot_do_it_ends_the_order(world: World) -> None:
    world.service.order(EID, ["data"])
    refusing = Saying(
        to_eim("transferEimPackageResponse", ("eimPackageError", "invalidPackageFormat"))
    )
    assert pushed(world, refusing) == 1
    assert kept(world).results[0].error == "the IPA says invalidPackageFormat"


@pytest.mark.parametrize(
    ("answer", "why"),
    [("", "cannot be read"), ("BF4F00", "cannot be read"), (f"BF4F125A10{EID}", "answered with")],
)
def test_an_answer_that_is_none_keeps_the_order(world: World, answer: str, why: str) -> None:
    world.service.order(EID, ["data"])
    with pytest.raises(EimError, match=why):
        pushed(world, Saying(hx(answer)))
    assert len(kept(world).queue) == 1


@pytest.mark.parametrize("body", ["", "BF4F0302017F", "BF5100"])
def test_what_is_no_transfer_is_refused(world: World, card: Card, body: str) -> None:
    app = ipa_app(world.ipa(card).transferred, world.log)
    ipa = EsipaClient("http://127.0.0.1:8081", transport=InProcess(app))
    with pytest.raises(Exception, match="HTTP status 400"):
        ipa.exchange(hx(body))
    assert world.said[-1].startswith("! refused: ")


def test_an_ipa_that_is_away_keeps_the_order(world: World, card: Card) -> None:
    world.service.order(EID, ["data"])
    away = EsipaClient(
        "http://127.0.0.1:8081", transport=InProcess(ipa_app(bytes, world.log), lambda: True)
    )
    with pytest.raises(EimError, match="was not delivered to"):
        pushed(world, away)
    assert len(kept(world).queue) == 1
