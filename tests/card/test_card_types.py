"""What a card takes itself for: iot, iot-strict and consumer, each with its own functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import objects, tlv
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, RECIPIENT, A, B, install
from support.judge import judged
from support.managing import (
    Contents,
    delete,
    disable,
    enable,
    holding,
    judged22,
    made,
    nickname,
    profile,
    told,
)

from euicc_sim import Card
from euicc_sim.model.identity import CardType

Send = Callable[[bytes], bytes]

IOT, STRICT, CONSUMER = CardType.IOT, CardType.IOT_STRICT, CardType.CONSUMER

OF_BOTH = [
    *("BF20", "BF21", "BF22", "BF28", "BF2B", "BF2D", "BF2E", "BF30", "BF38", "BF3C", "BF3E"),
    *("BF41", "BF42", "BF43"),
]
OF_AN_LPA = ["BF29", "BF31", "BF32", "BF33", "BF34", "BF3F"]
OF_SGP_32 = [
    *("BF51", "BF55", "BF56", "BF57", "BF58", "BF59", "BF5A", "BF5B", "BF5C", "BF5D", "BF5E"),
    *("BF5F", "BF64", "BF65"),
]
LACKING = b"", 0x6A88


@pytest.fixture
def contents() -> Contents:
    return Contents((profile(A_DIGITS, nickname="mine"), profile(B_DIGITS, enabled=True)))


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def of(kind: CardType) -> pytest.MarkDecorator:
    return holding(
        profile(A_DIGITS, nickname="mine"), profile(B_DIGITS, enabled=True), card_type=kind
    )


def fci(send: Send) -> list[str]:
    """The tags in the FCI of the ISD-R."""
    ((_, _, inside),) = objects(send(SELECT_ISDR + b"\0")[:-2])
    return [tag for tag, _, _ in objects(inside)]


# -- which functions


@of(IOT)
@pytest.mark.parametrize("tag", [*OF_BOTH, *OF_AN_LPA, *OF_SGP_32])
def test_an_iot_card_has_the_functions_of_both(isdr: Send, tag: str) -> None:
    assert es10_sw(isdr, tlv(tag)) != LACKING


@of(STRICT)
@pytest.mark.parametrize("tag", [*OF_BOTH, *OF_SGP_32])
def test_a_strict_card_has_those_of_sgp_32(isdr: Send, tag: str) -> None:
    assert es10_sw(isdr, tlv(tag)) != LACKING


@of(STRICT)
@pytest.mark.parametrize(
    "request_",
    [
        nickname(A, b"new"),
        enable(A),
        disable(B),
        delete(A),
        hx("BF34 04 8202 05E0"),
        hx("BF3F 03 800161"),
    ],
    ids=OF_AN_LPA,
)
def test_a_strict_card_has_none_by_which_an_lpa_manages_profiles(
    isdr: Send, card: Card, request_: bytes
) -> None:
    before = card.state
    assert es10_sw(isdr, request_) == LACKING
    assert card.state == before


@of(CONSUMER)
@pytest.mark.parametrize("tag", [*OF_BOTH, *OF_AN_LPA])
def test_a_consumer_card_has_those_of_sgp_22(isdr: Send, tag: str) -> None:
    assert es10_sw(isdr, tlv(tag)) != LACKING


@of(CONSUMER)
@pytest.mark.parametrize("tag", OF_SGP_32)
@pytest.mark.parametrize("content", ["", "820100"])
def test_a_consumer_card_has_none_of_sgp_32(isdr: Send, tag: str, content: str) -> None:
    assert es10_sw(isdr, tlv(tag, hx(content))) == LACKING


# -- a consumer card


@of(CONSUMER)
def test_an_lpa_manages_its_profiles(isdr: Send) -> None:
    for request, name in (
        (enable(A), "EnableProfileResponse"),
        (disable(A), "DisableProfileResponse"),
        (delete(A), "DeleteProfileResponse"),
        (nickname(B, b"new"), "SetNicknameResponse"),
        (hx("BF3F 03 800161"), "SetDefaultDpAddressResponse"),
        (hx("BF34 04 8202 05E0"), "EuiccMemoryResetResponse"),
    ):
        answer = es10(isdr, request)
        assert answer == request[:2] + hx("03 800100")
        judged22(name, answer)


@of(CONSUMER)
def test_its_info2_is_that_of_sgp_22(isdr: Send) -> None:
    answer = es10(isdr, hx("BF2200"))
    judged22("EUICCInfo2", answer)
    ((_, _, inside),) = objects(answer)
    assert " ".join(tag for tag, _, _ in objects(inside)) == (
        "81 82 83 84 85 86 87 88 A9 AA 8B 99 04 0C"
    )


@of(IOT)
def test_the_info2_of_an_iot_card_has_two_fields_more(isdr: Send) -> None:
    answer = es10(isdr, hx("BF2200"))
    judged("EUICCInfo2", answer)
    ((_, _, inside),) = objects(answer)
    assert [tag for tag, _, _ in objects(inside)][-2:] == ["90", "B4"]


@pytest.mark.parametrize(
    ("kind", "tags"), [(CONSUMER, "84 A5 E0"), (IOT, "84 A5 E1"), (STRICT, "84 A5 E1")]
)
def test_only_a_card_of_sgp_32_says_e1(
    kind: CardType, tags: str, tmp_path: Path, pki_folder: Path
) -> None:
    contents = Contents((profile(A_DIGITS, enabled=True),), {}, {"card_type": kind})
    with made(tmp_path / "other", pki_folder, contents) as card:
        assert fci(card.transmit) == tags.split()


@of(CONSUMER)
def test_it_does_not_understand_who_asks_for_package_results(isdr: Send) -> None:
    assert es10_sw(isdr, hx("BF2B 04 A0028200")) == (b"", 0x6A80)


@of(CONSUMER)
def test_without_the_wrapper_that_is_a_field_of_a_later_version(isdr: Send) -> None:
    assert es10(isdr, hx("BF2B 02 8200")) == hx("BF2B 02 A000")


@of(CONSUMER)
def test_it_keeps_notifications_in_the_form_of_sgp_22(isdr: Send) -> None:
    es10(isdr, disable(B))
    assert told(isdr) == [(1, 2, RECIPIENT, B)]
    for request in ("BF2B00", "BF2B 05 A003 800101", "BF2B 06 A004 8102 0520"):
        answer = es10(isdr, hx(request))
        judged22("RetrieveNotificationsListResponse", answer)
        assert hx("BF2F 2E 800101 8102 0520") in answer
    assert es10(isdr, hx("BF30 03 800101")) == hx("BF30 03 800100")


@of(CONSUMER)
@pytest.mark.parametrize("tag", ["BF20", "BF2E", "BF3C", "BF43"])
def test_its_answers_are_those_of_sgp_22(isdr: Send, tag: str) -> None:
    names = {
        "BF20": "EUICCInfo1",
        "BF2E": "GetEuiccChallengeResponse",
        "BF3C": "EuiccConfiguredAddressesResponse",
        "BF43": "GetRatResponse",
    }
    judged22(names[tag], es10(isdr, tlv(tag)))


@of(CONSUMER)
def test_it_has_no_lpa_of_its_own(isdr: Send) -> None:
    assert es10(isdr, hx("BF42 04 8002 0780")) == hx("BF42 03 8001 01")


@holding(card_type=CONSUMER)
def test_a_profile_is_installed_on_it(isdr: Send, card: Card, pki_folder: Path) -> None:
    result = install(card.transmit, pki_folder)
    judged22("ProfileInstallationResult", result.result)
    assert [one.iccid for one in card.state.profiles] == [A]


@of(CONSUMER)
def test_it_is_still_one_when_it_is_opened_again(card: Card) -> None:
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        assert again.identity.card_type is CONSUMER
        assert fci(again.transmit) == ["84", "A5", "E0"]


@of(CONSUMER)
def test_it_says_nothing_of_sgp_32_to_a_server(isdr: Send, card: Card, pki_folder: Path) -> None:
    """What the card signs for an SM-DP+ holds the same EUICCInfo2 that it shows."""
    seen: list[bytes] = []

    def watched(apdu: bytes) -> bytes:
        answer = card.transmit(apdu)
        seen.append(answer)
        return answer

    info = es10(isdr, hx("BF2200"))
    install(watched, pki_folder, "89000123456789012349")
    assert any(info in b"".join(one[:-2] for one in seen[at : at + 12]) for at in range(len(seen)))
