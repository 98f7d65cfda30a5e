"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: eIM Packages and their results.

Clauses 2.11.1 and 2.11.2. Names and tags are the module's. Objects signed by a card or an SM-DP+
are kept as bytes; only their tags are known.
"""

from typing import Literal, NotRequired, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.primitives import StoredInteger
from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22.download import DeviceInfo, DeviceInfoValue
from euicc_sim.asn1.tags import (
    bits,
    carried,
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    optional,
    utf8,
)
from euicc_sim.asn1.types import Choice, ListOf, Sequence, SequenceOf, UnknownCode

EidValue = sgp22.EidValue
EuiccPackageRequest = carried(context(0x51))
EuiccPackageResult = carried(context(0x51))
ProfileInstallationResult = carried(context(0x37))
SequenceNumber = implicit(0, univ.Integer())


PendingNotificationEsipaValue = (
    tuple[Literal["profileInstallationResult"], bytes]
    | tuple[Literal["otherSignedNotification"], bytes]
    | tuple[Literal["compactProfileInstallationResult"], bytes]
    | tuple[Literal["compactOtherSignedNotification"], bytes]
)


class PendingNotificationEsipa(Choice[PendingNotificationEsipaValue]):
    """The PendingNotification of the module, with the compact forms that only an IPA makes."""

    componentType = fields(
        ("profileInstallationResult", ProfileInstallationResult),
        ("otherSignedNotification", carried(univ.Sequence.tagSet)),
        ("compactProfileInstallationResult", carried(context(0))),
        ("compactOtherSignedNotification", carried(context(1))),
    )


class PendingNotificationList(SequenceOf[ListOf[bytes]]):
    items_kept_as_is = True
    componentType = PendingNotificationEsipa()


class EuiccPackageResultList(SequenceOf[ListOf[bytes]]):
    items_kept_as_is = True
    componentType = EuiccPackageResult


# -- eIM Packages, clause 2.11.1


NotificationCriteriaValue = (
    tuple[Literal["seqNumber"], int] | tuple[Literal["profileManagementOperation"], frozenset[int]]
)


class NotificationCriteria(Choice[NotificationCriteriaValue]):
    componentType = fields(
        ("seqNumber", implicit(0, univ.Integer())),
        ("profileManagementOperation", implicit(1, sgp22.NotificationEvent)),
    )


PackageResultCriteriaValue = tuple[Literal["seqNumber"], int]


class PackageResultCriteria(Choice[PackageResultCriteriaValue]):
    componentType = fields(("seqNumber", implicit(0, univ.Integer())))


class IpaEuiccDataRequestValue(TypedDict):
    tagList: bytes
    euiccCiPKIdentifierToBeUsed: NotRequired[bytes]
    searchCriteriaNotification: NotRequired[NotificationCriteriaValue]
    searchCriteriaEuiccPackageResult: NotRequired[PackageResultCriteriaValue]
    eimTransactionId: NotRequired[bytes]


class IpaEuiccDataRequest(Sequence[IpaEuiccDataRequestValue]):
    tagSet = context(0x52)
    componentType = fields(
        ("tagList", implicit(28, univ.OctetString(), "application")),
        optional("euiccCiPKIdentifierToBeUsed", univ.OctetString()),
        optional("searchCriteriaNotification", explicit(1, NotificationCriteria())),
        optional("searchCriteriaEuiccPackageResult", explicit(2, PackageResultCriteria())),
        optional("eimTransactionId", implicit(3, sgp22.TransactionId)),
    )


class EimAcknowledgements(SequenceOf[ListOf[int]]):
    tagSet = context(0x53)
    componentType = SequenceNumber


class ContactSmdsValue(TypedDict):
    smdsAddress: NotRequired[str]


class ContactSmds(Sequence[ContactSmdsValue]):
    componentType = fields(optional("smdsAddress", implicit(0, char.UTF8String())))


ProfileDownloadDataValue = (
    tuple[Literal["activationCode"], str]
    | tuple[Literal["contactDefaultSmdp"], None]
    | tuple[Literal["contactSmds"], ContactSmdsValue]
)


class ProfileDownloadData(Choice[ProfileDownloadDataValue]):
    componentType = fields(
        ("activationCode", implicit(0, utf8(0, 255))),
        ("contactDefaultSmdp", implicit(1, univ.Null())),
        ("contactSmds", implicit(2, ContactSmds())),
    )


class ProfileDownloadTriggerRequestValue(TypedDict):
    profileDownloadData: NotRequired[ProfileDownloadDataValue]
    eimTransactionId: NotRequired[bytes]


class ProfileDownloadTriggerRequest(Sequence[ProfileDownloadTriggerRequestValue]):
    tagSet = context(0x54)
    componentType = fields(
        optional("profileDownloadData", explicit(0, ProfileDownloadData())),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
    )


# -- results, clause 2.11.2

IpaFeatures = bits(
    "directRspServerCommunication",
    "indirectRspServerCommunication",
    "eimDownloadDataHandling",
    "eimCtxParams1Generation",
    "eimProfileMetadataVerification",
    "minimizeEsipaBytes",
)


class IpaCapabilitiesValue(TypedDict):
    ipaFeatures: frozenset[int]
    ipaSupportedProtocols: NotRequired[frozenset[int]]
    eSipaProprietaryProtocolInformation: NotRequired[bytes]


class IpaCapabilities(Sequence[IpaCapabilitiesValue]):
    """eSipaProprietaryProtocolInformation is of SGP.32 v1.3."""

    componentType = fields(
        ("ipaFeatures", implicit(0, IpaFeatures)),
        optional(
            "ipaSupportedProtocols",
            implicit(
                1,
                bits(
                    "ipaRetrieveHttps",
                    "ipaRetrieveCoaps",
                    "ipaInjectHttps",
                    "ipaInjectCoaps",
                    "ipaProprietary",
                ),
            ),
        ),
        optional("eSipaProprietaryProtocolInformation", carried(context(2))),
    )


class IpaEuiccDataValue(TypedDict):
    notificationsList: NotRequired[ListOf[bytes]]
    defaultSmdpAddress: NotRequired[str]
    euiccPackageResultList: NotRequired[ListOf[bytes]]
    euiccInfo1: NotRequired[bytes]
    euiccInfo2: NotRequired[bytes]
    rootSmdsAddress: NotRequired[str]
    associationToken: NotRequired[int]
    eumCertificate: NotRequired[bytes]
    euiccCertificate: NotRequired[bytes]
    eimTransactionId: NotRequired[bytes]
    ipaCapabilities: NotRequired[IpaCapabilitiesValue]
    deviceInfo: NotRequired[DeviceInfoValue]


class IpaEuiccData(Sequence[IpaEuiccDataValue]):
    componentType = fields(
        optional("notificationsList", implicit(0, PendingNotificationList())),
        optional("defaultSmdpAddress", implicit(1, char.UTF8String())),
        optional("euiccPackageResultList", implicit(2, EuiccPackageResultList())),
        optional("euiccInfo1", carried(context(0x20))),
        optional("euiccInfo2", carried(context(0x22))),
        optional("rootSmdsAddress", implicit(3, char.UTF8String())),
        optional("associationToken", implicit(4, StoredInteger())),
        optional("eumCertificate", implicit(5, sgp22.Certificate())),
        optional("euiccCertificate", implicit(6, sgp22.Certificate())),
        optional("eimTransactionId", implicit(7, sgp22.TransactionId)),
        optional("ipaCapabilities", implicit(8, IpaCapabilities())),
        optional("deviceInfo", implicit(9, DeviceInfo())),
    )


IpaEuiccDataErrorName = Literal[
    "incorrectTagList", "euiccCiPKIdNotFound", "ecallActive", "undefinedError"
]


class IpaEuiccDataResponseErrorValue(TypedDict):
    eimTransactionId: NotRequired[bytes]
    ipaEuiccDataErrorCode: IpaEuiccDataErrorName | UnknownCode


class IpaEuiccDataResponseError(Sequence[IpaEuiccDataResponseErrorValue]):
    componentType = fields(
        optional("eimTransactionId", implicit(0, sgp22.TransactionId)),
        (
            "ipaEuiccDataErrorCode",
            codes(incorrectTagList=1, euiccCiPKIdNotFound=5, ecallActive=104, undefinedError=127),
        ),
    )


IpaEuiccDataResponseValue = (
    tuple[Literal["ipaEuiccData"], IpaEuiccDataValue]
    | tuple[Literal["ipaEuiccDataResponseError"], IpaEuiccDataResponseErrorValue]
)


class IpaEuiccDataResponse(Choice[IpaEuiccDataResponseValue]):
    tagSet = choice_context(0x52)
    componentType = fields(
        ("ipaEuiccData", implicit(0, IpaEuiccData())),
        ("ipaEuiccDataResponseError", implicit(1, IpaEuiccDataResponseError())),
    )


ProfileDownloadErrorReasonName = Literal["ecallActive", "undefinedError"]


class ProfileDownloadErrorValue(TypedDict):
    profileDownloadErrorReason: ProfileDownloadErrorReasonName | UnknownCode
    errorResponse: NotRequired[bytes]


class ProfileDownloadError(Sequence[ProfileDownloadErrorValue]):
    componentType = fields(
        ("profileDownloadErrorReason", implicit(0, codes(ecallActive=104, undefinedError=127))),
        optional("errorResponse", univ.OctetString()),
    )


ProfileDownloadTriggerResultDataValue = (
    tuple[Literal["profileInstallationResult"], bytes]
    | tuple[Literal["profileDownloadError"], ProfileDownloadErrorValue]
)


class ProfileDownloadTriggerResultData(Choice[ProfileDownloadTriggerResultDataValue]):
    componentType = fields(
        ("profileInstallationResult", ProfileInstallationResult),
        ("profileDownloadError", ProfileDownloadError()),
    )


class ProfileDownloadTriggerResultValue(TypedDict):
    eimTransactionId: NotRequired[bytes]
    profileDownloadTriggerResultData: ProfileDownloadTriggerResultDataValue


class ProfileDownloadTriggerResult(Sequence[ProfileDownloadTriggerResultValue]):
    tagSet = context(0x54)
    componentType = fields(
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        ("profileDownloadTriggerResultData", ProfileDownloadTriggerResultData()),
    )


class EprAndNotificationsValue(TypedDict):
    euiccPackageResult: bytes
    notificationList: ListOf[bytes]


class EprAndNotifications(Sequence[EprAndNotificationsValue]):
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("notificationList", implicit(0, PendingNotificationList())),
    )


EimPackageErrorCode = codes(invalidPackageFormat=1, unknownPackage=2, undefinedError=127)
EimPackageErrorName = Literal["invalidPackageFormat", "unknownPackage", "undefinedError"]


class EimPackageResultResponseErrorValue(TypedDict):
    eimTransactionId: NotRequired[bytes]
    eimPackageResultErrorCode: EimPackageErrorName | UnknownCode


class EimPackageResultResponseError(Sequence[EimPackageResultResponseErrorValue]):
    componentType = fields(
        optional("eimTransactionId", implicit(0, sgp22.TransactionId)),
        ("eimPackageResultErrorCode", EimPackageErrorCode),
    )


EimPackageResultValue = (
    tuple[Literal["euiccPackageResult"], bytes]
    | tuple[Literal["ePRAndNotifications"], EprAndNotificationsValue]
    | tuple[Literal["ipaEuiccDataResponse"], IpaEuiccDataResponseValue]
    | tuple[Literal["profileDownloadTriggerResult"], ProfileDownloadTriggerResultValue]
    | tuple[Literal["eimPackageResultResponseError"], EimPackageResultResponseErrorValue]
)


class EimPackageResult(Choice[EimPackageResultValue]):
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("ePRAndNotifications", EprAndNotifications()),
        ("ipaEuiccDataResponse", IpaEuiccDataResponse()),
        ("profileDownloadTriggerResult", ProfileDownloadTriggerResult()),
        ("eimPackageResultResponseError", implicit(0, EimPackageResultResponseError())),
    )
