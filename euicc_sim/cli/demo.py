"""`euicc-sim demo`: stories of a contact list, of two Profiles and of a device, on one screen."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.text import Text

from euicc_sim import Card
from euicc_sim.cli.console import console, fail
from euicc_sim.cli.link import ReaderOption, directory_of
from euicc_sim.cli.reasons import Reasons
from euicc_sim.cli.rsp_options import BindingOption
from euicc_sim.parties.clients import Binding
from euicc_sim.parties.messages import EimError, LpaError, StatusWordError
from euicc_sim.servers import ServerError
from euicc_sim.store import PKI_FOLDER
from euicc_sim.stories.contact_list import Story
from euicc_sim.stories.profiles import ProfileStory
from euicc_sim.stories.telling import CardListener, Step, StoryError, Storyteller, chapters
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
    smds: Annotated[
        bool, typer.Option("--smds", help="With --world: Profiles are found through an SM-DS.")
    ] = False,
    step: Annotated[
        bool, typer.Option("--step", help="Wait for the Enter key after each step.")
    ] = False,
    pause: Annotated[
        float,
        typer.Option(min=0, max=MAX_PAUSE, metavar="SECONDS", help="Wait so long after each step."),
    ] = 0.0,
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw who said what to whom: FILE.html shows the messages on a click, FILE.svg "
            "is a picture for each chapter (FILE-1.svg and so on).",
        ),
    ] = None,
) -> None:
    """Show how a card comes to trust eIMs, obeys them, fetches Profiles and switches them.

    Plays over the first reader with a card of ours in it when there is one, otherwise with a card
    made for this. With --world everything is made for it, on free ports of loopback.
    """
    if binding is not Binding.ASN1 and not world:
        fail("--binding is for the story of --world; give both.")
    if smds and not world:
        fail("--smds is for the story of --world; give both.")
    if picture is not None and picture.suffix not in _KINDS:
        fail(f"{picture} ends in neither of {' and '.join(_KINDS)}; name such a --picture.")
    if picture is not None and not picture.parent.is_dir():
        fail(f"{picture.parent} is not a directory; name a --picture in one.")
    telling = Telling(Pace(step, pause), verbose)
    try:
        if world:
            _tell_of_the_world(telling, binding, with_smds=smds)
        else:
            with _card(card, reader, direct) as (link, where):
                _tell_all(telling, link, where, pki, forget=forget)
        if picture is not None:
            _draw(picture, telling, _WORLD if world else _CARD)
    except (EimError, LpaError, PcscError, ServerError, StatusWordError, StoryError) as error:
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


def _tell_all(
    telling: Telling, link: Card | PcscCard, where: str, pki: Path | None, *, forget: bool
) -> None:
    """The contact list, and, with a PKI of the card, two Profiles."""
    reasons = Reasons(link)
    story = Story(link.transmit, reasons)
    _prepare(story, where, forget=forget)
    telling.play(story)
    directory = directory_of(link, story.eid)
    folder = pki or (directory and directory / PKI_FOLDER)
    if folder is None or not folder.is_dir():
        console.print(
            "\nThe rest is about Profiles, and needs an SM-DP+ of this card's PKI: "
            "name its folder with --pki."
        )
        return
    rest = ProfileStory(link.transmit, TestPki.load(folder), reasons)
    if _has_room(rest, forget=forget):
        telling.play(rest)


def _prepare(story: Story, where: str, *, forget: bool) -> None:
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


def _has_room(story: ProfileStory, *, forget: bool) -> bool:
    """Whether the card has no Profiles of others; those of an earlier story are removed."""
    if others := story.others():
        console.print(
            f"\nThe rest would switch this card's Profile {others[0]}; see it with --direct."
        )
        return False
    if left := story.in_the_way():
        if not forget:
            raise StoryError(
                f"The card has the Profiles of an earlier story, {' and '.join(left)}; "
                "let it remove them with --forget."
            )
        story.clear()
    return True


_CARD, _WORLD = "A contact list and two Profiles", "A device managed remotely"
"""The titles of pictures."""
_KINDS = (".html", ".svg")
"""What a picture can be."""


def _tell_of_the_world(telling: Telling, binding: Binding, *, with_smds: bool) -> None:
    """Start everything, tell the story, end everything."""

    def log(text: str, *, refused: bool = False) -> None:
        if telling.verbose:
            console.print(Text(f"      {text}", "red" if refused else "dim"))

    from euicc_sim.stories.servers import running_world

    with running_world(log, binding, with_smds=with_smds) as (world, card):
        console.print(Text(f"EID {card.eid}: a card, two eIMs and an SM-DP+, all on loopback"))
        if world.smds is not None:
            console.print(Text(f"SM-DS https://{world.smds}"))
        console.print(Text(f"SM-DP+ https://{world.smdpp}\n"))
        card.reset()
        telling.play(WorldStory(card.transmit, world, CardListener(card)))


def _draw(picture: Path, telling: Telling, title: str) -> None:
    """Write the picture of what was told: a file, or one for each chapter."""
    told = [(one.parties, list(chapters(one.steps, one.first))) for one in telling.told]
    if picture.suffix == ".html":
        from euicc_sim.stories.picture import html

        drawn = {picture: html(title, told)}
    else:
        from euicc_sim.stories.sequence import svg

        all_ = [(parties, one) for parties, chapters_ in told for one in chapters_]
        drawn = {
            picture.with_stem(f"{picture.stem}-{at}"): svg(f"{title}: {one.title}", parties, one)
            for at, (parties, one) in enumerate(all_, 1)
        }
    try:
        for file, content in drawn.items():
            file.write_text(content, encoding="utf-8")
    except OSError as error:
        fail(f"{picture} cannot be written ({error.strerror or error}). Name a different file.")
    first, *_, last = drawn if len(drawn) > 1 else (picture, "")
    console.print(Text(f"\nwho said what to whom: {first}{f' to {last}' if last else ''}"))


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


class Told(NamedTuple):
    """A story that was told: its parties, and its steps, the first with that number."""

    parties: tuple[str, ...]
    first: int
    steps: list[Step]


class Telling:
    """Prints stories one after the other, and keeps what was told."""

    def __init__(self, pace: Pace, verbose: bool) -> None:
        self.verbose = verbose
        self.told: list[Told] = []
        self._pace = pace
        self._number = 1

    def play(self, story: Storyteller) -> None:
        """Print the steps of a story as they come."""
        told = Told(story.arrows.parties, self._number, [])
        self.told.append(told)
        for step in story.tell():
            told.steps.append(step)
            self._print(step)
            self._number += 1
            self._pace.wait()

    def _print(self, step: Step) -> None:
        mark, style = ("✗", "red") if step.refused else ("✓", "green")
        console.print(Text.assemble(f"{self._number:2} ", (step.title, "bold")))
        console.print(Text.assemble("   ", (f"{mark} {step.outcome}", style)))
        if step.reason:
            console.print(Text(f"     the card: {step.reason}", style))
        if self.verbose and step.request:
            console.print(Text(f"   > {step.request.hex().upper()}", "dim"))
            console.print(Text(f"   < {step.answer.hex().upper()}", "dim"))
