"""`euicc-sim demo`: stories of a contact list, of two Profiles and of a device, on one screen."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim import Card
from euicc_sim.cli.console import console, fail
from euicc_sim.cli.link import ReaderOption, directory_of
from euicc_sim.cli.rsp_options import BindingOption
from euicc_sim.parties.clients import Binding
from euicc_sim.parties.messages import EimError, LpaError, StatusWordError
from euicc_sim.servers import ServerError
from euicc_sim.store import PKI_FOLDER
from euicc_sim.stories.contact_list import Story
from euicc_sim.stories.profiles import ProfileStory
from euicc_sim.stories.telling import Step, StoryError
from euicc_sim.stories.world import WorldStory
from euicc_sim.transport.pcsc import PREFERRED, PcscCard, PcscError, open_card
from keys import TestPki

MAX_PAUSE = 3600.0
"""Seconds."""


def demo(
    card: Annotated[
        Path | None,
        typer.Option("--card", metavar="DIR", help="Play on the card in this directory."),
    ] = None,
    reader: ReaderOption = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="Play on a card made for this, without a reader.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="First remove the eIMs that the card trusts.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the bytes.")] = False,
    pki: Annotated[
        Path | None,
        typer.Option(help="The card's PKI, for the SM-DP+. Default: the folder pki of its card."),
    ] = None,
    world: Annotated[
        bool,
        typer.Option(
            "--world",
            help="Tell the story of a device: eIM servers, an SM-DP+ server, an IPA and a card.",
        ),
    ] = False,
    binding: BindingOption = Binding.ASN1,
    step: Annotated[
        bool, typer.Option("--step", help="Wait for the Enter key after each step.")
    ] = False,
    pause: Annotated[
        float,
        typer.Option(min=0, max=MAX_PAUSE, metavar="SECONDS", help="Wait so long after each step."),
    ] = 0.0,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --world: draw the messages as an SVG."),
    ] = None,
) -> None:
    """Show how a card comes to trust eIMs, obeys them, fetches Profiles and switches them.

    Plays over the first reader with a card of ours in it when there is one, otherwise with a card
    made for this. With --world everything is made for it, on free ports of loopback.
    """
    pace = Pace(step, pause)
    if world:
        tell_of_the_world(picture, binding=binding, verbose=verbose, pace=pace)
        return
    if binding is not Binding.ASN1:
        fail("--binding is for the story of --world; give both.")
    if picture is not None:
        fail("--picture draws the story of --world; give both.")
    try:
        with _card(card, reader, direct) as (link, where):
            transmit = link.transmit
            told = Story(transmit)
            number = _tell(told, where, forget=forget, verbose=verbose, pace=pace)
            directory = directory_of(link, told.eid)
            folder = pki or (directory and directory / PKI_FOLDER)
            if folder is None or not folder.is_dir():
                console.print(
                    "\nThe rest is about Profiles, and needs an SM-DP+ of this card's PKI: "
                    "name its folder with --pki."
                )
                return
            story = ProfileStory(transmit, TestPki.load(folder))
            _tell_of_profiles(story, number, forget=forget, verbose=verbose, pace=pace)
    except (EimError, LpaError, PcscError, StatusWordError, StoryError) as error:
        fail(str(error))


@contextmanager
def _card(
    directory: Path | None, reader: str | None, direct: bool
) -> Iterator[tuple[Card | PcscCard, str]]:
    """The card, and words for where it is."""
    if directory is not None:
        with Card.open(directory) as card:
            yield card, f"the card in {directory}"
        return
    try:
        connection = None if direct else open_card(reader or PREFERRED)
    except PcscError:
        if reader is not None:
            raise
        connection = None
    if connection is not None:
        with connection:
            yield connection, f"the card in '{connection.reader}'"
        return
    with tempfile.TemporaryDirectory() as folder, Card.create(folder, fsync=False) as card:
        yield card, "a card made for this, without a reader"


def _tell(story: Story, where: str, *, forget: bool, verbose: bool, pace: Pace) -> int:
    console.print(Text(f"EID {story.eid}: {where}\n"))
    if trusted := story.trusted():
        if not forget:
            raise StoryError(
                f"The card trusts {', '.join(trusted)} already, but the demo begins "
                "with a card that trusts no eIM; remove them with --forget, or use a new card with "
                "--direct."
            )
        story.forget_all()
        console.print(Text(f"removed: {', '.join(trusted)}\n"))
    return play(story.tell(), 1, verbose, pace)


def _tell_of_profiles(
    story: ProfileStory, number: int, *, forget: bool, verbose: bool, pace: Pace
) -> None:
    if others := story.others():
        console.print(
            f"\nThe rest would switch this card's Profile {others[0]}; see it with --direct."
        )
        return
    if left := story.in_the_way():
        if not forget:
            raise StoryError(
                f"The card has the Profiles of an earlier story, {' and '.join(left)}; "
                "let it remove them with --forget."
            )
        story.clear()
    play(story.tell(), number, verbose, pace)


TITLE = "A device managed remotely"


def tell_of_the_world(picture: Path | None, *, binding: Binding, verbose: bool, pace: Pace) -> None:
    """Start everything, tell the story, end everything; then draw it if wanted."""

    def log(text: str, *, refused: bool = False) -> None:
        if verbose:
            console.print(Text(f"      {text}", "red" if refused else "dim"))

    try:
        from euicc_sim.stories.servers import running_world

        with running_world(log, binding) as (world, card):
            console.print(Text(f"EID {card.eid}: a card, two eIMs and an SM-DP+, all on loopback"))
            console.print(Text(f"SM-DP+ https://{world.smdpp}\n"))
            card.reset()
            play(WorldStory(card.transmit, world).tell(), 1, verbose, pace)
            drawn = world.picture.svg(TITLE)
    except (EimError, LpaError, ServerError, StatusWordError, StoryError) as error:
        fail(str(error))
    if picture is not None:
        picture.write_text(drawn, encoding="utf-8")
        console.print(Text(f"\nwho said what to whom: {picture}"))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a story is told: after each step, a key or some seconds."""

    step: bool = False
    pause: float = 0.0

    def wait(self) -> None:
        """Wait for the next step; without a keyboard, go on."""
        if self.step:
            with suppress(EOFError):
                input()
        time.sleep(self.pause)


def play(steps: Iterable[Step], number: int, verbose: bool, pace: Pace) -> int:
    """Print steps as they come, the first one with that number; gives the number of the next."""
    for step in steps:
        mark, style = ("✗", "red") if step.refused else ("✓", "green")
        console.print(Text.assemble(f"{number:2} ", (step.title, "bold")))
        console.print(Text.assemble("   ", (f"{mark} {step.outcome}", style)))
        if verbose and step.request:
            console.print(Text(f"   > {step.request.hex().upper()}", "dim"))
            console.print(Text(f"   < {step.answer.hex().upper()}", "dim"))
        number += 1
        pace.wait()
    return number
