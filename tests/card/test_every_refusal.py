"""Every place below ES10 that refuses a command: the bytes that lead there, and the event.

The places are found in the source of `apdu` and `euicc_sim.applications`, so that a new one
without a row here fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

import pytest
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installed import switch
from support.refusals import Refused, check, row, silent_places

import apdu
from euicc_sim import Card, applications
from euicc_sim.model.state import Strictness

SELECT_ECASD = hx("00A40400 10 A0000005591010FFFFFFFF8900000200")
EF_DIR, EF_ICCID = hx("00A4000C 02 2F00"), hx("00A4000C 02 2FE2")
OPEN_1 = hx("00700001")
ALL_CHANNELS = [hx("0070000001")] * 19


def large(head: str) -> bytes:
    """A command with 65,535 bytes of data."""
    return hx(head) + hx("00FFFF") + bytes(0xFFFF)


ROWS = [
    # the command itself
    row("one byte", 0x6700, "command", "00"),
    row("three bytes", 0x6700, "SELECT", "00A404"),
    row("a short Lc beyond the end", 0x6700, "SELECT", "00A40400 05 A000"),
    row("two bytes after the header, the first 00", 0x6700, "SELECT", "00A40400 0000"),
    row("an extended Lc beyond the end", 0x6700, "SELECT", "00A40400 000005 A000"),
    row("the class FF", 0x6E00, "SELECT", "FFA40004 02 3F00"),
    row("the class of a 2G SIM", 0x6E00, "SELECT", "A0A40000 02 3F00"),
    row("a reserved class", 0x6E00, "SELECT", "20A40004 02 3F00"),
    row("secure messaging", 0x6882, "SELECT", "0CA40004 02 3F00"),
    row("a channel that is not open", 0x6881, "SELECT", "01A40004 02 3F00"),
    # chaining and GET RESPONSE
    row("another command in a chain", 0x6883, "SELECT", "00A40004 02 3F00", hx("90E29100 01 BF")),
    row(
        "a chain of more than 128 KiB",
        0x6A84,
        "STORE DATA",
        large("90E29100"),
        *[large("90E29100")] * 2,
    ),
    row("GET RESPONSE with P2 01", 0x6A86, "GET RESPONSE", "00C00001 00"),
    row("GET RESPONSE when nothing waits", 0x6985, "GET RESPONSE", "00C00000 00"),
    row("GET RESPONSE for too much", 0x6C20, "GET RESPONSE", "00C00000 27", SELECT_ISDR),
    # MANAGE CHANNEL
    row("MANAGE CHANNEL with data", 0x6700, "MANAGE CHANNEL", "00700000 01 00"),
    row("MANAGE CHANNEL with P1 40", 0x6A86, "MANAGE CHANNEL", "00704000"),
    row("a twenty-first channel", 0x6A81, "MANAGE CHANNEL", "00700000 01", *ALL_CHANNELS),
    row("closing the basic channel", 0x6A86, "MANAGE CHANNEL", "00708000"),
    row("closing what is not open", 0x6881, "MANAGE CHANNEL", "00708005"),
    # SELECT and STATUS
    row("SELECT with P2 01", 0x6A86, "SELECT", "00A40401 05 A000000559"),
    row("SELECT by AID without an AID", 0x6A80, "SELECT", "00A40400"),
    row("SELECT of an unknown AID", 0x6A82, "SELECT", "00A40400 05 A000000009"),
    row("STATUS with P1 03", 0x6A86, "STATUS", "80F20300"),
    row("SELECT by half a path", 0x6A80, "SELECT", "00A40804 03 3F002F"),
    row("SELECT with P1 05", 0x6A86, "SELECT", "00A40504 02 3F00"),
    row("SELECT of an unknown file", 0x6A82, "SELECT", "00A40004 02 6F07"),
    # files
    row("STORE DATA with nothing selected", 0x6985, "STORE DATA", "80E29100 03 BF3E00"),
    row("an unknown instruction", 0x6D00, "INS FE", "00FE0000"),
    row("an unknown short identifier", 0x6A82, "READ BINARY", "00B09F00 00"),
    row("READ BINARY without a file", 0x6986, "READ BINARY", "00B00000 00"),
    row("READ BINARY of records", 0x6981, "READ BINARY", "00B00000 00", EF_DIR),
    row("READ BINARY beyond the end", 0x6B00, "READ BINARY", "00B0000B 01", EF_ICCID),
    row("READ BINARY of too much", 0x6C0A, "READ BINARY", "00B00000 0B", EF_ICCID),
    row("READ RECORD of bytes", 0x6981, "READ RECORD", "00B20104 00", EF_ICCID),
    row("READ RECORD of a wrong mode", 0x6A86, "READ RECORD", "00B20001 00", EF_DIR),
    row("READ RECORD of a second", 0x6A83, "READ RECORD", "00B20204 00", EF_DIR),
    # ISD-R and ECASD
    row("an instruction the ISD-R lacks", 0x6D00, "GET DATA", "80CA005A 00", SELECT_ISDR),
    row("STORE DATA of the class 00", 0x6E00, "STORE DATA", "00E29100 03 BF3E00", SELECT_ISDR),
    row("encrypted STORE DATA", 0x6A86, "STORE DATA", "80E2F100 03 BF3E00", SELECT_ISDR),
    row("a block too early", 0x6A86, "STORE DATA", "80E21101 01 BF", SELECT_ISDR),
    row(
        "blocks of more than 128 KiB",
        0x6A84,
        "STORE DATA",
        large("80E21102"),
        SELECT_ISDR,
        large("80E21100"),
        large("80E21101"),
    ),
    row("an instruction the ECASD lacks", 0x6D00, "STORE DATA", "80E29100 00", SELECT_ECASD),
    row("an object the ECASD lacks", 0x6A88, "GET DATA", "80CA0066 00", SELECT_ECASD),
]


@pytest.mark.parametrize("one", ROWS, ids=lambda one: one.what)
def test_a_refusal_is_answered_with_its_word_and_told_with_a_reason(
    card: Card, one: Refused
) -> None:
    check(card, one)


def test_each_place_that_refuses_has_a_row(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def cards() -> Iterator[Card]:
        yield from repeat(card, len(ROWS))
        switch(card, strictness=Strictness.STRICT)
        yield card

    strict = (*ROWS, row("an open channel", 0x6A86, "MANAGE CHANNEL", OPEN_1, OPEN_1))
    assert silent_places(cards(), strict, monkeypatch, apdu, applications) == set()
