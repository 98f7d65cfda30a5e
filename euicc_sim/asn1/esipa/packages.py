"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: eIM Packages and what comes of them.

Clauses 2.11.1 and 2.11.2. Names and tags are the module's. What a card or an SM-DP+ has signed is
carried: its tag is known, its bytes are kept.
"""

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22.download import DeviceInfo
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

EidValue = sgp22.EidValue
EuiccPackageRequest = carried(context(0x51))
EuiccPackageResult = carried(context(0x51))
ProfileInstallationResult = carried(context(0x37))
SequenceNumber = implicit(0, univ.Integer())


class PendingNotificationEsipa(univ.Choice):
    """The module's PendingNotification, with the compact forms that only an IPA makes."""

    componentType = fields(
        ("profileInstallationResult", ProfileInstallationResult),
        ("otherSignedNotification", carried(univ.Sequence.tagSet)),
        ("compactProfileInstallationResult", carried(context(0))),
        ("compactOtherSignedNotification", carried(context(1))),
    )


class PendingNotificationList(univ.SequenceOf):
    items_kept_as_is = True
    componentType = PendingNotificationEsipa()


class EuiccPackageResultList(univ.SequenceOf):
    items_kept_as_is = True
    componentType = EuiccPackageResult


# -- eIM Packages, clause 2.11.1


class NotificationCriteria(univ.Choice):
    componentType = fields(
        ("seqNumber", implicit(0, univ.Integer())),
        ("profileManagementOperation", implicit(1, sgp22.NotificationEvent)),
    )


class PackageResultCriteria(univ.Choice):
    componentType = fields(("seqNumber", implicit(0, univ.Integer())))


class IpaEuiccDataRequest(univ.Sequence):
    tagSet = context(0x52)
    componentType = fields(
        ("tagList", implicit(28, univ.OctetString(), "application")),
        optional("euiccCiPKIdentifierToBeUsed", univ.OctetString()),
        optional("searchCriteriaNotification", explicit(1, NotificationCriteria())),
        optional("searchCriteriaEuiccPackageResult", explicit(2, PackageResultCriteria())),
        optional("eimTransactionId", implicit(3, sgp22.TransactionId)),
    )


class EimAcknowledgements(univ.SequenceOf):
    tagSet = context(0x53)
    componentType = SequenceNumber


class ContactSmds(univ.Sequence):
    componentType = fields(optional("smdsAddress", implicit(0, char.UTF8String())))


class ProfileDownloadData(univ.Choice):
    componentType = fields(
        ("activationCode", implicit(0, utf8(0, 255))),
        ("contactDefaultSmdp", implicit(1, univ.Null())),
        ("contactSmds", implicit(2, ContactSmds())),
    )


class ProfileDownloadTriggerRequest(univ.Sequence):
    tagSet = context(0x54)
    componentType = fields(
        optional("profileDownloadData", explicit(0, ProfileDownloadData())),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
    )


# -- what comes of them, clause 2.11.2

IpaFeatures = bits(
    "directRspServerCommunication",
    "indirectRspServerCommunication",
    "eimDownloadDataHandling",
    "eimCtxParams1Generation",
    "eimProfileMetadataVerification",
    "minimizeEsipaBytes",
)


class IpaCapabilities(univ.Sequence):
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
    )


class IpaEuiccData(univ.Sequence):
    componentType = fields(
        optional("notificationsList", implicit(0, PendingNotificationList())),
        optional("defaultSmdpAddress", implicit(1, char.UTF8String())),
        optional("euiccPackageResultList", implicit(2, EuiccPackageResultList())),
        optional("euiccInfo1", carried(context(0x20))),
        optional("euiccInfo2", carried(context(0x22))),
        optional("rootSmdsAddress", implicit(3, char.UTF8String())),
        optional("associationToken", implicit(4, univ.Integer())),
        optional("eumCertificate", implicit(5, sgp22.Certificate())),
        optional("euiccCertificate", implicit(6, sgp22.Certificate())),
        optional("eimTransactionId", implicit(7, sgp22.TransactionId)),
        optional("ipaCapabilities", implicit(8, IpaCapabilities())),
        optional("deviceInfo", implicit(9, DeviceInfo())),
    )


class IpaEuiccDataResponseError(univ.Sequence):
    componentType = fields(
        optional("eimTransactionId", implicit(0, sgp22.TransactionId)),
        (
            "ipaEuiccDataErrorCode",
            codes(incorrectTagList=1, euiccCiPKIdNotFound=5, ecallActive=104, undefinedError=127),
        ),
    )


class IpaEuiccDataResponse(univ.Choice):
    tagSet = choice_context(0x52)
    componentType = fields(
        ("ipaEuiccData", implicit(0, IpaEuiccData())),
        ("ipaEuiccDataResponseError", implicit(1, IpaEuiccDataResponseError())),
    )


class ProfileDownloadError(univ.Sequence):
    componentType = fields(
        ("profileDownloadErrorReason", implicit(0, codes(ecallActive=104, undefinedError=127))),
        optional("errorResponse", univ.OctetString()),
    )


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


class EprAndNotifications(univ.Sequence):
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("notificationList", implicit(0, PendingNotificationList())),
    )


EimPackageErrorCode = codes(invalidPackageFormat=1, unknownPackage=2, undefinedError=127)


class EimPackageResultResponseError(univ.Sequence):
    componentType = fields(
        optional("eimTransactionId", implicit(0, sgp22.TransactionId)),
        ("eimPackageResultErrorCode", EimPackageErrorCode),
    )


class EimPackageResult(univ.Choice):
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("ePRAndNotifications", EprAndNotifications()),
        ("ipaEuiccDataResponse", IpaEuiccDataResponse()),
        ("profileDownloadTriggerResult", ProfileDownloadTriggerResult()),
        ("eimPackageResultResponseError", implicit(0, EimPackageResultResponseError())),
    )
