"""A message on the page: a tree of named objects, with the bytes of each under the cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nicegui import ui

from apdu import TlvError
from apdu.tlv import read
from euicc_sim.asn1.tree import Line, Reading

MOST_LINES = 400
"""Lines of a tree that are shown."""
MOST_BYTES = 4096
"""Bytes that are shown in hexadecimal."""
Span = tuple[int, int]


def spans(lines: Sequence[Line], data: bytes) -> Iterator[Span]:
    """Where in the bytes each object is; nothing more from the first that is not found."""
    at = 0
    for number, line in enumerate(lines):
        try:
            found = read(data, at)
        except TlvError:
            return
        if found.tag != line.tag:
            return
        yield found.start, found.end
        following = lines[number + 1] if number + 1 < len(lines) else None
        at = found.value if following and following.depth > line.depth else found.end


def hexadecimal(data: bytes) -> str:
    """Bytes in groups of two, to be broken anywhere."""
    return data.hex(" ", -2).upper()


class Message:
    """One message: a title, its tree if it has one, and its bytes."""

    def __init__(self, title: str, data: bytes, tree: Reading | None) -> None:
        """Build it where NiceGUI is building."""
        self._data = data[:MOST_BYTES]
        with ui.column().classes("w-full gap-1"):
            ui.label(title).classes("text-subtitle2")
            if tree is not None:
                self._build_tree(tree)
            with ui.element("div").classes("font-mono text-xs bytes"):
                self._parts = [ui.label().classes("inline") for _ in range(3)]
            self._parts[1].classes("marked")
            self._mark(None)
            if len(data) > MOST_BYTES:
                ui.label(f"{len(data) - MOST_BYTES} more bytes are not shown.").classes("text-xs")

    def _build_tree(self, tree: Reading) -> None:
        lines = tree.lines[:MOST_LINES]
        places = list(spans(tree.lines, self._data))
        with ui.column().classes("w-full gap-0 tree"):
            for number, line in enumerate(lines):
                place = places[number] if number < len(places) else None
                row = ui.row(wrap=False).classes("w-full gap-2 items-baseline")
                row.style(f"padding-left: {line.depth * 0.9}rem")
                row.on("mouseenter", lambda place=place: self._mark(place))
                with row:
                    ui.label(line.name).classes("name")
                    if line.text:
                        ui.label(line.text)
                    elif not line.length:
                        ui.label("empty").classes("faint")
                    if line.flaw:
                        ui.label(line.flaw).classes("text-negative" if line.grave else "flaw")
            if more := len(tree.lines) - len(lines):
                ui.label(f"{more} more lines are not shown.").classes("faint")

    def _mark(self, place: Span | None) -> None:
        start, end = place or (0, 0)
        before, marked, after = self._data[:start], self._data[start:end], self._data[end:]
        for label, part in zip(self._parts, (before, marked, after), strict=True):
            label.set_text(hexadecimal(part) + (" " if part else ""))
