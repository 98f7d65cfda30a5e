"""Requests of an RSP session (SGP.22 v2.5 clauses 5.7.5 and 5.7.13), their parts as received.

What a server signed is verified over the bytes that came, and ctxParams1 goes as it is into what
the card signs. So nothing inside it is judged here: of the device nothing is read.
"""

from typing import NotRequired, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.tags import context, fields, implicit, octets, optional
from euicc_sim.asn1.types import Sequence


class AsReceived(univ.Sequence):
    """A SEQUENCE, tag 30."""

    hidden = True

    kept_as_is = True


class ContextParameters(univ.Sequence):
    """ctxParams1: the one alternative of the CHOICE, ctxParamsForCommonAuthentication."""

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


class AuthenticateServerPartsValue(TypedDict):
    serverSigned1: bytes
    serverSignature1: bytes
    euiccCiPKIdToBeUsed: bytes
    serverCertificate: bytes
    ctxParams1: bytes


class AuthenticateServerParts(Sequence[AuthenticateServerPartsValue]):
    hidden = True
    tagSet = context(0x38)
    componentType = fields(
        ("serverSigned1", AsReceived()),
        ("serverSignature1", sgp22.Signature),
        ("euiccCiPKIdToBeUsed", sgp22.SubjectKeyIdentifier),
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
