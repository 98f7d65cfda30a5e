"""The view of the world: the demo's stories, step by step, as a sequence diagram that grows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock

from nicegui import run, ui
from nicegui.events import KeyEventArguments

from euicc_sim import Card
from euicc_sim.parties.messages import EimError, LpaError, StatusWordError
from euicc_sim.servers import ServerError
from euicc_sim.store import PKI_FOLDER, CardError
from euicc_sim.stories.arrows import Arrow, Part
from euicc_sim.stories.contact_list import Story
from euicc_sim.stories.diagram import arrow_classes, colour_class, said_style, way_style
from euicc_sim.stories.profiles import ProfileStory
from euicc_sim.stories.telling import CardListener, Step, StoryError, Storyteller
from euicc_sim.stories.world import WorldStory
from euicc_sim.web.trees import Message
from keys import TestPki

STORY_ERRORS = (CardError, EimError, LpaError, ServerError, StatusWordError, StoryError, OSError)
STORIES = {
    "device": "A device managed remotely: two eIMs, an SM-DP+, an IPA and a card",
    "list": "A contact list: who may order, and who may not",
    "profiles": "Two Profiles: downloaded, switched, rolled back",
}
_TO_THE_END = """setTimeout(() => {{
const shown = getElement({id})?.$el ?? getElement({id})
shown?.scrollTo?.({{top: shown.scrollHeight, behavior: "smooth"}})
}}, 100)"""
"""Nothing happens while the view is not shown."""
_INTO_VIEW = """if (window.innerWidth < 1000)
getElement({id}).scrollIntoView({{block: "nearest", behavior: "smooth"}})"""


@dataclass
class World:
    """The story that is played, for all browsers; the card and servers are made for it.

    Safe to use from several threads: two who ask for the next step get one after the other.
    """

    name: str = ""
    steps: list[Step] = field(default_factory=list)
    parties: tuple[str, ...] = ()
    is_over: bool = False
    trouble: str = ""
    version: int = 0
    begun: int = 0
    """How often a story has been begun."""
    _teller: Storyteller | None = None
    _told: Iterator[Step] = field(default_factory=lambda: iter(()))
    _things: ExitStack = field(default_factory=ExitStack)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, name: str) -> None:
        """Begin a story anew. Raises STORY_ERRORS."""
        with self._lock:
            self._end()
            self.name, self.steps, self.parties = name, [], ()
            self.is_over, self.trouble = False, ""
            try:
                self._teller = self._story(name)
                self.parties, self._told = self._teller.arrows.parties, self._teller.tell()
            except STORY_ERRORS as error:
                self.trouble, self.is_over = str(error), True
            self.begun += 1  # last: whoever looks meanwhile still has the story before
            self.version += 1

    def next(self) -> None:
        """Play the next step."""
        with self._lock:
            if self.is_over or not self.name:
                return
            try:
                step = next(self._told, None)
            except STORY_ERRORS as error:
                self.trouble, self.is_over = str(error), True
                left = self._teller.arrows.take() if self._teller else ()
                step = Step("The story ends here", str(error), True, arrows=left)
            if step is None:
                self.is_over = True
            else:
                self.steps.append(step)
            self.version += 1

    def close(self) -> None:
        """End everything that was made for the story."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        things, self._things = self._things, ExitStack()
        self._teller, self._told = None, iter(())
        things.close()

    def _story(self, name: str) -> Storyteller:
        if name == "device":
            from euicc_sim.stories.servers import running_world

            world, card = self._things.enter_context(running_world(_nobody))
            card.reset()
            return WorldStory(card.transmit, world, CardListener(card))
        folder = self._things.enter_context(tempfile.TemporaryDirectory())
        card = self._things.enter_context(Card.create(f"{folder}/card", fsync=False))
        if name == "list":
            return Story(card.transmit, CardListener(card))
        pki = TestPki.load(card.directory / PKI_FOLDER)
        return ProfileStory(card.transmit, pki, CardListener(card))


def _nobody(text: str, *, refused: bool = False) -> None:
    """Nobody reads what the servers of a story log."""


class WorldView:
    """Shows the story: the diagram, and its steps beside it."""

    def __init__(self, world: World, is_seen: Callable[[], bool]) -> None:
        """Build it where NiceGUI is building; keys count while `is_seen`."""
        self._world = world
        self._is_seen = is_seen
        self._version = -1
        self._begun = self._shown = 0
        self._parties: tuple[str, ...] = ()
        self._rows: ui.element
        self._chosen: tuple[ui.element, ...] = ()
        self._is_busy = False
        with ui.row().classes("w-full items-center gap-3"):
            self._choice = ui.select(STORIES, value="device", label="story").classes("story")
            self._begin = ui.button("Begin", on_click=self._start).props("outline")
            self._next = ui.button("Next step", on_click=self._step).props(
                "icon-right=arrow_forward"
            )
            ui.label("The space bar plays the next step.").classes("faint")
        self._trouble = ui.label().classes("text-negative")
        with ui.element("div").classes("side-by-side w-full"):
            self._diagram = ui.element("div").classes("diagram").mark("diagram")
            with ui.column().classes("detail gap-2 told"):
                self._list = ui.column().classes("w-full gap-1 steps").mark("steps")
                self._detail = ui.column().classes("w-full messages").mark("messages")
        ui.keyboard(on_key=self._key, ignore=["input", "select", "textarea", "button"])
        for one in (self._begin, self._next):  # or the space bar would press it again
            one.on("click", js_handler="(event) => event.currentTarget.blur()")

    def update(self) -> None:
        """Show how far the story is."""
        world = self._world
        if world.version == self._version:
            return
        self._version = world.version
        self._next.set_enabled(bool(world.name) and not world.is_over)
        over = "The story is over." if world.is_over and not world.trouble else ""
        self._trouble.set_text(world.trouble or over)
        self._show_steps(world)
        for one in (self._diagram, self._list):
            ui.run_javascript(_TO_THE_END.format(id=one.id))

    def _show_steps(self, world: World) -> None:
        if world.begun != self._begun:
            for one in (self._list, self._detail, self._diagram):
                one.clear()
            self._begun, self._shown, self._chosen = world.begun, 0, ()
            self._parties = world.parties
            with self._diagram:
                self._rows = _empty_diagram(world.parties)
        for number, step in enumerate(world.steps[self._shown :], self._shown + 1):
            before = world.steps[number - 2].chapter if number > 1 else ""
            with self._list:
                self._list_step(number, step)
            with self._rows:
                if step.chapter and step.chapter != before:
                    ui.label(step.chapter).classes("chapter")
                ui.label(f"{number}. {step.title}").classes("act")
            for at, arrow in enumerate(step.arrows, 1):
                self._show_arrow(f"{number}.{at}", arrow)
        self._shown = len(world.steps)

    def _list_step(self, number: int, step: Step) -> None:
        row = ui.element("div").classes("step w-full cursor-pointer")
        row.on("click", lambda: self._open_step(number, step))
        with row:
            ui.label(f"{number}. {step.title}").classes("text-weight-medium")
            ui.label(step.outcome).classes("text-negative" if step.refused else "text-positive")
            if step.reason:
                ui.label(f"The card: {step.reason}").classes("text-negative")

    def _show_arrow(self, number: str, arrow: Arrow) -> None:
        """An arrow in the diagram, and its line in the list."""
        with self._rows:
            drawn = ui.element("div").classes(arrow_classes(self._parties, arrow))
            with drawn:
                ui.label(arrow.text).classes("said").style(said_style(self._parties, arrow))
                way = ui.element("div").classes("way").style(way_style(self._parties, arrow))
                with way:
                    ui.label(number).classes("number")
        with self._list:
            line = ui.row(wrap=False).classes("w-full gap-2 items-baseline cursor-pointer line")
            with line:
                ui.label(number).classes("faint")
                ui.label(f"{arrow.source} → {arrow.target}").classes("faint ends")
                ui.label(arrow.text).classes("text-negative" if arrow.refused else "")
        for one in (drawn, line):
            one.on("click", lambda: self._open_arrow(number, arrow, drawn, line))

    def _choose(self, *elements: ui.element) -> None:
        """Mark what is shown."""
        for one in self._chosen:
            one.classes(remove="chosen")
        for one in elements:
            one.classes("chosen")
        self._chosen = elements
        self._detail.clear()

    def _open_arrow(self, number: str, arrow: Arrow, *elements: ui.element) -> None:
        self._choose(*elements)
        with self._detail:
            ui.label(f"{number}  {arrow.source} → {arrow.target}").classes("text-subtitle1")
            ui.label(arrow.text).classes("text-negative" if arrow.refused else "")
            for part in arrow.messages:
                if part.data:
                    Message(part.name, part.data, part.tree())
                elif part.text:
                    ui.label(f"{part.name}: {part.text}")
            if not arrow.parts:
                ui.label("There is no message body.").classes("faint")
        ui.run_javascript(_INTO_VIEW.format(id=self._detail.id))

    def _open_step(self, number: int, step: Step) -> None:
        self._choose()
        with self._detail:
            ui.label(f"{number}. {step.title}").classes("text-subtitle1")
            if not step.request:
                sentence = "This step is several messages: open them by their numbers."
                ui.label(sentence if step.arrows else "Nothing was sent.").classes("faint")
            parts = (Part("request", step.request, is_request=True), Part("response", step.answer))
            for part in parts:
                if part.data:
                    Message(part.name, part.data, part.tree())

    async def _start(self) -> None:
        await self._busy(lambda: self._world.begin(self._choice.value))
        await self._step()

    async def _step(self) -> None:
        await self._busy(self._world.next)

    async def _busy(self, work: Callable[[], None]) -> None:
        if self._is_busy:
            return
        self._is_busy = True
        try:
            await run.io_bound(work)
        finally:
            self._is_busy = False
        self.update()

    async def _key(self, event: KeyEventArguments) -> None:
        if event.action.keydown and not event.action.repeat and event.key.space and self._is_seen():
            await (self._step() if self._world.name else self._start())


def _empty_diagram(parties: Sequence[str]) -> ui.element:
    """A diagram with the names of its parties alone; the rows go into what is returned."""
    with ui.element("div").classes("seq").style(f"--n: {max(len(parties), 1)}"):
        with ui.element("div").classes("head"):
            for name in parties:
                ui.label(name).classes(f"party {colour_class(parties, name)}")
        return ui.element("div").classes("body")
