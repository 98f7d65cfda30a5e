"""Secrets are for the user alone, whatever the umask."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from euicc_sim import Card
from euicc_sim.tracing import journal
from keys import TestPki


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    found = [folder, *folder.rglob("*")]
    return [
        f"{stat.S_IMODE(one.stat().st_mode):o} {one.relative_to(folder)}"
        for one in found
        if one.stat().st_mode & 0o077 and not (one.is_file() and one.suffix in (".der", ".pem"))
    ]


def keys_open_to_others(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("SK_*") if one.stat().st_mode & 0o077]


def test_a_card_and_its_pki_are_private(tmp_path: Path) -> None:
    with umask(0), Card.create(tmp_path / "card", fsync=False) as card:
        card.transmit(bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100"))
        card.transmit(bytes.fromhex("80E2910006BF3F03800161"))
        kept = journal.Journal(card.directory)
        kept.function(1.0, "GetEID", "GetEID: ok", refused=False)
        kept.flush()
    assert open_to_others(tmp_path / "card") == []
    assert keys_open_to_others(tmp_path / "card") == []


def test_a_pki_of_its_own_is_private(tmp_path: Path) -> None:
    with umask(0):
        TestPki.create(seed=1).write(tmp_path / "pki")
    assert open_to_others(tmp_path / "pki") == []
    assert keys_open_to_others(tmp_path / "pki") == []


def test_a_key_that_others_can_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Card.create(tmp_path / "card", fsync=False) as card:
        pass
    assert caplog.records == []
    key = next(card.directory.glob("SK_*"))
    key.chmod(0o644)
    with Card.open(card.directory, fsync=False):
        pass
    assert f"{key} can be read by others; let only you: chmod 600 {key}" in caplog.text


@pytest.mark.slow
def test_what_the_command_line_makes_is_private(tmp_path: Path) -> None:
    def run(*arguments: str) -> None:
        with umask(0):
            subprocess.run(
                [sys.executable, "-P", "-m", "euicc_sim", *arguments],
                cwd=tmp_path,
                check=True,
                capture_output=True,
                timeout=300,
            )

    run("card", "new", "card")
    run("eim", "new", "eim", "--id", "eim1.example.com")
    for one in ("card", "eim"):
        assert not (tmp_path / one).stat().st_mode & 0o077
