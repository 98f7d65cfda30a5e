"""LoadBoundProfilePackage on a disk that fails, or is lost power, at each of its operations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import saip
from support.disks import CountingDisk, FaultyDisk, ImagingDisk
from support.eims import ask
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.fresh import fresh_card
from support.hexes import hx
from support.installing import A, order
from support.interrupting import Attempt, Mould, check_again, check_document, check_left
from support.loading import (
    prepare,
    result_of,
    seeded,
    stored,
    waiting,
)

from euicc_sim import Card
from euicc_sim.parties.smdpp.smdpp import Smdpp

pytestmark = pytest.mark.slow

Send = Callable[[bytes], bytes]
PACKAGE = saip.package(size=500)
MEMORY_FAILURE = (b"", 0x6581)
SAVE = ["append", "sync data"]
STEPS = 6
"""Chains with which another command begins or the ICCID becomes known: each is a save."""


@pytest.fixture
def mould(tmp_path: Path, pki_folder: Path) -> Mould:
    fresh_card(tmp_path / "card", pki_folder)
    return Mould(tmp_path / "card", tmp_path)


@pytest.fixture
def server(pki_folder: Path) -> Smdpp:
    return seeded(pki_folder, order(package=PACKAGE, notifications=None), segment_size=200)


def test_the_step_is_kept_before_it_is_answered_and_the_package_before_the_document(
    mould: Mould, server: Smdpp
) -> None:
    disk = CountingDisk()
    with mould.card("saved", disk=disk, fsync=True) as card:
        bound = prepare(card.transmit, server)
        asked = []
        for chain in bound.chains:
            disk.calls = []
            es10(card.transmit, chain)
            asked.append(list(disk.calls))
    *steps, last = asked
    assert steps == [*[SAVE] * STEPS, [], []]
    assert last == ["sync", "write", "sync", "sync", *SAVE, "replace"], "folder, package, line"


def operations(mould: Mould, server: Smdpp) -> int:
    """How many operations a whole load takes."""
    disk = CountingDisk()
    with mould.card("counted", disk=disk, fsync=True) as card:
        bound = prepare(card.transmit, server)
        disk.calls = []
        for chain in bound.chains:
            es10(card.transmit, chain)
        return len(disk.calls)


@pytest.mark.parametrize("half", [False, True], ids=["not begun", "half done"])
def test_a_chain_that_was_not_kept_is_6581_and_can_be_sent_again(
    mould: Mould, server: Smdpp, half: bool
) -> None:
    last = operations(mould, server) - 1  # when only the new name fails, all is kept already
    for failing in range(last):
        disk = FaultyDisk()
        with mould.card(failing, disk=disk, fsync=True) as card:
            bound = prepare(card.transmit, server)
            disk.arm(failing, half=half)
            refused, answers = 0, []
            for chain in bound.chains:
                before = card.state
                answer, sw = es10_sw(card.transmit, chain)
                if (answer, sw) == MEMORY_FAILURE:
                    refused += 1
                    assert card.state is before
                    answer, sw = es10_sw(card.transmit, chain)
                answers.append(answer)
                assert sw == 0x9000
            assert refused == 1
            assert not any(answers[:-1])
            assert result_of(answers[-1], bound)["finalResult"][0] == "successResult"
            assert stored(card) == {A: PACKAGE}
            check_document(card.directory)


@pytest.mark.parametrize("opened", [False, True], ids=["reset", "opened again"])
def test_a_download_that_ends_where_the_disk_failed_leaves_its_result(
    mould: Mould, server: Smdpp, opened: bool
) -> None:
    for failing in range(operations(mould, server) - 1):
        disk = FaultyDisk()
        with mould.card(failing, disk=disk, fsync=True) as card:
            bound = prepare(card.transmit, server)
            disk.arm(failing)
            taken = 0
            for chain in bound.chains:
                if es10_sw(card.transmit, chain) == MEMORY_FAILURE:
                    break
                taken += len(chain)
            assert taken < len(bound.package)
            tried = Attempt(bound, taken)
            if not opened:
                disk.arm()
                card.reset()
                with_left_overs(card)
                check_again(card, server, tried)
                continue
        with Card.open(card.directory, fsync=False) as card:
            card.reset()
            check_left(card, tried)
            check_again(card, server, tried)


def with_left_overs(card: Card) -> None:
    """Until it is opened again a package whose document was not kept may lie about."""
    card.transmit(SELECT_ISDR)
    assert card.state.installation is None
    assert card.state.profiles == ()
    assert len(waiting(card.transmit)) == card.state.next_seq - 1 <= 1


def test_a_power_loss_around_any_disk_operation_leaves_all_or_nothing(
    mould: Mould, server: Smdpp, tmp_path: Path
) -> None:
    (tmp_path / "images").mkdir()
    disk = ImagingDisk(tmp_path / "taken", tmp_path / "images")
    turned = []
    with mould.card("taken", disk=disk, fsync=True) as card:
        bound = prepare(card.transmit, server)
        taken = 0
        for chain in bound.chains:
            first = len(disk.images)
            es10(card.transmit, chain)
            new = [image for _, image in disk.images[first:]]
            old = Attempt(bound, taken)
            taken += len(chain)
            turned.append([survived(one, old, Attempt(bound, taken), server) for one in new])
    for found in turned:
        assert found == sorted(found), "once it is kept it is kept"
        assert not found or (found[0], found[-1]) == (False, True)


def survived(image: Path, old: Attempt, new: Attempt, server: Smdpp) -> bool:
    """Whether the chain was kept; the card is as after it, or as before it."""
    with Card.open(image, fsync=False) as card:
        installation = card.state.installation
        begun = installation.step if installation else None
        iccid = installation.iccid if installation else None
        if new.complete:
            kept = card.state.profiles != ()
        else:
            kept = (begun, iccid) == (new.command, new.iccid)
        card.reset()
        check_left(card, new if kept else old)
        check_again(card, server, new if kept else old)
        return kept


# -- the result of an interruption that cannot be kept at once


def test_a_result_that_cannot_be_kept_at_the_reset_is_kept_later(
    mould: Mould, server: Smdpp
) -> None:
    disk = FaultyDisk()
    with mould.card("other", disk=disk, fsync=True) as card:
        bound = prepare(card.transmit, server)
        for chain in bound.chains[:-1]:
            es10(card.transmit, chain)
        disk.arm(*range(100))
        card.reset()
        assert disk.calls[:1] == ["append"], "it was tried"
        card.transmit(SELECT_ISDR)
        assert es10_sw(card.transmit, hx("BF2800")) == MEMORY_FAILURE
        disk.arm()
        ask(card.transmit, hx("BF2800"))
        check_left(card, Attempt(bound, len(bound.package) - len(bound.chains[-1])))


def test_another_function_waits_until_the_result_is_kept(mould: Mould, server: Smdpp) -> None:
    disk = FaultyDisk()
    with mould.card("other", disk=disk, fsync=True) as card:
        bound = prepare(card.transmit, server)
        for chain in bound.chains[:-1]:
            es10(card.transmit, chain)
        disk.arm(0)
        before = card.state
        assert es10_sw(card.transmit, hx("BF2800")) == MEMORY_FAILURE
        assert card.state is before
        assert result_of(es10(card.transmit, bound.chains[-1]), bound)
        assert stored(card) == {A: PACKAGE}


def test_files_that_no_document_names_go_when_the_card_is_opened(mould: Mould) -> None:
    with mould.card("other") as card:
        folder = card.directory / "profiles"
    folder.mkdir(exist_ok=True)
    for name in ("89000123456789012341.upp", "89000123456789012341.upp.new"):
        (folder / name).write_bytes(b"left over")
    with Card.open(folder.parent, fsync=False):
        assert list(folder.iterdir()) == []
