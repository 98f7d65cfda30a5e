"""An eIM verifies results of cards of every version, also those that come twice or late."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.esipa import EID, World, es10, executed, kept, known_world, nobody, provide
from support.installed import give
from support.installing import B_DIGITS, A, B
from support.rollback import ROLLBACK, result_in

from euicc_sim import Card

ACKNOWLEDGED, REFUSED = "eimAcknowledgements", ("provideEimPackageResultError", "undefinedError")
CERTIFICATES = bytes.fromhex("BF5600")


def spoiled(result: bytes) -> bytes:
    return result[:-1] + bytes((result[-1] ^ 1,))


@pytest.mark.parametrize("version", ["1.0.1", "1.1", "1.3"])
def test_results_of_other_versions_verify(tmp_path: Path, pki_folder: Path, version: str) -> None:
    made = Card.create(tmp_path / "other", pki=pki_folder, sgp32=version, seed=1, fsync=False)
    with made as card:
        world = World(tmp_path / "store", nobody)
        world.trusted_by(card, token=True)
        world.service.set_card(EID, certificate=es10(card, CERTIFICATES))
        world.service.order(EID, ["getRAT", "listProfileInfo"])
        _, result = executed(world, card)
        assert provide(world, "euiccPackageResult", result, eid=None) == (ACKNOWLEDGED, [1])
        assert kept(world).results[0].verified
        assert provide(world, "euiccPackageResult", spoiled(result)) == REFUSED


@pytest.mark.parametrize("version", ["1.0.1", "1.2"])
def test_a_result_that_comes_twice_is_acknowledged_twice_in_every_version(
    tmp_path: Path, pki_folder: Path, version: str
) -> None:
    made = Card.create(tmp_path / "other", pki=pki_folder, sgp32=version, seed=1, fsync=False)
    with made as card:
        world = known_world(tmp_path / "store", card)
        world.service.order(EID, ["getRAT"])
        _, result = executed(world, card)
        assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])
        assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])
        assert len(kept(world).results) == 1


@pytest.mark.parametrize("version", ["1.0.1", "1.2"])
def test_a_rollback_after_the_result_was_taken_is_verified_too(
    tmp_path: Path, pki_folder: Path, version: str
) -> None:
    made = Card.create(tmp_path / "other", pki=pki_folder, sgp32=version, seed=1, fsync=False)
    with made as card:
        give(card, A, B, enabled=A)
        world = known_world(tmp_path / "store", card)
        world.service.order(EID, [f"enable:{B_DIGITS},rollback"])
        _, result = executed(world, card)
        assert provide(world, "euiccPackageResult", result)[0] == ACKNOWLEDGED
        world.restart()
        back = result_in(es10(card, ROLLBACK))
        assert provide(world, "euiccPackageResult", back)[0] == ACKNOWLEDGED
        found = [
            (one.order, one.verified, one.outcomes[0].operation) for one in kept(world).results
        ]
        assert found[-2:] == [(1, True, "enable"), (1, True, "rollback")]
