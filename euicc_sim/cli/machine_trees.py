"""Messages as `--json` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from msgspec import UNSET, UnsetType

from euicc_sim.asn1.tree import Line, Reading
from euicc_sim.cli.machine import Output


class TreeOutput(Output):
    """One object of a message; `tag` is hexadecimal, `length` in bytes.

    `value` is for people, `flaw` what does not fit; what is not there is left out.
    """

    name: str
    tag: str
    length: int
    value: str | UnsetType = UNSET
    flaw: str | UnsetType = UNSET
    objects: list[TreeOutput] | UnsetType = UNSET


class ReadingOutput(Output):
    """A message: the name of its type, and its objects as a tree."""

    type: str
    object: TreeOutput

    @classmethod
    def of(cls, reading: Reading) -> Self:
        """For programs."""
        return cls(type=reading.name, object=_tree(reading.lines, 0)[0])


def _tree(lines: Sequence[Line], at: int) -> tuple[TreeOutput, int]:
    """The object that begins at a line, and where the next one begins."""
    line, after = lines[at], at + 1
    inside = []
    while after < len(lines) and lines[after].depth > line.depth:
        child, after = _tree(lines, after)
        inside.append(child)
    found = TreeOutput(
        name=line.name,
        tag=f"{line.tag:X}",
        length=line.length,
        value=line.text or UNSET,
        flaw=line.flaw or UNSET,
        objects=inside or UNSET,
    )
    return found, after
