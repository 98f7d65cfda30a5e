"""events.jsonl, as somebody else left it: `watch` shows the card, and `serve` goes on writing."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from random import Random

from euicc_sim.cli.console import Terminal
from euicc_sim.cli.watch_screen import screen
from euicc_sim.tracing.journal import JOURNAL, MAX_SIZE, Journal, read
from euicc_sim.views.moment import Watched
from fuzz import cards, changes
from fuzz.runner import WrongError

SHOWN = 30


class Journals(cards.OnACopy):
    """The journal of a card that has something of everything."""

    def seeds(self) -> Sequence[bytes]:
        journal = Journal(self.template.directory)
        journal.link(1.7e9, "connected: the card is in 'Virtual PCD 00 00'")
        journal.function(1.7e9, "GetEID", "GetEID: 89049032123451234512345678901235", refused=False)
        journal.function(1.7e9, "ES10", "ES10: 6A88, no function", refused=True)
        journal.flush()
        own = (self.template.directory / JOURNAL).read_bytes()
        long = own * (MAX_SIZE // len(own) + 2)
        return [own, b"", b"\xff" * 300_000, b"\n" * 300_000, long]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        one = random.choice(corpus)
        if random.random() < 0.1:
            return changes.flipped(random, one)
        return changes.lines_changed(
            random,
            one,
            corpus,
            lambda line: changes.json_changed(random, line) or json.dumps({"at": 1}).encode(),
        )

    def run(self, data: bytes) -> str:
        path = self.directory / JOURNAL
        path.write_bytes(data)
        out = io.StringIO()
        console = Terminal(file=out, width=200)
        console.print(screen(Watched(self.directory).look(), SHOWN))
        if not out.getvalue().replace("\n", "").isprintable():
            raise WrongError(f"it printed {out.getvalue()!a}")
        journal = Journal(self.directory)
        journal.function(1.7e9, "last", "the last entry", refused=False)
        for settle in (journal.flush, journal.tidy):
            settle()
            entries = read(self.directory)
            if not entries or entries[-1].text != "the last entry":
                raise WrongError("what was written last is not read")
        if path.stat().st_size > MAX_SIZE:
            raise WrongError(f"the journal has {path.stat().st_size} bytes")
        return f"{[one[1:] for one in entries[-4:]]}"
