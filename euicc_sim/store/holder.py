"""Which process holds the lock of a card, for a sentence. Only reads, and only Linux's /proc."""

from __future__ import annotations

import os
from pathlib import Path

LOCKS = Path("/proc/locks")
PROCESSES = Path("/proc")
LONGEST = 60
"""Characters of a command that are shown."""

_FLOCK = "FLOCK"
_INTERPRETER = "python"


def holder_of(fd: int, locks: Path = LOCKS) -> int | None:
    """The process that holds a `flock` of this open file; None if it cannot be told.

    It cannot where /proc is hidden, where the holder is in another container, or where the kernel
    names the file system otherwise than stat does.
    """
    found = os.fstat(fd)
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}"
    try:
        lines = locks.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        words = line.split()
        if words[1:2] == [_FLOCK] and words[5:6] == [f"{device}:{found.st_ino}"]:
            return int(words[4]) if words[4].isdecimal() and words[4] != "0" else None
    return None


def open_in(process: int | None) -> str:
    """Where a card is open, in words."""
    if process is None:
        return "here or in another process"
    if process == os.getpid():
        return "in this process"
    command = command_of(process)
    return f"in process {process} ({command})" if command else f"in process {process}"


def command_of(process: int, processes: Path = PROCESSES) -> str:
    """How a process was called, without the interpreter; "" if that cannot be told."""
    try:
        content = (processes / str(process) / "cmdline").read_bytes()
    except OSError:
        return ""
    words = content.decode(errors="replace").rstrip("\0").split("\0")
    if len(words) > 1 and Path(words[0]).name.startswith(_INTERPRETER) and words[1][:1] != "-":
        del words[0]
    shown = " ".join([Path(words[0]).name, *words[1:]])
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
