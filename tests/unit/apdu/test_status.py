"""The status words, typed again from ISO/IEC 7816-4 and ETSI TS 102 221."""

from __future__ import annotations

import pytest

from apdu import SW, StatusError, refuses

WORDS = [
    (0x9000, "OK"),
    (0x6282, "EOF_REACHED"),
    (0x6283, "FILE_DEACTIVATED"),
    (0x62F1, "MORE_TO_READ"),
    (0x63F1, "MORE_TO_WRITE"),
    (0x6581, "MEMORY_FAILURE"),
    (0x6700, "WRONG_LENGTH"),
    (0x6881, "CHANNEL_NOT_SUPPORTED"),
    (0x6882, "SECURE_MESSAGING_NOT_SUPPORTED"),
    (0x6883, "LAST_COMMAND_EXPECTED"),
    (0x6884, "CHAINING_NOT_SUPPORTED"),
    (0x6981, "COMMAND_INCOMPATIBLE"),
    (0x6982, "SECURITY_STATUS_NOT_SATISFIED"),
    (0x6983, "AUTHENTICATION_BLOCKED"),
    (0x6984, "REFERENCED_DATA_INVALIDATED"),
    (0x6985, "CONDITIONS_NOT_SATISFIED"),
    (0x6986, "NO_CURRENT_EF"),
    (0x6A80, "WRONG_DATA"),
    (0x6A81, "FUNCTION_NOT_SUPPORTED"),
    (0x6A82, "NOT_FOUND"),
    (0x6A83, "RECORD_NOT_FOUND"),
    (0x6A84, "NOT_ENOUGH_MEMORY"),
    (0x6A86, "WRONG_P1P2"),
    (0x6A88, "REFERENCED_DATA_NOT_FOUND"),
    (0x6B00, "WRONG_OFFSET"),
    (0x6D00, "WRONG_INS"),
    (0x6E00, "WRONG_CLA"),
    (0x6F00, "INTERNAL_ERROR"),
    (0x9850, "MAX_VALUE_REACHED"),
    (0x9862, "INCORRECT_MAC"),
    (0x9864, "CONTEXT_NOT_SUPPORTED"),
]


@pytest.mark.parametrize(("value", "name"), WORDS)
def test_a_status_word_has_its_number(value: int, name: str) -> None:
    assert SW[name] == value


def test_every_status_word_is_listed_here() -> None:
    assert {(int(one), one.name) for one in SW} == set(WORDS)


def test_an_error_shows_its_word_and_reason() -> None:
    error = StatusError(0x6C26, "26 bytes there")
    assert (error.sw, error.why, str(error)) == (0x6C26, "26 bytes there", "6C26: 26 bytes there")


@pytest.mark.parametrize("why", ["", " ", "\n"])
def test_a_status_error_needs_a_reason(why: str) -> None:
    with pytest.raises(ValueError, match="6A82 needs a reason"):
        StatusError(0x6A82, why)


@pytest.mark.parametrize(
    "sw", [0x9000, 0x6100, 0x6112, 0x6C05, 0x9110, 0x6282, 0x6283, 0x62F1, 0x63F1]
)
def test_success_more_data_a_corrected_le_and_warnings_with_data_are_not_refusals(sw: int) -> None:
    assert not refuses(sw)


@pytest.mark.parametrize("sw", [0x6281, 0x63C0, 0x6700, 0x6985, 0x6A82, 0x9862, 0x6F00])
def test_any_other_status_word_is_a_refusal(sw: int) -> None:
    assert refuses(sw)
