"""The picture of a chapter: SVG that any reader of XML takes."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from euicc_sim.stories.arrows import MOST_TEXT, Arrow, Arrows
from euicc_sim.stories.sequence import LETTER, svg
from euicc_sim.stories.telling import Chapter, Step, chapters

SVG = "{http://www.w3.org/2000/svg}"
PARTIES = ("a", "b", "c")


def told(*arrows: Arrow, first: int = 1) -> Chapter:
    """A chapter of one step."""
    return Chapter("A chapter", first, (Step("A step", "done", False, arrows=arrows),))


def drawn(*arrows: Arrow, first: int = 1, title: str = "A title") -> ET.Element:
    return ET.fromstring(svg(title, PARTIES, told(*arrows, first=first)))  # noqa: S314 our own


def texts(root: ET.Element, kind: str = "") -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text") if kind in one.get("class", "")]


def lines(root: ET.Element) -> list[dict[str, str]]:
    return [one.attrib for one in root.iter(f"{SVG}line") if "arrow" in one.get("class", "")]


def test_parties_that_speak_stand_from_left_to_right_under_the_title() -> None:
    assert texts(drawn(Arrow("c", "a", "hello")))[:3] == ["A title", "a", "c"]


def test_what_is_said_is_an_arrow_from_lane_to_lane_and_an_answer_comes_back_dashed() -> None:
    no = Arrow("b", "a", "no", refused=True, is_answer=True)
    there, back = lines(drawn(Arrow("a", "b", "hello"), no))
    assert (there["x1"], there["x2"]) == (back["x2"], back["x1"])
    assert int(there["x1"]) < int(there["x2"])
    assert int(there["y1"]) < int(back["y1"])
    assert back["class"].split() == ["arrow", "answer", "refused"]
    assert there["class"].split() == ["arrow"]


def test_a_step_has_its_number_and_its_arrows_count_from_it() -> None:
    root = drawn(Arrow("a", "b", "hello"), Arrow("b", "a", "yes"), first=7)
    assert texts(root, "step") == ["7. A step"]
    assert texts(root, "number") == ["7.1", "7.2"]


def test_a_step_without_arrows_says_its_outcome() -> None:
    assert texts(drawn(), "step") == ["1. A step: done"]


def test_lanes_are_so_far_apart_that_no_label_is_cut() -> None:
    root = drawn(Arrow("a", "b", "x" * 50), Arrow("c", "a", "y" * 150))
    for label, line in zip(texts(root, "label"), lines(root), strict=True):
        assert len(label) * LETTER <= abs(int(line["x2"]) - int(line["x1"]))


def test_the_picture_is_as_wide_as_its_longest_heading() -> None:
    assert int(drawn(Arrow("a", "b", "x"), title="t" * 200).get("width", "")) > 200 * 9


def test_each_party_has_a_colour_of_its_own() -> None:
    there, back = lines(drawn(Arrow("a", "b", "hello"), Arrow("b", "a", "yes")))
    assert there["stroke"] != back["stroke"]


def test_what_xml_would_take_for_markup_is_text() -> None:
    root = drawn(Arrow("a", "b", "1 < 2 & 3"), title="</svg>")
    assert {"</svg>", "1 < 2 & 3"} <= set(texts(root))


def test_steps_are_chapters_as_long_as_their_heading_is_the_same() -> None:
    steps = [Step(str(at), "", False, chapter=name) for at, name in enumerate("AABA")]
    assert [(one.title, one.first, len(one.steps)) for one in chapters(steps, 5)] == [
        ("A", 5, 2),
        ("B", 7, 1),
        ("A", 8, 1),
    ]


def test_arrows_are_taken_once_and_in_order() -> None:
    arrows = Arrows(PARTIES)
    arrows.say("a", "b", "hello")
    arrows.answer("b", "a", "yes")
    assert arrows.take() == (
        Arrow("a", "b", "hello"),
        Arrow("b", "a", "yes", is_answer=True),
    )
    assert arrows.take() == ()


def test_what_is_said_without_an_end_is_cut() -> None:
    arrows = Arrows(PARTIES)
    arrows.say("a", "b", "x" * 10_000)
    assert arrows.take()[0].text == "x" * MOST_TEXT


def test_a_party_that_is_not_there_cannot_speak() -> None:
    with pytest.raises(KeyError, match="d"):
        Arrows(PARTIES).say("a", "d", "hello")
