"""An eIM server, an IPA, an SM-DP+ and our card together, from the first trust to a rollback."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.esipa import EID, World, kept
from support.heard import A, B, Heard, states
from support.installing import A_DIGITS, B_DIGITS, smdpp

from euicc_sim import Card
from euicc_sim.parties.clients.esipa import Binding
from euicc_sim.parties.ipa.ipa import Poll
from euicc_sim.parties.ipa.triggered_download import DownloadMode
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.errors import EimUnreachableError, LpaError
from euicc_sim.parties.smdpp.smdpp import Smdpp

pytestmark = pytest.mark.slow

MODES = list(DownloadMode)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def server(pki_folder: Path, heard: Heard) -> Smdpp:
    return heard.by(pki_folder)


@pytest.fixture(params=Binding)
def world(tmp_path: Path, card: Card, server: Smdpp, request: pytest.FixtureRequest) -> World:
    world = World(tmp_path / "cards", lambda _: server, binding=request.param)
    world.trusted_by(card, token=True)
    return world


def enabled(card: Card) -> list[str | None]:
    return [one.iccid for one in Lpa(card.transmit).profiles() if one.enabled]


@pytest.mark.parametrize("mode", MODES)
def test_the_whole_story(world: World, card: Card, heard: Heard, mode: DownloadMode) -> None:
    for words in (["listProfileInfo"], [A], [B], [f"enable:{A_DIGITS}"]):
        world.service.order(EID, words)
    ipa = world.ipa(card, mode)
    assert ipa.poll() == Poll(5)
    assert states(world) == [
        ("data:BF20BF2284A5A6", "done", False),
        ("listProfileInfo", "done", True),
        (A, "done", True),
        (B, "done", True),
        (f"enable:{A_DIGITS}", "done", True),
    ]
    assert enabled(card) == [A_DIGITS]
    assert ipa.poll() == Poll(0)
    assert heard == [f"install {A_DIGITS}", f"install {B_DIGITS}", f"enable {A_DIGITS}"]
    assert (ipa.card.notifications(), ipa.card.results()) == ([], [])
    world.restart()
    world.service.order(EID, [f"enable:{B_DIGITS},rollback", "listProfileInfo"])
    assert ipa.poll() == Poll(1)
    assert enabled(card) == [B_DIGITS]
    assert heard[3:] == [f"disable {A_DIGITS}", f"enable {B_DIGITS}"]
    assert [one for one in world.said if one.startswith("!")] == []
    listed = kept(world).results[-1].outcomes[1].value
    assert {one["iccid"]: one["profileState"] for one in listed} == {
        A_DIGITS: "disabled",
        B_DIGITS: "enabled",
    }


def installed(world: World, card: Card) -> None:
    for words in ([A], [B], [f"enable:{A_DIGITS}"]):
        world.service.order(EID, words)
    world.ipa(card).poll()


@pytest.mark.parametrize("mode", MODES)
def test_the_card_goes_back_when_the_eim_is_out_of_reach(
    world: World, card: Card, mode: DownloadMode
) -> None:
    installed(world, card)
    world.service.order(EID, [f"enable:{B_DIGITS},rollback"])
    told: list[str] = []
    ipa = world.ipa(card, mode, tell=told.append)
    world.down_if = lambda: enabled(card) == [B_DIGITS]
    assert ipa.poll() == Poll(1, rolled_back=True)
    assert enabled(card) == [A_DIGITS]
    last = kept(world).results[-1]
    assert [(one.operation, one.result) for one in last.outcomes] == [("rollback", "ok")]
    assert (last.order, last.state, last.verified) == (5, "done", True)
    assert kept(world).queue == []
    assert any("went back to the previous Profile" in one for one in told)
    assert ipa.poll() == Poll(0)


class PowerCutError(Exception):
    """The IPA ends here."""


def test_the_card_goes_back_although_the_ipa_was_started_again(world: World, card: Card) -> None:
    installed(world, card)
    world.service.order(EID, [f"enable:{B_DIGITS},rollback"])

    def cut(_: float) -> None:
        raise PowerCutError

    ipa = world.ipa(card)
    ipa.sleep = cut
    world.down_if = lambda: enabled(card) == [B_DIGITS]
    with pytest.raises(PowerCutError):
        ipa.poll()
    assert enabled(card) == [B_DIGITS]
    assert world.ipa(card).poll() == Poll(0, rolled_back=True)
    assert enabled(card) == [A_DIGITS]
    last = kept(world).results[-1]
    assert [(one.operation, one.result) for one in last.outcomes] == [("rollback", "ok")]


def test_without_rollback_the_result_waits_on_the_card(world: World, card: Card) -> None:
    installed(world, card)
    world.service.order(EID, [f"enable:{B_DIGITS}"])
    ipa = world.ipa(card)
    world.down_if = lambda: enabled(card) == [B_DIGITS]
    with pytest.raises(EimUnreachableError, match="does not answer"):
        ipa.poll()
    assert enabled(card) == [B_DIGITS]
    assert len(ipa.card.results()) == 1
    world.down_if = lambda: False
    assert ipa.poll() == Poll(0)
    assert states(world)[-1] == (f"enable:{B_DIGITS}", "done", True)
    assert ipa.card.results() == []


def test_a_rollback_whose_result_cannot_be_brought_waits_on_the_card(
    world: World, card: Card
) -> None:
    installed(world, card)
    world.service.order(EID, [f"enable:{B_DIGITS},rollback"])
    ipa = world.ipa(card)
    gone: list[bool] = []

    def down() -> bool:
        gone.extend([True] if enabled(card) == [B_DIGITS] else [])
        return bool(gone)

    world.down_if = down
    with pytest.raises(EimUnreachableError):
        ipa.poll()
    assert enabled(card) == [A_DIGITS]
    world.down_if = lambda: False
    assert ipa.poll() == Poll(0)
    assert kept(world).results[-1].outcomes[0].operation == "rollback"


def test_an_eim_that_is_down_at_once_changes_nothing(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    world.down_if = lambda: True
    with pytest.raises(EimUnreachableError):
        world.ipa(card).poll()
    assert len(kept(world).queue) == 1


# -- whose eIM it is


def test_a_card_that_trusts_nobody_is_told_apart(tmp_path: Path, pki_folder: Path) -> None:
    world = World(tmp_path / "cards", lambda _: smdpp(pki_folder))
    with (
        Card.create(tmp_path / "new", pki=pki_folder, seed=1, fsync=False) as card,
        pytest.raises(LpaError, match="The card trusts no eIM"),
    ):
        world.ipa(card).poll()


def test_an_eim_that_the_card_does_not_trust_is_not_polled(world: World, card: Card) -> None:
    with pytest.raises(LpaError, match=r"The card trusts eim1\.example\.com\. Name the one"):
        world.ipa(card, eim_id="eim9.example.com").poll()


def test_a_card_that_the_eim_does_not_know_is_told(world: World, card: Card) -> None:
    with pytest.raises(LpaError, match="eidNotFound") as caught:
        world.ipa(card).poll()
    assert caught.value.code == "eidNotFound"
    assert "No card" in world.said[-1]
