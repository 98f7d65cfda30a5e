"""Joining commands and responses into TPDUs, and splitting them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from apdu import Command
from euicc_sim.tracing.tpdu import data_of, join, split

DATA = "01" * 256


@pytest.mark.parametrize(
    ("command", "answer", "row"),
    [
        ("00700080", "6A86", "0070008000 6A86"),  # case 1: T=0 has a P3
        ("0070000001", "01 9000", "0070000001 01 9000"),
        ("80E2910003 BF2E00", "6115", "80E2910003 BF2E00 6115"),
        ("80E2910003 BF2E00 00", "6115", "80E2910003 BF2E00 6115"),  # no Le beside data
        ("80E29100 000003 BF2E00 0000", "6115", "80E29100 000003 BF2E00 6115"),
        ("00C0000000", DATA + "6100", "00C0000000" + DATA + "6100"),
        ("00B00000000200", DATA + DATA + "9000", "00B00000000200" + DATA + DATA + "9000"),
        ("80E29100", "6700", "80E2910000 6700"),
        ("80E2910005 BF2E", "6700", "80E2910005 BF2E 6700"),  # no command: as it came
        ("00A4", "6700", "00A4 6700"),
    ],
)
def test_a_tpdu_is_what_t0_transmits(command: str, answer: str, row: str) -> None:
    assert join(hx(command), hx(answer)) == hx(row)


@pytest.mark.parametrize(
    ("row", "command", "answer"),
    [
        ("0070000001 01 9000", "0070000001", "01 9000"),
        ("80E2910003 BF2E00 6115", "80E2910003 BF2E00", "6115"),
        ("80E2910003 BF2E00 0102 9000", "80E2910003 BF2E00", "0102 9000"),
        ("80E29100 000003 BF2E00 6115", "80E29100 000003 BF2E00", "6115"),
        ("00B000000A 6986", "00B000000A", "6986"),
        ("00B00000000200" + DATA + DATA + "9000", "00B00000000200", DATA + DATA + "9000"),
        ("00C0000000" + DATA + "6100", "00C0000000", DATA + "6100"),
        ("00A4040010 6A82", "00A4040010", "6A82"),
        ("00A4 6700", "00A4", "6700"),
        ("67", "", "67"),
    ],
)
def test_a_tpdu_is_split_by_its_instruction(row: str, command: str, answer: str) -> None:
    assert split(hx(row)) == (hx(command), hx(answer))


@given(
    st.builds(
        Command,
        st.just(0x80),
        st.just(0xE2),
        st.just(0x91),
        st.integers(0, 255),
        st.binary(min_size=1, max_size=600),
        st.none(),
    ),
    st.binary(max_size=256),
)
def test_store_data_round_trips(command: Command, data: bytes) -> None:
    sent = command._replace(extended=len(command.data) > 255)
    found = split(join(bytes(sent), data + hx("9000")))
    assert found == (bytes(sent), data + hx("9000"))
    assert data_of(found.command) == command.data


@given(st.binary(max_size=300), st.binary(min_size=2, max_size=300))
def test_any_bytes_can_be_joined_and_split_without_loss(command: bytes, answer: bytes) -> None:
    row = join(command, answer)
    assert b"".join(split(row)) == row
    assert row.endswith(answer)
