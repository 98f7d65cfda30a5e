"""The picture of a sequence: SVG that any reader of XML takes."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from euicc_sim.stories.sequence import LETTER, Sequence

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


def test_a_label_is_cut_to_the_room_between_the_lanes() -> None:
    picture = Sequence(["a", "b", "c"])
    picture.say("a", "b", "x" * 500)
    picture.say("a", "c", "x" * 500)
    near, far = texts(drawn(picture))[-2:]
    assert near.endswith("…")
    assert len(far) > len(near)
    (first, second) = arrows(drawn(picture))
    assert len(near) * LETTER <= int(first["x2"]) - int(first["x1"])
    assert len(far) * LETTER <= int(second["x2"]) - int(second["x1"])


def test_what_xml_would_take_for_markup_is_text() -> None:
    picture = Sequence(["<a>", "b"])
    picture.say("<a>", "b", "1 < 2 & 3")
    assert texts(drawn(picture, "</svg>")) == ["</svg>", "<a>", "b", "1 < 2 & 3"]


def test_a_party_that_is_not_there_cannot_speak() -> None:
    with pytest.raises(KeyError, match="c"):
        Sequence(["a", "b"]).say("a", "c", "hello")
