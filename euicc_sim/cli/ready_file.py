"""The file of `serve --ready-file`, from which a script knows that all cards can be used.

It is JSON: `process` is the server's process ID, and `cards` has for each card its `eid` and
`directory`, its PC/SC `reader`, its `tcp` address as HOST:PORT and the terminal of its `modem`, as
far as it has them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypedDict, Unpack

from euicc_sim.parties.messages import safe_file


class Where(TypedDict, total=False):
    """The places of a card: a PC/SC reader, HOST:PORT over TCP, the terminal of a modem."""

    reader: str
    tcp: str
    modem: str


class CardPlace(Where):
    """A card that can be used, and where."""

    eid: str
    directory: str


class Ready(TypedDict):
    """What the file says: the server's process ID, and its cards."""

    process: int
    cards: list[CardPlace]


class ReadyFileError(Exception):
    """A path that must not be used for it: a sentence with the next step."""


Cards = list[CardPlace]
"""What is said of each card."""
Tell = Callable[[Cards | None], None]
"""Gets the cards when all can be used, and None when that is no longer so."""


class ReadyFile:
    """There while every card can be used, and then always complete.

    One that a killed server has left is removed first. Raises ReadyFileError, OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        _remove_leftover(path)

    def tell(self, cards: Cards | None) -> None:
        """Write the file, or remove it."""
        if cards is None:
            self._path.unlink(missing_ok=True)
            return
        content = Ready(process=os.getpid(), cards=cards)
        safe_file.replace(self._path, f"{json.dumps(content, indent=2)}\n".encode())


class Readiness:
    """Whether every card is in its reader; `tell` is called with each change. Close it."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._cards: dict[str, CardPlace] = {}
        self._missing: set[str] = set()
        self._lock = Lock()
        self._is_complete = False

    def card(self, directory: Path, eid: str, **where: Unpack[Where]) -> None:
        """Add a card, or where else it is."""
        about = CardPlace(eid=eid, directory=str(directory.absolute()))
        self._cards[str(directory)] = {**self._cards.get(str(directory), about), **where}

    def waits_for(self, reader: str) -> Callable[[bool], None]:
        """Wait for a reader; call the result with whether its card can be used."""
        self._missing.add(reader)

        def tell(is_there: bool) -> None:
            with self._lock:
                (self._missing.discard if is_there else self._missing.add)(reader)
                self._update()

        return tell

    def complete(self) -> None:
        """All cards are known: from now on they can be used while none is missing."""
        with self._lock:
            self._is_complete = True
            self._update()

    def close(self) -> None:
        """No card can be used any longer."""
        with self._lock:
            self._is_complete = False
            self._update()

    def _update(self) -> None:
        can_be_used = self._is_complete and not self._missing
        self._tell([*self._cards.values()] if can_be_used else None)


def _remove_leftover(path: Path) -> None:
    if not os.path.lexists(path):
        return
    try:
        found = json.loads(path.read_bytes()) if path.is_file() else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or list(found) != list(Ready.__annotations__):
        raise ReadyFileError(
            f"{path} exists and is not a ready file; name a different one for --ready-file."
        )
    path.unlink()
