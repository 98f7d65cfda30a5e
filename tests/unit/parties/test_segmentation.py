"""How an LPA cuts a Bound Profile Package: clause 2.5.5, and bytes that are none."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bpp import A0, A1, A2, A3, BF23, MANY, PACKAGE, by_clause, package
from support.hexes import hx

from apdu.tlv import tlv
from euicc_sim.parties.lpa.profile_download import SegmentationError, segments


@pytest.mark.parametrize("raw", [PACKAGE, MANY], ids=["vectors", "many parts"])
def test_a_package_is_cut_as_the_clause_says(raw: bytes) -> None:
    assert segments(raw) == list(by_clause(raw))


@pytest.mark.parametrize("raw", [PACKAGE, MANY], ids=["vectors", "many parts"])
def test_nothing_is_lost_or_added(raw: bytes) -> None:
    assert b"".join(segments(raw)) == raw


def test_the_heads_of_87_come_with_their_first_and_the_others_alone() -> None:
    whole = package(BF23, A0, A1, A2, A3)
    assert segments(whole) == [
        whole[: whole.index(A0)],
        A0,
        A1[:2],
        A1[2:],
        A2,
        A3[:2],
        A3[2:],
    ]


def test_a_second_87_is_a_request_of_its_own() -> None:
    one = tlv(0x87, bytes(24))
    found = segments(package(BF23, tlv(0xA0, one, one), A1, A3))
    assert found[1:3] == [tlv(0xA0, one, one)[: 2 + len(one)], one]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        hx("BF3600"),
        hx("BF3700"),
        PACKAGE[:-1],
        PACKAGE + b"\0",
        package(A0),
        package(BF23, tlv(0xA4, bytes(2))),
        package(BF23, tlv(0xA0)),
        package(BF23, tlv(0xA1, b"\x88")),
        tlv(0xBF37, BF23, A0, A1, A3),
    ],
    ids=["nothing", "empty", "other", "cut", "more", "no BF23", "A4", "no 87", "cut 88", "BF37"],
)
def test_what_is_no_package_is_not_cut(raw: bytes) -> None:
    with pytest.raises(SegmentationError):
        segments(raw)


@given(st.binary(max_size=60))
def test_any_bytes_are_cut_or_refused(data: bytes) -> None:
    raw = tlv(0xBF36, BF23, data)
    with contextlib.suppress(SegmentationError):
        assert b"".join(segments(raw)) == raw
