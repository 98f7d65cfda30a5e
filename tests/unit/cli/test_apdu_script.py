"""Scripts of APDUs: read as scriptor reads them, held against what they expect."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from euicc_sim.cli.apdu_script import Outcome, ScriptError, Step, parse, play


class Echo:
    """Answers each command with its own bytes and 9000, a reset with two bytes."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def reset(self) -> bytes:
        self.sent.append(b"reset")
        return hx("3B00")

    def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        return apdu + b"\x90\x00"


def commands(text: str) -> list[bytes | None]:
    return [one.command for one in parse(text, "x.apdu")]


def outcomes(text: str) -> list[Outcome]:
    return list(play(parse(text, "x.apdu"), Echo()))


def test_the_pairs_of_a_command_may_be_separated_or_joined() -> None:
    assert commands("00 A4 04 00\n00a40400\n") == [hx("00A40400")] * 2


def test_reset_is_a_step_of_its_own() -> None:
    assert commands("reset\n RESET \n0070000001") == [None, None, hx("0070000001")]


def test_comments_and_blank_lines_are_not_steps() -> None:
    assert commands("# reset comes later\n\n   \n#00A40400\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "0070\\\n000001",
        "00 70\\\n00 00 01",
        "00 70 \\\n00 00 01",
        "00 70   \\\n\n# a comment between\n000001",
        "0070\\\n00\\\n0001",
    ],
)
def test_a_backslash_at_the_end_continues_on_the_next_line(text: str) -> None:
    assert commands(text) == [hx("0070000001")]


def test_a_command_over_several_lines_is_named_by_its_first() -> None:
    assert [one.where for one in parse("\n0070\\\n000001\n\n0070000001", "x")] == ["x:2", "x:5"]


def test_nothing_after_a_line_with_the_word_that_ends_scriptor_is_read() -> None:
    assert commands("00700000\nExit\nthis is never read\n") == [hx("00700000")]


def test_remarks_go_with_the_command_below_them() -> None:
    first, second = parse("# one\n# two\nreset\n#< 3B00\n#three\n00700000", "x")
    assert (first.remarks, second.remarks) == (("one", "two"), ("three",))


def test_spaces_in_a_pattern_are_ignored() -> None:
    (step,) = parse("00700000\n#< BF3E 125A10.{32}\n# a remark\n#<9000\n", "x")
    assert step.expected == "BF3E125A10.{32}9000"


@pytest.mark.parametrize(
    ("pattern", "passed"),
    [
        ("00700000 9000", True),
        ("0070 0000 9000", True),
        ("00.{6} 9000", True),
        (".*9000", True),
        ("(?:00|70)+0* 9000", True),
        ("9000", False),
        ("00700000", False),
        ("00700000 61..", False),
        ("", False),
    ],
)
def test_a_pattern_must_match_the_whole_answer(pattern: str, passed: bool) -> None:
    (outcome,) = outcomes(f"00700000\n#< {pattern}\n")
    assert outcome.passed is passed


def test_a_pattern_may_be_in_lower_case() -> None:
    assert [one.passed for one in outcomes("00A40400\n#< 00a40400 9000")] == [True]


def test_after_a_reset_the_atr_must_match() -> None:
    assert [one.passed for one in outcomes("reset\n#< 3B00\nreset\n#< 3B01")] == [True, False]


def test_without_a_pattern_any_response_will_do() -> None:
    assert [one.passed for one in outcomes("reset\n00700000\n")] == [None, None]


def test_the_steps_are_sent_in_order() -> None:
    echo = Echo()
    list(play(parse("reset\n00700000\nreset\n00700001", "x"), echo))
    assert echo.sent == [b"reset", hx("00700000"), b"reset", hx("00700001")]


@pytest.mark.parametrize(
    ("lines", "number", "words"),
    [
        (["00A4 0400"], 1, "'00A4' is not a hex pair"),
        (["00 A4  04 00"], 1, "there is an extra space"),
        ([" 00 A4 04 00"], 1, "there is an extra space"),
        (["00A40400 # select"], 1, "'00A40400' is not a hex pair"),
        (["  # indented"], 1, "comments have # in the first column"),
        (["00A4040"], 1, "'0' is not a hex pair"),
        (["00A404XX"], 1, "'XX' is not a hex pair"),
        (["00A40400\r"], 1, "'\\r' is not a hex pair"),
        (["00A404"], 1, "at least 4 bytes"),
        (["", "0070 \\", "0000"], 2, "'0070' is not a hex pair"),
        (["00700000", "0070\\"], 2, "ends after a line with a backslash"),
        (["0070\\", "reset"], 2, "'reset' needs a line of its own"),
        (["reset now"], 1, "'reset' needs a line of its own"),
        (["#< 9000"], 1, "has to follow a command"),
        (["00700000", "0070\\", "#< 9000", "0000"], 3, "has to follow a command"),
        (["00700000", "", "#< (9000"], 3, "is not a valid regular expression"),
        (["# the exit of the bank"], 1, "even in a comment"),
    ],
)
def test_a_line_that_scriptor_would_fail_on_is_reported(
    lines: Iterable[str], number: int, words: str
) -> None:
    with pytest.raises(ScriptError) as caught:
        parse("\n".join(lines), "x.apdu")
    assert str(caught.value).startswith(f"x.apdu:{number}: ")
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")


@given(st.lists(st.binary(min_size=4, max_size=300)), st.integers(2, 60))
def test_a_command_may_be_split_anywhere(apdus: list[bytes], width: int) -> None:
    lines = []
    for one in apdus:
        text = one.hex()
        cut = [text[i : i + 2 * width] for i in range(0, len(text), 2 * width)]
        lines.append("\\\n".join(cut))
    assert commands("\n".join(lines)) == apdus


def test_a_step_knows_its_file_and_line() -> None:
    assert Step("scripts/x.apdu", 7, None).where == "scripts/x.apdu:7"
