"""The view of a card: who it is, whom it trusts, its Profiles, what waits, how difficult it is."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from nicegui import ui

from apdu.words import plural
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.formats.file_contents import decoded
from euicc_sim.formats.saip import PackageError, contents_of
from euicc_sim.model.eim import MAX_COUNTER, Eim
from euicc_sim.model.profile import Profile, ProfileClass, ProfileEvent
from euicc_sim.model.replacing import replace
from euicc_sim.model.state import State, Switches
from euicc_sim.store import ID_TYPES, protocol_name
from euicc_sim.uicc import SimMisfitError, check_fit, inventory, tree_of
from euicc_sim.views.moment import Moment
from euicc_sim.web.acts import ACT_ERRORS
from euicc_sim.web.live import LiveCard

SWITCHES = {
    "reset_after_switch": "ES10 refused after a switch until the reset",
    "ipad_required": "ES10 refused without an IPAd in TERMINAL CAPABILITY",
    "toolkit": "REFRESH after a switch, where the terminal has a toolkit",
    "toolkit_busy": "toolkit busy: catBusy",
    "memory_full": "memory full",
    "never_twice": "a package that ran before never runs again",
    "profile_required": "ES10 refused while no Profile is enabled",
    "lost_with_channel": "a download is lost with its channel",
    "number_from_zero": "numbers begin at 0 (new cards only)",
    "standard_isdr_aid": "ISD-R by its standard AID",
}
_PICTURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg"}
_MOST_WAITING = 5
_SHOWN_FILES = ("EF.IMSI", "EF.SPN")


class CardView:
    """Shows a card, and lights what has just changed."""

    def __init__(self, card: LiveCard) -> None:
        """Build it where NiceGUI is building."""
        self._card = card
        self._shown: Moment | None = None
        self._lit: frozenset[object] = frozenset()
        self._sims = _Sims()
        self._grid = ui.element("div").classes("grid-of-cards w-full")

    def update(self) -> None:
        """Show the card as it is now."""
        moment = self._card.moment()
        if moment is self._shown:
            return
        self._lit = _changed(self._shown.state, moment.state) if self._shown else frozenset()
        self._shown = moment
        self._grid.clear()
        with self._grid:
            self._identity(moment)
            self._eims(moment.state)
            self._profiles(moment.state)
            self._waiting(moment.state)
            self._switches(moment.state.switches)

    def _identity(self, moment: Moment) -> None:
        identity, state = moment.identity, moment.state
        free, memory = state.free_memory(identity.limits), identity.limits.memory
        with _panel("Card"):
            _fact("EID", identity.eid, mono=True)
            _fact("type", f"{identity.card_type.value}, {identity.standards}")
            if identity.has_ipae:
                _fact("IPA", "its own (IPAe), unless the device declares one")
            _fact("folder", str(moment.directory))
            if moment.serving:
                _fact("served", f"{moment.serving.text}, process {moment.serving.process}")
            _fact("default SM-DP+", state.default_dp_address or "none")
            _fact("memory", f"{memory - free:,} of {memory:,} bytes used")
            _bar((memory - free) / memory if memory else 0.0)
            if moment.trouble:
                ui.label(moment.trouble).classes("text-negative")

    def _eims(self, state: State) -> None:
        with _panel(f"Contact list: {plural(len(state.eims), 'eIM')} trusted"):
            if not state.eims:
                ui.label(
                    "The card trusts nobody. The first eIM comes in unsigned: see Act, the factory."
                ).classes("faint")
            for one in state.eims:
                self._eim(one)

    def _eim(self, eim: Eim) -> None:
        with self._tile(("eim", eim.eim_id)):
            with ui.row().classes("w-full items-center gap-2"):
                ui.icon("contact_mail")
                ui.label(eim.eim_id).classes("text-subtitle1")
            counter = f"{eim.counter:,} of {MAX_COUNTER:,}"
            _fact("counter", counter)
            _bar(eim.counter / MAX_COUNTER)
            _fact("token", "none" if eim.token is None else str(eim.token))
            _fact("id", ID_TYPES[eim.id_type])
            _fact("FQDN", eim.fqdn or "none")
            _fact("protocols", ", ".join(map(protocol_name, sorted(eim.protocols))) or "none")
            trusted = (
                "none" if eim.tls is None else f"{eim.tls.form.value}, {len(eim.tls.der)} bytes"
            )
            _fact("TLS trust", trusted)
            _fact(eim.key.form.value, eim.key.der.hex().upper()[-32:], mono=True)

    def _profiles(self, state: State) -> None:
        with _panel(f"Profiles: {len(state.profiles)}"):
            if not state.profiles:
                ui.label("No Profile is installed: see Act, download.").classes("faint")
            for one in state.profiles:
                self._profile(one, state)

    def _profile(self, profile: Profile, state: State) -> None:
        with self._tile(("profile", profile.iccid)):
            with ui.row().classes("w-full items-center gap-2"):
                if picture := _picture(profile):
                    ui.image(picture).classes("w-8 h-8")
                else:
                    ui.icon("sim_card")
                ui.label(profile.nickname or profile.name).classes("text-subtitle1")
                ui.badge(
                    "enabled" if profile.enabled else "disabled",
                    color="positive" if profile.enabled else "grey",
                )
                if state.fallback_profile == profile.iccid:
                    ui.badge("fallback", color="info")
                if profile.ecall:
                    ui.badge("emergency", color="warning")
            _fact("ICCID", iccid_digits(profile.iccid), mono=True)
            _fact("provider", profile.service_provider)
            _fact("class", ProfileClass(profile.profile_class).name.lower())
            for name, words in self._sims.facts(profile):
                _fact(name, words)

    def _waiting(self, state: State) -> None:
        results, notifications = state.results, state.notifications
        waiting = f"{plural(len(results), 'result')}, {plural(len(notifications), 'notification')}"
        with _panel(f"Waiting: {waiting}"):
            if not results and not notifications:
                ui.label("Nothing waits to be fetched.").classes("faint")
            for one in results[-_MOST_WAITING:]:
                _fact(str(one.seq_number), f"result for {one.eim_id}")
            for note in notifications[-_MOST_WAITING:]:
                event = ", ".join(ProfileEvent(bit).name.lower() for bit in sorted(note.events))
                iccid = iccid_digits(note.iccid) if note.iccid else ""
                said = f"{event or 'load result'} {iccid} for {note.address}"
                _fact(str(note.seq_number), said)

    def _switches(self, switches: Switches) -> None:
        with _panel("Make the card difficult"):
            for name, words in SWITCHES.items():
                ui.switch(
                    words,
                    value=getattr(switches, name),
                    on_change=lambda e, name=name: self._switch(name, e.value),
                ).props("dense").set_enabled(self._card.can_switch)
            ui.label("; ".join(_other_switches(switches))).classes("faint")
            if not self._card.can_switch:
                ui.label(
                    "A different process serves this card: end it, and use euicc-sim card set."
                ).classes("faint")

    def _switch(self, name: str, value: bool) -> None:
        now = self._card.moment().state.switches
        if getattr(now, name) == value:
            return
        try:
            self._card.switch(_with(now, name, value))
        except ACT_ERRORS as error:
            ui.notify(str(error), type="negative")
            self._shown = None  # the switch that was moved shows again what holds

    def _tile(self, key: object) -> ui.card:
        lit = " lit" if key in self._lit else ""
        return ui.card().classes(f"w-full gap-1 tile{lit}").props("flat bordered")


def _changed(before: State, after: State) -> frozenset[object]:
    """The eIMs and Profiles that are new or different."""
    eims = {one.eim_id: one for one in before.eims}
    profiles = {one.iccid: one.metadata for one in before.profiles}
    found: set[object] = {("eim", one.eim_id) for one in after.eims if eims.get(one.eim_id) != one}
    found |= {
        ("profile", one.iccid) for one in after.profiles if profiles.get(one.iccid) != one.metadata
    }
    return frozenset(found)


def _panel(title: str) -> ui.card:
    panel = ui.card().classes("w-full gap-2 panel")
    with panel:
        ui.label(title).classes("text-h6")
    return panel


def _fact(name: str, value: str, *, mono: bool = False) -> None:
    with ui.row(wrap=False).classes("w-full gap-3 items-baseline"):
        ui.label(name).classes("fact faint")
        ui.label(value).classes("font-mono" if mono else "")


def _bar(value: float) -> None:
    ui.linear_progress(value, show_value=False, size="6px")


def _picture(profile: Profile) -> str:
    """The icon of a Profile as the address of an image; "" if it is none of the two kinds."""
    icon = profile.icon or b""
    kind = next((name for head, name in _PICTURES.items() if icon.startswith(head)), "")
    return f"data:image/{kind};base64,{b64encode(icon).decode()}" if kind else ""


class _Sims:
    """What the files of SIMs say: IMSI and SPN, read once for each state of a Profile."""

    def __init__(self) -> None:
        self._kept: dict[bytes, tuple[Profile, list[tuple[str, str]]]] = {}

    def facts(self, profile: Profile) -> list[tuple[str, str]]:
        """Names and values; none if there are no files."""
        before = self._kept.get(profile.iccid)
        if before is None or before[0] != profile:
            before = self._kept[profile.iccid] = profile, _files(profile)
        return before[1]


def _files(profile: Profile) -> list[tuple[str, str]]:
    try:
        tree = tree_of(contents_of(profile.package), profile.iccid)
        check_fit(tree, profile.sim)
    except (PackageError, SimMisfitError):
        return []
    found: dict[str, str] = {}
    for one in inventory(tree, profile.sim):
        said = [words for record in one.records if (words := decoded(one.file.label, record))]
        if said and one.file.label in _SHOWN_FILES:
            found.setdefault(one.file.label.removeprefix("EF."), "; ".join(said))
    return list(found.items())


def _other_switches(switches: Switches) -> list[str]:
    """Those that are not on or off, in words."""
    found = [f"poll interval: {switches.poll_interval} s", f"requests: {switches.strictness.value}"]
    found += [f"ISD-R also {one.hex().upper()}" for one in switches.isdr_aids]
    found += [f"refuses {one.element}" for one in switches.refused_elements]
    return found


def _with(switches: Switches, name: str, value: bool) -> Switches:
    changed: dict[str, Any] = {name: value}
    return replace(switches, **changed)
