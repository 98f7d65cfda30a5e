"""However a sender splits a package, its parts are the same."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bpp import (
    A0,
    A1,
    A3,
    BF23,
    MANY,
    PACKAGE,
    Cut,
    at_once,
    by_blocks,
    by_clause,
    by_lpac,
    by_onomondo,
    by_parts,
    package,
)
from support.bsp import BSP, STEPS
from support.hexes import hx

from apdu.tlv import tlv, whole
from euicc_sim.crypto.bsp import Bsp
from euicc_sim.formats.bpp import CONTINUING, BppStream, Part

PROTECTED = [hx(one["protected"]) for one in STEPS]

PARTS = [
    Part(0xBF23, 0xBF23, hx(BSP["initialiseSecureChannelRequest"])),
    Part(0xA0, 0xA0, hx("A01A")),
    Part(0x87, 0xA0, PROTECTED[0]),
    Part(0xA1, 0xA1, hx("A18197")),
    Part(0x88, 0xA1, PROTECTED[1]),
    Part(0xA2, 0xA2, hx("A24A")),
    Part(0x87, 0xA2, PROTECTED[2]),
    Part(0xA3, 0xA3, hx("A3820476")),
    Part(0x86, 0xA3, PROTECTED[3]),
    Part(0x86, 0xA3, PROTECTED[4]),
]


def parts(chains: list[bytes]) -> list[Part]:
    """The parts of chains that are one package."""
    stream = BppStream()
    found = [part for chain in chains for part in stream.feed(chain)]
    assert stream.complete
    assert (stream.pending, stream.position) == (0, sum(map(len, chains)))
    return found


CUTS = [by_lpac, by_clause, by_onomondo, by_blocks, by_parts, at_once]


def test_lpac_splits_as_in_the_vectors() -> None:
    chains = [hx(one["bytes"]) for one in BSP["storeDataChains_lpac_style"]]
    assert list(by_lpac(PACKAGE)) == chains
    assert parts(chains) == PARTS


@pytest.mark.parametrize("cut", CUTS)
def test_every_sender_gives_the_same_parts(cut: Cut) -> None:
    chains = list(cut(PACKAGE))
    assert b"".join(chains) == PACKAGE
    assert parts(chains) == PARTS


@pytest.mark.parametrize("cut", [one for one in CUTS if one is not by_onomondo])
def test_every_sender_gives_the_same_parts_of_a_large_package(cut: Cut) -> None:
    found = parts(list(cut(MANY)))
    assert found == parts([MANY])
    tags = [one.tag for one in found]
    assert tags == [0xBF23, 0xA0, *[0x87] * 2, 0xA1, *[0x88] * 3, 0xA3, *[0x86] * 6]
    assert b"".join(one.data for one in found) == MANY[whole(MANY).value :]


def test_a_split_at_any_byte_changes_nothing() -> None:
    for at in range(len(PACKAGE) + 1):
        assert parts([PACKAGE[:at], PACKAGE[at:]]) == PARTS


def test_byte_by_byte_changes_nothing() -> None:
    assert parts([PACKAGE[at : at + 1] for at in range(len(PACKAGE))]) == PARTS


@given(cuts=st.lists(st.integers(0, len(MANY)), max_size=30).map(sorted))
def test_any_split_changes_nothing(cuts: list[int]) -> None:
    chains = [MANY[start:end] for start, end in pairwise([0, *cuts, len(MANY)])]
    assert parts(chains) == parts([MANY])


def test_a_part_comes_with_its_last_byte() -> None:
    stream, seen, found = BppStream(), 0, []
    ends = list(accumulate((len(one.data) for one in PARTS), initial=whole(PACKAGE).value))[1:]
    for at in range(len(PACKAGE)):
        found += list(stream.feed(PACKAGE[at : at + 1]))
        seen += at + 1 in ends
        assert len(found) == seen
        assert stream.complete == (at + 1 == len(PACKAGE))


def test_a_package_without_new_keys_is_read() -> None:
    found = parts([package(BF23, A0, A1, A3)])
    assert [one.tag for one in found] == [0xBF23, 0xA0, 0x87, 0xA1, 0x88, 0xA3, 0x86]


@pytest.mark.parametrize("head", ["81 09", "82 0009", "84 00000009"])
def test_a_longer_form_of_a_length_is_kept(head: str) -> None:
    part = hx("88" + head) + bytes(9)
    found = parts([package(BF23, A0, tlv(0xA1, part), A3)])
    assert found[4] == Part(0x88, 0xA1, part)


# -- the state between chains


def test_parts_not_taken_come_with_the_next_bytes() -> None:
    stream = BppStream()
    found = [next(stream.feed(PACKAGE[:600])), *stream.feed(PACKAGE[600:])]
    assert found == PARTS
    assert list(stream.feed(b"")) == []


def test_a_fork_is_independent() -> None:
    stream = BppStream()
    found = list(stream.feed(PACKAGE[:700]))
    other, before = stream.fork(), (stream.position, stream.pending)
    assert found + list(stream.feed(PACKAGE[700:])) == PARTS
    assert (other.position, other.pending, other.complete) == (*before, False)
    assert found + list(other.feed(PACKAGE[700:])) == PARTS
    assert other == stream


def test_the_bytes_are_not_printed() -> None:
    stream = BppStream()
    list(stream.feed(PACKAGE[:300]))
    assert "bf23" not in repr(stream)
    assert "_buffer" not in repr(stream)


def test_only_the_incomplete_part_is_held() -> None:
    stream = BppStream()
    for chain in by_blocks(MANY, 100):
        list(stream.feed(chain))
        assert stream.pending < 2048 + 100


def test_the_continuing_tags_are_those_of_the_clause() -> None:
    assert set(CONTINUING) == {0x86, 0x87, 0x88, 0xA0, 0xA1, 0xA2, 0xA3}


# -- together with the protection


@given(
    metadata=st.binary(min_size=1, max_size=500),
    profile=st.lists(st.binary(max_size=1008), min_size=1, max_size=4),
    size=st.integers(1, 300),
)
def test_a_package_passes_stream_and_protection(
    metadata: bytes, profile: list[bytes], size: int
) -> None:
    sender, receiver = (Bsp(bytes(16), b"\1" * 16, b"\2" * 16) for _ in range(2))
    raw = package(
        BF23,
        tlv(0xA0, sender.protect(0x87, hx("BF2400"))),
        tlv(0xA1, sender.protect(0x88, metadata)),
        tlv(0xA3, *[sender.protect(0x86, one) for one in profile]),
    )
    found = [one for one in parts(list(by_blocks(raw, size))) if one.tag in (0x86, 0x87, 0x88)]
    opened = [receiver.unprotect(one.data) for one in found]
    assert opened == [hx("BF2400"), metadata, *profile]
