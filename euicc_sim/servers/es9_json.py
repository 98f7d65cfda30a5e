"""The functions of ES9+ in their JSON binding (SGP.22 v2.5 clauses 5.6 and 6.5): fields in and out.

Knows no HTTP.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apdu import tlv
from euicc_sim.asn1.wire import SIGNATURE
from euicc_sim.parties.messages import Refusal, SmdppError
from euicc_sim.parties.smdpp import MetadataError, NotificationFacts, Smdpp, iccid_of

_OCTET_STRING = 0x04

Fields = Mapping[str, Any]
Outcome = tuple[Mapping[str, str] | None, str]
"""The fields of the answer, None for an answer without a body, and what to tell people."""


@dataclass(frozen=True)
class Function:
    """A function: its name, how each field is read, and what is done with them."""

    name: str
    fields: Mapping[str, Callable[[str], Any]]
    run: Callable[[Smdpp, Fields], Outcome]

    def read(self, body: Any) -> dict[str, Any]:
        """The fields of a request. Raises SmdppError for what is missing or malformed."""
        if not isinstance(body, dict):
            raise SmdppError(
                Refusal.MALFORMED, f"{self.name} needs a JSON object. Send its fields in one."
            )
        return {name: self._field(name, read, body) for name, read in self.fields.items()}

    def _field(self, name: str, read: Callable[[str], Any], body: dict[str, Any]) -> Any:
        value = body.get(name)
        if value is None:
            raise SmdppError(
                Refusal.ELEMENT_MISSING, f"{self.name} lacks {name}. Send it as a string."
            )
        if not isinstance(value, str):
            raise SmdppError(Refusal.MALFORMED, f"{name} is no string. Send it as one.")
        try:
            return read(value)
        except ValueError as error:
            raise SmdppError(
                Refusal.MALFORMED, f"{name} cannot be read: {error}. Look at how it was coded."
            ) from error


def subject(smdpp: Smdpp, given: Fields) -> Callable[[], str]:
    """Whom a request is about, once it was dealt with: EID and matchingId, as far as known."""
    try:
        session = smdpp.session(given.get("transactionId", b""))
    except SmdppError:
        return lambda: ""

    def words() -> str:
        found = [] if session.euicc is None else [f"EID {session.euicc.eid}"]
        if session.record is not None and session.record.order.matching_id:
            found.append(session.record.order.matching_id)
        return "".join(f"{one}, " for one in found)

    return words


def told(facts: NotificationFacts) -> str:
    """What a notification says, for people."""
    words = [f"EID {facts.eid}", f"ICCID {facts.iccid or '(none)'}", facts.event]
    if facts.installed:
        words.append("installed")
    elif facts.error is not None:
        words.append(f"not installed: {facts.error} in {facts.command}")
    return ", ".join([*words, f"number {facts.seq_number}"])


def _initiate_authentication(smdpp: Smdpp, given: Fields) -> Outcome:
    found = smdpp.initiate_authentication(
        given["euiccInfo1"], given["euiccChallenge"], given["smdpAddress"]
    )
    number = found.transaction_id.hex().upper()
    answer = {
        "transactionId": number,
        "serverSigned1": _base64(found.server_signed1),
        "serverSignature1": _base64(tlv(SIGNATURE, found.server_signature1)),
        "euiccCiPKIdToBeUsed": _base64(tlv(_OCTET_STRING, found.ci_pk_id)),
        "serverCertificate": _base64(found.certificate),
    }
    return answer, f"transaction {number} begins"


def _authenticate_client(smdpp: Smdpp, given: Fields) -> Outcome:
    found = smdpp.authenticate_client(given["transactionId"], given["authenticateServerResponse"])
    answer = {
        "transactionId": found.transaction_id.hex().upper(),
        "profileMetadata": _base64(found.profile_metadata),
        "smdpSigned2": _base64(found.smdp_signed2),
        "smdpSignature2": _base64(tlv(SIGNATURE, found.smdp_signature2)),
        "smdpCertificate": _base64(found.certificate),
    }
    try:
        number = iccid_of(found.profile_metadata)
    except MetadataError:  # an order may have any metadata, to see what cards make of it
        number = "(unreadable)"
    return answer, f"ICCID {number} waits"


def _get_bound_profile_package(smdpp: Smdpp, given: Fields) -> Outcome:
    number = given["transactionId"]
    package = smdpp.get_bound_profile_package(number, given["prepareDownloadResponse"])
    answer = {
        "transactionId": number.hex().upper(),
        "boundProfilePackage": _base64(package),
    }
    return answer, f"{len(package)} bytes bound"


def _handle_notification(smdpp: Smdpp, given: Fields) -> Outcome:
    try:
        return None, told(smdpp.handle_notification(given["pendingNotification"]))
    except SmdppError as error:
        if error.refusal is not Refusal.TRANSACTION:
            raise
        # No retry can make it known again, and a card keeps what is not taken.
        return None, f"taken unverified: {error}"


def _cancel_session(smdpp: Smdpp, given: Fields) -> Outcome:
    reason = smdpp.cancel_session(given["transactionId"], given["cancelSessionResponse"])
    words = reason.name.lower().replace("_", " ")
    return {"transactionId": given["transactionId"].hex().upper()}, f"ended: {words}"


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return b64decode("".join(text.split()), validate=True)


_ID: Mapping[str, Callable[[str], Any]] = {"transactionId": bytes.fromhex}

FUNCTIONS = {
    "initiateAuthentication": Function(
        "InitiateAuthentication",
        {"smdpAddress": str, "euiccChallenge": _bytes, "euiccInfo1": _bytes},
        _initiate_authentication,
    ),
    "authenticateClient": Function(
        "AuthenticateClient", {**_ID, "authenticateServerResponse": _bytes}, _authenticate_client
    ),
    "getBoundProfilePackage": Function(
        "GetBoundProfilePackage",
        {**_ID, "prepareDownloadResponse": _bytes},
        _get_bound_profile_package,
    ),
    "handleNotification": Function(
        "HandleNotification", {"pendingNotification": _bytes}, _handle_notification
    ),
    "cancelSession": Function(
        "CancelSession", {**_ID, "cancelSessionResponse": _bytes}, _cancel_session
    ),
}
"""By the last part of the path."""
