"""What a card has deleted does not stay in its memory."""

from __future__ import annotations

import gc
from pathlib import Path

from support.eims import ask
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installing import A, install

from euicc_sim import Card
from euicc_sim.model.profile import Profile


def packages() -> list[Profile]:
    """Profiles with a package that something refers to."""
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, Profile) and one.package]


def test_nothing_refers_to_the_package_of_a_deleted_profile(card: Card, pki_folder: Path) -> None:
    send = card.transmit
    before = len(packages())
    install(send, pki_folder)
    send(SELECT_ISDR)
    for request in ("BF31 11 A00C 5A0A", "BF32 11 A00C 5A0A"):
        assert ask(send, hx(request) + A + hx("8101FF"))[-1] == 0
        ask(send, hx("BF2D 00"))
        send(hx("00A4 0004 02 2FE2"))
        send(SELECT_ISDR)
    assert len(packages()) > before
    assert ask(send, hx("BF33 0C 5A0A") + A) == hx("BF33 03 800100")
    assert len(packages()) == before
