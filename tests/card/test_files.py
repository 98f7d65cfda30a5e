"""The files of a card without a Profile: MF, EF.DIR and EF.ICCID, read-only; and STATUS."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import objects
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx

Send = Callable[[bytes], bytes]
MF = hx("3F00")
DIR = hx("2F00")
ICCID = hx("2FE2")


def select(send: Send, name: bytes, p1: int = 0x00, p2: int = 0x04) -> bytes:
    """Select and fetch the FCP."""
    return send(bytes((0x00, 0xA4, p1, p2, len(name))) + name + b"\0")


def parts(answer: bytes) -> dict[str, bytes]:
    ((tag, _, inside),) = objects(answer[:-2])
    assert tag == "62"
    return {one: content for one, _, content in objects(inside)}


def test_the_mf_is_a_directory(send: Send) -> None:
    fcp = parts(select(send, MF))
    assert fcp["82"] == hx("7821")
    assert fcp["83"] == MF


def test_ef_dir_has_one_record_of_38_bytes(send: Send) -> None:
    fcp = parts(select(send, DIR))
    assert fcp["82"] == hx("4221 0026 01")
    assert fcp["80"] == hx("0026")
    assert fcp["83"] == DIR


def test_ef_iccid_has_ten_bytes(send: Send) -> None:
    fcp = parts(select(send, ICCID))
    assert fcp["82"] == hx("4121")
    assert fcp["80"] == hx("000A")


@pytest.mark.parametrize("name", [MF, DIR, ICCID])
def test_an_fcp_is_shorter_than_128_bytes(send: Send, name: bytes) -> None:
    answer = select(send, name)
    assert len(answer) < 128
    assert answer[1] < 0x80


def test_without_le_the_fcp_waits(send: Send) -> None:
    answer = send(hx("00A4 0004 02 2F00"))
    assert answer[:1] == hx("61")
    assert parts(send(hx("00C0 0000") + answer[1:]))["83"] == DIR


def test_p2_0c_asks_for_no_data(send: Send) -> None:
    assert send(hx("00A4 000C 02 2F00")) == hx("9000")
    assert send(hx("00B2 0104 26")) == b"\xff" * 38 + hx("9000")


@pytest.mark.parametrize("fid", ["7F10", "7FF0", "6F07", "2F05", "0000"])
def test_another_file_is_6a82(send: Send, fid: str) -> None:
    assert send(hx("00A4 0004 02") + hx(fid)) == hx("6A82")


def test_a_failed_select_leaves_the_current_file(send: Send) -> None:
    select(send, ICCID)
    send(hx("00A4 0004 02 7F10"))
    assert send(hx("00B0 0000 0A")) == b"\xff" * 10 + hx("9000")


@pytest.mark.parametrize("p1", [0x08, 0x09])
def test_a_path_selects(send: Send, p1: int) -> None:
    assert parts(select(send, ICCID, p1))["83"] == ICCID


def test_the_parent_of_the_mf_is_the_mf(send: Send) -> None:
    select(send, ICCID)
    answer = send(hx("00A4 0304"))
    assert parts(send(hx("00C0 0000") + answer[1:]))["83"] == MF


def test_select_without_data_is_the_mf(send: Send) -> None:
    select(send, ICCID)
    answer = send(hx("00A4 0004"))
    assert parts(send(hx("00C0 0000") + answer[1:]))["83"] == MF


def test_a_path_of_odd_length_is_6a80(send: Send) -> None:
    assert send(hx("00A4 0804 03 2F0000")) == hx("6A80")


def test_select_with_another_p1_is_6a86(send: Send) -> None:
    assert send(hx("00A4 0504 02 3F00")) == hx("6A86")


# -- reading


def test_ef_iccid_is_blank(send: Send) -> None:
    select(send, ICCID)
    assert send(hx("00B0 0000 0A")) == b"\xff" * 10 + hx("9000")
    assert send(hx("00B0 0000 00")) == b"\xff" * 10 + hx("9000")


def test_read_binary_starts_at_its_offset(send: Send) -> None:
    select(send, ICCID)
    assert send(hx("00B0 0008 02")) == b"\xff" * 2 + hx("9000")


def test_read_binary_past_the_end_is_6b00(send: Send) -> None:
    select(send, ICCID)
    assert send(hx("00B0 000B 01")) == hx("6B00")


def test_read_binary_of_too_much_is_6cxx(send: Send) -> None:
    select(send, ICCID)
    assert send(hx("00B0 0000 0B")) == hx("6C0A")


def test_read_binary_by_short_identifier(send: Send) -> None:
    assert send(hx("00B0 8200 0A")) == b"\xff" * 10 + hx("9000")


def test_read_record_with_another_le_is_6cxx(send: Send) -> None:
    select(send, DIR)
    assert send(hx("00B2 0104 10")) == hx("6C26")
    assert send(hx("00B2 0104 27")) == hx("6C26")
    assert send(hx("00B2 0104 26")) == b"\xff" * 38 + hx("9000")


def test_read_record_by_short_identifier(send: Send) -> None:
    assert send(hx("00B2 01F4 26")) == b"\xff" * 38 + hx("9000")


@pytest.mark.parametrize("number", [0, 2, 255])
def test_another_record_is_6a83(send: Send, number: int) -> None:
    select(send, DIR)
    assert send(bytes((0x00, 0xB2, number, 0x04, 0x26))) == hx("6A83")


def test_an_unknown_short_identifier_is_6a82(send: Send) -> None:
    assert send(hx("00B0 8700 0A")) == hx("6A82")


def test_read_binary_of_records_is_6981(send: Send) -> None:
    select(send, DIR)
    assert send(hx("00B0 0000 0A")) == hx("6981")


def test_read_record_of_bytes_is_6981(send: Send) -> None:
    select(send, ICCID)
    assert send(hx("00B2 0104 0A")) == hx("6981")


def test_the_next_record_after_select_is_the_first(send: Send) -> None:
    select(send, DIR)
    assert send(hx("00B2 0002 26")) == b"\xff" * 38 + hx("9000")
    assert send(hx("00B2 0002 26")) == hx("6A83")


def test_reading_with_no_file_is_6986(send: Send) -> None:
    assert send(hx("00B0 0000 0A")) == hx("6986")


def test_other_instructions_with_nothing_selected_are_refused(send: Send) -> None:
    assert send(hx("00D6 0000 01 00")) == hx("6986")
    assert send(hx("0084 0000 08")) == hx("6D00")


# -- STATUS


def test_status_describes_the_mf(send: Send) -> None:
    assert parts(send(hx("80F2 0000 00")))["83"] == MF


def test_status_in_four_bytes_announces_its_answer(send: Send) -> None:
    answer = send(hx("80F2 0000"))
    assert answer[:1] == hx("61")
    assert parts(send(hx("80C0 0000") + answer[1:]))["83"] == MF


@pytest.mark.parametrize("p1", ["00", "01", "02"])
def test_status_without_data_is_9000(send: Send, p1: str) -> None:
    assert send(hx(f"80F2 {p1}0C")) == hx("9000")


def test_status_names_the_current_application(send: Send) -> None:
    send(SELECT_ISDR)
    assert send(hx("80F2 0001 00")) == hx("8410 A0000005591010FFFFFFFF8900000100 9000")


def test_status_with_nothing_selected_names_none(send: Send) -> None:
    assert send(hx("80F2 0001 00")) == hx("9000")


def test_status_describes_the_current_application(send: Send) -> None:
    send(SELECT_ISDR)
    assert send(hx("80F2 0000 00"))[:1] == hx("6F")


@pytest.mark.parametrize("parameters", ["0300", "0002", "000D"])
def test_status_with_other_parameters_is_6a86(send: Send, parameters: str) -> None:
    assert send(hx("80F2") + hx(parameters) + hx("00")) == hx("6A86")


# -- TERMINAL CAPABILITY


@pytest.mark.parametrize(
    "command",
    [
        "80AA 0000 0A A9088100820101830107",
        "80AA 0000 05 A903830107",
        "80AA 0000 05 A903840101",
        "80AA 0000 02 A900",
        "80AA 0000 00",
    ],
)
def test_terminal_capability_is_always_9000(send: Send, command: str) -> None:
    assert send(hx(command)) == hx("9000")
    send(SELECT_ISDR)
    assert send(hx(command)) == hx("9000")
    assert es10_sw(send, hx("BF3E 03 5C015A"))[1] == 0x9000


def test_es10_works_without_terminal_capability(send: Send) -> None:
    send(SELECT_ISDR)
    assert es10_sw(send, hx("BF5500")) == (hx("BF5502A000"), 0x9000)
