"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: Profiles, notifications, the card itself.

Clause 5.9 but for eIMs and packages. Names and tags are the module's.
"""

from typing import Literal, NotRequired, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22 import notifications as sgp22_notifications
from euicc_sim.asn1.sgp22.packages import ProfileInstallationResult, ProfileInstallationResultValue
from euicc_sim.asn1.tags import (
    all_bits,
    application,
    bits,
    choice_context,
    codes,
    context,
    default,
    fields,
    implicit,
    octets,
    optional,
    private_use,
    result,
    sequence_of,
    utf8,
)
from euicc_sim.asn1.types import Choice, ListOf, Sequence, UnknownCode

ProfileStateName = Literal["disabled", "enabled"]


class ProfileInfoValue(TypedDict):
    iccid: NotRequired[bytes]
    isdpAid: NotRequired[bytes]
    profileState: NotRequired[ProfileStateName | UnknownCode]
    profileNickname: NotRequired[str]
    serviceProviderName: NotRequired[str]
    profileName: NotRequired[str]
    iconType: NotRequired[int]
    icon: NotRequired[bytes]
    profileClass: NotRequired[int]
    notificationConfigurationInfo: NotRequired[
        ListOf[sgp22.NotificationConfigurationInformationValue]
    ]
    profileOwner: NotRequired[sgp22.OperatorIdValue]
    dpProprietaryData: NotRequired[sgp22.DpProprietaryDataValue]
    profilePolicyRules: NotRequired[frozenset[int]]
    serviceSpecificDataStoredInEuicc: NotRequired[ListOf[sgp22.VendorSpecificExtensionItemValue]]
    ecallIndication: NotRequired[bool]
    fallbackAttribute: NotRequired[bool]
    fallbackAllowed: NotRequired[bool]
    iotSpecificProfileInfo: NotRequired[bytes]
    """Since v1.3."""


class ProfileInfo(Sequence[ProfileInfoValue]):
    tagSet = private_use(3)
    componentType = fields(
        *sgp22.PROFILE_INFO_SGP22,
        optional("ecallIndication", implicit(123, univ.Boolean())),
        default("fallbackAttribute", implicit(38, univ.Boolean(value=False))),
        optional("fallbackAllowed", implicit(103, univ.Boolean())),
    )


ProfileInfoListRequest = sgp22.ProfileInfoListRequest


ProfileInfoListError = codes(incorrectInputValues=1, profileChangeOngoing=11, undefinedError=127)
ProfileInfoListErrorName = Literal["incorrectInputValues", "profileChangeOngoing", "undefinedError"]


ProfileInfoListResponseValue = (
    tuple[Literal["profileInfoListOk"], ListOf[ProfileInfoValue]]
    | tuple[Literal["profileInfoListError"], ProfileInfoListErrorName | UnknownCode]
)


class ProfileInfoListResponse(Choice[ProfileInfoListResponseValue]):
    tagSet = choice_context(0x2D)
    componentType = fields(
        ("profileInfoListOk", implicit(0, sequence_of(ProfileInfo()))),
        (
            "profileInfoListError",
            implicit(1, ProfileInfoListError),
        ),
    )


class SetDefaultDpAddressRequestValue(TypedDict):
    defaultDpAddress: str


class SetDefaultDpAddressRequest(Sequence[SetDefaultDpAddressRequestValue]):
    tagSet = context(0x65)
    componentType = fields(("defaultDpAddress", implicit(0, char.UTF8String())))


SetDefaultDpAddressResultName = Literal["ok", "undefinedError"]


class SetDefaultDpAddressResponseValue(TypedDict):
    setDefaultDpAddressResult: SetDefaultDpAddressResultName | UnknownCode


class SetDefaultDpAddressResponse(Sequence[SetDefaultDpAddressResponseValue]):
    tagSet = context(0x65)
    componentType = result("setDefaultDpAddressResult")


class IoTSpecificInfoValue(TypedDict):
    iotVersion: ListOf[bytes]
    ecallSupported: NotRequired[None]
    fallbackSupported: NotRequired[None]


class IoTSpecificInfo(Sequence[IoTSpecificInfoValue]):
    componentType = fields(
        ("iotVersion", implicit(0, sequence_of(sgp22.VersionType))),
        optional("ecallSupported", implicit(1, univ.Null())),
        optional("fallbackSupported", implicit(2, univ.Null())),
    )


EuiccCategoryName = Literal["other", "basicEuicc", "mediumEuicc", "contactlessEuicc"]
IpaModeName = Literal["ipad", "ipae"]


class EUICCInfo2Value(TypedDict):
    profileVersion: bytes
    svn: bytes
    euiccFirmwareVer: bytes
    extCardResource: bytes
    uiccCapability: frozenset[int]
    ts102241Version: NotRequired[bytes]
    globalplatformVersion: NotRequired[bytes]
    rspCapability: frozenset[int]
    euiccCiPKIdListForVerification: ListOf[bytes]
    euiccCiPKIdListForSigning: ListOf[bytes]
    euiccCategory: NotRequired[EuiccCategoryName | UnknownCode]
    forbiddenProfilePolicyRules: NotRequired[frozenset[int]]
    ppVersion: bytes
    sasAcreditationNumber: str
    certificationDataObject: NotRequired[sgp22.CertificationDataObjectValue]
    treProperties: NotRequired[frozenset[int]]
    treProductReference: NotRequired[str]
    additionalEuiccProfilePackageVersions: NotRequired[ListOf[bytes]]
    ipaMode: NotRequired[IpaModeName | UnknownCode]
    euiccCiPKIdListForSigningV3: NotRequired[ListOf[bytes]]
    additionalEuiccInfo: NotRequired[bytes]
    highestSvn: NotRequired[bytes]
    iotSpecificInfo: NotRequired[IoTSpecificInfoValue]
    euiccMinimumSecurityLevel: NotRequired[bytes]


class EUICCInfo2(Sequence[EUICCInfo2Value]):
    """SGP.22 clause 4.1 with the additions of SGP.32, and the last field of SGP.22 v2.7.

    A card of any version of SGP.32 can be of SGP.22 v2.7, so that field is in all of them.
    """

    tagSet = context(0x22)
    componentType = fields(
        ("profileVersion", implicit(1, sgp22.VersionType)),
        ("svn", implicit(2, sgp22.VersionType)),
        ("euiccFirmwareVer", implicit(3, sgp22.VersionType)),
        ("extCardResource", implicit(4, univ.OctetString())),
        ("uiccCapability", implicit(5, sgp22.UICCCapability)),
        optional("ts102241Version", implicit(6, sgp22.VersionType)),
        optional("globalplatformVersion", implicit(7, sgp22.VersionType)),
        ("rspCapability", implicit(8, sgp22.RspCapability)),
        (
            "euiccCiPKIdListForVerification",
            implicit(9, sequence_of(sgp22.SubjectKeyIdentifier)),
        ),
        ("euiccCiPKIdListForSigning", implicit(10, sequence_of(sgp22.SubjectKeyIdentifier))),
        optional(
            "euiccCategory",
            implicit(11, codes(other=0, basicEuicc=1, mediumEuicc=2, contactlessEuicc=3)),
        ),
        optional("forbiddenProfilePolicyRules", implicit(25, sgp22.PprIds)),
        ("ppVersion", sgp22.VersionType),
        ("sasAcreditationNumber", utf8(0, 64)),
        optional("certificationDataObject", implicit(12, sgp22.CertificationDataObject())),
        optional(
            "treProperties", implicit(13, bits("isDiscrete", "isIntegrated", "usesRemoteMemory"))
        ),
        optional("treProductReference", implicit(14, char.UTF8String())),
        optional(
            "additionalEuiccProfilePackageVersions",
            implicit(15, sequence_of(sgp22.VersionType)),
        ),
        optional("ipaMode", implicit(16, codes(ipad=0, ipae=1))),
        optional(
            "euiccCiPKIdListForSigningV3", implicit(17, sequence_of(sgp22.SubjectKeyIdentifier))
        ),
        optional("additionalEuiccInfo", implicit(18, octets(0, 32))),
        optional("highestSvn", implicit(19, sgp22.VersionType)),
        optional("iotSpecificInfo", implicit(20, IoTSpecificInfo())),
        optional("euiccMinimumSecurityLevel", implicit(21, octets(1))),
    )


class ISDRProprietaryApplicationTemplateIoTValue(TypedDict):
    euiccConfiguration: frozenset[int]


class ISDRProprietaryApplicationTemplateIoT(Sequence[ISDRProprietaryApplicationTemplateIoTValue]):
    """Clause 3.8.4, in the answer to SELECT."""

    tagSet = private_use(1)
    componentType = fields(
        ("euiccConfiguration", implicit(0, all_bits("ipaeSupported", "enabledProfile")))
    )


class FciProprietaryDataValue(TypedDict):
    applicationProductionLifeCycleData: NotRequired[bytes]
    maximumLengthOfDataField: NotRequired[bytes]


class FciProprietaryData(Sequence[FciProprietaryDataValue]):
    """GlobalPlatform 11.9.3.1, tag A5."""

    componentType = fields(
        optional("applicationProductionLifeCycleData", implicit(0x6E, univ.OctetString())),
        optional("maximumLengthOfDataField", implicit(0x65, univ.OctetString())),
    )


class FCIValue(TypedDict):
    dfName: bytes
    proprietaryData: FciProprietaryDataValue
    isdrProprietaryApplicationTemplate: NotRequired[sgp22.ISDRProprietaryApplicationTemplateValue]
    isdrProprietaryApplicationTemplateIoT: NotRequired[ISDRProprietaryApplicationTemplateIoTValue]


class FCI(Sequence[FCIValue]):
    """The answer to SELECT of an ISD-R (or another security domain): GlobalPlatform 11.9.3.1."""

    tagSet = application(15, univ.Sequence()).tagSet
    componentType = fields(
        ("dfName", implicit(4, octets(5, 16))),
        ("proprietaryData", implicit(5, FciProprietaryData())),
        optional("isdrProprietaryApplicationTemplate", sgp22.ISDRProprietaryApplicationTemplate()),
        optional("isdrProprietaryApplicationTemplateIoT", ISDRProprietaryApplicationTemplateIoT()),
    )


class GetCertsRequestValue(TypedDict):
    euiccCiPKId: NotRequired[bytes]


class GetCertsRequest(Sequence[GetCertsRequestValue]):
    """Clause 5.9.10."""

    tagSet = context(0x56)
    componentType = fields(optional("euiccCiPKId", implicit(0, sgp22.SubjectKeyIdentifier)))


class CertsValue(TypedDict):
    eumCertificate: bytes
    euiccCertificate: bytes


class Certs(Sequence[CertsValue]):
    componentType = fields(
        ("eumCertificate", implicit(5, sgp22.Certificate())),
        ("euiccCertificate", implicit(6, sgp22.Certificate())),
    )


GetCertsErrorName = Literal["invalidCiPKId", "undefinedError"]
GetCertsResponseValue = (
    tuple[Literal["certs"], CertsValue]
    | tuple[Literal["getCertsError"], GetCertsErrorName | UnknownCode]
)


class GetCertsResponse(Choice[GetCertsResponseValue]):
    tagSet = choice_context(0x56)
    componentType = fields(
        ("certs", implicit(0, Certs())),
        ("getCertsError", implicit(1, codes(invalidCiPKId=1, undefinedError=127))),
    )


class EuiccMemoryResetRequestValue(TypedDict):
    resetOptions: frozenset[int]


class EuiccMemoryResetRequest(Sequence[EuiccMemoryResetRequestValue]):
    """Clause 5.9.5."""

    tagSet = context(0x64)
    componentType = fields(
        (
            "resetOptions",
            implicit(
                2,
                bits(
                    "deleteOperationalProfiles",
                    "deleteFieldLoadedTestProfiles",
                    "resetDefaultSmdpAddress",
                    "deletePreLoadedTestProfiles",
                    "deleteProvisioningProfiles",
                    "resetEimConfigData",
                    "resetImmediateEnableConfig",
                ),
            ),
        )
    )


ResetEimResult = codes(ok=0, nothingToDelete=1, eimResetNotSupported=2, undefinedError=127)
ResetEimResultName = Literal["ok", "nothingToDelete", "eimResetNotSupported", "undefinedError"]
ResetConfigResult = codes(ok=0, resetIECNotSupported=1, undefinedError=127)
ResetConfigResultName = Literal["ok", "resetIECNotSupported", "undefinedError"]


ResetResultName = Literal["ok", "nothingToDelete", "catBusy", "ecallActive", "undefinedError"]


class EuiccMemoryResetResponseValue(TypedDict):
    resetResult: ResetResultName | UnknownCode
    resetEimResult: NotRequired[ResetEimResultName | UnknownCode]
    resetImmediateEnableConfigResult: NotRequired[ResetConfigResultName | UnknownCode]


class EuiccMemoryResetResponse(Sequence[EuiccMemoryResetResponseValue]):
    tagSet = context(0x64)
    componentType = fields(
        (
            "resetResult",
            implicit(
                0, codes(ok=0, nothingToDelete=1, catBusy=5, ecallActive=104, undefinedError=127)
            ),
        ),
        optional(
            "resetEimResult",
            implicit(1, ResetEimResult),
        ),
        optional(
            "resetImmediateEnableConfigResult",
            implicit(2, ResetConfigResult),
        ),
    )


PendingNotificationValue = (
    tuple[Literal["profileInstallationResult"], ProfileInstallationResultValue]
    | tuple[Literal["otherSignedNotification"], sgp22_notifications.OtherSignedNotificationValue]
)


class PendingNotification(Choice[PendingNotificationValue]):
    componentType = fields(
        ("profileInstallationResult", ProfileInstallationResult()),
        ("otherSignedNotification", sgp22_notifications.OtherSignedNotification()),
    )
