import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.published_pki import TEST_EID

from keys import PkiError, make_eid, validate_eid
from keys.eid import check_digits, validate_iin


def test_the_test_eid_of_sgp26_is_valid() -> None:
    validate_eid(TEST_EID)


def test_check_digits_are_those_of_the_test_eid() -> None:
    assert check_digits(TEST_EID[:30]) == "35"


def test_make_eid_rebuilds_the_test_eid() -> None:
    assert make_eid("89049032", 1234512345123456789012) == TEST_EID


def test_a_short_serial_is_padded_with_zeros() -> None:
    assert make_eid("89049032", 7)[8:30] == "0" * 21 + "7"


def test_check_digits_below_ten_keep_their_zero() -> None:
    endings = {make_eid("89049032", serial)[-2:] for serial in range(200)}
    assert any(ending.startswith("0") for ending in endings)


@given(st.integers(0, 10**8 - 1), st.integers(0, 10**22 - 1))
def test_every_eid_made_is_1_modulo_97(iin: int, serial: int) -> None:
    eid = make_eid(f"{iin:08}", serial)
    validate_eid(eid)
    assert len(eid) == 32
    assert int(eid) % 97 == 1


@given(st.integers(0, 31), st.integers(1, 9))
def test_any_single_wrong_digit_is_detected(place: int, change: int) -> None:
    digit = (int(TEST_EID[place]) + change) % 10
    with pytest.raises(PkiError):
        validate_eid(f"{TEST_EID[:place]}{digit}{TEST_EID[place + 1 :]}")


@pytest.mark.parametrize("eid", ["", TEST_EID[:-1], TEST_EID + "0", "x" + TEST_EID[1:]])
def test_an_eid_has_32_digits(eid: str) -> None:
    with pytest.raises(PkiError, match="32 decimal digits"):
        validate_eid(eid)


def test_digits_of_other_scripts_are_refused() -> None:
    with pytest.raises(PkiError):
        validate_eid("٨" + TEST_EID[1:])


def test_a_newline_after_the_eid_is_refused() -> None:
    with pytest.raises(PkiError):
        validate_eid(TEST_EID + "\n")


def test_the_error_for_wrong_check_digits_names_the_correct_ones() -> None:
    with pytest.raises(PkiError, match="it should end in 35, not 36"):
        validate_eid(TEST_EID[:-1] + "6")


@pytest.mark.parametrize("serial", [-1, 10**22])
def test_a_serial_beyond_22_digits_is_refused(serial: int) -> None:
    with pytest.raises(PkiError, match="22 digits"):
        make_eid("89049032", serial)


@pytest.mark.parametrize("iin", ["8904903", "890490321", "8904903x"])
def test_an_iin_has_eight_digits(iin: str) -> None:
    with pytest.raises(PkiError, match="8 digits"):
        validate_iin(iin)


def test_check_digits_need_30_digits() -> None:
    with pytest.raises(PkiError, match="30 decimal digits"):
        check_digits(TEST_EID)
