"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: the functions of ESipa, and all messages.

What v1.3 adds is here as well, since neither side knows the other's version before it reads.
Clauses 6.3.1, 6.3.2.4 and 6.3.2.6 to 6.3.2.8. Names and tags are the module's.
"""

from typing import Literal, NotRequired, TypedDict

from pyasn1.type import univ

from euicc_sim.asn1.esipa.download import (
    AuthenticateClientRequestEsipa,
    AuthenticateClientRequestEsipaValue,
    AuthenticateClientResponseEsipa,
    AuthenticateClientResponseEsipaValue,
    CancelSessionRequestEsipa,
    CancelSessionRequestEsipaValue,
    CancelSessionResponseEsipa,
    CancelSessionResponseEsipaValue,
    GetBoundProfilePackageRequestEsipa,
    GetBoundProfilePackageRequestEsipaValue,
    GetBoundProfilePackageResponseEsipa,
    GetBoundProfilePackageResponseEsipaValue,
    InitiateAuthenticationRequestEsipa,
    InitiateAuthenticationRequestEsipaValue,
    InitiateAuthenticationResponseEsipa,
    InitiateAuthenticationResponseEsipaValue,
)
from euicc_sim.asn1.esipa.packages import (
    EidValue,
    EimAcknowledgements,
    EimPackageErrorCode,
    EimPackageErrorName,
    EimPackageResult,
    EimPackageResultValue,
    EprAndNotifications,
    EprAndNotificationsValue,
    EuiccPackageRequest,
    EuiccPackageResult,
    IpaEuiccDataRequest,
    IpaEuiccDataRequestValue,
    IpaEuiccDataResponse,
    IpaEuiccDataResponseValue,
    PendingNotificationEsipa,
    PendingNotificationEsipaValue,
    ProfileDownloadTriggerRequest,
    ProfileDownloadTriggerRequestValue,
)
from euicc_sim.asn1.sgp22.common import TransactionId
from euicc_sim.asn1.tags import (
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    octets,
    optional,
)
from euicc_sim.asn1.types import Choice, ListOf, Nothing, Sequence, UnknownCode


class ProvideEimPackageResultValue(TypedDict):
    eidValue: NotRequired[bytes]
    eimPackageResult: EimPackageResultValue


class ProvideEimPackageResult(Sequence[ProvideEimPackageResultValue]):
    tagSet = context(0x50)
    componentType = fields(optional("eidValue", EidValue), ("eimPackageResult", EimPackageResult()))


class EmptyResponse(Sequence[Nothing]):
    componentType = fields()


ProvideEimPackageResultErrorName = Literal[
    "eidNotFound", "invalidEid", "missingEid", "undefinedError"
]
ProvideEimPackageResultResponseValue = (
    tuple[Literal["eimAcknowledgements"], ListOf[int]]
    | tuple[Literal["emptyResponse"], Nothing]
    | tuple[Literal["provideEimPackageResultError"], ProvideEimPackageResultErrorName | UnknownCode]
)


class ProvideEimPackageResultResponse(Choice[ProvideEimPackageResultResponseValue]):
    tagSet = choice_context(0x50)
    componentType = fields(
        ("eimAcknowledgements", EimAcknowledgements()),
        ("emptyResponse", EmptyResponse()),
        (
            "provideEimPackageResultError",
            codes(eidNotFound=2, invalidEid=3, missingEid=4, undefinedError=127),
        ),
    )


StateChangeCauseName = Literal[
    "otherEim",
    "fallback",
    "emergencyProfile",
    "local",
    "reset",
    "immediateEnableProfile",
    "deviceChange",
    "undefined",
]


class GetEimPackageRequestValue(TypedDict):
    eidValue: bytes
    notifyStateChange: NotRequired[None]
    stateChangeCause: NotRequired[StateChangeCauseName | UnknownCode]
    rPLMN: NotRequired[bytes]


class GetEimPackageRequest(Sequence[GetEimPackageRequestValue]):
    tagSet = context(0x4F)
    componentType = fields(
        ("eidValue", EidValue),
        optional("notifyStateChange", implicit(0, univ.Null())),
        optional(
            "stateChangeCause",
            implicit(
                1,
                codes(
                    otherEim=0,
                    fallback=1,
                    emergencyProfile=2,
                    local=3,
                    reset=4,
                    immediateEnableProfile=5,
                    deviceChange=6,
                    undefined=127,
                ),
            ),
        ),
        optional("rPLMN", implicit(2, octets(3))),
    )


GetEimPackageErrorName = Literal[
    "noEimPackageAvailable", "eidNotFound", "invalidEid", "missingEid", "undefinedError"
]
GetEimPackageResponseValue = (
    tuple[Literal["euiccPackageRequest"], bytes]
    | tuple[Literal["ipaEuiccDataRequest"], IpaEuiccDataRequestValue]
    | tuple[Literal["profileDownloadTriggerRequest"], ProfileDownloadTriggerRequestValue]
    | tuple[Literal["eimPackageError"], GetEimPackageErrorName | UnknownCode]
)


class GetEimPackageResponse(Choice[GetEimPackageResponseValue]):
    tagSet = choice_context(0x4F)
    componentType = fields(
        ("euiccPackageRequest", EuiccPackageRequest),
        ("ipaEuiccDataRequest", IpaEuiccDataRequest()),
        ("profileDownloadTriggerRequest", ProfileDownloadTriggerRequest()),
        (
            "eimPackageError",
            codes(
                noEimPackageAvailable=1,
                eidNotFound=2,
                invalidEid=3,
                missingEid=4,
                undefinedError=127,
            ),
        ),
    )


TransferEimPackageRequestValue = (
    tuple[Literal["euiccPackageRequest"], bytes]
    | tuple[Literal["ipaEuiccDataRequest"], IpaEuiccDataRequestValue]
    | tuple[Literal["eimAcknowledgements"], ListOf[int]]
    | tuple[Literal["profileDownloadTriggerRequest"], ProfileDownloadTriggerRequestValue]
)


class TransferEimPackageRequest(Choice[TransferEimPackageRequestValue]):
    tagSet = choice_context(0x4E)
    componentType = fields(
        ("euiccPackageRequest", EuiccPackageRequest),
        ("ipaEuiccDataRequest", IpaEuiccDataRequest()),
        ("eimAcknowledgements", EimAcknowledgements()),
        ("profileDownloadTriggerRequest", ProfileDownloadTriggerRequest()),
    )


CorrelationIdValue = tuple[Literal["eimTransactionId"], bytes] | tuple[Literal["eidValue"], bytes]


class CorrelationId(Choice[CorrelationIdValue]):
    """Of SGP.32 v1.3: which package an IPA speaks of."""

    componentType = fields(
        ("eimTransactionId", implicit(0, TransactionId)),
        ("eidValue", EidValue),
    )


class EimPackageReceivedWithCidValue(TypedDict):
    correlationId: NotRequired[CorrelationIdValue]


class EimPackageReceivedWithCid(Sequence[EimPackageReceivedWithCidValue]):
    """Of SGP.32 v1.3."""

    tagSet = context(0x60)
    componentType = fields(optional("correlationId", explicit(0, CorrelationId())))


class EimPackageErrorWithCidValue(TypedDict):
    correlationId: NotRequired[CorrelationIdValue]
    eimPackageError: EimPackageErrorName | UnknownCode


class EimPackageErrorWithCid(Sequence[EimPackageErrorWithCidValue]):
    """Of SGP.32 v1.3."""

    tagSet = context(0x61)
    componentType = fields(
        optional("correlationId", explicit(0, CorrelationId())),
        ("eimPackageError", implicit(1, EimPackageErrorCode)),
    )


TransferEimPackageResponseValue = (
    tuple[Literal["euiccPackageResult"], bytes]
    | tuple[Literal["ePRAndNotifications"], EprAndNotificationsValue]
    | tuple[Literal["ipaEuiccDataResponse"], IpaEuiccDataResponseValue]
    | tuple[Literal["eimPackageReceived"], None]
    | tuple[Literal["eimPackageError"], EimPackageErrorName | UnknownCode]
    | tuple[Literal["eimPackageReceivedWithCid"], EimPackageReceivedWithCidValue]
    | tuple[Literal["eimPackageErrorWithCid"], EimPackageErrorWithCidValue]
)


class TransferEimPackageResponse(Choice[TransferEimPackageResponseValue]):
    tagSet = choice_context(0x4E)
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("ePRAndNotifications", EprAndNotifications()),
        ("ipaEuiccDataResponse", IpaEuiccDataResponse()),
        ("eimPackageReceived", univ.Null()),
        ("eimPackageError", EimPackageErrorCode),
        ("eimPackageReceivedWithCid", EimPackageReceivedWithCid()),
        ("eimPackageErrorWithCid", EimPackageErrorWithCid()),
    )


HandleNotificationEsipaValue = (
    tuple[Literal["pendingNotification"], PendingNotificationEsipaValue]
    | tuple[Literal["provideEimPackageResult"], ProvideEimPackageResultValue]
)


class HandleNotificationEsipa(Choice[HandleNotificationEsipaValue]):
    tagSet = choice_context(0x3D)
    componentType = fields(
        ("pendingNotification", explicit(0, PendingNotificationEsipa())),
        ("provideEimPackageResult", ProvideEimPackageResult()),
    )


# -- all messages, clause 6.3.1


EsipaMessageFromIpaToEimValue = (
    tuple[Literal["initiateAuthenticationRequestEsipa"], InitiateAuthenticationRequestEsipaValue]
    | tuple[Literal["authenticateClientRequestEsipa"], AuthenticateClientRequestEsipaValue]
    | tuple[Literal["getBoundProfilePackageRequestEsipa"], GetBoundProfilePackageRequestEsipaValue]
    | tuple[Literal["cancelSessionRequestEsipa"], CancelSessionRequestEsipaValue]
    | tuple[Literal["handleNotificationEsipa"], HandleNotificationEsipaValue]
    | tuple[Literal["transferEimPackageResponse"], TransferEimPackageResponseValue]
    | tuple[Literal["getEimPackageRequest"], GetEimPackageRequestValue]
    | tuple[Literal["provideEimPackageResult"], ProvideEimPackageResultValue]
)


class EsipaMessageFromIpaToEim(Choice[EsipaMessageFromIpaToEimValue]):
    componentType = fields(
        ("initiateAuthenticationRequestEsipa", InitiateAuthenticationRequestEsipa()),
        ("authenticateClientRequestEsipa", AuthenticateClientRequestEsipa()),
        ("getBoundProfilePackageRequestEsipa", GetBoundProfilePackageRequestEsipa()),
        ("cancelSessionRequestEsipa", CancelSessionRequestEsipa()),
        ("handleNotificationEsipa", HandleNotificationEsipa()),
        ("transferEimPackageResponse", TransferEimPackageResponse()),
        ("getEimPackageRequest", GetEimPackageRequest()),
        ("provideEimPackageResult", ProvideEimPackageResult()),
    )


EsipaMessageFromEimToIpaValue = (
    tuple[Literal["initiateAuthenticationResponseEsipa"], InitiateAuthenticationResponseEsipaValue]
    | tuple[Literal["authenticateClientResponseEsipa"], AuthenticateClientResponseEsipaValue]
    | tuple[
        Literal["getBoundProfilePackageResponseEsipa"], GetBoundProfilePackageResponseEsipaValue
    ]
    | tuple[Literal["cancelSessionResponseEsipa"], CancelSessionResponseEsipaValue]
    | tuple[Literal["transferEimPackageRequest"], TransferEimPackageRequestValue]
    | tuple[Literal["getEimPackageResponse"], GetEimPackageResponseValue]
    | tuple[Literal["provideEimPackageResultResponse"], ProvideEimPackageResultResponseValue]
)


class EsipaMessageFromEimToIpa(Choice[EsipaMessageFromEimToIpaValue]):
    componentType = fields(
        ("initiateAuthenticationResponseEsipa", InitiateAuthenticationResponseEsipa()),
        ("authenticateClientResponseEsipa", AuthenticateClientResponseEsipa()),
        ("getBoundProfilePackageResponseEsipa", GetBoundProfilePackageResponseEsipa()),
        ("cancelSessionResponseEsipa", CancelSessionResponseEsipa()),
        ("transferEimPackageRequest", TransferEimPackageRequest()),
        ("getEimPackageResponse", GetEimPackageResponse()),
        ("provideEimPackageResultResponse", ProvideEimPackageResultResponse()),
    )
