"""ES9+ in JSON: what each function answers, what is told and what is kept."""

from __future__ import annotations

from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.es9_desk import DIGITS, UPP, Desk, coded, new_desk, refused
from support.euiccs import ADDRESS, CHALLENGE, EID
from support.hexes import hx
from support.judge import judged
from support.web import served

from euicc_sim.parties.messages.interfaces import hash_of_confirmation_code
from euicc_sim.parties.smdpp.download_orders import Order, OrderState
from euicc_sim.servers.es9_app import PATH
from euicc_sim.servers.rsp_json import PROTOCOL


@pytest.fixture
def desk() -> Desk:
    return new_desk()


# -- a download


def test_initiate_authentication_answers_signed_objects_as_they_are(desk: Desk) -> None:
    found = desk.begin()
    signed = judged("ServerSigned1", found.server_signed1)
    assert signed["transactionId"] == found.transaction_id
    assert (signed["euiccChallenge"], signed["serverAddress"]) == (CHALLENGE, ADDRESS)
    assert len(found.server_signature1) == 64
    assert found.ci_pk_id == desk.euicc.credential.ci_pk_id


def test_a_transaction_id_is_hex_in_upper_case(desk: Desk) -> None:
    found = desk.do(
        "initiateAuthentication",
        smdpAddress=ADDRESS.upper(),
        euiccChallenge=coded(CHALLENGE),
        euiccInfo1=coded(desk.euicc.info1()),
    )
    assert found["transactionId"] == found["transactionId"].upper()
    assert len(hx(found["transactionId"])) == 16


def test_answers_name_the_protocol(desk: Desk) -> None:
    answer = desk.ask("cancelSession")
    assert answer.headers["x-admin-protocol"] == PROTOCOL


def test_authenticate_client_answers_metadata_and_what_a_card_is_to_prepare(desk: Desk) -> None:
    offer = desk.offer()
    assert judged("SmdpSigned2", offer.smdp_signed2) == {
        "transactionId": offer.transaction_id,
        "ccRequiredFlag": False,
    }
    assert judged("StoreMetadataRequest", offer.profile_metadata)["iccid"] == hx(
        "98001032547698103214"
    )
    assert len(offer.smdp_signature2) == 64


def test_a_bound_profile_package_is_given_out(desk: Desk) -> None:
    offer = desk.offer()
    found = desk.do("getBoundProfilePackage", **desk.package(offer))
    assert hx(found["transactionId"]) == offer.transaction_id
    package = judged("BoundProfilePackage", b64decode(found["boundProfilePackage"]))
    assert package["initialiseSecureChannelRequest"]["transactionId"] == offer.transaction_id


def test_a_notification_is_answered_204_without_a_body(desk: Desk) -> None:
    offer = desk.offer()
    desk.do("getBoundProfilePackage", **desk.package(offer))
    for pending in (desk.euicc.result(offer.transaction_id), desk.euicc.notification()):
        answer = desk.ask("handleNotification", {"pendingNotification": coded(pending)})
        assert (answer.status_code, answer.content) == (204, b"")


def test_a_session_is_cancelled(desk: Desk) -> None:
    offer = desk.offer()
    response = coded(desk.euicc.cancel(offer.transaction_id, 0))
    number = offer.transaction_id.hex().upper()
    assert desk.do("cancelSession", transactionId=number, cancelSessionResponse=response) == {}


def test_a_confirmation_code_is_asked_for(desk: Desk) -> None:
    offer = desk.offer("C")
    right = hash_of_confirmation_code("Secret-1", offer.transaction_id)
    assert "boundProfilePackage" in desk.do("getBoundProfilePackage", **desk.package(offer, right))


def test_base64_may_have_line_ends(desk: Desk) -> None:
    text = coded(desk.euicc.info1())
    found = desk.do(
        "initiateAuthentication",
        smdpAddress=ADDRESS,
        euiccChallenge=coded(CHALLENGE),
        euiccInfo1="\r\n".join(text[at : at + 60] for at in range(0, len(text), 60)),
    )
    assert found["transactionId"]


# -- the log


def test_each_function_is_a_line_with_card_order_and_outcome(desk: Desk) -> None:
    offer = desk.offer()
    desk.do("getBoundProfilePackage", **desk.package(offer))
    pending = desk.euicc.result(offer.transaction_id, error=(5, 6))
    desk.ask("handleNotification", {"pendingNotification": coded(pending)})
    wrong = desk.package(desk.offer("C"))
    desk.ask("getBoundProfilePackage", wrong)
    number = offer.transaction_id.hex().upper()
    size = desk.log.all[2].split()[-3]
    assert desk.log.all[:4] == [
        f"InitiateAuthentication: transaction {number} begins",
        f"AuthenticateClient: EID {EID}, A, ICCID {DIGITS} waits",
        f"GetBoundProfilePackage: EID {EID}, A, {size} bytes bound",
        f"HandleNotification: EID {EID}, ICCID {DIGITS}, install, "
        "not installed: unsupportedProfileClass in loadProfileElements, number 1",
    ]
    assert desk.log.refused == [
        f"GetBoundProfilePackage: EID {EID}, C, refused 8.2.7/2.2: The order requires a "
        "confirmation code, and none was given. Ask the user for it."
    ]


def test_a_cancelled_session_is_told_with_its_reason(desk: Desk) -> None:
    offer = desk.offer()
    response = coded(desk.euicc.cancel(offer.transaction_id, 1))
    number = offer.transaction_id.hex()
    desk.do("cancelSession", transactionId=number, cancelSessionResponse=response)
    assert desk.log.all[-1] == f"CancelSession: EID {EID}, A, ended: postponed"


def test_metadata_that_nobody_can_read_is_given_out_and_told(desk: Desk) -> None:
    desk.smdpp.orders.add(Order(UPP, "ODD", metadata=b"odd"))
    assert desk.offer("ODD").profile_metadata == b"odd"
    assert desk.log.all[-1] == f"AuthenticateClient: EID {EID}, ODD, ICCID (unreadable) waits"


def test_nothing_private_is_told(desk: Desk) -> None:
    for matching_id in ("A", "C"):
        offer = desk.offer(matching_id)
        right = hash_of_confirmation_code("Secret-1", offer.transaction_id)
        desk.do("getBoundProfilePackage", **desk.package(offer, right))
        desk.ask("handleNotification", {"pendingNotification": "!"})
    text = "\n".join(desk.log.all)
    assert "Secret-1" not in text
    assert right.hex() not in text.lower()
    for one in desk.smdpp.identities:
        for credential in (one.auth, one.pb):
            key = credential.private_key
            assert f"{key.private_numbers().private_value:x}" not in text.lower()
            der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            assert coded(der) not in text
    assert UPP.hex()[:40] not in text.lower()


# -- what is kept


def test_an_order_for_one_use_ends_with_its_installation(desk: Desk) -> None:
    offer = desk.offer("ONCE")
    desk.do("getBoundProfilePackage", **desk.package(offer))
    pending = coded(desk.euicc.result(offer.transaction_id))
    desk.ask("handleNotification", {"pendingNotification": pending})
    assert [one.state for one in desk.smdpp.orders][-1] is OrderState.INSTALLED
    first = desk.begin()
    body = {
        "transactionId": first.transaction_id.hex(),
        "authenticateServerResponse": coded(desk.euicc.authenticate(first, "ONCE")),
    }
    refused(desk.ask("authenticateClient", body), "8.2.6", "3.8")


@pytest.mark.slow
def test_many_cards_at_once_each_get_what_is_theirs(desk: Desk) -> None:
    def download(url: str) -> tuple[bytes, bytes]:
        other = Desk(desk.smdpp, desk.euicc, desk.log)
        with httpx.Client(base_url=url, timeout=60) as client:
            other.ask = (  # type: ignore[method-assign]
                lambda function, body=b"", **_: client.post(PATH + function, json=body)
            )
            offer = other.offer()
            found = other.do("getBoundProfilePackage", **other.package(offer))
            return offer.transaction_id, b64decode(found["boundProfilePackage"])

    with served(desk.app) as port, ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(download, [f"http://127.0.0.1:{port}"] * 12))
    for transaction_id, package in runs:  # not in the threads: the judge has one memory for all
        signed = judged("BoundProfilePackage", package)
        assert signed["initialiseSecureChannelRequest"]["transactionId"] == transaction_id
    assert len({transaction_id for transaction_id, _ in runs}) == 12
    assert len(desk.log.all) == 36
    assert desk.log.refused == []
