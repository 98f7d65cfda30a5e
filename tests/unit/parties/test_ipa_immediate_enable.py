"""An IPA lets the card enable at once what it downloaded from the default SM-DP+."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.esipa import EID, World
from support.heard import SMDP, TOLD, states
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, order, smdpp
from support.judge import judged

from euicc_sim import Card
from euicc_sim.asn1.wire import VERSIONS
from euicc_sim.model.state import Switches
from euicc_sim.parties.ipa import EnableAtOnce, Ipa
from euicc_sim.parties.ipa.ipa import Poll
from euicc_sim.parties.ipa.triggered_download import DownloadMode
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.smdpp.smdpp import Smdpp

B = f"download:1${SMDP}${B_DIGITS}"
ON, OFF = f"configureImmediateEnable:smdp={SMDP}", "configureImmediateEnable:off"
ASKED = hx("BF5A 03 8001 FF")


@pytest.fixture
def server(pki_folder: Path) -> Smdpp:
    """It has A for this card, and B for whoever has its code."""
    mine = replace(order(A_DIGITS, notifications=TOLD), matching_id="", eid=EID)
    return smdpp(pki_folder, mine, order(B_DIGITS, notifications=TOLD))


@pytest.fixture
def world(tmp_path: Path, card: Card, server: Smdpp) -> World:
    world = World(tmp_path / "cards", lambda _: server)
    world.trusted_by(card, token=True)
    world.service.order(EID, [f"setDefaultDpAddress:{SMDP}"])
    return world


def enabled(card: Card) -> list[str | None]:
    return [one.iccid for one in Lpa(card.transmit).profiles() if one.enabled]


def ordered(world: World, *orders: str) -> None:
    for one in orders:
        world.service.order(EID, [one])


def asked_of(ipa: Ipa) -> list[bytes]:
    """The ImmediateEnable requests that the IPA sends from now on."""
    found, ask = list[bytes](), ipa.card.ask

    def noted(message: bytes) -> bytes:
        if message[:2] == hx("BF5A"):
            found.append(message)
        return ask(message)

    ipa.card.ask = noted  # type: ignore[method-assign]
    return found


@pytest.mark.parametrize("mode", DownloadMode)
def test_a_profile_of_the_default_smdp_is_enabled_at_once(
    world: World, card: Card, mode: DownloadMode
) -> None:
    ordered(world, ON, "download:default")
    told: list[str] = []
    ipa = world.ipa(card, mode, tell=told.append)
    asked = asked_of(ipa)
    assert ipa.poll().done
    assert enabled(card) == [A_DIGITS]
    assert f"{A_DIGITS} enabled at once" in told
    assert asked == [ASKED]
    assert judged("ImmediateEnableRequest", ASKED) == {"refreshFlag": True}
    assert states(world)[-1][:2] == ("download:default", "done")


def test_a_card_that_is_not_configured_for_it_enables_nothing(world: World, card: Card) -> None:
    ordered(world, OFF, "download:default")
    told: list[str] = []
    assert world.ipa(card, tell=told.append).poll().done
    assert enabled(card) == []
    assert not [one for one in told if "at once" in one]


def test_an_activation_code_is_not_the_default_smdp(world: World, card: Card) -> None:
    ordered(world, ON, B)
    ipa = world.ipa(card)
    asked = asked_of(ipa)
    ipa.poll()
    assert (enabled(card), asked) == ([], [])


def test_an_ipa_can_ask_after_every_download_or_never(world: World, card: Card) -> None:
    ordered(world, ON, "download:default")
    ipa = world.ipa(card, enable_at_once=EnableAtOnce.NEVER)
    asked = asked_of(ipa)
    ipa.poll()
    assert (enabled(card), asked) == ([], [])
    ordered(world, B)
    world.ipa(card, enable_at_once=EnableAtOnce.ALWAYS).poll()
    assert enabled(card) == [B_DIGITS]


def test_a_busy_toolkit_leaves_the_profile_disabled_and_is_told(world: World, card: Card) -> None:
    ordered(world, ON)
    world.ipa(card).poll()
    card.set_switches(Switches(toolkit_busy=True))
    ordered(world, "download:default")
    told: list[str] = []
    assert world.ipa(card, tell=told.append).poll() == Poll(1)
    assert enabled(card) == []
    assert f"{A_DIGITS} not enabled at once: catBusy" in told


def test_in_v1_0_the_request_is_empty(world: World, card: Card) -> None:
    sent: list[bytes] = []

    def transmit(apdu: bytes) -> bytes:
        sent.append(apdu)
        return hx("BF5A 03 8001 01 9000") if b"\xbf\x5a" in apdu else hx("9000")

    assert Ipa(transmit, world.client, wire=VERSIONS["1.0.1"]).card.immediate_enable() == (
        "immediateEnableNotAvailable"
    )
    assert sent[-1] == hx("80E2 9100 03 BF5A00")
