"""A sequence diagram, as SVG.

    picture = Sequence(["eIM", "IPA", "card"])
    picture.say("IPA", "card", "GetEID")
    Path("told.svg").write_text(picture.svg("A title"))

Knows no protocol. SVG is written by the standard library's ElementTree.
"""

from __future__ import annotations

from collections.abc import Sequence as Row
from typing import NamedTuple
from xml.etree import ElementTree as ET

LANE, LINE, HEAD, MARGIN = 240, 22, 78, 30
LETTER = 6.5
"""The approximate width of a letter in a label."""
_SVG = "http://www.w3.org/2000/svg"
_STYLE = """
text { font: 12px sans-serif; fill: #222 }
.title { font: bold 16px sans-serif }
.party { font: bold 13px sans-serif; text-anchor: middle }
.label { text-anchor: middle }
.chapter { font: bold 12px sans-serif; fill: #555 }
.refused { fill: #b00 }
line { stroke: #222 }
line.life { stroke: #bbb; stroke-dasharray: 3 3 }
line.refused { stroke: #b00 }
rect.chapter { fill: #eef3f8; stroke: none }
"""


class Said(NamedTuple):
    """A message between two parties, or, without them, the heading of a chapter."""

    source: str
    target: str
    text: str
    refused: bool


class Sequence:
    """Parties from left to right, messages between them from the top down."""

    def __init__(self, parties: Row[str]) -> None:
        self._lanes = {name: MARGIN + LANE // 2 + LANE * at for at, name in enumerate(parties)}
        self._rows: list[Said] = []

    def say(self, source: str, target: str, text: str, *, refused: bool = False) -> None:
        """An arrow; KeyError for an unknown party."""
        if source not in self._lanes or target not in self._lanes:
            raise KeyError(source if source not in self._lanes else target)
        self._rows.append(Said(source, target, text, refused))

    def chapter(self, text: str) -> None:
        """A heading over all lanes."""
        self._rows.append(Said("", "", text, False))

    @property
    def parties(self) -> list[str]:
        """The parties, from left to right."""
        return list(self._lanes)

    @property
    def rows(self) -> list[Said]:
        """The messages and chapters so far, from the top down."""
        return list(self._rows)

    def svg(self, title: str) -> str:
        """The whole picture, an SVG document."""
        width = 2 * MARGIN + LANE * len(self._lanes)
        height = HEAD + LINE * (len(self._rows) + 2)
        size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
        root = ET.Element("svg", {"xmlns": _SVG, **size})
        ET.SubElement(root, "style").text = _STYLE
        _arrow_head(root)
        ET.SubElement(root, "rect", width="100%", height="100%", fill="white")
        _text(root, MARGIN, 26, title, "title")
        for name, x in self._lanes.items():
            _line(root, (x, HEAD - 14), (x, height - MARGIN // 2), "life")
            _text(root, x, HEAD - 22, name, "party")
        for number, row in enumerate(self._rows):
            self._draw(root, HEAD + LINE * (number + 1), width, *row)
        ET.indent(root)
        return ET.tostring(root, encoding="unicode") + "\n"

    def _draw(
        self, root: ET.Element, y: int, width: int, source: str, target: str, text: str, no: bool
    ) -> None:
        if not source:
            box = {"x": str(MARGIN // 2), "y": str(y - 13), "height": str(LINE - 4)}
            ET.SubElement(root, "rect", {**box, "width": str(width - MARGIN), "class": "chapter"})
            _text(root, MARGIN, y, text, "chapter")
            return
        kind = " refused" if no else ""
        start, end = self._lanes[source], self._lanes[target]
        room = int(abs(end - start) / LETTER)
        shown = text if len(text) <= room else f"{text[: room - 1]}…"
        arrow = _line(root, (start, y + 4), (end, y + 4), f"arrow{kind}")
        arrow.set("marker-end", "url(#arrow)")
        _text(root, (start + end) // 2, y, shown, f"label{kind}")


def _arrow_head(root: ET.Element) -> None:
    shape = {"id": "arrow", "markerWidth": "8", "markerHeight": "8", "refX": "7", "refY": "4"}
    marker = ET.SubElement(ET.SubElement(root, "defs"), "marker", {**shape, "orient": "auto"})
    ET.SubElement(marker, "path", d="M0,0 L8,4 L0,8 z", fill="#222")


def _text(root: ET.Element, x: int, y: int, text: str, kind: str) -> None:
    ET.SubElement(root, "text", {"x": str(x), "y": str(y), "class": kind}).text = text


def _line(root: ET.Element, start: tuple[int, int], end: tuple[int, int], kind: str) -> ET.Element:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
    return ET.SubElement(root, "line", {**{k: str(v) for k, v in ends.items()}, "class": kind})
