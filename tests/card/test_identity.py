"""What a card says of itself."""

from collections.abc import Callable

from support.es10 import SELECT_ISDR, es10
from support.hexes import hx
from support.judge import judged

from euicc_sim import Card

Send = Callable[[bytes], bytes]


def test_the_isdr_announces_its_description_with_61(send: Send) -> None:
    assert send(SELECT_ISDR) == hx("6120")


def test_the_eid_is_the_one_of_the_gsma_test_card(send: Send) -> None:
    send(SELECT_ISDR)
    answer = es10(send, hx("BF3E 03 5C015A"))
    assert answer == hx("BF3E 12 5A10 89049032123451234512345678901235")
    assert judged("GetEuiccDataResponse", answer)["eidValue"] == hx(
        "89049032123451234512345678901235"
    )


def test_euicc_info2_says_that_an_ipad_serves_this_iot_card(send: Send) -> None:
    send(SELECT_ISDR)
    info = judged("EUICCInfo2", es10(send, hx("BF2200")))
    assert info["ipaMode"] == 0
    assert info["iotSpecificInfo"]["iotVersion"] == [hx("010200")]


def test_the_atr_offers_t0_first_and_marks_an_euicc(card: Card) -> None:
    assert card.atr == hx("3B9F96803FC7828031E073FE211B6753494D4555303134")
