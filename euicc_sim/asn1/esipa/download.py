"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: a download that the eIM relays.

Clauses 6.3.2.1 to 6.3.2.3 and 6.3.2.5. Names and tags are the module's; what card and SM-DP+ tell
each other is carried.
"""

from pyasn1.type import char, univ

from euicc_sim.asn1.esipa.packages import ProfileDownloadTriggerRequest
from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22.download import CtxParams1
from euicc_sim.asn1.tags import (
    carried,
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    octets,
    optional,
)

_SEQUENCE = univ.Sequence.tagSet
_TRANSACTION = ("transactionId", implicit(0, sgp22.TransactionId))


# -- InitiateAuthentication, clause 6.3.2.1


class InitiateAuthenticationRequestEsipa(univ.Sequence):
    tagSet = context(0x39)
    componentType = fields(
        ("euiccChallenge", implicit(1, octets(16))),
        optional("smdpAddress", implicit(3, char.UTF8String())),
        optional("euiccInfo1", carried(context(0x20))),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
    )


class InitiateAuthenticationOkEsipa(univ.Sequence):
    componentType = fields(
        optional(*_TRANSACTION),
        ("serverSigned1", carried(_SEQUENCE)),
        ("serverSignature1", sgp22.Signature),
        ("euiccCiPKIdentifierToBeUsed", univ.OctetString()),
        ("serverCertificate", sgp22.Certificate()),
        optional("matchingId", char.UTF8String()),
        optional("ctxParams1", explicit(2, CtxParams1())),
    )


class InitiateAuthenticationResponseEsipa(univ.Choice):
    tagSet = choice_context(0x39)
    componentType = fields(
        ("initiateAuthenticationOkEsipa", implicit(0, InitiateAuthenticationOkEsipa())),
        (
            "initiateAuthenticationErrorEsipa",
            implicit(
                1,
                codes(
                    invalidDpAddress=1,
                    euiccVersionNotSupportedByDp=2,
                    ciPKIdNotSupported=3,
                    smdpAddressMismatch=50,
                    smdpOidMismatch=51,
                    invalidEimTransactionId=52,
                    undefinedError=127,
                ),
            ),
        ),
    )


# -- AuthenticateClient, clause 6.3.2.2


class AuthenticateClientRequestEsipa(univ.Sequence):
    tagSet = context(0x3B)
    componentType = fields(_TRANSACTION, ("authenticateServerResponse", carried(context(0x38))))


class AuthenticateClientOkDPEsipa(univ.Sequence):
    componentType = fields(
        optional(*_TRANSACTION),
        optional("profileMetaData", carried(context(0x25))),
        ("smdpSigned2", carried(_SEQUENCE)),
        ("smdpSignature2", sgp22.Signature),
        ("smdpCertificate", sgp22.Certificate()),
        optional("hashCc", octets(32)),
    )


class AuthenticateClientOkDSEsipa(univ.Sequence):
    componentType = fields(
        _TRANSACTION, optional("profileDownloadTrigger", ProfileDownloadTriggerRequest())
    )


class AuthenticateClientResponseEsipa(univ.Choice):
    tagSet = choice_context(0x3B)
    componentType = fields(
        ("authenticateClientOkDPEsipa", implicit(0, AuthenticateClientOkDPEsipa())),
        ("authenticateClientOkDSEsipa", implicit(1, AuthenticateClientOkDSEsipa())),
        (
            "authenticateClientErrorEsipa",
            implicit(
                2,
                codes(
                    eumCertificateInvalid=1,
                    eumCertificateExpired=2,
                    euiccCertificateInvalid=3,
                    euiccCertificateExpired=4,
                    euiccSignatureInvalid=5,
                    matchingIdRefused=6,
                    eidMismatch=7,
                    noEligibleProfile=8,
                    ciPKUnknown=9,
                    invalidTransactionId=10,
                    insufficientMemory=11,
                    pprNotAllowed=50,
                    eventIdUnknown=56,
                    undefinedError=127,
                ),
            ),
        ),
    )


# -- GetBoundProfilePackage, clause 6.3.2.3


class GetBoundProfilePackageRequestEsipa(univ.Sequence):
    tagSet = context(0x3A)
    componentType = fields(_TRANSACTION, ("prepareDownloadResponse", carried(context(0x21))))


class GetBoundProfilePackageOkEsipa(univ.Sequence):
    componentType = fields(optional(*_TRANSACTION), ("boundProfilePackage", carried(context(0x36))))


class GetBoundProfilePackageResponseEsipa(univ.Choice):
    tagSet = choice_context(0x3A)
    componentType = fields(
        ("getBoundProfilePackageOkEsipa", implicit(0, GetBoundProfilePackageOkEsipa())),
        (
            "getBoundProfilePackageErrorEsipa",
            implicit(
                1,
                codes(
                    euiccSignatureInvalid=1,
                    confirmationCodeMissing=2,
                    confirmationCodeRefused=3,
                    confirmationCodeRetriesExceeded=4,
                    bppRebindingRefused=5,
                    downloadOrderExpired=6,
                    metadataMismatch=50,
                    invalidTransactionId=95,
                    undefinedError=127,
                ),
            ),
        ),
    )


# -- CancelSession, clause 6.3.2.5


class CancelSessionRequestEsipa(univ.Sequence):
    tagSet = context(0x41)
    componentType = fields(
        _TRANSACTION, ("cancelSessionResponse", explicit(1, carried(context(0x41))))
    )


class CancelSessionOk(univ.Sequence):
    componentType = fields()


class CancelSessionResponseEsipa(univ.Choice):
    tagSet = choice_context(0x41)
    componentType = fields(
        ("cancelSessionOk", implicit(0, CancelSessionOk())),
        (
            "cancelSessionError",
            implicit(1, codes(invalidTransactionId=1, euiccSignatureInvalid=2, undefinedError=127)),
        ),
    )
