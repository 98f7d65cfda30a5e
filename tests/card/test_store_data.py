"""STORE DATA: blocks, their numbers, and command chaining by the class byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import Eim, add_initial, tlv, value_of, vector_key
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.hexes import hx

Send = Callable[[bytes], bytes]
EID_ANSWER = hx("BF3E 12 5A10 89049032123451234512345678901235")


def test_a_block_before_the_last_is_9000_without_data(isdr: Send) -> None:
    assert isdr(hx("80E2 1100 03 BF3E03")) == hx("9000")
    assert isdr(hx("80E2 9101 03 5C015A")) == hx("6115")


def test_blocks_may_differ_in_size(isdr: Send) -> None:
    assert isdr(hx("80E2 1100 01 BF")) == hx("9000")
    assert isdr(hx("80E2 1101 04 3E035C01")) == hx("9000")
    assert isdr(hx("80E2 9102 01 5A")) == hx("6115")


@pytest.mark.parametrize("size", [1, 7, 120, 254, 255])
def test_a_request_in_blocks_of_any_size_is_one_request(isdr: Send, size: int) -> None:
    request = tlv("BF65", tlv("80", b"a" * 240 + b".example.com"))
    assert es10(isdr, request, block=size) == hx("BF65 03 80 01 00")


@pytest.mark.parametrize("p1", [0x80, 0x90, 0x91, 0x81])
def test_the_low_bits_of_p1_do_not_matter(isdr: Send, p1: int) -> None:
    assert isdr(bytes((0x80, 0xE2, p1, 0x00)) + hx("06 BF3E035C015A")) == hx("6115")


@pytest.mark.parametrize("p1", [0x88, 0x89, 0xB1, 0xF1])
def test_data_grouping_or_encryption_in_p1_is_6a86(isdr: Send, p1: int) -> None:
    assert isdr(bytes((0x80, 0xE2, p1, 0x00)) + hx("06 BF3E035C015A")) == hx("6A86")


def test_a_first_block_with_a_number_other_than_00_is_6a86(isdr: Send) -> None:
    assert isdr(hx("80E2 9101 06 BF3E035C015A")) == hx("6A86")


def test_a_skipped_number_is_6a86_and_drops_what_was_there(isdr: Send) -> None:
    isdr(hx("80E2 1100 03 BF3E03"))
    assert isdr(hx("80E2 9102 03 5C015A")) == hx("6A86")
    assert isdr(hx("80E2 9101 03 5C015A")) == hx("6A86")
    assert isdr(hx("80E2 9100 06 BF3E035C015A")) == hx("6115")


def test_a_repeated_number_is_6a86(isdr: Send) -> None:
    isdr(hx("80E2 1100 01 BF"))
    isdr(hx("80E2 1101 01 3E"))
    assert isdr(hx("80E2 1101 01 3E")) == hx("6A86")


def test_number_00_starts_anew(isdr: Send) -> None:
    isdr(hx("80E2 1100 03 BF2D00"))
    isdr(hx("80E2 1101 02 FFFF"))
    assert isdr(hx("80E2 1100 03 BF3E03")) == hx("9000")
    assert isdr(hx("80E2 9101 03 5C015A")) == hx("6115")


def test_number_00_follows_ff(isdr: Send) -> None:
    address = b"d" * 250
    request = tlv("BF65", tlv("80", address))
    blocks = [request[at : at + 1] for at in range(256)]
    for number, block in enumerate(blocks):
        assert isdr(bytes((0x80, 0xE2, 0x11, number, 1)) + block) == hx("9000")
    rest = request[256:]
    assert isdr(bytes((0x80, 0xE2, 0x91, 0x00, len(rest))) + rest) == hx("6106")
    assert isdr(hx("80C0 0000 06")) == hx("BF65 03 80 01 00 9000")


def test_a_block_without_data_is_9000(isdr: Send) -> None:
    assert isdr(hx("80E2 9100 00")) == hx("9000")
    assert isdr(hx("80E2 9100")) == hx("9000")


def test_a_last_block_without_data_ends_the_request(isdr: Send) -> None:
    isdr(hx("80E2 1100 06 BF3E035C015A"))
    assert isdr(hx("80E2 9101")) == hx("6115")


@pytest.mark.parametrize(
    "between",
    [
        "80F2 0000 00",
        "80CA 005A 00",
        "80AA 0000 05 A903830107",
        "0070 0000 01",
        "00A4 0004 02 7F10",
        "00A4 0400 07 A0000000871002",
        "00B0 0000 0A",
    ],
)
def test_any_other_command_on_the_channel_drops_unfinished_blocks(isdr: Send, between: str) -> None:
    isdr(hx("80E2 1100 03 BF3E03"))
    isdr(hx(between))
    assert isdr(hx("80E2 9101 03 5C015A")) == hx("6A86")


def test_get_response_between_blocks_drops_nothing(isdr: Send) -> None:
    isdr(hx("80E2 1100 03 BF3E03"))
    assert isdr(hx("80C0 0000 00")) == hx("6985")
    assert isdr(hx("80E2 9101 03 5C015A")) == hx("6115")


def test_store_data_without_a_selected_isdr_is_6985(send: Send) -> None:
    assert send(hx("80E2 9100 06 BF3E035C015A")) == hx("6985")


def test_store_data_has_a_proprietary_class(isdr: Send) -> None:
    assert isdr(hx("00E2 9100 06 BF3E035C015A")) == hx("6E00")


def test_another_command_drops_unfinished_blocks_even_when_it_is_chained(isdr: Send) -> None:
    isdr(hx("80E2 1100 03 BF3E03"))
    assert isdr(hx("10A4 0400 05 A000000559")) == hx("9000")
    assert isdr(hx("80E2 9101 03 5C015A")) == hx("6883")
    assert isdr(hx("80E2 9101 03 5C015A")) == hx("6A86")


# -- chaining by the class byte


def test_chained_commands_are_one_command(isdr: Send) -> None:
    assert isdr(hx("90E2 9100 03 BF3E03")) == hx("9000")
    assert isdr(hx("80E2 9100 03 5C015A 00")) == EID_ANSWER + hx("9000")


def test_another_instruction_in_a_chain_is_6883_and_drops_it(isdr: Send) -> None:
    isdr(hx("90E2 9100 03 BF3E03"))
    assert isdr(hx("80F2 0000 00")) == hx("6883")
    assert isdr(hx("80E2 9100 03 BF3E03")) == hx("6A80")


@pytest.mark.parametrize("head", ["80E2 9101", "80E2 1100", "80E3 9100"])
def test_another_header_in_a_chain_is_6883(isdr: Send, head: str) -> None:
    isdr(hx("90E2 9100 03 BF3E03"))
    assert isdr(hx(head) + hx("03 5C015A")) == hx("6883")


def test_select_is_chained_like_any_other_command(isdr: Send) -> None:
    assert isdr(hx("10A4 0400 08 A0000005591010FF")) == hx("9000")
    assert isdr(hx("00A4 0400 08 FFFFFF8900000200")) == hx("611A")


# -- long requests


def test_a_request_of_more_than_64_kib_is_taken(isdr: Send) -> None:
    request = tlv("BF65", tlv("80", b"d" * 0xFFF0))
    assert len(request) > 0xFFF0
    data, sw = es10_sw(isdr, request)
    assert (data, sw) == (hx("BF65 03 80 01 7F"), 0x9000)
    assert value_of(data) == {"setDefaultDpAddressResult": 127}


def test_a_chain_of_64_kib_is_taken_in_extended_commands(isdr: Send) -> None:
    content = b"d" * 0xFFF0
    request = tlv("BF65", tlv("80", content))
    half = len(request) // 2
    for cla, part in ((0x90, request[:half]), (0x80, request[half:])):
        head = bytes((cla, 0xE2, 0x91, 0x00, 0x00)) + len(part).to_bytes(2)
        answer = isdr(head + part)
    assert answer == hx("6106")


@pytest.mark.parametrize("cla", [0x80, 0x90])
def test_a_request_without_end_is_6a84_and_the_card_goes_on(isdr: Send, cla: int) -> None:
    piece = bytes(32000)
    answers = []
    for number in range(5):
        p1, p2 = (0x11, number) if cla == 0x80 else (0x91, 0)
        head = bytes((cla, 0xE2, p1, p2, 0x00)) + len(piece).to_bytes(2)
        answers.append(isdr(head + piece))
    assert answers[:3] == [hx("9000")] * 3
    assert hx("6A84") in answers
    isdr(hx("0070 0000 01"))
    isdr(SELECT_ISDR)
    assert isdr(hx("80E2 9100 06 BF3E035C015A 00")) == EID_ANSWER + hx("9000")


def test_a_long_contact_list_comes_in_many_blocks(isdr: Send) -> None:
    many = [Eim(f"eim-{number:02}.example.com", vector_key("eim2")) for number in range(16)]
    request = add_initial(*(one.configuration() for one in many))
    assert es10(isdr, request, block=100) == tlv("BF57", tlv("A0", hx("0500") * 16))


# -- which requests are not understood


@pytest.mark.parametrize("request_", ["BF5000", "BF3500", "BF6003800100", "3000", "8000", "BF7F00"])
def test_an_unknown_function_is_6a88(isdr: Send, request_: str) -> None:
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A88)


@pytest.mark.parametrize(
    "request_",
    [
        "BF",
        "BF3E",
        "BF3E03",
        "BF3E035C01",
        "BF3E035C015A00",
        "BF3E80",
        "BF3E805C015A0000",
        "FFFFFFFF",
    ],
)
def test_what_is_not_one_object_is_6a80(isdr: Send, request_: str) -> None:
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)


@pytest.mark.parametrize(
    "request_",
    [
        "BF3E00",
        "BF3E025C00",
        "BF3E045C025A5A",
        "BF3000",
        "BF30028000",
        "BF6400",
        "BF6500",
        "BF6503 8001FF",
        "BF3F00",
        "BF2B04A0028300",
        "BF5503A00180",
        "BF5504A0028000",
        "BF280381010F FF",
    ],
)
def test_wrong_content_without_a_code_of_its_own_is_6a80(isdr: Send, request_: str) -> None:
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)


def test_unknown_fields_are_skipped(isdr: Send) -> None:
    assert es10(isdr, hx("BF3E 07 5C015A 9F7F 01 00")) == EID_ANSWER


@pytest.mark.usefixtures("lenient")
def test_a_length_in_long_form_is_understood(isdr: Send) -> None:
    assert es10(isdr, hx("BF3E 81 03 5C015A")) == EID_ANSWER
