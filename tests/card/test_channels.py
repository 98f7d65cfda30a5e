"""Logical channels 0 to 19: opened, closed, and truly separate."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.es10 import es10, es10_sw
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]
ISDR = hx("A0000005591010FFFFFFFF8900000100")
ECASD = hx("A0000005591010FFFFFFFF8900000200")
GET_EID = hx("BF3E 03 5C015A")
EID_ANSWER = hx("BF3E 12 5A10 89049032123451234512345678901235")


def inter(channel: int) -> int:
    """The interindustry class of a channel."""
    return channel if channel < 4 else 0x40 | (channel - 4)


def proprietary(channel: int) -> int:
    return 0x80 | inter(channel)


def select(send: Send, channel: int, aid: bytes) -> bytes:
    return send(bytes((inter(channel), 0xA4, 0x04, 0x00, len(aid))) + aid)


@pytest.mark.parametrize("command", ["0070000001", "0070000000"])
def test_the_card_chooses_channel_1_first(send: Send, command: str) -> None:
    assert send(hx(command)) == hx("01 9000")


def test_open_without_le_announces_the_number(send: Send) -> None:
    assert send(hx("0070 0000")) == hx("6101")
    assert send(hx("00C0 0000 01")) == hx("01 9000")


def test_the_card_gives_19_channels_and_then_6a81(send: Send) -> None:
    given = [send(hx("0070 0000 01")) for _ in range(19)]
    assert given == [bytes((number,)) + hx("9000") for number in range(1, 20)]
    assert send(hx("0070 0000 01")) == hx("6A81")


def test_a_closed_number_is_given_again(send: Send) -> None:
    for _ in range(3):
        send(hx("0070 0000 01"))
    assert send(hx("0070 8002 00")) == hx("9000")
    assert send(hx("0070 0000 01")) == hx("02 9000")


@pytest.mark.parametrize("number", [1, 3, 4, 19])
def test_a_channel_is_opened_by_its_number_without_data(send: Send, number: int) -> None:
    assert send(bytes((0x00, 0x70, 0x00, number, 0x00))) == hx("9000")
    assert select(send, number, ISDR) == hx("6120")


def test_opening_an_open_number_resets_that_channel(send: Send) -> None:
    send(hx("0070 0001 00"))
    select(send, 1, ISDR)
    assert send(hx("0070 0001 00")) == hx("9000")
    assert es10_sw(send, GET_EID, channel=1)[1] != 0x9000


def test_number_20_is_6a86(send: Send) -> None:
    assert send(hx("0070 0014 00")) == hx("6A86")


def test_a_channel_closes_itself_with_four_bytes(send: Send) -> None:
    send(hx("0070 0000 01"))
    assert send(hx("0170 8001")) == hx("9000")
    assert select(send, 1, ISDR) == hx("6881")


def test_a_channel_closes_itself_by_p2_00(send: Send) -> None:
    send(hx("0070 0000 01"))
    assert send(hx("0170 8000")) == hx("9000")
    assert select(send, 1, ISDR) == hx("6881")


def test_a_channel_above_3_closes_itself(send: Send) -> None:
    send(hx("0070 0011 00"))
    assert send(hx("4D70 8011")) == hx("9000")
    assert select(send, 17, ISDR) == hx("6881")


def test_the_basic_channel_cannot_be_closed(send: Send) -> None:
    assert send(hx("0070 8000 00")) == hx("6A86")
    assert send(hx("00A4 0004 02 3F00"))[:1] == hx("61")


def test_closing_a_channel_that_is_not_open_is_6881(send: Send) -> None:
    assert send(hx("0070 8005 00")) == hx("6881")


@pytest.mark.parametrize("channel", [1, 2, 3, 4, 12, 19])
def test_a_command_on_a_channel_that_is_not_open_is_6881(send: Send, channel: int) -> None:
    assert select(send, channel, ISDR) == hx("6881")
    assert es10_sw(send, GET_EID, channel=channel) == (b"", 0x6881)


@pytest.mark.parametrize("cla", [0x04, 0x08, 0x0C, 0x84])
def test_secure_messaging_is_6882(send: Send, cla: int) -> None:
    assert send(bytes((cla, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00))) == hx("6882")


def test_secure_messaging_on_a_further_channel_is_6882(send: Send) -> None:
    send(hx("0070 0004 00"))
    assert send(hx("60A4 0004 02 3F00")) == hx("6882")
    assert send(hx("E0F2 0000 00")) == hx("6882")


def test_each_channel_has_its_own_application(send: Send) -> None:
    send(hx("0070 0000 01"))
    select(send, 0, ECASD)
    select(send, 1, ISDR)
    assert send(hx("80CA 005A 00"))[-2:] == hx("9000")
    assert es10(send, GET_EID, channel=1) == EID_ANSWER
    assert send(hx("81CA 005A 00")) == hx("6D00")


@pytest.mark.parametrize("other", [2, 3, 4, 19])
def test_each_channel_has_its_own_answer_waiting(send: Send, other: int) -> None:
    for channel in (1, other):
        send(bytes((0x00, 0x70, 0x00, channel, 0x00)))
        select(send, channel, ISDR)
    command = hx("E2 9100 06") + GET_EID
    assert send(hx("81") + command) == hx("6115")
    assert send(bytes((proprietary(other),)) + command) == hx("6115")
    assert send(bytes((proprietary(other),)) + hx("C0 0000 15")) == EID_ANSWER + hx("9000")
    assert send(hx("81C0 0000 15")) == EID_ANSWER + hx("9000")


def test_each_channel_joins_its_own_blocks(send: Send) -> None:
    for channel in (1, 5):
        send(bytes((0x00, 0x70, 0x00, channel, 0x00)))
        select(send, channel, ISDR)
    assert send(hx("81E2 1100 02 BF3E")) == hx("9000")
    assert send(hx("C1E2 1100 03 BF3E03")) == hx("9000")
    assert send(hx("81E2 9101 04 035C015A 00")) == EID_ANSWER + hx("9000")
    assert send(hx("C1E2 9101 03 5C015A 00")) == EID_ANSWER + hx("9000")


def test_each_channel_has_its_own_current_file(send: Send) -> None:
    send(hx("0070 0000 01"))
    send(hx("00A4 000C 02 2FE2"))
    send(hx("01A4 000C 02 2F00"))
    assert send(hx("00B0 0000 0A")) == b"\xff" * 10 + hx("9000")
    assert send(hx("01B2 0104 26")) == b"\xff" * 38 + hx("9000")


def test_each_channel_chains_its_own_command(send: Send) -> None:
    send(hx("0070 0000 01"))
    select(send, 1, ISDR)
    assert send(hx("91E2 9100 03 BF3E03")) == hx("9000")
    assert send(hx("00A4 0004 02 3F00"))[:1] == hx("61")
    assert send(hx("81E2 9100 03 5C015A 00")) == EID_ANSWER + hx("9000")


def test_a_channel_opened_from_the_basic_one_starts_at_the_mf(send: Send) -> None:
    select(send, 0, ISDR)
    send(hx("0070 0000 01"))
    assert send(hx("81F2 0000 00"))[:1] == hx("62")


def test_a_channel_opened_from_another_inherits_its_application(send: Send) -> None:
    send(hx("0070 0001 00"))
    select(send, 1, ISDR)
    assert send(hx("0170 0000 01")) == hx("02 9000")
    assert es10(send, GET_EID, channel=2) == EID_ANSWER


def test_a_channel_opened_from_another_does_not_inherit_its_blocks(send: Send) -> None:
    send(hx("0070 0001 00"))
    select(send, 1, ISDR)
    send(hx("81E2 1100 02 BF3E"))
    send(hx("0170 0000 01"))
    assert send(hx("82E2 9101 04 035C015A 00")) == hx("6A86")


def test_a_reset_closes_all_channels(send: Send, card: Card) -> None:
    for _ in range(5):
        send(hx("0070 0000 01"))
    card.reset()
    assert send(hx("0070 0000 01")) == hx("01 9000")
    assert select(send, 2, ISDR) == hx("6881")


def test_a_reset_forgets_the_selection_and_what_was_begun(send: Send, card: Card) -> None:
    select(send, 0, ISDR)
    send(hx("80E2 1100 02 BF3E"))
    card.reset()
    assert send(hx("80F2 0001 00")) == hx("9000")
    select(send, 0, ISDR)
    assert send(hx("80E2 9101 04 035C015A")) == hx("6A86")


def test_manage_channel_with_data_is_6700(send: Send) -> None:
    assert send(hx("0070 0000 01 00")) == hx("6700")


def test_manage_channel_with_another_p1_is_6a86(send: Send) -> None:
    assert send(hx("0070 4000 01")) == hx("6A86")
