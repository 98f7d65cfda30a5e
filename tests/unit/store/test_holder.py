"""Who holds a card's lock."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from euicc_sim import Card, CardError
from euicc_sim.store.holder import LOCKS, LONGEST, command_of, holder_of, open_in


@pytest.fixture
def locked(tmp_path: Path) -> int:
    """A file that this process has locked."""
    fd = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def line(fd: int, process: object, kind: str = "FLOCK ") -> str:
    found = os.fstat(fd)
    where = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    return f"7: {kind} ADVISORY  WRITE {process} {where} 0 EOF\n"


def test_the_holder_is_in_the_line_of_that_file(tmp_path: Path, locked: int) -> None:
    table = tmp_path / "locks"
    other = "1: FLOCK  ADVISORY  WRITE 1 00:01:1 0 EOF\n"
    table.write_text(other + line(locked, 3, "POSIX ") + "8: -> FLOCK\n\n" + line(locked, 4711))
    assert holder_of(locked, table) == 4711


@pytest.mark.parametrize("process", ["0", "-1", "x"])
def test_a_holder_in_another_container_is_not_told(
    tmp_path: Path, locked: int, process: str
) -> None:
    (tmp_path / "locks").write_text(line(locked, process))
    assert holder_of(locked, tmp_path / "locks") is None


def test_without_the_table_nothing_is_told(tmp_path: Path, locked: int) -> None:
    assert holder_of(locked, tmp_path / "none") is None
    assert open_in(None) == "here or in another process"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["/venv/bin/python3", "/venv/bin/euicc-sim", "serve", "card"], "euicc-sim serve card"),
        (["/usr/bin/python3", "-m", "euicc_sim", "serve"], "python3 -m euicc_sim serve"),
        (["/bin/x", "y" * 100], "x " + "y" * (LONGEST - 2) + "…"),
        (["sh"], "sh"),
    ],
)
def test_a_command_is_shown_without_its_interpreter(
    tmp_path: Path, words: list[str], shown: str
) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cmdline").write_bytes("\0".join([*words, ""]).encode())
    assert command_of(7, tmp_path) == shown
    assert command_of(8, tmp_path) == ""


@pytest.mark.slow
def test_a_card_that_is_open_already_names_the_process(card: Card) -> None:
    card.close()
    opened = "import sys; from euicc_sim import Card; Card.open(sys.argv[1]); print(); input()"
    command = [sys.executable, "-c", opened, str(card.directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(CardError) as caught:
            Card.open(card.directory)
        with (card.directory / "lock").open() as lock:
            can_be_told = line(lock.fileno(), other.pid).split()[-3] in LOCKS.read_text()
        other.kill()
    said = re.search(r"is open already, (.*); close that one first", str(caught.value))
    assert said
    if can_be_told:
        assert said[1].startswith(f"in process {other.pid} (python")
    with Card.open(card.directory), pytest.raises(CardError, match="is open already, "):
        Card.open(card.directory)
