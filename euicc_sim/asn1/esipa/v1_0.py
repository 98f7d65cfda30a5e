"""Types of GSMA SGP.32 v1.0 and v1.0.1 where their ESipa messages differ from those of v1.2.

Clauses 2.11.2 and 6.3.2. Only for an IPA's messages: those of an eIM can be written so that both
versions understand them. If a tagged CHOICE gets another tag by AUTOMATIC TAGS, some compilers put
it around the type's own and others replace that; both forms are here.
"""

from typing import Literal, NotRequired, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.esipa.packages import (
    EuiccPackageResult,
    EuiccPackageResultList,
    IpaCapabilities,
    PendingNotificationEsipa,
    PendingNotificationList,
    ProfileInstallationResult,
)
from euicc_sim.asn1.primitives import StoredInteger
from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22.download import DeviceInfo
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
from euicc_sim.asn1.types import Choice, ListOf, Sequence, UnknownCode


class GetEimPackageRequestValue(TypedDict):
    eidValue: bytes
    notifyStateChange: NotRequired[None]
    rPLMN: NotRequired[bytes]


class GetEimPackageRequest(Sequence[GetEimPackageRequestValue]):
    """Without a cause, so that rPLMN has its tag."""

    tagSet = context(0x4F)
    componentType = fields(
        ("eidValue", sgp22.EidValue),
        optional("notifyStateChange", implicit(0, univ.Null())),
        optional("rPLMN", implicit(1, octets(3))),
    )


NotificationsListResultErrorName = Literal["undefinedError"]
_ERROR = codes(invalidPackageFormat=1, unknownPackage=2, undefinedError=127)


class NotificationAndEprListValue(TypedDict):
    notificationList: ListOf[bytes]
    euiccPackageResultList: ListOf[bytes]


class NotificationAndEprList(Sequence[NotificationAndEprListValue]):
    componentType = fields(
        ("notificationList", implicit(0, PendingNotificationList())),
        ("euiccPackageResultList", implicit(1, EuiccPackageResultList())),
    )


NotificationsListValue = (
    tuple[Literal["notificationList"], ListOf[bytes]]
    | tuple[Literal["notificationsListResultError"], NotificationsListResultErrorName | UnknownCode]
    | tuple[Literal["euiccPackageResultList"], ListOf[bytes]]
    | tuple[Literal["notificationAndEprList"], NotificationAndEprListValue]
)


class NotificationsList(Choice[NotificationsListValue]):
    """RetrieveNotificationsListResponse."""

    tagSet = choice_context(0x2B)
    componentType = fields(
        ("notificationList", implicit(0, PendingNotificationList())),
        ("notificationsListResultError", implicit(1, codes(undefinedError=127))),
        ("euiccPackageResultList", implicit(2, EuiccPackageResultList())),
        ("notificationAndEprList", implicit(3, NotificationAndEprList())),
    )


class EprAndNotifications(univ.Sequence):
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult), ("notificationList", NotificationsList())
    )


class IpaEuiccData(univ.Sequence):
    componentType = fields(
        optional("defaultSmdpAddress", implicit(0, char.UTF8String())),
        optional("euiccInfo1", carried(context(0x20))),
        optional("euiccInfo2", carried(context(0x22))),
        optional("rootSmdsAddress", implicit(3, char.UTF8String())),
        optional("associationToken", implicit(4, StoredInteger())),
        optional("eumCertificate", implicit(5, sgp22.Certificate())),
        optional("euiccCertificate", implicit(6, sgp22.Certificate())),
        optional("ipaCapabilities", implicit(8, IpaCapabilities())),
        optional("deviceInfo", implicit(9, DeviceInfo())),
        optional("notificationsList", NotificationsList()),
    )


class IpaEuiccDataResponse(univ.Choice):
    tagSet = choice_context(0x52)
    componentType = fields(
        ("ipaEuiccData", implicit(0, IpaEuiccData())),
        (
            "ipaEuiccDataError",
            implicit(1, codes(incorrectTagList=1, euiccCiPKIdNotFound=5, undefinedError=127)),
        ),
    )


class ProfileDownloadError(univ.Sequence):
    componentType = fields(optional("errorResponse", implicit(0, univ.OctetString())))


class ProfileDownloadTriggerResultData(univ.Choice):
    componentType = fields(
        ("profileInstallationResult", ProfileInstallationResult),
        ("profileDownloadError", ProfileDownloadError()),
    )


class ProfileDownloadTriggerResult(univ.Sequence):
    tagSet = context(0x54)
    componentType = fields(
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        ("profileDownloadTriggerResultData", ProfileDownloadTriggerResultData()),
    )


class ProvideEimPackageResult(univ.Choice):
    tagSet = choice_context(0x50)
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("ePRAndNotifications", EprAndNotifications()),
        ("ipaEuiccDataResponse", IpaEuiccDataResponse()),
        ("profileDownloadTriggerResult", ProfileDownloadTriggerResult()),
        ("eimPackageError", _ERROR),
    )


class TransferEimPackageResponse(univ.Choice):
    tagSet = choice_context(0x4E)
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("ePRAndNotifications", EprAndNotifications()),
        ("ipaEuiccDataResponse", IpaEuiccDataResponse()),
        ("eimPackageReceived", univ.Null()),
        ("eimPackageError", _ERROR),
    )


class HandleNotificationEsipa(univ.Choice):
    tagSet = choice_context(0x3D)
    componentType = fields(
        ("pendingNotification", explicit(0, PendingNotificationEsipa())),
        ("provideEimPackageResult", explicit(1, ProvideEimPackageResult())),
    )


class ProvidedInPlace(univ.Choice):
    """ProvideEimPackageResult with its own tag replaced."""

    tagSet = choice_context(1)
    componentType = ProvideEimPackageResult.componentType


class HandleNotificationInPlace(univ.Choice):
    tagSet = choice_context(0x3D)
    componentType = fields(("provideEimPackageResult", ProvidedInPlace()))


class CancelSessionRequestInPlace(univ.Sequence):
    """CancelSessionRequestEsipa with the tag BF41 replaced by A1, in all versions."""

    tagSet = context(0x41)
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("cancelSessionResponse", carried(context(1))),
    )
