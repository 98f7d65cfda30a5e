"""Types of GSMA SGP.22 v2.5, module RSPDefinitions, between an eUICC and its LPA or IPA.

Names and tags are the module's. Certificates and keys are those of RFC 5280, kept as bytes.
"""

from typing import Any, Literal, NotRequired, TypedDict

from pyasn1.type import char, univ
from pyasn1_modules import rfc5280

from euicc_sim.asn1.tags import (
    application,
    bits,
    codes,
    context,
    explicit,
    fields,
    implicit,
    numbers,
    octets,
    optional,
    private_use,
    result,
    sequence_of,
    utf8,
)
from euicc_sim.asn1.types import Choice, ListOf, Nothing, Sequence, SequenceOf, UnknownCode


class Certificate(rfc5280.Certificate):
    kept_whole = True


class SubjectPublicKeyInfo(rfc5280.SubjectPublicKeyInfo):
    kept_whole = True


VersionType = octets(3)
Iccid = application(26, octets(10))
Aid = application(15, octets(1, 16))
EidValue = application(26, octets(16))
TransactionId = octets(1, 16)
SubjectKeyIdentifier = univ.OctetString()
Signature = application(55, univ.OctetString())
NotificationEvent = bits(
    "notificationInstall", "notificationEnable", "notificationDisable", "notificationDelete"
)
PprIds = bits("pprUpdateControl", "ppr1", "ppr2")
ProfileClass = numbers(test=0, provisioning=1, operational=2)
IconType = numbers(jpg=0, png=1)


class OperatorIdValue(TypedDict):
    mccMnc: bytes
    gid1: NotRequired[bytes]
    gid2: NotRequired[bytes]


class OperatorId(Sequence[OperatorIdValue]):
    componentType = fields(
        ("mccMnc", implicit(0, octets(3))),
        optional("gid1", implicit(1, univ.OctetString())),
        optional("gid2", implicit(2, univ.OctetString())),
    )


# -- addresses, clauses 5.7.3 and 5.7.4


class EuiccConfiguredAddressesRequest(Sequence[Nothing]):
    tagSet = context(0x3C)
    componentType = fields()


class EuiccConfiguredAddressesResponseValue(TypedDict):
    defaultDpAddress: NotRequired[str]
    rootDsAddress: str


class EuiccConfiguredAddressesResponse(Sequence[EuiccConfiguredAddressesResponseValue]):
    tagSet = context(0x3C)
    componentType = fields(
        optional("defaultDpAddress", implicit(0, char.UTF8String())),
        ("rootDsAddress", implicit(1, char.UTF8String())),
    )


class SetDefaultDpAddressRequestValue(TypedDict):
    defaultDpAddress: str


class SetDefaultDpAddressRequest(Sequence[SetDefaultDpAddressRequestValue]):
    tagSet = context(0x3F)
    componentType = fields(("defaultDpAddress", implicit(0, char.UTF8String())))


SetDefaultDpAddressResultName = Literal["ok", "undefinedError"]


class SetDefaultDpAddressResponseValue(TypedDict):
    setDefaultDpAddressResult: SetDefaultDpAddressResultName | UnknownCode


class SetDefaultDpAddressResponse(Sequence[SetDefaultDpAddressResponseValue]):
    tagSet = context(0x3F)
    componentType = result("setDefaultDpAddressResult")


# -- the card itself, clauses 5.7.8, 5.7.20 and 5.7.22


class GetEuiccInfo1Request(Sequence[Nothing]):
    tagSet = context(0x20)
    componentType = fields()


class EUICCInfo1Value(TypedDict):
    svn: bytes
    euiccCiPKIdListForVerification: ListOf[bytes]
    euiccCiPKIdListForSigning: ListOf[bytes]
    highestSvn: NotRequired[bytes]


class EUICCInfo1(Sequence[EUICCInfo1Value]):
    """`highestSvn` is of v3, for cards that announce it beside their own version."""

    tagSet = context(0x20)
    componentType = fields(
        ("svn", implicit(2, VersionType)),
        ("euiccCiPKIdListForVerification", implicit(9, sequence_of(SubjectKeyIdentifier))),
        ("euiccCiPKIdListForSigning", implicit(10, sequence_of(SubjectKeyIdentifier))),
        optional("highestSvn", implicit(19, VersionType)),
    )


class GetEuiccInfo2Request(Sequence[Nothing]):
    tagSet = context(0x22)
    componentType = fields()


class CertificationDataObjectValue(TypedDict):
    platformLabel: str
    discoveryBaseURL: str


class CertificationDataObject(Sequence[CertificationDataObjectValue]):
    componentType = fields(
        ("platformLabel", implicit(0, char.UTF8String())),
        ("discoveryBaseURL", implicit(1, char.UTF8String())),
    )


UICCCapability = bits(
    "contactlessSupport",
    "usimSupport",
    "isimSupport",
    "csimSupport",
    "akaMilenage",
    "akaCave",
    "akaTuak128",
    "akaTuak256",
    "usimTestAlgorithm",
    "rfu2",
    "gbaAuthenUsim",
    "gbaAuthenISim",
    "mbmsAuthenUsim",
    "eapClient",
    "javacard",
    "multos",
    "multipleUsimSupport",
    "multipleIsimSupport",
    "multipleCsimSupport",
    "berTlvFileSupport",
    "dfLinkSupport",
    "catTp",
    "getIdentity",
    "profile-a-x25519",
    "profile-b-p256",
    "suciCalculatorApi",
    "dns-resolution",
    "scp11ac",
    "scp11c-authorization-mechanism",
    "s16mode",
    "eaka",
    "iotminimal",
)
RspCapability = bits(
    "additionalProfile",
    "crlSupport",
    "rpmSupport",
    "testProfileSupport",
    "deviceInfoExtensibilitySupport",
    "serviceSpecificDataSupport",
    "hriServerAddressSupport",
    "serviceProviderMessageSupport",
    "lpaProxySupport",
    "enterpriseProfilesSupport",
    "serviceDescriptionSupport",
    "deviceChangeSupport",
    "encryptedDeviceChangeDataSupport",
    "estimatedProfileSizeIndicationSupport",
    "profileSizeInProfilesInfoSupport",
    "crlStaplingV3Support",
    "certChainV3VerificationSupport",
    "signedSmdsResponseV3Support",
    "euiccRspCapInInfo1",
    "osUpdateSupport",
    "cancelForEmptySpnPnSupport",
    "updateNotifConfigInfoSupport",
    "updateMetadataV3Support",
    "v3ObjectsInCtxParamsCASupport",
    "pushServiceRegistrationSupport",
    "rfu25",
    "iotSpecificMetadataSupport",
    "mslCheckSupport",
    "rspServerTestProfileAllowlistCheckSupport",
)
"""The bits after v2.5 are those of v3.1, and from 26 on those of v2.7."""


class GetEuiccDataRequestValue(TypedDict):
    tagList: bytes


class GetEuiccDataRequest(Sequence[GetEuiccDataRequestValue]):
    tagSet = context(0x3E)
    componentType = fields(("tagList", application(28, octets(1))))


class GetEuiccDataResponseValue(TypedDict):
    eidValue: bytes


class GetEuiccDataResponse(Sequence[GetEuiccDataResponseValue]):
    tagSet = context(0x3E)
    componentType = fields(("eidValue", EidValue))


class GetRatRequest(Sequence[Nothing]):
    tagSet = context(0x43)
    componentType = fields()


class ProfilePolicyAuthorisationRuleValue(TypedDict):
    pprIds: frozenset[int]
    allowedOperators: ListOf[OperatorIdValue]
    pprFlags: frozenset[int]


class ProfilePolicyAuthorisationRule(Sequence[ProfilePolicyAuthorisationRuleValue]):
    componentType = fields(
        ("pprIds", implicit(0, PprIds)),
        ("allowedOperators", implicit(1, sequence_of(OperatorId()))),
        ("pprFlags", implicit(2, bits("consentRequired"))),
    )


RulesAuthorisationTable = sequence_of(ProfilePolicyAuthorisationRule())


class GetRatResponseValue(TypedDict):
    rat: ListOf[ProfilePolicyAuthorisationRuleValue]


class GetRatResponse(Sequence[GetRatResponseValue]):
    tagSet = context(0x43)
    componentType = fields(("rat", implicit(0, RulesAuthorisationTable)))


class GetEuiccChallengeRequest(Sequence[Nothing]):
    """Clause 5.7.7."""

    tagSet = context(0x2E)
    componentType = fields()


class GetEuiccChallengeResponseValue(TypedDict):
    euiccChallenge: bytes


class GetEuiccChallengeResponse(Sequence[GetEuiccChallengeResponseValue]):
    tagSet = context(0x2E)
    componentType = fields(("euiccChallenge", implicit(0, octets(16))))


# -- profiles, clause 5.7.15


ProfileSearchCriteriaValue = (
    tuple[Literal["isdpAid"], bytes]
    | tuple[Literal["iccid"], bytes]
    | tuple[Literal["profileClass"], int]
)


class ProfileSearchCriteria(Choice[ProfileSearchCriteriaValue]):
    componentType = fields(
        ("isdpAid", Aid), ("iccid", Iccid), ("profileClass", implicit(21, ProfileClass))
    )


class ProfileInfoListRequestValue(TypedDict):
    searchCriteria: NotRequired[ProfileSearchCriteriaValue]
    tagList: NotRequired[bytes]


class ProfileInfoListRequest(Sequence[ProfileInfoListRequestValue]):
    tagSet = context(0x2D)
    componentType = fields(
        optional("searchCriteria", explicit(0, ProfileSearchCriteria())),
        optional("tagList", application(28, univ.OctetString())),
    )


class NotificationConfigurationInformationValue(TypedDict):
    profileManagementOperation: frozenset[int]
    notificationAddress: str


class NotificationConfigurationInformation(Sequence[NotificationConfigurationInformationValue]):
    componentType = fields(
        ("profileManagementOperation", implicit(0, NotificationEvent)),
        ("notificationAddress", implicit(1, char.UTF8String())),
    )


class DpProprietaryDataValue(TypedDict):
    dpOid: str


class DpProprietaryData(Sequence[DpProprietaryDataValue]):
    componentType = fields(("dpOid", implicit(0, univ.ObjectIdentifier())))


class VendorSpecificExtensionItemValue(TypedDict):
    vendorOid: str
    vendorSpecificData: bytes


class VendorSpecificExtensionItem(Sequence[VendorSpecificExtensionItemValue]):
    componentType = fields(
        ("vendorOid", implicit(0, univ.ObjectIdentifier())),
        ("vendorSpecificData", explicit(1, univ.Any())),
    )


class VendorSpecificExtension(SequenceOf[ListOf[VendorSpecificExtensionItemValue]]):
    componentType = VendorSpecificExtensionItem()


PROFILE_INFO_SGP22: tuple[Any, ...] = (
    optional("iccid", Iccid),
    optional("isdpAid", Aid),
    optional("profileState", implicit(112, codes(disabled=0, enabled=1))),
    optional("profileNickname", implicit(16, utf8(0, 64))),
    optional("serviceProviderName", implicit(17, utf8(0, 32))),
    optional("profileName", implicit(18, utf8(0, 64))),
    optional("iconType", implicit(19, IconType)),
    optional("icon", implicit(20, octets(0, 1024))),
    optional("profileClass", implicit(21, ProfileClass)),
    optional(
        "notificationConfigurationInfo",
        implicit(22, sequence_of(NotificationConfigurationInformation())),
    ),
    optional("profileOwner", implicit(23, OperatorId())),
    optional("dpProprietaryData", implicit(24, DpProprietaryData())),
    optional("profilePolicyRules", implicit(25, PprIds)),
    optional(
        "serviceSpecificDataStoredInEuicc",
        implicit(34, VendorSpecificExtension()),
    ),
)


class ISDRProprietaryApplicationTemplateValue(TypedDict):
    svn: bytes
    lpaeSupport: NotRequired[frozenset[int]]


class ISDRProprietaryApplicationTemplate(Sequence[ISDRProprietaryApplicationTemplateValue]):
    """Clause 5.7.1, in the answer to SELECT."""

    tagSet = private_use(0)
    componentType = fields(
        ("svn", implicit(2, VersionType)),
        optional("lpaeSupport", bits("lpaeUsingCat", "lpaeUsingScws")),
    )
