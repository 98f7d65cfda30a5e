"""Types of GSMA SGP.22 v2.5, module RSPDefinitions: functions of ES10 that change Profiles.

Clauses 5.7.12 and 5.7.16 to 5.7.21 and LPAe activation. Names and tags are the module's. Of the
functions that SGP.32 has too under another tag, these are SGP.22's.
"""

from pyasn1.type import univ
from pyasn1_modules import rfc5280

from euicc_sim.asn1.sgp22 import common as sgp22
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
    utf8,
)


class ProfileIdentifier(univ.Choice):
    """Without a name of its own in the module."""

    componentType = fields(("isdpAid", sgp22.Aid), ("iccid", sgp22.Iccid))


_WITH_REFRESH = fields(
    ("profileIdentifier", explicit(0, ProfileIdentifier())),
    ("refreshFlag", implicit(1, univ.Boolean())),
)


class EnableProfileRequest(univ.Sequence):
    tagSet = context(0x31)
    componentType = _WITH_REFRESH


class EnableProfileResponse(univ.Sequence):
    tagSet = context(0x31)
    componentType = result(
        "enableResult",
        iccidOrAidNotFound=1,
        profileNotInDisabledState=2,
        disallowedByPolicy=3,
        wrongProfileReenabling=4,
        catBusy=5,
    )


class DisableProfileRequest(univ.Sequence):
    tagSet = context(0x32)
    componentType = _WITH_REFRESH


class DisableProfileResponse(univ.Sequence):
    tagSet = context(0x32)
    componentType = result(
        "disableResult",
        iccidOrAidNotFound=1,
        profileNotInEnabledState=2,
        disallowedByPolicy=3,
        catBusy=5,
    )


class DeleteProfileRequest(univ.Choice):
    tagSet = choice_context(0x33)
    componentType = ProfileIdentifier.componentType


class DeleteProfileResponse(univ.Sequence):
    tagSet = context(0x33)
    componentType = result(
        "deleteResult", iccidOrAidNotFound=1, profileNotInDisabledState=2, disallowedByPolicy=3
    )


class EuiccMemoryResetRequest(univ.Sequence):
    tagSet = context(0x34)
    componentType = fields(
        (
            "resetOptions",
            implicit(
                2,
                bits(
                    "deleteOperationalProfiles",
                    "deleteFieldLoadedTestProfiles",
                    "resetDefaultSmdpAddress",
                ),
            ),
        )
    )


MemoryResetResult = codes(ok=0, nothingToDelete=1, catBusy=5, undefinedError=127)


class EuiccMemoryResetResponse(univ.Sequence):
    tagSet = context(0x34)
    componentType = fields(("resetResult", implicit(0, MemoryResetResult)))


class SetNicknameRequest(univ.Sequence):
    tagSet = context(0x29)
    componentType = fields(("iccid", sgp22.Iccid), ("profileNickname", implicit(16, utf8(0, 64))))


class SetNicknameResponse(univ.Sequence):
    tagSet = context(0x29)
    componentType = result("setNicknameResult", iccidNotFound=1)


class CertificateList(rfc5280.CertificateList):
    kept_whole = True


class LoadCRLRequest(univ.Sequence):
    tagSet = context(0x35)
    componentType = fields(("crl", implicit(0, CertificateList())))


class LoadCRLResponseOk(univ.Sequence):
    componentType = fields(optional("missingParts", implicit(0, sequence_of(univ.Integer()))))


class LoadCRLResponse(univ.Choice):
    tagSet = choice_context(0x35)
    componentType = fields(
        ("loadCRLResponseOk", implicit(0, LoadCRLResponseOk())),
        (
            "loadCRLResponseError",
            implicit(
                1,
                codes(
                    invalidSignature=1,
                    invalidCRLFormat=2,
                    notEnoughMemorySpace=3,
                    verificationKeyNotFound=4,
                    fresherCrlAlreadyLoaded=5,
                    baseCrlMissing=6,
                    undefinedError=127,
                ),
            ),
        ),
    )


class LpaeActivationRequest(univ.Sequence):
    gives_way = True
    """To SGP.32's IpaeActivation, which has the same tag and field."""

    tagSet = context(0x42)
    componentType = fields(
        ("lpaeOption", implicit(0, bits("activateCatBasedLpae", "activateScwsBasedLpae")))
    )


class LpaeActivationResponse(univ.Sequence):
    gives_way = True
    tagSet = context(0x42)
    componentType = fields(("lpaeActivationResult", implicit(0, codes(ok=0, notSupported=1))))
