"""Types of GSMA SGP.22 v2.5, module RSPDefinitions: ES9+ and ES11 in their ASN.1 binding.

Clauses 5.6, 5.8 and 6.6.2. Names and tags are the module's; the messages between card and
server are passed on as bytes.
"""

from collections import abc
from typing import Literal, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.tags import (
    carried,
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    octets,
    sequence_of,
)
from euicc_sim.asn1.types import Choice, Nothing, Sequence, UnknownCode

_SEQUENCE = univ.Sequence.tagSet
_TRANSACTION = ("transactionId", implicit(0, sgp22.TransactionId))


# -- InitiateAuthentication, clause 5.6.1


class InitiateAuthenticationRequestValue(TypedDict):
    euiccChallenge: bytes
    smdpAddress: str
    euiccInfo1: bytes


class InitiateAuthenticationRequest(Sequence[InitiateAuthenticationRequestValue]):
    tagSet = context(0x39)
    componentType = fields(
        ("euiccChallenge", implicit(1, octets(16))),
        ("smdpAddress", implicit(3, char.UTF8String())),
        ("euiccInfo1", carried(context(0x20))),
    )


class InitiateAuthenticationOkEs9Value(TypedDict):
    transactionId: bytes
    serverSigned1: bytes
    serverSignature1: bytes
    euiccCiPKIdToBeUsed: bytes
    serverCertificate: bytes


class InitiateAuthenticationOkEs9(Sequence[InitiateAuthenticationOkEs9Value]):
    componentType = fields(
        _TRANSACTION,
        ("serverSigned1", carried(_SEQUENCE)),
        ("serverSignature1", sgp22.Signature),
        ("euiccCiPKIdToBeUsed", sgp22.SubjectKeyIdentifier),
        ("serverCertificate", sgp22.Certificate()),
    )


InitiateAuthenticationErrorName = Literal[
    "invalidDpAddress", "euiccVersionNotSupportedByDp", "ciPKNotSupported"
]
InitiateAuthenticationResponseValue = (
    tuple[Literal["initiateAuthenticationOk"], InitiateAuthenticationOkEs9Value]
    | tuple[Literal["initiateAuthenticationError"], InitiateAuthenticationErrorName | UnknownCode]
)


class InitiateAuthenticationResponse(Choice[InitiateAuthenticationResponseValue]):
    tagSet = choice_context(0x39)
    componentType = fields(
        ("initiateAuthenticationOk", implicit(0, InitiateAuthenticationOkEs9())),
        (
            "initiateAuthenticationError",
            implicit(
                1,
                codes(invalidDpAddress=1, euiccVersionNotSupportedByDp=2, ciPKNotSupported=3),
            ),
        ),
    )


# -- AuthenticateClient, clause 5.6.3


class AuthenticateClientRequestValue(TypedDict):
    transactionId: bytes
    authenticateServerResponse: bytes


class AuthenticateClientRequest(Sequence[AuthenticateClientRequestValue]):
    tagSet = context(0x3B)
    componentType = fields(_TRANSACTION, ("authenticateServerResponse", carried(context(0x38))))


class AuthenticateClientOkValue(TypedDict):
    transactionId: bytes
    profileMetaData: bytes
    smdpSigned2: bytes
    smdpSignature2: bytes
    smdpCertificate: bytes


class AuthenticateClientOk(Sequence[AuthenticateClientOkValue]):
    componentType = fields(
        _TRANSACTION,
        ("profileMetaData", carried(context(0x25))),
        ("smdpSigned2", carried(_SEQUENCE)),
        ("smdpSignature2", sgp22.Signature),
        ("smdpCertificate", sgp22.Certificate()),
    )


AuthenticateClientErrorName = Literal[
    "eumCertificateInvalid",
    "eumCertificateExpired",
    "euiccCertificateInvalid",
    "euiccCertificateExpired",
    "euiccSignatureInvalid",
    "matchingIdRefused",
    "eidMismatch",
    "noEligibleProfile",
    "ciPKUnknown",
    "invalidTransactionId",
    "insufficientMemory",
    "undefinedError",
]
AuthenticateClientResponseEs9Value = (
    tuple[Literal["authenticateClientOk"], AuthenticateClientOkValue]
    | tuple[Literal["authenticateClientError"], AuthenticateClientErrorName | UnknownCode]
)


class AuthenticateClientResponseEs9(Choice[AuthenticateClientResponseEs9Value]):
    tagSet = choice_context(0x3B)
    componentType = fields(
        ("authenticateClientOk", implicit(0, AuthenticateClientOk())),
        (
            "authenticateClientError",
            implicit(
                1,
                codes(
                    eumCertificateInvalid=1,
                    eumCertificateExpired=2,
                    euiccCertificateInvalid=3,
                    euiccCertificateExpired=4,
                    euiccSignatureInvalid=5,
                    matchingIdRefused=6,
                    eidMismatch=7,
                    noEligibleProfile=8,
                    ciPKUnknown=9,
                    invalidTransactionId=10,
                    insufficientMemory=11,
                    undefinedError=127,
                ),
            ),
        ),
    )


# -- GetBoundProfilePackage, clause 5.6.2


class GetBoundProfilePackageRequestValue(TypedDict):
    transactionId: bytes
    prepareDownloadResponse: bytes


class GetBoundProfilePackageRequest(Sequence[GetBoundProfilePackageRequestValue]):
    tagSet = context(0x3A)
    componentType = fields(_TRANSACTION, ("prepareDownloadResponse", carried(context(0x21))))


class GetBoundProfilePackageOkValue(TypedDict):
    transactionId: bytes
    boundProfilePackage: bytes


class GetBoundProfilePackageOk(Sequence[GetBoundProfilePackageOkValue]):
    componentType = fields(_TRANSACTION, ("boundProfilePackage", carried(context(0x36))))


GetBoundProfilePackageErrorName = Literal[
    "euiccSignatureInvalid",
    "confirmationCodeMissing",
    "confirmationCodeRefused",
    "confirmationCodeRetriesExceeded",
    "bppRebindingRefused",
    "downloadOrderExpired",
    "invalidTransactionId",
    "undefinedError",
]
GetBoundProfilePackageResponseValue = (
    tuple[Literal["getBoundProfilePackageOk"], GetBoundProfilePackageOkValue]
    | tuple[Literal["getBoundProfilePackageError"], GetBoundProfilePackageErrorName | UnknownCode]
)


class GetBoundProfilePackageResponse(Choice[GetBoundProfilePackageResponseValue]):
    tagSet = choice_context(0x3A)
    componentType = fields(
        ("getBoundProfilePackageOk", implicit(0, GetBoundProfilePackageOk())),
        (
            "getBoundProfilePackageError",
            implicit(
                1,
                codes(
                    euiccSignatureInvalid=1,
                    confirmationCodeMissing=2,
                    confirmationCodeRefused=3,
                    confirmationCodeRetriesExceeded=4,
                    bppRebindingRefused=5,
                    downloadOrderExpired=6,
                    invalidTransactionId=95,
                    undefinedError=127,
                ),
            ),
        ),
    )


# -- CancelSession, clause 5.6.5


class CancelSessionRequestEs9Value(TypedDict):
    transactionId: bytes
    cancelSessionResponse: bytes


class CancelSessionRequestEs9(Sequence[CancelSessionRequestEs9Value]):
    tagSet = context(0x41)
    componentType = fields(
        _TRANSACTION, ("cancelSessionResponse", explicit(1, carried(context(0x41))))
    )


class CancelSessionOk(Sequence[Nothing]):
    componentType = fields()


CancelSessionErrorName = Literal["invalidTransactionId", "euiccSignatureInvalid", "undefinedError"]
CancelSessionResponseEs9Value = (
    tuple[Literal["cancelSessionOk"], Nothing]
    | tuple[Literal["cancelSessionError"], CancelSessionErrorName | UnknownCode]
)


class CancelSessionResponseEs9(Choice[CancelSessionResponseEs9Value]):
    tagSet = choice_context(0x41)
    componentType = fields(
        ("cancelSessionOk", implicit(0, CancelSessionOk())),
        (
            "cancelSessionError",
            implicit(1, codes(invalidTransactionId=1, euiccSignatureInvalid=2, undefinedError=127)),
        ),
    )


# -- HandleNotification, clause 5.6.4


PendingNotificationValue = (
    tuple[Literal["profileInstallationResult"], bytes]
    | tuple[Literal["otherSignedNotification"], bytes]
)


class PendingNotification(Choice[PendingNotificationValue]):
    componentType = fields(
        ("profileInstallationResult", carried(context(0x37))),
        ("otherSignedNotification", carried(_SEQUENCE)),
    )


class HandleNotificationValue(TypedDict):
    pendingNotification: PendingNotificationValue


class HandleNotification(Sequence[HandleNotificationValue]):
    tagSet = context(0x3D)
    componentType = fields(("pendingNotification", explicit(0, PendingNotification())))


# -- AuthenticateClient of an SM-DS, clause 5.8.2


class EventEntriesValue(TypedDict):
    eventId: str
    rspServerAddress: str


class EventEntries(Sequence[EventEntriesValue]):
    componentType = fields(
        ("eventId", implicit(0, char.UTF8String())),
        ("rspServerAddress", implicit(1, char.UTF8String())),
    )


class AuthenticateClientOkEs11Value(TypedDict):
    transactionId: bytes
    eventEntries: abc.Sequence[EventEntriesValue]


class AuthenticateClientOkEs11(Sequence[AuthenticateClientOkEs11Value]):
    componentType = fields(_TRANSACTION, ("eventEntries", implicit(1, sequence_of(EventEntries()))))


AuthenticateClientErrorEs11Name = Literal[
    "eumCertificateInvalid",
    "eumCertificateExpired",
    "euiccCertificateInvalid",
    "euiccCertificateExpired",
    "euiccSignatureInvalid",
    "eventIdUnknown",
    "invalidTransactionId",
    "undefinedError",
]
AuthenticateClientResponseEs11Value = (
    tuple[Literal["authenticateClientOk"], AuthenticateClientOkEs11Value]
    | tuple[Literal["authenticateClientError"], AuthenticateClientErrorEs11Name | UnknownCode]
)


class AuthenticateClientResponseEs11(Choice[AuthenticateClientResponseEs11Value]):
    tagSet = choice_context(0x40)
    componentType = fields(
        ("authenticateClientOk", implicit(0, AuthenticateClientOkEs11())),
        (
            "authenticateClientError",
            implicit(
                1,
                codes(
                    eumCertificateInvalid=1,
                    eumCertificateExpired=2,
                    euiccCertificateInvalid=3,
                    euiccCertificateExpired=4,
                    euiccSignatureInvalid=5,
                    eventIdUnknown=6,
                    invalidTransactionId=7,
                    undefinedError=127,
                ),
            ),
        ),
    )


# -- all messages, clause 6.6.2


RemoteProfileProvisioningRequestValue = (
    tuple[Literal["initiateAuthenticationRequest"], InitiateAuthenticationRequestValue]
    | tuple[Literal["authenticateClientRequest"], AuthenticateClientRequestValue]
    | tuple[Literal["getBoundProfilePackageRequest"], GetBoundProfilePackageRequestValue]
    | tuple[Literal["cancelSessionRequestEs9"], CancelSessionRequestEs9Value]
    | tuple[Literal["handleNotification"], HandleNotificationValue]
)


class RemoteProfileProvisioningRequest(Choice[RemoteProfileProvisioningRequestValue]):
    tagSet = choice_context(2)
    componentType = fields(
        ("initiateAuthenticationRequest", InitiateAuthenticationRequest()),
        ("authenticateClientRequest", AuthenticateClientRequest()),
        ("getBoundProfilePackageRequest", GetBoundProfilePackageRequest()),
        ("cancelSessionRequestEs9", CancelSessionRequestEs9()),
        ("handleNotification", HandleNotification()),
    )


RemoteProfileProvisioningResponseValue = (
    tuple[Literal["initiateAuthenticationResponse"], InitiateAuthenticationResponseValue]
    | tuple[Literal["authenticateClientResponseEs9"], AuthenticateClientResponseEs9Value]
    | tuple[Literal["getBoundProfilePackageResponse"], GetBoundProfilePackageResponseValue]
    | tuple[Literal["cancelSessionResponseEs9"], CancelSessionResponseEs9Value]
    | tuple[Literal["authenticateClientResponseEs11"], AuthenticateClientResponseEs11Value]
)


class RemoteProfileProvisioningResponse(Choice[RemoteProfileProvisioningResponseValue]):
    tagSet = choice_context(2)
    componentType = fields(
        ("initiateAuthenticationResponse", InitiateAuthenticationResponse()),
        ("authenticateClientResponseEs9", AuthenticateClientResponseEs9()),
        ("getBoundProfilePackageResponse", GetBoundProfilePackageResponse()),
        ("cancelSessionResponseEs9", CancelSessionResponseEs9()),
        ("authenticateClientResponseEs11", AuthenticateClientResponseEs11()),
    )
