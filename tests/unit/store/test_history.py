"""The history: packages that ran, in a file of its own that is never damaged unnoticed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest
from support.disks import FaultyDisk
from support.eims import LIST_EIM, ask, eim1, trust
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card

from euicc_sim import Card
from euicc_sim.model.notification import RanPackage
from euicc_sim.store import CardError, Keep, check_card, copy_card, mend_card, read
from euicc_sim.store.change_log import End, digest
from euicc_sim.store.directory import CHANGES, DOCUMENT, look
from euicc_sim.store.disk import HISTORY, HISTORY_DRAFT
from euicc_sim.store.history import REMEMBERED, History, HistoryError, readable
from euicc_sim.store.history import read as read_history

ONE, TWO, THREE = (RanPackage(bytes([one]) * 8, one, one + 10) for one in (1, 2, 3))


def history(*packages: RanPackage) -> History:
    found = History()
    found.add(*packages)
    return found


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A closed card on which three packages ran."""
    directory = fresh_card(tmp_path / "card", pki_folder)
    run(directory, 3)
    return directory


def run(directory: Path, number: int) -> None:
    """Let so many packages run, the first after AddInitialEim."""
    with Card.open(directory, fsync=False) as card:
        eim = eim1(counter=max((one.counter for one in card.state.eims), default=0))
        card.transmit(SELECT_ISDR)
        if not card.state.eims:
            trust(card.transmit, eim)
        for _ in range(number):
            eim.load(card.transmit, LIST_EIM)


def killed(directory: Path, number: int = 2) -> Path:
    """What is left of a card whose process was killed after more packages."""
    image = directory.with_name("killed")
    with Card.open(directory, fsync=False) as card:
        eim = eim1(counter=card.state.eims[0].counter)
        card.transmit(SELECT_ISDR)
        for _ in range(number):
            eim.load(card.transmit, LIST_EIM)
        shutil.copytree(directory, image)
    return image


def counters(directory: Path) -> list[int]:
    """The counters of the packages that a card remembers."""
    return [one.counter for one in look(directory).history]


def contents(directory: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in directory.iterdir() if one.is_file()}


# -- the bytes


def test_the_file_has_a_head_and_a_line_for_each_package() -> None:
    lines = (
        b'{"fingerprint":"0101010101010101","counterValue":1,"seqNumber":11}\n'
        b'{"fingerprint":"0202020202020202","counterValue":2,"seqNumber":12}\n'
    )
    head = b'{"packages":2,"checksum":"%08x"}\n' % crc32(lines)
    assert history(ONE, TWO).render() == head + lines
    assert list(read_history(head + lines)) == [ONE, TWO]


def test_a_golden_file_of_this_release_is_read() -> None:
    path = Path(__file__).parents[2] / "golden/history/0.3.0.history"
    assert list(read_history(path.read_bytes())) == [ONE, TWO, THREE]


def test_a_package_that_ran_again_is_the_youngest_with_its_last_run() -> None:
    again = RanPackage(ONE.fingerprint, 7, 20)
    assert list(history(ONE, TWO, again)) == [TWO, again]


def test_the_oldest_is_forgotten() -> None:
    many = [RanPackage(number.to_bytes(8), 1, number) for number in range(REMEMBERED + 2)]
    found = history(*many)
    assert (len(found), list(found)) == (REMEMBERED, many[2:])
    assert found.find(many[1].fingerprint) is None
    assert found.find(many[2].fingerprint) == many[2]


@pytest.mark.parametrize("twice", [1, 2, REMEMBERED // 2, REMEMBERED])
def test_adding_the_last_packages_twice_changes_nothing(twice: int) -> None:
    """As after a power cut between the replacement of the file and the end of the log."""
    many = [RanPackage(number.to_bytes(8), 1, number) for number in range(REMEMBERED + 5)]
    found = history(*many)
    before = list(found)
    found.add(*many[-twice:])
    assert list(found) == before


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut in a line": lambda one: one[:-5],
    "a line is missing": lambda one: b"".join(one.splitlines(keepends=True)[:-1]),
    "only the head": lambda one: one.splitlines(keepends=True)[0],
    "no head": lambda one: b"".join(one.splitlines(keepends=True)[1:]),
    "a digit is another": lambda one: one.replace(b'"counterValue":2', b'"counterValue":5'),
    "zeros at the end": lambda one: one[:-40] + bytes(40),
    "something follows": lambda one: one + b"\n",
    "not JSON": lambda one: b"\x00\xff" + one,
    "nested": lambda _: b"[" * 100_000,
}
damages = pytest.mark.parametrize("damage", DAMAGES)


@damages
def test_a_damaged_file_is_never_read_as_another_history(damage: str) -> None:
    with pytest.raises(HistoryError):
        read_history(DAMAGES[damage](history(ONE, TWO, THREE).render()))


@pytest.mark.parametrize("at", range(0, 240, 3))
def test_a_flipped_bit_is_noticed(at: int) -> None:
    content = bytearray(history(ONE, TWO, THREE).render())
    content[at % len(content)] ^= 1
    with pytest.raises(HistoryError):
        read_history(bytes(content))


def test_a_sound_checksum_over_what_is_no_package_does_not_help() -> None:
    for line in (b"{}\n", b'{"fingerprint":"01","counterValue":1,"seqNumber":1}\n', b"[]\n"):
        with pytest.raises(HistoryError):
            read_history(b'{"packages":1,"checksum":"%08x"}\n' % crc32(line) + line)
    good = history(ONE).render().splitlines(keepends=True)[1]
    with pytest.raises(HistoryError, match="it has 1 packages, not 2"):
        read_history(b'{"packages":2,"checksum":"%08x"}\n' % crc32(good) + good)


def test_what_can_be_read_of_a_damaged_file_is_kept() -> None:
    content = history(ONE, TWO, THREE).render()
    assert [list(readable(content)[0]), readable(content)[1]] == [[ONE, TWO, THREE], 0]
    found, lost = readable(DAMAGES["cut in a line"](content))
    assert (list(found), lost) == ([ONE, TWO], 1)
    found, lost = readable(DAMAGES["a line is missing"](content))
    assert (list(found), lost) == ([ONE, TWO], 1)
    found, lost = readable(DAMAGES["no head"](content))
    assert (list(found), lost) == ([ONE, TWO, THREE], 0)
    assert [len(readable(b"")[0]), readable(b"")[1]] == [0, 0]


# -- in a card's directory


def test_a_line_of_the_log_has_the_package_beside_its_changes(directory: Path) -> None:
    image = killed(directory, 1)
    (line,) = (image / CHANGES).read_bytes().splitlines()
    found = json.loads(line)
    assert found["changes"]["nextSeqNumber"] == 5
    assert found["ran"].keys() == {"fingerprint", "counterValue", "seqNumber"}
    assert (found["ran"]["counterValue"], found["ran"]["seqNumber"]) == (4, 4)


def test_what_a_package_adds_does_not_depend_on_how_many_are_remembered(directory: Path) -> None:
    few = (killed(directory, 1) / CHANGES).stat().st_size
    shutil.rmtree(directory.with_name("killed"))
    found = read_history((directory / HISTORY).read_bytes())
    found.add(*(RanPackage(number.to_bytes(8), 1, 1) for number in range(REMEMBERED - 10)))
    (directory / HISTORY).write_bytes(found.render())
    assert abs((killed(directory, 1) / CHANGES).stat().st_size - few) < 8, "digits of numbers"


def test_a_killed_card_remembers_what_only_its_log_has(directory: Path) -> None:
    image = killed(directory)
    assert counters(image) == [1, 2, 3, 4, 5]
    Card.open(image, fsync=False).close()
    assert (image / CHANGES).read_bytes() == b""
    assert counters(image) == [1, 2, 3, 4, 5]


def test_a_card_without_a_history_opens_and_begins_one(directory: Path) -> None:
    (directory / HISTORY).unlink()
    run(directory, 1)
    assert counters(directory) == [4]


def test_a_fold_without_packages_leaves_the_file_alone(directory: Path) -> None:
    before = (directory / HISTORY).stat().st_mtime_ns, (directory / HISTORY).stat().st_ino
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        ask(card.transmit, bytes.fromhex("BF6503800161"))
    assert read(directory)[1].default_dp_address == "a"
    assert before == ((directory / HISTORY).stat().st_mtime_ns, (directory / HISTORY).stat().st_ino)


def test_a_copy_remembers_what_the_card_does(directory: Path) -> None:
    copy_card(killed(directory), directory.with_name("copy"))
    assert counters(directory.with_name("copy")) == [1, 2, 3, 4, 5]
    assert not (directory.with_name("copy") / CHANGES).exists()


def test_a_copy_of_a_card_that_is_open_remembers_what_it_does(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        eim1(counter=3).load(card.transmit, LIST_EIM)
        copy_card(directory, directory.with_name("copy"))
    assert counters(directory.with_name("copy")) == [1, 2, 3, 4]


def test_no_card_is_made_beside_the_history_of_another(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    shutil.copy(directory / HISTORY, tmp_path / "new")
    with pytest.raises(CardError, match="is the history of another card; move it away"):
        Card.create(tmp_path / "new")
    assert [one.name for one in (tmp_path / "new").iterdir()] == [HISTORY]


@damages
def test_a_damaged_history_is_refused_with_a_way_out_that_keeps_what_it_can(
    directory: Path, damage: str
) -> None:
    path = directory / HISTORY
    content = path.read_bytes()
    damaged = DAMAGES[damage](content)
    path.write_bytes(damaged)
    before = contents(directory)
    for way in (Card.open, check_card, lambda one: copy_card(one, one.with_name("copy"))):
        with pytest.raises(CardError, match=re.escape(f"euicc-sim card mend {directory}")):
            way(directory)
        assert contents(directory) == before
    kept = len(readable(damaged)[0])
    said = mend_card(directory)
    assert said.startswith(f"card.history has the {kept} packages that could be read")
    assert said.endswith("; the damaged file is card.history.1")
    assert (directory / "card.history.1").read_bytes() == damaged
    assert len(counters(directory)) == kept
    Card.open(directory, fsync=False).close()


def test_mending_says_what_is_forgotten(directory: Path) -> None:
    path = directory / HISTORY
    path.write_bytes(path.read_bytes()[:-5])
    assert mend_card(directory) == (
        "card.history has the 2 packages that could be read; 1 of its lines is missing or "
        "damaged, and its package is forgotten; the damaged file is card.history.1"
    )
    assert counters(directory) == [1, 2]


def test_a_sound_card_has_nothing_to_mend(directory: Path) -> None:
    for sound in (directory, killed(directory)):
        before = contents(sound)
        assert mend_card(sound) == f"{sound} is sound, so there is nothing to mend"
        assert contents(sound) == before


def test_a_history_that_is_a_link_is_refused(directory: Path) -> None:
    path = directory / HISTORY
    path.rename(directory / "elsewhere")
    path.symlink_to(directory / "elsewhere")
    with pytest.raises(CardError, match=r"card.history cannot be read: it is a symbolic link"):
        Card.open(directory)
    with pytest.raises(CardError, match="symbolic link"):
        mend_card(directory)


def test_a_draft_of_a_killed_process_is_told_and_in_nobodys_way(directory: Path) -> None:
    (directory / HISTORY_DRAFT).write_bytes(b'{"pack')
    assert check_card(directory) == [
        "card.history.new is a draft left by a killed process; the next save replaces it"
    ]
    run(directory, 1)
    assert not (directory / HISTORY_DRAFT).exists()
    assert counters(directory) == [1, 2, 3, 4]


# -- nothing is forgotten by mending the log


def edited(image: Path) -> Path:
    """With a document that somebody has edited meanwhile."""
    document = image / DOCUMENT
    document.write_text(document.read_text().replace('"memoryFull": false', '"memoryFull": true'))
    return image


def flipped(image: Path) -> Path:
    """With a damaged first line in the log."""
    log = image / CHANGES
    log.write_bytes(log.read_bytes().replace(b'"number":1', b'"number":7', 1))
    return image


@pytest.mark.parametrize("damage", [edited, flipped], ids=["edited", "damaged"])
def test_a_log_that_is_let_go_leaves_its_packages(
    directory: Path, damage: Callable[[Path], Path]
) -> None:
    image = damage(killed(directory))
    with pytest.raises(CardError, match="--keep edit"):
        mend_card(image)
    assert mend_card(image, Keep.EDIT).endswith("the changes are in card.changes.1")
    assert counters(image) == [1, 2, 3, 4, 5]
    assert sorted(one.name for one in image.glob("card.*")) == [
        "card.changes.1",
        "card.history",
        "card.json",
    ]
    with Card.open(image, fsync=False) as card:
        assert card.state.eims[0].counter == 3


def test_a_log_with_a_line_that_cannot_be_read_is_let_go_with_a_word(directory: Path) -> None:
    image = killed(directory)
    log = image / CHANGES
    log.write_bytes(log.read_bytes().replace(b'{"number":1', b'\x00"number":1', 1))
    assert mend_card(image, Keep.EDIT) == (
        "card.json is the edited file; the changes are in card.changes.1; 1 of its lines cannot "
        "be read, and a package that ran there is forgotten"
    )
    assert counters(image) == [1, 2, 3, 5]


def test_changes_that_are_made_to_the_edited_file_leave_their_packages(directory: Path) -> None:
    image = edited(killed(directory))
    mend_card(image, Keep.CHANGES)
    Card.open(image, fsync=False).close()
    assert counters(image) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("half", [False, True], ids=["not begun", "half done"])
@pytest.mark.parametrize("first", [True, False], ids=["no history yet", "a history"])
def test_a_mending_that_fails_at_any_step_leaves_all_as_before(
    directory: Path, first: bool, half: bool
) -> None:
    image = edited(killed(directory))
    if first:
        (image / HISTORY).unlink()
    before = contents(image)
    steps = 5  # write, sync and replace of the history, replace and sync of the log
    for at in range(steps):
        disk = FaultyDisk()
        disk.arm(at, half=half)
        with pytest.raises(CardError, match="could not be mended"):
            mend_card(image, Keep.EDIT, disk)
        assert contents(image) == before, disk.calls
    disk = FaultyDisk()
    disk.arm()
    mend_card(image, Keep.EDIT, disk)
    assert len(disk.calls) == steps
    assert counters(image) == ([4, 5] if first else [1, 2, 3, 4, 5])
    assert (image / HISTORY).stat().st_nlink == 1


def test_a_mending_of_the_history_that_fails_leaves_all_as_before(directory: Path) -> None:
    path = directory / HISTORY
    path.write_bytes(path.read_bytes()[:-5])
    before = contents(directory)
    for at in range(4):
        disk = FaultyDisk()
        disk.arm(at)
        with pytest.raises(CardError, match="could not be mended"):
            mend_card(directory, disk=disk)
        assert contents(directory) == before, disk.calls
    mend_card(directory)
    assert counters(directory) == [1, 2]


def test_a_line_that_folds_has_no_package(directory: Path) -> None:
    document = (directory / DOCUMENT).read_bytes()
    card = digest(document)
    ran = {"fingerprint": "01" * 8, "counterValue": 1, "seqNumber": 1}
    line, _ = End().line(card, folded=card, ran=ran)
    (directory / CHANGES).write_bytes(line)
    with pytest.raises(CardError, match="line 1: it is not a line of changes"):
        look(directory)
