"""The states of an order: which card may download it, when, how often, and what ends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace
from support.bsp import BSP
from support.eims import tlv
from support.euiccs import ADDRESS, CHALLENGE, EID, PaperEuicc, shared_pki
from support.hexes import hx

from euicc_sim.env import SeededEnv
from euicc_sim.parties.messages.download_progress import DownloadProgress, Point
from euicc_sim.parties.messages.errors import SmdppError
from euicc_sim.parties.messages.interfaces import (
    CancelReason,
    ClientAuthentication,
    hash_of_confirmation_code,
)
from euicc_sim.parties.smdpp import (
    Metadata,
    Order,
    OrderRecord,
    OrderState,
    Owner,
    PolicyRule,
    Smdpp,
)
from keys import make_eid

UPP = hx(BSP["upp"])
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
OTHER = make_eid("89049032", 1)
DELETED, ENABLED = "0410", "0640"


def server(*orders: Order) -> Smdpp:
    return Smdpp.of(shared_pki(), orders, random=SeededEnv(1).random, clock=lambda: NOW)


def card(eid: str = EID) -> PaperEuicc:
    return PaperEuicc.below(shared_pki(), eid=eid)


def offered(
    smdpp: Smdpp, euicc: PaperEuicc, matching_id: str | None = "A", **changed: Any
) -> ClientAuthentication:
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    response = euicc.authenticate(first, matching_id, **changed)
    return smdpp.authenticate_client(first.transaction_id, response)


def fetched(smdpp: Smdpp, euicc: PaperEuicc, offer: ClientAuthentication) -> bytes:
    """The transactionId of a fetched package."""
    smdpp.get_bound_profile_package(offer.transaction_id, euicc.prepare(offer))
    return offer.transaction_id


def downloaded(smdpp: Smdpp, euicc: PaperEuicc) -> bytes:
    return fetched(smdpp, euicc, offered(smdpp, euicc))


def refused(codes: str, call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(SmdppError) as caught:
        call(*arguments, **named)
    assert f"{caught.value.subject}/{caught.value.reason}" == codes
    return str(caught.value)


def only(smdpp: Smdpp) -> OrderRecord:
    (record,) = smdpp.orders
    return record


ONCE = Order(UPP, "A", single_use=True)


# -- one order, one card


def test_the_states_of_a_download() -> None:
    smdpp, euicc = server(ONCE), card()
    states = [only(smdpp).state]
    offer = offered(smdpp, euicc)
    states.append(only(smdpp).state)
    transaction_id = fetched(smdpp, euicc, offer)
    states.append(only(smdpp).state)
    smdpp.handle_notification(euicc.result(transaction_id))
    states.append(only(smdpp).state)
    assert [one.value for one in states] == ["released", "released", "downloaded", "installed"]


def test_an_order_for_single_use_is_for_the_first_card_that_fetches_it() -> None:
    smdpp = server(ONCE)
    downloaded(smdpp, card())
    words = refused("8.1.1/3.8", offered, smdpp, card(OTHER))
    assert words == f"The order is for the card {EID}, not for {OTHER}. Use that card."
    assert downloaded(smdpp, card())


def test_of_two_cards_to_which_it_was_offered_the_first_gets_it() -> None:
    smdpp, first, second = server(ONCE), card(), card(OTHER)
    to_first, to_second = offered(smdpp, first), offered(smdpp, second)
    fetched(smdpp, second, to_second)
    refused("8.1.1/3.8", fetched, smdpp, first, to_first)
    assert only(smdpp).card == OTHER


def test_a_card_that_only_looked_does_not_keep_others_away() -> None:
    smdpp = server(ONCE)
    offer = offered(smdpp, card())
    smdpp.cancel_session(
        offer.transaction_id, card().cancel(offer.transaction_id, CancelReason.POSTPONED)
    )
    assert downloaded(smdpp, card(OTHER))


def test_of_many_cards_at_once_one_gets_it() -> None:
    smdpp = server(ONCE)
    cards = [card(make_eid("89049032", number)) for number in range(1, 9)]
    offers = [offered(smdpp, one) for one in cards]

    def fetch(number: int) -> str:
        try:
            fetched(smdpp, cards[number], offers[number])
        except SmdppError as error:
            return error.subject
        return "got"

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(fetch, range(8)))
    assert sorted(ends) == ["8.1.1"] * 7 + ["got"]
    assert only(smdpp).card == cards[ends.index("got")].eid


@pytest.mark.parametrize("ended", ["downloaded", "installed"])
def test_a_card_that_was_too_late_cannot_end_the_order_of_the_first(ended: str) -> None:
    smdpp, first, second = server(ONCE), card(), card(OTHER)
    late = offered(smdpp, second)
    transaction_id = downloaded(smdpp, first)
    if ended == "installed":
        smdpp.handle_notification(first.result(transaction_id))
    before = only(smdpp)
    rejection = second.cancel(late.transaction_id, CancelReason.END_USER_REJECTION)
    smdpp.cancel_session(late.transaction_id, rejection)
    assert only(smdpp) == before
    assert before.state.value == ended


def test_a_wrong_code_for_an_order_that_was_placed_anew_is_not_counted() -> None:
    smdpp, euicc = server(Order(UPP, "A", confirmation_code="1")), card()
    offer = offered(smdpp, euicc)
    with smdpp.orders.changing() as draft:
        before = draft.put(replace(only(smdpp), matching_id="B", confirmation_code="2"))
    prepared = euicc.prepare(offer, hash_cc=bytes(32))
    refused("8.2.6/3.8", smdpp.get_bound_profile_package, offer.transaction_id, prepared)
    assert only(smdpp) == before


@pytest.mark.parametrize("state", ["available", "linked", "confirmed", "released", "unavailable"])
def test_an_order_that_was_placed_anew_is_not_changed_by_sessions_of_the_last(state: str) -> None:
    """Whatever the card says of the session before: cancelled, installed."""
    smdpp, euicc = server(ONCE), card()
    looking = offered(smdpp, euicc)
    transaction_id = downloaded(smdpp, euicc)
    with smdpp.orders.changing() as draft:
        anew = replace(
            only(smdpp), state=OrderState(state), matching_id="B", eid=OTHER, delivery=None
        )
        before = draft.put(anew)
    smdpp.handle_notification(euicc.result(transaction_id))
    smdpp.cancel_session(looking.transaction_id, euicc.cancel(looking.transaction_id, 0))
    smdpp.handle_notification(euicc.notification(DELETED))
    assert only(smdpp) == before


def test_a_common_order_is_for_every_card() -> None:
    smdpp = server(Order(UPP, "A"))
    for euicc in (card(), card(OTHER)):
        smdpp.handle_notification(euicc.result(downloaded(smdpp, euicc)))


# -- again after the delete notification


def test_there_is_no_second_download_before_the_deletion_is_told() -> None:
    smdpp, euicc = server(ONCE), card()
    smdpp.handle_notification(euicc.result(downloaded(smdpp, euicc)))
    words = refused("8.2.6/3.8", offered, smdpp, euicc)
    assert "the last one is installed" in words
    smdpp.handle_notification(euicc.notification(DELETED))
    assert only(smdpp).state is OrderState.RELEASED
    assert downloaded(smdpp, euicc)


def test_after_the_deletion_it_is_still_for_the_same_card() -> None:
    smdpp, euicc = server(ONCE), card()
    smdpp.handle_notification(euicc.result(downloaded(smdpp, euicc)))
    smdpp.handle_notification(euicc.notification(DELETED))
    refused("8.1.1/3.8", offered, smdpp, card(OTHER))


@pytest.mark.parametrize(
    ("eid", "changed"),
    [
        (OTHER, {}),
        (EID, {"event": ENABLED}),
        (EID, {"iccid": hx("98001032547698103224")}),
        (EID, {"number": 1}),
    ],
    ids=["another card", "another event", "another Profile", "older than the installation"],
)
def test_another_notification_is_no_deletion(eid: str, changed: dict[str, Any]) -> None:
    smdpp, euicc = server(ONCE), card()
    smdpp.handle_notification(euicc.result(downloaded(smdpp, euicc)))
    smdpp.handle_notification(card(eid).notification(**{"event": DELETED, **changed}))
    assert only(smdpp).state is OrderState.INSTALLED


def test_a_result_that_comes_again_after_the_deletion_installs_nothing() -> None:
    smdpp, euicc = server(ONCE), card()
    first = euicc.result(downloaded(smdpp, euicc))
    smdpp.handle_notification(first)
    smdpp.handle_notification(euicc.notification(DELETED))
    smdpp.handle_notification(first)
    assert only(smdpp).state is OrderState.RELEASED
    downloaded(smdpp, euicc)
    smdpp.handle_notification(first)
    assert only(smdpp).state is OrderState.DOWNLOADED


def test_results_of_two_cards_with_a_common_order_are_both_told() -> None:
    told: list[DownloadProgress] = []
    smdpp, first, second = server(Order(UPP, "A")), card(), card(OTHER)
    smdpp.progress = told.append
    of_first, of_second = downloaded(smdpp, first), downloaded(smdpp, second)
    told.clear()
    smdpp.handle_notification(first.result(of_first))
    smdpp.handle_notification(second.result(of_second))
    assert [(one.point, one.eid) for one in told] == [
        (Point.INSTALLATION, EID),
        (Point.INSTALLATION, OTHER),
    ]
    assert only(smdpp).seq_number == 1


def test_a_card_that_refuses_a_common_order_ends_nothing_for_others() -> None:
    smdpp, first, second = server(Order(UPP, "A")), card(), card(OTHER)
    offer = offered(smdpp, first)
    downloaded(smdpp, second)
    before = only(smdpp)
    smdpp.cancel_session(offer.transaction_id, first.cancel(offer.transaction_id, 0))
    assert replace(only(smdpp), revision=before.revision) == before


def test_a_result_is_verified_though_the_session_is_forgotten() -> None:
    """As after a restart: the row alone says to whom the package went."""
    before, euicc = server(ONCE), card()
    transaction_id = downloaded(before, euicc)
    smdpp = Smdpp(identities=before.identities, orders=before.orders)
    forged = euicc.result(transaction_id, signature=tlv("5F37", bytes(64)))
    refused("8.1/6.1", smdpp.handle_notification, forged)
    refused("8.8/3.10", smdpp.handle_notification, euicc.result(transaction_id, oid=hx("88370B")))
    assert only(smdpp).state is OrderState.DOWNLOADED
    smdpp.handle_notification(euicc.result(transaction_id))
    assert only(smdpp).state is OrderState.INSTALLED


def test_a_forged_result_does_not_use_up_the_true_one() -> None:
    smdpp, euicc = server(Order(UPP, "A")), card()
    first = downloaded(smdpp, euicc)
    downloaded(smdpp, card(OTHER))
    forged = euicc.result(first, signature=tlv("5F37", bytes(64)))
    refused("8.1/6.1", smdpp.handle_notification, forged)
    smdpp.handle_notification(euicc.result(first))
    assert only(smdpp).state is OrderState.INSTALLED


# -- not yet, not any more, not for this card


@pytest.mark.parametrize("state", ["allocated", "linked", "confirmed"])
def test_a_profile_that_is_not_released_is_refused(state: str) -> None:
    smdpp = server(Order(UPP, "A", state=OrderState(state)))
    words = refused("8.2/1.2", offered, smdpp, card())
    assert f"it is {state}. Release it" in words


def test_a_profile_that_is_not_released_is_refused_by_eid_too() -> None:
    smdpp = server(Order(UPP, eid=EID, state=OrderState.CONFIRMED))
    refused("8.2/1.2", offered, smdpp, card(), None)


@pytest.mark.parametrize("state", ["error", "unavailable", "installed"])
def test_an_order_that_is_over_is_refused_as_one_that_is_not_there(state: str) -> None:
    smdpp = server(Order(UPP, "A", single_use=True, state=OrderState(state)))
    refused("8.2.6/3.8", offered, smdpp, card())


def test_a_later_order_of_the_matching_id_that_waits_is_taken() -> None:
    smdpp = server(
        Order(UPP, "A", metadata=hx("BF2500")), Order(UPP, "A", state=OrderState.UNAVAILABLE)
    )
    assert offered(smdpp, card()).profile_metadata == hx("BF2500")


@pytest.mark.parametrize(("left", "over"), [(1, False), (0, True), (-1, True)])
def test_an_order_has_an_end(left: int, over: bool) -> None:
    smdpp = server(Order(UPP, "A", expires=NOW + timedelta(seconds=left)))
    if not over:
        assert offered(smdpp, card())
        return
    words = refused("8.8.5/4.10", offered, smdpp, card())
    assert words.startswith("The order for the matchingId 'A' expired at 2026-11-26 1")


def test_a_download_has_as_many_tries_as_the_order_says() -> None:
    smdpp, euicc = server(Order(UPP, "A", tries=2, single_use=True)), card()
    offered(smdpp, euicc)
    assert downloaded(smdpp, euicc)
    words = refused("8.8.5/6.4", offered, smdpp, euicc)
    assert words.startswith("The matchingId 'A' was tried 2 times, and no more are allowed.")
    refused("8.8.5/6.4", offered, smdpp, euicc)


def test_an_order_can_have_no_tries_at_all() -> None:
    refused("8.8.5/6.4", offered, server(Order(UPP, "A", tries=0)), card())


def test_another_card_is_refused_for_its_eid_and_uses_no_try() -> None:
    smdpp = server(Order(UPP, "A", eid=EID, tries=1))
    refused("8.1.1/3.8", offered, smdpp, card(OTHER))
    assert offered(smdpp, card())


def test_an_attempt_that_was_refused_is_none() -> None:
    smdpp = server(Order(UPP, "A", tries=1))
    refused("8.1/6.1", offered, smdpp, card(), signature=tlv("5F37", bytes(64)))
    assert offered(smdpp, card())


def test_tries_of_many_cards_at_once_are_counted() -> None:
    smdpp = server(Order(UPP, "A", tries=3))
    cards = [card(make_eid("89049032", number)) for number in range(1, 9)]

    def offer(euicc: PaperEuicc) -> bool:
        try:
            return bool(offered(smdpp, euicc))
        except SmdppError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(offer, cards)).count(True) == 3


def test_a_card_that_is_not_eligible_is_refused() -> None:
    smdpp = server(Order(UPP, "A", eligible=False))
    refused("8.2.5/4.3", offered, smdpp, card())


@pytest.mark.parametrize(
    ("forbidden", "words"), [("0640", "ppr1"), ("0520", "ppr2"), ("0560", "ppr1, ppr2")]
)
def test_a_profile_with_a_rule_that_the_card_forbids_is_refused(forbidden: str, words: str) -> None:
    rules = Metadata(
        iccid="89000123456789012341",
        owner=Owner.of("00101"),
        policy_rules=frozenset({PolicyRule.PPR1, PolicyRule.PPR2}),
    )
    for metadata in (rules, rules.encoded()):
        smdpp = server(Order(UPP, "A", metadata=metadata))
        found = refused("8.2.5/4.3", offered, smdpp, card(), forbidden=hx(forbidden))
        assert f"a policy rule that the card forbids: {words}. " in found
        assert offered(smdpp, card())


# -- confirmation codes


def test_wrong_codes_of_sessions_at_once_are_counted() -> None:
    smdpp = server(Order(UPP, "A", confirmation_code="1"))
    euicc = card()
    offers = [offered(smdpp, euicc) for _ in range(6)]

    def guess(offer: ClientAuthentication) -> str:
        with pytest.raises(SmdppError) as caught:
            smdpp.get_bound_profile_package(
                offer.transaction_id, euicc.prepare(offer, hash_cc=bytes(32))
            )
        return f"{caught.value.subject}/{caught.value.reason}"

    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(guess, offers))
    assert got.count("8.2.7/3.8") == 2
    assert only(smdpp).state is OrderState.ERROR


def test_the_right_code_does_not_open_an_order_that_wrong_ones_ended_meanwhile() -> None:
    smdpp, euicc = server(Order(UPP, "A", confirmation_code="1")), card()
    late = offered(smdpp, euicc)
    for _ in range(3):
        offer = offered(smdpp, euicc)
        with pytest.raises(SmdppError):
            smdpp.get_bound_profile_package(
                offer.transaction_id, euicc.prepare(offer, hash_cc=bytes(32))
            )
    right = euicc.prepare(late, hash_cc=hash_of_confirmation_code("1", late.transaction_id))
    refused("8.2.6/3.8", smdpp.get_bound_profile_package, late.transaction_id, right)


# -- a package that cannot be bound changes nothing


def test_a_package_that_cannot_be_bound_leaves_the_order_as_it_was() -> None:
    smdpp, euicc = server(ONCE), card()
    before = only(smdpp)
    offer = offered(smdpp, euicc)
    bad = euicc.prepare(offer, otpk=b"\x04" + bytes(64))
    refused("8.1/6.1", smdpp.get_bound_profile_package, offer.transaction_id, bad)
    assert only(smdpp) == before


def test_a_record_shows_no_secret() -> None:
    smdpp = server(Order(UPP, "A", confirmation_code="Secret-1"))
    euicc = card()
    offer = offered(smdpp, euicc)
    right = hash_of_confirmation_code("Secret-1", offer.transaction_id)
    smdpp.get_bound_profile_package(offer.transaction_id, euicc.prepare(offer, hash_cc=right))
    record = only(smdpp)
    assert record.delivery is not None
    assert record.delivery.prepared is not None
    private = record.delivery.prepared.private
    for text in (repr(smdpp), repr(record), repr(record.delivery), str(record.delivery.prepared)):
        assert "Secret-1" not in text
        assert repr(private) not in text


# -- sessions


def test_a_session_whose_card_has_proved_itself_is_not_pushed_out_by_others() -> None:
    smdpp, euicc = server(Order(UPP, "A")), card()
    offer = offered(smdpp, euicc)
    info = euicc.info1()
    for _ in range(10_001):
        smdpp.initiate_authentication(info, CHALLENGE, ADDRESS)
    assert fetched(smdpp, euicc, offer)


def test_many_sessions_of_one_card_push_out_its_own_only() -> None:
    smdpp, euicc, other = server(Order(UPP, "A")), card(), card(OTHER)
    theirs = offered(smdpp, other)
    oldest = offered(smdpp, euicc)
    for _ in range(16):
        newest = offered(smdpp, euicc)
    refused("8.10.1/3.9", fetched, smdpp, euicc, oldest)
    assert fetched(smdpp, euicc, newest)
    assert fetched(smdpp, other, theirs)


def test_a_session_without_a_card_waits_for_ten_minutes() -> None:
    time = 0.0
    euicc = card()
    smdpp = Smdpp.of(shared_pki(), [Order(UPP, "A")], seconds=lambda: time)
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    second = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    time = 599.0
    assert smdpp.authenticate_client(first.transaction_id, euicc.authenticate(first, "A"))
    time = 601.0
    late = euicc.authenticate(second, "A")
    refused("8.10.1/3.9", smdpp.authenticate_client, second.transaction_id, late)


def test_another_key_of_the_card_is_no_second_download() -> None:
    """A card that lost its one-time key makes another; the order stays its own."""
    smdpp, euicc = server(ONCE), card()
    downloaded(smdpp, euicc)
    euicc.one_time = ec.derive_private_key(0xE51CD, euicc.one_time.curve)
    assert downloaded(smdpp, euicc)
    assert only(smdpp).state is OrderState.DOWNLOADED
