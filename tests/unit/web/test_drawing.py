"""What the page draws: trees with their bytes, and Mermaid's text."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("nicegui", reason="the page needs the extra web")

from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from euicc_sim.asn1.tree import readings
from euicc_sim.asn1.wire import NEWEST
from euicc_sim.stories.sequence import Sequence
from euicc_sim.web.trees import hexadecimal, spans
from euicc_sim.web.world_view import escaped, mermaid

TYPE = {"GetEuiccDataResponse": NEWEST.types["GetEuiccDataResponse"]}
GET_EID_ANSWER = hx("BF3E 12 5A10 89049032123451234512345678901235")


def test_each_object_of_a_tree_has_its_bytes() -> None:
    (tree,) = readings(
        {"GetEuiccDataResponse": NEWEST.types["GetEuiccDataResponse"]}, GET_EID_ANSWER
    )
    assert list(spans(tree.lines, GET_EID_ANSWER)) == [(0, 21), (3, 21)]


@given(st.binary(max_size=60))
def test_spans_of_any_bytes_are_inside_them(data: bytes) -> None:
    (tree,) = readings(
        {"GetEuiccDataResponse": NEWEST.types["GetEuiccDataResponse"]}, GET_EID_ANSWER
    )
    for start, end in spans(tree.lines, data):
        assert 0 <= start <= end <= len(data)


def test_bytes_are_grouped_from_the_left() -> None:
    assert hexadecimal(hx("BF3E03")) == "BF3E 03"


@given(st.text(max_size=30))
def test_no_text_means_anything_to_mermaid(text: str) -> None:
    shown = escaped(text)
    assert re.fullmatch(r"(?:[A-Za-z0-9 \-.,+/()]|#\d+;)+", shown)
    back = re.sub(r"#(\d+);", lambda one: chr(int(one[1])), shown)
    assert back == (text or " ")


def test_a_picture_is_a_numbered_diagram() -> None:
    picture = Sequence(["eIM 1", "card"])
    picture.chapter("At the factory")
    picture.say("eIM 1", "card", "add: me")
    picture.say("card", "eIM 1", "no", refused=True)
    assert mermaid(picture).splitlines() == [
        "sequenceDiagram",
        "autonumber",
        "participant p0 as eIM 1",
        "participant p1 as card",
        "Note over p0,p1: At the factory",
        "p0->>p1: add#58; me",
        "p1--xp0: no",
    ]
