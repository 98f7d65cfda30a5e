"""The functions of ES9+ in their ASN.1 binding (SGP.22 v2.5 clauses 5.6 and 6.6.2).

A request is RemoteProfileProvisioningRequest (A2), an answer RemoteProfileProvisioningResponse,
whose refusals are fewer than the status codes. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar, assert_never

from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.es9plus import from_lpa, to_lpa
from euicc_sim.asn1.es9plus.messages import (
    AuthenticateClientErrorName,
    AuthenticateClientOkValue,
    CancelSessionErrorName,
    GetBoundProfilePackageErrorName,
    GetBoundProfilePackageOkValue,
    InitiateAuthenticationErrorName,
    InitiateAuthenticationOkEs9Value,
    RemoteProfileProvisioningRequestValue,
    RemoteProfileProvisioningResponseValue,
)
from euicc_sim.asn1.primitives import UnknownCode
from euicc_sim.asn1.types import Nothing
from euicc_sim.parties.messages import Refusal, ServerAuthentication, SmdppError
from euicc_sim.parties.smdpp import Smdpp
from euicc_sim.servers.es9_json import begun, cancelled, package_bound, profile_offered, taken

N = TypeVar("N", bound=str)

NAMES = {
    "initiateAuthenticationRequest": "InitiateAuthentication",
    "authenticateClientRequest": "AuthenticateClient",
    "getBoundProfilePackageRequest": "GetBoundProfilePackage",
    "cancelSessionRequestEs9": "CancelSession",
    "handleNotification": "HandleNotification",
}
"""The functions by their requests."""

_UNDEFINED = UnknownCode(127)
INITIATE: Mapping[Refusal, InitiateAuthenticationErrorName] = {
    Refusal.ADDRESS: "invalidDpAddress",
    Refusal.SVN: "euiccVersionNotSupportedByDp",
    Refusal.CI_KEYS: "ciPKNotSupported",
    Refusal.NO_SERVER_CERTIFICATE: "ciPKNotSupported",
}
AUTHENTICATE: Mapping[Refusal, AuthenticateClientErrorName] = {
    Refusal.EUM_CERTIFICATE: "eumCertificateInvalid",
    Refusal.EUM_CERTIFICATE_EXPIRED: "eumCertificateExpired",
    Refusal.EUICC_CERTIFICATE: "euiccCertificateInvalid",
    Refusal.EUICC_CERTIFICATE_EXPIRED: "euiccCertificateExpired",
    Refusal.EUICC_SIGNATURE: "euiccSignatureInvalid",
    Refusal.MATCHING_ID: "matchingIdRefused",
    Refusal.OTHER_EID: "eidMismatch",
    Refusal.NOT_ELIGIBLE: "noEligibleProfile",
    Refusal.NOT_RELEASED: "noEligibleProfile",
    Refusal.PROFILE_NOT_PREPARED: "noEligibleProfile",
    Refusal.CI_KEY: "ciPKUnknown",
    Refusal.TRANSACTION: "invalidTransactionId",
}
BIND: Mapping[Refusal, GetBoundProfilePackageErrorName] = {
    Refusal.EUICC_SIGNATURE: "euiccSignatureInvalid",
    Refusal.CONFIRMATION_CODE_MISSING: "confirmationCodeMissing",
    Refusal.CONFIRMATION_CODE: "confirmationCodeRefused",
    Refusal.CONFIRMATION_CODE_TRIES: "confirmationCodeRetriesExceeded",
    Refusal.ORDER_EXPIRED: "downloadOrderExpired",
    Refusal.TRANSACTION: "invalidTransactionId",
}
CANCEL: Mapping[Refusal, CancelSessionErrorName] = {
    Refusal.TRANSACTION: "invalidTransactionId",
    Refusal.EUICC_SIGNATURE: "euiccSignatureInvalid",
}


class Reply(NamedTuple):
    """The answer, empty where there is none, and a note for the log."""

    body: bytes
    note: str


def read(body: bytes) -> RemoteProfileProvisioningRequestValue:
    """A request. Raises SmdppError for other bytes."""
    try:
        return from_lpa(body)
    except Asn1Error as error:
        raise SmdppError(
            Refusal.MALFORMED,
            f"This is not a RemoteProfileProvisioningRequest: {error}. Send one that begins A2.",
        ) from error


def transaction(request: RemoteProfileProvisioningRequestValue) -> bytes | None:
    """The transactionId of a request, None if it has none."""
    match request:
        case ("initiateAuthenticationRequest", _) | ("handleNotification", _):
            return None
        case (
            ("authenticateClientRequest", given)
            | ("getBoundProfilePackageRequest", given)
            | ("cancelSessionRequestEs9", given)
        ):
            return given["transactionId"]
    assert_never(request)


def answer(smdpp: Smdpp, request: RemoteProfileProvisioningRequestValue) -> Reply:
    """The SM-DP+'s answer to a request. Raises SmdppError; `refusal` is what to answer then."""
    match request:
        case ("initiateAuthenticationRequest", first):
            server = smdpp.initiate_authentication(
                first["euiccInfo1"], first["euiccChallenge"], first["smdpAddress"]
            )
            return _reply(authentication(server), begun(server))
        case ("authenticateClientRequest", second):
            offer = smdpp.authenticate_client(
                second["transactionId"], second["authenticateServerResponse"]
            )
            offered: AuthenticateClientOkValue = {
                "transactionId": offer.transaction_id,
                "profileMetaData": offer.profile_metadata,
                "smdpSigned2": offer.smdp_signed2,
                "smdpSignature2": offer.smdp_signature2,
                "smdpCertificate": offer.certificate,
            }
            return _reply(
                ("authenticateClientResponseEs9", ("authenticateClientOk", offered)),
                profile_offered(smdpp, offer),
            )
        case ("getBoundProfilePackageRequest", third):
            number = third["transactionId"]
            package = smdpp.get_bound_profile_package(number, third["prepareDownloadResponse"])
            bound: GetBoundProfilePackageOkValue = {
                "transactionId": number,
                "boundProfilePackage": package,
            }
            return _reply(
                ("getBoundProfilePackageResponse", ("getBoundProfilePackageOk", bound)),
                package_bound(package),
            )
        case ("cancelSessionRequestEs9", last):
            reason = smdpp.cancel_session(last["transactionId"], last["cancelSessionResponse"])
            nothing: Nothing = {}
            return _reply(
                ("cancelSessionResponseEs9", ("cancelSessionOk", nothing)), cancelled(reason)
            )
        case ("handleNotification", told):
            return Reply(b"", taken(smdpp, told["pendingNotification"][1]))
    assert_never(request)


def authentication(server: ServerAuthentication) -> RemoteProfileProvisioningResponseValue:
    """The answer of InitiateAuthentication, of an SM-DP+ or SM-DS."""
    ok: InitiateAuthenticationOkEs9Value = {
        "transactionId": server.transaction_id,
        "serverSigned1": server.server_signed1,
        "serverSignature1": server.server_signature1,
        "euiccCiPKIdToBeUsed": server.ci_pk_id,
        "serverCertificate": server.certificate,
    }
    return "initiateAuthenticationResponse", ("initiateAuthenticationOk", ok)


def _reply(value: RemoteProfileProvisioningResponseValue, note: str) -> Reply:
    return Reply(to_lpa(value), note)


def refusal(request: RemoteProfileProvisioningRequestValue, error: SmdppError) -> bytes:
    """What is answered to a refused request; nothing to a notification, which has no error."""
    value = _refusal(request, error)
    return b"" if value is None else to_lpa(value)


def _refusal(
    request: RemoteProfileProvisioningRequestValue, error: SmdppError
) -> RemoteProfileProvisioningResponseValue | None:
    match request:
        case ("initiateAuthenticationRequest", _):
            code = code_for(INITIATE, error)
            return "initiateAuthenticationResponse", ("initiateAuthenticationError", code)
        case ("authenticateClientRequest", _):
            found = code_for(AUTHENTICATE, error)
            return "authenticateClientResponseEs9", ("authenticateClientError", found)
        case ("getBoundProfilePackageRequest", _):
            bound = code_for(BIND, error)
            return "getBoundProfilePackageResponse", ("getBoundProfilePackageError", bound)
        case ("cancelSessionRequestEs9", _):
            ended = code_for(CANCEL, error)
            return "cancelSessionResponseEs9", ("cancelSessionError", ended)
        case ("handleNotification", _):
            return None
    assert_never(request)


def code_for(names: Mapping[Refusal, N], error: SmdppError) -> N | UnknownCode:
    """The error code of a refusal, undefinedError for one without."""
    if error.refusal is None:
        return _UNDEFINED
    return names.get(error.refusal, _UNDEFINED)
