"""The lines of a running log: written together, so that no command waits for many of them."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

import pytest
from rich.text import Text

from euicc_sim.cli.console import Terminal
from euicc_sim.cli.log_lines import Line, LogLines

LINES = [Line(0.0, "card 1: ", f"GetEID {n}", "red") for n in range(500)]


class CountingFile(StringIO):
    """Counts what is written."""

    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_lines_that_come_together_are_one_write(is_terminal: bool) -> None:
    file = CountingFile()
    out = Terminal(file=file, width=80, force_terminal=is_terminal, soft_wrap=True)
    LogLines(out).add(*LINES)
    assert file.writes == 1
    shown = Text.from_ansi(file.getvalue()).plain.splitlines()
    assert [line.split(maxsplit=1)[1] for line in shown] == [f"card 1: {one.text}" for one in LINES]


def test_numbers_go_on_from_line_to_line() -> None:
    lines = LogLines(Terminal(file=StringIO(), width=80))
    assert [*lines.add(*LINES[:3]), *lines.add(LINES[3]), *lines.add()] == [1, 2, 3, 4]


def test_nothing_is_rendered_for_dev_null(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, "w") as nowhere:
        lines = LogLines(Terminal(file=nowhere, width=80))
        monkeypatch.setattr(Line, "plain", property(lambda _: pytest.fail("it was rendered")))
        assert lines.add(LINES[0]) == range(1, 2)


def test_a_file_gets_plain_text(tmp_path: Path) -> None:
    with open(tmp_path / "log", "w") as file:
        LogLines(Terminal(file=file)).add(Line(None, "", "a\x1b[31mb"), Line(None, "card 2: ", "c"))
    assert (tmp_path / "log").read_text() == "a\\x1b[31mb\ncard 2: c\n"
