"""The view in which one acts: the factory, an eIM, an LPA. A package is shown before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import run, ui

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.primitives import Asn1Error
from euicc_sim.asn1.tree import Reading, reading, readings
from euicc_sim.asn1.wire import NEWEST
from euicc_sim.model.state import State
from euicc_sim.web.acts import ACT_ERRORS, Acts, Done, Package
from euicc_sim.web.trees import Message

_WORDS = ("listEim", "listProfileInfo", "getRAT", "unsetFallbackAttribute")
_WITH_PROFILE = ("enable", "disable", "delete", "setFallbackAttribute")
_REQUEST, _ANSWER = "EuiccPackageRequest", "EuiccPackageResult"


class ActView:
    """Buttons for a card; what came of the last act is shown beside them."""

    def __init__(self, acts: Acts, why_not: str) -> None:
        """Build it where NiceGUI is building; `why_not` says why nothing can be done, if so."""
        self._acts = acts
        self._package: Package | None = None
        self._state: State | None = None
        self._eims: list[str] = []
        if why_not:
            ui.label(why_not).classes("text-negative")
        with ui.element("div").classes("side-by-side w-full"):
            with ui.column().classes("acts gap-4"):
                self._build_factory()
                self._build_orders()
                self._build_profiles()
            self._result = ui.card().classes("detail").props("flat bordered").mark("result")
        with self._result:
            ui.label("The result is shown here.").classes("faint")

    def update(self) -> None:
        """Offer what the card allows now."""
        state, eims = self._acts.card.moment().state, self._acts.eims()
        if state is self._state and eims == self._eims:
            return
        self._state, self._eims = state, eims
        chosen = self._eim.value if self._eim.value in eims else (eims[0] if eims else None)
        self._eim.set_options(eims, value=chosen)
        can_begin = bool(eims) and not state.eims
        self._factory.set_enabled(can_begin)
        self._factory_says.set_text(_factory_words(eims, state))
        self._list_of_profiles.clear()
        with self._list_of_profiles:
            for one in state.profiles:
                self._profile(iccid_digits(one.iccid), one.nickname or one.name, one.enabled)
        self._words_menu.clear()
        with self._words_menu:
            for word in _offered(state, eims):
                ui.menu_item(word, on_click=lambda word=word: self._words.set_value(word))

    # -- the parts

    def _build_factory(self) -> None:
        with ui.card().classes("w-full gap-2"):
            ui.label("Be the factory").classes("text-h6")
            with ui.row().classes("w-full items-center gap-2"):
                self._new_id = ui.input("eimId", value="eim1.example.com").classes("grow")
                ui.button("Make an eIM", on_click=self._make).props("outline")
            self._eim = ui.select([], label="eIM").classes("w-full")
            self._factory = ui.button("AddInitialEim", on_click=self._initial)
            self._factory_says = ui.label().classes("faint")

    def _build_orders(self) -> None:
        with ui.card().classes("w-full gap-2"):
            ui.label("Be that eIM").classes("text-h6")
            with ui.row(wrap=False).classes("w-full items-center gap-2"):
                self._words = ui.input("operations, separated by spaces", value="listEim").classes(
                    "grow"
                )
                with ui.button(icon="expand_more").props(
                    'flat round aria-label="choose an operation"'
                ):
                    self._words_menu = ui.menu()
            with ui.row().classes("gap-2"):
                ui.button("Sign", on_click=self._sign).props("outline")
                self._send = ui.button("Send", on_click=self._send_package)
                self._again = ui.button("Send it again", on_click=self._send_package)
                self._again.props("outline color=negative")
            self._send.set_enabled(False)
            self._again.set_enabled(False)

    def _build_profiles(self) -> None:
        with ui.card().classes("w-full gap-2"):
            ui.label("Be an LPA").classes("text-h6")
            self._list_of_profiles = ui.column().classes("w-full gap-1")
            with ui.row().classes("gap-2"):
                ui.button("Download a test Profile", on_click=self._act(self._acts.download))
                ui.button("ProfileRollback", on_click=self._act(self._acts.rollback)).props(
                    "outline"
                )
                ui.button("Attach to the network", on_click=self._act(self._acts.attach)).props(
                    "outline"
                )
                ui.button("Reset the card", on_click=self._reset).props("outline")

    def _profile(self, iccid: str, name: str, is_enabled: bool) -> None:
        with ui.row().classes("w-full items-center gap-2"):
            ui.label(f"{name}  {iccid}").classes("grow")
            if is_enabled:
                self._small("Disable", lambda: self._acts.disable(iccid))
            else:
                self._small("Enable", lambda: self._acts.enable(iccid))
                self._small("Delete", lambda: self._acts.delete(iccid))

    def _small(self, text: str, work: Callable[[], Done]) -> None:
        ui.button(text, on_click=self._act(work)).props("dense flat")

    # -- what the buttons do

    def _act(self, work: Callable[[], Done]) -> Callable[[], object]:
        async def clicked() -> None:
            await self._do(work)

        return clicked

    async def _do(self, work: Callable[[], Done]) -> Done | None:
        try:
            done = await run.io_bound(work)
        except ACT_ERRORS as error:
            self._show_error(str(error))
            return None
        if done is not None:  # None is what NiceGUI gives while it ends
            self._show(done)
        return done

    def _make(self) -> None:
        try:
            self._acts.make_eim(self._new_id.value or "")
        except ACT_ERRORS as error:
            self._show_error(str(error))
            return
        self.update()
        made = (self._new_id.value or "").strip()
        self._eim.set_value(made)
        self._show(Done(f"eIM {made} is made", False))

    async def _initial(self) -> None:
        name = self._eim.value
        await self._do(lambda: self._acts.initial(name or ""))

    def _sign(self) -> None:
        try:
            words = (self._words.value or "").split()
            self._package = self._acts.sign(self._eim.value or "", words)
        except ACT_ERRORS as error:
            self._package = None
            self._send.set_enabled(False)
            self._again.set_enabled(False)
            self._show_error(str(error))
            return
        self._send.set_enabled(True)
        self._again.set_enabled(False)
        self._show(Done("signed, not sent yet", False, self._package.request))

    async def _send_package(self) -> None:
        package = self._package
        if package is not None and await self._do(lambda: self._acts.send(package)):
            self._send.set_enabled(False)
            self._again.set_enabled(True)

    async def _reset(self) -> None:
        def work() -> Done:
            self._acts.card.reset()
            return Done("the card was reset", False)

        await self._do(work)

    def _show(self, done: Done) -> None:
        self._result.clear()
        with self._result:
            ui.label(done.outcome).classes(
                "text-h6 " + ("text-negative" if done.refused else "text-positive")
            ).mark("outcome")
            for reason in self._reasons():
                ui.label(reason).classes("text-negative")
            if done.request:
                Message("request", done.request, _tree(done.request, _REQUEST))
            if done.answer:
                Message("response", done.answer, _tree(done.answer, _ANSWER))

    def _reasons(self) -> list[str]:
        """What the card said of the last command, if it refused."""
        lines = self._acts.card.look().kept
        last = [one for one in lines if one.reasons][-1:]
        return [one.text for line in last for one in line.reasons if one.refused]

    def _show_error(self, sentence: str) -> None:
        self._result.clear()
        with self._result:
            ui.label(sentence).classes("text-negative").mark("outcome")


def _factory_words(eims: Sequence[str], state: State) -> str:
    if state.eims:
        return "The list is not empty: from now on, only an eIM on it can add others."
    if not eims:
        return "Make an eIM first."
    return "The list is empty: the first eIM comes in unsigned."


def _offered(state: State, eims: Sequence[str]) -> list[str]:
    """Operations that make sense now."""
    profiles = [iccid_digits(one.iccid) for one in state.profiles]
    trusted = {one.eim_id for one in state.eims}
    found = list(_WORDS)
    found += [f"addEim:{one},token" for one in eims if one not in trusted]
    found += [f"deleteEim:{one}" for one in sorted(trusted)]
    found += [f"{word}:{one}" for one in profiles for word in _WITH_PROFILE]
    found += [f"enable:{one},rollback" for one in profiles]
    return found


def _tree(data: bytes, name: str) -> Reading | None:
    types = NEWEST.types
    if name == _REQUEST and data[:2] == b"\xbf\x51":
        return reading(name, types[name], data)
    chosen = {name: types[name]} if name in types else types
    for known in (chosen, types):
        try:
            if found := readings(known, data):
                return found[0]
        except Asn1Error:
            continue
    return None
