"""Types of GSMA SGP.22 v2.5, module RSPDefinitions: authentication, PrepareDownload, CancelSession.

Clauses 5.7.5, 5.7.13 and 5.7.14. Names and tags are the module's; EUICCInfo2 is SGP.32's, which
has SGP.22's fields and more. SGP.32's compact forms are made by an IPA and are not here.
"""

from typing import Literal, NotRequired, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22.packages import OneTimeKey
from euicc_sim.asn1.sgp32.profiles import EUICCInfo2, EUICCInfo2Value
from euicc_sim.asn1.tags import (
    choice_context,
    codes,
    context,
    fields,
    implicit,
    named,
    numbers,
    octets,
    optional,
)
from euicc_sim.asn1.types import Choice, Sequence, UnknownCode

# -- AuthenticateServer, clause 5.7.13


class DeviceAdditionalFeatureSupportValue(TypedDict):
    naiSupport: NotRequired[bytes]


class DeviceAdditionalFeatureSupport(Sequence[DeviceAdditionalFeatureSupportValue]):
    componentType = fields(optional("naiSupport", implicit(0, sgp22.VersionType)))


class DeviceCapabilitiesValue(TypedDict):
    gsmSupportedRelease: NotRequired[bytes]
    utranSupportedRelease: NotRequired[bytes]
    cdma2000onexSupportedRelease: NotRequired[bytes]
    cdma2000hrpdSupportedRelease: NotRequired[bytes]
    cdma2000ehrpdSupportedRelease: NotRequired[bytes]
    eutranEpcSupportedRelease: NotRequired[bytes]
    contactlessSupportedRelease: NotRequired[bytes]
    rspCrlSupportedVersion: NotRequired[bytes]
    nrEpcSupportedRelease: NotRequired[bytes]
    nr5gcSupportedRelease: NotRequired[bytes]
    eutran5gcSupportedRelease: NotRequired[bytes]
    lpaSvn: NotRequired[bytes]
    catSupportedClasses: NotRequired[frozenset[int]]
    euiccFormFactorType: NotRequired[int]
    deviceAdditionalFeatureSupport: NotRequired[DeviceAdditionalFeatureSupportValue]


class DeviceCapabilities(Sequence[DeviceCapabilitiesValue]):
    """Clause 4.2; v2.5 leaves the numbers of the classes and of the form factor unnamed."""

    componentType = fields(
        optional("gsmSupportedRelease", implicit(0, sgp22.VersionType)),
        optional("utranSupportedRelease", implicit(1, sgp22.VersionType)),
        optional("cdma2000onexSupportedRelease", implicit(2, sgp22.VersionType)),
        optional("cdma2000hrpdSupportedRelease", implicit(3, sgp22.VersionType)),
        optional("cdma2000ehrpdSupportedRelease", implicit(4, sgp22.VersionType)),
        optional("eutranEpcSupportedRelease", implicit(5, sgp22.VersionType)),
        optional("contactlessSupportedRelease", implicit(6, sgp22.VersionType)),
        optional("rspCrlSupportedVersion", implicit(7, sgp22.VersionType)),
        optional("nrEpcSupportedRelease", implicit(8, sgp22.VersionType)),
        optional("nr5gcSupportedRelease", implicit(9, sgp22.VersionType)),
        optional("eutran5gcSupportedRelease", implicit(10, sgp22.VersionType)),
        optional("lpaSvn", implicit(11, sgp22.VersionType)),
        optional("catSupportedClasses", implicit(12, univ.BitString())),
        optional("euiccFormFactorType", implicit(13, univ.Integer())),
        optional("deviceAdditionalFeatureSupport", implicit(14, DeviceAdditionalFeatureSupport())),
    )


class DeviceInfoValue(TypedDict):
    tac: bytes
    deviceCapabilities: DeviceCapabilitiesValue
    imei: NotRequired[bytes]


class DeviceInfo(Sequence[DeviceInfoValue]):
    componentType = fields(
        ("tac", implicit(0, octets(4))),
        ("deviceCapabilities", implicit(1, DeviceCapabilities())),
        optional("imei", implicit(2, octets(8))),
    )


class CtxParamsForCommonAuthenticationValue(TypedDict):
    matchingId: NotRequired[str]
    deviceInfo: DeviceInfoValue


class CtxParamsForCommonAuthentication(Sequence[CtxParamsForCommonAuthenticationValue]):
    componentType = fields(
        optional("matchingId", implicit(0, char.UTF8String())),
        ("deviceInfo", implicit(1, DeviceInfo())),
    )


CtxParams1Value = tuple[
    Literal["ctxParamsForCommonAuthentication"], CtxParamsForCommonAuthenticationValue
]


class CtxParams1(Choice[CtxParams1Value]):
    componentType = fields(
        ("ctxParamsForCommonAuthentication", implicit(0, CtxParamsForCommonAuthentication()))
    )


class ServerSigned1Value(TypedDict):
    transactionId: bytes
    euiccChallenge: bytes
    serverAddress: str
    serverChallenge: bytes


class ServerSigned1(Sequence[ServerSigned1Value]):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("euiccChallenge", implicit(1, octets(16))),
        ("serverAddress", implicit(3, char.UTF8String())),
        ("serverChallenge", implicit(4, octets(16))),
    )


class AuthenticateServerRequestValue(TypedDict):
    serverSigned1: ServerSigned1Value
    serverSignature1: bytes
    euiccCiPKIdToBeUsed: bytes
    serverCertificate: bytes
    ctxParams1: CtxParams1Value


class AuthenticateServerRequest(Sequence[AuthenticateServerRequestValue]):
    tagSet = context(0x38)
    componentType = fields(
        ("serverSigned1", ServerSigned1()),
        ("serverSignature1", sgp22.Signature),
        ("euiccCiPKIdToBeUsed", sgp22.SubjectKeyIdentifier),
        ("serverCertificate", sgp22.Certificate()),
        ("ctxParams1", CtxParams1()),
    )


class EuiccSigned1Value(TypedDict):
    transactionId: bytes
    serverAddress: str
    serverChallenge: bytes
    euiccInfo2: EUICCInfo2Value
    ctxParams1: CtxParams1Value


class EuiccSigned1(Sequence[EuiccSigned1Value]):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("serverAddress", implicit(3, char.UTF8String())),
        ("serverChallenge", implicit(4, octets(16))),
        ("euiccInfo2", EUICCInfo2()),
        ("ctxParams1", CtxParams1()),
    )


class AuthenticateResponseOkValue(TypedDict):
    euiccSigned1: EuiccSigned1Value
    euiccSignature1: bytes
    euiccCertificate: bytes
    eumCertificate: bytes


class AuthenticateResponseOk(Sequence[AuthenticateResponseOkValue]):
    componentType = fields(
        ("euiccSigned1", EuiccSigned1()),
        ("euiccSignature1", sgp22.Signature),
        ("euiccCertificate", sgp22.Certificate()),
        ("eumCertificate", sgp22.Certificate()),
    )


AuthenticateErrorName = Literal[
    "invalidCertificate",
    "invalidSignature",
    "unsupportedCurve",
    "noSessionContext",
    "invalidOid",
    "euiccChallengeMismatch",
    "ciPKUnknown",
    "undefinedError",
]


class AuthenticateResponseErrorValue(TypedDict):
    transactionId: bytes
    authenticateErrorCode: AuthenticateErrorName | UnknownCode


class AuthenticateResponseError(Sequence[AuthenticateResponseErrorValue]):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        (
            "authenticateErrorCode",
            codes(
                invalidCertificate=1,
                invalidSignature=2,
                unsupportedCurve=3,
                noSessionContext=4,
                invalidOid=5,
                euiccChallengeMismatch=6,
                ciPKUnknown=7,
                undefinedError=127,
            ),
        ),
    )


AuthenticateServerResponseValue = (
    tuple[Literal["authenticateResponseOk"], AuthenticateResponseOkValue]
    | tuple[Literal["authenticateResponseError"], AuthenticateResponseErrorValue]
)


class AuthenticateServerResponse(Choice[AuthenticateServerResponseValue]):
    tagSet = choice_context(0x38)
    componentType = fields(
        ("authenticateResponseOk", implicit(0, AuthenticateResponseOk())),
        ("authenticateResponseError", implicit(1, AuthenticateResponseError())),
    )


# -- PrepareDownload, clause 5.7.5


class SmdpSigned2Value(TypedDict):
    transactionId: bytes
    ccRequiredFlag: bool
    bppEuiccOtpk: NotRequired[bytes]


class SmdpSigned2(Sequence[SmdpSigned2Value]):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("ccRequiredFlag", univ.Boolean()),
        optional("bppEuiccOtpk", OneTimeKey),
    )


class PrepareDownloadRequestValue(TypedDict):
    smdpSigned2: SmdpSigned2Value
    smdpSignature2: bytes
    hashCc: NotRequired[bytes]
    smdpCertificate: bytes


class PrepareDownloadRequest(Sequence[PrepareDownloadRequestValue]):
    tagSet = context(0x21)
    componentType = fields(
        ("smdpSigned2", SmdpSigned2()),
        ("smdpSignature2", sgp22.Signature),
        optional("hashCc", octets(32)),
        ("smdpCertificate", sgp22.Certificate()),
    )


class EUICCSigned2Value(TypedDict):
    transactionId: bytes
    euiccOtpk: bytes
    hashCc: NotRequired[bytes]


class EUICCSigned2(Sequence[EUICCSigned2Value]):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("euiccOtpk", OneTimeKey),
        optional("hashCc", octets(32)),
    )


class PrepareDownloadResponseOkValue(TypedDict):
    euiccSigned2: EUICCSigned2Value
    euiccSignature2: bytes


class PrepareDownloadResponseOk(Sequence[PrepareDownloadResponseOkValue]):
    componentType = fields(("euiccSigned2", EUICCSigned2()), ("euiccSignature2", sgp22.Signature))


DownloadErrorName = Literal[
    "invalidCertificate",
    "invalidSignature",
    "unsupportedCurve",
    "noSessionContext",
    "invalidTransactionId",
    "undefinedError",
]


class PrepareDownloadResponseErrorValue(TypedDict):
    transactionId: bytes
    downloadErrorCode: DownloadErrorName | UnknownCode


class PrepareDownloadResponseError(Sequence[PrepareDownloadResponseErrorValue]):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        (
            "downloadErrorCode",
            codes(
                invalidCertificate=1,
                invalidSignature=2,
                unsupportedCurve=3,
                noSessionContext=4,
                invalidTransactionId=5,
                undefinedError=127,
            ),
        ),
    )


PrepareDownloadResponseValue = (
    tuple[Literal["downloadResponseOk"], PrepareDownloadResponseOkValue]
    | tuple[Literal["downloadResponseError"], PrepareDownloadResponseErrorValue]
)


class PrepareDownloadResponse(Choice[PrepareDownloadResponseValue]):
    tagSet = choice_context(0x21)
    componentType = fields(
        ("downloadResponseOk", implicit(0, PrepareDownloadResponseOk())),
        ("downloadResponseError", implicit(1, PrepareDownloadResponseError())),
    )


# -- CancelSession, clause 5.7.14

CancelSessionReason = numbers(
    endUserRejection=0,
    postponed=1,
    timeout=2,
    pprNotAllowed=3,
    metadataMismatch=4,
    loadBppExecutionError=5,
    undefinedReason=127,
)


class CancelSessionRequestValue(TypedDict):
    transactionId: bytes
    reason: int


class CancelSessionRequest(Sequence[CancelSessionRequestValue]):
    tagSet = context(0x41)
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("reason", implicit(1, CancelSessionReason)),
    )


class EuiccCancelSessionSignedValue(TypedDict):
    transactionId: bytes
    smdpOid: str
    reason: int


class EuiccCancelSessionSigned(Sequence[EuiccCancelSessionSignedValue]):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("smdpOid", implicit(1, univ.ObjectIdentifier())),
        ("reason", implicit(2, CancelSessionReason)),
    )


class CancelSessionResponseOkValue(TypedDict):
    euiccCancelSessionSigned: EuiccCancelSessionSignedValue
    euiccCancelSessionSignature: bytes


class CancelSessionResponseOk(Sequence[CancelSessionResponseOkValue]):
    componentType = fields(
        ("euiccCancelSessionSigned", EuiccCancelSessionSigned()),
        ("euiccCancelSessionSignature", sgp22.Signature),
    )


CancelSessionResponseErrorName = Literal["invalidTransactionId", "undefinedError"]
CancelSessionResponseValue = (
    tuple[Literal["cancelSessionResponseOk"], CancelSessionResponseOkValue]
    | tuple[Literal["cancelSessionResponseError"], CancelSessionResponseErrorName | UnknownCode]
)


class CancelSessionResponse(Choice[CancelSessionResponseValue]):
    tagSet = choice_context(0x41)
    componentType = fields(
        ("cancelSessionResponseOk", implicit(0, CancelSessionResponseOk())),
        (
            "cancelSessionResponseError",
            implicit(1, codes(invalidTransactionId=5, undefinedError=127)),
        ),
    )


# -- requests with their parts as received
#
# A server's signature is verified over the bytes as received, and ctxParams1 goes unchanged into
# what the card signs. So its content, the device's data, is not decoded.


class AsReceived(univ.Sequence):
    """A SEQUENCE, tag 30."""

    hidden = True

    kept_as_is = True


class ContextParameters(univ.Sequence):
    """ctxParams1: the only alternative of the CHOICE, ctxParamsForCommonAuthentication."""

    hidden = True
    tagSet = context(0)
    kept_as_is = True


class CommonParametersValue(TypedDict):
    matchingId: NotRequired[str]
    deviceInfo: bytes


class CommonParameters(Sequence[CommonParametersValue]):
    hidden = True
    tagSet = context(0)
    componentType = fields(
        optional("matchingId", implicit(0, char.UTF8String())),
        ("deviceInfo", implicit(1, AsReceived())),
    )


class SessionContextValue(TypedDict):
    serverSvn: NotRequired[bytes]
    crlStaplingV3Used: NotRequired[bool]
    euiccCiPKIdToBeUsedV3: NotRequired[bytes]
    supportedPushServices: NotRequired[bytes]


class SessionContext(Sequence[SessionContextValue]):
    """What a server of v3 adds to ServerSigned1, as far as it concerns this card."""

    hidden = True
    componentType = fields(
        optional("serverSvn", implicit(0, sgp22.VersionType)),
        optional("crlStaplingV3Used", implicit(1, univ.Boolean())),
        optional("euiccCiPKIdToBeUsedV3", implicit(2, sgp22.SubjectKeyIdentifier)),
        optional("supportedPushServices", implicit(3, AsReceived())),
    )


class ServerSigned1PartsValue(ServerSigned1Value):
    sessionContext: NotRequired[SessionContextValue]
    serverRspCapability: NotRequired[frozenset[int]]


class ServerSigned1Parts(Sequence[ServerSigned1PartsValue]):
    """ServerSigned1 with the fields of v3."""

    hidden = True
    componentType = fields(
        *named(ServerSigned1),
        optional("sessionContext", implicit(5, SessionContext())),
        optional("serverRspCapability", implicit(6, univ.BitString())),
    )


class AuthenticateServerPartsValue(TypedDict):
    serverSigned1: bytes
    serverSignature1: bytes
    euiccCiPKIdToBeUsed: NotRequired[bytes]
    serverCertificate: bytes
    ctxParams1: bytes


class AuthenticateServerParts(Sequence[AuthenticateServerPartsValue]):
    """A server of v3 can leave euiccCiPKIdToBeUsed to the sessionContext that it signs."""

    hidden = True
    tagSet = context(0x38)
    componentType = fields(
        ("serverSigned1", AsReceived()),
        ("serverSignature1", sgp22.Signature),
        optional("euiccCiPKIdToBeUsed", sgp22.SubjectKeyIdentifier),
        ("serverCertificate", AsReceived()),
        ("ctxParams1", ContextParameters()),
    )


class PrepareDownloadPartsValue(TypedDict):
    smdpSigned2: bytes
    smdpSignature2: bytes
    hashCc: NotRequired[bytes]
    smdpCertificate: bytes


class PrepareDownloadParts(Sequence[PrepareDownloadPartsValue]):
    hidden = True
    tagSet = context(0x21)
    componentType = fields(
        ("smdpSigned2", AsReceived()),
        ("smdpSignature2", sgp22.Signature),
        optional("hashCc", octets(32)),
        ("smdpCertificate", AsReceived()),
    )
