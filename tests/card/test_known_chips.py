"""What known chips do, as switches: other AIDs, numbers from 0, lost downloads, refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import saip
from support.eims import ask, eim1, stored_results, tlv, trust
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, A, B, install, order
from support.loading import (
    NOT_EXPECTED,
    Watch,
    error_data,
    installed,
    listed,
    load,
    prepare,
    result_of,
    seeded,
    waiting,
)
from support.managing import (
    Contents,
    delete,
    disable,
    ef_iccid,
    enable,
    enabled,
    holding,
    made,
    nickname,
    profile,
    switched_on,
)

from euicc_sim import Card
from euicc_sim.model.state import RefusedElement, SwitchError, Switches
from euicc_sim.parties.lpa import Lpa

Send = Callable[[bytes], bytes]

REFUSED = (b"", 0x6985)
FIVE_BER = hx("A0000005591010FFFFFFFF8900050500")
ESIM_ME = hx("A0000005591010000000008900000300")
STANDARD = hx("A0000005591010FFFFFFFF8900000100")


@pytest.fixture
def contents() -> Contents:
    return Contents()


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def on(*profiles: Any, **switches: Any) -> pytest.MarkDecorator:
    return holding(*profiles, state=switched_on(**switches))


def select(send: Send, aid: bytes, cla: int = 0) -> bytes:
    return send(bytes((cla, 0xA4, 4, 0, len(aid))) + aid + b"\0")


# -- further AIDs of the ISD-R


@on(isdr_aids=(FIVE_BER, ESIM_ME))
@pytest.mark.parametrize("aid", [STANDARD, FIVE_BER, ESIM_ME], ids=["standard", "5ber", "eSIM.me"])
def test_the_isd_r_is_selected_by_each_of_its_aids_and_says_which(card: Card, aid: bytes) -> None:
    answer = select(card.transmit, aid)
    assert answer[:2] == hx("6F 1E")
    assert answer[2:-2].startswith(hx("84 10") + aid + hx("A5 04 9F6501FF E1 04"))
    assert ask(card.transmit, hx("BF3E 03 5C015A"))[:5] == hx("BF3E 12 5A10")
    assert card.transmit(hx("80F2000100")) == hx("84 10") + aid + hx("9000")


@on(isdr_aids=(FIVE_BER,), standard_isdr_aid=False)
def test_a_card_may_have_another_aid_only(card: Card) -> None:
    assert select(card.transmit, STANDARD) == hx("6A82")
    assert select(card.transmit, FIVE_BER)[-2:] == hx("9000")
    assert select(card.transmit, hx("A000000559"))[4:20] == FIVE_BER
    card.take_events()
    assert select(card.transmit, STANDARD) == hx("6A82")
    assert [event.text for event in card.take_events()] == [
        "SELECT: 6A82, the ISD-R does not have its standard AID (card set --standard-isdr-aid); "
        f"it has {FIVE_BER.hex().upper()}"
    ]
    assert card.transmit(hx("80F2000100")) == hx("84 10") + FIVE_BER + hx("9000")


def test_aids_are_those_of_the_switches_at_once(card: Card) -> None:
    assert select(card.transmit, FIVE_BER) == hx("6A82")
    card.set_switches(Switches(isdr_aids=(FIVE_BER,)))
    assert select(card.transmit, FIVE_BER)[-2:] == hx("9000")
    card.set_switches(Switches())
    assert ask(card.transmit, hx("BF3E 03 5C015A"))[:5] == hx("BF3E 12 5A10")
    assert select(card.transmit, FIVE_BER) == hx("6A82")


@on(isdr_aids=(FIVE_BER,))
def test_a_channel_that_is_opened_from_one_has_the_same_selection(card: Card) -> None:
    card.transmit(hx("0070000001"))
    select(card.transmit, FIVE_BER, cla=1)
    assert card.transmit(hx("0170000001")) == hx("02 9000")
    assert card.transmit(hx("82F2000100")) == hx("84 10") + FIVE_BER + hx("9000")


@on(isdr_aids=(STANDARD[:-1],))
def test_the_standard_aid_comes_first(card: Card) -> None:
    assert select(card.transmit, STANDARD[:-1])[4:20] == STANDARD


def test_an_isd_r_without_any_aid_is_not_to_be_had(card: Card) -> None:
    before = card.state
    with pytest.raises(SwitchError, match=r"^without its standard AID the ISD-R needs"):
        card.set_switches(Switches(standard_isdr_aid=False))
    assert card.state is before


# -- numbers from 0


def from_zero(card: Card) -> Send:
    card.set_switches(replace(card.state.switches, number_from_zero=True))
    card.transmit(SELECT_ISDR)
    return card.transmit


def test_the_first_notification_has_the_number_0_and_is_served_like_any(
    card: Card, pki_folder: Path
) -> None:
    send = from_zero(card)
    install(send, pki_folder, B_DIGITS)
    assert [one["seqNumber"] for one in listed(send)] == [0, 1]
    result = waiting(send)[0]
    assert ask(send, hx("BF2B 05 A003 800100")) == tlv("BF2B", tlv("A0", result))
    assert ask(send, enable(B)) == hx("BF31 03 800100")
    assert [one["seqNumber"] for one in listed(send)] == [0, 1, 2]
    assert ask(send, hx("BF30 03 800100")) == hx("BF30 03 800100")
    assert [one["seqNumber"] for one in listed(send)] == [1, 2]
    assert ask(send, hx("BF30 03 800100")) == hx("BF30 03 800101")


def test_the_first_package_result_has_it_too(card: Card) -> None:
    send = from_zero(card)
    eim = eim1()
    trust(send, eim)
    assert es10(send, eim.package(("listEim", {}))).startswith(hx("BF51"))
    (result,) = stored_results(send)
    assert hx("83 01 00") in result
    assert card.state.next_seq == 1


def test_our_lpa_delivers_notification_0(card: Card, pki_folder: Path) -> None:
    send = from_zero(card)
    install(send, pki_folder, B_DIGITS, notifications=None)
    lpa = Lpa(send)
    (info,) = lpa.notifications()
    assert info.seq_number == 0
    assert lpa.notification(0)[:2] == hx("BF37")
    lpa.remove_notification(0)
    assert lpa.notifications() == []


def test_number_0_outlives_the_process(card: Card, pki_folder: Path) -> None:
    send = from_zero(card)
    install(send, pki_folder, B_DIGITS, notifications=None)
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert [one["seqNumber"] for one in listed(again.transmit)] == [0]
        assert again.state.next_seq == 1


def test_a_card_that_has_given_a_number_begins_nowhere_again(card: Card, pki_folder: Path) -> None:
    card.transmit(SELECT_ISDR)
    install(card.transmit, pki_folder, B_DIGITS, notifications=None)
    before = card.state
    with pytest.raises(SwitchError, match=r"^this card has given the number 1 already; numbers"):
        card.set_switches(Switches(number_from_zero=True))
    assert card.state is before


def test_no_number_is_given_twice_whatever_the_switch_does(card: Card, pki_folder: Path) -> None:
    for _ in range(2):
        card.set_switches(Switches(number_from_zero=True))
        assert card.state.next_seq == 0
        card.set_switches(Switches())
        assert card.state.next_seq == 1
    send = from_zero(card)
    install(send, pki_folder, B_DIGITS, notifications=None)
    assert card.state.next_seq == 1
    card.set_switches(Switches())
    assert card.state.next_seq == 2
    with pytest.raises(SwitchError, match="numbers begin at 0 on a new card only"):
        card.set_switches(Switches(number_from_zero=True))


# -- a download that is lost with its channel

OPEN, CLOSE = hx("0070000101"), hx("00708001")


def on_channel_1(send: Send) -> Send:
    """Commands for channel 1, which is opened: class 8X for 8X and 0X for 0X."""
    send(hx("00700001"))

    def through(apdu: bytes) -> bytes:
        return send(bytes((apdu[0] | 1,)) + apdu[1:])

    return through


@pytest.fixture
def download() -> Any:
    """An order whose package has six segments of elements."""
    return order(package=saip.package(size=500), notifications=None)


@on(lost_with_channel=True)
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_closing_the_channel_loses_what_was_loaded_with_no_result(
    card: Card, pki_folder: Path, download: Any, steps: int
) -> None:
    one = on_channel_1(card.transmit)
    before = card.state
    bound = prepare(one, seeded(pki_folder, download, segment_size=90))
    assert load(one, bound.chains[:steps]) == b""
    assert card.transmit(CLOSE) == hx("9000")
    assert card.state == before
    card.transmit(SELECT_ISDR)
    assert es10_sw(card.transmit, bound.chains[steps]) == NOT_EXPECTED
    assert waiting(card.transmit) == []
    assert [event.text for event in card.take_events() if "is lost" in event.text] == [
        "MANAGE CHANNEL: what was downloaded on channel 1 is lost with it "
        "(card set --no-lost-with-channel)"
    ]


@on(lost_with_channel=True)
def test_an_authenticated_server_is_forgotten_with_the_channel(
    card: Card, pki_folder: Path, download: Any
) -> None:
    bound = prepare(on_channel_1(card.transmit), seeded(pki_folder, download))
    card.transmit(CLOSE)
    card.transmit(SELECT_ISDR)
    cancelled = tlv("BF41", tlv("80", bound.transaction), hx("810100"))
    assert ask(card.transmit, cancelled) == hx("BF41 03 810105")


@on(lost_with_channel=True)
def test_another_channel_may_close_and_the_download_goes_on(
    card: Card, pki_folder: Path, download: Any
) -> None:
    card.transmit(SELECT_ISDR)
    bound = prepare(card.transmit, seeded(pki_folder, download, segment_size=90))
    assert load(card.transmit, bound.chains[:2]) == b""
    on_channel_1(card.transmit)
    card.transmit(CLOSE)
    installed(card.transmit, bound, bound.chains[2:])


@on(lost_with_channel=True)
def test_a_download_that_is_over_is_not_lost(card: Card, pki_folder: Path, download: Any) -> None:
    one = on_channel_1(card.transmit)
    installed(one, prepare(one, seeded(pki_folder, download)))
    card.transmit(CLOSE)
    card.transmit(SELECT_ISDR)
    assert [one["seqNumber"] for one in listed(card.transmit)] == [1]


def test_without_the_switch_a_prepared_download_outlives_its_channel(
    card: Card, pki_folder: Path, download: Any
) -> None:
    bound = prepare(on_channel_1(card.transmit), seeded(pki_folder, download))
    card.transmit(CLOSE)
    card.transmit(SELECT_ISDR)
    installed(card.transmit, bound)


# -- refused Profile Elements

PROCESSING = (5, 12)
NON_STANDARD = saip.filler(60)
OPT_ISIM = saip.element(0xB6, 6, tlv("81", saip.template(7)), mandated=False)


def refusing(*elements: tuple[str, int]) -> dict[str, Any]:
    return {"refused_elements": tuple(RefusedElement(*one) for one in elements)}


def with_elements(*elements: bytes, size: int | None = None) -> Any:
    return order(package=saip.package(elements=elements, size=size), notifications=None)


@on(**refusing(("opt-isim", 10)))
def test_a_profile_with_a_refused_element_is_not_installed(card: Card, pki_folder: Path) -> None:
    watch = Watch(card.transmit, card)
    bound = prepare(card.transmit, seeded(pki_folder, with_elements(OPT_ISIM)))
    sima = hx("300C A008 3006 80010A 810106 8100")
    watch.check_error(load(card.transmit, bound.chains), bound, PROCESSING, iccid=A, sima=sima)


@on(**refusing(("opt-isim", 10), ("header", 31)))
def test_the_first_refused_element_counts(card: Card, pki_folder: Path) -> None:
    watch = Watch(card.transmit, card)
    bound = prepare(card.transmit, seeded(pki_folder, with_elements(OPT_ISIM)))
    sima = hx("3009 A005 3003 80011F 8100")
    watch.check_error(load(card.transmit, bound.chains), bound, PROCESSING, iccid=A, sima=sima)


@on(**refusing(("opt-isim", 1)))
def test_the_refusal_comes_as_soon_as_the_element_is_there(card: Card, pki_folder: Path) -> None:
    card.transmit(SELECT_ISDR)
    wanted = with_elements(OPT_ISIM, size=900)
    bound = prepare(card.transmit, seeded(pki_folder, wanted, segment_size=90))
    pieces = bound.chains
    answers = []
    for piece in pieces:
        answers.append(es10(card.transmit, piece))
        if answers[-1]:
            break
    assert len(answers) < len(pieces) - 2
    sima = hx("300C A008 3006 800101 810106 8100")
    assert result_of(answers[-1], bound) == error_data(bound, 1, PROCESSING, iccid=A, sima=sima)
    assert es10_sw(card.transmit, pieces[len(answers)]) == NOT_EXPECTED


@on(**refusing(("opt-isim", 1), ("end", 2)))
def test_the_end_can_be_refused_too(card: Card, pki_folder: Path) -> None:
    watch = Watch(card.transmit, card)
    bound = prepare(card.transmit, seeded(pki_folder, with_elements(NON_STANDARD)))
    sima = hx("300D A009 3007 800102 81027FFF 8100")
    watch.check_error(load(card.transmit, bound.chains), bound, PROCESSING, iccid=A, sima=sima)


@on(**refusing(("opt-isim", 1)))
def test_elements_of_other_names_are_no_reason(card: Card, pki_folder: Path) -> None:
    card.transmit(SELECT_ISDR)
    bound = prepare(card.transmit, seeded(pki_folder, with_elements(NON_STANDARD)))
    installed(card.transmit, bound)


def test_a_profile_that_is_there_already_stays_and_works(card: Card, pki_folder: Path) -> None:
    card.transmit(SELECT_ISDR)
    bound = prepare(card.transmit, seeded(pki_folder, with_elements(NON_STANDARD)))
    installed(card.transmit, bound)
    card.set_switches(Switches(refused_elements=(RefusedElement("nonStandard", 1),)))
    assert ask(card.transmit, enable(A)) == hx("BF31 03 800100")
    assert ef_iccid(card.transmit) == A


# -- ES10 while no Profile is enabled

TWO = (profile(A_DIGITS), profile(B_DIGITS))
ONE_ON = (profile(A_DIGITS), profile(B_DIGITS, enabled=True))


@on(*TWO, profile_required=True)
@pytest.mark.parametrize(
    "request_",
    [
        *(hx("BF3E 03 5C015A"), hx("BF2000"), hx("BF2200"), hx("BF2D00"), hx("BF2800")),
        *(hx("BF2E00"), hx("BF5500"), disable(A), delete(A), nickname(A, b"new")),
        *(hx("BF64 04 8202 0780"), hx("BF34 04 8202 0780"), hx("BF5D 03 8001FF")),
    ],
    ids=lambda one: one[:2].hex(),
)
def test_while_no_profile_is_enabled_es10_is_refused(card: Card, request_: bytes) -> None:
    card.transmit(SELECT_ISDR)
    before = card.state
    assert es10_sw(card.transmit, request_) == REFUSED
    assert card.state is before
    assert "card set --no-profile-required" in card.take_events()[-1].text


@on(*ONE_ON, profile_required=True)
def test_enabling_is_the_way_out_of_it(card: Card) -> None:
    card.transmit(SELECT_ISDR)
    assert enabled(card.transmit) == [B]
    assert ask(card.transmit, disable(B)) == hx("BF32 03 800100")
    assert es10_sw(card.transmit, hx("BF2D00")) == REFUSED
    card.reset()
    card.transmit(SELECT_ISDR)
    assert es10_sw(card.transmit, hx("BF2D00")) == REFUSED
    assert ask(card.transmit, enable(A)) == hx("BF31 03 800100")
    assert enabled(card.transmit) == [A]


@on(*ONE_ON, profile_required=True)
def test_an_eim_s_package_is_a_way_out_too(card: Card) -> None:
    send = card.transmit
    send(SELECT_ISDR)
    eim = eim1()
    trust(send, eim)
    eim.load(send, ("disable", {"iccid": B}))
    assert es10_sw(send, hx("BF2D00")) == REFUSED
    eim.load(send, ("enable", {"iccid": A}))
    assert enabled(send) == [A]


@on(profile(A_DIGITS, ecall=True), profile_required=True)
def test_so_is_the_emergency_profile(card: Card) -> None:
    card.transmit(SELECT_ISDR)
    assert ask(card.transmit, hx("BF5B 03 8001FF")) == hx("BF5B 03 800100")
    assert enabled(card.transmit) == [A]


@on(*TWO, profile_required=True)
@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (enable(hx("98001032547698100000")), "BF31 03 800101"),
        (hx("BF58 03 8001FF"), "BF58 03 020101"),
        (hx("BF5A 03 8001FF"), "BF5A 03 800101"),
    ],
    ids=["EnableProfile", "ProfileRollback", "ImmediateEnable"],
)
def test_what_could_enable_a_profile_answers_for_itself(
    card: Card, request_: bytes, answer: str
) -> None:
    card.transmit(SELECT_ISDR)
    assert ask(card.transmit, request_)[:2] == hx(answer)[:2]


@on(profile_required=True)
def test_a_card_without_profiles_can_be_given_its_first(card: Card, pki_folder: Path) -> None:
    card.transmit(SELECT_ISDR)
    install(card.transmit, pki_folder, B_DIGITS)
    assert es10_sw(card.transmit, hx("BF2800")) == REFUSED
    assert ask(card.transmit, enable(B)) == hx("BF31 03 800100")
    assert [one["iccid"] for one in listed(card.transmit)]


@on(*TWO, profile_required=True)
def test_files_and_the_ecasd_are_there_all_the_same(card: Card) -> None:
    assert card.transmit(hx("00A40004022FE2"))[:1] == b"\x61"
    assert select(card.transmit, hx("A0000005591010FFFFFFFF8900000200"))[-2:] == hx("9000")
    assert card.transmit(hx("80CA005A00"))[:2] == hx("5A10")
