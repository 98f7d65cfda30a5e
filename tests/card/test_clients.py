"""What real clients send when they start, as their sources have it (notes 2.7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import value_of
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]
EID_ANSWER = hx("BF3E 12 5A10 89049032123451234512345678901235")
ISDR = "A0000005591010FFFFFFFF8900000100"


def play(send: Send, *exchanges: tuple[str, str]) -> None:
    """Each command must have its answer."""
    for command, answer in exchanges:
        assert send(hx(command)).hex() == hx(answer).hex(), command


def test_lpac_reads_the_eid(send: Send) -> None:
    play(
        send,
        ("80AA00000A A9088100820101830107", "9000"),
        ("0070000001", "01 9000"),
        (f"01A4040010 {ISDR}", "6120"),
        ("81E2910006 BF3E035C015A", "6115"),
        ("81C0000015", EID_ANSWER.hex() + "9000"),
        ("0070800100", "9000"),
    )


def test_lpac_asks_in_blocks_of_120_bytes(send: Send) -> None:
    address = b"a" * 200
    request = hx("BF65 81CB 80 81C8") + address
    play(
        send,
        ("0070000001", "01 9000"),
        (f"01A4040010 {ISDR}", "6120"),
        (f"81E2110078 {request[:120].hex()}", "9000"),
        (f"81E2910157 {request[120:].hex()}", "6106"),
        ("81C0000006", "BF6503800100 9000"),
        ("0070800100", "9000"),
    )


def test_lpac_reads_the_chip_info(send: Send) -> None:
    play(send, ("0070000001", "01 9000"), (f"01A4040010 {ISDR}", "6120"))
    for request in ("BF3C00", "BF2000", "BF2200", "BF4300", "BF2D00", "BF2800"):
        answer = send(hx("81E2910003") + hx(request))
        data = b""
        while answer[-2] == 0x61:
            answer = send(hx("81C00000") + answer[-1:])
            data += answer[:-2]
        assert answer == data[-len(answer) + 2 :] + hx("9000")
        assert value_of(data) is not None
    play(send, ("0070800100", "9000"))


def test_onomondo_ipa_reads_the_eid_and_leaves_the_fci(send: Send) -> None:
    play(
        send,
        ("80AA000005 A903830107", "9000"),
        ("0070000100", "9000"),
        (f"01A4040410 {ISDR}", "6120"),
        ("81E2910006 BF3E035C015A", "6115"),
        ("01C0000015", EID_ANSWER.hex() + "9000"),
        ("0070800100", "9000"),
    )


def test_onomondo_ipa_comes_back_without_a_reset(send: Send) -> None:
    begin = (
        ("80AA000005 A903830107", "9000"),
        ("0070000100", "9000"),
        (f"01A4040410 {ISDR}", "6120"),
        ("81E2910006 BF3E035C015A", "6115"),
    )
    play(send, *begin)
    play(send, *begin, ("01C0000015", EID_ANSWER.hex() + "9000"))


def test_onomondo_ipa_on_the_basic_channel(send: Send) -> None:
    play(
        send,
        ("80AA000005 A903830107", "9000"),
        (f"00A4040410 {ISDR}", "6120"),
        ("80E2910003 BF5500", "6105"),
        ("00C0000005", "BF5502A000 9000"),
    )


def test_euicc_go_lists_the_profiles(send: Send) -> None:
    play(
        send,
        ("80AA00000A A9088100820101830107", "9000"),
        ("0070000001", "01 9000"),
        (f"01A4040010 {ISDR}", "6120"),
        ("81E2910010 BF2D0D5C0B5A4F9F70909192939495B7", "6105"),
        ("81C0000005", "BF2D02A000 9000"),
        ("0070800100", "9000"),
    )


def test_openeuicc_ends_every_step_with_9000(send: Send) -> None:
    play(
        send,
        ("80AA00000A A9088100820101830107", "9000"),
        ("0070000001", "01 9000"),
        (f"01A4040010 {ISDR}", "6120"),
        (
            "81C0000020",
            f"6F1E 8410{ISDR} A5049F6501FF E10480020600 9000",
        ),
        ("81E2910006 BF3E035C015A", "6115"),
        ("81C0000015", EID_ANSWER.hex() + "9000"),
        ("01708001", "9000"),
    )


@pytest.mark.parametrize(
    "aid",
    [
        "A0000005591010000000008900000300",
        "A0000005591010FFFFFFFF8900050500",
        "A0000005591010FFFFFFFF8900000177",
        "A000000559104C696E6B736669656C64",
    ],
)
def test_the_isdr_of_a_vendor_that_openeuicc_tries_is_not_there(send: Send, aid: str) -> None:
    play(send, ("0070000001", "01 9000"), (f"01A4040010 {aid}", "6A82"))


def test_openeuicc_through_omapi_adds_le(send: Send) -> None:
    play(
        send,
        ("0070000001", "01 9000"),
        (f"01A4040010 {ISDR} 00", f"6F1E 8410{ISDR} A5049F6501FF E10480020600 9000"),
        ("81E2910006 BF3E035C015A 00", EID_ANSWER.hex() + "9000"),
    )


def test_pysim_shell_starts_up(send: Send, card: Card) -> None:
    def fetched(command: str, cla: str = "00") -> bytes:
        answer = send(hx(command))
        assert answer[:1] == hx("61"), command
        answer = send(hx(cla) + hx("C00000") + answer[1:])
        assert answer[-2:] == hx("9000")
        return answer[:-2]

    # 1. is this a UICC?
    assert fetched("00A4000402 3F00")[:1] == hx("62")
    assert fetched("00A4000402 2F00")[:1] == hx("62")
    # 2. is it an SGP.32 eUICC? Any 9000 to GetCerts says yes
    assert fetched(f"00A4040410 {ISDR}")[:1] == hx("6F")
    answer = send(hx("80E2910003 BF5600 00"))
    while answer[-2] == 0x61:
        answer = send(hx("80C00000") + answer[-1:])
    assert answer[-2:] == hx("9000")
    card.reset()
    # 3. the EID
    assert fetched(f"00A4040410 {ISDR}")[:1] == hx("6F")
    assert send(hx("80E2910006 BF3E035C015A 00")) == EID_ANSWER + hx("9000")
    card.reset()
    # 4. EF.DIR, all records
    assert fetched("00A4000402 3F00")[:1] == hx("62")
    assert fetched("00A4000402 2F00")[:1] == hx("62")
    assert send(hx("00B2 01 04 26")) == b"\xff" * 38 + hx("9000")
    # 5. applications that EF.DIR does not name
    for aid, expected in (
        (ISDR, "61"),
        ("A0000005591010FFFFFFFF8900000200", "61"),
        ("A000000003000000", "6A82"),
        ("A000000151000000", "6A82"),
        ("A00000015141434C00", "6A82"),
        ("A0000000871002", "6A82"),
        ("A0000000871004", "6A82"),
    ):
        raw = hx(aid)
        assert send(hx("00A40404") + bytes((len(raw),)) + raw).startswith(hx(expected)), aid
    card.reset()
    assert fetched("00A4000402 3F00")[:1] == hx("62")
    # 6. on T=0 it writes STATUS with a fifth byte
    assert send(hx("80F2000000"))[-2:] == hx("9000")


def test_an_ipa_knows_an_iot_euicc_by_its_eim_configuration_data(send: Send) -> None:
    play(
        send,
        (f"00A4040010 {ISDR}", "6120"),
        ("80E2910003 BF5500", "6105"),
        ("80C0000005", "BF5502A000 9000"),
    )
