"""Prints the steps of a story."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from euicc_sim.cli.console import console
from euicc_sim.cli.stories.telling import Step


def play(steps: Iterable[Step], number: int, verbose: bool) -> int:
    """Print steps as they come, the first one with that number; gives the number of the next."""
    for step in steps:
        mark, style = ("✗", "red") if step.refused else ("✓", "green")
        console.print(Text.assemble(f"{number:2} ", (step.title, "bold")))
        console.print(Text.assemble("   ", (f"{mark} {step.outcome}", style)))
        if verbose and step.request:
            console.print(Text(f"   > {step.request.hex().upper()}", "dim"))
            console.print(Text(f"   < {step.answer.hex().upper()}", "dim"))
        number += 1
    return number
