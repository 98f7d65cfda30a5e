"""What a person can do about a change log that does not fit: what is advised can be done."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support import saip
from support.disks import FaultyDisk
from support.installing import A_DIGITS
from support.managing import Contents, made
from support.package_states import OLD, delete_at_once, opened, opened_once

from euicc_sim import Card
from euicc_sim.model.state import State
from euicc_sim.store.change_log import End, digest
from euicc_sim.store.directory import CHANGES, DOCUMENT, CardError, Disk, read
from euicc_sim.store.mending import Keep, check_card, mend_card

PACKAGE = f"profiles/{A_DIGITS}.upp"


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card with one Profile, closed."""
    made(tmp_path / "card", pki_folder, Contents((OLD,))).close()
    return tmp_path / "card"


def addressed(state: State) -> State:
    return replace(state, default_dp_address="a.example")


def killed(directory: Path, *changes: Callable[[State], State]) -> Path:
    """What is left of a card whose process was killed after these changes."""
    image = directory.with_name("killed")
    store, _, state = opened(directory, Disk())
    for change in changes:
        state = change(state)
        store.save(state)
    shutil.copytree(directory, image)
    store.close()
    return image


def contents(directory: Path) -> dict[str, bytes]:
    found = [one for one in directory.rglob("*") if one.is_file()]
    return {str(one.relative_to(directory)): one.read_bytes() for one in found}


def appended(directory: Path, **changes: object) -> None:
    """A whole line more, of changes that do not fit."""
    line, _ = End().line(digest((directory / DOCUMENT).read_bytes()), changes=changes)
    (directory / CHANGES).write_bytes(line)


def flipped(directory: Path) -> None:
    log = directory / CHANGES
    log.write_bytes(log.read_bytes().replace(b'"card"', b'"crad"', 1))


# -- a package is there as long as card.json names it


def test_a_deleted_profile_s_package_stays_until_card_json_no_longer_names_it(
    directory: Path,
) -> None:
    store, _, state = opened(directory, Disk())
    store.save(delete_at_once(state))
    assert (directory / PACKAGE).read_bytes() == OLD.package
    store.fold()
    assert not (directory / PACKAGE).exists()
    store.close()


def test_a_log_that_is_damaged_after_a_deletion_can_be_let_go(directory: Path) -> None:
    image = killed(directory, delete_at_once, addressed)
    flipped(image)
    with pytest.raises(CardError, match="--keep edit"):
        read(image)
    mend_card(image, Keep.EDIT)
    assert opened_once(image).profiles[0].package == OLD.package


def test_a_check_says_nothing_of_a_package_that_goes_at_the_next_fold(directory: Path) -> None:
    image = killed(directory, delete_at_once)
    assert check_card(image) == ["1 change waits in card.changes"]


@pytest.mark.parametrize("fault", [None, *range(8)])
def test_a_profile_that_comes_again_before_the_fold_has_its_new_package(
    directory: Path, fault: int | None
) -> None:
    """Whatever fails on the way, the card is the one before or the one after."""
    other = replace(OLD, package=saip.package(A_DIGITS, size=9000))
    disk = FaultyDisk()
    store, _, old = opened(directory, disk)
    given = old.profiles[0]
    deleted = delete_at_once(old)
    store.save(deleted)
    again = replace(deleted, profiles=(replace(given, package=other.package),))
    if fault is not None:
        disk.arm(fault)
    try:
        store.save(again)
        expected = again
    except OSError:
        expected = deleted
    assert read(directory)[1] == expected
    image = directory.with_name("image")
    shutil.copytree(directory, image)
    assert opened_once(image) == expected
    disk.arm()
    store.save(again)
    store.fold()
    assert read(directory)[1] == again
    store.save(addressed(again))
    store.close()
    assert opened_once(directory) == addressed(again)


# -- what is advised can be done

MISFITS: dict[str, Callable[[Path], None]] = {
    "a damaged line": flipped,
    "a line that changes what is not there": lambda one: appended(one, eims={"remove": ["nobody"]}),
    "a line of a field nobody knows": lambda one: appended(one, colour=1),
    "a line that makes no card": lambda one: appended(one, nextSeqNumber=-1),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_log_that_does_not_fit_can_be_let_go_as_advised(directory: Path, name: str) -> None:
    image = killed(directory, addressed)
    MISFITS[name](image)
    with pytest.raises(CardError, match=re.escape(f"card mend {image} --keep edit")):
        Card.open(image)
    log = (image / CHANGES).read_bytes()
    before = contents(image)
    with pytest.raises(CardError, match="line 1"):
        mend_card(image, Keep.CHANGES)
    assert contents(image) == before
    assert "card.changes.1" in mend_card(image, Keep.EDIT)
    assert (image / "card.changes.1").read_bytes() == log
    with Card.open(image, fsync=False) as card:
        assert card.state.default_dp_address == ""


@pytest.mark.parametrize("name", MISFITS)
def test_mending_is_not_advised_where_card_json_alone_is_no_card_either(
    directory: Path, name: str
) -> None:
    image = killed(directory, addressed)
    MISFITS[name](image)
    (image / PACKAGE).unlink()
    with pytest.raises(CardError) as caught:
        Card.open(image)
    assert "mend " not in str(caught.value)
    before = contents(image)
    for keep in Keep:
        with pytest.raises(CardError):
            mend_card(image, keep)
    assert contents(image) == before


@pytest.mark.parametrize("damage", [b"", b"short"], ids=["gone", "cut"])
def test_a_package_that_is_missing_while_changes_wait_is_named_and_not_the_log(
    directory: Path, damage: bytes
) -> None:
    image = killed(directory, addressed)
    (image / PACKAGE).unlink()
    if damage:
        (image / PACKAGE).write_bytes(damage)
    before = contents(image)
    for way in (Card.open, read, check_card, lambda one: mend_card(one, Keep.EDIT)):
        with pytest.raises(CardError, match=re.escape(PACKAGE)) as caught:
            way(image)
        assert CHANGES + " does not fit" not in str(caught.value)
        assert "restore that package" in str(caught.value)
    assert contents(image) == before
    (image / PACKAGE).write_bytes(OLD.package)
    assert opened_once(image).default_dp_address == "a.example"


def test_an_edited_file_that_is_no_card_is_to_be_mended_before_the_choice(
    directory: Path,
) -> None:
    image = killed(directory, addressed)
    (image / DOCUMENT).write_bytes(b'{"schema": 2,\n')
    with pytest.raises(CardError, match=r"mend that place first \(it is not JSON") as caught:
        Card.open(image)
    assert f"card mend {image}" in str(caught.value)


# -- a mending that fails


def edited(directory: Path) -> Path:
    image = killed(directory, addressed)
    document = image / DOCUMENT
    document.write_text(document.read_text().replace('"Operator"', '"Operatrix"'))
    with (image / CHANGES).open("ab") as file:
        file.write(b'{"number":2,"ca')
    return image


@pytest.mark.parametrize("half", [False, True], ids=["not begun", "half done"])
@pytest.mark.parametrize(("keep", "steps"), [(Keep.EDIT, 2), (Keep.CHANGES, 7)])
def test_a_mending_that_fails_at_any_step_leaves_all_as_before_and_can_be_tried_again(
    directory: Path, keep: Keep, steps: int, half: bool
) -> None:
    image = edited(directory)
    before = contents(image)
    for at in range(steps):
        disk = FaultyDisk()
        disk.arm(at, half=half)
        with pytest.raises(CardError, match=r"could not be mended"):
            mend_card(image, keep, disk)
        assert contents(image) == before, disk.calls
    disk = FaultyDisk()
    disk.arm()
    mend_card(image, keep, disk)
    assert len(disk.calls) == steps
    new = {Keep.EDIT: "card.changes.1", Keep.CHANGES: "card.json.edited"}[keep]
    assert contents(image).keys() - before.keys() == {new}
    assert (image / new).stat().st_nlink == 1
    state = opened_once(image)
    assert state.profiles[0].service_provider == "Operatrix"
    assert state.default_dp_address == ("a.example" if keep is Keep.CHANGES else "")


@pytest.mark.parametrize("name", ["card.json.new", "card.changes.new"])
def test_a_draft_that_is_a_symbolic_link_or_a_folder_stays_and_nothing_is_mended(
    directory: Path, name: str
) -> None:
    image = edited(directory)
    (image / name).symlink_to(directory / "target")
    before = contents(image)
    for _ in range(2):
        with pytest.raises(CardError, match="symbolic link"):
            mend_card(image, Keep.CHANGES)
        assert (image / name).is_symlink()
    (image / name).unlink()
    (image / name).mkdir()
    for _ in range(2):
        with pytest.raises(CardError, match="could not be mended"):
            mend_card(image, Keep.CHANGES)
        assert (image / name).is_dir()
    assert contents(image) == before
