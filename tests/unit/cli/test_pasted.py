"""What people paste into `decode` and `trace`: logs, lists of APDUs, hexdumps, base64, ATRs."""

from __future__ import annotations

import re
import subprocess
from base64 import b64encode
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import LINEAR, growth
from support.hexes import hx
from typer.testing import CliRunner

from euicc_sim.cli.main import app
from euicc_sim.tracing.conversation import Es10
from euicc_sim.views import pasted

GET_EID = "BF3E035C015A"
COMMAND = f"80E2910006{GET_EID}"
ANSWER = "BF3E125A1089049032123451234512345678901235"
ATR = "3B9F96803FC7828031E073FE211B6753494D4555303134"
LPAC = f"""\
[DEBUG] [APDU] [TX] CLA: 81, INS: E2, P1: 91, P2: 00, Lc: 06, Data: {GET_EID.lower()}
[DEBUG] [APDU] [RX] SW1: 61, SW2: 15, Data:
[DEBUG] [APDU] [TX] CLA: 81, INS: C0, P1: 00, P2: 00, Lc: 15, Data:
[DEBUG] [APDU] [RX] SW1: 90, SW2: 00, Data: {ANSWER.lower()}
"""
AT = f"""\
AT+CCHO="A0000005591010FFFFFFFF8900000100"
+CCHO: 1
OK
AT+CGLA=1,22,"81e2910006{GET_EID}"
AT+CGLA=1,22,"81e2910006{GET_EID}"
+CGLA: 4,"6115"
AT+CGLA=1,10,"81C0000015"
+CGLA: 46,"{ANSWER}9000"
OK
"""
CSIM = f'AT+CSIM=22,"{COMMAND}"\n+CSIM: 46,"{ANSWER}9000"\n'
MARKED = (
    f"00:00:01 → 80 E2 91 00 06 {GET_EID}\n00:00:01 ← 61 15\n> 80C0000015\n< {ANSWER} 90 00 : ok\n"
)
LISTED = f"{COMMAND}\n6115\n80C0000015\n{ANSWER}9000\n"
BLOCKS = "80E21100 03 BF3E03\n80E29101 03 5C015A\n"


def run(*words: str, text: str | None = None) -> str:
    result = CliRunner().invoke(app, list(words), input=text)
    return result.output if result.exit_code == 0 else f"{result.exit_code}: {result.output}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LPAC, "lpac's debug output: 2 commands"),
        (AT, "AT commands of a modem: 2 commands"),
        (CSIM, "AT commands of a modem"),
        (MARKED, "commands and responses: 2 commands"),
        (LISTED, "a list of APDUs: 2 commands"),
    ],
)
def test_a_conversation_is_joined_and_named(text: str, kind: str) -> None:
    found = pasted.read(text)
    assert found is not None
    assert found.kind == kind
    (item,) = found.items
    assert isinstance(item, Es10)
    assert (item.request, item.answer, item.sw) == (hx(GET_EID), hx(ANSWER), 0x9000)
    said = run("decode", "-", text=text)
    assert said.startswith(f"Taken for {kind}.\n")
    assert "89049032123451234512345678901235" in said


APART = " ".join(re.findall("..", GET_EID))
SPACED = f"""\
[DEBUG] [APDU] [TX] CLA: 81, INS: E2, P1: 91, P2: 00, Lc: 06, Data: {APART}
[DEBUG] [APDU] [RX] SW1: 6A, SW2: 80
"""


def test_lpacs_bytes_may_be_apart_and_its_answer_without_data() -> None:
    found = pasted.read(SPACED)
    assert found is not None
    (item,) = found.items
    assert isinstance(item, Es10)
    assert (item.request, item.sw) == (hx(GET_EID), 0x6A80)


def test_a_command_and_its_response_may_be_two_arguments() -> None:
    assert "GetEID  9000 ok" in run("decode", COMMAND, f"{ANSWER}9000")


def test_a_command_without_a_response_has_no_outcome() -> None:
    said = run("decode", COMMAND).splitlines()
    assert said[:2] == ["Taken for a command APDU. There is no response.", "GetEID"]


def test_a_command_whose_lc_does_not_fit_is_told() -> None:
    assert "They begin like a STORE DATA command, but Lc does not fit." in run(
        "decode", "80E2910007BF3E"
    )


def test_trace_reads_a_text_file_too(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text(LPAC)
    said = run("trace", str(tmp_path / "x.log"))
    assert said.startswith(
        "Taken for lpac's debug output: 2 commands.\nchannel 1: GetEID  9000 ok\n"
    )


def test_commands_without_responses_are_taken_as_served_and_that_is_said() -> None:
    said = run("decode", "-", text=BLOCKS)
    assert said.startswith(
        "Taken for a list of APDUs: 2 commands. There is no response.\nGetEID in 2 blocks"
    )


def test_a_whole_command_is_understood() -> None:
    assert "GetEuiccDataRequest" in run("decode", COMMAND)
    assert "GetEuiccDataRequest" in run("decode", "80 E2 91 00 06", "BF 3E 03 5C 01 5A")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A", "hex digits with decoration"),
        ("{0xBF,0x3E,0x03,0x5C,0x01,0x5A};", "hex digits with decoration"),
        ("BF:3E:03:5C:01:5A", "hex digits with decoration"),
        (r"\xbf\x3e\x03\x5c\x01\x5a", "hex digits with decoration"),
        ('"BF3E035C015A"', "hex digits with decoration"),
        (b64encode(hx(GET_EID)).decode(), "base64"),
        ("00000000: bf3e 035c 015a                           .>.\\.Z\n", "a hexdump"),
        ("00000000  bf 3e 03 5c 01 5a   |.>.\\.Z|\n00000006\n", "a hexdump"),
        ("0000 BF 3E 03\n0003 5C 01 5A\n", "a hexdump"),
    ],
)
def test_an_object_in_any_dress(text: str, kind: str) -> None:
    said = run("decode", "-", text=text)
    assert said.splitlines() == [
        f"Taken for {kind}.",
        "GetEuiccDataRequest  BF3E      3",
        "  tagList            5C        1  5A",
    ]


@pytest.mark.parametrize("program", [["xxd"], ["hexdump", "-C"], ["od", "-A", "x", "-t", "x1z"]])
def test_what_programs_dump_is_read_back(program: list[str]) -> None:
    if which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed")
    data = bytes(range(256)) + b"abc"
    dump = subprocess.run(program, input=data, capture_output=True, check=True).stdout.decode()
    found = pasted.read(dump)
    assert found is not None
    assert (found.kind, found.object) == ("a hexdump", data)


def test_an_atr_says_what_is_in_it() -> None:
    said = run("decode", ATR)
    assert said.startswith("Taken for an ATR.\n")
    assert "T=0, T=15" in said
    assert "8031E073FE211B6753494D45553031" in said


@pytest.mark.parametrize("digits", ["3B", "3B9F96", ATR + "00", "3BFF" + "80" * 31])
def test_what_only_begins_like_an_atr_is_not_one(digits: str) -> None:
    found = pasted.bare(hx(digits))
    assert found is None or found.atr is None


@pytest.mark.parametrize("text", ["", "hello world", "BF3E zz", "deadbeef?", "\x00\x01", "e" * 5])
def test_other_text_is_not_guessed(text: str) -> None:
    found = pasted.read(text)
    assert found is None or found.object == bytes.fromhex("")


@pytest.mark.parametrize("digits", [GET_EID, ANSWER, "BF5603810101", "BF2D00", "E3055A03112233"])
def test_an_object_is_never_taken_for_a_command(digits: str) -> None:
    assert pasted.bare(hx(digits)) is None


@given(st.text(max_size=200))
def test_any_text_is_something_or_nothing(text: str) -> None:
    pasted.read(text)


@given(st.lists(st.sampled_from(LPAC.splitlines() + AT.splitlines() + LISTED.splitlines())))
def test_any_order_of_lines_is_something_or_nothing(lines: list[str]) -> None:
    pasted.read("\n".join(lines))


@pytest.mark.parametrize("piece", [" > 00", "00 ", "0000 00 ", "A", "0x", "+CGLA: 1,", "<<", "\n"])
def test_a_long_line_takes_time_in_proportion(piece: str) -> None:
    assert growth(lambda times: pasted.read(piece * times), 16_000) < LINEAR
