"""`euicc-sim` through its own door, on a wide terminal without colours."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from euicc_sim.cli.console import console
from euicc_sim.cli.main import main

WIDTH = 240


@dataclass(frozen=True)
class Outcome:
    """How a run of the command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one sentence that a refusal is, before which nothing was said."""
        assert (self.code, self.out) == (1, "")
        (line,) = self.err.splitlines()
        return line.removeprefix("euicc-sim: ")

    @property
    def said(self) -> list[str]:
        """The lines of a run that went well."""
        assert (self.code, self.err) == (0, "")
        return self.out.splitlines()

    @property
    def facts(self) -> dict[str, str]:
        """The rows of the first table."""
        assert (self.code, self.err) == (0, "")
        return dict(re.findall(r"^(\w.*?)  +(\S.*?) *$", self.out, re.MULTILINE))

    @property
    def rows(self) -> list[list[str]]:
        """The rows of the tables with lines, without their heads."""
        return [
            [cell.strip() for cell in line.strip("│").split("│")]
            for line in self.out.splitlines()
            if line.startswith("│")
        ]


Run = Callable[..., Outcome]


def runner(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *command: str
) -> Run:
    """Runs that command with more words."""
    monkeypatch.setattr(console, "width", WIDTH)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["euicc-sim", *command, *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        code = caught.value.code
        assert isinstance(code, int)
        return Outcome(code, *capsys.readouterr())

    return run
