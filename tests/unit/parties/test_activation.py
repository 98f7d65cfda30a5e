"""Activation codes: read, written, and refused with a sentence."""

from __future__ import annotations

import pytest

from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("LPA:1$smdp.example.com$ABC-1", ActivationCode("smdp.example.com", "ABC-1")),
        ("lpa:1$smdp.example.com$", ActivationCode("smdp.example.com")),
        ("1$a:8443$B$2.999.10", ActivationCode("a:8443", "B", "2.999.10")),
        ("LPA:1$a$B$$1\n", ActivationCode("a", "B", confirmation=True)),
        ("LPA:1$a$B$2.999.10$1", ActivationCode("a", "B", "2.999.10", True)),
    ],
)
def test_an_activation_code_is_read_and_written(text: str, code: ActivationCode) -> None:
    assert ActivationCode.parse(text) == code
    assert ActivationCode.parse(str(code)) == code


def test_a_code_without_more_ends_with_the_matching_id() -> None:
    assert str(ActivationCode("a", "B")) == "LPA:1$a$B"


@pytest.mark.parametrize("text", ["", "LPA:", "LPA:2$a$b", "LPA:1$$b", "1$a", "https://a"])
def test_what_is_no_activation_code_is_a_sentence(text: str) -> None:
    with pytest.raises(ActivationCodeError, match=r"is not an activation code\. Give one such as"):
        ActivationCode.parse(text)


def test_a_strict_matching_id_has_letters_digits_and_dashes() -> None:
    assert ActivationCode("a", "AZaz09-").strict
    assert not ActivationCode("a", "TS48v1_A").strict


@pytest.mark.parametrize(
    "address", ["a..b", ".", "a" * 64, "löc.example", " host", "host:0", "a@b"]
)
def test_an_activation_code_without_an_address_is_a_sentence(address: str) -> None:
    with pytest.raises(ActivationCodeError, match="is not the address of a server"):
        ActivationCode.parse(f"LPA:1${address}$X")
