"""The ECASD, of which clients read the EID by GET DATA."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.hexes import hx

Send = Callable[[bytes], bytes]
SELECT_ECASD = hx("00A4 0400 10 A0000005591010FFFFFFFF8900000200")


@pytest.fixture
def ecasd(send: Send) -> Send:
    send(SELECT_ECASD)
    return send


def test_its_fci_names_its_aid(send: Send) -> None:
    assert send(SELECT_ECASD + b"\0") == hx(
        "6F 18 84 10 A0000005591010FFFFFFFF8900000200 A5 04 9F65 01 FF 9000"
    )


@pytest.mark.parametrize("cla", ["00", "80"])
def test_get_data_gives_the_eid(ecasd: Send, cla: str) -> None:
    assert ecasd(hx(cla) + hx("CA 005A 00")) == hx("5A10 89049032123451234512345678901235 9000")


def test_get_data_without_le_announces_the_eid(ecasd: Send) -> None:
    assert ecasd(hx("80CA 005A")) == hx("6112")
    assert ecasd(hx("80C0 0000 12")) == hx("5A10 89049032123451234512345678901235 9000")


def test_get_data_gives_the_issuer(ecasd: Send) -> None:
    assert ecasd(hx("80CA 0042 00")) == hx("4204 89049032 9000")


@pytest.mark.parametrize("tag", ["0066", "00E0", "9F7F", "0000"])
def test_another_object_is_6a88(ecasd: Send, tag: str) -> None:
    assert ecasd(hx("80CA") + hx(tag) + hx("00")) == hx("6A88")


def test_another_instruction_is_6d00(ecasd: Send) -> None:
    assert ecasd(hx("80E4 0000 00")) == hx("6D00")


def test_the_isdr_has_no_get_data(send: Send) -> None:
    send(hx("00A4 0400 10 A0000005591010FFFFFFFF8900000100"))
    assert send(hx("80CA 005A 00")) == hx("6D00")


def test_a_channel_opened_from_the_ecasd_is_at_the_ecasd(send: Send) -> None:
    send(hx("0070 0001 00"))
    send(hx("01") + SELECT_ECASD[1:])
    send(hx("0170 0002 00"))
    assert send(hx("82CA 005A 00")) == hx("5A10 89049032123451234512345678901235 9000")
