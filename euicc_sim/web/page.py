"""The page: one tab for each view, one choice of card for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui

from euicc_sim import CardError
from euicc_sim.stories.diagram import CSS as DIAGRAM
from euicc_sim.web.act_view import ActView
from euicc_sim.web.acts import Acts
from euicc_sim.web.card_view import CardView
from euicc_sim.web.conversation_view import ConversationView
from euicc_sim.web.live import Lines, LiveCard
from euicc_sim.web.world_view import World, WorldView

TITLE = "euicc-sim"
LOOK_SECONDS = 0.3
_CSS = """
.faint { opacity: .65 }
.flaw { color: #b26a00 }
.fact { flex: 0 0 7.5rem }
.grid-of-cards { display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)) }
.side-by-side { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start }
.nicegui-content { overflow-wrap: anywhere }
.q-header { background: #14364f !important }
.body--dark .seq { --back: #121212; --lane: #444; --band: #22303d; --own: 55% }
.body--dark .seq .refused .said { color: #ff8a80 }
.why { min-width: 12rem }
.conversation td.name { max-width: 20rem }
.body--dark { --q-negative: #ff8a80 !important; --q-positive: #69f0ae !important }
@media (max-width: 700px) {
  .conversation :is(th, td):is(:nth-child(1), :nth-child(2), :nth-child(4)) { display: none }
  .conversation td { white-space: normal !important }
}
.conversation th { white-space: nowrap }
@media (min-width: 1000px) { .side-by-side > .detail { max-height: 78vh; overflow-y: auto } }
.conversation { flex: 1 1 34rem; min-width: min(100%, 20rem); max-height: 70vh }
.detail { flex: 1 1 24rem; min-width: min(100%, 20rem); max-width: 100% }
.acts { flex: 1 1 24rem; min-width: min(100%, 20rem) }
.diagram { flex: 2 1 36rem; min-width: min(100%, 20rem); max-height: calc(100vh - 15.5rem);
  overflow: auto }
@media (min-width: 1000px) { .side-by-side > .told { max-height: calc(100vh - 15.5rem) } }
.story { min-width: min(100%, 24rem) }
.tree .name { color: #00796b; flex: 0 0 auto }
.body--dark .tree .name { color: #4db6ac }
.tree > .row:hover, .step:hover { background: rgba(128, 128, 128, .15) }
.step { border-left: 3px solid rgba(128, 128, 128, .4); padding: .2rem .6rem }
.steps { max-height: 34vh; overflow-y: auto; flex-wrap: nowrap }
.told { flex-wrap: nowrap }
.told > *, .steps > * { flex-shrink: 0 }
.line { padding-left: .8rem; font-size: .8rem }
.line > .ends { flex: 0 0 auto }
.line:hover, .line.chosen { background: rgba(128, 128, 128, .22) }
.bytes .marked { background: #ffe082; color: #000 }
.lit { animation: lit 4s ease-out }
@keyframes lit { from { background: #ffe082 } }
.conversation tbody tr { cursor: pointer }
.conversation thead tr { position: sticky; top: 0; z-index: 1; background: var(--q-page, #fff) }
.body--dark .conversation thead tr { background: #1d1d1d }
"""

_SPACE = """<script>document.addEventListener("keydown", (event) => {
  if (event.code === "Space" && event.target === document.body) event.preventDefault()
})</script>"""
"""The space bar plays a story, and does not scroll."""


class Page:
    """What all browsers share: cards, eIMs and the story."""

    def __init__(
        self,
        cards: Sequence[LiveCard],
        eims: Path | None = None,
        pki: Path | None = None,
        recorded: Lines | None = None,
        recorded_name: str = "",
    ) -> None:
        """`eims` and `pki` are those of `Acts`; `recorded` is a trace, to be shown alone."""
        self.acts = [Acts(one, eims, pki) for one in cards]
        self.recorded, self.recorded_name = recorded, recorded_name
        self.world = World()

    def application(self) -> FastAPI:
        """The page as an ASGI application; there is one in a process."""
        outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        nicegui_app.on_shutdown(self.world.close)
        ui.run_with(
            outer, root=self._root, title=TITLE, dark=None, show_welcome_message=False, favicon="📇"
        )
        return outer

    def _root(self) -> None:
        """Build the page for one browser."""
        ui.add_css(_CSS + DIAGRAM)
        ui.add_body_html(_SPACE)
        ui.button.default_props("no-caps")
        ui.tabs.default_props("no-caps dense inline-label")
        if self.recorded is not None:
            self._recorded(self.recorded)
            return
        _OneBrowser(self)

    def _recorded(self, lines: Lines) -> None:
        with ui.header().classes("items-center"):
            ui.label(TITLE).classes("text-h6")
            ui.label(self.recorded_name).classes("break-all")
        view = ConversationView()
        ui.timer(LOOK_SECONDS, lambda: view.update(lines))


class _OneBrowser:
    """The page in one browser."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._choice = 0
        with ui.header().classes("items-center gap-x-4 gap-y-0 q-py-xs"):
            ui.label(TITLE).classes("text-h6")
            if len(page.acts) > 1:
                options = {
                    at: f"{one.card.eid} ({one.card.directory})" for at, one in enumerate(page.acts)
                }
                ui.select(options, value=0, on_change=lambda e: self._choose(e.value)).props(
                    "dark dense"
                ).classes("w-80").mark("choice")
            elif page.acts:
                ui.label(page.acts[0].card.eid).classes("font-mono")
            ui.space()
            dark = ui.dark_mode(None)
            contrast = ui.button(icon="contrast", on_click=lambda: dark.set_value(not dark.value))
            contrast.props('flat round color=white aria-label="dark or light"')
            contrast.tooltip("dark or light")
            with ui.tabs().classes("w-full").props("align=left") as self._tabs:
                for name in self._names():
                    ui.tab(name)
        self._panels = ui.tab_panels(self._tabs, value=self._names()[0], keep_alive=True)
        self._panels.classes("w-full bg-transparent")
        self._build()
        ui.timer(LOOK_SECONDS, self._update)

    def _names(self) -> list[str]:
        return [*(("Card", "Conversation", "Act") if self._page.acts else ()), "World"]

    def _choose(self, at: int) -> None:
        self._choice = at
        self._build()

    def _build(self) -> None:
        self._panels.clear()
        with self._panels:
            if self._page.acts:
                acts = self._page.acts[self._choice]
                with ui.tab_panel("Card"):
                    self._card = CardView(acts.card)
                with ui.tab_panel("Conversation"):
                    self._conversation = ConversationView()
                with ui.tab_panel("Act"):
                    self._act = ActView(acts, acts.card.why_not)
            with ui.tab_panel("World"):
                self._world = WorldView(self._page.world, lambda: self._panels.value == "World")
        self._update()

    def _update(self) -> None:
        """Show what has changed; a card that cannot be read is said, and tried again."""
        try:
            if self._page.acts:
                self._card.update()
                self._conversation.update(self._page.acts[self._choice].card.look())
                self._act.update()
        except (CardError, OSError) as error:
            ui.notify(str(error), type="negative", group=True)
        self._world.update()
