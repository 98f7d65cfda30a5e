"""What a shell completes: directories with cards, and readers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from euicc_sim.cli import link


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cards, one of them in a folder, and a folder without."""
    for name in ("card", "shelf/second", "other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "card" / "card.json").touch()
    (tmp_path / "shelf" / "second" / "card.json").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("begun", "found"),
    [
        ("", ["card", "other/", "shelf/"]),
        ("ca", ["card"]),
        ("shelf/", ["shelf/second"]),
        ("shelf/se", ["shelf/second"]),
        ("nothing/", []),
        ("x", []),
    ],
)
def test_cards_are_completed_and_folders_on_the_way(
    folder: Path, begun: str, found: list[str]
) -> None:
    del folder
    assert link.cards_here(begun) == found


def test_readers_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["Virtual PCD 00 00", "Virtual PCD 00 01", "Other"]
    monkeypatch.setattr(link, "reader_names", lambda: names)
    assert link.readers_here("Vir") == names[:2]
    assert link.readers_here("") == names


@pytest.mark.slow
def test_bash_gets_the_cards(folder: Path) -> None:
    environment = {
        **os.environ,
        "_EUICC_SIM_COMPLETE": "complete_bash",
        "COMP_WORDS": "euicc-sim profile list --card c",
        "COMP_CWORD": "4",
    }
    program = Path(sys.executable).with_name("euicc-sim")
    found = subprocess.run(
        [program], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert found.stdout.split() == ["card"], found.stderr
