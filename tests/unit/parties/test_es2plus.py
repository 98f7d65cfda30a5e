"""ES2+: what an operator does with orders, and what becomes of their states and codes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.euiccs import ADDRESS, CHALLENGE, PaperEuicc, shared_pki

from euicc_sim.env import SeededEnv
from euicc_sim.parties.messages.errors import SmdppError
from euicc_sim.parties.smdpp import (
    Confirmed,
    Es2Plus,
    FinalStatus,
    Order,
    OrderBook,
    OrderRecord,
    OrderState,
    Smdpp,
    made_up_package,
)
from keys import make_eid

EID, OTHER = make_eid("89049032", 1), make_eid("89049032", 2)
ICCIDS = ["89000000000000001010", "89000000000000001028", "89000000000000001036"]
NOBODY = "8900000000000099999"
AVAILABLE, UNAVAILABLE = FinalStatus.AVAILABLE, FinalStatus.UNAVAILABLE


def available(iccid: str, name: str) -> Order:
    package = made_up_package(iccid, name)
    return Order(package, name=name, profile_type="Test", state=OrderState.AVAILABLE)


@pytest.fixture
def es2plus() -> Es2Plus:
    orders = OrderBook(available(iccid, f"P{number}") for number, iccid in enumerate(ICCIDS))
    return Es2Plus(orders, ADDRESS, SeededEnv(1).random)


def refused(codes: str, call: Callable[..., object], *arguments: Any, **named: Any) -> str:
    with pytest.raises(SmdppError) as caught:
        call(*arguments, **named)
    assert f"{caught.value.subject}/{caught.value.reason}" == codes
    return str(caught.value)


def record(es2plus: Es2Plus, iccid: str) -> OrderRecord:
    (found,) = es2plus.orders.with_iccid(iccid)
    return found


def state(es2plus: Es2Plus, iccid: str) -> str:
    return record(es2plus, iccid).state.value


# -- DownloadOrder


@pytest.mark.parametrize(("eid", "becomes"), [(None, "allocated"), (EID, "linked")])
def test_an_order_by_iccid(es2plus: Es2Plus, eid: str | None, becomes: str) -> None:
    assert es2plus.download_order(iccid=ICCIDS[1], eid=eid) == ICCIDS[1]
    found = record(es2plus, ICCIDS[1])
    assert (found.state.value, found.eid, found.single_use) == (becomes, eid, True)


def test_orders_by_type_take_one_profile_after_the_other(es2plus: Es2Plus) -> None:
    assert [es2plus.download_order(profile_type="Test") for _ in ICCIDS] == ICCIDS
    refused("8.2.5/3.7", es2plus.download_order, profile_type="Test")


def test_orders_of_many_operators_at_once_take_different_profiles(es2plus: Es2Plus) -> None:
    with ThreadPoolExecutor(3) as pool:
        got = pool.map(lambda _: es2plus.download_order(profile_type="Test"), range(3))
    assert sorted(got) == ICCIDS


@pytest.mark.parametrize("iccid", ["89000000000000001010F", "89000000000000001010ff"])
def test_an_iccid_may_have_its_filler(es2plus: Es2Plus, iccid: str) -> None:
    assert es2plus.download_order(iccid=iccid) == ICCIDS[0]


def test_the_same_request_again_has_the_same_answer(es2plus: Es2Plus) -> None:
    for _ in range(2):
        assert es2plus.download_order(iccid=ICCIDS[0], eid=EID) == ICCIDS[0]
    assert record(es2plus, ICCIDS[0]).revision == 1


@pytest.mark.parametrize("eid", [None, OTHER])
def test_a_profile_that_is_ordered_cannot_be_ordered(es2plus: Es2Plus, eid: str | None) -> None:
    es2plus.download_order(iccid=ICCIDS[0], eid=EID)
    refused("8.2.1/3.3", es2plus.download_order, iccid=ICCIDS[0], eid=eid)


@pytest.mark.parametrize("iccid", [NOBODY, "", "F", "x" * 5000])
def test_an_iccid_that_nobody_knows_is_refused_by_all(es2plus: Es2Plus, iccid: str) -> None:
    refused("8.2.1/3.9", es2plus.download_order, iccid=iccid)
    refused("8.2.1/3.9", es2plus.confirm_order, iccid, release=True)
    refused("8.2.1/3.9", es2plus.cancel_order, iccid, final=AVAILABLE)
    refused("8.2.1/3.9", es2plus.release_profile, iccid)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, "1/2.2"),
        ({"profile_type": "Gold"}, "8.2.5/3.7"),
        ({"profile_type": "Gold", "iccid": ICCIDS[0]}, "8.2.5/3.10"),
        ({"profile_type": "Test", "eid": "123"}, "1/2.1"),
        ({"profile_type": "Test", "eid": "x" * 32}, "1/2.1"),
        ({"profile_type": "Test", "eid": ""}, "1/2.1"),
    ],
)
def test_an_order_that_cannot_be_placed_changes_nothing(
    es2plus: Es2Plus, given: dict[str, str], codes: str
) -> None:
    before = list(es2plus.orders)
    refused(codes, es2plus.download_order, **given)
    assert list(es2plus.orders) == before


# -- ConfirmOrder


@pytest.mark.parametrize(("release", "becomes"), [(True, "released"), (False, "confirmed")])
def test_an_order_is_confirmed_with_a_matching_id_of_ours(
    es2plus: Es2Plus, release: bool, becomes: str
) -> None:
    es2plus.download_order(iccid=ICCIDS[0], eid=EID)
    found = es2plus.confirm_order(ICCIDS[0], release=release)
    assert (found.eid, found.smdp_address) == (EID, ADDRESS)
    assert len(found.matching_id) == 16
    assert found.matching_id.isalnum()
    assert found.matching_id.isupper()
    assert state(es2plus, ICCIDS[0]) == becomes


def test_a_matching_id_that_is_given_is_used(es2plus: Es2Plus) -> None:
    es2plus.download_order(iccid=ICCIDS[0])
    found = es2plus.confirm_order(ICCIDS[0], release=True, matching_id="MINE", eid=EID)
    assert found == Confirmed(EID, "MINE", ADDRESS)


def test_no_two_orders_have_one_matching_id(es2plus: Es2Plus) -> None:
    for iccid in ICCIDS[:2]:
        es2plus.download_order(iccid=iccid)
    es2plus.confirm_order(ICCIDS[0], release=True, matching_id="MINE")
    call = es2plus.confirm_order
    refused("8.2.6/3.3", call, ICCIDS[1], release=True, matching_id="MINE")
    es2plus.cancel_order(ICCIDS[0], final=AVAILABLE)
    assert call(ICCIDS[1], release=True, matching_id="MINE")


def test_a_matching_id_of_a_file_is_in_use_too(es2plus: Es2Plus) -> None:
    es2plus.orders.add(Order(made_up_package(NOBODY, "x"), "FILE"))
    es2plus.download_order(iccid=ICCIDS[0])
    refused("8.2.6/3.3", es2plus.confirm_order, ICCIDS[0], release=True, matching_id="FILE")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"smds_address": "invalid.smds.address", "eid": EID}, "8.9/5.1"),
        ({"matching_id": ""}, "8.1.1/2.2"),
        ({"eid": "1"}, "1/2.1"),
        ({"matching_id": "A$B"}, "1/2.1"),
        ({"matching_id": "é"}, "1/2.1"),
        ({"matching_id": "A\n"}, "1/2.1"),
        ({"matching_id": "A" * 256}, "1/2.1"),
    ],
)
def test_an_order_that_cannot_be_confirmed_stays_as_it_was(
    es2plus: Es2Plus, given: dict[str, str], codes: str
) -> None:
    es2plus.download_order(iccid=ICCIDS[0])
    before = list(es2plus.orders)
    refused(codes, es2plus.confirm_order, ICCIDS[0], release=True, **given)
    assert list(es2plus.orders) == before


def test_an_order_for_one_card_is_not_confirmed_for_another(es2plus: Es2Plus) -> None:
    es2plus.download_order(iccid=ICCIDS[0], eid=EID)
    refused("8.1.1/3.10", es2plus.confirm_order, ICCIDS[0], release=True, eid=OTHER)


def test_what_was_not_ordered_is_neither_confirmed_nor_cancelled_nor_released(
    es2plus: Es2Plus,
) -> None:
    refused("8.2.1/1.2", es2plus.confirm_order, ICCIDS[0], release=True)
    refused("8.2.1/1.2", es2plus.cancel_order, ICCIDS[0], final=AVAILABLE)
    refused("8.2.1/1.2", es2plus.release_profile, ICCIDS[0])


def test_a_confirmation_that_comes_again_has_the_same_answer(es2plus: Es2Plus) -> None:
    es2plus.download_order(iccid=ICCIDS[0])
    first = es2plus.confirm_order(ICCIDS[0], release=True)
    assert es2plus.confirm_order(ICCIDS[0], release=True) == first
    again = es2plus.confirm_order(ICCIDS[0], release=True, matching_id=first.matching_id)
    assert again == first
    for changed in ({"release": False}, {"matching_id": "X"}, {"confirmation_code": "1"}):
        given = {"release": True, **changed}
        refused("8.2.1/1.2", es2plus.confirm_order, ICCIDS[0], **given)


# -- CancelOrder and ReleaseProfile


@pytest.mark.parametrize("final", FinalStatus)
@pytest.mark.parametrize("far", ["ordered", "confirmed", "released"])
def test_an_order_is_cancelled(es2plus: Es2Plus, far: str, final: FinalStatus) -> None:
    es2plus.download_order(iccid=ICCIDS[0], eid=EID)
    matching_id = None
    if far != "ordered":
        matching_id = es2plus.confirm_order(
            ICCIDS[0], release=far == "released", confirmation_code="1"
        ).matching_id
    es2plus.cancel_order(ICCIDS[0], final=final, eid=EID, matching_id=matching_id)
    found = record(es2plus, ICCIDS[0])
    assert found.state.value == final.value.lower()
    assert (found.eid, found.matching_id, found.confirmation_code) == (None, "", None)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, "8.1.1/2.2"),
        ({"eid": OTHER}, "8.1.1/3.10"),
        ({"eid": EID, "matching_id": "WRONG"}, "8.2.6/3.10"),
    ],
)
def test_an_order_is_cancelled_only_by_who_knows_it(
    es2plus: Es2Plus, given: dict[str, str], codes: str
) -> None:
    es2plus.download_order(iccid=ICCIDS[0], eid=EID)
    es2plus.confirm_order(ICCIDS[0], release=False)
    refused(codes, es2plus.cancel_order, ICCIDS[0], final=AVAILABLE, **given)
    assert state(es2plus, ICCIDS[0]) == "confirmed"


def test_a_confirmed_profile_is_released_once_or_twice(es2plus: Es2Plus) -> None:
    es2plus.download_order(iccid=ICCIDS[0])
    refused("8.2.1/1.2", es2plus.release_profile, ICCIDS[0])
    es2plus.confirm_order(ICCIDS[0], release=False)
    for _ in range(2):
        es2plus.release_profile(ICCIDS[0])
        assert state(es2plus, ICCIDS[0]) == "released"


# -- with a download


def begun(smdpp: Smdpp, euicc: PaperEuicc, matching_id: str | None) -> Any:
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    response = euicc.authenticate(first, matching_id)
    return smdpp.authenticate_client(first.transaction_id, response)


def fetch(smdpp: Smdpp, euicc: PaperEuicc, offer: Any) -> bytes:
    return smdpp.get_bound_profile_package(offer.transaction_id, euicc.prepare(offer))


@pytest.fixture
def smdpp(es2plus: Es2Plus) -> Smdpp:
    found = Smdpp.of(shared_pki(), random=SeededEnv(1).random)
    found.orders = es2plus.orders
    return found


@pytest.fixture
def euicc() -> PaperEuicc:
    return PaperEuicc.below(shared_pki(), eid=EID)


@pytest.mark.parametrize("matching_id", [None, ""])
def test_an_order_from_downloadorder_to_deletion(
    es2plus: Es2Plus, smdpp: Smdpp, euicc: PaperEuicc, matching_id: str | None
) -> None:
    iccid = es2plus.download_order(profile_type="Test", eid=EID)
    found = es2plus.confirm_order(iccid, release=False, matching_id=matching_id)
    refused("8.2/1.2", begun, smdpp, euicc, found.matching_id)
    es2plus.release_profile(iccid)
    offer = begun(smdpp, euicc, found.matching_id)
    fetch(smdpp, euicc, offer)
    assert state(es2plus, iccid) == "downloaded"
    refused("8.2.1/1.2", es2plus.cancel_order, iccid, final=AVAILABLE, eid=EID)
    smdpp.handle_notification(euicc.result(offer.transaction_id))
    assert state(es2plus, iccid) == "installed"
    refused("8.2.1/3.3", es2plus.download_order, iccid=iccid, eid=EID)


def test_an_order_that_is_cancelled_meanwhile_gives_out_nothing(
    es2plus: Es2Plus, smdpp: Smdpp, euicc: PaperEuicc
) -> None:
    es2plus.download_order(iccid=ICCIDS[0])
    found = es2plus.confirm_order(ICCIDS[0], release=True)
    offer = begun(smdpp, euicc, found.matching_id)
    es2plus.cancel_order(ICCIDS[0], final=AVAILABLE)
    refused("8.2.6/3.8", fetch, smdpp, euicc, offer)


def test_a_card_of_the_order_before_does_not_get_the_next_one(
    es2plus: Es2Plus, smdpp: Smdpp, euicc: PaperEuicc
) -> None:
    es2plus.download_order(iccid=ICCIDS[0])
    found = es2plus.confirm_order(ICCIDS[0], release=True)
    offer = begun(smdpp, euicc, found.matching_id)
    es2plus.cancel_order(ICCIDS[0], final=AVAILABLE)
    es2plus.download_order(iccid=ICCIDS[0])
    es2plus.confirm_order(ICCIDS[0], release=True)
    refused("8.2.6/3.8", fetch, smdpp, euicc, offer)
