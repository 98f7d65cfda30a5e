"""ES11 and ES12 over HTTP: events in and out, status codes, and who may register."""

from __future__ import annotations

from typing import Any

import pytest
from support.eims import objects, tlv
from support.es9_desk import coded, refused
from support.euiccs import CHALLENGE, EID, shared_pki
from support.judge import judged
from support.smds_desk import ROOT, SMDP, SmdsDesk, good, new_smds_desk
from support.web import ask

from euicc_sim.parties.messages.interfaces import ServerAuthentication
from euicc_sim.servers.es9_app import ASN1_MEDIA_TYPE, ASN1_PATH
from keys import Curve

OTHER = "89049032000001000000128452480177"
HEADERS = {"Content-Type": ASN1_MEDIA_TYPE, "X-Admin-Protocol": "gsma/rsp/v2.5.0"}


@pytest.fixture
def desk() -> SmdsDesk:
    return new_smds_desk()


def test_a_card_gets_the_events_that_were_registered_for_it(desk: SmdsDesk) -> None:
    assert desk.events() == []
    desk.register("CODE-1", EID)
    desk.register("CODE-2", EID, "smdp2.example.com:8443")
    desk.register("CODE-3", OTHER)
    assert desk.events() == [
        ("CODE-1", "smdp.example.com"),
        ("CODE-2", "smdp2.example.com:8443"),
    ]


def test_a_matching_id_asks_for_one_event(desk: SmdsDesk) -> None:
    desk.register("CODE-1", EID)
    desk.register("CODE-2", EID)
    assert desk.events("CODE-2") == [("CODE-2", "smdp.example.com")]
    assert "CODE-3" in refused(desk.authenticate("CODE-3"), "8.9.5", "3.9")


def test_an_event_stays_until_it_is_deleted(desk: SmdsDesk) -> None:
    desk.register("CODE-1", EID)
    assert desk.events() == desk.events()
    assert good(desk.tell("deleteEvent", {"eid": EID, "eventId": "CODE-1"})) == {}
    assert desk.events() == []
    refused(desk.tell("deleteEvent", {"eid": EID, "eventId": "CODE-1"}), "8.9.5", "3.9")


def test_the_log_says_who_registered_what_for_whom(desk: SmdsDesk) -> None:
    desk.register("CODE-1", EID)
    number = desk.begin().transaction_id.hex().upper()
    desk.events()
    assert desk.log.all == [
        f"RegisterEvent: 2.999.10, event CODE-1 at smdp.example.com for EID {EID}",
        f"InitiateAuthentication: transaction {number} begins",
        desk.log.all[2],
        f"AuthenticateClient: EID {EID}, CODE-1 at smdp.example.com",
    ]


def test_a_transaction_serves_once(desk: SmdsDesk) -> None:
    first = desk.begin()
    body = {
        "transactionId": first.transaction_id.hex(),
        "authenticateServerResponse": coded(desk.euicc.authenticate(first)),
    }
    good(desk.ask("authenticateClient", body))
    refused(desk.ask("authenticateClient", body), "8.10.1", "3.9")


def test_another_sm_ds_s_address_is_refused_with_its_own_subject_code(desk: SmdsDesk) -> None:
    body = {
        "smdpAddress": "smds2.example.com",
        "euiccChallenge": coded(CHALLENGE),
        "euiccInfo1": coded(desk.euicc.info1()),
    }
    assert f"This SM-DS is {ROOT}" in refused(
        desk.ask("initiateAuthentication", body), "8.9.1", "3.8"
    )


# -- ES12


FIELDS: dict[str, Any] = {
    "eid": EID,
    "rspServerAddress": "smdp.example.com",
    "eventId": "CODE-1",
    "forwardingIndicator": False,
}


def test_an_event_that_is_registered_again_is_the_same(desk: SmdsDesk) -> None:
    for _ in range(2):
        good(desk.tell("registerEvent", FIELDS))
    assert len(desk.events()) == 1
    other = FIELDS | {"rspServerAddress": "smdp2.example.com"}
    refused(desk.tell("registerEvent", other), "8.9.5", "3.3")


@pytest.mark.parametrize(
    ("change", "reason", "named"),
    [
        ({"eid": "123"}, "2.1", "is not an EID"),
        ({"eid": None}, "2.2", "lacks eid"),
        ({"eid": EID + "\n"}, "2.1", "is not an EID"),
        ({"eventId": ""}, "2.1", "cannot be a matchingId"),
        ({"eventId": "A$B"}, "2.1", "cannot be a matchingId"),
        ({"eventId": "A" * 256}, "2.1", "cannot be a matchingId"),
        ({"eventId": "\x1b[2J"}, "2.1", "cannot be a matchingId"),
        ({"rspServerAddress": "a b"}, "2.1", "rspServerAddress is not an address"),
        ({"rspServerAddress": 7}, "2.1", "is not a string"),
        ({"forwardingIndicator": None}, "2.2", "lacks forwardingIndicator"),
        ({"forwardingIndicator": "no"}, "2.1", "is not a boolean"),
        ({"header": {}}, "2.2", "lacks functionCallIdentifier"),
        ({"header": None}, "2.2", "lacks header"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(
    desk: SmdsDesk, change: dict[str, Any], reason: str, named: str
) -> None:
    assert named in refused(desk.tell("registerEvent", FIELDS | change), "1", reason)
    assert desk.events() == []


def test_without_a_certificate_nothing_is_registered(desk: SmdsDesk) -> None:
    answer = desk.tell("registerEvent", FIELDS, certificate=None)
    assert "Show a TLS certificate" in refused(answer, "1", "2.1", 403)
    assert desk.events() == []


def test_only_who_registered_an_event_can_delete_it(desk: SmdsDesk) -> None:
    other = shared_pki().branch(Curve.NIST).ci.issue_dp_tls("smdp2.example.com", "2.999.11").der
    desk.register("CODE-1", EID)
    fields = {"eid": EID, "eventId": "CODE-1"}
    refused(desk.tell("deleteEvent", fields, certificate=other), "8.9.5", "3.9")
    assert desk.events() == [("CODE-1", "smdp.example.com")]
    good(desk.tell("deleteEvent", fields, certificate=SMDP))


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_what_a_page_can_send_without_asking_is_refused(desk: SmdsDesk, kind: str) -> None:
    refused(desk.tell("registerEvent", FIELDS, kind=kind), "1", "2.1", 415)


def test_a_card_has_so_many_events_and_no_more(desk: SmdsDesk) -> None:
    desk.smds.per_card = 2
    desk.register("CODE-1", EID)
    desk.register("CODE-2", EID)
    desk.register("CODE-3", OTHER)
    full = desk.tell("registerEvent", FIELDS | {"eventId": "CODE-4"})
    assert "no room for another event" in refused(full, "8.9", "5.1")


def test_other_paths_are_no_functions(desk: SmdsDesk) -> None:
    refused(desk.ask("getBoundProfilePackage", {}), "1", "3.1", 404)


# -- ASN.1


def post(desk: SmdsDesk, body: bytes) -> tuple[int, bytes]:
    answer = ask(desk.app, ASN1_PATH, body, headers=HEADERS)
    return answer.status_code, answer.content


def begin_in_asn1(desk: SmdsDesk) -> ServerAuthentication:
    request = tlv("BF39", tlv("81", CHALLENGE), tlv("83", ROOT.encode()), desk.euicc.info1())
    status, answer = post(desk, tlv("A2", request))
    assert status == 200
    judged("RemoteProfileProvisioningResponse", answer)
    ((_, _, function),) = objects(answer)
    ((_, _, choice),) = objects(function)
    ((_, _, inside),) = objects(choice)
    number, signed, signature, key, certificate = (whole for _, whole, _ in objects(inside))
    return ServerAuthentication(number[2:], signed, signature[3:], key[2:], certificate)


def authenticate_in_asn1(desk: SmdsDesk, matching_id: str | None = None) -> bytes:
    first = begin_in_asn1(desk)
    response = desk.euicc.authenticate(first, matching_id)
    status, answer = post(desk, tlv("A2", tlv("BF3B", tlv("80", first.transaction_id), response)))
    assert status == 200
    return answer


def test_events_in_asn1_are_read_by_gsma_s_module(desk: SmdsDesk) -> None:
    desk.register("EVT1", EID)
    answer = authenticate_in_asn1(desk)
    assert answer.hex().upper() == (
        "A233BF4030A02E8010"
        + answer[9:25].hex().upper()
        + "A11A30188004455654318110"
        + b"smdp.example.com".hex().upper()
    )
    name, (alternative, value) = judged("RemoteProfileProvisioningResponse", answer)
    assert (name, alternative) == ("authenticateClientResponseEs11", "authenticateClientOk")
    assert value["eventEntries"] == [{"eventId": "EVT1", "rspServerAddress": "smdp.example.com"}]


def test_no_event_in_asn1_is_an_empty_list(desk: SmdsDesk) -> None:
    _, (_, value) = judged("RemoteProfileProvisioningResponse", authenticate_in_asn1(desk))
    assert value["eventEntries"] == []


def test_an_unknown_event_in_asn1_is_code_6(desk: SmdsDesk) -> None:
    assert authenticate_in_asn1(desk, "NONE").hex().upper() == "A206BF4003810106"


def test_the_functions_of_an_sm_dpp_alone_are_not_understood(desk: SmdsDesk) -> None:
    pending = desk.euicc.notification()
    status, answer = post(desk, tlv("A2", tlv("BF3D", tlv("A0", pending))))
    assert (status, answer) == (400, b"")
    assert "An SM-DS has no HandleNotification" in desk.log.refused[0]
