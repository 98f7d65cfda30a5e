"""The live screen of `euicc-sim watch`: half of it, at least, is for what the card did.

Every line is as long as the screen is wide, at most; lists are folded to what fits, and say how
much more there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from apdu.words import plural
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.cli.card_tables import download_under_way, switches_on
from euicc_sim.cli.console import printable
from euicc_sim.cli.log_lines import clock_time, count_of
from euicc_sim.model.eim import MAX_COUNTER
from euicc_sim.model.identity import CardType
from euicc_sim.model.profile import Profile, ProfileEvent
from euicc_sim.model.state import State
from euicc_sim.tracing.journal import Entry
from euicc_sim.views.moment import Moment

SMALLEST = 12
"""Lines of the lowest screen on which everything has a place."""
LAST_WAITING = 3
KEYS = "q ends · r refusals only · ↑ ↓ PgUp PgDn scroll · End the newest"

_FOOT_LINES, _TITLES = 1, 3


@dataclass(slots=True)
class Looking:
    """How somebody looks at a card: scrolled back by so many events, or refusals only."""

    back: int = 0
    refusals_only: bool = False

    def press(self, key: str, page: int) -> None:
        """Take a key; `page` is how many events are seen at once."""
        steps = {"up": 1, "down": -1, "pageup": page, "pagedown": -page}
        if key == "r":
            self.refusals_only, self.back = not self.refusals_only, 0
        elif key == "end":
            self.back = 0
        elif key in steps:
            self.back = max(0, self.back + steps[key])


def live_screen(moment: Moment, looking: Looking, width: int, height: int) -> RenderableType:
    """The screen, of so many columns and lines."""
    height = max(height, SMALLEST)
    above = _above(moment, height // 2 - 2)
    room = height - len(above) - _FOOT_LINES - 1
    events = _events(moment.entries, looking, room)
    shown, total, first = events
    what = "refusals" if looking.refusals_only else "events"
    scrolled = f" · {looking.back} back" if looking.back else ""
    head = f"{what}: {first + len(shown)} of {total}{scrolled}" if total else f"no {what} yet"
    lines = [*above, Text(f"── {head} ".ljust(width, "─"), "dim")]
    lines += shown
    lines += [Text("")] * (room - len(shown))
    lines.append(Text(KEYS, "dim"))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
        line.no_wrap = True
    return Group(*lines)


def events_in(height: int, moment: Moment) -> int:
    """How many events a screen of that size shows."""
    height = max(height, SMALLEST)
    return height - len(_above(moment, height // 2 - 2)) - _FOOT_LINES - 1


def _above(moment: Moment, most: int) -> list[Text]:
    """Who the card is, whom it trusts, its Profiles and what waits, in so many lines."""
    state, identity = moment.state, moment.identity
    consumer = identity.card_type is CardType.CONSUMER
    version = identity.sgp22.name if consumer else identity.sgp32_version
    kind = f"{identity.card_type.value} {version}"
    free = state.free_memory(identity.limits)
    lines = [
        Text.assemble((identity.eid, "bold"), f" {kind}, {free} bytes free, {moment.directory}"),
        _served(moment),
    ]
    for trouble in filter(None, (moment.trouble, download_under_way(state))):
        lines.append(Text(printable(trouble), "red" if trouble is moment.trouble else "yellow"))
    if switches := switches_on(state.switches):
        lines.append(Text(f"difficult: {', '.join(switches)}", "yellow"))
    room = max(most - len(lines) - _TITLES, 0)
    waiting = min(LAST_WAITING, (room + 2) // 3, len(state.results) + len(state.notifications))
    eims = min(len(state.eims), (room - waiting + 1) // 2)
    profiles = room - waiting - eims
    lines += _folded(f"trusts {plural(len(state.eims), 'eIM')}", _eims(state), eims)
    lines += _folded(plural(len(state.profiles), "Profile"), _profiles(state), profiles)
    results, notes = len(state.results), len(state.notifications)
    title = f"waiting: {plural(results, 'result')}, {plural(notes, 'notification')}"
    lines += _folded(title, _waiting(state), waiting, last=True)
    return lines


def _folded(title: str, rows: Sequence[Text], most: int, *, last: bool = False) -> list[Text]:
    """A title and as many rows as fit; what is left out is counted in the title."""
    shown = list(rows[-most:] if last else rows[:most]) if most else []
    more = len(rows) - len(shown)
    where = "last" if last else "first"
    left = f" ({where} {len(shown)})" if more and shown else ""
    return [Text(f"{title}{left}", "cyan"), *shown]


def _served(moment: Moment) -> Text:
    one = moment.serving
    if one is None:
        return Text(f"not served; insert it with: euicc-sim serve {moment.directory}", "yellow")
    return Text.assemble(("served ", "green"), printable(one.text), f", process {one.process}")


def _eims(state: State) -> list[Text]:
    return [
        Text.assemble(
            f"  {printable(one.eim_id)}  ",
            (f"counter {one.counter}", "red" if one.counter > MAX_COUNTER * 0.9 else "bold"),
            f"  token {'-' if one.token is None else one.token}  {one.key.form.value}",
        )
        for one in state.eims
    ]


def _profiles(state: State) -> list[Text]:
    return [_profile(one, state) for one in sorted(state.profiles, key=lambda one: not one.enabled)]


def _profile(one: Profile, state: State) -> Text:
    marks = [
        *(["fallback"] if state.fallback_profile == one.iccid else []),
        *(["emergency"] if one.ecall else []),
    ]
    return Text.assemble(
        f"  {iccid_digits(one.iccid)} ",
        ("enabled " if one.enabled else "disabled", "green" if one.enabled else "dim"),
        f" {printable(one.nickname or one.name)} {' '.join(marks)}".rstrip(),
    )


def _waiting(state: State) -> list[Text]:
    rows = [(one.seq_number, f"result for {one.eim_id}") for one in state.results]
    for note in state.notifications:
        event = ", ".join(ProfileEvent(bit).name.lower() for bit in sorted(note.events))
        iccid = iccid_digits(note.iccid) if note.iccid else ""
        rows.append((note.seq_number, f"{event or 'load result'} {iccid} for {note.address}"))
    return [Text(f"  {number} {printable(what)}") for number, what in sorted(rows)]


def _events(entries: Sequence[Entry], looking: Looking, room: int) -> tuple[list[Text], int, int]:
    """The events on the screen, how many there are, and how many come before the first."""
    wanted = [
        one for one in entries if one.process is None and (one.refused or not looking.refusals_only)
    ]
    looking.back = min(looking.back, max(0, len(wanted) - room))
    end = len(wanted) - looking.back
    first = max(0, end - room)
    return [_event(one) for one in wanted[first:end]], len(wanted), first


def _event(one: Entry) -> Text:
    style = "red" if one.refused else "yellow" if one.warning else ""
    said = printable(one.text + count_of(one.times, one.since))
    return Text.assemble((f"{clock_time(one.at)} ", "dim"), (said, style))
