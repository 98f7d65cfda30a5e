"""SELECT by AID, whole and cut short, and what stays when nothing is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import objects
from support.es10 import SELECT_ISDR, es10
from support.hexes import hx

Send = Callable[[bytes], bytes]
ISDR = hx("A0000005591010FFFFFFFF8900000100")
ECASD = hx("A0000005591010FFFFFFFF8900000200")
FCI = hx("6F 1E 84 10 A0000005591010FFFFFFFF8900000100 A5 04 9F65 01 FF E1 04 80 02 06 00")
GET_EID = hx("BF3E 03 5C015A")


def by_aid(send: Send, aid: bytes, p2: int = 0, le: bytes = b"") -> bytes:
    return send(bytes((0x00, 0xA4, 0x04, p2, len(aid))) + aid + le)


@pytest.mark.parametrize("p2", [0x00, 0x04])
def test_without_le_the_fci_of_the_isdr_waits(send: Send, p2: int) -> None:
    assert by_aid(send, ISDR, p2) == bytes((0x61, len(FCI)))
    assert send(hx("00C0 0000") + bytes((len(FCI),))) == FCI + hx("9000")


@pytest.mark.parametrize("p2", [0x00, 0x04])
def test_with_le_the_fci_comes_at_once(send: Send, p2: int) -> None:
    assert by_aid(send, ISDR, p2, le=b"\0") == FCI + hx("9000")


def test_p2_0c_asks_for_no_data(send: Send) -> None:
    assert by_aid(send, ISDR, 0x0C) == hx("9000")
    assert es10(send, GET_EID)[:2] == hx("BF3E")


def test_the_fci_is_one_template_whose_aid_comes_first(send: Send) -> None:
    answer = by_aid(send, ISDR, le=b"\0")
    ((tag, _, inside),) = objects(answer[:-2])
    assert tag == "6F"
    assert [one for one, _, _ in objects(inside)] == ["84", "A5", "E1"]
    assert inside.startswith(hx("84 10") + ISDR)


def test_no_ipae_and_no_enabled_profile_are_two_bits_that_are_not_set(send: Send) -> None:
    assert by_aid(send, ISDR, le=b"\0").endswith(hx("E1 04 80 02 06 00 9000"))


@pytest.mark.parametrize("size", [5, 7, 12, 14, 15])
def test_a_truncated_aid_selects_the_isdr(send: Send, size: int) -> None:
    assert by_aid(send, ISDR[:size]) == bytes((0x61, len(FCI)))
    assert send(hx("80F2 0001 00")) == hx("84 10") + ISDR + hx("9000")


def test_a_truncated_aid_that_only_the_ecasd_has_selects_it(send: Send) -> None:
    assert by_aid(send, ECASD[:15])[:1] == hx("61")
    assert send(hx("80F2 0001 00")) == hx("84 10") + ECASD + hx("9000")


def test_the_next_occurrence_of_a_truncated_aid_is_the_ecasd(send: Send) -> None:
    by_aid(send, ISDR[:7])
    assert by_aid(send, ISDR[:7], 0x02)[:1] == hx("61")
    assert send(hx("80F2 0001 00")) == hx("84 10") + ECASD + hx("9000")
    assert by_aid(send, ISDR[:7], 0x02) == hx("6A82")


@pytest.mark.parametrize(
    "aid",
    [
        "A0000005591010FFFFFFFF8900001000",
        "A0000005591010000000008900000300",
        "A000000559104C696E6B736669656C64",
        "A0000000871002",
        "A0000005591010FFFFFFFF890000010000",
        "A000000151000000",
    ],
)
def test_an_unknown_aid_is_6a82_and_the_selection_stays(send: Send, aid: str) -> None:
    send(SELECT_ISDR)
    assert by_aid(send, hx(aid)) == hx("6A82")
    assert es10(send, GET_EID)[:2] == hx("BF3E")


def test_an_unknown_file_is_6a82_and_the_selection_stays(send: Send) -> None:
    send(SELECT_ISDR)
    assert send(hx("00A4 0004 02 7F10")) == hx("6A82")
    assert es10(send, GET_EID)[:2] == hx("BF3E")


def test_selecting_a_file_leaves_the_application(send: Send) -> None:
    send(SELECT_ISDR)
    send(hx("00A4 0004 02 3F00"))
    assert send(hx("80F2 0001 00")) == hx("9000")


def test_selecting_an_application_again_begins_anew(send: Send) -> None:
    send(SELECT_ISDR)
    send(hx("80E2 1100 02 BF3E"))
    send(SELECT_ISDR)
    assert send(hx("80E2 9101 04 035C015A")) == hx("6A86")


def test_a_wrong_p2_is_6a86(send: Send) -> None:
    assert by_aid(send, ISDR, 0x80) == hx("6A86")


def test_the_isdr_is_selected_without_any_profile(send: Send) -> None:
    assert by_aid(send, ISDR)[:1] == hx("61")
    assert by_aid(send, ECASD)[:1] == hx("61")
