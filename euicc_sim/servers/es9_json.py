"""The functions of ES9+ in their JSON binding (SGP.22 v2.5 clauses 5.6 and 6.5): fields in and out.

Knows no HTTP.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apdu import tlv
from euicc_sim.asn1.wire import SIGNATURE
from euicc_sim.parties.messages import (
    CancelReason,
    ClientAuthentication,
    Refusal,
    ServerAuthentication,
    SmdppError,
)
from euicc_sim.parties.smdpp import MetadataError, NotificationFacts, Smdpp, iccid_of
from euicc_sim.servers.rsp_json import Given

_OCTET_STRING = 0x04

Outcome = tuple[Mapping[str, str] | None, str]
"""The fields of the answer (None for an answer without a body), and a note for the log."""


@dataclass(frozen=True)
class Function:
    """A function: its name, and what answers the fields of a request."""

    name: str
    run: Callable[[Smdpp, Given], Outcome]


def subject(smdpp: Smdpp, transaction_id: bytes) -> Callable[[], str]:
    """The subject of an answered request: EID and matchingId, if known."""
    try:
        session = smdpp.session(transaction_id)
    except SmdppError:
        return lambda: ""

    def words() -> str:
        found = [] if session.euicc is None else [f"EID {session.euicc.eid}"]
        if session.record is not None and session.record.matching_id:
            found.append(session.record.matching_id)
        return "".join(f"{one}, " for one in found)

    return words


def told(facts: NotificationFacts) -> str:
    """A notification in words."""
    words = [f"EID {facts.eid}", f"ICCID {facts.iccid or '(none)'}", facts.event]
    if facts.installed:
        words.append("installed")
    elif facts.error is not None:
        words.append(f"not installed: {facts.error} in {facts.command}")
    return ", ".join([*words, f"number {facts.seq_number}"])


def begun(found: ServerAuthentication) -> str:
    """A transaction that begins, in words."""
    return f"transaction {found.transaction_id.hex().upper()} begins"


def profile_offered(smdpp: Smdpp, found: ClientAuthentication) -> str:
    """An offered Profile in words."""
    try:
        number = iccid_of(found.profile_metadata, smdpp.wire)
    except MetadataError:  # an order may have any metadata, to test how cards handle it
        number = "(unreadable)"
    return f"ICCID {number} waits"


def package_bound(package: bytes) -> str:
    """A Bound Profile Package in words."""
    return f"{len(package)} bytes bound"


def cancelled(reason: CancelReason) -> str:
    """A cancelled session in words."""
    return f"ended: {reason.name.lower().replace('_', ' ')}"


def taken(smdpp: Smdpp, pending: bytes) -> str:
    """Let the SM-DP+ handle a notification, and say in words what it was. Raises SmdppError."""
    try:
        return told(smdpp.handle_notification(pending))
    except SmdppError as error:
        if error.refusal is not Refusal.TRANSACTION:
            raise
        # A retry would not help, and the card keeps what is not accepted.
        return f"accepted unverified: {error}"


def authentication_fields(found: ServerAuthentication) -> dict[str, str]:
    """The fields of the answer of InitiateAuthentication."""
    return {
        "transactionId": found.transaction_id.hex().upper(),
        "serverSigned1": _base64(found.server_signed1),
        "serverSignature1": _base64(tlv(SIGNATURE, found.server_signature1)),
        "euiccCiPKIdToBeUsed": _base64(tlv(_OCTET_STRING, found.ci_pk_id)),
        "serverCertificate": _base64(found.certificate),
    }


def _initiate_authentication(smdpp: Smdpp, given: Given) -> Outcome:
    found = smdpp.initiate_authentication(
        address=given.text("smdpAddress"),
        challenge=given.data("euiccChallenge"),
        euicc_info1=given.data("euiccInfo1"),
    )
    return authentication_fields(found), begun(found)


def _authenticate_client(smdpp: Smdpp, given: Given) -> Outcome:
    found = smdpp.authenticate_client(given.transaction, given.data("authenticateServerResponse"))
    answer = {
        "transactionId": found.transaction_id.hex().upper(),
        "profileMetadata": _base64(found.profile_metadata),
        "smdpSigned2": _base64(found.smdp_signed2),
        "smdpSignature2": _base64(tlv(SIGNATURE, found.smdp_signature2)),
        "smdpCertificate": _base64(found.certificate),
    }
    return answer, profile_offered(smdpp, found)


def _get_bound_profile_package(smdpp: Smdpp, given: Given) -> Outcome:
    number, response = given.transaction, given.data("prepareDownloadResponse")
    package = smdpp.get_bound_profile_package(number, response)
    answer = {
        "transactionId": number.hex().upper(),
        "boundProfilePackage": _base64(package),
    }
    return answer, package_bound(package)


def _handle_notification(smdpp: Smdpp, given: Given) -> Outcome:
    return None, taken(smdpp, given.data("pendingNotification"))


def _cancel_session(smdpp: Smdpp, given: Given) -> Outcome:
    number = given.transaction
    reason = smdpp.cancel_session(number, given.data("cancelSessionResponse"))
    return {}, cancelled(reason)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


FUNCTIONS = {
    "initiateAuthentication": Function("InitiateAuthentication", _initiate_authentication),
    "authenticateClient": Function("AuthenticateClient", _authenticate_client),
    "getBoundProfilePackage": Function("GetBoundProfilePackage", _get_bound_profile_package),
    "handleNotification": Function("HandleNotification", _handle_notification),
    "cancelSession": Function("CancelSession", _cancel_session),
}
"""Keyed by the last part of the path."""
