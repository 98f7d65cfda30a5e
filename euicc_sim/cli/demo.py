"""`euicc-sim demo`: the story of a contact list, on one screen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim import Card
from euicc_sim.cli.console import console, fail
from euicc_sim.offcard.apdus import StatusWordError, Transmit
from euicc_sim.offcard.errors import EimError
from euicc_sim.offcard.story import Story, StoryError
from euicc_sim.transport.pcsc import PREFERRED, PcscError, open_card


def demo(
    card: Annotated[
        Path | None, typer.Option("--card", metavar="DIR", help="Play into this card's directory.")
    ] = None,
    reader: Annotated[
        str | None, typer.Option("--reader", metavar="NAME", help="Play over this PC/SC reader.")
    ] = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="Play with a card made for this, on no reader.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="First remove the eIMs that the card trusts.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the bytes.")] = False,
) -> None:
    """Show how a card comes to trust eIMs, obeys them, and forgets them again.

    Plays over the first reader with a card of ours in it when there is one, otherwise with a card
    made for this.
    """
    try:
        with _card(card, reader, direct) as (transmit, where):
            _tell(Story(transmit), where, forget=forget, verbose=verbose)
    except (EimError, PcscError, StatusWordError, StoryError) as error:
        fail(str(error))


@contextmanager
def _card(
    directory: Path | None, reader: str | None, direct: bool
) -> Iterator[tuple[Transmit, str]]:
    if directory is not None:
        with Card.open(directory) as card:
            yield card.transmit, f"the card in {directory}"
        return
    try:
        connection = None if direct else open_card(reader or PREFERRED)
    except PcscError:
        if reader is not None:
            raise
        connection = None
    if connection is not None:
        with connection:
            yield connection.transmit, f"the card in '{connection.reader}'"
        return
    with tempfile.TemporaryDirectory() as folder, Card.create(folder, fsync=False) as card:
        yield card.transmit, "a card made for this, on no reader"


def _tell(story: Story, where: str, *, forget: bool, verbose: bool) -> None:
    console.print(Text(f"EID {story.eid}: {where}\n"))
    if trusted := story.trusted():
        if not forget:
            raise StoryError(
                f"The card trusts {', '.join(trusted)} already, and the story begins with nobody; "
                "let it remove them with --forget, or use another card with --direct."
            )
        story.forget_all()
        console.print(Text(f"removed: {', '.join(trusted)}\n"))
    for number, step in enumerate(story.tell(), 1):
        mark, style = ("✗", "red") if step.refused else ("✓", "green")
        console.print(Text.assemble(f"{number:2} ", (step.title, "bold")))
        console.print(Text.assemble("   ", (f"{mark} {step.outcome}", style)))
        if verbose:
            console.print(Text(f"   > {step.request.hex().upper()}", "dim"))
            console.print(Text(f"   < {step.answer.hex().upper()}", "dim"))
