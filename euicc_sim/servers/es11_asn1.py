"""The functions of ES11 in their ASN.1 binding (SGP.22 v2.5 clauses 5.8 and 6.6.2).

Requests are those of ES9+ (A2), the answer of AuthenticateClient is BF40. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from euicc_sim.asn1.es9plus import to_lpa
from euicc_sim.asn1.es9plus.messages import (
    AuthenticateClientErrorEs11Name,
    AuthenticateClientOkEs11Value,
    AuthenticateClientRequestValue,
    InitiateAuthenticationErrorName,
    InitiateAuthenticationRequestValue,
)
from euicc_sim.parties.messages import Refusal, SmdppError
from euicc_sim.parties.smds import Smds
from euicc_sim.servers import es9_asn1
from euicc_sim.servers.es9_asn1 import Reply, authentication, code_for
from euicc_sim.servers.es9_json import begun
from euicc_sim.servers.es11_json import listed

Request = (
    tuple[Literal["initiateAuthenticationRequest"], InitiateAuthenticationRequestValue]
    | tuple[Literal["authenticateClientRequest"], AuthenticateClientRequestValue]
)

INITIATE: Mapping[Refusal, InitiateAuthenticationErrorName] = {
    Refusal.SMDS_ADDRESS: "invalidDpAddress",
    Refusal.SMDS_SVN: "euiccVersionNotSupportedByDp",
    Refusal.SMDS_CI_KEYS: "ciPKNotSupported",
    Refusal.NO_SMDS_CERTIFICATE: "ciPKNotSupported",
}
AUTHENTICATE: Mapping[Refusal, AuthenticateClientErrorEs11Name] = {
    Refusal.EUM_CERTIFICATE: "eumCertificateInvalid",
    Refusal.EUM_CERTIFICATE_EXPIRED: "eumCertificateExpired",
    Refusal.EUICC_CERTIFICATE: "euiccCertificateInvalid",
    Refusal.EUICC_CERTIFICATE_EXPIRED: "euiccCertificateExpired",
    Refusal.EUICC_SIGNATURE: "euiccSignatureInvalid",
    Refusal.EVENT_UNKNOWN: "eventIdUnknown",
    Refusal.TRANSACTION: "invalidTransactionId",
}


def read(body: bytes) -> Request:
    """A request. Raises SmdppError for other bytes, and for a function of ES9+ alone."""
    request = es9_asn1.read(body)
    match request:
        case ("initiateAuthenticationRequest", _) | ("authenticateClientRequest", _):
            return request
    raise SmdppError(
        Refusal.UNSUPPORTED,
        f"An SM-DS has no {es9_asn1.NAMES[request[0]]}. Ask the SM-DP+ of the event.",
    )


def name_of(request: Request) -> str:
    """The name of the function."""
    return es9_asn1.NAMES[request[0]]


def transaction(request: Request) -> bytes:
    """The transactionId of a request, empty if it has none."""
    return es9_asn1.transaction(request) or b""


def answer(smds: Smds, request: Request) -> Reply:
    """The SM-DS's answer to a request. Raises SmdppError; `refusal` is what to answer then."""
    if request[0] == "initiateAuthenticationRequest":
        first = request[1]
        server = smds.initiate_authentication(
            first["euiccInfo1"], first["euiccChallenge"], first["smdpAddress"]
        )
        return Reply(to_lpa(authentication(server)), begun(server))
    second = request[1]
    found = smds.authenticate_events(second["transactionId"], second["authenticateServerResponse"])
    ok: AuthenticateClientOkEs11Value = {
        "transactionId": found.transaction_id,
        "eventEntries": [
            {"eventId": one.event_id, "rspServerAddress": one.address} for one in found.entries
        ],
    }
    message = to_lpa(("authenticateClientResponseEs11", ("authenticateClientOk", ok)))
    return Reply(message, listed(found))


def refusal(request: Request, error: SmdppError) -> bytes:
    """What is answered to a refused request."""
    if request[0] == "initiateAuthenticationRequest":
        code = code_for(INITIATE, error)
        return to_lpa(("initiateAuthenticationResponse", ("initiateAuthenticationError", code)))
    found = code_for(AUTHENTICATE, error)
    return to_lpa(("authenticateClientResponseEs11", ("authenticateClientError", found)))
