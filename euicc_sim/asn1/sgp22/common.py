"""Types of GSMA SGP.22 v2.5, module RSPDefinitions, that an eUICC exchanges with its LPA or IPA.

Names and tags are the module's. Certificates and keys are RFC 5280's, kept as bytes.
"""

from typing import Any

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
    octets,
    optional,
    private_use,
    result,
    sequence_of,
    utf8,
)


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
ProfileClass = codes(test=0, provisioning=1, operational=2)


class OperatorId(univ.Sequence):
    componentType = fields(
        ("mccMnc", implicit(0, octets(3))),
        optional("gid1", implicit(1, univ.OctetString())),
        optional("gid2", implicit(2, univ.OctetString())),
    )


# -- addresses, clauses 5.7.3 and 5.7.4


class EuiccConfiguredAddressesRequest(univ.Sequence):
    tagSet = context(0x3C)
    componentType = fields()


class EuiccConfiguredAddressesResponse(univ.Sequence):
    tagSet = context(0x3C)
    componentType = fields(
        optional("defaultDpAddress", implicit(0, char.UTF8String())),
        ("rootDsAddress", implicit(1, char.UTF8String())),
    )


class SetDefaultDpAddressRequest(univ.Sequence):
    tagSet = context(0x3F)
    componentType = fields(("defaultDpAddress", implicit(0, char.UTF8String())))


class SetDefaultDpAddressResponse(univ.Sequence):
    tagSet = context(0x3F)
    componentType = result("setDefaultDpAddressResult")


# -- the card itself, clauses 5.7.8, 5.7.20 and 5.7.22


class GetEuiccInfo1Request(univ.Sequence):
    tagSet = context(0x20)
    componentType = fields()


class EUICCInfo1(univ.Sequence):
    tagSet = context(0x20)
    componentType = fields(
        ("svn", implicit(2, VersionType)),
        ("euiccCiPKIdListForVerification", implicit(9, sequence_of(SubjectKeyIdentifier))),
        ("euiccCiPKIdListForSigning", implicit(10, sequence_of(SubjectKeyIdentifier))),
    )


class GetEuiccInfo2Request(univ.Sequence):
    tagSet = context(0x22)
    componentType = fields()


class CertificationDataObject(univ.Sequence):
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
)


class GetEuiccDataRequest(univ.Sequence):
    tagSet = context(0x3E)
    componentType = fields(("tagList", application(28, octets(1))))


class GetEuiccDataResponse(univ.Sequence):
    tagSet = context(0x3E)
    componentType = fields(("eidValue", EidValue))


class GetRatRequest(univ.Sequence):
    tagSet = context(0x43)
    componentType = fields()


class ProfilePolicyAuthorisationRule(univ.Sequence):
    componentType = fields(
        ("pprIds", implicit(0, PprIds)),
        ("allowedOperators", implicit(1, sequence_of(OperatorId()))),
        ("pprFlags", implicit(2, bits("consentRequired"))),
    )


RulesAuthorisationTable = sequence_of(ProfilePolicyAuthorisationRule())


class GetRatResponse(univ.Sequence):
    tagSet = context(0x43)
    componentType = fields(("rat", implicit(0, RulesAuthorisationTable)))


class GetEuiccChallengeRequest(univ.Sequence):
    """Clause 5.7.7."""

    tagSet = context(0x2E)
    componentType = fields()


class GetEuiccChallengeResponse(univ.Sequence):
    tagSet = context(0x2E)
    componentType = fields(("euiccChallenge", implicit(0, octets(16))))


# -- profiles, clause 5.7.15


class ProfileSearchCriteria(univ.Choice):
    bare_tolerated = True
    componentType = fields(
        ("isdpAid", Aid), ("iccid", Iccid), ("profileClass", implicit(21, ProfileClass))
    )


class ProfileInfoListRequest(univ.Sequence):
    tagSet = context(0x2D)
    componentType = fields(
        optional("searchCriteria", explicit(0, ProfileSearchCriteria())),
        optional("tagList", application(28, univ.OctetString())),
    )


class NotificationConfigurationInformation(univ.Sequence):
    componentType = fields(
        ("profileManagementOperation", implicit(0, NotificationEvent)),
        ("notificationAddress", implicit(1, char.UTF8String())),
    )


class DpProprietaryData(univ.Sequence):
    componentType = fields(("dpOid", implicit(0, univ.ObjectIdentifier())))


class VendorSpecificExtensionItem(univ.Sequence):
    componentType = fields(
        ("vendorOid", implicit(0, univ.ObjectIdentifier())),
        ("vendorSpecificData", explicit(1, univ.Any())),
    )


PROFILE_INFO_SGP22: tuple[Any, ...] = (
    optional("iccid", Iccid),
    optional("isdpAid", Aid),
    optional("profileState", implicit(112, codes(disabled=0, enabled=1))),
    optional("profileNickname", implicit(16, utf8(0, 64))),
    optional("serviceProviderName", implicit(17, utf8(0, 32))),
    optional("profileName", implicit(18, utf8(0, 64))),
    optional("iconType", implicit(19, codes(jpg=0, png=1))),
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
        implicit(34, sequence_of(VendorSpecificExtensionItem())),
    ),
)


class ISDRProprietaryApplicationTemplate(univ.Sequence):
    """Clause 5.7.1, in the answer to SELECT."""

    tagSet = private_use(0)
    componentType = fields(
        ("svn", implicit(2, VersionType)),
        optional("lpaeSupport", bits("lpaeUsingCat", "lpaeUsingScws")),
    )
