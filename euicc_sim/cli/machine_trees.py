"""Messages as `--json` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from euicc_sim.asn1.tree import Line, Reading


def reading_json(reading: Reading) -> dict[str, Any]:
    """A message: the name of its type, and its objects as a tree."""
    return {"type": reading.name, "object": _tree(reading.lines, 0)[0]}


def _tree(lines: Sequence[Line], at: int) -> tuple[dict[str, Any], int]:
    """The object that begins at a line, and where the next one begins."""
    line, after = lines[at], at + 1
    inside = []
    while after < len(lines) and lines[after].depth > line.depth:
        child, after = _tree(lines, after)
        inside.append(child)
    found: dict[str, Any] = {"name": line.name, "tag": f"{line.tag:X}", "length": line.length}
    if line.text:
        found["value"] = line.text
    if line.flaw:
        found["flaw"] = line.flaw
    if inside:
        found["objects"] = inside
    return found, after
