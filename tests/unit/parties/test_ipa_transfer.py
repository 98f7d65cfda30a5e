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
from euicc_sim.asn1.wire import VERSIONS
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


# -- since SGP.32 v1.3 an answer says for which package it is

KEY = hx("0102030405060708")
STRANGER = "89049032004008882600000123456729"


def of_v1_3(world: World, card: Card, message: str) -> bytes:
    return world.ipa(card, wire=VERSIONS["1.3"]).transferred(hx(message))


def test_a_trigger_is_answered_by_its_transaction(world: World, card: Card) -> None:
    answer = of_v1_3(world, card, f"BF4E11 BF540E A002 8100 8208 {KEY.hex()}")
    assert answer == hx(f"BF4E0F BF600C A00A 8008 {KEY.hex()}")


def test_a_trigger_without_transaction_is_answered_by_the_eid(world: World, card: Card) -> None:
    answer = of_v1_3(world, card, "BF4E07 BF5404 A002 8100")
    assert answer == hx(f"BF4E17 BF6014 A012 5A10 {EID}")


def test_what_is_not_a_package_is_refused_by_the_eid(world: World, card: Card) -> None:
    answer = of_v1_3(world, card, "BF4E03 BF5100")
    assert answer == hx(f"BF4E1A BF6117 A012 5A10 {EID} 810101")


@pytest.mark.parametrize("version", ["1.0.1", "1.1", "1.2"])
def test_an_older_ipa_says_received_alone(world: World, card: Card, version: str) -> None:
    ipa = world.ipa(card, wire=VERSIONS[version])
    assert ipa.transferred(hx("BF4E07 BF5404 A002 8100")) == hx("BF4E02 0500")


def test_a_download_that_an_ipa_of_v1_3_received_waits_for_its_result(
    world: World, card: Card
) -> None:
    world.service.order(EID, ["download:1$smdp.example.com$CODE-1"])
    app = ipa_app(world.ipa(card, wire=VERSIONS["1.3"]).transferred, world.log)
    for binding in Binding:
        url = "http://127.0.0.1:8081"
        ipa = EsipaClient(url, binding=binding, transport=InProcess(app))
        assert pushed(world, ipa) == 1
    assert kept(world).queue[0].deliveries == 2


def correlated(correlation: tuple[str, bytes], code: str | None = None) -> Saying:
    value: dict[str, Any] = {"correlationId": correlation}
    if code is None:
        return Saying(to_eim("transferEimPackageResponse", ("eimPackageReceivedWithCid", value)))
    value["eimPackageError"] = code
    return Saying(to_eim("transferEimPackageResponse", ("eimPackageErrorWithCid", value)))


def test_an_error_for_this_card_ends_its_order(world: World) -> None:
    world.service.order(EID, ["data"])
    assert pushed(world, correlated(("eidValue", hx(EID)), "unknownPackage")) == 1
    assert kept(world).results[0].error == "the IPA says unknownPackage"


@pytest.mark.parametrize("code", [None, "invalidPackageFormat"])
@pytest.mark.parametrize(
    "correlation", [("eidValue", hx(STRANGER)), ("eimTransactionId", KEY)], ids=["eid", "key"]
)
def test_an_answer_for_another_package_keeps_the_order(
    world: World, correlation: tuple[str, bytes], code: str | None
) -> None:
    world.service.order(EID, ["data"])
    with pytest.raises(EimError, match="which is not of its package"):
        pushed(world, correlated(correlation, code))
    assert len(kept(world).queue) == 1
    assert kept(world).results == []
