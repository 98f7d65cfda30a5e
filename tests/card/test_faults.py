"""Every write, fsync and rename of a command fails in turn: the old state or the new, no third.

`FaultyDisk` counts the disk operations of a save and breaks one of them; `ImagingDisk` takes a
picture of the directory around each of them, which is what a power loss at that moment leaves.
"""

from __future__ import annotations

import select
import shutil
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.disks import CountingDisk, FaultyDisk, ImagingDisk
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.fresh import fresh_card
from support.hexes import hx
from support.installed import change, give
from support.installing import A as FIRST
from support.installing import B as SECOND
from support.installing import C as THIRD
from support.kept import files
from support.packages import add_initial_eim, config, key, package, result_of

from euicc_sim import Card
from euicc_sim.model.notification import RanPackage
from euicc_sim.model.state import State
from euicc_sim.store.directory import CardError, Disk
from euicc_sim.transport.vpcd import Control, serve_connection

MEMORY_FAILURE = (b"", 0x6581)
SAVE = ["append", "sync data"]
"""The disk operations of one command, in their order."""
FOLD = [*SAVE, "write", "sync", "replace", "sync", "truncate"]
"""Those of bringing the document up to date."""
FOLD_HISTORY = [*FOLD[:-1], "write", "sync", "replace", "sync", FOLD[-1]]
"""The same when a package has run since the last time."""

A, B, C = "eim1.example.com", "eim2.example.com", "eim3.example.com"
ADD_A = add_initial_eim(config(A, counterValue=0, key=key(1)))
ADD_AB = add_initial_eim(
    config(A, counterValue=0, key=key(1)),
    config(B, counterValue=7, key=key(2), associationToken=-1),
)
ADDRESS = hx("BF65 0C 800A 736D64702E746573742E")
SHOWING = [hx("BF5500"), hx("BF3C00"), hx("BF2D00"), hx("BF2B00"), hx("BF2B04 A0028200")]


@dataclass(frozen=True)
class Case:
    """A command that changes something, what goes before it; Profiles there, and removed by it."""

    name: str
    before: tuple[bytes, ...]
    request: bytes
    profiles: int = 0
    removed: int = 0

    @property
    def fold(self) -> list[str]:
        return FOLD_HISTORY if self.request[:2] == b"\xbf\x51" else FOLD


def _of_a(counter: int, *operations: tuple[str, object]) -> bytes:
    return package(A, counter, operations, key=key(1))


def _psmos(*operations: tuple[str, object]) -> bytes:
    return package(A, 1, operations, key=key(1), kind="psmoList")


DISABLE_AND_FAIL = _psmos(("disable", {"iccid": FIRST}), ("enable", {"iccid": bytes(10)}))
FALL_BACK = hx("BF5D 03 8001FF")

CASES = [
    Case("AddInitialEim", (), ADD_AB),
    Case(
        "addEim",
        (ADD_A,),
        _of_a(1, ("addEim", config(C, counterValue=1, key=key(3), associationToken=-1))),
    ),
    Case("updateEim", (ADD_AB,), _of_a(1, ("updateEim", config(B, key=key(4), counterValue=3)))),
    Case("deleteEim", (ADD_AB,), _of_a(1, ("deleteEim", {"eimId": B}))),
    Case("deleteEim, the last", (ADD_A,), _of_a(1, ("deleteEim", {"eimId": A}))),
    Case("a package whose operation fails", (ADD_A,), _of_a(1, ("deleteEim", {"eimId": C}))),
    Case("memory reset", (ADD_AB, ADDRESS), hx("BF64 04 8202 0224")),
    Case("SetDefaultDpAddress", (), ADDRESS),
    Case("RemoveNotification", (ADD_A, _of_a(1, ("listEim", {}))), hx("BF30 03 800101")),
    Case("enable", (ADD_A,), _psmos(("enable", {"iccid": SECOND})), 2),
    Case(
        "disable and delete",
        (ADD_A,),
        _psmos(("disable", {"iccid": FIRST}), ("delete", {"iccid": FIRST})),
        2,
        1,
    ),
    Case("a package whose second operation fails", (ADD_A,), DISABLE_AND_FAIL, 2),
    Case(
        "ProfileRollback",
        (ADD_A, _psmos(("enable", {"iccid": SECOND, "rollbackFlag": 0}))),
        hx("BF58 03 8001FF"),
        2,
    ),
    Case("ExecuteFallbackMechanism", (), FALL_BACK, 3),
    Case("ReturnFromFallback", (FALL_BACK,), hx("BF5E 03 8001FF"), 3),
    Case("memory reset of Profiles", (ADD_A,), hx("BF64 04 8202 0780"), 3, 3),
]
cases = pytest.mark.parametrize("case", CASES, ids=lambda one: one.name)


def _prepare(directory: Path, pki: Path, case: Case) -> None:
    with Card.open(fresh_card(directory, pki), fsync=False) as card:
        card.transmit(SELECT_ISDR)
        give(card, *(FIRST, SECOND, THIRD)[: case.profiles], enabled=FIRST)
        change(card, fallback_profile=THIRD if case.profiles > 2 else None)
        for request in case.before:
            es10(card.transmit, request)


def _open(directory: Path, disk: Disk) -> Card:
    card = Card.open(directory, disk=disk)
    card.transmit(SELECT_ISDR)
    return card


Kept = tuple[State, tuple[RanPackage, ...]]
"""The state of a card, and the packages that it remembers."""


def _of(card: Card) -> Kept:
    return card.state, tuple(card._store._history)


def _kept(directory: Path) -> Kept:
    """What somebody else finds on the disk."""
    image = directory.with_name("kept")
    shutil.rmtree(image, ignore_errors=True)
    shutil.copytree(directory, image)
    with Card.open(image) as card:
        return _of(card)


def _shown(card: Card) -> list[bytes]:
    return [es10(card.transmit, one) for one in SHOWING]


@cases
def test_a_command_appends_one_line_and_brings_it_to_the_disk(
    case: Case, tmp_path: Path, pki_folder: Path
) -> None:
    _prepare(tmp_path / "card", pki_folder, case)
    disk = FaultyDisk()
    with _open(tmp_path / "card", disk) as card:
        old = _of(card)
        es10(card.transmit, case.request)
        assert disk.calls == SAVE, "packages stay until card.json no longer names them"
        assert _kept(tmp_path / "card") == _of(card) != old
        disk.calls = []
        card.power_off()
        left = [one for one in disk.calls if one != "sync"]
        folded = [one for one in case.fold if one != "sync"]
        assert left == folded[:-1] + ["remove"] * case.removed + folded[-1:]
        assert (tmp_path / "card/card.changes").read_bytes() == b""
        assert _kept(tmp_path / "card") == _of(card)


@pytest.mark.slow
@cases
@pytest.mark.parametrize("half", [False, True], ids=["not begun", "half done"])
@pytest.mark.parametrize("at", range(len(SAVE)))
def test_a_failed_disk_operation_is_6581_and_nothing_has_happened(
    case: Case, at: int, half: bool, tmp_path: Path, pki_folder: Path
) -> None:
    _prepare(tmp_path / "card", pki_folder, case)
    disk = FaultyDisk()
    with _open(tmp_path / "card", disk) as card:
        old, on_disk, shown = _of(card), files(tmp_path / "card"), _shown(card)
        disk.arm(at, half=half)
        assert es10_sw(card.transmit, case.request) == MEMORY_FAILURE
        assert len(disk.calls) > at, "the fault came"

        assert _of(card) == old
        assert _shown(card) == shown
        assert files(tmp_path / "card") == on_disk
        assert _kept(tmp_path / "card") == old

        disk.arm()
        answer = es10(card.transmit, case.request)
        assert _kept(tmp_path / "card") == _of(card) != old
    _prepare(tmp_path / "other", pki_folder, case)
    with _open(tmp_path / "other", Disk()) as untroubled:
        assert es10(untroubled.transmit, case.request) == answer, "as if nothing had failed"


@pytest.mark.slow
@cases
@pytest.mark.parametrize("second", ["truncate", "sync"])
def test_while_a_failed_save_cannot_be_undone_nothing_more_is_kept(
    case: Case, second: str, tmp_path: Path, pki_folder: Path
) -> None:
    """The sync of the line fails, and then cutting it off (or bringing that to the disk) too."""
    _prepare(tmp_path / "card", pki_folder, case)
    disk = FaultyDisk()
    with _open(tmp_path / "card", disk) as card:
        old, shown = _of(card), _shown(card)
        disk.arm(1, 2 if second == "truncate" else 3)
        assert es10_sw(card.transmit, case.request) == MEMORY_FAILURE
        assert disk.calls == [*SAVE, "truncate", "sync"][: 3 if second == "truncate" else 4]
        uncertain = _kept(tmp_path / "card")
        for failing in ("truncate", "sync"):
            disk.arm(0 if failing == "truncate" else 1)
            assert es10_sw(card.transmit, case.request) == MEMORY_FAILURE
            assert disk.calls[-1] == failing
            assert (_of(card), _shown(card)) == (old, shown)
        disk.arm()
        es10(card.transmit, case.request)
        assert disk.calls[:4] == ["truncate", "sync", *SAVE]
        assert _kept(tmp_path / "card") == _of(card)
        assert uncertain in (old, _of(card))


@pytest.mark.slow
@cases
def test_a_power_loss_around_any_disk_operation_leaves_the_old_state_or_the_new(
    case: Case, tmp_path: Path, pki_folder: Path
) -> None:
    _prepare(tmp_path / "card", pki_folder, case)
    (tmp_path / "images").mkdir()
    disk = ImagingDisk(tmp_path / "card", tmp_path / "images")
    with _open(tmp_path / "card", disk) as card:
        old = _of(card)
        es10(card.transmit, case.request)
        new = _of(card)
    found = []
    for name, image in disk.images:
        with _open(image, Disk()) as survivor:
            assert _of(survivor) in (old, new), name
            found.append((name, _of(survivor) == new))
            if _of(survivor) == old:
                es10(survivor.transmit, case.request)
                assert _of(survivor) == new, "an unfinished draft is in nobody's way"
    turned = found.index(("after append", True))
    assert [new for _, new in found] == [False] * turned + [True] * (len(found) - turned)


@pytest.mark.slow
@cases
def test_a_power_loss_in_a_fold_leaves_the_state(
    case: Case, tmp_path: Path, pki_folder: Path
) -> None:
    for name, image, state in _images_of_a_fold(case, tmp_path, pki_folder):
        assert _kept(image) == state, name


def _images_of_a_fold(case: Case, folder: Path, pki: Path) -> list[tuple[str, Path, Kept]]:
    _prepare(folder / "card", pki, case)
    disk = ImagingDisk(folder / "card", folder / "images")
    with _open(folder / "card", disk) as card:
        es10(card.transmit, case.request)
        before = len(disk.images)
        card.idle(1.0)
        images = [(name, image, _of(card)) for name, image in disk.images[before:]]
    assert len(images) >= 2 * len(case.fold)
    return images


@pytest.mark.slow
@pytest.mark.parametrize("case", [CASES[1], CASES[-1]], ids=lambda one: one.name)
def test_a_power_loss_in_the_opening_after_a_power_loss_leaves_the_state(
    case: Case, tmp_path: Path, pki_folder: Path
) -> None:
    images = _images_of_a_fold(case, tmp_path, pki_folder)
    for number, (name, image, state) in enumerate(images):
        second = ImagingDisk(image, tmp_path / f"again{number}")
        with _open(image, second) as survivor:
            assert _of(survivor) == state, name
        for again, deeper in second.images:
            assert _kept(deeper) == state, f"{name}, and at the opening {again}"


@pytest.mark.slow
@cases
@pytest.mark.parametrize("at", range(len(SAVE)))
@pytest.mark.parametrize("half", [False, True], ids=["not begun", "half done"])
def test_a_power_loss_while_a_fault_is_dealt_with_leaves_the_old_state_or_the_new(
    case: Case, at: int, half: bool, tmp_path: Path, pki_folder: Path
) -> None:
    _prepare(tmp_path / "card", pki_folder, case)
    disk = FaultyImagingDisk(tmp_path / "card", tmp_path / "images")
    with _open(tmp_path / "card", disk) as card:
        old = _of(card)
        disk.arm(at, half=half)
        assert es10_sw(card.transmit, case.request) == MEMORY_FAILURE
        disk.arm()
        images = list(disk.images)
        es10(card.transmit, case.request)
        new = _of(card)
    assert images
    for image in images:
        assert _kept(image) in (old, new)


class FaultyImagingDisk(FaultyDisk):
    """Fails, and copies the directory around everything."""

    def __init__(self, directory: Path, images: Path) -> None:
        super().__init__()
        self._directory = directory
        self._folder = images
        self.images: list[Path] = []

    def around(self, call: str, *, after: bool) -> None:
        image = self._folder / str(len(self.images))
        shutil.copytree(self._directory, image)
        self.images.append(image)
        super().around(call, after=after)


@pytest.mark.parametrize("at", range(len(FOLD_HISTORY)))
def test_a_fold_that_fails_loses_nothing_and_is_tried_again(
    at: int, tmp_path: Path, pki_folder: Path
) -> None:
    _prepare(tmp_path / "card", pki_folder, CASES[0])
    disk = FaultyDisk()
    with _open(tmp_path / "card", disk) as card:
        es10(card.transmit, ADD_A)
        es10(card.transmit, _of_a(1))
        es10(card.transmit, hx("BF64 04 82020204"))
        disk.arm(at)
        card.idle(1.0)
        assert _kept(tmp_path / "card") == _of(card)
        disk.arm()
        es10(card.transmit, ADD_AB)
        assert _kept(tmp_path / "card") == _of(card)
        card.idle(1.0)
        assert (tmp_path / "card/card.changes").read_bytes() == b""
        assert _kept(tmp_path / "card") == _of(card)


def test_a_refused_command_touches_no_disk(tmp_path: Path, pki_folder: Path) -> None:
    disk = FaultyDisk()
    fresh_card(tmp_path / "card", pki_folder)
    with _open(tmp_path / "card", disk) as card:
        es10(card.transmit, ADD_AB)
        disk.arm(*range(4))
        assert es10(card.transmit, ADD_AB) == hx("BF57 03 810102")
        assert es10_sw(card.transmit, hx("BF5100")) == (b"", 0x6A80)
        assert result_of(es10(card.transmit, _of_a(0)))[1]["euiccPackageErrorCode"] == 4
        assert es10(card.transmit, hx("BF30 03 800155")) == hx("BF30 03 800101")
        assert disk.calls == []


def test_without_fsync_nothing_is_synced(tmp_path: Path, pki_folder: Path) -> None:
    disk = FaultyDisk()
    Card.create(tmp_path / "card", pki=pki_folder, seed=1).close()
    with Card.open(tmp_path / "card", fsync=False, disk=disk) as card:
        card.transmit(SELECT_ISDR)
        es10(card.transmit, ADD_A)
        assert disk.calls == ["append"]
        disk.arm(0)
        assert es10_sw(card.transmit, ADDRESS) == MEMORY_FAILURE
        assert disk.calls == ["append", "truncate"]
        disk.calls = ["append"]
        card.power_off()
        assert disk.calls == ["append", "append", "write", "replace", "truncate"]


# -- the answer leaves after the save


class WatchingDisk(CountingDisk):
    """Looks, around each operation, whether the peer of a socket has been answered."""

    def __init__(self, peer: socket.socket) -> None:
        super().__init__()
        self._peer = peer
        self.answered_at: list[int] = []

    def around(self, call: str, *, after: bool) -> None:
        if select.select([self._peer], [], [], 0.01)[0]:
            self.answered_at.append(len(self.calls) - 1)


class _Quiet:
    def powered(self, control: Control) -> None: ...

    def answered(self, apdu: bytes, answer: bytes) -> None: ...

    def idle(self) -> None: ...


@cases
def test_the_answer_leaves_only_when_the_new_document_is_on_disk(
    case: Case, tmp_path: Path, pki_folder: Path
) -> None:
    _prepare(tmp_path / "card", pki_folder, case)
    ours, theirs = socket.socketpair()
    disk = WatchingDisk(ours)
    with ours, theirs, _open(tmp_path / "card", disk) as card:
        server = threading.Thread(target=serve_connection, args=(theirs, card, _Quiet()))
        server.start()

        def send(apdu: bytes) -> bytes:
            ours.sendall(len(apdu).to_bytes(2) + apdu)
            size = int.from_bytes(ours.recv(2, socket.MSG_WAITALL))
            return ours.recv(size, socket.MSG_WAITALL)

        send(SELECT_ISDR)
        assert es10(send, case.request)
        wanted = SAVE
        assert disk.calls[: len(wanted)] == wanted, "a second later there may be a fold, too"
        assert min(disk.answered_at, default=len(wanted)) >= len(wanted)
        ours.shutdown(socket.SHUT_RDWR)
        server.join()


# -- a card that cannot be opened, or not even made


def test_a_card_that_cannot_be_written_is_no_card(tmp_path: Path, pki_folder: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CardError, match="file"):
        Card.create(tmp_path / "file", pki=pki_folder)
