"""Words for sentences: counts, and the name that somebody meant."""

from __future__ import annotations

from collections.abc import Iterable

ALIKE = 0.5
"""How alike a name that was meant is at least, from 0 to 1 (the ratio of difflib)."""
LONGEST = 100
"""Characters of a name that are looked at."""


def plural(number: int, noun: str) -> str:
    """`1 byte`, `2 bytes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def nearest(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """The known names that were probably meant, best first; upper and lower case are alike."""
    from difflib import get_close_matches  # only here: who makes no mistake does not wait for it

    by_lower = {one.lower(): one for one in known}
    near = get_close_matches(name[:LONGEST].lower(), by_lower, n=most, cutoff=ALIKE)
    return [by_lower[one] for one in near]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names what was probably meant, or else all that there is."""
    every = sorted(known)
    near = nearest(name, every)
    return f"Did you mean {near[0]}?" if near else f"One of: {', '.join(every)}."
