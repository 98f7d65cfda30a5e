"""The card's reasons for refusals, and its warnings, for commands that talk to it.

A card in a directory tells its reasons itself. One in a reader cannot; but if it is served on this
machine, they are in its journal a moment after the answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from euicc_sim import Card, Event
from euicc_sim.cli.console import printable
from euicc_sim.parties.messages import StatusWordError
from euicc_sim.tracing import journal
from euicc_sim.tracing.served import served_in
from euicc_sim.transport.pcsc import PcscCard

JOURNAL_SECONDS = 1.0
"""How long to wait for the server to write its journal."""

_LOOK_SECONDS = 0.01


class Reasons:
    """What the card has said about refusals, and about what chips would refuse, since a look."""

    def __init__(
        self,
        link: Card | PcscCard,
        *,
        find: Callable[[str], list[Path]] = served_in,
        patience: float = JOURNAL_SECONDS,
    ) -> None:
        """Begin to listen: make it before the first command. `patience` is in seconds."""
        self._card = link if isinstance(link, Card) else None
        self._reader = "" if isinstance(link, Card) else link.reader
        self._find = find
        self._patience = patience
        self._directories: list[Path] | None = None
        self._seen = time.time()

    def listen(self) -> None:
        """Forget what the card has said so far."""
        self._seen = time.time()
        if self._card is not None:
            self._card.take_events()

    def take(self) -> list[str]:
        """The refusals and warnings since the last call, oldest first.

        Call it only after a command of which the card says something; for a served card this waits
        until its server has written that. Empty if the card is not served on this machine.
        """
        if self._card is not None:
            return _told(self._card.take_events())
        if self._directories is None:
            self._directories = self._find(self._reader)
        deadline = time.monotonic() + self._patience
        while self._directories:
            if fresh := self._fresh(self._directories):
                self._seen = fresh[-1].at
                return _told(fresh)
            if time.monotonic() > deadline:
                self._directories = []  # whoever writes no journal is not waited for again
            time.sleep(_LOOK_SECONDS)
        return []

    def _fresh(self, directories: list[Path]) -> list[journal.Entry]:
        """What functions have come to since the last look."""
        entries = (one for directory in directories for one in journal.read(directory))
        return sorted(
            (one for one in entries if one.process is None and one.at > self._seen),
            key=lambda one: one.at,
        )


def _told(outcomes: Iterable[Event | journal.Entry]) -> list[str]:
    return [printable(one.text) for one in outcomes if one.refused or one.warning]


def with_reasons(error: Exception, reasons: list[str]) -> str:
    """The sentence of a refusal, with the card's reason if it is known.

    For a status word alone it says where the reason may be.
    """
    sentence = str(error).removesuffix(".")
    if reasons:
        return f"{sentence}. The card's reason: {reasons[-1]}."
    if isinstance(error, StatusWordError) or isinstance(error.__cause__, StatusWordError):
        return f"{sentence}. If the card is one of euicc-sim, its serve shows the reason."
    return str(error)
