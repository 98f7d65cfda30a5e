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


def test_a_command_has_its_pairs_apart_or_joined() -> None:
    assert commands("00 A4 04 00\n00a40400\n") == [hx("00A40400")] * 2


def test_reset_is_a_step_of_its_own() -> None:
    assert commands("reset\n RESET \n0070000001") == [None, None, hx("0070000001")]


def test_comments_and_blank_lines_are_no_steps() -> None:
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
def test_a_backslash_at_the_end_of_a_line_goes_on_in_the_next(text: str) -> None:
    assert commands(text) == [hx("0070000001")]


def test_a_command_over_several_lines_is_named_by_its_first() -> None:
    assert [one.where for one in parse("\n0070\\\n000001\n\n0070000001", "x")] == ["x:2", "x:5"]


def test_nothing_after_a_line_with_the_word_that_ends_scriptor_is_read() -> None:
    assert commands("00700000\nExit\nthis is never read\n") == [hx("00700000")]


def test_remarks_go_with_the_command_below_them() -> None:
    first, second = parse("# one\n# two\nreset\n#< 3B00\n#three\n00700000", "x")
    assert (first.remarks, second.remarks) == (("one", "two"), ("three",))


def test_an_expectation_is_a_pattern_whose_spaces_mean_nothing() -> None:
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


def test_letters_of_a_pattern_may_be_small() -> None:
    assert [one.passed for one in outcomes("00A40400\n#< 00a40400 9000")] == [True]


def test_after_a_reset_the_atr_must_match() -> None:
    assert [one.passed for one in outcomes("reset\n#< 3B00\nreset\n#< 3B01")] == [True, False]


def test_without_an_expectation_any_answer_goes() -> None:
    assert [one.passed for one in outcomes("reset\n00700000\n")] == [None, None]


def test_the_steps_are_sent_in_order() -> None:
    echo = Echo()
    list(play(parse("reset\n00700000\nreset\n00700001", "x"), echo))
    assert echo.sent == [b"reset", hx("00700000"), b"reset", hx("00700001")]


@pytest.mark.parametrize(
    ("lines", "number", "words"),
    [
        (["00A4 0400"], 1, "'00A4' is not taken"),
        (["00 A4  04 00"], 1, "two in a row are not taken"),
        ([" 00 A4 04 00"], 1, "a space before it"),
        (["00A40400 # select"], 1, "'00A40400' is not taken"),
        (["  # indented"], 1, "comments begin with # in the first column"),
        (["00A4040"], 1, "'0' is not taken"),
        (["00A404XX"], 1, "'XX' is not taken"),
        (["00A40400\r"], 1, "'\\r' is not taken"),
        (["00A404"], 1, "4 bytes or more"),
        (["", "0070 \\", "0000"], 2, "'0070' is not taken"),
        (["00700000", "0070\\"], 2, "never goes on"),
        (["0070\\", "reset"], 2, "'reset' stands alone"),
        (["reset now"], 1, "'reset' stands alone"),
        (["#< 9000"], 1, "comes after the command"),
        (["00700000", "0070\\", "#< 9000", "0000"], 3, "comes after the command"),
        (["00700000", "", "#< (9000"], 3, "is no regular expression"),
        (["# the exit of the bank"], 1, "even in a comment"),
    ],
)
def test_what_scriptor_would_choke_on_is_named_with_its_line(
    lines: Iterable[str], number: int, words: str
) -> None:
    with pytest.raises(ScriptError) as caught:
        parse("\n".join(lines), "x.apdu")
    assert str(caught.value).startswith(f"x.apdu:{number}: ")
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")


@given(st.lists(st.binary(min_size=4, max_size=300)), st.integers(2, 60))
def test_commands_cut_anywhere_come_together_again(apdus: list[bytes], width: int) -> None:
    lines = []
    for one in apdus:
        text = one.hex()
        cut = [text[i : i + 2 * width] for i in range(0, len(text), 2 * width)]
        lines.append("\\\n".join(cut))
    assert commands("\n".join(lines)) == apdus


def test_a_step_says_where_it_stands() -> None:
    assert Step("scripts/x.apdu", 7, None).where == "scripts/x.apdu:7"
