"""The view of a conversation: a line for each command, and its messages beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nicegui import events, ui

from euicc_sim.asn1.tree import Reading
from euicc_sim.tracing.conversation import Es10, Exchange
from euicc_sim.web.live import Line, Lines
from euicc_sim.web.trees import Message, hexadecimal

MOST_ROWS = 500
"""Lines of the table: the newest."""
MOST_TPDUS = 40
"""Commands of one exchange that are shown in hexadecimal."""

_ALL = "all"
_INTO_VIEW = """if (window.innerWidth < 1000)
getElement({id}).$el.scrollIntoView({{block: 'nearest', behavior: 'smooth'}})"""
_COLOURED = """<q-td :props="props" :class="props.row.refused ? 'text-negative' : ''">
{{ props.value }}</q-td>"""
"""A cell whose text Vue escapes."""
_COLUMNS = [
    {"name": name, "label": label, "field": name, "align": "left", "classes": classes}
    for name, label, classes in (
        ("at", "time", "text-no-wrap"),
        ("channel", "ch", "text-no-wrap"),
        ("name", "function", "name"),
        ("outcome", "outcome", "text-no-wrap"),
        ("why", "what the card said", "why"),
    )
]


class ConversationView:
    """Shows lines, newest first, as filters say."""

    def __init__(self) -> None:
        """Build it where NiceGUI is building."""
        self._mark: object = None
        self._lines: Lines | None = None
        self._functions: list[str] = []
        with ui.row().classes("w-full items-center gap-4"):
            self._refused = ui.switch("refusals only").mark("refusals-only")
            self._function = ui.select([_ALL], value=_ALL, label="function").classes("w-56")
            self._channel = ui.select([_ALL], value=_ALL, label="channel").classes("w-28")
            self._count = ui.label().classes("faint")
        with ui.element("div").classes("side-by-side w-full"):
            self._table = ui.table(rows=[], columns=_COLUMNS, row_key="number", pagination=0)
            self._table.classes("conversation").props("dense flat bordered wrap-cells")
            self._table.props("hide-bottom virtual-scroll")
            for name in ("outcome", "why"):
                self._table.add_slot(f"body-cell-{name}", _COLOURED)
            self._table.on("rowClick", self._clicked)
            self._detail = ui.card().classes("detail").props("flat bordered")
        with self._detail:
            ui.label("Click a line to see its messages.").classes("faint")

    def update(self, lines: Lines) -> None:
        """Show these lines."""
        filters = (self._refused.value, self._function.value, self._channel.value)
        mark = (id(lines), lines.last, filters)
        if mark == self._mark:
            return
        self._mark, self._lines = mark, lines
        self._offer(lines)
        found = [one for one in lines.kept if self._is_wanted(one)]
        rows = [_row(one) for one in reversed(found[-MOST_ROWS:])]
        self._table.rows = rows
        self._count.set_text(f"{len(found)} of {len(lines.kept)} lines")

    def _offer(self, lines: Lines) -> None:
        names = sorted({one.name for one in lines.kept})
        if names != self._functions:
            self._functions = names
            self._function.set_options([_ALL, *names])
            channels = sorted({one.channel or "0" for one in lines.kept}, key=int)
            self._channel.set_options([_ALL, *channels])

    def _is_wanted(self, line: Line) -> bool:
        return (
            (not self._refused.value or line.refused)
            and self._function.value in (_ALL, line.name)
            and self._channel.value in (_ALL, line.channel or "0")
        )

    def _clicked(self, event: events.GenericEventArguments) -> None:
        number = event.args[1].get("number") if isinstance(event.args[1], dict) else None
        kept = self._lines.kept if self._lines else ()
        line = next((one for one in kept if one.number == number), None)
        if line is not None:
            self._detail.clear()
            with self._detail:
                show_line(line)
            ui.run_javascript(_INTO_VIEW.format(id=self._detail.id))


def show_line(line: Line) -> None:
    """All of a line: what the card said, both messages, and the commands they came in."""
    with ui.row().classes("w-full items-baseline gap-3"):
        ui.label(line.name).classes("text-h6")
        ui.label(line.about).classes("break-all faint")
        ui.label(line.outcome).classes("text-negative" if line.refused else "text-positive")
    for reason in line.reasons:
        ui.label(reason.text).classes("text-negative" if reason.refused else "")
    item = line.item
    if not isinstance(item, Exchange):
        return
    asked, answered = _trees(line)
    if isinstance(item, Es10):
        Message("request", item.request, asked)
    if item.answer:
        Message("response", item.answer, answered)
    with ui.expansion(f"as it went over the line ({len(item.tpdus)})").classes("w-full"):
        for part in item.tpdus[:MOST_TPDUS]:
            ui.label(f"> {hexadecimal(part.command)}").classes("font-mono text-xs")
            ui.label(f"< {hexadecimal(part.answer)}").classes("font-mono text-xs")


def _trees(line: Line) -> tuple[Reading | None, Reading | None]:
    """The trees of request and response, of which either may be missing."""
    found = list(line.shown.trees) if line.shown else []
    item = line.item
    asked = None
    if isinstance(item, Es10) and not item.is_package_piece and found:
        asked = found.pop(0)
    return asked, found[0] if found else None


def _row(line: Line) -> dict[str, Any]:
    at = datetime.fromtimestamp(line.at).astimezone().strftime("%H:%M:%S.%f")[:-3]
    return {
        "number": line.number,
        "at": at,
        "channel": line.channel,
        "name": line.name if line.why else f"{line.name} {line.about}".strip(),
        "outcome": line.outcome,
        "why": line.why,
        "refused": line.refused,
    }
