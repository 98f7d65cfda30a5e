"""A fresh card for a test, closed, and a PKI that is read once.

Making a card reads a PKI and signs certificates, which takes ten times as long as opening one. So
it is made once for all tests of a process that ask for the same, and copied: a seeded card is the
same bytes whenever it is made (test_factory makes its cards itself, and shows that).
"""

from __future__ import annotations

import shutil
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from euicc_sim import Card
from keys import TestPki

_numbers = count()
_made: dict[tuple[object, ...], Path] = {}


def fresh_card(directory: Path, pki: Path, **options: Any) -> Path:
    """Put a card of seed 1 below that PKI into `directory`; the options are those of create."""
    key = (pki, *sorted(options.items()))
    if key not in _made:
        _made[key] = pki.parent / f"fresh-card-{next(_numbers)}"
        Card.create(_made[key], pki=pki, seed=1, fsync=False, **options).close()
    shutil.copytree(_made[key], directory)
    return directory


@cache
def pki_in(folder: Path) -> TestPki:
    """The PKI in a folder that no test changes."""
    return TestPki.load(folder)
