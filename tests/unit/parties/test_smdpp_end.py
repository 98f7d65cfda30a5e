"""How a download ends at the SM-DP+: notifications, cancelling, and what becomes of the order."""

from __future__ import annotations

from typing import Any

import pytest
from support.bsp import BSP
from support.chains import Chain
from support.eims import tlv
from support.euiccs import (
    ADDRESS,
    AID,
    CHALLENGE,
    EID,
    SIMA_OK,
    PaperEuicc,
    shared_pki,
)
from support.hexes import hx
from support.judge import judged

from euicc_sim.env import SeededEnv
from euicc_sim.parties.messages.errors import SmdppError
from euicc_sim.parties.messages.interfaces import CancelReason, ClientAuthentication
from euicc_sim.parties.smdpp.card_answers import NotificationFacts
from euicc_sim.parties.smdpp.download_orders import Order, OrderState
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys import CertificateIssuer, Curve

UPP = hx(BSP["upp"])
DIGITS = "89000123456789012341"
OTHER_SMDP = hx("88370B")


@pytest.fixture
def smdpp() -> Smdpp:
    orders = [Order(UPP, "A"), Order(UPP, "ONCE", single_use=True)]
    return Smdpp.of(shared_pki(), orders, random=SeededEnv(1).random)


@pytest.fixture(params=list(Curve), ids=lambda one: one.value)
def euicc(request: pytest.FixtureRequest) -> PaperEuicc:
    return PaperEuicc.below(shared_pki(), request.param)


def offered(smdpp: Smdpp, euicc: PaperEuicc, matching_id: str = "A") -> ClientAuthentication:
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    response = euicc.authenticate(first, matching_id)
    return smdpp.authenticate_client(first.transaction_id, response)


def bound(smdpp: Smdpp, euicc: PaperEuicc, matching_id: str = "A") -> bytes:
    """The transactionId of a download whose package was fetched."""
    offer = offered(smdpp, euicc, matching_id)
    smdpp.get_bound_profile_package(offer.transaction_id, euicc.prepare(offer))
    return offer.transaction_id


def refused(subject: str, reason: str, call: Any, *arguments: Any) -> str:
    with pytest.raises(SmdppError) as caught:
        call(*arguments)
    assert (caught.value.subject, caught.value.reason) == (subject, reason)
    return str(caught.value)


# -- ProfileInstallationResult


def test_a_result_says_which_profile_is_where(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    transaction_id = bound(smdpp, euicc)
    assert smdpp.handle_notification(euicc.result(transaction_id)) == NotificationFacts(
        eid=EID,
        seq_number=1,
        event="install",
        address=ADDRESS,
        iccid=DIGITS,
        transaction_id=transaction_id,
        aid=AID,
        sima_response=SIMA_OK,
    )


def test_a_result_can_be_a_failure(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    found = smdpp.handle_notification(euicc.result(bound(smdpp, euicc), error=(2, 9)))
    assert not found.installed
    assert found.command == "storeMetadata"
    assert found.error == "installFailedDueToIccidAlreadyExistsOnEuicc"


def test_an_error_without_a_name_is_its_number(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    found = smdpp.handle_notification(euicc.result(bound(smdpp, euicc), error=(5, 99)))
    assert found.error == "99"


def test_the_judge_reads_the_results_of_these_tests(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    transaction_id = bound(smdpp, euicc)
    judged("ProfileInstallationResult", euicc.result(transaction_id))
    judged("ProfileInstallationResult", euicc.result(transaction_id, error=(2, 9)))
    judged("OtherSignedNotification", euicc.notification())
    judged("CancelSessionResponse", euicc.cancel(transaction_id))


def test_a_result_that_comes_twice_is_taken_twice(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    result = euicc.result(bound(smdpp, euicc))
    assert smdpp.handle_notification(result) == smdpp.handle_notification(result)


def test_a_result_with_another_signature_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    result = euicc.result(bound(smdpp, euicc), signature=tlv("5F37", bytes(64)))
    refused("8.1", "6.1", smdpp.handle_notification, result)


def test_a_result_for_another_server_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    result = euicc.result(bound(smdpp, euicc), oid=OTHER_SMDP)
    refused("8.8", "3.10", smdpp.handle_notification, result)


def test_a_result_of_no_transaction_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    refused("8.10.1", "3.9", smdpp.handle_notification, euicc.result(bytes(16)))


def test_a_result_before_the_card_is_known_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    refused("8.10.1", "3.9", smdpp.handle_notification, euicc.result(first.transaction_id))


# -- other notifications


@pytest.mark.parametrize(
    ("bits", "event"),
    [("0780", "install"), ("0640", "enable"), ("0520", "disable"), ("0410", "delete")],
)
def test_a_notification_says_what_happened(
    smdpp: Smdpp, euicc: PaperEuicc, bits: str, event: str
) -> None:
    assert smdpp.handle_notification(euicc.notification(bits)) == NotificationFacts(
        eid=EID, seq_number=2, event=event, address=ADDRESS, iccid=DIGITS
    )


def test_a_notification_needs_no_transaction(euicc: PaperEuicc) -> None:
    smdpp = Smdpp.of(shared_pki())
    assert not smdpp.handle_notification(euicc.notification()).installed


def test_a_notification_with_another_signature_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    pending = euicc.notification(signature=tlv("5F37", bytes(64)))
    refused("8.1", "6.1", smdpp.handle_notification, pending)


def test_a_notification_below_a_ci_that_is_not_ours_is_refused(
    smdpp: Smdpp, euicc: PaperEuicc
) -> None:
    stranger = Chain.below(CertificateIssuer.create(Curve.NIST, seed=99)).eum.der
    refused("8.11.1", "3.9", smdpp.handle_notification, euicc.notification(eum=stranger))


@pytest.mark.parametrize("pending", [b"", b"\xbf\x37\x00", b"\x30\x00"], ids=bytes.hex)
def test_what_is_no_notification_is_refused(smdpp: Smdpp, pending: bytes) -> None:
    refused("8.1", "2.1", smdpp.handle_notification, pending)


# -- CancelSession


@pytest.mark.parametrize("reason", list(CancelReason))
def test_cancelling_has_a_reason(smdpp: Smdpp, euicc: PaperEuicc, reason: CancelReason) -> None:
    transaction_id = offered(smdpp, euicc).transaction_id
    answer = euicc.cancel(transaction_id, reason)
    assert smdpp.cancel_session(transaction_id, answer) is reason


def test_an_unknown_reason_is_undefined(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    transaction_id = offered(smdpp, euicc).transaction_id
    found = smdpp.cancel_session(transaction_id, euicc.cancel(transaction_id, 99))
    assert found is CancelReason.UNDEFINED_REASON


def test_cancelling_ends_the_transaction(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    offer = offered(smdpp, euicc)
    answer = euicc.cancel(offer.transaction_id)
    smdpp.cancel_session(offer.transaction_id, answer)
    refused("8.10.1", "3.9", smdpp.cancel_session, offer.transaction_id, answer)
    prepared = euicc.prepare(offer)
    refused("8.10.1", "3.9", smdpp.get_bound_profile_package, offer.transaction_id, prepared)


def test_only_a_result_may_come_after_cancelling(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    transaction_id = bound(smdpp, euicc)
    smdpp.cancel_session(transaction_id, euicc.cancel(transaction_id, 5))
    assert smdpp.handle_notification(euicc.result(transaction_id, error=(5, 12))).error
    again = euicc.cancel(transaction_id, 5)
    refused("8.10.1", "3.9", smdpp.cancel_session, transaction_id, again)


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"signature": tlv("5F37", bytes(64))}, ("8.1", "6.1")),
        ({"oid": OTHER_SMDP}, ("8.8", "3.10")),
    ],
    ids=["signature", "server"],
)
def test_a_wrong_cancelling_is_refused(
    smdpp: Smdpp, euicc: PaperEuicc, changed: dict[str, Any], codes: tuple[str, str]
) -> None:
    transaction_id = offered(smdpp, euicc).transaction_id
    answer = euicc.cancel(transaction_id, **changed)
    refused(*codes, smdpp.cancel_session, transaction_id, answer)


def test_cancelling_another_transaction_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first, second = offered(smdpp, euicc), offered(smdpp, euicc)
    answer = euicc.cancel(first.transaction_id)
    refused("8.10.1", "3.9", smdpp.cancel_session, second.transaction_id, answer)


def test_what_the_card_would_not_cancel_is_told_by_name(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    transaction_id = offered(smdpp, euicc).transaction_id
    text = refused("8.1", "6.1", smdpp.cancel_session, transaction_id, hx("BF4103 810105"))
    assert "invalidTransactionId" in text


def test_nothing_is_cancelled_before_the_card_is_known(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    answer = euicc.cancel(first.transaction_id)
    refused("8.10.1", "3.9", smdpp.cancel_session, first.transaction_id, answer)


# -- what becomes of the order


def asks_again(smdpp: Smdpp, euicc: PaperEuicc) -> bool:
    """Whether the next try is asked for the key of the last."""
    return "bppEuiccOtpk" in judged("SmdpSigned2", offered(smdpp, euicc).smdp_signed2)


def test_after_an_installation_no_key_is_asked_for(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    smdpp.handle_notification(euicc.result(bound(smdpp, euicc)))
    assert not asks_again(smdpp, euicc)


def test_after_a_failure_the_key_is_asked_for(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    smdpp.handle_notification(euicc.result(bound(smdpp, euicc), error=(5, 11)))
    assert asks_again(smdpp, euicc)


@pytest.mark.parametrize("reason", list(CancelReason))
def test_the_key_is_asked_for_when_the_download_was_only_put_off(
    smdpp: Smdpp, euicc: PaperEuicc, reason: CancelReason
) -> None:
    transaction_id = bound(smdpp, euicc)
    smdpp.cancel_session(transaction_id, euicc.cancel(transaction_id, reason))
    assert asks_again(smdpp, euicc) is (reason in (CancelReason.POSTPONED, CancelReason.TIMEOUT))


def test_a_common_order_can_be_fetched_again(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    smdpp.handle_notification(euicc.result(bound(smdpp, euicc)))
    assert offered(smdpp, euicc)
    assert next(iter(smdpp.orders)).state is OrderState.INSTALLED


def test_an_order_for_single_use_is_used_up(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    smdpp.handle_notification(euicc.result(bound(smdpp, euicc, "ONCE")))
    refused("8.2.6", "3.8", offered, smdpp, euicc, "ONCE")


def test_an_order_outlives_a_wrong_code_however_the_lpa_ends_the_session(
    smdpp: Smdpp, euicc: PaperEuicc
) -> None:
    """Software cancels with undefinedReason what it will begin again with the right code."""
    smdpp.orders.add(Order(UPP, "CODE", single_use=True, confirmation_code="1"))
    offer = offered(smdpp, euicc, "CODE")
    call = smdpp.get_bound_profile_package
    wrong = euicc.prepare(offer, hash_cc=bytes(32))
    refused("8.2.7", "3.8", call, offer.transaction_id, wrong)
    smdpp.cancel_session(
        offer.transaction_id,
        euicc.cancel(offer.transaction_id, CancelReason.UNDEFINED_REASON),
    )
    again = offered(smdpp, euicc, "CODE")
    assert again
    refused("8.2.7", "3.8", call, again.transaction_id, euicc.prepare(again, hash_cc=bytes(32)))
    smdpp.cancel_session(again.transaction_id, euicc.cancel(again.transaction_id, 0))
    refused("8.2.6", "3.8", offered, smdpp, euicc, "CODE")


@pytest.mark.parametrize("reason", list(CancelReason))
def test_an_order_for_single_use_outlives_only_a_delay(
    smdpp: Smdpp, euicc: PaperEuicc, reason: CancelReason
) -> None:
    transaction_id = offered(smdpp, euicc, "ONCE").transaction_id
    smdpp.cancel_session(transaction_id, euicc.cancel(transaction_id, reason))
    if reason in (CancelReason.POSTPONED, CancelReason.TIMEOUT):
        assert offered(smdpp, euicc, "ONCE")
    else:
        refused("8.2.6", "3.8", offered, smdpp, euicc, "ONCE")
