"""AT command lines: commands, forms and parameters (ITU-T V.250 clause 5.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from euicc_sim.transport.modem.syntax import (
    At,
    AtError,
    Cme,
    Form,
    NotACommandError,
    commands,
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", []),
        ("E0", [At("E", Form.EXECUTE, ("0",))]),
        ("e0i", [At("E", Form.EXECUTE, ("0",)), At("I", Form.EXECUTE)]),
        ("&F", [At("&F", Form.EXECUTE)]),
        ("+CIMI", [At("+CIMI", Form.EXECUTE)]),
        ("+cimi ", [At("+CIMI", Form.EXECUTE)]),
        ("+CFUN?", [At("+CFUN", Form.READ)]),
        ("+CFUN=?", [At("+CFUN", Form.TEST)]),
        ("+CFUN = ?", [At("+CFUN", Form.TEST)]),
        ("+CFUN=1", [At("+CFUN", Form.SET, ("1",))]),
        ("+CFUN=", [At("+CFUN", Form.SET, ("",))]),
        ("+CFUN=1,", [At("+CFUN", Form.SET, ("1", ""))]),
        ("+CRSM=176,28423,,,9", [At("+CRSM", Form.SET, ("176", "28423", "", "", "9"))]),
        ('+CCHO="A0"', [At("+CCHO", Form.SET, ("A0",))]),
        ('+CGLA=1,10,"80E2,;\\"', [At("+CGLA", Form.SET, ("1", "10", "80E2,;\\"))]),
        ("+CGLA=1,10,80E2", [At("+CGLA", Form.SET, ("1", "10", "80E2"))]),
        (
            "E1+CMEE=1;+CIMI;;I",
            [
                At("E", Form.EXECUTE, ("1",)),
                At("+CMEE", Form.SET, ("1",)),
                At("+CIMI", Form.EXECUTE),
                At("I", Form.EXECUTE),
            ],
        ),
    ],
)
def test_a_line_has_these_commands(body: str, expected: list[At]) -> None:
    assert list(commands(body)) == expected


@pytest.mark.parametrize(
    "body", ["+", "+?", "=1", '+CCHO="A0', '+CCHO="A0"B"', "+CFUN??", "+CFUN?1", "1", "+CGLA+"]
)
def test_anything_else_is_not_a_command(body: str) -> None:
    with pytest.raises(NotACommandError):
        list(commands(body))


def test_commands_before_a_wrong_one_are_carried_out() -> None:
    found = commands("+CIMI;*")
    assert next(found) == At("+CIMI", Form.EXECUTE)
    with pytest.raises(NotACommandError):
        next(found)


@pytest.mark.parametrize("text", ["", "-1", "1x", "²", "٣", "9" * 10, "256", '"'])
def test_what_is_not_a_number_from_0_to_255(text: str) -> None:
    with pytest.raises(AtError) as caught:
        At("+CRSM", Form.SET, (text,)).number(0, most=255)
    assert caught.value.cme is Cme.INCORRECT_PARAMETERS


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("0", Cme.INVALID_CHARACTERS),
        ("0G", Cme.INVALID_CHARACTERS),
        ("0 1 ", Cme.INVALID_CHARACTERS),
        ("001122", Cme.TEXT_TOO_LONG),
    ],
)
def test_what_is_not_two_octets_in_hexadecimal(text: str, error: Cme) -> None:
    with pytest.raises(AtError) as caught:
        At("+CSIM", Form.SET, (text,)).octets(0, most=2)
    assert caught.value.cme is error


@given(st.text(max_size=40))
def test_any_text_has_commands_or_is_not_a_command(body: str) -> None:
    try:
        for one in commands(body):
            assert one.name == one.name.upper()
    except NotACommandError:
        pass
