"""What one side protects the other reads, at any size and with any keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bsp import derived, replaced

from apdu.tlv import whole
from euicc_sim.crypto.bsp import Bsp, BspStructureError


@pytest.mark.parametrize("tag", [0x86, 0x87, 0x88])
@pytest.mark.parametrize("size", [0, 15, 16, 103, 111, 112, 1007, 1008, 2048, 4096, 60000])
def test_sizes_around_every_edge_round_trip(tag: int, size: int) -> None:
    sender, receiver = replaced(), replaced()
    plaintext = bytes(one & 0xFF for one in range(size))
    raw = sender.protect(tag, plaintext)
    assert whole(raw).tag == tag
    assert receiver.unprotect(raw) == plaintext


def test_segments_of_1036_bytes_are_accepted() -> None:
    raw = replaced().protect(0x86, bytes(1008))
    assert len(raw) == 1036
    assert replaced().unprotect(raw) == bytes(1008)


def test_tags_and_sizes_that_do_not_fit_a_segment_are_refused() -> None:
    session = derived()
    with pytest.raises(BspStructureError, match="tag 85 is not that of a segment"):
        session.protect(0x85, b"")
    with pytest.raises(BspStructureError, match="a segment of 65536 bytes is too long"):
        session.protect(0x88, bytes(65536 - 8))
    assert session == derived()


segments = st.lists(
    st.tuples(st.sampled_from([0x86, 0x87, 0x88]), st.binary(max_size=300)), max_size=6
)
keys = st.binary(min_size=16, max_size=16)


@given(segments=segments, chaining=keys, s_enc=keys, s_mac=keys)
def test_what_one_side_protects_the_other_reads(
    segments: list[tuple[int, bytes]], chaining: bytes, s_enc: bytes, s_mac: bytes
) -> None:
    sender, receiver = Bsp(chaining, s_enc, s_mac), Bsp(chaining, s_enc, s_mac)
    for tag, plaintext in segments:
        assert receiver.unprotect(sender.protect(tag, plaintext)) == plaintext
        assert receiver == sender
    assert receiver.counter == 1 + len(segments)
