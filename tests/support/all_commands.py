"""Every command of `euicc-sim`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from euicc_sim.cli.main import app


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", None)
    if not inside:
        yield " ".join(path), command
        return
    for name in inside:
        yield from _commands(inside[name], (*path, name))


ALL = dict(_commands(get_command(app)))
"""By their names, such as `card show`."""
