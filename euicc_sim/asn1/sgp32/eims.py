"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: eIM configuration.

Clauses 2.11.1.1.1, 5.9.4 and 5.9.18. Names and tags are the module's.
"""

from typing import Literal, NotRequired, TypedDict

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
    numbers,
    optional,
    sequence_of,
    utf8,
)
from euicc_sim.asn1.types import Choice, ListOf, Sequence, SequenceOf, UnknownCode

EimId = utf8(1, 128)
EimIdType = numbers(eimIdTypeOid=1, eimIdTypeFqdn=2, eimIdTypeProprietary=3)
EimSupportedProtocol = bits(
    "eimRetrieveHttps", "eimRetrieveCoaps", "eimInjectHttps", "eimInjectCoaps", "eimProprietary"
)


EimPublicKeyDataValue = (
    tuple[Literal["eimPublicKey"], bytes] | tuple[Literal["eimCertificate"], bytes]
)


class EimPublicKeyData(Choice[EimPublicKeyDataValue]):
    componentType = fields(
        ("eimPublicKey", implicit(0, sgp22.SubjectPublicKeyInfo())),
        ("eimCertificate", implicit(1, sgp22.Certificate())),
    )


TrustedPublicKeyDataTlsValue = (
    tuple[Literal["trustedEimPkTls"], bytes] | tuple[Literal["trustedCertificateTls"], bytes]
)


class TrustedPublicKeyDataTls(Choice[TrustedPublicKeyDataTlsValue]):
    componentType = fields(
        ("trustedEimPkTls", implicit(0, sgp22.SubjectPublicKeyInfo())),
        ("trustedCertificateTls", implicit(1, sgp22.Certificate())),
    )


class EimConfigurationDataValue(TypedDict):
    eimId: str
    eimFqdn: NotRequired[str]
    eimIdType: NotRequired[int]
    counterValue: NotRequired[int]
    associationToken: NotRequired[int]
    eimPublicKeyData: NotRequired[EimPublicKeyDataValue]
    trustedPublicKeyDataTls: NotRequired[TrustedPublicKeyDataTlsValue]
    eimSupportedProtocol: NotRequired[frozenset[int]]
    euiccCiPKId: NotRequired[bytes]
    indirectProfileDownload: NotRequired[None]
    eSipaProprietaryProtocolInformation: NotRequired[bytes]
    """Since v1.3."""


class EimConfigurationData(Sequence[EimConfigurationDataValue]):
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


class EimConfigurationDataList(SequenceOf[ListOf[EimConfigurationDataValue]]):
    componentType = EimConfigurationData()


class AddInitialEimRequestValue(TypedDict):
    eimConfigurationDataList: ListOf[EimConfigurationDataValue]


class AddInitialEimRequest(Sequence[AddInitialEimRequestValue]):
    tagSet = context(0x57)
    componentType = fields(("eimConfigurationDataList", implicit(0, EimConfigurationDataList())))


AddInitialEimOkValue = tuple[Literal["associationToken"], int] | tuple[Literal["addOk"], None]


class AddInitialEimOk(Choice[AddInitialEimOkValue]):
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
AddInitialEimErrorName = Literal[
    "insufficientMemory",
    "associatedEimAlreadyExists",
    "ciPKUnknown",
    "invalidAssociationToken",
    "counterValueOutOfRange",
    "commandError",
    "undefinedError",
]


AddInitialEimResponseValue = (
    tuple[Literal["addInitialEimOk"], ListOf[AddInitialEimOkValue]]
    | tuple[Literal["addInitialEimError"], AddInitialEimErrorName | UnknownCode]
)


class AddInitialEimResponse(Choice[AddInitialEimResponseValue]):
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


EimSearchCriteriaValue = tuple[Literal["eimId"], str]


class EimSearchCriteria(Choice[EimSearchCriteriaValue]):
    componentType = fields(("eimId", implicit(0, EimId)))


class GetEimConfigurationDataRequestValue(TypedDict):
    searchCriteria: NotRequired[EimSearchCriteriaValue]


class GetEimConfigurationDataRequest(Sequence[GetEimConfigurationDataRequestValue]):
    tagSet = context(0x55)
    componentType = fields(optional("searchCriteria", explicit(0, EimSearchCriteria())))


class GetEimConfigurationDataResponseValue(TypedDict):
    eimConfigurationDataList: ListOf[EimConfigurationDataValue]


class GetEimConfigurationDataResponse(Sequence[GetEimConfigurationDataResponseValue]):
    tagSet = context(0x55)
    componentType = fields(("eimConfigurationDataList", implicit(0, EimConfigurationDataList())))
