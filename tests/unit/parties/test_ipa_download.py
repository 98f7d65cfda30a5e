"""Downloads that an eIM triggers and an IPA does, and notifications on their way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.esipa import EID, World, kept
from support.heard import SMDP, A, Heard, states
from support.hexes import hx
from support.installing import A_DIGITS, order, smdpp

from euicc_sim import Card
from euicc_sim.parties.eim import operations
from euicc_sim.parties.eim.server.forwarding import RETRY
from euicc_sim.parties.ipa.ipa import Poll
from euicc_sim.parties.ipa.triggered_download import DownloadMode
from euicc_sim.parties.messages.errors import LpaError, Refusal, SmdppError
from euicc_sim.parties.smdpp.card_answers import NotificationFacts
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys import Curve

MODES = list(DownloadMode)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def server(pki_folder: Path, heard: Heard) -> Smdpp:
    return heard.by(pki_folder)


@pytest.fixture
def world(tmp_path: Path, card: Card, server: Smdpp) -> World:
    world = World(tmp_path / "cards", lambda _: server)
    world.trusted_by(card, token=True)
    return world


@pytest.mark.parametrize("mode", MODES)
def test_a_download_that_is_refused_is_told(world: World, card: Card, mode: DownloadMode) -> None:
    world.service.order(EID, [f"download:1${SMDP}$NOBODY"])
    assert world.ipa(card, mode).poll() == Poll(1, refused=1)
    (failed,) = kept(world).results
    assert failed.state == "failed"
    assert str(failed.error).startswith("undefinedError, The ")
    assert kept(world).queue == []


@pytest.mark.parametrize("mode", MODES)
def test_a_profile_that_the_card_does_not_install_is_told(
    world: World, card: Card, heard: Heard, mode: DownloadMode
) -> None:
    for words in ([A], [A]):
        world.service.order(EID, words)
    assert world.ipa(card, mode).poll() == Poll(2, refused=1)
    known = mode is DownloadMode.RELAYED  # the eIM saw the certificate that the card showed
    assert states(world) == [(A, "done", known), (A, "refused", known)]
    error = kept(world).results[1].error
    assert error == "installFailedDueToIccidAlreadyExistsOnEuicc"


def test_the_eim_gives_a_confirmation_code(
    world: World, card: Card, server: Smdpp, pki_folder: Path
) -> None:
    locked = replace(order(A_DIGITS, matching_id="CC"), confirmation_code="4711")
    with_code = smdpp(pki_folder, locked)
    world.servers = lambda _: with_code
    world.restart()
    world.service.order(EID, [f"download:1${SMDP}$CC,cc=4711"])
    assert world.ipa(card, DownloadMode.RELAYED).poll() == Poll(1)
    assert states(world) == [(f"download:1${SMDP}$CC", "done", True)]
    assert "4711" not in "".join(world.said)


def test_a_relayed_download_may_be_below_another_ci(
    world: World, card: Card, pki_folder: Path
) -> None:
    other = smdpp(pki_folder, order(A_DIGITS), curve=Curve.BRP)
    world.servers = lambda _: other
    world.restart()
    world.service.order(EID, ["getRAT"])
    world.service.order(EID, [A])
    assert world.ipa(card, DownloadMode.RELAYED).poll() == Poll(3)
    assert states(world)[-1] == (A, "done", True)


def test_the_default_smdp_of_the_card_is_asked(world: World, card: Card, server: Smdpp) -> None:
    world.service.order(EID, [f"setDefaultDpAddress:{SMDP}"])
    world.service.order(EID, ["download:default"])
    world.ipa(card).poll()
    assert states(world)[-1] == ("download:default", "failed", False)
    error = kept(world).results[-1].error
    assert f"No order waits for the EID {EID}" in str(error)


def test_an_sm_dpp_is_not_asked_for_events(world: World, card: Card) -> None:
    world.service.order(EID, ["download:smds=smds.example.com"])
    assert world.ipa(card).poll() == Poll(1, refused=1)
    assert states(world) == [("download:smds=smds.example.com", "failed", False)]


# -- notifications


def test_a_notification_that_its_smdp_refuses_stays_on_the_card(
    world: World, card: Card, server: Smdpp
) -> None:
    def refuse(pending: bytes) -> NotificationFacts:
        raise SmdppError(Refusal.TRANSACTION, "No.")

    server.handle_notification = refuse  # type: ignore[method-assign]
    world.service.order(EID, [A])
    ipa = world.ipa(card)
    assert ipa.poll() == Poll(1, kept=1)
    assert len(ipa.card.notifications()) == 1


def test_a_notification_goes_to_the_eim_when_its_smdp_is_away(
    world: World, card: Card, server: Smdpp, heard: Heard
) -> None:
    taken, told = server.handle_notification, list[str]()

    def lose(pending: bytes) -> NotificationFacts:
        raise LpaError("The line is cut. Mend it.")

    server.handle_notification = lose  # type: ignore[method-assign]
    world.service.order(EID, [A])
    ipa = world.ipa(card, tell=told.append)
    assert ipa.poll() == Poll(1)
    assert ipa.card.notifications() == []
    assert told[1:2] == [
        f"notification 1 for {SMDP} given to the eIM: The line is cut. Mend it.",
    ]
    server.handle_notification = taken  # type: ignore[method-assign]
    world.later(RETRY)
    world.service.forwarder.pass_on()
    assert heard == [f"install {A_DIGITS}"]


def test_a_notification_that_nobody_takes_stays_on_the_card(
    world: World, card: Card, server: Smdpp
) -> None:
    def lose(pending: bytes) -> NotificationFacts:
        raise LpaError("The line is cut. Mend it.")

    world.service.order(EID, [A])
    told: list[str] = []
    ipa = world.ipa(card, tell=told.append)
    server.handle_notification = lose  # type: ignore[method-assign]
    eim = ipa.eim.exchange

    def busy(message: bytes) -> bytes:
        if message[:2] == hx("BF3D"):
            raise LpaError("The eIM is busy. Come back later.", "503")
        return eim(message)

    ipa.eim.exchange = busy  # type: ignore[method-assign]
    assert ipa.poll() == Poll(1, kept=1)
    assert len(ipa.card.notifications()) == 1
    assert told[1] == (
        f"notification 1 for {SMDP} remains on the card: The line is cut. Mend it. "
        "Nor does the eIM take it: The eIM is busy. Come back later."
    )
    ipa.eim.exchange = eim  # type: ignore[method-assign]
    assert ipa.poll() == Poll(0)
    assert ipa.card.notifications() == []


def test_a_notification_waits_at_the_eim_for_its_smdp(
    world: World, card: Card, server: Smdpp, heard: Heard
) -> None:
    taken, tries = server.handle_notification, []

    def lose(pending: bytes) -> NotificationFacts:
        tries.append(pending)
        raise LpaError("The line is cut. Mend it.")

    server.handle_notification = lose  # type: ignore[method-assign]
    world.service.order(EID, [A])
    ipa = world.ipa(card, DownloadMode.RELAYED)
    assert ipa.poll() == Poll(1)
    assert ipa.card.notifications() == []
    (waiting,) = kept(world).notifications
    assert (waiting.address, waiting.problem) == (SMDP, "The line is cut. Mend it.")
    assert len(tries) == 1
    server.handle_notification = taken  # type: ignore[method-assign]
    world.later(RETRY)
    ipa.poll()
    assert kept(world).notifications == []
    assert heard == [f"install {A_DIGITS}"]


def test_a_result_that_the_eim_does_not_take_does_not_block_the_rest(
    world: World, card: Card
) -> None:
    ipa = world.ipa(card)
    stray = world.eim.package([operations.get_rat()], EID)
    ipa.card.load_package(stray)
    world.service.order(EID, ["listProfileInfo"])
    told: list[str] = []
    assert world.ipa(card, tell=told.append).poll() == Poll(2, kept=1)
    assert "result 1 remains on the card" in told[0]
    assert ipa.poll() == Poll(0)
    assert [one.order for one in kept(world).results] == [2, 1, None]
    assert ipa.card.results() == []
