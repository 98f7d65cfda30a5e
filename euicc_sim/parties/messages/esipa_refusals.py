"""Refusals of ESipa: the message that carries one, and its code for a status code of an SM-DP+.

SGP.32 v1.2 clause 6.3.2; the status codes are those of SGP.22 v2.5 clause 5.2.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from euicc_sim.asn1.esipa.download import (
    AuthenticateClientErrorEsipaName,
    CancelSessionErrorName,
    GetBoundProfilePackageErrorEsipaName,
    InitiateAuthenticationErrorEsipaName,
)
from euicc_sim.parties.messages.errors import SmdppError

UNDEFINED = "undefinedError"

N = TypeVar("N", bound=str)
Codes = Mapping[tuple[str, str], N]
"""Names of error codes by an SM-DP+'s subject code and reason code."""

INITIATE: Codes[InitiateAuthenticationErrorEsipaName] = {
    ("8.8.1", "3.8"): "invalidDpAddress",
    ("8.8.3", "3.1"): "euiccVersionNotSupportedByDp",
    ("8.8.2", "3.1"): "ciPKIdNotSupported",
    ("8.8.4", "3.7"): "ciPKIdNotSupported",
    ("8.9.1", "3.8"): "invalidDpAddress",
    ("8.9.3", "3.1"): "euiccVersionNotSupportedByDp",
    ("8.9.2", "3.1"): "ciPKIdNotSupported",
    ("8.9.4", "3.7"): "ciPKIdNotSupported",
}
AUTHENTICATE: Codes[AuthenticateClientErrorEsipaName] = {
    ("8.1.2", "6.1"): "eumCertificateInvalid",
    ("8.1.2", "6.3"): "eumCertificateExpired",
    ("8.1.3", "6.1"): "euiccCertificateInvalid",
    ("8.1.3", "6.3"): "euiccCertificateExpired",
    ("8.1", "6.1"): "euiccSignatureInvalid",
    ("8.1", "4.8"): "insufficientMemory",
    ("8.2", "3.7"): "noEligibleProfile",
    ("8.2.5", "4.3"): "noEligibleProfile",
    ("8.2.6", "3.8"): "matchingIdRefused",
    ("8.1.1", "3.8"): "eidMismatch",
    ("8.8.5", "4.10"): "downloadOrderExpired",
    ("8.11.1", "3.9"): "ciPKUnknown",
    ("8.10.1", "3.9"): "invalidTransactionId",
    ("8.9.5", "3.9"): "eventIdUnknown",
}
BIND: Codes[GetBoundProfilePackageErrorEsipaName] = {
    ("8.1", "6.1"): "euiccSignatureInvalid",
    ("8.2.7", "2.2"): "confirmationCodeMissing",
    ("8.2.7", "3.8"): "confirmationCodeRefused",
    ("8.2.7", "6.4"): "confirmationCodeRetriesExceeded",
    ("8.2", "4.5"): "bppRebindingRefused",
    ("8.8.5", "4.10"): "downloadOrderExpired",
    ("8.10.1", "3.9"): "invalidTransactionId",
}
CANCEL: Codes[CancelSessionErrorName] = {
    ("8.10.1", "3.9"): "invalidTransactionId",
    ("8.1", "6.1"): "euiccSignatureInvalid",
}

ESIPA_ALONE: Codes[str] = {
    ("8.1.1", "2.1"): "invalidEid",
    ("8.1.1", "2.2"): "missingEid",
    ("8.1.1", "3.9"): "eidNotFound",
    ("8.8.1", "3.10"): "smdpAddressMismatch",
    ("8.8", "3.10"): "smdpOidMismatch",
    ("8.10", "3.9"): "invalidEimTransactionId",
    ("8.2", "3.8"): "pprNotAllowed",
    ("8.2", "3.10"): "metadataMismatch",
    ("8.9.5", "3.9"): "eventIdUnknown",
    ("1.2", "4.2"): UNDEFINED,
}
"""Codes that an SM-DP+ does not give. That SGP.32 has status codes for them in JSON is known, but
not which: these are ours, built from the subjects and reasons of SGP.22 clause 5.2.6."""

_STATUS: dict[str, tuple[str, str]] = {
    code: status
    for codes in (ESIPA_ALONE, CANCEL, BIND, AUTHENTICATE, INITIATE)
    for status, code in reversed(list(codes.items()))
}

ERRORS: dict[str, tuple[str, str]] = {
    "initiateAuthenticationRequestEsipa": (
        "initiateAuthenticationResponseEsipa",
        "initiateAuthenticationErrorEsipa",
    ),
    "authenticateClientRequestEsipa": (
        "authenticateClientResponseEsipa",
        "authenticateClientErrorEsipa",
    ),
    "getBoundProfilePackageRequestEsipa": (
        "getBoundProfilePackageResponseEsipa",
        "getBoundProfilePackageErrorEsipa",
    ),
    "cancelSessionRequestEsipa": ("cancelSessionResponseEsipa", "cancelSessionError"),
    "getEimPackageRequest": ("getEimPackageResponse", "eimPackageError"),
    "provideEimPackageResult": (
        "provideEimPackageResultResponse",
        "provideEimPackageResultError",
    ),
}
"""By request, the message and alternative that answer it with an error code."""


def code_of(error: Exception, codes: Codes[str]) -> str:
    """The error code for a refusal by an SM-DP+, or for any other error."""
    if isinstance(error, SmdppError):
        return codes.get((error.subject, error.reason), UNDEFINED)
    return UNDEFINED


def error_for(request: str, code: str) -> tuple[str, str, str] | None:
    """The answer to a request of that name with that code: names of message and alternative, and
    the code; None where there is no such answer."""
    found = ERRORS.get(request)
    return None if found is None else (*found, code)


def status_of(code: str) -> tuple[str, str]:
    """The status code that stands for an error code of ESipa in JSON."""
    return _STATUS.get(code, _STATUS[UNDEFINED])


def code_for(subject: str, reason: str) -> str:
    """The error code of ESipa for a status code in JSON; the status code itself if there is none.

    None of the functions has two codes for the same status.
    """
    for codes in (INITIATE, AUTHENTICATE, BIND, CANCEL, ESIPA_ALONE):
        if (subject, reason) in codes:
            return codes[subject, reason]
    return f"{subject}/{reason}"
