"""A sequence diagram of a chapter, as SVG.

    Path("told.svg").write_text(svg("A title", parties, chapter))

Lanes are as far apart as the labels between them need, so that no label is cut. Steps and their
arrows have the numbers of the story. Knows no protocol. SVG is written by the standard library's
ElementTree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import NamedTuple
from xml.etree import ElementTree as ET

from euicc_sim.stories.arrows import Arrow
from euicc_sim.stories.diagram import COLOURS, REFUSED
from euicc_sim.stories.telling import Chapter, Step

LINE, HEAD, MARGIN = 26, 78, 30
NEAREST, PADDING = 110, 52
"""Between two lanes: the least, and what a label leaves free for its number and its arrow."""
LETTER, BOLD_LETTER, TITLE_LETTER = 6.8, 7.4, 10.0
"""The approximate widths of a letter in a label, in the heading of a step, and in the title."""
_SVG = "http://www.w3.org/2000/svg"
_STYLE = """
text { font: 12px sans-serif; fill: #222 }
.title { font: bold 16px sans-serif }
.party { font: bold 13px sans-serif; text-anchor: middle; fill: #fff }
.label { text-anchor: middle }
.number { font: bold 9px sans-serif; text-anchor: middle; fill: #fff }
.step { font: bold 12px sans-serif; fill: #555 }
.refused { fill: #b00020 }
line { stroke-width: 1.5 }
line.life { stroke: #bbb; stroke-width: 1 }
line.answer { stroke-dasharray: 5 3 }
rect.step { fill: #eef3f8; stroke: none }
"""


class _Row(NamedTuple):
    """A row of the picture: an arrow, or the heading of a step."""

    text: str
    number: str = ""
    arrow: Arrow | None = None


def svg(title: str, parties: Sequence[str], chapter: Chapter) -> str:
    """The picture of a chapter, an SVG document; parties that say and hear nothing are left out."""
    heard = {name for step in chapter.steps for one in step.arrows for name in _ends(one)}
    shown = [one for one in parties if one in heard]
    rows = list(_rows(chapter))
    lanes = _lanes(shown, [one.arrow for one in rows if one.arrow])
    colours = {name: COLOURS[parties.index(name) % len(COLOURS)] for name in shown}
    widest = [ceil(len(one.text) * BOLD_LETTER) for one in rows if one.arrow is None]
    needed = max([max(lanes.values(), default=0) + NEAREST // 2, *widest, _title_width(title)])
    width, height = needed + 2 * MARGIN, HEAD + LINE * (len(rows) + 1)
    size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
    root = ET.Element("svg", {"xmlns": _SVG, **size})
    ET.SubElement(root, "style").text = _STYLE
    _arrow_heads(root, [*colours.values(), REFUSED])
    ET.SubElement(root, "rect", width="100%", height="100%", fill="white")
    _text(root, MARGIN, 26, title, "title")
    for name, x in lanes.items():
        _line(root, (x, HEAD - 14), (x, height - MARGIN // 2), "life")
        wide = ceil(len(name) * 8 + 20)
        box = {"x": str(x - wide // 2), "y": str(HEAD - 38), "width": str(wide)}
        ET.SubElement(root, "rect", {**box, "height": "22", "rx": "4", "fill": colours[name]})
        _text(root, x, HEAD - 22, name, "party")
    for at, row in enumerate(rows, 1):
        if row.arrow is None:
            _draw_step(root, HEAD + LINE * at, width, row.text)
        else:
            _draw(root, HEAD + LINE * at, row.arrow, row.number, lanes, colours)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _rows(chapter: Chapter) -> Iterator[_Row]:
    for number, step in enumerate(chapter.steps, chapter.first):
        yield _Row(heading(number, step))
        for at, arrow in enumerate(step.arrows, 1):
            yield _Row(arrow.text, f"{number}.{at}", arrow)


def heading(number: int, step: Step) -> str:
    """The heading of a step; its outcome, where no arrow says it."""
    more = "" if step.arrows else f": {step.outcome}"
    return f"{number}. {step.title}{more}"


def _title_width(title: str) -> int:
    return ceil(len(title) * TITLE_LETTER)


def _ends(arrow: Arrow) -> tuple[str, str]:
    return arrow.source, arrow.target


def _lanes(parties: Sequence[str], arrows: Sequence[Arrow]) -> dict[str, int]:
    """Where each party stands: as far apart as the widest label between two needs."""
    order = {name: at for at, name in enumerate(parties)}
    gaps = [NEAREST] * max(len(order) - 1, 0)
    for arrow in sorted(arrows, key=lambda one: abs(_span(order, one))):
        first = min(order[arrow.source], order[arrow.target])
        over = range(first, first + abs(_span(order, arrow)))
        missing = ceil(len(arrow.text) * LETTER) + PADDING - sum(gaps[at] for at in over)
        for at in over:
            gaps[at] += max(0, ceil(missing / len(over)))
    x, found = MARGIN + NEAREST // 2, {}
    for at, name in enumerate(parties):
        found[name] = x
        x += gaps[at] if at < len(gaps) else 0
    return found


def _span(order: Mapping[str, int], arrow: Arrow) -> int:
    """How many lanes to the right a message goes."""
    return order[arrow.target] - order[arrow.source]


def _draw_step(root: ET.Element, y: int, width: int, text: str) -> None:
    box = {"x": str(MARGIN // 2), "y": str(y - 11), "height": str(LINE - 8)}
    ET.SubElement(root, "rect", {**box, "width": str(width - MARGIN), "class": "step"})
    _text(root, MARGIN, y + 2, text, "step")


def _draw(
    root: ET.Element,
    y: int,
    arrow: Arrow,
    number: str,
    lanes: Mapping[str, int],
    colours: Mapping[str, str],
) -> None:
    start, end = lanes[arrow.source], lanes[arrow.target]
    kind = " refused" * arrow.refused
    colour = REFUSED if arrow.refused else colours[arrow.source]
    line = _line(root, (start, y + 4), (end, y + 4), f"arrow{' answer' * arrow.is_answer}{kind}")
    line.set("marker-end", f"url(#{_head_of(colour)})")
    line.set("stroke", colour)
    wide = 6 * len(number) + 8
    pill = {"x": str(start - wide // 2), "y": str(y - 4), "width": str(wide), "height": "16"}
    ET.SubElement(root, "rect", {**pill, "rx": "8", "fill": colour})
    _text(root, start, y + 7, number, "number")
    _text(root, (start + end) // 2, y - 1, arrow.text, f"label{kind}")


def _head_of(colour: str) -> str:
    return f"head-{colour.removeprefix('#')}"


def _arrow_heads(root: ET.Element, colours: Sequence[str]) -> None:
    heads = ET.SubElement(root, "defs")
    shape = {"markerWidth": "8", "markerHeight": "8", "refX": "7", "refY": "4", "orient": "auto"}
    for colour in dict.fromkeys(colours):
        marker = ET.SubElement(heads, "marker", {"id": _head_of(colour), **shape})
        ET.SubElement(marker, "path", d="M0,0 L8,4 L0,8 z", fill=colour)


def _text(root: ET.Element, x: int, y: int, text: str, kind: str) -> None:
    ET.SubElement(root, "text", {"x": str(x), "y": str(y), "class": kind}).text = text


def _line(root: ET.Element, start: tuple[int, int], end: tuple[int, int], kind: str) -> ET.Element:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
    return ET.SubElement(root, "line", {**{k: str(v) for k, v in ends.items()}, "class": kind})
