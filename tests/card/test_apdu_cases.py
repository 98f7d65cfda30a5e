"""The four cases of a command, short and extended, and never more than was asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import Eim, add_initial, eim1, tlv, trust, value_of, vector_key
from support.hexes import hx

Send = Callable[[bytes], bytes]
GET_EID = hx("BF3E 03 5C015A")
EID_ANSWER = hx("BF3E 12 5A10 89049032123451234512345678901235")


def test_case_1_has_four_bytes_and_a_bare_status_word(isdr: Send) -> None:
    assert isdr(hx("0070 8000")) == hx("6A86")


def test_case_2_brings_data_and_9000(send: Send) -> None:
    assert send(hx("00B2 0104 26")) == hx("6986")
    send(hx("00A4 0004 02 2F00"))
    assert send(hx("00B2 0104 26")) == b"\xff" * 38 + hx("9000")


def test_case_3_with_an_answer_announces_it_and_brings_none(isdr: Send) -> None:
    assert isdr(hx("80E2 9100 06") + GET_EID) == hx("6115")


def test_case_4_with_le_00_brings_the_whole_answer_at_once(isdr: Send) -> None:
    assert isdr(hx("80E2 9100 06") + GET_EID + hx("00")) == EID_ANSWER + hx("9000")


def test_case_4_with_a_short_le_brings_that_much_and_announces_the_rest(isdr: Send) -> None:
    assert isdr(hx("80E2 9100 06") + GET_EID + hx("05")) == EID_ANSWER[:5] + hx("6110")
    assert isdr(hx("80C0 0000 10")) == EID_ANSWER[5:] + hx("9000")


def test_extended_case_4_brings_the_whole_answer(isdr: Send) -> None:
    command = hx("80E2 9100 000006") + GET_EID + hx("0000")
    assert isdr(command) == EID_ANSWER + hx("9000")


def test_extended_case_3_announces_the_answer(isdr: Send) -> None:
    assert isdr(hx("80E2 9100 000006") + GET_EID) == hx("6115")


def test_extended_case_2_reads_a_record(send: Send) -> None:
    send(hx("00A4 0004 02 2F00"))
    assert send(hx("00B2 0104 00 0026")) == b"\xff" * 38 + hx("9000")


def test_one_extended_command_carries_what_short_ones_need_many_for(isdr: Send) -> None:
    many = eims(12)
    request = add_many(many)
    assert len(request) > 1000
    answer = isdr(hx("80E2 9100 00") + len(request).to_bytes(2) + request + hx("0000"))
    assert answer == tlv("BF57", tlv("A0", hx("0500") * 12)) + hx("9000")
    assert value_of(answer[:-2])


def test_an_extended_le_brings_more_than_256_bytes_at_once(isdr: Send) -> None:
    trust(isdr, *eims(12))
    answer = isdr(hx("80E2 9100 000003 BF5500 0000"))
    assert len(answer) > 1000
    assert answer[-2:] == hx("9000")
    value = value_of(answer[:-2])
    assert len(value["eimConfigurationDataList"]) == 12


def test_a_short_command_never_gets_more_than_256_bytes(isdr: Send) -> None:
    trust(isdr, *eims(12))
    first = isdr(hx("80E2 9100 03 BF5500 00"))
    assert len(first) == 256 + 2
    assert first[-2:] == hx("6100")
    data, answer = first[:-2], first
    while answer[-2] == 0x61:
        answer = isdr(hx("80C0 0000") + answer[-1:])
        assert len(answer) <= 256 + 2
        data += answer[:-2]
    assert answer[-2:] == hx("9000")
    assert len(value_of(data)["eimConfigurationDataList"]) == 12


@pytest.mark.parametrize(
    "command",
    [
        "80E29100 07 BF3E035C015A",
        "80E29100 05 BF3E035C015A00",
        "80E29100 000007 BF3E035C015A",
        "80E29100 000006 BF3E035C015A 00",
        "80E29100 000000 00",
        "80E29100 0000",
    ],
)
def test_a_wrong_lc_is_6700(isdr: Send, command: str) -> None:
    assert isdr(hx(command)) == hx("6700")
    assert isdr(hx("80E2 9100 06") + GET_EID) == hx("6115")


def test_store_data_without_data_and_a_fifth_byte_00_is_9000(isdr: Send) -> None:
    assert isdr(hx("80E2 9100 00")) == hx("9000")


def test_case_1_written_with_a_fifth_byte_closes_a_channel(send: Send) -> None:
    assert send(hx("0070 0000 01")) == hx("01 9000")
    assert send(hx("0070 8001 00")) == hx("9000")


def test_an_unknown_instruction_is_6d00(isdr: Send) -> None:
    assert isdr(hx("80FE 0000 00")) == hx("6D00")


def test_a_reserved_class_is_6e00(isdr: Send) -> None:
    assert isdr(hx("20A4 0004 02 3F00")) == hx("6E00")
    assert isdr(hx("FFA4 0004 02 3F00")) == hx("6E00")


def eims(count: int) -> list[Eim]:
    return [Eim(f"eim-{number:02}.example.com", vector_key("eim1")) for number in range(count)]


def add_many(many: list[Eim]) -> bytes:
    return add_initial(*(one.configuration() for one in many))


def test_the_card_works_after_commands_that_were_nonsense(isdr: Send) -> None:
    for command in ("00000000", "FFFFFFFF", "80E2FFFF01FF", "00A4FFFF00", "0070FFFF", "80C01234"):
        assert len(isdr(hx(command))) >= 2
    trust(isdr, eim1())
