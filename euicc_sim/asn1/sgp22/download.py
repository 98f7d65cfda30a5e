"""Types of GSMA SGP.22 v2.5, module RSPDefinitions: authentication, download and its end.

Clauses 5.7.5, 5.7.13 and 5.7.14. Names and tags are the module's; EUICCInfo2 is SGP.32's, which
has SGP.22's fields and more. SGP.32's compact forms are made by an IPA and are not here.
"""

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22.packages import OneTimeKey
from euicc_sim.asn1.sgp32.profiles import EUICCInfo2
from euicc_sim.asn1.tags import (
    choice_context,
    codes,
    context,
    fields,
    implicit,
    octets,
    optional,
)

# -- AuthenticateServer, clause 5.7.13


class DeviceAdditionalFeatureSupport(univ.Sequence):
    componentType = fields(optional("naiSupport", implicit(0, sgp22.VersionType)))


class DeviceCapabilities(univ.Sequence):
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


class DeviceInfo(univ.Sequence):
    componentType = fields(
        ("tac", implicit(0, octets(4))),
        ("deviceCapabilities", implicit(1, DeviceCapabilities())),
        optional("imei", implicit(2, octets(8))),
    )


class CtxParamsForCommonAuthentication(univ.Sequence):
    componentType = fields(
        optional("matchingId", implicit(0, char.UTF8String())),
        ("deviceInfo", implicit(1, DeviceInfo())),
    )


class CtxParams1(univ.Choice):
    componentType = fields(
        ("ctxParamsForCommonAuthentication", implicit(0, CtxParamsForCommonAuthentication()))
    )


class ServerSigned1(univ.Sequence):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("euiccChallenge", implicit(1, octets(16))),
        ("serverAddress", implicit(3, char.UTF8String())),
        ("serverChallenge", implicit(4, octets(16))),
    )


class AuthenticateServerRequest(univ.Sequence):
    tagSet = context(0x38)
    componentType = fields(
        ("serverSigned1", ServerSigned1()),
        ("serverSignature1", sgp22.Signature),
        ("euiccCiPKIdToBeUsed", sgp22.SubjectKeyIdentifier),
        ("serverCertificate", sgp22.Certificate()),
        ("ctxParams1", CtxParams1()),
    )


class EuiccSigned1(univ.Sequence):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("serverAddress", implicit(3, char.UTF8String())),
        ("serverChallenge", implicit(4, octets(16))),
        ("euiccInfo2", EUICCInfo2()),
        ("ctxParams1", CtxParams1()),
    )


class AuthenticateResponseOk(univ.Sequence):
    componentType = fields(
        ("euiccSigned1", EuiccSigned1()),
        ("euiccSignature1", sgp22.Signature),
        ("euiccCertificate", sgp22.Certificate()),
        ("eumCertificate", sgp22.Certificate()),
    )


class AuthenticateResponseError(univ.Sequence):
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


class AuthenticateServerResponse(univ.Choice):
    tagSet = choice_context(0x38)
    componentType = fields(
        ("authenticateResponseOk", implicit(0, AuthenticateResponseOk())),
        ("authenticateResponseError", implicit(1, AuthenticateResponseError())),
    )


# -- PrepareDownload, clause 5.7.5


class SmdpSigned2(univ.Sequence):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("ccRequiredFlag", univ.Boolean()),
        optional("bppEuiccOtpk", OneTimeKey),
    )


class PrepareDownloadRequest(univ.Sequence):
    tagSet = context(0x21)
    componentType = fields(
        ("smdpSigned2", SmdpSigned2()),
        ("smdpSignature2", sgp22.Signature),
        optional("hashCc", octets(32)),
        ("smdpCertificate", sgp22.Certificate()),
    )


class EUICCSigned2(univ.Sequence):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("euiccOtpk", OneTimeKey),
        optional("hashCc", octets(32)),
    )


class PrepareDownloadResponseOk(univ.Sequence):
    componentType = fields(("euiccSigned2", EUICCSigned2()), ("euiccSignature2", sgp22.Signature))


class PrepareDownloadResponseError(univ.Sequence):
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


class PrepareDownloadResponse(univ.Choice):
    tagSet = choice_context(0x21)
    componentType = fields(
        ("downloadResponseOk", implicit(0, PrepareDownloadResponseOk())),
        ("downloadResponseError", implicit(1, PrepareDownloadResponseError())),
    )


# -- CancelSession, clause 5.7.14

CancelSessionReason = codes(
    endUserRejection=0,
    postponed=1,
    timeout=2,
    pprNotAllowed=3,
    metadataMismatch=4,
    loadBppExecutionError=5,
    undefinedReason=127,
)


class CancelSessionRequest(univ.Sequence):
    tagSet = context(0x41)
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("reason", implicit(1, CancelSessionReason)),
    )


class EuiccCancelSessionSigned(univ.Sequence):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("smdpOid", implicit(1, univ.ObjectIdentifier())),
        ("reason", implicit(2, CancelSessionReason)),
    )


class CancelSessionResponseOk(univ.Sequence):
    componentType = fields(
        ("euiccCancelSessionSigned", EuiccCancelSessionSigned()),
        ("euiccCancelSessionSignature", sgp22.Signature),
    )


class CancelSessionResponse(univ.Choice):
    tagSet = choice_context(0x41)
    componentType = fields(
        ("cancelSessionResponseOk", implicit(0, CancelSessionResponseOk())),
        (
            "cancelSessionResponseError",
            implicit(1, codes(invalidTransactionId=5, undefinedError=127)),
        ),
    )
