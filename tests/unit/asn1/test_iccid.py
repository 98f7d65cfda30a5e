"""ICCIDs: digits in printed order, 10 bytes on the wire (ITU-T E.118, EF.ICCID)."""

from __future__ import annotations

import pytest
from support.hexes import hx

from euicc_sim.asn1.iccid import iccid_digits, iccid_from

READ = [
    ("897000000000008364", "980700000000003846FF"),
    ("8970000000000083649", "980700000000003846F9"),
    ("89700000000000836491", "98070000000000384619"),
]


@pytest.mark.parametrize(("digits", "raw"), READ, ids=[str(len(one)) for one, _ in READ])
def test_18_to_20_digits_are_an_iccid(digits: str, raw: str) -> None:
    assert iccid_from(digits) == hx(raw)
    assert iccid_digits(hx(raw)) == digits


@pytest.mark.parametrize("filled", ["897000000000008364F", "897000000000008364FF"])
@pytest.mark.parametrize("spelt", [str.upper, str.lower])
def test_the_filler_may_be_written(filled: str, spelt: type[str]) -> None:
    assert iccid_from(spelt(filled)) == hx("980700000000003846FF")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8970000000000083",
        "89700000000000836",
        "89700000000000836FFF",
        "897000000000008364FFF",
        "897000000000008364912",
        "8970000000000083649FF",
        "89700000000000836491F",
        "8970000000000F8364FF",
        "89700000000000836A",
        "897000000000008364 ",
        "897000000000008364\n",
        "８９70000000000083649",
        "89٠0000000000083649",
        "FFFFFFFFFFFFFFFFFFFF",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ICCID"):
        iccid_from(text)
