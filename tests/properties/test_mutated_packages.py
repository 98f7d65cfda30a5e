"""Packages and configurations with bytes changed: nothing is believed that was not signed so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.examples import relaxed
from support.fresh import fresh_card
from support.hexes import hx
from support.packages import (
    MAX_COUNTER,
    add_initial_eim,
    config,
    der,
    key,
    result_of,
    signed,
    signed_part,
)

from euicc_sim import Card

A, B, C = "eim1.example.com", "eim2.example.com", "eim3.example.com"
NUMBERS = count()
PARTS = {
    "eCOs": signed_part(
        A,
        6,
        [
            ("addEim", config(C, counterValue=3, associationToken=-1, key=key(3))),
            ("updateEim", config(B, counterValue=9, eimFqdn="b.example")),
            ("listEim", {}),
            ("deleteEim", {"eimId": B}),
        ],
        transaction=bytes(8),
    ),
    "PSMOs": signed_part(
        A,
        6,
        [
            ("configureImmediateEnable", {"immediateEnableFlag": 0, "defaultSmdpOid": (2, 999)}),
            ("setDefaultDpAddress", {"defaultDpAddress": "dp.example"}),
            ("listProfileInfo", {}),
            ("enable", {"iccid": bytes(10)}),
        ],
        kind="psmoList",
    ),
}

Edit = tuple[str, int, bytes]
edits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "flip", "set", "insert", "delete", "cut", "double"]),
        st.integers(0, 0xFFFF),
        st.one_of(
            st.binary(min_size=1, max_size=4),
            st.sampled_from([b"\x00", b"\x80", b"\xff", b"\x7f", b"\x81\x00", b"\x30\x80"]),
        ),
    ),
    min_size=1,
    max_size=4,
)

ANSWERED = (0x9000, 0x6A80, 0x6A88, 0x6985)
"""6985 is for what has become a piece of a Bound Profile Package."""


def mutated(data: bytes, edits: list[Edit]) -> bytes:
    """The bytes with each edit done at its place."""
    for kind, place, new in edits:
        at = place % (len(data) + 1)
        rest = data[at:]
        match kind:
            case "flip":
                rest = bytes(a ^ b for a, b in zip(rest[:1], new[:1], strict=False)) + rest[1:]
            case "set":
                rest = new[: len(rest)] + rest[len(new) :]
            case "insert":
                rest = new + rest
            case "delete":
                rest = rest[len(new) :]
            case "cut":
                rest = b""
            case "double":
                rest = rest[: new[0]] + rest
        data = data[:at] + rest
    return data


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, pki_folder: Path) -> Path:
    """A card that trusts A and B, to copy."""
    directory = tmp_path_factory.mktemp("mutated") / "card"
    with Card.open(fresh_card(directory, pki_folder), fsync=False) as card:
        card.transmit(SELECT_ISDR)
        es10(
            card.transmit,
            add_initial_eim(
                config(A, counterValue=5, key=key(1)),
                config(B, counterValue=5, key=key(2), associationToken=-1),
            ),
        )
    return directory


@contextmanager
def _copy(template: Path) -> Iterator[Card]:
    directory = template.with_name(f"copy{next(NUMBERS)}")
    shutil.copytree(template, directory)
    try:
        with Card.open(directory, fsync=False) as card:
            card.transmit(SELECT_ISDR)
            yield card
        with Card.open(directory) as again:
            assert again.state == card.state
    finally:
        shutil.rmtree(directory)


@pytest.mark.parametrize("name", PARTS)
def test_the_packages_are_good_before_anything_is_done_to_them(template: Path, name: str) -> None:
    with _copy(template) as card:
        form, value = result_of(es10(card.transmit, signed(PARTS[name], key(1))))
        assert (form, len(value["euiccResult"])) == ("result", 4)


@relaxed
@given(name=st.sampled_from(sorted(PARTS)), edits=edits)
def test_a_package_changed_after_signing_does_nothing(
    template: Path, name: str, edits: list[Edit]
) -> None:
    part = PARTS[name]
    good = signed(part, key(1))
    request = mutated(good, edits)
    assume(request != good)
    with _copy(template) as card:
        before = card.state
        answer, sw = es10_sw(card.transmit, request)
        assert sw in ANSWERED
        if card.state is not before:
            assert part in request
            assert good[-64:] in request
            assert result_of(answer)[0] == "result"


@relaxed
@given(name=st.sampled_from(sorted(PARTS)), edits=edits)
def test_a_package_signed_after_the_change_is_wholly_done_or_not_at_all(
    template: Path, name: str, edits: list[Edit]
) -> None:
    part = mutated(PARTS[name], edits)
    with _copy(template) as card:
        before = card.state
        answer, sw = es10_sw(card.transmit, signed(part, key(1)))
        assert sw in (0x9000, 0x6A80)
        if sw != 0x9000 or result_of(answer)[0] != "result":
            assert card.state is before
            return
        value = result_of(answer)[1]
        assert value["eimId"] == A
        assert 5 < value["counterValue"] <= MAX_COUNTER
        assert value["seqNumber"] == before.next_seq == card.state.next_seq - 1
        assert card.state.results[-1].signed == answer
        sender = card.state.find_eim(A)
        assert sender is None or sender.counter == value["counterValue"]


@relaxed
@given(
    name=st.sampled_from(sorted(PARTS)),
    signer=st.sampled_from([1, 2, 3]),
    token=st.sampled_from([None, 1, 2, -1]),
    signature_edits=edits,
)
def test_another_key_another_token_or_another_signature_does_nothing(
    template: Path, name: str, signer: int, token: int | None, signature_edits: list[Edit]
) -> None:
    part = PARTS[name]
    signature = signed(part, key(signer), token)[-64:]
    if (signer, token) == (1, None):
        original, signature = signature, mutated(signature, signature_edits)
        assume(signature != original)
    with _copy(template) as card:
        before = card.state
        answer = es10(card.transmit, der(0xBF51, part, der(0x5F37, signature)))
        assert result_of(answer)[0] == "unsigned"
        assert card.state is before


@relaxed
@given(edits=edits, in_certificate=st.booleans())
def test_a_changed_add_initial_eim_is_wholly_done_or_not_at_all(
    blank: Path, edits: list[Edit], in_certificate: bool
) -> None:
    request = mutated(
        add_initial_eim(
            config(
                A,
                counterValue=5,
                key=key(5, in_certificate=in_certificate),
                associationToken=-1,
                eimSupportedProtocol=(1, 1),
                eimFqdn=A,
                eimIdType=2,
            ),
            config(B, counterValue=5, key=key(2)),
        ),
        edits,
    )
    with _copy(blank) as card:
        before = card.state
        answer, sw = es10_sw(card.transmit, request)
        assert sw in ANSWERED
        if card.state is not before:
            assert answer[:2] == hx("BF57")
            assert answer[3] == 0xA0
            assert all(0 <= one.counter <= MAX_COUNTER for one in card.state.eims)
            shown = es10(card.transmit, hx("BF5500"))
            assert all(one.eim_id.encode() in shown for one in card.state.eims)
            for one in card.state.eims:
                asked = der(0xBF55, der(0xA0, der(0x80, one.eim_id.encode())))
                assert one.key.der[-60:] in es10(card.transmit, asked)


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory, pki_folder: Path) -> Path:
    """A card that trusts nobody, to copy."""
    directory = tmp_path_factory.mktemp("blank") / "card"
    fresh_card(directory, pki_folder)
    return directory
