"""LoadBoundProfilePackage is cut off at every APDU: all of the Profile is left, or a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import saip
from support.eims import ask, tlv, value_of
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.fresh import fresh_card
from support.hexes import hx
from support.installing import A, order
from support.interrupting import Mould, attempt, check_again, check_document, check_left
from support.loading import (
    INTERRUPTED,
    NOT_EXPECTED,
    Bound,
    Watch,
    error_data,
    installed,
    load,
    prepare,
    result_of,
    seeded,
    waiting,
)
from support.server import cancelled

from euicc_sim import Card
from euicc_sim.parties.smdpp.smdpp import Smdpp

Send = Callable[[bytes], bytes]
PACKAGE = saip.package(size=500)
GET_EID, EID_TAG = hx("BF3E 03 5C015A"), hx("BF3E")


@pytest.fixture
def mould(tmp_path: Path, pki_folder: Path) -> Mould:
    fresh_card(tmp_path / "card", pki_folder)
    return Mould(tmp_path / "card", tmp_path)


@pytest.fixture
def make(pki_folder: Path) -> Callable[[], Smdpp]:
    """An SM-DP+ whose package has six segments of elements."""
    wanted = order(package=PACKAGE, notifications=None)
    return lambda: seeded(pki_folder, wanted, segment_size=90)


def apdus(mould: Mould, make: Callable[[], Smdpp]) -> int:
    """How many APDUs a whole download takes."""
    with mould.card("counted") as card:
        found = attempt(card.transmit, make())
        assert found.complete
        return found.sent


@pytest.mark.slow
def test_a_reset_at_every_apdu(mould: Mould, make: Callable[[], Smdpp]) -> None:
    commands = []
    for number in range(apdus(mould, make) + 1):
        with mould.card(number) as card:
            server = make()
            tried = attempt(card.transmit, server, number)
            card.reset()
            check_left(card, tried)
            card.reset()
            check_left(card, tried)
            check_again(card, server, tried)
            commands.append(-1 if tried.complete else tried.command)
    assert list(dict.fromkeys(commands)) == [None, 0, 1, 2, 4, 5, -1]


@pytest.mark.slow
@pytest.mark.parametrize("powered", [True, False], ids=["powered", "at the next request"])
def test_a_card_that_is_opened_again_as_it_was_at_every_apdu(
    mould: Mould, make: Callable[[], Smdpp], powered: bool
) -> None:
    for number in range(apdus(mould, make) + 1):
        with mould.card(number) as card:
            server = make()
            tried = attempt(card.transmit, server, number)
            image = mould.image(card, f"{number} left")
        with Card.open(image, fsync=False) as card:
            if powered:
                card.reset()
            else:
                card.transmit(SELECT_ISDR)
                ask(card.transmit, GET_EID)
            check_left(card, tried)
            check_again(card, server, tried)


@pytest.mark.slow
def test_another_function_at_every_apdu(mould: Mould, make: Callable[[], Smdpp]) -> None:
    for number in range(1, apdus(mould, make) + 1):
        with mould.card(number) as card:
            server = make()
            tried = attempt(card.transmit, server, number)
            assert ask(card.transmit, GET_EID).startswith(EID_TAG)
            check_left(card, tried)
            if tried.bound is not None:
                assert es10_sw(card.transmit, tried.bound.chains[-1]) == NOT_EXPECTED
            check_again(card, server, tried)


# -- what comes between


@pytest.fixture
def begun(send: Send, card: Card, make: Callable[[], Smdpp]) -> tuple[Send, Bound, Watch]:
    """A load of which the first elements are there."""
    watch = Watch(send, card)
    bound = prepare(send, make())
    assert load(send, bound.chains[:-2]) == b""
    return send, bound, watch


OTHERS = {
    "GetEID": "BF3E 03 5C015A",
    "GetEUICCInfo1": "BF20 00",
    "GetEUICCInfo2": "BF22 00",
    "GetProfilesInfo": "BF2D 00",
    "GetRAT": "BF43 00",
    "ListNotification": "BF28 00",
    "RetrieveNotificationsList": "BF2B 00",
    "GetEUICCChallenge": "BF2E 00",
    "SetNickname of nobody": "BF29 0F 5A0A98001032547698103214 900141",
    "DeleteProfile of nobody": "BF33 0C 5A0A98001032547698103214",
    "RemoveNotificationFromList of nothing": "BF30 03 80017F",
    "GetEimConfigurationData": "BF55 00",
}


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_function_comes_between_the_load_is_over(
    begun: tuple[Send, Bound, Watch], name: str
) -> None:
    send, bound, watch = begun
    answer = es10(send, hx(OTHERS[name]))
    assert answer[:2] == hx(OTHERS[name])[:2]
    (result,) = (one for one in waiting(send) if one[:2] == hx("BF37"))
    assert es10_sw(send, bound.chains[-2]) == NOT_EXPECTED
    watch.check_error(result, bound, (5, INTERRUPTED), iccid=A)


def test_the_function_that_came_between_sees_the_result_already(
    begun: tuple[Send, Bound, Watch],
) -> None:
    send, bound, watch = begun
    form, found = value_of(ask(send, hx("BF2800")))
    expected = error_data(bound, watch.state.next_seq, (5, INTERRUPTED), iccid=A)
    assert (form, found) == ("notificationMetadataList", [expected["notificationMetadata"]])


def test_a_request_that_its_function_cannot_read_comes_between_as_well(
    begun: tuple[Send, Bound, Watch],
) -> None:
    send, bound, watch = begun
    assert es10_sw(send, hx("BF3300")) == (b"", 0x6A80)
    (result,) = waiting(send)
    watch.check_error(result, bound, (5, INTERRUPTED), iccid=A)


def test_the_session_can_still_be_cancelled_after_the_interruption(
    begun: tuple[Send, Bound, Watch],
) -> None:
    send, bound, watch = begun
    request = tlv("BF41", tlv("80", bound.transaction), hx("810105"))
    assert cancelled(ask(send, request))["signed"] == tlv(
        "30", tlv("80", bound.transaction), hx("81 03 88370A"), hx("820105")
    )
    (result,) = waiting(send)
    watch.check_error(result, bound, (5, INTERRUPTED), iccid=A)


def test_another_selection_of_the_isdr_is_no_interruption(
    begun: tuple[Send, Bound, Watch],
) -> None:
    send, bound, _ = begun
    send(SELECT_ISDR)
    installed(send, bound, bound.chains[-2:])


def test_a_chain_that_is_begun_again_is_taken_once(begun: tuple[Send, Bound, Watch]) -> None:
    send, bound, _ = begun
    piece = bound.chains[-2]
    assert send(hx("80E21100 10") + piece[:16]) == hx("9000")
    installed(send, bound, bound.chains[-2:])


def test_before_the_channel_is_open_the_load_is_dropped_without_a_result(
    send: Send, card: Card, make: Callable[[], Smdpp]
) -> None:
    watch = Watch(send, card)
    server = make()
    bound = prepare(send, server)
    assert es10(send, bound.package[:5]) == b""
    ask(send, GET_EID)
    assert es10_sw(send, bound.chains[0][5:]) == (b"", 0x6A88)
    assert es10_sw(send, bound.chains[0]) == NOT_EXPECTED
    assert card.state is watch.state
    installed(send, prepare(send, server))


def test_two_interruptions_are_two_results(
    send: Send, card: Card, make: Callable[[], Smdpp]
) -> None:
    results: list[dict[str, Any]] = []
    for _ in range(2):
        bound = prepare(send, make())
        load(send, bound.chains[:1])
        card.reset()
        send(SELECT_ISDR)
        results.append(error_data(bound, len(results) + 1, (0, INTERRUPTED)))
        assert [result_of(one, bound) for one in waiting(send)] == results
    check_document(card.directory)


OTHER_CHANNEL = (hx("00700001"), hx("01") + SELECT_ISDR[1:])


@pytest.mark.parametrize("command", ["81E2910001 00", "81E2910002 BF3E", "81E2910003 860101"])
def test_bytes_on_another_channel_are_not_the_next_piece(
    begun: tuple[Send, Bound, Watch], command: str
) -> None:
    send, bound, _ = begun
    for one in (*OTHER_CHANNEL, hx(command)):
        answer = send(one)
    assert answer in (hx("6A80"), hx("6985"))
    installed(send, bound, bound.chains[-2:])


def test_closing_the_channel_of_a_download_ends_it(
    send: Send, card: Card, make: Callable[[], Smdpp]
) -> None:
    bound = prepare(send, make())
    for one in OTHER_CHANNEL:
        send(one)
    for chain in bound.chains[:1]:
        assert es10(send, chain, channel=1) == b""
    card.take_events()
    assert send(hx("00708001")) == hx("9000")
    assert [result_of(one, bound) for one in waiting(send)] == [
        error_data(bound, 1, (0, INTERRUPTED))
    ]


def test_closing_another_channel_does_not(begun: tuple[Send, Bound, Watch]) -> None:
    send, bound, _ = begun
    for one in (*OTHER_CHANNEL, hx("00708001")):
        send(one)
    installed(send, bound, bound.chains[-2:])
