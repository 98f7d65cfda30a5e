"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: Profiles, notifications, the card itself.

Clause 5.9 but for eIMs and packages. Names and tags are the module's.
"""

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22 import notifications as sgp22_notifications
from euicc_sim.asn1.sgp22.packages import ProfileInstallationResult
from euicc_sim.asn1.tags import (
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


class ProfileInfo(univ.Sequence):
    tagSet = private_use(3)
    componentType = fields(
        *sgp22.PROFILE_INFO_SGP22,
        optional("ecallIndication", implicit(123, univ.Boolean())),
        default("fallbackAttribute", implicit(38, univ.Boolean(value=False))),
        optional("fallbackAllowed", implicit(103, univ.Boolean())),
    )


ProfileInfoListRequest = sgp22.ProfileInfoListRequest


ProfileInfoListError = codes(incorrectInputValues=1, profileChangeOngoing=11, undefinedError=127)


class ProfileInfoListResponse(univ.Choice):
    tagSet = choice_context(0x2D)
    componentType = fields(
        ("profileInfoListOk", implicit(0, sequence_of(ProfileInfo()))),
        (
            "profileInfoListError",
            implicit(1, ProfileInfoListError),
        ),
    )


class SetDefaultDpAddressRequest(univ.Sequence):
    tagSet = context(0x65)
    componentType = fields(("defaultDpAddress", implicit(0, char.UTF8String())))


class SetDefaultDpAddressResponse(univ.Sequence):
    tagSet = context(0x65)
    componentType = result("setDefaultDpAddressResult")


class IoTSpecificInfo(univ.Sequence):
    componentType = fields(
        ("iotVersion", implicit(0, sequence_of(sgp22.VersionType))),
        optional("ecallSupported", implicit(1, univ.Null())),
        optional("fallbackSupported", implicit(2, univ.Null())),
    )


class EUICCInfo2(univ.Sequence):
    """SGP.22 clause 4.1 with the additions of SGP.32."""

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
    )


class ISDRProprietaryApplicationTemplateIoT(univ.Sequence):
    """Clause 3.8.4, in the answer to SELECT."""

    tagSet = private_use(1)
    componentType = fields(
        ("euiccConfiguration", implicit(0, bits("ipaeSupported", "enabledProfile")))
    )


class FciProprietaryData(univ.Sequence):
    """GlobalPlatform 11.9.3.1, tag A5."""

    componentType = fields(
        optional("applicationProductionLifeCycleData", implicit(0x6E, univ.OctetString())),
        optional("maximumLengthOfDataField", implicit(0x65, univ.OctetString())),
    )


class FCI(univ.Sequence):
    """The answer to SELECT of an ISD-R (or another security domain): GlobalPlatform 11.9.3.1."""

    tagSet = application(15, univ.Sequence()).tagSet
    componentType = fields(
        ("dfName", implicit(4, octets(5, 16))),
        ("proprietaryData", implicit(5, FciProprietaryData())),
        optional("isdrProprietaryApplicationTemplate", sgp22.ISDRProprietaryApplicationTemplate()),
        optional("isdrProprietaryApplicationTemplateIoT", ISDRProprietaryApplicationTemplateIoT()),
    )


class GetCertsRequest(univ.Sequence):
    """Clause 5.9.10."""

    tagSet = context(0x56)
    componentType = fields(optional("euiccCiPKId", implicit(0, sgp22.SubjectKeyIdentifier)))


class Certs(univ.Sequence):
    componentType = fields(
        ("eumCertificate", implicit(5, sgp22.Certificate())),
        ("euiccCertificate", implicit(6, sgp22.Certificate())),
    )


class GetCertsResponse(univ.Choice):
    tagSet = choice_context(0x56)
    componentType = fields(
        ("certs", implicit(0, Certs())),
        ("getCertsError", implicit(1, codes(invalidCiPKId=1, undefinedError=127))),
    )


class EuiccMemoryResetRequest(univ.Sequence):
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
ResetConfigResult = codes(ok=0, resetIECNotSupported=1, undefinedError=127)


class EuiccMemoryResetResponse(univ.Sequence):
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


class PendingNotification(univ.Choice):
    componentType = fields(
        ("profileInstallationResult", ProfileInstallationResult()),
        ("otherSignedNotification", sgp22_notifications.OtherSignedNotification()),
    )
