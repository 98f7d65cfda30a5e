"""Named trees of ES10 objects, as `decode` and `trace` print them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from euicc_sim.asn1.tree import UNKNOWN, Line
from euicc_sim.cli.console import console


def print_lines(lines: Sequence[Line], indent: int = 0) -> None:
    """Print the objects of a message, `indent` steps to the right."""
    width = max(2 * line.depth + len(line.name) for line in lines)
    for line in lines:
        text = Text()
        text.append(f"{'  ' * line.depth}{line.name}".ljust(width + 2))
        text.append(f"{line.tag:02X}".ljust(6), "cyan")
        text.append(f"{line.length:>5}  ", "dim")
        text.append(line.text, "bold")
        if line.flaw:
            text.append(f"  <- {line.flaw}", "red" if line.grave else "yellow")
        if line.name == UNKNOWN:
            text.stylize("red", 2 * line.depth, 2 * line.depth + 1)
        text.rstrip()
        console.print(Text.assemble("  " * indent, text))
