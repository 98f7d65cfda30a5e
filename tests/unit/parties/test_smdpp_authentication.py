"""The first half of ES9+: the SM-DP+ authenticates itself, and judges the card that answers."""

from __future__ import annotations

from typing import Any

import pytest
from support.bsp import BSP
from support.chains import Chain
from support.eims import check_signature, objects, tlv
from support.euiccs import ADDRESS, CHALLENGE, EID, PaperEuicc, metadata, shared_pki
from support.hexes import hx
from support.judge import judged

from euicc_sim.env import SeededEnv
from euicc_sim.parties.messages.errors import SmdppError
from euicc_sim.parties.messages.interfaces import ServerAuthentication
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.metadata import Metadata
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys import CertificateIssuer, Curve, Role, make_eid

UPP = hx(BSP["upp"])
OTHER_EID = make_eid("89049032", 1)


@pytest.fixture
def smdpp() -> Smdpp:
    return Smdpp.of(shared_pki(), [Order(UPP, "A")], random=SeededEnv(1).random)


@pytest.fixture(params=list(Curve), ids=lambda one: one.value)
def euicc(request: pytest.FixtureRequest) -> PaperEuicc:
    return PaperEuicc.below(shared_pki(), request.param)


def begin(smdpp: Smdpp, euicc: PaperEuicc) -> ServerAuthentication:
    return smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)


def refused(subject: str, reason: str, call: Any, *arguments: Any) -> str:
    """The sentence of a refusal with these codes."""
    with pytest.raises(SmdppError) as caught:
        call(*arguments)
    assert (caught.value.subject, caught.value.reason) == (subject, reason)
    return str(caught.value)


# -- InitiateAuthentication


def test_the_server_signs_challenge_address_and_a_challenge_of_its_own(
    smdpp: Smdpp, euicc: PaperEuicc
) -> None:
    found = begin(smdpp, euicc)
    value = judged("ServerSigned1", found.server_signed1)
    assert value["euiccChallenge"] == CHALLENGE
    assert value["serverAddress"] == ADDRESS
    assert value["transactionId"] == found.transaction_id
    assert len(value["serverChallenge"]) == len(found.transaction_id) == 16
    credential = shared_pki().credential(Role.DP_AUTH, euicc.credential.curve)
    assert found.certificate == credential.der
    key = credential.private_key.public_key()
    check_signature(key, found.server_signature1, found.server_signed1)


def test_the_certificate_is_below_the_ci_of_the_card(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    assert begin(smdpp, euicc).ci_pk_id == euicc.credential.ci_pk_id


def test_no_two_transactions_are_alike(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first, second = begin(smdpp, euicc), begin(smdpp, euicc)
    assert first.transaction_id != second.transaction_id
    assert first.server_signed1 != second.server_signed1


def test_of_two_cis_the_one_that_the_card_signs_with_first_is_taken(smdpp: Smdpp) -> None:
    cards = [PaperEuicc.below(shared_pki(), curve) for curve in Curve]
    keys = [one.credential.ci_pk_id for one in cards]
    for row in (keys, keys[::-1]):
        info = cards[0].info1(keys, row)
        found = smdpp.initiate_authentication(info, CHALLENGE, ADDRESS)
        assert found.ci_pk_id == row[0]


def test_a_ci_that_the_card_does_not_verify_with_is_passed_over(smdpp: Smdpp) -> None:
    nist, brp = (PaperEuicc.below(shared_pki(), one).credential.ci_pk_id for one in Curve)
    card = PaperEuicc.below(shared_pki())
    info = card.info1([brp], [bytes(20), nist, brp])
    assert smdpp.initiate_authentication(info, CHALLENGE, ADDRESS).ci_pk_id == brp


def test_a_card_that_verifies_with_no_ci_of_ours_is_refused(
    smdpp: Smdpp, euicc: PaperEuicc
) -> None:
    call = smdpp.initiate_authentication
    refused("8.8.4", "3.7", call, euicc.info1([bytes(20)]), CHALLENGE, ADDRESS)
    refused("8.8.4", "3.7", call, euicc.info1([]), CHALLENGE, ADDRESS)


def test_a_card_that_signs_below_no_ci_of_ours_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    call = smdpp.initiate_authentication
    refused("8.8.2", "3.1", call, euicc.info1(None, [bytes(20)]), CHALLENGE, ADDRESS)
    refused("8.8.2", "3.1", call, euicc.info1(None, []), CHALLENGE, ADDRESS)


@pytest.mark.parametrize("unknown", [[], [bytes(20)], [hx("FFFF"), hx("FFFE")]])
def test_of_two_lists_without_a_ci_of_ours_that_for_signing_is_judged_first(
    smdpp: Smdpp, euicc: PaperEuicc, unknown: list[bytes]
) -> None:
    info = euicc.info1(unknown, unknown)
    refused("8.8.2", "3.1", smdpp.initiate_authentication, info, CHALLENGE, ADDRESS)


def test_a_card_that_signs_below_one_ci_and_verifies_with_the_other_is_refused(
    smdpp: Smdpp,
) -> None:
    nist, brp = (PaperEuicc.below(shared_pki(), one).credential.ci_pk_id for one in Curve)
    info = PaperEuicc.below(shared_pki()).info1([brp], [nist])
    refused("8.8.4", "3.7", smdpp.initiate_authentication, info, CHALLENGE, ADDRESS)


@pytest.mark.parametrize("svn", ["010000", "01FFFF", "030000", "FFFFFF"])
def test_a_card_of_another_version_of_sgp_22_is_refused(
    smdpp: Smdpp, euicc: PaperEuicc, svn: str
) -> None:
    info = euicc.info1(svn=svn)
    words = refused("8.8.3", "3.1", smdpp.initiate_authentication, info, CHALLENGE, ADDRESS)
    assert ".".join(str(one) for one in hx(svn)) in words


@pytest.mark.parametrize("svn", ["020000", "020500", "020700", "02FFFF"])
def test_a_card_of_any_version_2_is_served(smdpp: Smdpp, euicc: PaperEuicc, svn: str) -> None:
    assert smdpp.initiate_authentication(euicc.info1(svn=svn), CHALLENGE, ADDRESS)


def test_a_server_can_be_for_fewer_versions(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    smdpp.lowest_svn = smdpp.highest_svn = hx("020500")
    call = smdpp.initiate_authentication
    assert call(euicc.info1(svn="020500"), CHALLENGE, ADDRESS)
    for svn in ("020499", "020501"):
        refused("8.8.3", "3.1", call, euicc.info1(svn=svn), CHALLENGE, ADDRESS)


def test_a_server_on_one_curve_refuses_a_card_on_the_other() -> None:
    smdpp = Smdpp.of(shared_pki(), curves=[Curve.NIST])
    info = PaperEuicc.below(shared_pki(), Curve.BRP).info1()
    refused("8.8.2", "3.1", smdpp.initiate_authentication, info, CHALLENGE, ADDRESS)


@pytest.mark.parametrize("address", ["other.example.com", "", ADDRESS + ":8443", "a..b"])
def test_another_address_is_refused(smdpp: Smdpp, euicc: PaperEuicc, address: str) -> None:
    call = smdpp.initiate_authentication
    assert ADDRESS in refused("8.8.1", "3.8", call, euicc.info1(), CHALLENGE, address)


@pytest.mark.parametrize("address", [ADDRESS.upper(), ADDRESS + ":443", ADDRESS + "."])
def test_an_address_can_be_spelt_differently(smdpp: Smdpp, euicc: PaperEuicc, address: str) -> None:
    assert smdpp.initiate_authentication(euicc.info1(), CHALLENGE, address)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_challenge_of_another_size_is_refused(smdpp: Smdpp, euicc: PaperEuicc, size: int) -> None:
    call = smdpp.initiate_authentication
    refused("8.1", "2.1", call, euicc.info1(), bytes(size), ADDRESS)


@pytest.mark.parametrize("info", [b"", hx("BF2000"), hx("BF2200")], ids=bytes.hex)
def test_what_is_no_euicc_info_is_refused(smdpp: Smdpp, info: bytes) -> None:
    refused("8.1", "2.1", smdpp.initiate_authentication, info, CHALLENGE, ADDRESS)


# -- AuthenticateClient


def test_a_genuine_card_is_offered_its_order(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, "A")
    found = smdpp.authenticate_client(first.transaction_id, response)
    value = judged("SmdpSigned2", found.smdp_signed2)
    assert value == {"transactionId": first.transaction_id, "ccRequiredFlag": False}
    assert judged("StoreMetadataRequest", found.profile_metadata)["profileName"] == "vector"
    credential = shared_pki().credential(Role.DP_PB, euicc.credential.curve)
    assert found.certificate == credential.der
    signature1 = response[response.index(hx("5F3740")) :][:67]
    key = credential.private_key.public_key()
    check_signature(key, found.smdp_signature2, found.smdp_signed2 + signature1)


def test_a_confirmation_code_is_asked_for(euicc: PaperEuicc) -> None:
    smdpp = Smdpp.of(shared_pki(), [Order(UPP, "A", confirmation_code="1")])
    first = begin(smdpp, euicc)
    found = smdpp.authenticate_client(first.transaction_id, euicc.authenticate(first, "A"))
    assert judged("SmdpSigned2", found.smdp_signed2)["ccRequiredFlag"] is True


@pytest.mark.parametrize("matching_id", [None, ""])
def test_a_card_without_matching_id_is_offered_the_order_for_its_eid(
    smdpp: Smdpp, euicc: PaperEuicc, matching_id: str | None
) -> None:
    smdpp.orders.add(Order(UPP, metadata=hx("BF2500"), eid=EID))
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, matching_id)
    found = smdpp.authenticate_client(first.transaction_id, response)
    assert found.profile_metadata == hx("BF2500")


@pytest.mark.parametrize(
    "order",
    [Order(b"\x30\x00", "B"), Order(UPP, "B", metadata=Metadata(iccid="8900"))],
    ids=["package", "metadata"],
)
def test_an_order_that_has_no_metadata_is_not_offered(
    smdpp: Smdpp, euicc: PaperEuicc, order: Order
) -> None:
    smdpp.orders.add(order)
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, "B")
    refused("8.2", "3.7", smdpp.authenticate_client, first.transaction_id, response)


@pytest.mark.parametrize("matching_id", [None, ""])
def test_a_card_without_matching_id_and_order_is_refused_for_its_eid(
    smdpp: Smdpp, euicc: PaperEuicc, matching_id: str | None
) -> None:
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, matching_id)
    refused("8.1.1", "3.8", smdpp.authenticate_client, first.transaction_id, response)


@pytest.mark.parametrize("matching_id", ["a", "B"])
def test_a_matching_id_that_nobody_knows_is_refused(
    smdpp: Smdpp, euicc: PaperEuicc, matching_id: str
) -> None:
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, matching_id)
    refused("8.2.6", "3.8", smdpp.authenticate_client, first.transaction_id, response)


def test_an_order_for_another_card_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    smdpp.orders.add(Order(UPP, "B", eid=OTHER_EID))
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, "B")
    refused("8.1.1", "3.8", smdpp.authenticate_client, first.transaction_id, response)


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"signature": tlv("5F37", bytes(64))}, ("8.1", "6.1")),
        ({"signature": tlv("5F37", bytes(63))}, ("8.1", "6.1")),
        ({"challenge": bytes(16)}, ("8.1", "6.1")),
        ({"transaction_id": bytes(16)}, ("8.10.1", "3.9")),
        ({"signed": hx("3000")}, ("8.1", "2.1")),
    ],
    ids=["signature", "short signature", "challenge", "transaction", "values"],
)
def test_a_wrong_answer_is_refused(
    smdpp: Smdpp, euicc: PaperEuicc, changed: dict[str, Any], codes: tuple[str, str]
) -> None:
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, "A", **changed)
    refused(*codes, smdpp.authenticate_client, first.transaction_id, response)


def test_the_answer_of_another_transaction_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first, second = begin(smdpp, euicc), begin(smdpp, euicc)
    response = euicc.authenticate(first, "A")
    refused("8.10.1", "3.9", smdpp.authenticate_client, second.transaction_id, response)


def test_a_card_below_another_ci_of_ours_is_refused(smdpp: Smdpp) -> None:
    nist, brp = (PaperEuicc.below(shared_pki(), one) for one in Curve)
    first = begin(smdpp, nist)
    response = brp.authenticate(first, "A")
    refused("8.11.1", "3.9", smdpp.authenticate_client, first.transaction_id, response)


def test_a_card_below_a_ci_that_is_not_ours_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    chain = Chain.below(CertificateIssuer.create(Curve.NIST, seed=99))
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, "A", euicc=chain.euicc.der, eum=chain.eum.der)
    refused("8.11.1", "3.9", smdpp.authenticate_client, first.transaction_id, response)


def test_the_certificate_of_another_card_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    other = shared_pki().branch(euicc.credential.curve).eum.issue_euicc(OTHER_EID)
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, "A", euicc=other.euicc_certificate)
    text = refused("8.1", "6.1", smdpp.authenticate_client, first.transaction_id, response)
    assert OTHER_EID in text


@pytest.mark.parametrize(
    "answer", [b"", hx("BF3800"), hx("BF3802A000"), metadata(1, "0780", None)], ids=bytes.hex
)
def test_what_is_no_answer_is_refused(smdpp: Smdpp, euicc: PaperEuicc, answer: bytes) -> None:
    first = begin(smdpp, euicc)
    refused("8.1", "2.1", smdpp.authenticate_client, first.transaction_id, answer)


def test_the_error_of_a_card_is_told_by_name(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first = begin(smdpp, euicc)
    answer = tlv("BF38", tlv("A1", tlv("80", first.transaction_id), hx("020102")))
    text = refused("8.1", "6.1", smdpp.authenticate_client, first.transaction_id, answer)
    assert "invalidSignature" in text


def test_a_transaction_that_nobody_began_is_refused(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    response = euicc.authenticate(begin(smdpp, euicc), "A")
    refused("8.10.1", "3.9", smdpp.authenticate_client, bytes(16), response)


def test_a_refusal_ends_the_transaction(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first = begin(smdpp, euicc)
    call = smdpp.authenticate_client
    refused("8.2.6", "3.8", call, first.transaction_id, euicc.authenticate(first, "B"))
    refused("8.10.1", "3.9", call, first.transaction_id, euicc.authenticate(first, "A"))


def test_a_card_is_judged_once(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    first = begin(smdpp, euicc)
    response = euicc.authenticate(first, "A")
    smdpp.authenticate_client(first.transaction_id, response)
    refused("8.10.1", "3.9", smdpp.authenticate_client, first.transaction_id, response)


# -- all of it


def test_no_private_key_shows(smdpp: Smdpp) -> None:
    for branch in shared_pki().branches:
        for credential in branch.credentials.values():
            scalar = credential.private_key.private_numbers().private_value
            assert str(scalar) not in repr(smdpp)
            assert f"{scalar:x}" not in repr(smdpp)


def test_what_is_signed_has_its_tags_in_order(smdpp: Smdpp, euicc: PaperEuicc) -> None:
    ((_, _, inside),) = objects(begin(smdpp, euicc).server_signed1)
    assert [tag for tag, _, _ in objects(inside)] == ["80", "81", "83", "84"]
