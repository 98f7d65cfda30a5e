"""Types of GSMA SGP.22 v2.5, module RSPDefinitions: functions of ES10 that change Profiles.

Clauses 5.7.12 and 5.7.16 to 5.7.21 and LPAe activation. Names and tags are the module's. Functions
that SGP.32 has with another tag are here in the form of SGP.22.
"""

from typing import Literal, NotRequired, TypedDict

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
from euicc_sim.asn1.types import Choice, ListOf, Sequence, UnknownCode

ProfileIdentifierValue = tuple[Literal["isdpAid"], bytes] | tuple[Literal["iccid"], bytes]


class ProfileIdentifier(Choice[ProfileIdentifierValue]):
    """Without a name of its own in the module."""

    componentType = fields(("isdpAid", sgp22.Aid), ("iccid", sgp22.Iccid))


_WITH_REFRESH = fields(
    ("profileIdentifier", explicit(0, ProfileIdentifier())),
    ("refreshFlag", implicit(1, univ.Boolean())),
)


class ProfileAndRefreshValue(TypedDict):
    profileIdentifier: ProfileIdentifierValue
    refreshFlag: bool


class EnableProfileRequest(Sequence[ProfileAndRefreshValue]):
    tagSet = context(0x31)
    componentType = _WITH_REFRESH


EnableResultName = Literal[
    "ok",
    "iccidOrAidNotFound",
    "profileNotInDisabledState",
    "disallowedByPolicy",
    "wrongProfileReenabling",
    "catBusy",
    "undefinedError",
]


class EnableProfileResponseValue(TypedDict):
    enableResult: EnableResultName | UnknownCode


class EnableProfileResponse(Sequence[EnableProfileResponseValue]):
    tagSet = context(0x31)
    componentType = result(
        "enableResult",
        iccidOrAidNotFound=1,
        profileNotInDisabledState=2,
        disallowedByPolicy=3,
        wrongProfileReenabling=4,
        catBusy=5,
    )


class DisableProfileRequest(Sequence[ProfileAndRefreshValue]):
    tagSet = context(0x32)
    componentType = _WITH_REFRESH


DisableResultName = Literal[
    "ok",
    "iccidOrAidNotFound",
    "profileNotInEnabledState",
    "disallowedByPolicy",
    "catBusy",
    "undefinedError",
]


class DisableProfileResponseValue(TypedDict):
    disableResult: DisableResultName | UnknownCode


class DisableProfileResponse(Sequence[DisableProfileResponseValue]):
    tagSet = context(0x32)
    componentType = result(
        "disableResult",
        iccidOrAidNotFound=1,
        profileNotInEnabledState=2,
        disallowedByPolicy=3,
        catBusy=5,
    )


class DeleteProfileRequest(Choice[ProfileIdentifierValue]):
    tagSet = choice_context(0x33)
    componentType = ProfileIdentifier.componentType


DeleteResultName = Literal[
    "ok", "iccidOrAidNotFound", "profileNotInDisabledState", "disallowedByPolicy", "undefinedError"
]


class DeleteProfileResponseValue(TypedDict):
    deleteResult: DeleteResultName | UnknownCode


class DeleteProfileResponse(Sequence[DeleteProfileResponseValue]):
    tagSet = context(0x33)
    componentType = result(
        "deleteResult", iccidOrAidNotFound=1, profileNotInDisabledState=2, disallowedByPolicy=3
    )


class EuiccMemoryResetRequestValue(TypedDict):
    resetOptions: frozenset[int]


class EuiccMemoryResetRequest(Sequence[EuiccMemoryResetRequestValue]):
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
MemoryResetResultName = Literal["ok", "nothingToDelete", "catBusy", "undefinedError"]


ResetEimResultName = Literal["ok", "nothingToDelete", "eimResetNotSupported", "undefinedError"]
ResetConfigResultName = Literal["ok", "resetIECNotSupported", "undefinedError"]


class EuiccMemoryResetResponseValue(TypedDict):
    resetResult: MemoryResetResultName | UnknownCode
    resetEimResult: NotRequired[ResetEimResultName | UnknownCode]
    resetImmediateEnableConfigResult: NotRequired[ResetConfigResultName | UnknownCode]
    """The last two in SGP.32 v1.0."""


class EuiccMemoryResetResponse(Sequence[EuiccMemoryResetResponseValue]):
    tagSet = context(0x34)
    componentType = fields(("resetResult", implicit(0, MemoryResetResult)))


class SetNicknameRequestValue(TypedDict):
    iccid: bytes
    profileNickname: str


class SetNicknameRequest(Sequence[SetNicknameRequestValue]):
    tagSet = context(0x29)
    componentType = fields(("iccid", sgp22.Iccid), ("profileNickname", implicit(16, utf8(0, 64))))


SetNicknameResultName = Literal["ok", "iccidNotFound", "undefinedError"]


class SetNicknameResponseValue(TypedDict):
    setNicknameResult: SetNicknameResultName | UnknownCode


class SetNicknameResponse(Sequence[SetNicknameResponseValue]):
    tagSet = context(0x29)
    componentType = result("setNicknameResult", iccidNotFound=1)


class CertificateList(rfc5280.CertificateList):
    kept_whole = True


class LoadCRLRequestValue(TypedDict):
    crl: bytes


class LoadCRLRequest(Sequence[LoadCRLRequestValue]):
    tagSet = context(0x35)
    componentType = fields(("crl", implicit(0, CertificateList())))


class LoadCRLResponseOkValue(TypedDict):
    missingParts: NotRequired[ListOf[int]]


class LoadCRLResponseOk(Sequence[LoadCRLResponseOkValue]):
    componentType = fields(optional("missingParts", implicit(0, sequence_of(univ.Integer()))))


LoadCRLResponseErrorName = Literal[
    "invalidSignature",
    "invalidCRLFormat",
    "notEnoughMemorySpace",
    "verificationKeyNotFound",
    "fresherCrlAlreadyLoaded",
    "baseCrlMissing",
    "undefinedError",
]
LoadCRLResponseValue = (
    tuple[Literal["loadCRLResponseOk"], LoadCRLResponseOkValue]
    | tuple[Literal["loadCRLResponseError"], LoadCRLResponseErrorName | UnknownCode]
)


class LoadCRLResponse(Choice[LoadCRLResponseValue]):
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


class LpaeActivationRequestValue(TypedDict):
    lpaeOption: frozenset[int]


class LpaeActivationRequest(Sequence[LpaeActivationRequestValue]):
    gives_way = True
    """To SGP.32's IpaeActivation, which has the same tag and field."""

    tagSet = context(0x42)
    componentType = fields(
        ("lpaeOption", implicit(0, bits("activateCatBasedLpae", "activateScwsBasedLpae")))
    )


LpaeActivationResultName = Literal["ok", "notSupported"]


class LpaeActivationResponseValue(TypedDict):
    lpaeActivationResult: LpaeActivationResultName | UnknownCode


class LpaeActivationResponse(Sequence[LpaeActivationResponseValue]):
    gives_way = True
    tagSet = context(0x42)
    componentType = fields(("lpaeActivationResult", implicit(0, codes(ok=0, notSupported=1))))
