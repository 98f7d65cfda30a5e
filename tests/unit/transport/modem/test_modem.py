"""AT commands and their answers (3GPP TS 27.007), with a card behind them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import ask
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installed import give, switch
from support.installing import A, B, C
from support.managing import disable
from support.sim_packages import USIM_AID

from apdu.cla import on_channel
from euicc_sim import Card
from euicc_sim.transport.blank import BlankCard, SilentObserver
from euicc_sim.transport.modem.commands import IMEI, Habits, Modem

At = Callable[[str], list[str]]

ISDR = "A0000005591010FFFFFFFF8900000100"
USIM = USIM_AID.hex().upper()
GET_EID = "80E2910006BF3E035C015A"
EID_ANSWER = "BF3E125A1089049032123451234512345678901235"


def apdu(text: str) -> str:
    return f'{len(text)},"{text}"'


# -- the modem itself


def test_at_alone_is_ok(at: At) -> None:
    assert at("AT") == ["OK"]
    assert at("at") == ["OK"]


def test_a_line_without_at_is_not_answered(at: At) -> None:
    assert at("hello") == []
    assert at("") == []


def test_the_modem_says_who_it_is(at: At) -> None:
    assert at("ATI") == ["euicc-sim", "Virtual modem", "Revision: 1.2.3", "OK"]
    assert at("AT+CGMI;+CGMM;+CGMR") == ["euicc-sim", "Virtual modem", "1.2.3", "OK"]
    assert at("AT+CGSN") == ["001010000000008", "OK"]
    assert at("AT+CGSN=1") == ['+CGSN: "001010000000008"', "OK"]


def test_the_last_digit_of_the_imei_is_its_check_digit() -> None:
    doubled = [int(one) * (1 + at % 2) for at, one in enumerate(IMEI)]
    assert sum(one // 10 + one % 10 for one in doubled) % 10 == 0


def test_errors_are_error_then_numbers_then_words(at: At) -> None:
    assert at("AT+CCHC=5") == ["ERROR"]
    assert at("AT+CMEE=1;+CCHC=5") == ["+CME ERROR: 21"]
    assert at("AT+CMEE=2;+CCHC=5") == ["+CME ERROR: invalid index"]
    assert at("AT+CMEE?") == ["+CMEE: 2", "OK"]
    assert at("AT+CMEE=3") == ["+CME ERROR: Incorrect parameters"]


def test_an_unknown_command_is_error_whatever_cmee_says(at: At) -> None:
    assert at("AT+CMEE=2") == ["OK"]
    assert at("AT+XYZ") == ["ERROR"]
    assert at("AT+XYZ=?") == ["ERROR"]


def test_a_known_command_in_a_form_that_it_has_not_is_not_supported(at: At) -> None:
    assert at("AT+CMEE=2;+CIMI?") == ["+CME ERROR: operation not supported"]


def test_an_error_ends_the_line(at: At) -> None:
    assert at("AT+CGMI;+CCHC=5;+CGMM") == ["euicc-sim", "ERROR"]


NAMES = """
+CGMI +CGMM +CGMR +CGSN +CMEE +CFUN +CPIN +CIMI +CCID +CCHO +CCHC +CGLA +CSIM +CRSM +CUAD +CLAC
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_each_extended_command_has_a_test_form(at: At, name: str) -> None:
    assert at(f"AT{name}=?")[-1] == "OK"
    assert f"AT{name}" in at("AT+CLAC")


def test_echo_is_on_until_e0(modem: Modem, at: At) -> None:
    assert modem.echo
    at("ATE0")
    assert not modem.echo
    at("ATZ")
    assert modem.echo


# -- power


def test_without_power_there_is_no_sim(at: At) -> None:
    at("AT+CMEE=1;+CFUN=0")
    assert at("AT+CFUN?") == ["+CFUN: 0", "OK"]
    for command in ("+CIMI", "+CCID", "+CPIN?", f'+CCHO="{ISDR}"', "+CUAD", "+CRSM=242"):
        assert at(f"AT{command}") == ["+CME ERROR: 3"]
    assert at(f"AT+CSIM={apdu('00A40004023F00')}") == ["+CME ERROR: 3"]


def test_power_resets_the_card_and_ends_its_sessions(at: At) -> None:
    assert at(f'AT+CCHO="{ISDR}"') == ["+CCHO: 1", "OK"]
    assert at("AT+CFUN=0;+CFUN=1") == ["OK"]
    assert at(f"AT+CGLA=1,{apdu(GET_EID)}") == ["ERROR"]
    assert at("AT+CSIM=" + apdu("81F2000000")) == ['+CSIM: 4,"6881"', "OK"]


def test_cfun_1_changes_nothing_on_a_modem_that_is_on(at: At) -> None:
    at(f'AT+CCHO="{ISDR}"')
    assert at("AT+CFUN=1") == ["OK"]
    assert at("AT+CCHC=1") == ["+CCHC", "OK"]


def test_cfun_1_1_begins_anew(at: At) -> None:
    at(f'ATE0+CMEE=2;+CCHO="{ISDR}"')
    assert at("AT+CFUN=1,1") == ["OK"]
    assert at("AT+CMEE?;+CCHC=1") == ["+CMEE: 0", "ERROR"]


# -- logical channels


def test_a_session_reaches_its_application(at: At) -> None:
    assert at(f'AT+CCHO="{ISDR}"') == ["+CCHO: 1", "OK"]
    assert at(f"AT+CGLA=1,{apdu(GET_EID)}") == ['+CGLA: 4,"6115"', "OK"]
    answer = f"{EID_ANSWER}9000"
    assert at(f"AT+CGLA=1,{apdu('80C0000015')}") == [f"+CGLA: {apdu(answer)}", "OK"]
    assert at("AT+CCHC=1") == ["+CCHC", "OK"]
    assert at("AT+CCHC=1") == ["ERROR"]


def test_a_modem_may_fetch_the_answer_first(card: Card) -> None:
    modem = Modem(card, SilentObserver(), Habits(get_response=True))
    modem.power_on()
    answers = [*modem.answer(f'AT+CCHO="{ISDR}";+CGLA=1,{apdu(GET_EID)}')]
    assert answers[1] == (f"+CGLA: {apdu(EID_ANSWER + '9000')}",)


def test_an_older_modem_says_the_number_alone(card: Card) -> None:
    modem = Modem(card, SilentObserver(), Habits(bare_session=True))
    modem.power_on()
    assert [*modem.answer(f'AT+CCHO="{ISDR}"')] == [("1",), ("OK",)]


def test_sessions_have_channels_of_their_own(at: At) -> None:
    assert at(f'AT+CCHO="{ISDR}";+CCHO="{USIM}"') == ["+CCHO: 1", "+CCHO: 2", "OK"]
    imsi = apdu("00A40004026F07")
    assert at(f"AT+CGLA=2,{imsi};+CGLA=1,{imsi}")[0].startswith("+CGLA: 4,")
    assert at("AT+CCHC=1;+CCHC=2") == ["+CCHC", "+CCHC", "OK"]


def test_a_session_of_a_closed_one_is_given_again(at: At) -> None:
    at(f'AT+CCHO="{ISDR}";+CCHO="{USIM}";+CCHC=1')
    assert at(f'AT+CCHO="{ISDR}"') == ["+CCHO: 1", "OK"]


def test_an_application_that_is_not_there_is_not_found_and_takes_no_channel(at: At) -> None:
    at("AT+CMEE=2")
    for _ in range(25):
        assert at('AT+CCHO="A000000099"') == ["+CME ERROR: not found"]
    assert at(f'AT+CCHO="{ISDR}"') == ["+CCHO: 1", "OK"]


def test_when_no_channel_is_free_that_is_said(at: At) -> None:
    at("AT+CMEE=2")
    answers = [at(f'AT+CCHO="{ISDR}"') for _ in range(25)]
    assert answers[-1] == ["+CME ERROR: memory full"]
    assert answers.count(answers[-1]) == 25 - 19


@pytest.mark.parametrize(
    ("command", "channel", "expected"),
    [
        ("80E29100", 1, "81E29100"),
        ("83E29100", 1, "81E29100"),
        ("00A40000", 3, "03A40000"),
        ("90E29100", 2, "92E29100"),
        ("80E29100", 4, "C0E29100"),
        ("80E29100", 19, "CFE29100"),
        ("C5E29100", 2, "82E29100"),
        ("D5E29100", 2, "92E29100"),
        ("0CA40000", 5, "61A40000"),
        ("61A40000", 1, "0DA40000"),
    ],
)
def test_the_channel_of_a_class_byte_is_overwritten_and_nothing_else(
    command: str, channel: int, expected: str
) -> None:
    assert on_channel(hx(command), channel) == hx(expected)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ('9,10,"80E2910000"', 21),
        ('1,8,"80E2910000"', 50),
        ('1,9,"80E2910000"', 50),
        ('1,6,"80E291"', 50),
        ('1,10,"80E291000"', 25),
        ('1,10,"80E29100XX"', 25),
        ('1,0,""', 50),
        ('x,10,"80E2910000"', 50),
        ('1,10,"80E2910000",', 50),
        ("1,10", 50),
        ("1", 50),
        ("", 50),
        ('1,140000,"' + "00" * 70000 + '"', 24),
    ],
)
def test_a_wrong_cgla_is_refused_before_the_card(at: At, parameters: str, error: int) -> None:
    at(f'AT+CMEE=1;+CCHO="{ISDR}"')
    assert at(f"AT+CGLA={parameters}") == [f"+CME ERROR: {error}"]


def test_an_aid_has_at_most_16_bytes(at: At) -> None:
    assert at(f'AT+CMEE=1;+CCHO="{ISDR}00"') == ["+CME ERROR: 24"]
    assert at('AT+CCHO=""') == ["+CME ERROR: 50"]


# -- the SIM


def test_imsi_and_iccid_are_those_of_the_enabled_profile(tested: At) -> None:
    assert tested("AT+CPIN?") == ["+CPIN: READY", "OK"]
    assert tested("AT+CIMI") == ["001010000000001", "OK"]
    assert tested("AT+CCID") == ["+CCID: 8900101000000000100", "OK"]


def test_a_pin_that_is_missing_is_asked_for_counted_and_unblocked(at: At) -> None:
    at("AT+CMEE=1")
    assert at("AT+CPIN?") == ["+CPIN: SIM PIN", "OK"]
    assert at("AT+CIMI") == ["+CME ERROR: 11"]
    assert at('AT+CPIN="1111"') == ["+CME ERROR: 16"]
    assert at("AT+CPIN=2222") == ["+CME ERROR: 16"]
    assert at('AT+CPIN="3333"') == ["+CME ERROR: 12"]
    assert at("AT+CPIN?") == ["+CPIN: SIM PUK", "OK"]
    assert at("AT+CIMI") == ["+CME ERROR: 12"]
    assert at('AT+CPIN="99999999","4321"') == ["+CME ERROR: 16"]
    assert at('AT+CPIN="11111111","4321"') == ["OK"]
    assert at("AT+CPIN?") == ["+CPIN: READY", "OK"]


@pytest.mark.parametrize("codes", ['"12345678A"', '""', '"123456789"', '"0000","x"', '"1","2","3"'])
def test_what_is_not_a_pin_is_refused_and_not_counted(at: At, codes: str) -> None:
    at("AT+CMEE=1")
    for _ in range(4):
        assert at(f"AT+CPIN={codes}") == ["+CME ERROR: 50"]
    assert at("AT+CPIN?") == ["+CPIN: SIM PIN", "OK"]


def test_files_are_read_by_their_number(tested: At) -> None:
    """28423 is 6F07, 12258 is 2FE2, 12032 is 2F00, 28671 is 6FFF."""
    imsi = ['+CRSM: 144,0,"080910100000000010"', "OK"]
    assert tested("AT+CRSM=176,28423,0,0,9") == imsi
    assert tested('AT+CRSM=176,28423,0,0,9,"","3F007FFF"') == imsi
    assert tested("AT+CRSM=176,28423,0,0,0") == imsi
    iccid = ['+CRSM: 144,0,"980001010000000001F0"', "OK"]
    assert tested("AT+CRSM=176,12258,0,0,10") == iccid
    assert tested("AT+CRSM=176,12258,0,0,10,,3F00") == iccid
    assert tested("AT+CRSM=192,28423")[0].startswith('+CRSM: 144,0,"62')
    assert tested("AT+CRSM=178,12032,1,4,0")[0].startswith('+CRSM: 144,0,"61184F10')
    assert tested("AT+CRSM=176,28671,0,0,9") == ["+CRSM: 106,130", "OK"]
    assert tested("AT+CRSM=242")[0].startswith('+CRSM: 144,0,"62')


def test_an_update_says_what_the_card_says(tested: At) -> None:
    """28476 is 6F3C, EF.SMS, which the user may write; 28423 is EF.IMSI."""
    assert tested('AT+CRSM=214,28423,0,0,3,"010203"') == ["+CRSM: 105,130", "OK"]
    assert tested('AT+CRSM=214,28423,0,0,2,"010203"') == ["ERROR"]


@pytest.mark.parametrize(
    "parameters", ["", "999", "176", "177,28423", "176,65536", "176,1,2,3,256"]
)
def test_a_wrong_crsm_is_refused(at: At, parameters: str) -> None:
    assert at(f"AT+CRSM={parameters}") == ["ERROR"]


def test_the_applications_are_those_of_ef_dir(tested: At) -> None:
    record = tested("AT+CRSM=178,12032,1,4,0")[0].split('"')[1]
    assert tested("AT+CUAD") == [f"+CUAD: {record}", "OK"]


def test_csim_sends_a_command_as_it_is(at: At) -> None:
    assert at(f"AT+CSIM={apdu('0070000001')}") == ['+CSIM: 6,"019000"', "OK"]
    assert at(f"AT+CSIM={apdu('00ff000000')}") == ['+CSIM: 4,"6D00"', "OK"]


def test_without_an_enabled_profile_the_sim_is_not_inserted(at: At, card: Card) -> None:
    card.transmit(SELECT_ISDR)
    assert ask(card.transmit, disable(A)) == hx("BF32 03 800100")
    card.reset()
    at("AT+CMEE=2")
    for command in ("+CIMI", "+CCID", "+CPIN?", '+CPIN="0000"'):
        assert at(f"AT{command}") == ["+CME ERROR: SIM not inserted"], command


def test_a_card_that_knows_no_command_is_a_sim_failure_or_none() -> None:
    modem = Modem(BlankCard(), SilentObserver())
    modem.power_on()
    ask = "AT+CMEE=1;"
    assert [*modem.answer(f'{ask}+CCHO="{ISDR}"')] == [("+CME ERROR: 13",)]
    assert [*modem.answer(f"{ask}+CIMI")] == [("+CME ERROR: 10",)]
    assert [*modem.answer(f"{ask}+CRSM=176,28423")] == [("+CRSM: 109,0",), ("OK",)]


# -- what a card asks of its terminal


def test_a_switch_of_profiles_resets_the_card_and_the_new_sim_is_there(
    at: At, card: Card, modem: Modem
) -> None:
    """EnableProfile with refreshFlag: 91XX is passed on, and the modem does the REFRESH."""
    give(card, B, C)
    modem.power_on()
    at(f'AT+CCHO="{ISDR}"')
    enable = f"80E2910014BF3111A00C5A0A{B.hex().upper()}8101FF"
    assert at(f"AT+CGLA=1,{apdu(enable)}") == ['+CGLA: 4,"6106"', "OK"]
    assert at(f"AT+CGLA=1,{apdu('81C0000006')}") == [
        '+CGLA: 16,"BF3103800100910B"',
        "OK",
    ]
    assert at("AT+CCHC=1") == ["ERROR"]
    digits = "".join(one[::-1] for one in map("{:02X}".format, B)).rstrip("F")
    assert at("AT+CCID") == [f"+CCID: {digits}", "OK"]


def test_poll_interval_is_answered(modem: Modem, card: Card, at: At) -> None:
    switch(card, poll_interval=30)
    modem.power_on()
    assert [one.text for one in card.take_events()][-1].startswith("TERMINAL RESPONSE: ")
    assert at(f"AT+CSIM={apdu('00A4000C023F00')}") == ['+CSIM: 4,"9000"', "OK"]
