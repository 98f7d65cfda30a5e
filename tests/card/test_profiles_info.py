"""GetProfilesInfo: which Profiles are listed, what of them is shown, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import ask, tlv
from support.es10 import es10
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, D_DIGITS, A, B, C, D, install
from support.managing import (
    AIDS,
    NO_PROFILE,
    OPERATIONAL,
    PPR1,
    PROVISIONING,
    TEST,
    Contents,
    elements,
    enable,
    holding,
    iccids,
    judged22,
    made,
    nickname,
    profile,
)

from euicc_sim import Card
from euicc_sim.model.identity import CardType
from euicc_sim.model.profile import Operator, Recipient
from euicc_sim.parties.smdpp.metadata import VendorData

Send = Callable[[bytes], bytes]

NONE, INCORRECT = hx("BF2D 02 A000"), hx("BF2D 03 8101 01")
SERVICE = hx("BF22 0D 300B 8002 8837 A105 0403 010203")
ALL_TAGS = "5A4F9F70909192939495B6B7B899BF229F7B9F269F67"
RICH = profile(
    A_DIGITS,
    enabled=True,
    nickname="nick",
    icon_type=1,
    icon=hx("89504E47"),
    recipients=(Recipient(frozenset({1, 3}), "one.example"), Recipient(frozenset({0}), "two")),
    owner=Operator(hx("00F110"), b"\x01", b""),
    dp_oid="2.999.10",
    rules=PPR1,
    service_data=SERVICE,
    ecall=True,
    fallback_allowed=True,
)
PLAIN = profile(B_DIGITS, recipients=())
RICH_INFO = (
    ("5A", "98001032547698103214"),
    ("4F", "A0000005591010FFFFFFFF8900001000"),
    ("9F70", "01"),
    ("90", "6E69636B"),
    ("91", "4F70657261746F72"),
    ("92", "50726F66696C652031"),
    ("93", "01"),
    ("94", "89504E47"),
    ("95", "02"),
    ("B6", "3011 8002 0450 810B 6F6E652E6578616D706C65 3009 8002 0780 8103 74776F"),
    ("B7", "8003 00F110 8101 01 8200"),
    ("B8", "8003 88370A"),
    ("99", "0640"),
    ("BF22", "300B 8002 8837 A105 0403 010203"),
    ("9F7B", "FF"),
    ("9F26", "FF"),
    ("9F67", "FF"),
)


@pytest.fixture
def contents() -> Contents:
    return Contents((RICH, PLAIN), {"fallback_profile": A})


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def shown(send: Send, tags: str | None = None) -> list[list[str]]:
    """The tags that are shown of each Profile."""
    request = tlv("BF2D", *([] if tags is None else [tlv("5C", hx(tags))]))
    return [[tag for tag, _ in one] for one in elements(ask(send, request))]


def listed(send: Send, criterion: str) -> list[bytes]:
    request = tlv("BF2D", tlv("A0", hx(criterion)), hx("5C01 5A"))
    return [content for one in elements(ask(send, request)) for _, content in one]


# -- what is shown


@holding(PLAIN)
def test_the_whole_answer_for_one_profile(isdr: Send) -> None:
    assert ask(isdr, hx("BF2D00")) == hx(
        "BF2D 3E A03C E33A 5A0A 98001032547698103224 4F10 A0000005591010FFFFFFFF8900001000"
        "9F7001 00 9108 4F70657261746F72 9209 50726F66696C652032 9501 02"
    )


def test_without_a_list_an_iot_card_shows_what_sgp_32_says(isdr: Send) -> None:
    assert shown(isdr) == [
        ["5A", "4F", "9F70", "91", "92", "95", "9F7B", "9F26", "9F67"],
        ["5A", "4F", "9F70", "91", "92", "95"],
    ]


@holding(RICH, PLAIN, card_type=CardType.IOT_STRICT)
def test_a_strict_card_shows_the_same(isdr: Send) -> None:
    assert shown(isdr) == [
        ["5A", "4F", "9F70", "91", "92", "95", "9F7B", "9F67"],
        ["5A", "4F", "9F70", "91", "92", "95"],
    ]


@holding(RICH, PLAIN, card_type=CardType.CONSUMER)
def test_without_a_list_a_consumer_card_shows_what_sgp_22_says(isdr: Send) -> None:
    answer = es10(isdr, hx("BF2D00"))
    judged22("ProfileInfoListResponse", answer)
    assert [[tag for tag, _ in one] for one in elements(answer)] == [
        ["5A", "4F", "9F70", "90", "91", "92", "93", "94", "95"],
        ["5A", "4F", "9F70", "91", "92", "95"],
    ]


def test_an_empty_list_is_none(isdr: Send) -> None:
    assert ask(isdr, hx("BF2D 02 5C00")) == ask(isdr, hx("BF2D00"))


def test_all_tags_show_every_value_in_the_order_of_the_module(isdr: Send) -> None:
    first, _ = elements(ask(isdr, tlv("BF2D", tlv("5C", hx(ALL_TAGS)))))
    assert first == [(tag, hx(content)) for tag, content in RICH_INFO]


def test_what_a_profile_lacks_is_left_out(isdr: Send) -> None:
    assert shown(isdr, ALL_TAGS)[1] == ["5A", "4F", "9F70", "91", "92", "95"]


def test_the_order_of_the_list_means_nothing(isdr: Send) -> None:
    assert shown(isdr, "9F67 95 9F70 5A")[0] == ["5A", "9F70", "95", "9F67"]


def test_a_tag_twice_is_shown_once(isdr: Send) -> None:
    assert shown(isdr, "5A 95 5A 9F70 9F70")[0] == ["5A", "9F70", "95"]


@pytest.mark.parametrize(("tag", "content"), RICH_INFO, ids=[tag for tag, _ in RICH_INFO])
def test_each_tag_shows_its_value_alone(isdr: Send, tag: str, content: str) -> None:
    first, _ = elements(ask(isdr, tlv("BF2D", tlv("5C", hx(tag)))))
    assert first == [(tag, hx(content))]


@pytest.mark.parametrize("tags", ["80 5A", "5A 9F71", "5A BF64", "BF8101 5A", "5A 7F21 DF8101 00"])
def test_a_tag_that_nobody_knows_is_ignored(isdr: Send, tags: str) -> None:
    assert shown(isdr, tags) == [["5A"], ["5A"]]


def test_only_unknown_tags_show_nothing_of_each(isdr: Send) -> None:
    assert ask(isdr, hx("BF2D 04 5C02 8081")) == hx("BF2D 06 A004 E300 E300")


@pytest.mark.parametrize("tags", ["9F", "5A 9F", "BF", "5A BF81", "9F80 01"])
def test_a_cut_tag_is_incorrect_input(isdr: Send, tags: str) -> None:
    assert ask(isdr, tlv("BF2D", tlv("5C", hx(tags)))) == INCORRECT


@holding(RICH, card_type=CardType.CONSUMER)
def test_a_consumer_card_does_not_know_the_tags_of_sgp_32(isdr: Send) -> None:
    answer = es10(isdr, tlv("BF2D", tlv("5C", hx(ALL_TAGS))))
    judged22("ProfileInfoListResponse", answer)
    assert elements(answer) == [[(tag, hx(content)) for tag, content in RICH_INFO[:-3]]]


@holding(*(profile(f"8900012345678901234{n}", icon_type=n - 2) for n in range(5)))
def test_an_icon_type_without_a_name_is_kept_and_shown(isdr: Send) -> None:
    found = elements(ask(isdr, hx("BF2D 03 5C01 93")))
    assert [content.hex() for ((_, content),) in found] == ["fe", "ff", "00", "01", "02"]


@holding(profile(A_DIGITS, ecall=False, fallback_allowed=False))
def test_false_is_shown_but_for_the_default(isdr: Send) -> None:
    assert elements(ask(isdr, hx("BF2D 08 5C06 9F7B 9F26 9F67"))) == [
        [("9F7B", b"\0"), ("9F67", b"\0")]
    ]


@holding(profile(A_DIGITS, profile_class=TEST), profile(B_DIGITS, profile_class=PROVISIONING))
def test_the_class_is_always_written(isdr: Send) -> None:
    assert elements(ask(isdr, hx("BF2D 03 5C01 95"))) == [[("95", b"\0")], [("95", b"\1")]]


def test_a_state_that_changes_is_shown_anew(isdr: Send) -> None:
    ask(isdr, nickname(B, b"new"))
    assert elements(ask(isdr, hx("BF2D 03 5C01 90"))) == [[("90", b"nick")], [("90", b"new")]]
    ask(isdr, nickname(A, b""))
    assert elements(ask(isdr, hx("BF2D 03 5C01 90"))) == [[], [("90", b"new")]]


@holding(PLAIN)
def test_the_state_is_zero_or_one(isdr: Send) -> None:
    assert ask(isdr, hx("BF2D 04 5C02 9F70")) == hx("BF2D 08 A006 E304 9F7001 00")
    ask(isdr, enable(B))
    assert ask(isdr, hx("BF2D 04 5C02 9F70")) == hx("BF2D 08 A006 E304 9F7001 01")


@holding()
def test_service_data_is_given_as_it_was_received(isdr: Send, card: Card, pki_folder: Path) -> None:
    data = (VendorData("2.999.7", hx("0403 0A0B0C")),)
    install(card.transmit, pki_folder, C_DIGITS, service_data_stored=data)
    *_, last = elements(ask(isdr, hx("BF2D 05 5C03 5A BF22")))
    assert last == [("5A", C), ("BF22", hx("300C 8003 883707 A105 0403 0A0B0C"))]


# -- which Profiles

FOUR = holding(
    profile(A_DIGITS),
    profile(B_DIGITS, profile_class=TEST),
    profile(C_DIGITS, profile_class=PROVISIONING),
    profile(D_DIGITS, enabled=True),
)


@FOUR
def test_profiles_of_all_classes_are_listed_in_the_order_of_their_coming(isdr: Send) -> None:
    assert iccids(isdr) == [A, B, C, D]


@FOUR
@pytest.mark.parametrize("number", range(4))
def test_one_is_found_by_its_aid(isdr: Send, number: int) -> None:
    assert listed(isdr, "4F10" + AIDS[number].hex()) == [(A, B, C, D)[number]]


@FOUR
@pytest.mark.parametrize("iccid", [A, B, C, D])
def test_one_is_found_by_its_iccid(isdr: Send, iccid: bytes) -> None:
    assert listed(isdr, "5A0A" + iccid.hex()) == [iccid]


@FOUR
@pytest.mark.parametrize(
    ("number", "found"), [(TEST, [B]), (PROVISIONING, [C]), (OPERATIONAL, [A, D])]
)
def test_some_are_found_by_their_class(isdr: Send, number: int, found: list[bytes]) -> None:
    assert listed(isdr, f"9501{number:02X}") == found


@FOUR
@pytest.mark.parametrize(
    "criterion",
    ["5A0A" + NO_PROFILE.hex(), "4F10 A0000005591010FFFFFFFF8900000100", "9501 03", "9501 FF"],
)
def test_none_is_an_empty_list(isdr: Send, criterion: str) -> None:
    assert ask(isdr, tlv("BF2D", tlv("A0", hx(criterion)))) == NONE


@FOUR
@pytest.mark.usefixtures("lenient")
def test_a_criterion_may_lack_its_wrapper(isdr: Send) -> None:
    assert ask(isdr, hx("BF2D 06 950100 5C015A")) == hx("BF2D 10 A00E E30C 5A0A") + B


@FOUR
@pytest.mark.parametrize(
    "criterion",
    ["", "9501 00 9501 01", "9001 41", "5A09 980010325476981032", "4F11" + "A0" * 17, "9500"],
    ids=["none", "two", "a nickname", "9 bytes of ICCID", "17 bytes of AID", "no number"],
)
def test_another_criterion_is_incorrect_input(isdr: Send, criterion: str) -> None:
    assert ask(isdr, tlv("BF2D", tlv("A0", hx(criterion)))) == INCORRECT


@holding(*(profile(f"89000123456789{n:06d}", icon=bytes(1024), icon_type=0) for n in range(50)))
def test_fifty_profiles_with_their_icons_fit_into_one_answer(isdr: Send) -> None:
    found = elements(ask(isdr, hx("BF2D 05 5C03 5A 93 94")))
    assert [[tag for tag, _ in one] for one in found] == [["5A", "93", "94"]] * 50
    assert {len(one[2][1]) for one in found} == {1024}
    assert len({one[0][1] for one in found}) == 50
    assert len(elements(ask(isdr, hx("BF2D00")))) == 50
