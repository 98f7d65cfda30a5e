"""The terminal: whatever is printed on it, only our own styles move it."""

from __future__ import annotations

import io

import pytest
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from euicc_sim.cli.console import Terminal, columns, facts

RUDE = "a\x1b[31mb\x9b2Jc\x07d\u202ee\x7f"
SHOWN = r"a\x1b[31mb\x9b2Jc"


def table(cell: RenderableType) -> Table:
    grid = Table.grid()
    grid.add_row(cell)
    return grid


@pytest.mark.parametrize(
    "renderable",
    [
        RUDE,
        Text(RUDE),
        Text(RUDE, "red"),
        Tree(Text(RUDE)),
        Group(RUDE, "b"),
        facts({"name": RUDE}),
        columns(["name"], [[RUDE]], set()),
    ],
    ids=lambda one: type(one).__name__,
)
def test_control_characters_are_printed_as_their_escapes(renderable: RenderableType) -> None:
    out = Terminal(file=io.StringIO(), width=200)
    out.print(renderable)
    assert isinstance(out.file, io.StringIO)
    text = out.file.getvalue()
    assert SHOWN in text
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("cell", [RUDE, Text(RUDE)], ids=["str", "Text"])
def test_a_cell_that_nobody_has_made_harmless_is_so_too(cell: RenderableType) -> None:
    out = Terminal(file=io.StringIO(), width=200)
    out.print(table(cell))
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue().startswith(r"a\x1b[31mb")
    assert out.file.getvalue().replace("\n", "").isprintable()


def test_a_live_screen_is_moved_by_its_own_codes_alone() -> None:
    out = Terminal(file=io.StringIO(), width=200, force_terminal=True, color_system="truecolor")
    with Live(Text(RUDE, "red"), console=out, auto_refresh=False) as live:
        live.update(Text(RUDE), refresh=True)
    assert isinstance(out.file, io.StringIO)
    text = out.file.getvalue()
    assert SHOWN in text
    assert RUDE not in text
    assert "\x9b" not in text


def test_styles_and_several_lines_are_printed_as_ever() -> None:
    out = Terminal(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    out.print(Text("one\ntwo", "red"))
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue() == "\x1b[31mone\x1b[0m\n\x1b[31mtwo\x1b[0m\n"
