"""Every place of the SIM that refuses a command: the bytes that lead there, and the event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hexes import hx
from support.refusals import Refused, check, row, silent_places
from support.sims import CSIM_AID, PIN1, PUK1, SELECT_USIM, copied

from euicc_sim import Card, uicc

VERIFY, WRONG = hx("0020 0001 08") + PIN1, hx("0020 0001 08") + bytes(8)
DISABLE, ENABLE = hx("0026 0001 08") + PIN1, hx("0028 0001 08") + PIN1
MF = hx("00A4 000C 02 3F00")
SELECT_CSIM = hx("00A4 040C 10") + CSIM_AID
RAND, AUTN = "10" + "23" * 16, "10" + "00" * 16


def of(fid: str, *more: bytes) -> tuple[bytes, ...]:
    """Commands that select a file of the USIM, then others."""
    return (SELECT_USIM, hx(f"00A4 000C 02 {fid}"), *more)


PROFILE, FETCH, DONE = hx("80100000 01 FF"), hx("80120000 0B"), "8103 010104 8202 8281 8301 00"
DISABLED = hx("81E2 9100 14 BF32 11 A00C 5A0A 98001032547698103214 8101FF")
SMS = "44 05 8121 43F5 7FF6" + "00" * 7
CPL = "02 7000 00FF 15 0222 22B001 400000"
SWITCHED = (
    PROFILE,
    hx("0070 0001 00"),
    hx("01A4 0400 10 A0000005591010FFFFFFFF8900000100"),
    DISABLED,
)

ROWS = [
    # toolkit
    row("TERMINAL PROFILE of nothing", 0x6700, "TERMINAL PROFILE", "80100000"),
    row("nothing to fetch", 0x6985, "FETCH", FETCH),
    row("FETCH with another length", 0x6C0B, "FETCH", "8012000000", *SWITCHED),
    row("a response to nothing", 0x6985, "TERMINAL RESPONSE", f"80140000 0C {DONE}"),
    row(
        "a response to something else",
        0x6A80,
        "TERMINAL RESPONSE",
        "80140000 0C 8103 010103 8202 8281 8301 00",
        *SWITCHED,
        FETCH,
    ),
    row(
        "a response without a result",
        0x6A80,
        "TERMINAL RESPONSE",
        "80140000 05 8103 010104",
        *SWITCHED,
        FETCH,
    ),
    row("half a response", 0x6A80, "TERMINAL RESPONSE", "80140000 02 8103", *SWITCHED, FETCH),
    row("half an envelope", 0x6A80, "ENVELOPE", "80C20000 02 D603"),
    # remote file management
    row("a download without a message", 0x6A80, "ENVELOPE", "80C20000 06 D104 8202 8381"),
    row("a message in pieces", 0x6A80, "ENVELOPE", "80C20000 06 D104 8B02 4405"),
    row("a message without a packet", 0x6A80, "ENVELOPE", f"80C20000 17 D115 8B13 {SMS} 03 0205FF"),
    row("a packet of another length", 0x6A80, "ENVELOPE", f"80C20000 21 D11F 8B1D {SMS} 0D {CPL}"),
    # selection
    row("a parent with data", 0x6700, "SELECT", "00A40304 02 3F00"),
    row("half a path", 0x6A80, "SELECT", "00A40804 03 3F002F"),
    row("SELECT with P1 05", 0x6A86, "SELECT", "00A40504 02 3F00"),
    row("a file that is not there", 0x6A82, "SELECT", "00A40004 02 6F99"),
    row("a path that is not there", 0x6A82, "SELECT", "00A40804 04 7F106F99"),
    row("an AID with P1 00", 0x6A82, "SELECT", "00A40004 07 A0000000871002"),
    row("7FFF without an application", 0x6A82, "SELECT", "00A40004 02 7FFF"),
    row("an instruction that no SIM has", 0x6D00, "INS FE", "00FE0000"),
    row("an instruction of another application", 0x6D00, "GET DATA", "80CA005A00"),
    row("the class of a command", 0x6E00, "READ BINARY", "80B00000 01", *of("6F01")),
    row("STORE DATA without the ISD-R", 0x6985, "STORE DATA", "80E29100 03 BF3E00"),
    # files
    row("an unknown short identifier", 0x6A82, "READ BINARY", "00B09F00 00"),
    row("no short identifier", 0x6A86, "READ BINARY", "00B08000 00"),
    row("no file", 0x6986, "READ BINARY", "00B00000 00"),
    row("records as bytes", 0x6981, "READ BINARY", "00B00000 00", *of("6F11")),
    row("bytes as records", 0x6981, "READ RECORD", "00B20104 00", *of("6F01")),
    row("beyond the end", 0x6B00, "READ BINARY", "00B00008 01", *of("6F01")),
    row("too much", 0x6C08, "READ BINARY", "00B00000 09", *of("6F01")),
    row("writing nothing", 0x6700, "UPDATE BINARY", "00D60000", *of("6F01")),
    row("writing beyond the end", 0x6B00, "UPDATE BINARY", "00D60008 01 00", *of("6F01")),
    row("writing too much", 0x6700, "UPDATE BINARY", "00D60007 02 0000", *of("6F01")),
    row("a record of another size", 0x6C04, "READ RECORD", "00B20104 05", *of("6F11")),
    row("a record that is not there", 0x6A83, "READ RECORD", "00B20504 00", *of("6F11")),
    row("no current record", 0x6A83, "READ RECORD", "00B20004 00", *of("6F11")),
    row("the next of a number", 0x6A86, "READ RECORD", "00B20102 00", *of("6F11")),
    row("no mode", 0x6A86, "READ RECORD", "00B20101 00", *of("6F11")),
    row("a number in a cyclic file", 0x6A86, "UPDATE RECORD", "00DC0104 03 000000", *of("6F1C")),
    row("a short record", 0x6700, "UPDATE RECORD", "00DC0104 03 000000", *of("6F11")),
    row("a short enhanced search", 0x6700, "SEARCH RECORD", "00A20106 02 0400", *of("6F11")),
    row("no search indication", 0x6A80, "SEARCH RECORD", "00A20106 03 0000FF", *of("6F11")),
    row("no mode of searching", 0x6A86, "SEARCH RECORD", "00A20107 01 FF", *of("6F11")),
    row("a long pattern", 0x6700, "SEARCH RECORD", "00A20104 05 0000000000", *of("6F11")),
    row("searching beyond the end", 0x6A83, "SEARCH RECORD", "00A20504 01 FF", *of("6F11")),
    row("INCREASE with P2 01", 0x6A86, "INCREASE", "80320001 01 01", *of("6F12", VERIFY)),
    row("INCREASE of a linear file", 0x6981, "INCREASE", "80320000 01 01", *of("6F11")),
    row("INCREASE by too much", 0x6700, "INCREASE", "80320000 04 00000001", *of("6F12", VERIFY)),
    row("an overflow", 0x9850, "INCREASE", "80320000 03 FFFFFF", *of("6F12", VERIFY)),
    row("DEACTIVATE with P1 01", 0x6A86, "DEACTIVATE FILE", "00040100", *of("6F02")),
    row("DEACTIVATE of nothing", 0x6A82, "DEACTIVATE FILE", "00040000 02 6F99", *of("6F02")),
    row(
        "a deactivated file",
        0x6985,
        "READ BINARY",
        "00B00000 01",
        *of("6F02", VERIFY, hx("00040000")),
    ),
    row("a PIN is missing", 0x6982, "READ BINARY", "00B00000 01", *of("6F02")),
    # BER-TLV
    row("objects of bytes", 0x6981, "RETRIEVE DATA", "80CB0080 01 80", *of("6F01")),
    row("a wrong P1", 0x6A86, "RETRIEVE DATA", "80CB0180 01 80", *of("6F13")),
    row("a wrong P2", 0x6A86, "RETRIEVE DATA", "80CB0081 01 80", *of("6F13")),
    row("a rest of nothing", 0x6985, "RETRIEVE DATA", "80CB0000", *of("6F13")),
    row("an unknown object", 0x6A88, "RETRIEVE DATA", "80CB0080 01 99", *of("6F13")),
    row("half a tag", 0x6A80, "RETRIEVE DATA", "80CB0080 01 9F", *of("6F13")),
    row("two tags", 0x6A80, "RETRIEVE DATA", "80CB0080 02 8081", *of("6F13")),
    row("SET DATA with P2 81", 0x6A86, "SET DATA", "80DB0081 01 80", *of("6F13")),
    row("SET DATA without a beginning", 0x6985, "SET DATA", "80DB0000 01 80", *of("6F13")),
    row("an object that is none", 0x6A80, "SET DATA", "80DB0080 04 80010203", *of("6F13")),
    row("deleting what is not there", 0x6A88, "SET DATA", "80DB0080 02 9900", *of("6F13")),
    row(
        "a block too much",
        0x6A84,
        "SET DATA",
        hx("80DB0000 FF") + bytes(255),
        *of("6F13", hx("80DB0080 FF 82820500") + bytes(251), *[hx("80DB0000 FF") + bytes(255)] * 3),
    ),
    row(
        "an object too much",
        0x6A84,
        "SET DATA",
        hx("80DB0000 00 03FA") + bytes(1018),
        *of("6F13", hx("80DB0080 04 828203FA")),
    ),
    # PINs
    row("a wrong PIN", 0x63C2, "VERIFY PIN", "00200001 08 3132333435363738"),
    row("an unknown PIN", 0x6A88, "VERIFY PIN", "00200002"),
    row("a short PIN", 0x6700, "VERIFY PIN", "00200001 04 30303030"),
    row("VERIFY with P1 01", 0x6A86, "VERIFY PIN", "00200101"),
    row("a disabled PIN", 0x6984, "VERIFY PIN", VERIFY, DISABLE),
    row("changing a disabled PIN", 0x6984, "CHANGE PIN", hx("00240001 10") + PIN1 * 2, DISABLE),
    row("disabling it again", 0x6984, "DISABLE PIN", DISABLE, DISABLE),
    row("enabling an enabled PIN", 0x6984, "ENABLE PIN", ENABLE, ENABLE),
    row("enabling ADM1", 0x6984, "ENABLE PIN", hx("0028000A 08") + b"55555555"),
    row("enabling what cannot be disabled", 0x6985, "ENABLE PIN", hx("00280012 08") + PIN1),
    row("a blocked PIN", 0x6983, "VERIFY PIN", VERIFY, *[WRONG] * 3),
    row("a blocked PUK", 0x6983, "UNBLOCK PIN", "002C0001", *[hx("002C0001 10") + PIN1 * 2] * 10),
    row("changing ADM1", 0x6985, "CHANGE PIN", hx("0024000A 10") + b"55555555" * 2),
    row("disabling ADM1", 0x6985, "DISABLE PIN", hx("0026000A 08") + b"55555555"),
    row("unblocking ADM1", 0x6A88, "UNBLOCK PIN", hx("002C000A 10") + PUK1 * 2),
    row(
        "no universal PIN for itself",
        0x6A86,
        "DISABLE PIN",
        hx("00268011 08 37373737FFFFFFFF"),
    ),
    row("a wrong PUK", 0x63C9, "UNBLOCK PIN", hx("002C0001 10") + PIN1 * 2),
    # authentication and identity
    row("no application", 0x6985, "AUTHENTICATE", "00880081"),
    row("a USIM without its PIN", 0x6982, "AUTHENTICATE", "00880081", SELECT_USIM),
    row("an application without keys", 0x6985, "AUTHENTICATE", "00880081", SELECT_CSIM),
    row("P1 01", 0x6A86, "AUTHENTICATE", "00880181", SELECT_USIM, VERIFY),
    row("a challenge of no length", 0x6700, "AUTHENTICATE", "00880081", SELECT_USIM, VERIFY),
    row("another context", 0x9864, "AUTHENTICATE", f"00880084 11 {RAND}", SELECT_USIM, VERIFY),
    row("a wrong MAC", 0x9862, "AUTHENTICATE", f"00880081 22 {RAND}{AUTN}", SELECT_USIM, VERIFY),
    row("GET IDENTITY with P2 02", 0x6A86, "GET IDENTITY", "80780002 00", SELECT_USIM, VERIFY),
    row(
        "a USIM that does not calculate",
        0x6985,
        "GET IDENTITY",
        "80780001 00",
        *of("6F38", VERIFY, hx("00D60000 10") + bytes(16)),
    ),
    row("GET IDENTITY of the MF", 0x6985, "GET IDENTITY", "80780001 00"),
    row(
        "an identity without an IMSI",
        0x6985,
        "GET IDENTITY",
        "80780001 00",
        *of("6F07", VERIFY, hx("00D60000 09") + b"\xff" * 9),
    ),
    row(
        "keys of the home network that cannot be read",
        0x6985,
        "GET IDENTITY",
        "80780001 00",
        *of("5FC0", VERIFY, hx("00A4000C 02 4F07"), hx("00D60000 05 A103800501")),
    ),
    row(
        "a key of the home network that is not a point",
        0x6985,
        "GET IDENTITY",
        "80780001 00",
        *of("5FC0", VERIFY, hx("00A4000C 02 4F07")),
        hx("00D60000 2B A0020201 A123 800101 811E") + bytes(32),
    ),
]


@pytest.mark.parametrize("one", ROWS, ids=lambda one: one.what)
def test_a_refusal_of_a_sim_is_answered_with_its_word_and_told_with_a_reason(
    card: Card, one: Refused
) -> None:
    check(card, one)


def test_each_place_of_a_sim_that_refuses_has_a_row(
    sim_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cards() -> Iterator[Card]:
        for number in range(len(ROWS)):
            with Card.open(copied(sim_template, tmp_path / str(number)), fsync=False) as card:
                yield card

    assert silent_places(cards(), ROWS, monkeypatch, uicc) == set()
