"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: downloads relayed by the eIM.

Clauses 6.3.2.1 to 6.3.2.3 and 6.3.2.5. Names and tags are the module's; the messages between
card and SM-DP+ are passed on.
"""

from typing import Literal, NotRequired, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.esipa.packages import (
    ProfileDownloadTriggerRequest,
    ProfileDownloadTriggerRequestValue,
)
from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22.download import CtxParams1, CtxParams1Value
from euicc_sim.asn1.tags import (
    carried,
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    octets,
    optional,
)
from euicc_sim.asn1.types import Choice, Nothing, Sequence, UnknownCode

_SEQUENCE = univ.Sequence.tagSet
_TRANSACTION = ("transactionId", implicit(0, sgp22.TransactionId))


# -- InitiateAuthentication, clause 6.3.2.1


class InitiateAuthenticationRequestEsipaValue(TypedDict):
    euiccChallenge: bytes
    smdpAddress: NotRequired[str]
    euiccInfo1: NotRequired[bytes]
    eimTransactionId: NotRequired[bytes]


class InitiateAuthenticationRequestEsipa(Sequence[InitiateAuthenticationRequestEsipaValue]):
    tagSet = context(0x39)
    componentType = fields(
        ("euiccChallenge", implicit(1, octets(16))),
        optional("smdpAddress", implicit(3, char.UTF8String())),
        optional("euiccInfo1", carried(context(0x20))),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
    )


class InitiateAuthenticationOkEsipaValue(TypedDict):
    transactionId: NotRequired[bytes]
    serverSigned1: bytes
    serverSignature1: bytes
    euiccCiPKIdentifierToBeUsed: bytes
    serverCertificate: bytes
    matchingId: NotRequired[str]
    ctxParams1: NotRequired[CtxParams1Value]


class InitiateAuthenticationOkEsipa(Sequence[InitiateAuthenticationOkEsipaValue]):
    componentType = fields(
        optional(*_TRANSACTION),
        ("serverSigned1", carried(_SEQUENCE)),
        ("serverSignature1", sgp22.Signature),
        ("euiccCiPKIdentifierToBeUsed", univ.OctetString()),
        ("serverCertificate", sgp22.Certificate()),
        optional("matchingId", char.UTF8String()),
        optional("ctxParams1", explicit(2, CtxParams1())),
    )


InitiateAuthenticationErrorEsipaName = Literal[
    "invalidDpAddress",
    "euiccVersionNotSupportedByDp",
    "ciPKIdNotSupported",
    "smdpAddressMismatch",
    "smdpOidMismatch",
    "invalidEimTransactionId",
    "undefinedError",
]
InitiateAuthenticationResponseEsipaValue = (
    tuple[Literal["initiateAuthenticationOkEsipa"], InitiateAuthenticationOkEsipaValue]
    | tuple[
        Literal["initiateAuthenticationErrorEsipa"],
        InitiateAuthenticationErrorEsipaName | UnknownCode,
    ]
)


class InitiateAuthenticationResponseEsipa(Choice[InitiateAuthenticationResponseEsipaValue]):
    tagSet = choice_context(0x39)
    componentType = fields(
        ("initiateAuthenticationOkEsipa", implicit(0, InitiateAuthenticationOkEsipa())),
        (
            "initiateAuthenticationErrorEsipa",
            implicit(
                1,
                codes(
                    invalidDpAddress=1,
                    euiccVersionNotSupportedByDp=2,
                    ciPKIdNotSupported=3,
                    smdpAddressMismatch=50,
                    smdpOidMismatch=51,
                    invalidEimTransactionId=52,
                    undefinedError=127,
                ),
            ),
        ),
    )


# -- AuthenticateClient, clause 6.3.2.2


class AuthenticateClientRequestEsipaValue(TypedDict):
    transactionId: bytes
    authenticateServerResponse: bytes


class AuthenticateClientRequestEsipa(Sequence[AuthenticateClientRequestEsipaValue]):
    tagSet = context(0x3B)
    componentType = fields(_TRANSACTION, ("authenticateServerResponse", carried(context(0x38))))


class AuthenticateClientOkDPEsipaValue(TypedDict):
    transactionId: NotRequired[bytes]
    profileMetaData: NotRequired[bytes]
    smdpSigned2: bytes
    smdpSignature2: bytes
    smdpCertificate: bytes
    hashCc: NotRequired[bytes]


class AuthenticateClientOkDPEsipa(Sequence[AuthenticateClientOkDPEsipaValue]):
    componentType = fields(
        optional(*_TRANSACTION),
        optional("profileMetaData", carried(context(0x25))),
        ("smdpSigned2", carried(_SEQUENCE)),
        ("smdpSignature2", sgp22.Signature),
        ("smdpCertificate", sgp22.Certificate()),
        optional("hashCc", octets(32)),
    )


class AuthenticateClientOkDSEsipaValue(TypedDict):
    transactionId: bytes
    profileDownloadTrigger: NotRequired[ProfileDownloadTriggerRequestValue]


class AuthenticateClientOkDSEsipa(Sequence[AuthenticateClientOkDSEsipaValue]):
    componentType = fields(
        _TRANSACTION, optional("profileDownloadTrigger", ProfileDownloadTriggerRequest())
    )


AuthenticateClientErrorEsipaName = Literal[
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
    "downloadOrderExpired",
    "pprNotAllowed",
    "eventIdUnknown",
    "undefinedError",
]
AuthenticateClientResponseEsipaValue = (
    tuple[Literal["authenticateClientOkDPEsipa"], AuthenticateClientOkDPEsipaValue]
    | tuple[Literal["authenticateClientOkDSEsipa"], AuthenticateClientOkDSEsipaValue]
    | tuple[Literal["authenticateClientErrorEsipa"], AuthenticateClientErrorEsipaName | UnknownCode]
)


class AuthenticateClientResponseEsipa(Choice[AuthenticateClientResponseEsipaValue]):
    """downloadOrderExpired is of SGP.32 v1.3, which no longer has it in GetBoundProfilePackage."""

    tagSet = choice_context(0x3B)
    componentType = fields(
        ("authenticateClientOkDPEsipa", implicit(0, AuthenticateClientOkDPEsipa())),
        ("authenticateClientOkDSEsipa", implicit(1, AuthenticateClientOkDSEsipa())),
        (
            "authenticateClientErrorEsipa",
            implicit(
                2,
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
                    downloadOrderExpired=18,
                    pprNotAllowed=50,
                    eventIdUnknown=56,
                    undefinedError=127,
                ),
            ),
        ),
    )


# -- GetBoundProfilePackage, clause 6.3.2.3


class GetBoundProfilePackageRequestEsipaValue(TypedDict):
    transactionId: bytes
    prepareDownloadResponse: bytes


class GetBoundProfilePackageRequestEsipa(Sequence[GetBoundProfilePackageRequestEsipaValue]):
    tagSet = context(0x3A)
    componentType = fields(_TRANSACTION, ("prepareDownloadResponse", carried(context(0x21))))


class GetBoundProfilePackageOkEsipaValue(TypedDict):
    transactionId: NotRequired[bytes]
    boundProfilePackage: bytes


class GetBoundProfilePackageOkEsipa(Sequence[GetBoundProfilePackageOkEsipaValue]):
    componentType = fields(optional(*_TRANSACTION), ("boundProfilePackage", carried(context(0x36))))


GetBoundProfilePackageErrorEsipaName = Literal[
    "euiccSignatureInvalid",
    "confirmationCodeMissing",
    "confirmationCodeRefused",
    "confirmationCodeRetriesExceeded",
    "bppRebindingRefused",
    "downloadOrderExpired",
    "metadataMismatch",
    "invalidTransactionId",
    "undefinedError",
]
GetBoundProfilePackageResponseEsipaValue = (
    tuple[Literal["getBoundProfilePackageOkEsipa"], GetBoundProfilePackageOkEsipaValue]
    | tuple[
        Literal["getBoundProfilePackageErrorEsipa"],
        GetBoundProfilePackageErrorEsipaName | UnknownCode,
    ]
)


class GetBoundProfilePackageResponseEsipa(Choice[GetBoundProfilePackageResponseEsipaValue]):
    tagSet = choice_context(0x3A)
    componentType = fields(
        ("getBoundProfilePackageOkEsipa", implicit(0, GetBoundProfilePackageOkEsipa())),
        (
            "getBoundProfilePackageErrorEsipa",
            implicit(
                1,
                codes(
                    euiccSignatureInvalid=1,
                    confirmationCodeMissing=2,
                    confirmationCodeRefused=3,
                    confirmationCodeRetriesExceeded=4,
                    bppRebindingRefused=5,
                    downloadOrderExpired=6,
                    metadataMismatch=50,
                    invalidTransactionId=95,
                    undefinedError=127,
                ),
            ),
        ),
    )


# -- CancelSession, clause 6.3.2.5


class CancelSessionRequestEsipaValue(TypedDict):
    transactionId: bytes
    cancelSessionResponse: bytes


class CancelSessionRequestEsipa(Sequence[CancelSessionRequestEsipaValue]):
    tagSet = context(0x41)
    componentType = fields(
        _TRANSACTION, ("cancelSessionResponse", explicit(1, carried(context(0x41))))
    )


class CancelSessionOk(Sequence[Nothing]):
    componentType = fields()


CancelSessionErrorName = Literal["invalidTransactionId", "euiccSignatureInvalid", "undefinedError"]
CancelSessionResponseEsipaValue = (
    tuple[Literal["cancelSessionOk"], Nothing]
    | tuple[Literal["cancelSessionError"], CancelSessionErrorName | UnknownCode]
)


class CancelSessionResponseEsipa(Choice[CancelSessionResponseEsipaValue]):
    tagSet = choice_context(0x41)
    componentType = fields(
        ("cancelSessionOk", implicit(0, CancelSessionOk())),
        (
            "cancelSessionError",
            implicit(1, codes(invalidTransactionId=1, euiccSignatureInvalid=2, undefinedError=127)),
        ),
    )
