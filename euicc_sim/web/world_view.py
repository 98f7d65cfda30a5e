"""The view of the world: the demo's stories, step by step, as a sequence diagram that grows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock

from nicegui import run, ui
from nicegui.events import KeyEventArguments

from euicc_sim import Card
from euicc_sim.parties.messages import EimError, LpaError, StatusWordError
from euicc_sim.servers import ServerError
from euicc_sim.store import PKI_FOLDER, CardError
from euicc_sim.stories.contact_list import Story
from euicc_sim.stories.profiles import ProfileStory
from euicc_sim.stories.sequence import Sequence
from euicc_sim.stories.telling import Step, StoryError
from euicc_sim.stories.world import WorldStory
from euicc_sim.web.trees import Message
from keys import TestPki

STORY_ERRORS = (CardError, EimError, LpaError, ServerError, StatusWordError, StoryError, OSError)
STORIES = {
    "device": "A device managed remotely: two eIMs, an SM-DP+, an IPA and a card",
    "list": "A contact list: who may order, and who may not",
    "profiles": "Two Profiles: downloaded, switched, rolled back",
}
_CONFIG = {"securityLevel": "strict", "sequence": {"useMaxWidth": False}}
_TO_THE_END = """setTimeout(() => {{
const shown = getElement({id})?.$el ?? getElement({id})
shown?.scrollTo?.({{top: shown.scrollHeight, behavior: "smooth"}})
}}, 400)"""
"""Nothing happens while the view is not shown."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -.,+/()")


@dataclass
class World:
    """The story that is played, for all browsers; the card and servers are made for it.

    Safe to use from several threads: two who ask for the next step get one after the other.
    """

    name: str = ""
    steps: list[Step] = field(default_factory=list)
    arrows: list[str] = field(default_factory=list)
    """For each step, the numbers of its arrows in the picture."""
    picture: Sequence | None = None
    is_over: bool = False
    trouble: str = ""
    version: int = 0
    _drawn: int = 0
    _told: Iterator[Step] = field(default_factory=lambda: iter(()))
    _things: ExitStack = field(default_factory=ExitStack)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, name: str) -> None:
        """Begin a story anew. Raises STORY_ERRORS."""
        with self._lock:
            self._end()
            self.name, self.steps, self.arrows, self.picture = name, [], [], None
            self._drawn = 0
            self.is_over, self.trouble = False, ""
            try:
                self._told = self._story(name)
            except STORY_ERRORS as error:
                self.trouble, self.is_over = str(error), True
            self.version += 1

    def next(self) -> None:
        """Play the next step."""
        with self._lock:
            if self.is_over or not self.name:
                return
            try:
                step = next(self._told, None)
            except STORY_ERRORS as error:
                step, self.trouble = None, str(error)
            if step is None:
                self.is_over = True
            else:
                self.steps.append(step)
                self.arrows.append(self._new_arrows())
            self.version += 1

    def close(self) -> None:
        """End everything that was made for the story."""
        with self._lock:
            self._end()

    def _new_arrows(self) -> str:
        rows = self.picture.rows if self.picture else []
        before, self._drawn = self._drawn, sum(bool(one.source) for one in rows)
        if self._drawn == before:
            return ""
        first = before + 1
        return f"arrow {first}" if first == self._drawn else f"arrows {first} to {self._drawn}"

    def _end(self) -> None:
        things, self._things = self._things, ExitStack()
        self._told = iter(())
        things.close()

    def _story(self, name: str) -> Iterator[Step]:
        if name == "device":
            from euicc_sim.stories.servers import running_world

            world, card = self._things.enter_context(running_world(_nobody))
            self.picture = world.picture
            card.reset()
            return WorldStory(card.transmit, world).tell()
        folder = self._things.enter_context(tempfile.TemporaryDirectory())
        card = self._things.enter_context(Card.create(f"{folder}/card", fsync=False))
        if name == "list":
            return Story(card.transmit).tell()
        pki = TestPki.load(card.directory / PKI_FOLDER)
        return ProfileStory(card.transmit, pki).tell()


def _nobody(text: str, *, refused: bool = False) -> None:
    """Nobody reads what the servers of a story log."""


class WorldView:
    """Shows the story: the diagram, and its steps beside it."""

    def __init__(self, world: World, is_seen: Callable[[], bool]) -> None:
        """Build it where NiceGUI is building; keys count while `is_seen`."""
        self._world = world
        self._is_seen = is_seen
        self._version = -1
        self._shown = 0
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
            self._diagram = ui.column().classes("diagram")
            with ui.column().classes("detail gap-2"):
                self._list = ui.column().classes("w-full gap-1 steps").mark("steps")
                self._detail = ui.column().classes("w-full")
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
        self._diagram.clear()
        if world.picture is not None and world.picture.rows:
            with self._diagram:
                ui.mermaid(mermaid(world.picture), config=_CONFIG)
        for one in (self._diagram, self._list):
            ui.run_javascript(_TO_THE_END.format(id=one.id))

    def _show_steps(self, world: World) -> None:
        if len(world.steps) < self._shown or not world.steps:
            self._list.clear()
            self._detail.clear()
            self._shown = 0
        with self._list:
            for number, step in enumerate(world.steps[self._shown :], self._shown + 1):
                row = ui.element("div").classes("step w-full cursor-pointer")
                row.on("click", lambda step=step: self._open(step))
                with row:
                    ui.label(f"{number}. {step.title}").classes("text-weight-medium")
                    if arrows := world.arrows[number - 1]:
                        ui.label(arrows).classes("text-xs faint")
                    ui.label(step.outcome).classes(
                        "text-negative" if step.refused else "text-positive"
                    )
        self._shown = len(world.steps)

    def _open(self, step: Step) -> None:
        self._detail.clear()
        with self._detail:
            if not step.request:
                ui.label("This step is more than one message: see the diagram.").classes("faint")
            for title, data in (("request", step.request), ("response", step.answer)):
                if data:
                    Message(title, data, None)

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


def mermaid(picture: Sequence) -> str:
    """The picture as a sequence diagram of Mermaid; all text is escaped."""
    names = {name: f"p{number}" for number, name in enumerate(picture.parties)}
    lines = ["sequenceDiagram", "autonumber"]
    lines += [f"participant {short} as {escaped(name)}" for name, short in names.items()]
    across = f"{next(iter(names.values()))},{[*names.values()][-1]}"
    for one in picture.rows:
        if not one.source:
            lines.append(f"Note over {across}: {escaped(one.text)}")
            continue
        arrow = "--x" if one.refused else "->>"
        lines.append(f"{names[one.source]}{arrow}{names[one.target]}: {escaped(one.text)}")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text for a label of Mermaid: every character that could mean something is a number."""
    return "".join(one if one in _PLAIN else f"#{ord(one)};" for one in text) or "#32;"
