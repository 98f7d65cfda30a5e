"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: the functions of ESipa, and all messages.

Clauses 6.3.1, 6.3.2.4 and 6.3.2.6 to 6.3.2.8. Names and tags are the module's.
"""

from pyasn1.type import univ

from euicc_sim.asn1.esipa.download import (
    AuthenticateClientRequestEsipa,
    AuthenticateClientResponseEsipa,
    CancelSessionRequestEsipa,
    CancelSessionResponseEsipa,
    GetBoundProfilePackageRequestEsipa,
    GetBoundProfilePackageResponseEsipa,
    InitiateAuthenticationRequestEsipa,
    InitiateAuthenticationResponseEsipa,
)
from euicc_sim.asn1.esipa.packages import (
    EidValue,
    EimAcknowledgements,
    EimPackageErrorCode,
    EimPackageResult,
    EprAndNotifications,
    EuiccPackageRequest,
    EuiccPackageResult,
    IpaEuiccDataRequest,
    IpaEuiccDataResponse,
    PendingNotificationEsipa,
    ProfileDownloadTriggerRequest,
)
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


class ProvideEimPackageResult(univ.Sequence):
    tagSet = context(0x50)
    componentType = fields(optional("eidValue", EidValue), ("eimPackageResult", EimPackageResult()))


class EmptyResponse(univ.Sequence):
    componentType = fields()


class ProvideEimPackageResultResponse(univ.Choice):
    tagSet = choice_context(0x50)
    componentType = fields(
        ("eimAcknowledgements", EimAcknowledgements()),
        ("emptyResponse", EmptyResponse()),
        (
            "provideEimPackageResultError",
            codes(eidNotFound=2, invalidEid=3, missingEid=4, undefinedError=127),
        ),
    )


class GetEimPackageRequest(univ.Sequence):
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
                ),
            ),
        ),
        optional("rPLMN", implicit(2, octets(3))),
    )


class GetEimPackageResponse(univ.Choice):
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


class TransferEimPackageRequest(univ.Choice):
    tagSet = choice_context(0x4E)
    componentType = fields(
        ("euiccPackageRequest", EuiccPackageRequest),
        ("ipaEuiccDataRequest", IpaEuiccDataRequest()),
        ("eimAcknowledgements", EimAcknowledgements()),
        ("profileDownloadTriggerRequest", ProfileDownloadTriggerRequest()),
    )


class TransferEimPackageResponse(univ.Choice):
    tagSet = choice_context(0x4E)
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("ePRAndNotifications", EprAndNotifications()),
        ("ipaEuiccDataResponse", IpaEuiccDataResponse()),
        ("eimPackageReceived", univ.Null()),
        ("eimPackageError", EimPackageErrorCode),
    )


class HandleNotificationEsipa(univ.Choice):
    tagSet = choice_context(0x3D)
    componentType = fields(
        ("pendingNotification", explicit(0, PendingNotificationEsipa())),
        ("provideEimPackageResult", ProvideEimPackageResult()),
    )


# -- all messages, clause 6.3.1


class EsipaMessageFromIpaToEim(univ.Choice):
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


class EsipaMessageFromEimToIpa(univ.Choice):
    componentType = fields(
        ("initiateAuthenticationResponseEsipa", InitiateAuthenticationResponseEsipa()),
        ("authenticateClientResponseEsipa", AuthenticateClientResponseEsipa()),
        ("getBoundProfilePackageResponseEsipa", GetBoundProfilePackageResponseEsipa()),
        ("cancelSessionResponseEsipa", CancelSessionResponseEsipa()),
        ("transferEimPackageRequest", TransferEimPackageRequest()),
        ("getEimPackageResponse", GetEimPackageResponse()),
        ("provideEimPackageResultResponse", ProvideEimPackageResultResponse()),
    )
