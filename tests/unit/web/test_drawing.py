"""What the page draws: trees with their bytes."""

from __future__ import annotations

import pytest

pytest.importorskip("nicegui", reason="the page needs the extra web")

from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from euicc_sim.asn1.tree import readings
from euicc_sim.asn1.wire import NEWEST
from euicc_sim.web.trees import hexadecimal, spans

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
