"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: eIM configuration.

Clauses 2.11.1.1.1, 5.9.4 and 5.9.18. Names and tags are the module's.
"""

from pyasn1.type import char, univ

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
    sequence_of,
    utf8,
)

EimId = utf8(1, 128)
EimIdType = codes(eimIdTypeOid=1, eimIdTypeFqdn=2, eimIdTypeProprietary=3)
EimSupportedProtocol = bits(
    "eimRetrieveHttps", "eimRetrieveCoaps", "eimInjectHttps", "eimInjectCoaps", "eimProprietary"
)


class EimPublicKeyData(univ.Choice):
    componentType = fields(
        ("eimPublicKey", implicit(0, sgp22.SubjectPublicKeyInfo())),
        ("eimCertificate", implicit(1, sgp22.Certificate())),
    )


class TrustedPublicKeyDataTls(univ.Choice):
    componentType = fields(
        ("trustedEimPkTls", implicit(0, sgp22.SubjectPublicKeyInfo())),
        ("trustedCertificateTls", implicit(1, sgp22.Certificate())),
    )


class EimConfigurationData(univ.Sequence):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        optional("eimFqdn", implicit(1, char.UTF8String())),
        optional("eimIdType", implicit(2, EimIdType)),
        optional("counterValue", implicit(3, univ.Integer())),
        optional("associationToken", implicit(4, univ.Integer())),
        optional("eimPublicKeyData", explicit(5, EimPublicKeyData())),
        optional("trustedPublicKeyDataTls", explicit(6, TrustedPublicKeyDataTls())),
        optional("eimSupportedProtocol", implicit(7, EimSupportedProtocol)),
        optional("euiccCiPKId", implicit(8, sgp22.SubjectKeyIdentifier)),
        optional("indirectProfileDownload", implicit(9, univ.Null())),
    )


class EimConfigurationDataList(univ.SequenceOf):
    componentType = EimConfigurationData()


class AddInitialEimRequest(univ.Sequence):
    tagSet = context(0x57)
    componentType = fields(("eimConfigurationDataList", implicit(0, EimConfigurationDataList())))


class AddInitialEimOk(univ.Choice):
    componentType = fields(
        ("associationToken", implicit(4, univ.Integer())), ("addOk", univ.Null())
    )


AddInitialEimError = codes(
    insufficientMemory=1,
    associatedEimAlreadyExists=2,
    ciPKUnknown=3,
    invalidAssociationToken=5,
    counterValueOutOfRange=6,
    commandError=7,
    undefinedError=127,
)


class AddInitialEimResponse(univ.Choice):
    tagSet = choice_context(0x57)
    componentType = fields(
        ("addInitialEimOk", implicit(0, sequence_of(AddInitialEimOk()))),
        (
            "addInitialEimError",
            implicit(
                1,
                AddInitialEimError,
            ),
        ),
    )


class EimSearchCriteria(univ.Choice):
    bare_tolerated = True
    componentType = fields(("eimId", implicit(0, EimId)))


class GetEimConfigurationDataRequest(univ.Sequence):
    tagSet = context(0x55)
    componentType = fields(optional("searchCriteria", explicit(0, EimSearchCriteria())))


class GetEimConfigurationDataResponse(univ.Sequence):
    tagSet = context(0x55)
    componentType = fields(("eimConfigurationDataList", implicit(0, EimConfigurationDataList())))
