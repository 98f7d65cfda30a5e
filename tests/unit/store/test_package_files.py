"""Profile packages beside a card's document: where they are, what is damaged or left over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from support import saip
from support.disks import CountingDisk, FaultyDisk
from support.eims import ask
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, install
from support.managing import Contents, made, profile, put
from support.package_states import (
    OLD,
    Change,
    changes,
    opened,
    opened_once,
)

from euicc_sim import Card, CardError
from euicc_sim.store.copying import copy_card
from euicc_sim.store.directory import DOCUMENT, Disk, read


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card with one Profile, closed."""
    made(tmp_path / "card", pki_folder, Contents((OLD,))).close()
    return tmp_path / "card"


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def packages(directory: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in (directory / "profiles").iterdir()}


def package_path(directory: Path, digits: str = A_DIGITS) -> Path:
    return directory / "profiles" / f"{digits}.upp"


# -- where they are


def test_a_package_lies_beside_the_document_under_its_iccid(directory: Path) -> None:
    assert packages(directory) == {"89000123456789012341.upp": OLD.package}
    assert OLD.package.hex().upper() not in (directory / DOCUMENT).read_text()


def test_an_iccid_of_19_digits_has_a_name_of_19(directory: Path) -> None:
    put(directory, (profile("8900012345678901234"),))
    assert set(packages(directory)) == {f"{A_DIGITS}.upp", "8900012345678901234.upp"}


def test_only_its_owner_reads_it(tmp_path: Path, pki_folder: Path, umask: None) -> None:
    made(tmp_path / "card", pki_folder, Contents((OLD,))).close()
    assert (tmp_path / "card/profiles").stat().st_mode & 0o777 == 0o700
    assert package_path(tmp_path / "card").stat().st_mode & 0o777 == 0o600


def test_a_downloaded_package_is_kept_as_it_is(directory: Path, pki_folder: Path) -> None:
    package = saip.package(C_DIGITS, size=3000)
    with Card.open(directory, fsync=False) as card:
        install(card.transmit, pki_folder, C_DIGITS, package=package)
        assert package_path(directory, C_DIGITS).read_bytes() == package
        assert read(directory)[1] == card.state


def test_a_package_that_is_there_is_not_written_again(directory: Path) -> None:
    disk = CountingDisk()
    with Card.open(directory, disk=disk) as card:
        card.transmit(SELECT_ISDR)
        ask(card.transmit, hx("BF65 03 800161"))
        assert disk.calls == ["append", "sync data"]


def test_a_card_that_never_had_one_has_no_folder(tmp_path: Path, pki_folder: Path) -> None:
    with made(tmp_path / "card", pki_folder) as card:
        assert not (card.directory / "profiles").exists()


# -- what is missing or changed


def _gone(path: Path) -> None:
    path.unlink()


def _folder_gone(path: Path) -> None:
    shutil.rmtree(path.parent)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "gone": (_gone, "cannot be read: No such file or directory"),
    "folder gone": (_folder_gone, "cannot be read: No such file or directory"),
    "a directory": (_directory, "cannot be read: Is a directory"),
    "cut": (_cut, "is not the package that was stored"),
    "changed": (_flipped, "is not the package that was stored"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_package_that_is_not_the_one_is_named_and_all_is_left_alone(
    directory: Path, name: str
) -> None:
    damage, reason = DAMAGE[name]
    damage(package_path(directory))
    before = sorted(directory.rglob("*")), (directory / DOCUMENT).read_bytes()
    for opening in (lambda: Card.open(directory), lambda: read(directory)):
        with pytest.raises(CardError, match=reason) as caught:
            opening()
        assert str(directory / DOCUMENT) in str(caught.value)
        assert "at profiles.0.package: " in str(caught.value)
        assert f"profiles/{A_DIGITS}.upp" in str(caught.value)
    assert (sorted(directory.rglob("*")), (directory / DOCUMENT).read_bytes()) == before


# -- what is left over


@pytest.mark.parametrize("name", [f"{A_DIGITS}.upp.new", f"{B_DIGITS}.upp.new"])
def test_a_draft_that_nothing_names_goes_when_the_card_is_opened_not_when_it_is_read(
    directory: Path, name: str
) -> None:
    (directory / "profiles" / name).write_bytes(b"half")
    read(directory)
    assert name in packages(directory)
    Card.open(directory).close()
    assert packages(directory) == {f"{A_DIGITS}.upp": OLD.package}


@pytest.mark.parametrize("name", ["notes.txt", "TS48.upp", f"{B_DIGITS}.der", ".hidden"])
def test_what_is_somebody_elses_stays(directory: Path, name: str) -> None:
    (directory / "profiles" / name).write_bytes(b"mine")
    Card.open(directory).close()
    assert packages(directory)[name] == b"mine"


def test_what_is_named_like_a_package_is_moved_aside_whatever_it_is(directory: Path) -> None:
    (directory / "profiles" / "00.upp").mkdir()
    (directory / "profiles" / "99.upp").symlink_to("../card.json")
    Card.open(directory, fsync=False).close()
    assert (directory / "aside" / "00.upp").is_dir()
    assert (directory / "aside" / "99.upp").is_symlink()
    assert packages(directory) == {f"{A_DIGITS}.upp": OLD.package}


def test_a_second_strange_file_does_not_overwrite_the_first(directory: Path) -> None:
    for content in (b"one", b"two", b"three"):
        (directory / "profiles" / "99.upp").write_bytes(content)
        Card.open(directory, fsync=False).close()
    names = ("99.upp", "99.upp.1", "99.upp.2")
    assert [(directory / "aside" / one).read_bytes() for one in names] == [b"one", b"two", b"three"]


def test_behind_a_linked_aside_nothing_is_touched(
    directory: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (directory / "aside").symlink_to(tmp_path / "elsewhere")
    (directory / "profiles" / "99.upp").write_bytes(b"mine")
    Card.open(directory, fsync=False).close()
    assert packages(directory)["99.upp"] == b"mine"
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert "99.upp is not a package of this card, and stays: " in caplog.text


@changes
def test_behind_profiles_that_were_linked_meanwhile_nothing_is_touched(
    directory: Path, tmp_path: Path, change: Change
) -> None:
    store, _, old = opened(directory, Disk())
    (directory / "profiles").rename(tmp_path / "elsewhere")
    (directory / "profiles").symlink_to(tmp_path / "elsewhere")
    with suppress(OSError):
        store.save(change(old))
    store.close()
    found = {one.name: one.read_bytes() for one in (tmp_path / "elsewhere").iterdir()}
    assert found == {f"{A_DIGITS}.upp": OLD.package}


def test_nothing_is_removed_from_a_disk_that_may_still_go_back_to_an_older_document(
    directory: Path,
) -> None:
    (directory / "profiles" / "99.upp").write_bytes(b"perhaps needed")
    disk = FaultyDisk()
    disk.arm(0)
    Card.open(directory, disk=disk).close()
    assert disk.calls == ["sync"]
    assert packages(directory)["99.upp"] == b"perhaps needed"
    Card.open(directory).close()
    assert set(packages(directory)) == {f"{A_DIGITS}.upp"}
    assert (directory / "aside" / "99.upp").read_bytes() == b"perhaps needed"


# -- copies


def test_a_copy_has_the_packages_too(directory: Path, tmp_path: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        (directory / "profiles" / f"{C_DIGITS}.upp.new").write_bytes(b"half")
        copy_card(directory, tmp_path / "copy")
        with Card.open(tmp_path / "copy", fsync=False) as copy:
            assert copy.state == card.state
    assert packages(tmp_path / "copy") == {f"{A_DIGITS}.upp": OLD.package}
    assert package_path(tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "copy/profiles").stat().st_mode & 0o777 == 0o700


class Meanwhile:
    """Does something before the read of that number, wherever the store reads a file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, work: Callable[[int], None]) -> None:
        self.count = 0
        self._work = work
        for module in ("directory", "packages"):
            monkeypatch.setattr(f"euicc_sim.store.{module}.read_file", self._read)

    def _read(self, path: Path) -> bytes:
        self._work(self.count)
        self.count += 1
        return path.read_bytes()


@pytest.mark.slow
@changes
@pytest.mark.parametrize("fold", [False, True], ids=["a line", "folded"])
@pytest.mark.parametrize("at", range(4))
def test_a_copy_of_a_card_that_changes_meanwhile_is_one_of_its_states(
    directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Change,
    at: int,
    fold: bool,
) -> None:
    store, _, old = opened(directory, Disk())

    def changed(count: int) -> None:
        if count == at:
            store.save(change(old))
            if fold:
                store.fold()

    reads = Meanwhile(monkeypatch, changed)
    copy_card(directory, tmp_path / "copy")
    monkeypatch.undo()
    store.close()
    assert reads.count > at
    assert opened_once(tmp_path / "copy") in (old, change(old))


@pytest.mark.slow
def test_a_card_that_never_rests_is_not_copied(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _, state = opened(directory, Disk())

    def changed(count: int) -> None:
        store.save(replace(state, next_seq=count + 2))
        store.fold()

    Meanwhile(monkeypatch, changed)
    with pytest.raises(CardError, match="keeps changing; stop its client"):
        copy_card(directory, tmp_path / "copy")
    monkeypatch.undo()
    store.close()
    assert not (tmp_path / "copy").exists()
