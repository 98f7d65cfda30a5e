"""A sequence diagram, as SVG.

    picture = Sequence(["eIM", "IPA", "card"])
    picture.say("IPA", "card", "GetEID")
    Path("told.svg").write_text(picture.svg("A title"))

Lanes are as far apart as the labels between them need, so that no label is cut. Messages are
numbered. Knows no protocol. SVG is written by the standard library's ElementTree.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Row
from math import ceil
from typing import NamedTuple
from xml.etree import ElementTree as ET

LINE, HEAD, MARGIN = 24, 78, 30
NEAREST, PADDING = 110, 44
"""Between two lanes: the least, and what a label leaves free for its number and its arrow."""
LETTER = 6.8
"""The approximate width of a letter in a label."""
MAX_LABEL = 160
"""Letters of a label; a longer one has lost its end when it was said."""
_COLOURS = ("#1f5a92", "#7a4a00", "#8b2f6b", "#2f6f3a", "#5b3fa0", "#0b6e75", "#8a3b12")
_SVG = "http://www.w3.org/2000/svg"
_STYLE = """
text { font: 12px sans-serif; fill: #222 }
.title { font: bold 16px sans-serif }
.party { font: bold 13px sans-serif; text-anchor: middle; fill: #fff }
.label { text-anchor: middle }
.number { font: bold 9px sans-serif; text-anchor: middle; fill: #fff }
.chapter { font: bold 12px sans-serif; fill: #555 }
.refused { fill: #b00 }
line { stroke-width: 1.3 }
line.life { stroke: #bbb; stroke-dasharray: 3 3 }
rect.chapter { fill: #eef3f8; stroke: none }
"""
_REFUSED = "#b00000"


class Said(NamedTuple):
    """A message between two parties, or, without them, the heading of a chapter."""

    source: str
    target: str
    text: str
    refused: bool


class Sequence:
    """Parties from left to right, messages between them from the top down."""

    def __init__(self, parties: Row[str]) -> None:
        self._parties = list(parties)
        self._rows: list[Said] = []

    def say(self, source: str, target: str, text: str, *, refused: bool = False) -> None:
        """An arrow; KeyError for an unknown party."""
        for one in (source, target):
            if one not in self._parties:
                raise KeyError(one)
        self._rows.append(Said(source, target, text[:MAX_LABEL], refused))

    def chapter(self, text: str) -> None:
        """A heading over all lanes."""
        self._rows.append(Said("", "", text, False))

    @property
    def parties(self) -> list[str]:
        """The parties, from left to right."""
        return list(self._parties)

    @property
    def rows(self) -> list[Said]:
        """The messages and chapters so far, from the top down."""
        return list(self._rows)

    def svg(self, title: str) -> str:
        """The whole picture, an SVG document."""
        lanes = self._lanes()
        colours = {name: _COLOURS[at % len(_COLOURS)] for at, name in enumerate(lanes)}
        width = max(lanes.values(), default=0) + NEAREST // 2 + MARGIN
        height = HEAD + LINE * (len(self._rows) + 2)
        size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
        root = ET.Element("svg", {"xmlns": _SVG, **size})
        ET.SubElement(root, "style").text = _STYLE
        _arrow_head(root)
        ET.SubElement(root, "rect", width="100%", height="100%", fill="white")
        _text(root, MARGIN, 26, title, "title")
        for name, x in lanes.items():
            _line(root, (x, HEAD - 14), (x, height - MARGIN // 2), "life")
            wide = ceil(len(name) * 8 + 20)
            box = {"x": str(x - wide // 2), "y": str(HEAD - 38), "width": str(wide)}
            ET.SubElement(root, "rect", {**box, "height": "22", "rx": "4", "fill": colours[name]})
            _text(root, x, HEAD - 22, name, "party")
        number = 0
        for at, row in enumerate(self._rows, 1):
            number += bool(row.source)
            _draw(root, HEAD + LINE * at, width, row, number, lanes, colours)
        ET.indent(root)
        return ET.tostring(root, encoding="unicode") + "\n"

    def _lanes(self) -> dict[str, int]:
        """Where each party stands: as far apart as the widest label between two needs."""
        order = {name: at for at, name in enumerate(self._parties)}
        gaps = [NEAREST] * max(len(order) - 1, 0)
        for said in sorted(self._messages(), key=lambda one: abs(_span(order, one))):
            first = min(order[said.source], order[said.target])
            over = range(first, first + abs(_span(order, said)))
            missing = ceil(len(said.text) * LETTER) + PADDING - sum(gaps[at] for at in over)
            for at in over:
                gaps[at] += max(0, ceil(missing / len(over)))
        x, found = MARGIN + NEAREST // 2, {}
        for at, name in enumerate(self._parties):
            found[name] = x
            x += gaps[at] if at < len(gaps) else 0
        return found

    def _messages(self) -> list[Said]:
        return [one for one in self._rows if one.source and one.source != one.target]


def _span(order: Mapping[str, int], said: Said) -> int:
    """How many lanes to the right a message goes."""
    return order[said.target] - order[said.source]


def _draw(
    root: ET.Element,
    y: int,
    width: int,
    row: Said,
    number: int,
    lanes: Mapping[str, int],
    colours: Mapping[str, str],
) -> None:
    if not row.source:
        box = {"x": str(MARGIN // 2), "y": str(y - 13), "height": str(LINE - 4)}
        ET.SubElement(root, "rect", {**box, "width": str(width - MARGIN), "class": "chapter"})
        _text(root, MARGIN, y, row.text, "chapter")
        return
    start, end = lanes[row.source], lanes[row.target]
    kind = " refused" if row.refused else ""
    colour = _REFUSED if row.refused else colours[row.source]
    arrow = _line(root, (start, y + 4), (end, y + 4), f"arrow{kind}")
    arrow.set("marker-end", "url(#arrow)")
    arrow.set("stroke", colour)
    ET.SubElement(root, "circle", cx=str(start), cy=str(y + 4), r="8", fill=colour)
    _text(root, start, y + 7, str(number), "number")
    _text(root, (start + end) // 2, y, row.text, f"label{kind}")


def _arrow_head(root: ET.Element) -> None:
    shape = {"id": "arrow", "markerWidth": "8", "markerHeight": "8", "refX": "7", "refY": "4"}
    marker = ET.SubElement(ET.SubElement(root, "defs"), "marker", {**shape, "orient": "auto"})
    ET.SubElement(marker, "path", d="M0,0 L8,4 L0,8 z", fill="#222")


def _text(root: ET.Element, x: int, y: int, text: str, kind: str) -> None:
    ET.SubElement(root, "text", {"x": str(x), "y": str(y), "class": kind}).text = text


def _line(root: ET.Element, start: tuple[int, int], end: tuple[int, int], kind: str) -> ET.Element:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
    return ET.SubElement(root, "line", {**{k: str(v) for k, v in ends.items()}, "class": kind})
