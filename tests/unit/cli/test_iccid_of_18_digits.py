"""A Profile whose ICCID has 18 digits, the fewest: every command that takes an ICCID takes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import saip
from support.command import Run, runner
from support.esipa import EID
from support.fresh import fresh_card

from euicc_sim.store.directory import read

DIGITS = "897000000000008364"
FILLED = f"{DIGITS}FF"
RAW = bytes.fromhex("980700000000003846FF")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "SHORT.der").write_bytes(saip.package(DIGITS))
    return folder / "SHORT.der"


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    return fresh_card(tmp_path / "card", pki_folder)


@pytest.fixture
def file(tmp_path: Path, run: Run) -> Path:
    """The file of an eIM."""
    assert run("eim", "new", tmp_path / "eim.json", "--id", "eim1").code == 0
    return tmp_path / "eim.json"


def test_it_is_downloaded_listed_switched_named_and_deleted(
    run: Run, package: Path, directory: Path, pki_folder: Path
) -> None:
    at = ("--card", directory)
    said = run("profile", "download", package, "--pki", pki_folder, *at).said
    assert said[0].startswith(f"{DIGITS} installed as ")
    assert run("profile", "list", *at).rows[0][0] == DIGITS
    assert run("profile", "enable", DIGITS, *at).code == 0
    assert [(one.iccid, one.enabled) for one in read(directory)[1].profiles] == [(RAW, True)]
    assert run("profile", "disable", FILLED, *at).code == 0
    assert run("profile", "nickname", DIGITS, "short", *at).code == 0
    assert run("profile", "delete", DIGITS, *at).code == 0
    assert read(directory)[1].profiles == ()


def test_an_smdpp_has_it_in_its_folder(run: Run, package: Path) -> None:
    assert run("smdpp", "codes", package.parent).said[0].startswith("LPA:1$localhost:8443$SHORT")


@pytest.mark.parametrize("order", ["enable", "disable", "delete", "setFallbackAttribute"])
@pytest.mark.parametrize("digits", [DIGITS, FILLED])
def test_an_eim_orders_it(run: Run, file: Path, order: str, digits: str) -> None:
    assert RAW.hex().upper() in run("eim", "package", file, f"{order}:{digits}", "--eid", EID).out
    assert run("eim", "order", file, EID, f"{order}:{digits}").code == 0
