"""The picture of a sequence: SVG that any reader of XML takes."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from euicc_sim.stories.sequence import LETTER, MAX_LABEL, Sequence

SVG = "{http://www.w3.org/2000/svg}"


def drawn(picture: Sequence, title: str = "A title") -> ET.Element:
    return ET.fromstring(picture.svg(title))  # noqa: S314 our own picture


def texts(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def arrows(root: ET.Element) -> list[dict[str, str]]:
    return [one.attrib for one in root.iter(f"{SVG}line") if "arrow" in one.get("class", "")]


def test_parties_stand_from_left_to_right_under_the_title() -> None:
    assert texts(drawn(Sequence(["a", "b"])))[:3] == ["A title", "a", "b"]


def test_what_is_said_is_an_arrow_from_lane_to_lane() -> None:
    picture = Sequence(["a", "b"])
    picture.say("a", "b", "hello")
    picture.say("b", "a", "no", refused=True)
    there, back = arrows(drawn(picture))
    assert (there["x1"], there["x2"]) == (back["x2"], back["x1"])
    assert int(there["x1"]) < int(there["x2"])
    assert int(there["y1"]) < int(back["y1"])
    assert "refused" in back["class"]
    assert "refused" not in there["class"]


def test_a_chapter_is_a_heading_and_no_arrow() -> None:
    picture = Sequence(["a", "b"])
    picture.chapter("First")
    assert "First" in texts(drawn(picture))
    assert arrows(drawn(picture)) == []


def test_lanes_are_so_far_apart_that_no_label_is_cut() -> None:
    picture = Sequence(["a", "b", "c"])
    picture.say("a", "b", "x" * 50)
    picture.say("c", "a", "y" * 150)
    root = drawn(picture)
    assert {"x" * 50, "y" * 150} <= set(texts(root))
    for label, arrow in zip(("x" * 50, "y" * 150), arrows(root), strict=True):
        assert len(label) * LETTER <= abs(int(arrow["x2"]) - int(arrow["x1"]))


def test_what_is_said_without_an_end_is_cut() -> None:
    picture = Sequence(["a", "b"])
    picture.say("a", "b", "x" * 10_000)
    assert picture.rows[0].text == "x" * MAX_LABEL


def test_messages_are_numbered_and_chapters_are_not() -> None:
    picture = Sequence(["a", "b"])
    picture.chapter("First")
    picture.say("a", "b", "hello")
    picture.say("b", "a", "yes")
    found = [one.text for one in drawn(picture).iter(f"{SVG}text") if one.get("class") == "number"]
    assert found == ["1", "2"]


def test_each_party_has_a_colour_of_its_own() -> None:
    picture = Sequence(["a", "b"])
    picture.say("a", "b", "hello")
    picture.say("b", "a", "yes")
    there, back = arrows(drawn(picture))
    assert there["stroke"] != back["stroke"]


def test_what_xml_would_take_for_markup_is_text() -> None:
    picture = Sequence(["<a>", "b"])
    picture.say("<a>", "b", "1 < 2 & 3")
    assert texts(drawn(picture, "</svg>")) == ["</svg>", "<a>", "b", "1", "1 < 2 & 3"]


def test_a_party_that_is_not_there_cannot_speak() -> None:
    with pytest.raises(KeyError, match="c"):
        Sequence(["a", "b"]).say("a", "c", "hello")
