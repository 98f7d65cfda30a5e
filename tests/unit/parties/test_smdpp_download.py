"""The second half of ES9+: binding for a card, confirmation codes, and tries that are repeated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from support.bsp import BSP
from support.eims import check_signature, objects, tlv
from support.euiccs import (
    ADDRESS,
    CHALLENGE,
    EID,
    Opened,
    PaperEuicc,
    open_package,
    shared_pki,
)
from support.hexes import hx
from support.judge import judged

from euicc_sim.env import SeededEnv
from euicc_sim.parties.messages.errors import SmdppError
from euicc_sim.parties.messages.interfaces import ClientAuthentication, hash_of_confirmation_code
from euicc_sim.parties.smdpp.binding import Binding
from euicc_sim.parties.smdpp.download_orders import Order, OrderState
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys import Curve, Role, make_eid

UPP = hx(BSP["upp"])
CODE = "Käse 1"


@pytest.fixture
def smdpp() -> Smdpp:
    orders = [Order(UPP, "A"), Order(UPP, "C", confirmation_code=CODE)]
    return Smdpp.of(shared_pki(), orders, random=SeededEnv(1).random)


@pytest.fixture(params=list(Curve), ids=lambda one: one.value)
def euicc(request: pytest.FixtureRequest) -> PaperEuicc:
    return PaperEuicc.below(shared_pki(), request.param)


def offered(smdpp: Smdpp, euicc: PaperEuicc, matching_id: str = "A") -> ClientAuthentication:
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    response = euicc.authenticate(first, matching_id)
    return smdpp.authenticate_client(first.transaction_id, response)


def fetched(smdpp: Smdpp, euicc: PaperEuicc, offer: ClientAuthentication, **changed: Any) -> bytes:
    response = euicc.prepare(offer, **changed)
    return smdpp.get_bound_profile_package(offer.transaction_id, response)


def opened(euicc: PaperEuicc, package: bytes) -> Opened:
    return open_package(euicc, package, host_id=b"smdpp-01")


def refused(subject: str, reason: str, call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(SmdppError) as caught:
        call(*arguments, **named)
    assert (caught.value.subject, caught.value.reason) == (subject, reason)
    return str(caught.value)


# -- GetBoundProfilePackage


def test_the_card_finds_its_profile_in_the_package(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    offer = offered(smdpp, euicc)
    package = fetched(smdpp, euicc, offer)
    judged("BoundProfilePackage", package)
    found = opened(euicc, package)
    assert found.package == UPP
    assert found.metadata == offer.profile_metadata
    assert found.configuration == hx("BF2400")


def test_the_channel_is_signed_for_this_transaction(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    offer = offered(smdpp, euicc)
    ((_, _, inside),) = objects(opened(euicc, fetched(smdpp, euicc, offer)).channel)
    *parameters, (tag, _, signature) = objects(inside)
    assert tag == "5F37"
    assert parameters[1][1] == tlv("80", offer.transaction_id)
    covered = b"".join(whole for _, whole, _ in parameters) + tlv("5F49", euicc.otpk)
    credential = shared_pki().credential(Role.DP_PB, euicc.credential.curve)
    check_signature(credential.private_key.public_key(), signature, covered)


def test_session_keys_are_replaced(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    found = opened(euicc, fetched(smdpp, euicc, offered(smdpp, euicc)))
    assert found.tags == ["BF23", "A0", "A1", "A2", "A3"]


def test_session_keys_can_stay(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    smdpp.replace_keys = False
    found = opened(euicc, fetched(smdpp, euicc, offered(smdpp, euicc)))
    assert found.tags == ["BF23", "A0", "A1", "A3"]
    assert found.package == UPP


def test_the_server_has_a_size_of_segments(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    smdpp.segment_size = 500
    found = opened(euicc, fetched(smdpp, euicc, offered(smdpp, euicc)))
    assert found.sizes["A3"] == [500, 500, len(UPP) - 1000]


def test_a_test_can_spoil_the_binding(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    def spoil(binding: Binding) -> Binding:
        return replace(binding, signature=bytes(64))

    smdpp.adjust = spoil
    package = fetched(smdpp, euicc, offered(smdpp, euicc))
    assert tlv("5F37", bytes(64)) in package


def test_nobody_else_finds_the_profile(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    package = fetched(smdpp, euicc, offered(smdpp, euicc))
    other = replace(euicc, one_time=ec.derive_private_key(0xBAD, euicc.one_time.curve))
    with pytest.raises(AssertionError, match="wrong MAC of segment 1"):
        opened(other, package)


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"signature": tlv("5F37", bytes(64))}, ("8.1", "6.1")),
        ({"transaction_id": bytes(16)}, ("8.10.1", "3.9")),
        ({"otpk": b"\x04" + bytes(64)}, ("8.1", "6.1")),
        ({"otpk": b""}, ("8.1", "6.1")),
    ],
    ids=["signature", "transaction", "key off the curve", "no key"],
)
def test_a_wrong_answer_is_refused(
    smdpp: Smdpp, euicc: PaperEuicc, changed: dict[str, Any], codes: tuple[str, str]
) -> None:
    offer = offered(smdpp, euicc)
    refused(*codes, fetched, smdpp, euicc, offer, **changed)
    refused("8.10.1", "3.9", fetched, smdpp, euicc, offer)


def test_a_signature_for_another_transaction_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first, second = offered(smdpp, euicc), offered(smdpp, euicc)
    mixed = replace(second, smdp_signature2=first.smdp_signature2)
    refused("8.1", "6.1", fetched, smdpp, euicc, mixed)


def test_the_error_of_a_card_is_told_by_name(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    offer = offered(smdpp, euicc)
    answer = tlv("BF21", tlv("A1", tlv("80", offer.transaction_id), hx("020105")))
    call = smdpp.get_bound_profile_package
    assert "invalidTransactionId" in refused("8.1", "6.1", call, offer.transaction_id, answer)


@pytest.mark.parametrize("answer", [b"", hx("BF2100"), hx("BF2102A000")], ids=bytes.hex)
def test_what_is_no_answer_is_refused(smdpp: Smdpp, euicc: PaperEuicc, answer: bytes) -> None:
    offer = offered(smdpp, euicc)
    refused("8.1", "2.1", smdpp.get_bound_profile_package, offer.transaction_id, answer)


def test_a_package_is_given_once_in_a_transaction(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    offer = offered(smdpp, euicc)
    fetched(smdpp, euicc, offer)
    other = ec.derive_private_key(0xE51CD, euicc.one_time.curve)
    refused("8.10.1", "3.9", fetched, smdpp, replace(euicc, one_time=other), offer)


def test_the_same_request_again_has_the_same_package(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    """The answer was lost on its way."""
    offer = offered(smdpp, euicc)
    response = euicc.prepare(offer)
    call = smdpp.get_bound_profile_package
    first = call(offer.transaction_id, response)
    assert call(offer.transaction_id, response) == first
    smdpp.handle_notification(euicc.result(offer.transaction_id))
    refused("8.10.1", "3.9", call, offer.transaction_id, response)


def test_the_same_request_after_cancelling_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    offer = offered(smdpp, euicc)
    response = euicc.prepare(offer)
    smdpp.get_bound_profile_package(offer.transaction_id, response)
    smdpp.cancel_session(offer.transaction_id, euicc.cancel(offer.transaction_id, 1))
    call = smdpp.get_bound_profile_package
    refused("8.10.1", "3.9", call, offer.transaction_id, response)


def test_no_package_comes_before_the_card_is_known(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    offer = ClientAuthentication(first.transaction_id, b"", b"", bytes(64), b"")
    refused("8.10.1", "3.9", fetched, smdpp, euicc, offer)


@pytest.mark.slow
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_every_place(data: bytes) -> None:
    smdpp = Smdpp.of(shared_pki(), [Order(UPP, "A")])
    euicc = PaperEuicc.below(shared_pki())
    first = smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)
    with pytest.raises(SmdppError):
        smdpp.authenticate_client(first.transaction_id, data)
    with pytest.raises(SmdppError):
        fetched(smdpp, euicc, replace(offered(smdpp, euicc), smdp_signature2=data))
    with pytest.raises(SmdppError):
        smdpp.handle_notification(data)
    with pytest.raises(SmdppError):
        smdpp.cancel_session(offered(smdpp, euicc).transaction_id, data)
    with pytest.raises(SmdppError):
        smdpp.initiate_authentication(data, CHALLENGE, ADDRESS)


# -- the confirmation code


def test_the_right_confirmation_code_opens_the_order(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    offer = offered(smdpp, euicc, "C")
    hash_cc = hash_of_confirmation_code(CODE, offer.transaction_id)
    assert opened(euicc, fetched(smdpp, euicc, offer, hash_cc=hash_cc)).package == UPP


def test_the_hash_is_that_of_the_clause() -> None:
    found = hash_of_confirmation_code("12345", hx("0123456789ABCDEF0123456789ABCDEF"))
    assert found == hx("22CA37869AA415106DE04381F6FD890D41EE9BD6C87CA397CDC3AB8A8AB8D7AF")


def test_no_confirmation_code_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    refused("8.2.7", "2.2", fetched, smdpp, euicc, offered(smdpp, euicc, "C"))


def test_a_code_that_nobody_asked_for_does_no_harm(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    assert fetched(smdpp, euicc, offered(smdpp, euicc), hash_cc=bytes(32))


def test_the_third_wrong_code_ends_the_order(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    for left in ("2", "1"):
        offer = offered(smdpp, euicc, "C")
        text = refused("8.2.7", "3.8", fetched, smdpp, euicc, offer, hash_cc=bytes(32))
        assert f"{left} tr" in text
    offer = offered(smdpp, euicc, "C")
    refused("8.2.7", "6.4", fetched, smdpp, euicc, offer, hash_cc=bytes(32))
    refused("8.2.6", "3.8", offered, smdpp, euicc, "C")
    assert [one.state for one in smdpp.orders] == [OrderState.RELEASED, OrderState.ERROR]


def test_a_wrong_code_keeps_the_transaction_while_tries_are_left(
    smdpp: Smdpp, euicc: PaperEuicc
) -> None:
    offer = offered(smdpp, euicc, "C")
    refused("8.2.7", "3.8", fetched, smdpp, euicc, offer, hash_cc=bytes(32))
    refused("8.2.7", "3.8", fetched, smdpp, euicc, offer, hash_cc=bytes(32))
    hash_cc = hash_of_confirmation_code(CODE, offer.transaction_id)
    assert opened(euicc, fetched(smdpp, euicc, offer, hash_cc=hash_cc)).package == UPP


def test_a_missing_code_keeps_the_transaction_too(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    offer = offered(smdpp, euicc, "C")
    refused("8.2.7", "2.2", fetched, smdpp, euicc, offer)
    hash_cc = hash_of_confirmation_code(CODE, offer.transaction_id)
    assert opened(euicc, fetched(smdpp, euicc, offer, hash_cc=hash_cc)).package == UPP


def test_the_third_wrong_code_ends_the_transaction_too(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    offer = offered(smdpp, euicc, "C")
    for codes in (("8.2.7", "3.8"), ("8.2.7", "3.8"), ("8.2.7", "6.4"), ("8.10.1", "3.9")):
        refused(*codes, fetched, smdpp, euicc, offer, hash_cc=bytes(32))


def test_a_right_code_makes_the_wrong_ones_forgotten(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    for _ in range(3):
        refused(
            "8.2.7", "3.8", fetched, smdpp, euicc, offered(smdpp, euicc, "C"), hash_cc=bytes(32)
        )
        offer = offered(smdpp, euicc, "C")
        hash_cc = hash_of_confirmation_code(CODE, offer.transaction_id)
        assert fetched(smdpp, euicc, offer, hash_cc=hash_cc)


def test_the_hash_of_another_transaction_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    earlier = offered(smdpp, euicc, "C")
    hash_cc = hash_of_confirmation_code(CODE, earlier.transaction_id)
    refused("8.2.7", "3.8", fetched, smdpp, euicc, offered(smdpp, euicc, "C"), hash_cc=hash_cc)


# -- trying again


def asked_key(offer: ClientAuthentication) -> bytes | None:
    """The bppEuiccOtpk that the server asks for."""
    found: bytes | None = judged("SmdpSigned2", offer.smdp_signed2).get("bppEuiccOtpk")
    return found


def test_a_first_try_asks_for_no_key(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    assert asked_key(offered(smdpp, euicc)) is None


def test_a_card_that_tries_again_is_asked_for_its_key(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    fetched(smdpp, euicc, offered(smdpp, euicc))
    assert asked_key(offered(smdpp, euicc)) == euicc.otpk


def test_a_card_with_its_key_gets_the_same_package_signed_anew(
    smdpp: Smdpp, euicc: PaperEuicc
) -> None:
    first = opened(euicc, package := fetched(smdpp, euicc, offered(smdpp, euicc)))
    again = opened(euicc, second := fetched(smdpp, euicc, offered(smdpp, euicc)))
    assert first.channel != again.channel
    assert package.partition(first.channel)[2] == second.partition(again.channel)[2]


def test_a_card_with_a_new_key_gets_a_new_package(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first = fetched(smdpp, euicc, offered(smdpp, euicc))
    other = replace(euicc, one_time=ec.derive_private_key(0xE51CD, euicc.one_time.curve))
    second = fetched(smdpp, other, offered(smdpp, other))
    assert opened(other, second).package == UPP
    assert first[-1000:] != second[-1000:]
    assert asked_key(offered(smdpp, euicc)) == other.otpk


def test_another_card_is_not_asked_for_that_key(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    fetched(smdpp, euicc, offered(smdpp, euicc))
    eid = make_eid(EID[:8], 5)
    other = PaperEuicc.below(shared_pki(), euicc.credential.curve, eid)
    assert asked_key(offered(smdpp, other)) is None


def test_a_server_can_never_ask_for_a_key(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    smdpp.reuse_keys = False
    fetched(smdpp, euicc, offered(smdpp, euicc))
    assert asked_key(offered(smdpp, euicc)) is None


def test_a_card_on_the_other_curve_is_not_asked_for_its_key(smdpp: Smdpp) -> None:
    nist, brp = (PaperEuicc.below(shared_pki(), one) for one in Curve)
    fetched(smdpp, nist, offered(smdpp, nist))
    assert asked_key(offered(smdpp, brp)) is None
    assert opened(brp, fetched(smdpp, brp, offered(smdpp, brp))).package == UPP
