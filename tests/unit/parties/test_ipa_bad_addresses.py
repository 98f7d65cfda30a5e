"""An IPA whose card has a notification for an address that no server can have."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.esipa import EID, World
from support.installing import SMDP, order, smdpp

from euicc_sim import Card
from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.ipa.ipa import Poll
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages.interfaces import RspServer
from euicc_sim.parties.smdpp.metadata import Event, NotificationTarget

BAD = ["a..b", ".", "a" * 64, "löc.example", " host", "user@host"]


@pytest.mark.parametrize("address", BAD)
def test_it_stays_on_the_card_and_the_poll_goes_on(
    tmp_path: Path, card: Card, pki_folder: Path, address: str
) -> None:
    targets = tuple(
        NotificationTarget(frozenset({Event.INSTALL, Event.ENABLE}), one) for one in (address, SMDP)
    )
    wanted = order(notifications=targets)
    server = smdpp(pki_folder, wanted)

    def servers(called: str) -> RspServer:
        return server if called == SMDP else Es9Client.at(called)

    world = World(tmp_path / "cards", servers)
    world.trusted_by(card)
    Lpa(card.transmit).download(server, matching_id=wanted.matching_id)
    world.service.order(EID, ["data"])
    told: list[str] = []
    assert world.ipa(card, tell=told.append).poll() == Poll(1, kept=1)
    assert [one.address for one in card.state.notifications] == [address]
    (line,) = [one for one in told if "remains on the card" in one]
    assert "is not the address of a server" in line
