"""What an SM-DP+ tells the operator about downloads, point by point."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.bsp import BSP
from support.eims import tlv
from support.euiccs import ADDRESS, CHALLENGE, EID, PaperEuicc, shared_pki
from support.hexes import hx

from euicc_sim.env import SeededEnv
from euicc_sim.parties.messages.download_progress import DownloadProgress, Point
from euicc_sim.parties.messages.errors import SmdppError
from euicc_sim.parties.messages.interfaces import ClientAuthentication, hash_of_confirmation_code
from euicc_sim.parties.smdpp import Order, OrderState, Smdpp

UPP = hx(BSP["upp"])
DIGITS = "89000123456789012341"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ELIGIBILITY, CONFIRMATION, DELIVERY, INSTALLATION = Point
Told = list[DownloadProgress]


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def smdpp(told: Told) -> Smdpp:
    orders = [
        Order(UPP, "A", profile_type="Test"),
        Order(UPP, "C", confirmation_code="1"),
        Order(UPP, "NOT", state=OrderState.CONFIRMED),
    ]
    return Smdpp.of(
        shared_pki(),
        orders,
        random=SeededEnv(1).random,
        clock=lambda: NOW,
        progress=told.append,
    )


@pytest.fixture
def euicc() -> PaperEuicc:
    return PaperEuicc.below(shared_pki())


def offered(smdpp: Smdpp, euicc: PaperEuicc, matching_id: str = "A") -> ClientAuthentication:
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    response = euicc.authenticate(first, matching_id)
    return smdpp.authenticate_client(first.transaction_id, response)


def fetch(smdpp: Smdpp, euicc: PaperEuicc, offer: ClientAuthentication, **changed: Any) -> None:
    prepared = euicc.prepare(offer, **changed)
    smdpp.get_bound_profile_package(offer.transaction_id, prepared)


def points(told: Told) -> list[tuple[Point, tuple[str, str] | bool | None]]:
    """Each point, and True if it was passed, or the codes of the failure."""
    return [(one.point, one.failure is None or one.codes) for one in told]


def test_a_download_is_told_in_three_points(smdpp: Smdpp, euicc: PaperEuicc, told: Told) -> None:
    offer = offered(smdpp, euicc)
    fetch(smdpp, euicc, offer)
    result = euicc.result(offer.transaction_id)
    smdpp.handle_notification(result)
    first = DownloadProgress(point=ELIGIBILITY, iccid=DIGITS, profile_type="Test", eid=EID, at=NOW)
    assert told == [
        first,
        replace(first, point=DELIVERY),
        replace(first, point=INSTALLATION, result=result),
    ]


def test_a_result_that_comes_again_is_told_once(
    smdpp: Smdpp, euicc: PaperEuicc, told: Told
) -> None:
    offer = offered(smdpp, euicc)
    fetch(smdpp, euicc, offer)
    for _ in range(3):
        smdpp.handle_notification(euicc.result(offer.transaction_id, error=(5, 6)))
    assert points(told)[2:] == [(INSTALLATION, None)]
    assert told[-1].failure == "The card did not install it: unsupportedProfileClass."


def test_an_order_that_is_refused_is_told(smdpp: Smdpp, euicc: PaperEuicc, told: Told) -> None:
    with pytest.raises(SmdppError):
        offered(smdpp, euicc, "NOT")
    assert points(told) == [(ELIGIBILITY, ("8.2", "1.2"))]


def test_what_belongs_to_no_order_is_not_told(smdpp: Smdpp, euicc: PaperEuicc, told: Told) -> None:
    with pytest.raises(SmdppError):
        offered(smdpp, euicc, "NOBODY")
    smdpp.handle_notification(euicc.notification())
    assert told == []


def test_wrong_codes_are_told_and_the_right_one_is_none(
    smdpp: Smdpp, euicc: PaperEuicc, told: Told
) -> None:
    offer = offered(smdpp, euicc, "C")
    for changed in ({}, {"hash_cc": bytes(32)}):
        with pytest.raises(SmdppError):
            fetch(smdpp, euicc, offer, **changed)
    fetch(smdpp, euicc, offer, hash_cc=hash_of_confirmation_code("1", offer.transaction_id))
    assert points(told)[1:] == [
        (CONFIRMATION, ("8.2.7", "2.2")),
        (CONFIRMATION, ("8.2.7", "3.8")),
        (DELIVERY, True),
    ]


def test_a_package_that_cannot_be_bound_is_told(
    smdpp: Smdpp, euicc: PaperEuicc, told: Told
) -> None:
    with pytest.raises(SmdppError):
        fetch(smdpp, euicc, offered(smdpp, euicc), otpk=b"\x04" + bytes(64))
    assert points(told)[1:] == [(DELIVERY, ("8.1", "6.1"))]


def test_a_cancelled_session_is_told(smdpp: Smdpp, euicc: PaperEuicc, told: Told) -> None:
    offer = offered(smdpp, euicc)
    smdpp.cancel_session(offer.transaction_id, euicc.cancel(offer.transaction_id, 0))
    assert points(told)[1:] == [(CONFIRMATION, None)]
    assert told[-1].failure == "The session was cancelled: end user rejection."


def test_a_forged_result_is_not_told(smdpp: Smdpp, euicc: PaperEuicc, told: Told) -> None:
    offer = offered(smdpp, euicc)
    fetch(smdpp, euicc, offer)
    with pytest.raises(SmdppError):
        smdpp.handle_notification(
            euicc.result(offer.transaction_id, signature=tlv("5F37", bytes(64)))
        )
    assert len(told) == 2
