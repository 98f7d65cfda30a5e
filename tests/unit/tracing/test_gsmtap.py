"""GSMTAP messages, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from euicc_sim.tracing.gsmtap import MAX_DATAGRAM, Kind, Message, read

HEAD = "02 04 04 00 0000 00 00 00000000"


def test_an_exchange_is_a_header_of_16_bytes_and_the_tpdu() -> None:
    assert bytes(Message(Kind.APDU, hx("0070000001 01 9000"))) == hx(
        HEAD + "00 00 00 00" + "0070000001 01 9000"
    )


def test_an_atr_has_its_sub_type_and_a_card_its_slot() -> None:
    assert bytes(Message(Kind.ATR, hx("3B00"), slot=2)) == hx(HEAD + "01 00 02 00" + "3B00")


@given(st.integers(0, 255), st.binary(max_size=64), st.integers(0, 255))
def test_a_message_is_read_back(kind: int, body: bytes, slot: int) -> None:
    message = Message(kind, body, slot)
    assert read(bytes(message)) == message


def test_a_longer_header_is_skipped() -> None:
    assert read(hx("02 05 04 00 0000 00 00 00000000 01 00 00 00 FFFFFFFF 3B00")) == Message(
        Kind.ATR, hx("3B00")
    )


@pytest.mark.parametrize(
    "other",
    [
        "",
        "02 04 04",
        "01 04 04 00 0000 0000 00000000 00000000 3B00",  # another version
        "02 04 01 00 0000 0000 00000000 00000000 3B00",  # Um, not SIM
        "02 03 04 00 0000 0000 00000000 00000000 3B00",  # a header too short
        "02 FF 04 00 0000 0000 00000000 00000000 3B00",  # and one too long
    ],
)
def test_anything_but_gsmtap_of_a_sim_is_ignored(other: str) -> None:
    assert read(hx(other)) is None


def test_a_message_too_long_for_a_datagram_is_truncated_before_its_status_word() -> None:
    message = bytes(Message(Kind.APDU, bytes(70000) + hx("9000")))
    assert len(message) == MAX_DATAGRAM
    assert message.endswith(hx("00 9000"))
