"""Faults of the disk while Profiles come and go: the old state or the new is left, no third."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.disks import FaultyDisk, ImagingDisk
from support.eims import ask
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, install
from support.managing import Contents, delete, made, put
from support.package_states import (
    NEW,
    OLD,
    Change,
    changes,
    delete_at_once,
    install_at_once,
    opened,
    opened_once,
)

from euicc_sim import Card
from euicc_sim.model.state import State
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.store.directory import Disk, read


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card with one Profile, closed."""
    made(tmp_path / "card", pki_folder, Contents((OLD,))).close()
    return tmp_path / "card"


class NamingDisk(Disk):
    """Tells which file or folder each operation was for."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> int:
        self.calls.append(("write", path.name))
        return super().write(path, content, mode)

    def append(self, path: Path, content: bytes, size: int) -> int:
        self.calls.append(("append", path.name))
        return super().append(path, content, size)

    def truncate(self, path: Path, size: int) -> int:
        self.calls.append(("truncate", path.name))
        return super().truncate(path, size)

    def sync(self, fd: int) -> None:
        self.calls.append(("sync", Path(os.readlink(f"/proc/self/fd/{fd}")).name))
        super().sync(fd)

    def sync_data(self, fd: int) -> None:
        self.calls.append(("sync data", Path(os.readlink(f"/proc/self/fd/{fd}")).name))
        super().sync_data(fd)

    def replace(self, draft: Path, final: Path) -> None:
        self.calls.append(("replace", final.name))
        super().replace(draft, final)

    def remove(self, path: Path) -> None:
        self.calls.append(("remove", path.name))
        super().remove(path)


LINE_CALLS = [("append", "card.changes"), ("sync data", "card.changes")]
PACKAGE_CALLS = [
    ("write", f"{B_DIGITS}.upp.new"),
    ("sync", f"{B_DIGITS}.upp.new"),
    ("sync", "profiles"),
]
NAMED = [("replace", f"{B_DIGITS}.upp")]
GONE = [("remove", f"{A_DIGITS}.upp")]
FOLD_CALLS = [
    *LINE_CALLS,
    ("write", "card.json.new"),
    ("sync", "card.json.new"),
    ("replace", "card.json"),
    ("sync", "card"),
]
PROFILES = [("sync", "profiles")]
EMPTIED = [("truncate", "card.changes")]


def kept(directory: Path) -> State:
    """What somebody else finds on the disk."""
    image = directory.with_name("image")
    shutil.rmtree(image, ignore_errors=True)
    shutil.copytree(directory, image)
    return opened_once(image)


def test_a_package_is_on_the_disk_before_the_line_that_names_it(directory: Path) -> None:
    disk = NamingDisk()
    store, _, state = opened(directory, disk)
    store.save(install_at_once(state))
    assert disk.calls == PACKAGE_CALLS + LINE_CALLS + NAMED
    disk.calls = []
    store.close()
    assert disk.calls == FOLD_CALLS + PROFILES + EMPTIED


def test_it_goes_after_the_card_json_that_named_it(directory: Path) -> None:
    disk = NamingDisk()
    store, _, state = opened(directory, disk)
    store.save(delete_at_once(state))
    assert disk.calls == LINE_CALLS
    disk.calls = []
    store.close()
    assert disk.calls == FOLD_CALLS + GONE + PROFILES + EMPTIED


@changes
@pytest.mark.parametrize("half", [False, True], ids=["not begun", "half done"])
@pytest.mark.parametrize("at", range(len(PACKAGE_CALLS + LINE_CALLS + NAMED)))
def test_a_fault_of_the_disk_leaves_the_old_state_and_the_next_save_the_new(
    directory: Path, change: Change, at: int, half: bool
) -> None:
    disk = FaultyDisk()
    store, _, old = opened(directory, disk)
    disk.arm(at, half=half)
    try:
        store.save(change(old))
        failed = False
    except OSError:
        failed = True
    assert kept(directory) == (old if failed else change(old))
    assert failed == (at < (5 if change is install_at_once else 2))
    disk.arm()
    store.save(change(old))
    assert kept(directory) == change(old)
    store.close()
    assert kept(directory) == change(old)
    assert (directory / "card.changes").read_bytes() == b""


@changes
@pytest.mark.parametrize("at", range(len(FOLD_CALLS + GONE + PROFILES + EMPTIED)))
def test_a_fault_of_the_disk_in_a_fold_loses_nothing(
    directory: Path, change: Change, at: int
) -> None:
    disk = FaultyDisk()
    store, _, old = opened(directory, disk)
    store.save(change(old))
    disk.arm(at)
    try:
        store.fold()
        failed = False
    except OSError:
        failed = True
    assert failed == (disk.calls[at:][:1] not in ([], ["remove"]))
    assert kept(directory) == change(old)
    disk.arm()
    again = replace(change(old), default_dp_address="after.example")
    store.save(again)
    assert kept(directory) == again
    store.close()
    assert kept(directory) == again


@pytest.mark.slow
@changes
def test_a_power_loss_around_any_disk_operation_leaves_the_old_state_or_the_new(
    directory: Path, change: Change, tmp_path: Path
) -> None:
    disk = ImagingDisk(directory, tmp_path / "images")
    store, _, old = opened(directory, disk)
    store.save(change(old))
    store.close()
    found = [kept(image) for _, image in disk.images]
    assert {one == old or one == change(old) for one in found} == {True}
    turned = found.index(change(old))
    assert disk.images[turned][0] == "after append"
    assert found == [old] * turned + [change(old)] * (len(found) - turned)


@pytest.mark.slow
@changes
def test_a_power_loss_in_an_opening_leaves_the_state(
    directory: Path, change: Change, tmp_path: Path
) -> None:
    store, _, old = opened(directory, Disk())
    store.save(change(old))
    killed = directory.with_name("killed")
    shutil.copytree(directory, killed)
    store.close()
    disk = ImagingDisk(killed, tmp_path / "images")
    opened(killed, disk)[0].close()
    assert len(disk.images) > 8
    for name, image in disk.images:
        assert kept(image) == change(old), name


def test_a_draft_is_as_good_as_the_package_until_it_can_be_renamed(directory: Path) -> None:
    disk = FaultyDisk()
    store, _, old = opened(directory, disk)
    disk.arm(5)
    store.save(install_at_once(old))
    assert disk.calls[-1] == "replace"
    assert read(directory)[1] == install_at_once(old)
    disk.arm()
    store.close()
    names = {one.name for one in (directory / "profiles").iterdir()}
    assert names == {f"{A_DIGITS}.upp", f"{B_DIGITS}.upp"}


def test_a_package_that_cannot_be_removed_is_removed_at_the_next_fold(directory: Path) -> None:
    disk = FaultyDisk()
    store, _, old = opened(directory, disk)
    store.save(delete_at_once(old))
    disk.arm(len(FOLD_CALLS))
    store.fold()
    assert disk.calls[len(FOLD_CALLS)] == "remove"
    assert [one.name for one in (directory / "profiles").iterdir()] == [f"{A_DIGITS}.upp"]
    disk.arm()
    store.save(replace(delete_at_once(old), default_dp_address="after.example"))
    store.close()
    assert list((directory / "profiles").iterdir()) == []


def test_a_package_never_changes(directory: Path) -> None:
    store, _, old = opened(directory, Disk())
    other = replace(old.profiles[0], package=b"another")
    with pytest.raises(OSError, match="a package never changes"):
        store.save(replace(old, profiles=(other,)))
    store.close()
    assert kept(directory) == old


def test_a_deletion_whose_save_fails_is_6581_and_can_be_tried_again(directory: Path) -> None:
    disk = FaultyDisk()
    put(directory, (NEW,))
    with Card.open(directory, disk=disk) as card:
        card.transmit(SELECT_ISDR)
        before = card.state
        disk.arm(0)
        assert es10_sw(card.transmit, delete(NEW.iccid)) == (b"", 0x6581)
        assert card.state == before
        assert (directory / "profiles" / f"{B_DIGITS}.upp").read_bytes() == NEW.package
        assert ask(card.transmit, delete(NEW.iccid)) == hx("BF33 03 800100")
    assert [one.name for one in (directory / "profiles").iterdir()] == [f"{A_DIGITS}.upp"]


def refusal(card: Card, pki: Path) -> str | None:
    """The code by which a download failed, if it did."""
    try:
        install(card.transmit, pki, C_DIGITS)
    except LpaError as error:
        return error.code
    return None


@pytest.mark.slow
def test_a_download_with_a_fault_at_any_moment_is_whole_or_not_there(
    directory: Path, pki_folder: Path
) -> None:
    at = 0
    while True:
        copy = directory.with_name(f"copy{at}")
        shutil.copytree(directory, copy)
        disk = FaultyDisk()
        with Card.open(copy, disk=disk) as card:
            disk.arm(at)
            assert refusal(card, pki_folder) in (None, "6581")
            card.reset()
            assert card.state.installation is None
            state, done = card.state, len(disk.calls) <= at
        assert kept(copy) == state
        if done:
            assert len(state.profiles) == 2
            break
        at += 1
    assert at > 15
