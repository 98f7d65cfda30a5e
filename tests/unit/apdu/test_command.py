"""Cases 1 to 4, short and extended, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from apdu import SW, Command, Response, StatusError

HEAD = (0x80, 0xE2, 0x91, 0x00)


@pytest.mark.parametrize(
    ("raw", "data", "ne", "extended"),
    [
        ("80E29100", b"", None, False),
        ("80E29100 01", b"", 1, False),
        ("80E29100 FF", b"", 255, False),
        ("80E29100 00", b"", 256, False),
        ("80E29100 01 AA", b"\xaa", None, False),
        ("80E29100 02 AABB 10", b"\xaa\xbb", 16, False),
        ("80E29100 01 AA 00", b"\xaa", 256, False),
        ("80E29100 000001", b"", 1, True),
        ("80E29100 000000", b"", 65536, True),
        ("80E29100 000001 AA", b"\xaa", None, True),
        ("80E29100 000001 AA 0100", b"\xaa", 256, True),
        ("80E29100 000001 AA 0000", b"\xaa", 65536, True),
    ],
)
def test_each_case_is_read_and_written(
    raw: str, data: bytes, ne: int | None, extended: bool
) -> None:
    command = Command.parse(hx(raw))
    assert command == Command(*HEAD, data, ne, extended)
    assert bytes(command) == hx(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "80",
        "80E291",
        "80E29100 02 AA",
        "80E29100 01 AABBCC",
        "80E29100 00 01",
        "80E29100 000002 AA",
        "80E29100 000001 AA 01",
        "80E29100 000001 AA 010203",
        "80E29100 000000 AA",
        "80E29100 000000 AABB",
    ],
)
def test_lengths_that_do_not_match_are_6700(raw: str) -> None:
    with pytest.raises(StatusError) as error:
        Command.parse(hx(raw))
    assert error.value.sw == SW.WRONG_LENGTH


def test_65535_bytes_fit_an_extended_command() -> None:
    data = bytes(65535)
    command = Command.parse(bytes(HEAD) + b"\0\xff\xff" + data)
    assert command.data == data
    assert bytes(command) == bytes(HEAD) + b"\0\xff\xff" + data


BYTE = st.integers(0, 255)


@given(
    st.tuples(BYTE, BYTE, BYTE, BYTE),
    st.binary(max_size=255),
    st.none() | st.integers(1, 256),
)
def test_a_short_command_comes_back(
    head: tuple[int, int, int, int], data: bytes, ne: int | None
) -> None:
    command = Command(*head, data, ne)
    assert Command.parse(bytes(command)) == command


@given(st.binary(min_size=1, max_size=600), st.none() | st.integers(1, 65536))
def test_an_extended_command_comes_back(data: bytes, ne: int | None) -> None:
    command = Command(*HEAD, data, ne, extended=True)
    assert Command.parse(bytes(command)) == command


@given(st.binary(max_size=300))
def test_any_bytes_are_a_command_or_6700(raw: bytes) -> None:
    try:
        found = bytes(Command.parse(raw))
    except StatusError as error:
        found = bytes(Response(b"", error.sw))
    assert found in (raw, hx("6700"))


@pytest.mark.parametrize(
    ("response", "raw"),
    [
        (Response(), "9000"),
        (Response(b"\x01"), "01 9000"),
        (Response(b"", 0x6C26), "6C26"),
        (Response(b"\x01\x02", SW.EOF_REACHED), "0102 6282"),
    ],
)
def test_a_response_is_data_and_status_word(response: Response, raw: str) -> None:
    assert bytes(response) == hx(raw)


@given(BYTE, BYTE)
def test_every_status_word_is_written_as_it_is(sw1: int, sw2: int) -> None:
    assert bytes(Response(b"", sw1 << 8 | sw2)) == bytes((sw1, sw2))
