"""What `euicc-sim watch` shows: one card at one moment, as a Rich screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.cli.card_tables import download_under_way, eims_table, switches_on
from euicc_sim.cli.console import columns, facts, printable
from euicc_sim.cli.log_lines import clock_time, count_of
from euicc_sim.cli.profile_tables import kept_profiles
from euicc_sim.model.profile import ProfileEvent
from euicc_sim.model.state import State
from euicc_sim.tracing.journal import Entry
from euicc_sim.views.moment import Moment

MIN_FUNCTIONS = 3
"""Functions that are shown however low the screen is."""

_WAITING = ("number", "waiting", "for", "ICCID")


def screen(moment: Moment, functions: int) -> RenderableType:
    """All of a card, with so many of the last functions below."""
    state = moment.state
    parts: list[RenderableType] = [_head(moment)]
    if moment.trouble:
        parts.append(Text(moment.trouble, "red"))
    parts.append(eims_table(state))
    parts.append(kept_profiles(state) if state.profiles else "no Profiles")
    if state.results or state.notifications:
        parts.append(_waiting(state))
    parts.append(_functions(moment.entries, functions))
    return Group(*parts)


def _head(moment: Moment) -> Table:
    state, identity = moment.state, moment.identity
    rows = {
        "EID": f"{identity.eid} ({identity.card_type.value}, {moment.directory})",
        "served": _served(moment),
        "last changed": clock_time(moment.changed),
        "download": download_under_way(state) or "none in progress",
        "memory": f"{state.free_memory(identity.limits)} of {identity.limits.memory} bytes free",
        "switches": ", ".join(switches_on(state.switches)),
        "waiting": (
            f"{len(state.results)} package results, {len(state.notifications)} notifications"
        ),
    }
    return facts({name: value for name, value in rows.items() if value})


def _served(moment: Moment) -> str:
    one = moment.serving
    if one is None:
        return f"no; insert it with: euicc-sim serve --card {moment.directory}"
    return f"by process {one.process}, {one.text}, at {clock_time(one.at)}"


def _waiting(state: State) -> Table:
    rows = [(one.seq_number, "package result", one.eim_id, "") for one in state.results]
    for one in state.notifications:
        event = ", ".join(ProfileEvent(bit).name.lower() for bit in sorted(one.events))
        iccid = iccid_digits(one.iccid) if one.iccid else ""
        rows.append((one.seq_number, event or "load result", one.address, iccid))
    return columns(
        _WAITING, ((str(number), *rest) for number, *rest in sorted(rows)), {"number", "ICCID"}
    )


def _functions(entries: Sequence[Entry], most: int) -> RenderableType:
    last = [one for one in entries if one.process is None][-max(most, MIN_FUNCTIONS) :]
    if not last:
        return "no function has been called yet"
    table = Table.grid(padding=(0, 1))
    for one in last:
        style = "red" if one.refused else ""
        table.add_row(
            Text(clock_time(one.at), "dim"),
            Text(printable(one.text + count_of(one.times, one.since)), style),
        )
    return table
