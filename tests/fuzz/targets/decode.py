"""`euicc-sim decode` on any bytes: a tree, or one sentence, and nothing that moves a terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from random import Random

import typer

from euicc_sim.cli import console as consoles
from euicc_sim.cli.decode import decode
from fuzz import cards, changes
from fuzz.runner import WrongError


class Decoding:
    """The command itself; what it prints is read."""

    def __init__(self, folder: Path) -> None:
        self._template = cards.Template(folder)
        self._before = (
            consoles.console._file,
            consoles.stderr._file,
        )  # None: whatever is stdout then

    def close(self) -> None:
        self._template.close()
        consoles.console._file, consoles.stderr._file = self._before

    def seeds(self) -> Sequence[bytes]:
        found = [one for one in cards.vectors() if len(one) > 3]
        found += [one[5:] for section in cards.scripts() for one in section if len(one) > 10]
        found += [one.read_bytes() for one in self._template.directory.glob("profiles/*.upp")]
        found += [one.read_bytes() for one in self._template.pki.rglob("*.der")]
        return found

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        one = random.choice(corpus)
        if random.random() < 0.1:
            one = changes.spliced(random, one, random.choice(corpus))
        return changes.tree_changed(random, one, corpus)

    def run(self, data: bytes) -> str:
        out = io.StringIO()
        consoles.console.file = consoles.stderr.file = out
        try:
            decode([data.hex()])
        except typer.Exit as end:
            if end.exit_code != 1 or out.getvalue().count("\n") != 1:
                raise WrongError(f"exit code {end.exit_code}: {out.getvalue()}") from end
        printed = out.getvalue()
        if not printed.replace("\n", "").isprintable():
            raise WrongError(f"it printed {printed!a}")
        return " ".join(line.partition("<-")[2] or line[:40] for line in printed.splitlines()[:40])
