"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: functions that switch Profiles, and lists.

Clauses 5.9.11 to 5.9.24 and 3.8.4. Names and tags are the module's.
"""

from typing import Literal, NotRequired, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22 import notifications as sgp22_notifications
from euicc_sim.asn1.sgp32.packages import EuiccPackageResult, EuiccPackageResultValue
from euicc_sim.asn1.sgp32.profiles import PendingNotification, PendingNotificationValue
from euicc_sim.asn1.tags import (
    bits,
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    optional,
    result,
    sequence_of,
)
from euicc_sim.asn1.types import Choice, ListOf, Nothing, Sequence, UnknownCode


class RetrieveSearchCriteria(sgp22_notifications.NotificationSearchCriteria):
    componentType = fields(
        ("seqNumber", implicit(0, univ.Integer())),
        ("profileManagementOperation", implicit(1, sgp22.NotificationEvent)),
        ("euiccPackageResults", implicit(2, univ.Null())),
    )


class RetrieveNotificationsListRequest(sgp22_notifications.RetrieveNotificationsListRequest):
    componentType = fields(optional("searchCriteria", explicit(0, RetrieveSearchCriteria())))


class NotificationAndEprListValue(TypedDict):
    notificationList: ListOf[PendingNotificationValue]
    euiccPackageResultList: ListOf[EuiccPackageResultValue]


NotificationsListResultErrorName = Literal["undefinedError"]
RetrieveNotificationsListResponseValue = (
    tuple[Literal["notificationList"], ListOf[PendingNotificationValue]]
    | tuple[Literal["notificationsListResultError"], NotificationsListResultErrorName | UnknownCode]
    | tuple[Literal["euiccPackageResultList"], ListOf[EuiccPackageResultValue]]
    | tuple[Literal["notificationAndEprList"], NotificationAndEprListValue]
)


class RetrieveNotificationsListResponse(Choice[RetrieveNotificationsListResponseValue]):
    tagSet = choice_context(0x2B)
    componentType = fields(
        ("notificationList", implicit(0, sequence_of(PendingNotification()))),
        ("notificationsListResultError", implicit(1, codes(undefinedError=127))),
        ("euiccPackageResultList", implicit(2, sequence_of(EuiccPackageResult()))),
    )


_REFRESH = fields(("refreshFlag", implicit(0, univ.Boolean())))


class ImmediateEnableRequestValue(TypedDict):
    refreshFlag: NotRequired[bool]


class ImmediateEnableRequest(Sequence[ImmediateEnableRequestValue]):
    tagSet = context(0x5A)
    componentType = _REFRESH


ImmediateEnableResult = codes(
    ok=0, immediateEnableNotAvailable=1, noSessionContext=4, catBusy=5, undefinedError=127
)
ImmediateEnableResultName = Literal[
    "ok", "immediateEnableNotAvailable", "noSessionContext", "catBusy", "undefinedError"
]


class ImmediateEnableResponseValue(TypedDict):
    immediateEnableResult: ImmediateEnableResultName | UnknownCode


class ImmediateEnableResponse(Sequence[ImmediateEnableResponseValue]):
    tagSet = context(0x5A)
    componentType = fields(("immediateEnableResult", implicit(0, ImmediateEnableResult)))


class RefreshValue(TypedDict):
    refreshFlag: bool


class ProfileRollbackRequest(Sequence[RefreshValue]):
    tagSet = context(0x58)
    componentType = _REFRESH


ProfileRollbackResult = codes(
    ok=0, rollbackNotAllowed=1, catBusy=5, commandError=7, undefinedError=127
)
ProfileRollbackResultName = Literal[
    "ok", "rollbackNotAllowed", "catBusy", "commandError", "undefinedError"
]


class ProfileRollbackResponseValue(TypedDict):
    cmdResult: ProfileRollbackResultName | UnknownCode
    eUICCPackageResult: NotRequired[EuiccPackageResultValue]


class ProfileRollbackResponse(Sequence[ProfileRollbackResponseValue]):
    tagSet = context(0x58)
    componentType = fields(
        ("cmdResult", ProfileRollbackResult),
        optional("eUICCPackageResult", EuiccPackageResult()),
    )


class ConfigureImmediateProfileEnablingRequestValue(TypedDict):
    immediateEnableFlag: NotRequired[None]
    defaultSmdpOid: NotRequired[str]
    defaultSmdpAddress: NotRequired[str]


class ConfigureImmediateProfileEnablingRequest(
    Sequence[ConfigureImmediateProfileEnablingRequestValue]
):
    tagSet = context(0x59)
    componentType = fields(
        optional("immediateEnableFlag", implicit(0, univ.Null())),
        optional("defaultSmdpOid", implicit(1, univ.ObjectIdentifier())),
        optional("defaultSmdpAddress", implicit(2, char.UTF8String())),
    )


ConfigImmediateEnableResultName = Literal[
    "ok", "insufficientMemory", "associatedEimAlreadyExists", "undefinedError"
]


class ConfigureImmediateProfileEnablingResponseValue(TypedDict):
    configImmediateEnableResult: ConfigImmediateEnableResultName | UnknownCode


class ConfigureImmediateProfileEnablingResponse(
    Sequence[ConfigureImmediateProfileEnablingResponseValue]
):
    tagSet = context(0x59)
    componentType = result(
        "configImmediateEnableResult", insufficientMemory=1, associatedEimAlreadyExists=2
    )


class ExecuteFallbackMechanismRequest(Sequence[RefreshValue]):
    tagSet = context(0x5D)
    componentType = _REFRESH


ExecuteFallbackMechanismResultName = Literal[
    "ok",
    "profileNotInDisabledState",
    "catBusy",
    "fallbackNotAvailable",
    "commandError",
    "ecallActive",
    "undefinedError",
]


class ExecuteFallbackMechanismResponseValue(TypedDict):
    executeFallbackMechanismResult: ExecuteFallbackMechanismResultName | UnknownCode


class ExecuteFallbackMechanismResponse(Sequence[ExecuteFallbackMechanismResponseValue]):
    tagSet = context(0x5D)
    componentType = result(
        "executeFallbackMechanismResult",
        profileNotInDisabledState=2,
        catBusy=5,
        fallbackNotAvailable=6,
        commandError=7,
        ecallActive=104,
    )


class ReturnFromFallbackRequest(Sequence[RefreshValue]):
    tagSet = context(0x5E)
    componentType = _REFRESH


ReturnFromFallbackResultName = Literal[
    "ok", "catBusy", "fallbackNotAvailable", "commandError", "undefinedError"
]


class ReturnFromFallbackResponseValue(TypedDict):
    returnFromFallbackResult: ReturnFromFallbackResultName | UnknownCode


class ReturnFromFallbackResponse(Sequence[ReturnFromFallbackResponseValue]):
    tagSet = context(0x5E)
    componentType = result(
        "returnFromFallbackResult", catBusy=5, fallbackNotAvailable=6, commandError=7
    )


class EnableEmergencyProfileRequest(Sequence[RefreshValue]):
    tagSet = context(0x5B)
    componentType = _REFRESH


EnableEmergencyProfileResultName = Literal[
    "ok", "profileNotInDisabledState", "catBusy", "ecallNotAvailable", "undefinedError"
]


class EnableEmergencyProfileResponseValue(TypedDict):
    enableEmergencyProfileResult: EnableEmergencyProfileResultName | UnknownCode


class EnableEmergencyProfileResponse(Sequence[EnableEmergencyProfileResponseValue]):
    tagSet = context(0x5B)
    componentType = result(
        "enableEmergencyProfileResult", profileNotInDisabledState=2, catBusy=5, ecallNotAvailable=8
    )


class DisableEmergencyProfileRequest(Sequence[RefreshValue]):
    tagSet = context(0x5C)
    componentType = _REFRESH


DisableEmergencyProfileResultName = Literal[
    "ok", "profileNotInEnabledState", "catBusy", "ecallNotAvailable", "undefinedError"
]
"""ecallNotAvailable since v1.3."""


class DisableEmergencyProfileResponseValue(TypedDict):
    disableEmergencyProfileResult: DisableEmergencyProfileResultName | UnknownCode


class DisableEmergencyProfileResponse(Sequence[DisableEmergencyProfileResponseValue]):
    tagSet = context(0x5C)
    componentType = result("disableEmergencyProfileResult", profileNotInEnabledState=2, catBusy=5)


class GetConnectivityParametersRequest(Sequence[Nothing]):
    tagSet = context(0x5F)
    componentType = fields()


class ConnectivityParametersValue(TypedDict):
    httpParams: NotRequired[bytes]


class ConnectivityParameters(Sequence[ConnectivityParametersValue]):
    componentType = fields(optional("httpParams", implicit(1, univ.OctetString())))


ConnectivityParametersErrorName = Literal["parametersNotAvailable", "undefinedError"]
GetConnectivityParametersResponseValue = (
    tuple[Literal["connectivityParameters"], ConnectivityParametersValue]
    | tuple[Literal["connectivityParametersError"], ConnectivityParametersErrorName | UnknownCode]
)


class GetConnectivityParametersResponse(Choice[GetConnectivityParametersResponseValue]):
    tagSet = choice_context(0x5F)
    componentType = fields(
        ("connectivityParameters", implicit(0, ConnectivityParameters())),
        (
            "connectivityParametersError",
            implicit(1, codes(parametersNotAvailable=1, undefinedError=127)),
        ),
    )


class IpaeActivationRequestValue(TypedDict):
    ipaeOption: frozenset[int]


class IpaeActivationRequest(Sequence[IpaeActivationRequestValue]):
    tagSet = context(0x42)
    componentType = fields(("ipaeOption", implicit(0, bits("activateIpae"))))


IpaeActivationResultName = Literal["ok", "notSupported"]


class IpaeActivationResponseValue(TypedDict):
    ipaeActivationResult: IpaeActivationResultName | UnknownCode


class IpaeActivationResponse(Sequence[IpaeActivationResponseValue]):
    tagSet = context(0x42)
    componentType = fields(("ipaeActivationResult", implicit(0, codes(ok=0, notSupported=1))))
