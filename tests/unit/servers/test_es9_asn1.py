"""ES9+ in ASN.1: the same functions as in JSON, judged by GSMA's module."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from support.eims import objects, tlv
from support.es9_desk import DIGITS, Desk, new_desk
from support.euiccs import ADDRESS, CHALLENGE, EID
from support.hexes import hx
from support.judge import judged
from support.web import ask

from euicc_sim.asn1.es9plus import messages as es9plus
from euicc_sim.parties.messages.errors import Refusal
from euicc_sim.parties.messages.interfaces import (
    ClientAuthentication,
    ServerAuthentication,
    hash_of_confirmation_code,
)
from euicc_sim.servers import es9_asn1
from euicc_sim.servers.es9_app import ASN1_MEDIA_TYPE, ASN1_PATH
from euicc_sim.servers.request_body import BODY_AT_MOST
from euicc_sim.servers.rsp_json import PROTOCOL

HEADERS = {"Content-Type": ASN1_MEDIA_TYPE, "X-Admin-Protocol": "gsma/rsp/v2.5.0"}


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def post(desk: Desk, body: bytes, **options: Any) -> httpx.Response:
    return ask(desk.app, ASN1_PATH, body, **{"headers": HEADERS, **options})


def do(desk: Desk, *parts: bytes, tag: str) -> Any:
    """The judge's reading of the answer to a request, without the CHOICE around it."""
    answer = post(desk, tlv("A2", tlv(tag, *parts)))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == ASN1_MEDIA_TYPE
    assert answer.headers["x-admin-protocol"] == PROTOCOL
    assert answer.content[:1] == b"\xa2"
    _, value = judged("RemoteProfileProvisioningResponse", answer.content)
    return value


def parts_of(answer: httpx.Response) -> list[bytes]:
    """The fields of a good answer, as they came."""
    ((_, _, function),) = objects(answer.content)
    ((_, _, choice),) = objects(function)
    ((_, _, inside),) = objects(choice)
    return [whole for _, whole, _ in objects(inside)]


def begin(desk: Desk) -> ServerAuthentication:
    request = tlv("BF39", tlv("81", CHALLENGE), tlv("83", ADDRESS.encode()), desk.euicc.info1())
    answer = post(desk, tlv("A2", request))
    judged("RemoteProfileProvisioningResponse", answer.content)
    number, signed, signature, key, certificate = parts_of(answer)
    return ServerAuthentication(number[2:], signed, signature[3:], key[2:], certificate)


def offer(desk: Desk, matching_id: str = "A") -> ClientAuthentication:
    first = begin(desk)
    response = desk.euicc.authenticate(first, matching_id)
    answer = post(desk, tlv("A2", tlv("BF3B", tlv("80", first.transaction_id), response)))
    judged("RemoteProfileProvisioningResponse", answer.content)
    number, metadata, signed, signature, certificate = parts_of(answer)
    return ClientAuthentication(number[2:], metadata, signed, signature[3:], certificate)


def fetch(desk: Desk, offer: ClientAuthentication, hash_cc: bytes | None = None) -> Any:
    response = desk.euicc.prepare(offer, hash_cc=hash_cc)
    return do(desk, tlv("80", offer.transaction_id), response, tag="BF3A")


# -- a download


def test_a_download_in_asn1(desk: Desk) -> None:
    found = offer(desk)
    name, package = fetch(desk, found)
    assert name == "getBoundProfilePackageOk"
    assert package["transactionId"] == found.transaction_id
    channel = package["boundProfilePackage"]["initialiseSecureChannelRequest"]
    assert channel["transactionId"] == found.transaction_id
    for pending in (desk.euicc.result(found.transaction_id), desk.euicc.notification()):
        answer = post(desk, tlv("A2", tlv("BF3D", tlv("A0", pending))))
        assert (answer.status_code, answer.content) == (204, b"")
        assert "content-type" not in answer.headers


def test_a_session_is_cancelled_in_asn1(desk: Desk) -> None:
    found = offer(desk)
    response = tlv("A1", desk.euicc.cancel(found.transaction_id, 0))
    value = do(desk, tlv("80", found.transaction_id), response, tag="BF41")
    assert value == ("cancelSessionOk", {})


def test_what_begins_in_asn1_can_go_on_in_json(desk: Desk) -> None:
    found = offer(desk)
    assert "boundProfilePackage" in desk.do("getBoundProfilePackage", **desk.package(found))


def test_the_log_is_the_same_in_both_bindings(desk: Desk) -> None:
    found = offer(desk)
    fetch(desk, found)
    post(desk, tlv("A2", tlv("BF3D", tlv("A0", desk.euicc.result(found.transaction_id)))))
    number, size = found.transaction_id.hex().upper(), desk.log.all[2].split()[-3]
    assert desk.log.all == [
        f"InitiateAuthentication: transaction {number} begins",
        f"AuthenticateClient: EID {EID}, A, ICCID {DIGITS} waits",
        f"GetBoundProfilePackage: EID {EID}, A, {size} bytes bound",
        f"HandleNotification: EID {EID}, ICCID {DIGITS}, install, installed, number 1",
    ]


# -- refusals


def test_an_address_that_is_not_ours_is_refused(desk: Desk) -> None:
    value = do(desk, tlv("81", CHALLENGE), tlv("83", b"other"), desk.euicc.info1(), tag="BF39")
    assert value == ("initiateAuthenticationError", 1)
    (line,) = desk.log.refused
    assert line.startswith("InitiateAuthentication: refused 8.8.1/3.8: ")


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"svn": "030000"}, 2), ({"sign": [bytes(20)]}, 3), ({"verify": [bytes(20)]}, 3)],
    ids=["svn", "signing", "verification"],
)
def test_a_card_that_does_not_fit_is_refused(
    desk: Desk, changed: dict[str, Any], code: int
) -> None:
    info = desk.euicc.info1(**changed)
    value = do(desk, tlv("81", CHALLENGE), tlv("83", ADDRESS.encode()), info, tag="BF39")
    assert value == ("initiateAuthenticationError", code)


def test_an_unknown_matching_id_is_refused(desk: Desk) -> None:
    first = begin(desk)
    response = desk.euicc.authenticate(first, "B")
    value = do(desk, tlv("80", first.transaction_id), response, tag="BF3B")
    assert value == ("authenticateClientError", 6)


def test_a_wrong_confirmation_code_is_refused_and_the_right_one_taken(desk: Desk) -> None:
    found = offer(desk, "C")
    assert fetch(desk, found) == ("getBoundProfilePackageError", 2)
    assert fetch(desk, found, bytes(32)) == ("getBoundProfilePackageError", 3)
    right = hash_of_confirmation_code("Secret-1", found.transaction_id)
    assert fetch(desk, found, right)[0] == "getBoundProfilePackageOk"


def test_an_unknown_transaction_is_refused(desk: Desk) -> None:
    found = offer(desk)
    unknown = tlv("80", bytes(16))
    assert do(desk, unknown, hx("BF3800"), tag="BF3B") == ("authenticateClientError", 10)
    prepared = desk.euicc.prepare(found)
    assert do(desk, unknown, prepared, tag="BF3A") == ("getBoundProfilePackageError", 95)
    cancelled = tlv("A1", desk.euicc.cancel(found.transaction_id))
    assert do(desk, unknown, cancelled, tag="BF41") == ("cancelSessionError", 1)


def test_a_forged_notification_is_not_accepted(desk: Desk) -> None:
    pending = desk.euicc.notification(signature=hx("5F3740") + bytes(64))
    answer = post(desk, tlv("A2", tlv("BF3D", tlv("A0", pending))))
    assert (answer.status_code, answer.content) == (400, b"")


def test_every_refusal_has_a_code_in_asn1() -> None:
    """Those that a function has no name for are undefinedError."""
    for names, kind in (
        (es9_asn1.INITIATE, es9plus.InitiateAuthenticationResponse),
        (es9_asn1.AUTHENTICATE, es9plus.AuthenticateClientResponseEs9),
        (es9_asn1.BIND, es9plus.GetBoundProfilePackageResponse),
        (es9_asn1.CANCEL, es9plus.CancelSessionResponseEs9),
    ):
        codes = kind.componentType.namedTypes[1].asn1Object.namedValues
        assert set(names) <= set(Refusal)
        assert set(names.values()) <= {name for name, _ in codes.items()}


# -- what is no request


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        hx("A200"),
        hx("A203BF3900"),
        hx("A203BF4000"),
        hx("BF3900"),
        hx("A2820400"),
        tlv("A2", tlv("BF39", tlv("81", bytes(15)), tlv("83", b"a"), hx("BF2000"))),
        tlv("A2", tlv("BF39", tlv("81", bytes(16)), tlv("83", b"\xff"), hx("BF2000"))),
        tlv("A2", tlv("BF3D", hx("A000"))),
        b"\xa2\x84\xff\xff\xff\xff",
        hx("A2") * 60_000,
    ],
    ids=lambda body: f"{len(body)} {body[:6].hex()}",
)
def test_a_body_that_is_no_request_is_400(desk: Desk, body: bytes) -> None:
    answer = post(desk, body)
    assert (answer.status_code, answer.content) == (400, b"")
    (line,) = desk.log.refused
    assert line.startswith("ES9+: refused 1/2.1: This is not a RemoteProfileProvisioningRequest: ")


def test_a_card_that_cannot_be_read_is_undefined(desk: Desk) -> None:
    value = do(desk, tlv("81", CHALLENGE), tlv("83", ADDRESS.encode()), hx("BF2000"), tag="BF39")
    assert value == ("initiateAuthenticationError", 127)


def test_another_media_type_is_415_and_a_large_body_413(desk: Desk) -> None:
    assert post(desk, b"{}", headers={"Content-Type": "application/json"}).status_code == 415
    assert post(desk, bytes(BODY_AT_MOST + 1)).status_code == 413


def test_another_protocol_is_400(desk: Desk) -> None:
    assert post(desk, b"", headers={"X-Admin-Protocol": "soap"}).status_code == 400
    assert "X-Admin-Protocol is 'soap'" in desk.log.refused[0]
