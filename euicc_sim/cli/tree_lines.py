"""Messages as trees on the terminal, and what a text was taken for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.text import Text

from euicc_sim.asn1.tree import UNKNOWN, Line
from euicc_sim.cli.console import console
from euicc_sim.views.pasted import Pasted


def print_lines(lines: Sequence[Line], indent: int = 0) -> None:
    """Print the objects of a message as a tree, indented by `indent` steps."""
    console.print(_Tree(lines, indent))


@dataclass(frozen=True, slots=True)
class _Tree:
    """Lines for Rich as segments: it wraps a text of thousands of lines for seconds."""

    lines: Sequence[Line]
    indent: int

    def __rich_console__(self, console: Console, _: ConsoleOptions) -> Iterator[Segment]:
        styles = {
            name: console.get_style(name) for name in ("cyan", "dim", "bold", "red", "yellow")
        }
        width = max(2 * line.depth + len(line.name) for line in self.lines) + 2
        if console.color_system is None:  # one text, as a segment costs more than a line
            yield Segment("\n".join(self._plain(line, width) for line in self.lines))
            yield Segment.line()
            return
        for line in self.lines:
            before = "  " * (self.indent + line.depth)
            yield Segment(before)
            yield Segment(line.name, styles["red"] if line.name == UNKNOWN else None)
            yield Segment(" " * (width - 2 * line.depth - len(line.name)))
            yield Segment(f"{line.tag:02X}".ljust(6), styles["cyan"])
            yield Segment(
                f"{line.length:>5}{'  ' if line.text or line.flaw else ''}", styles["dim"]
            )
            yield Segment(line.text, styles["bold"])
            if line.flaw:
                yield Segment(f"  <- {line.flaw}", styles["red" if line.grave else "yellow"])
            yield Segment.line()

    def _plain(self, line: Line, width: int) -> str:
        """A line without colours."""
        indent = "  " * (self.indent + line.depth)
        name = line.name.ljust(width - 2 * line.depth)
        gap = "  " if line.text or line.flaw else ""
        flaw = f"  <- {line.flaw}" if line.flaw else ""
        return f"{indent}{name}{f'{line.tag:02X}':6}{line.length:>5}{gap}{line.text}{flaw}"


def say(found: Pasted) -> None:
    """Say what a text was taken for."""
    what = f"Taken for {found.kind}."
    if not found.is_answered:
        what = f"{what} There is no response."
    elif found.assumed:
        what = f"{what} Commands without a response, {found.assumed} of them, are taken as served."
    console.print(Text(what, "italic"))
