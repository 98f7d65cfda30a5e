"""Types of the TCA eUICC Profile Package specification: Profile Elements other than files.

Module PEDefinitions of v3.3.1, annex H: codes, authentication, security domains, applications.
Keys and codes are in these values: never print one.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from pyasn1.type import univ

from euicc_sim.asn1.saip.files import APPLICATION_IDENTIFIER, UINT16, PEHeader, PEHeaderValue
from euicc_sim.asn1.tags import (
    application,
    carried,
    context,
    default,
    explicit,
    fields,
    implicit,
    octets,
    optional,
    private,
    sequence_of,
    size,
)
from euicc_sim.asn1.types import Choice, ListOf, Sequence

UINT8 = univ.Integer()
MILENAGE, TUAK, USIM_TEST_ALGORITHM = 1, 2, 3
"""algorithmID of an AlgoParameter."""


def _list_of(one: Any, low: int, high: int) -> Any:
    return sequence_of(one).subtype(subtypeSpec=size(low, high))


# -- PINs and PUKs


class PinConfigurationValue(TypedDict):
    keyReference: int
    pinValue: bytes
    unblockingPINReference: NotRequired[int]
    pinAttributes: int
    maxNumOfAttemptsRetryNumLeft: int


class PinConfiguration(Sequence[PinConfigurationValue]):
    componentType = fields(
        ("keyReference", implicit(0, univ.Integer())),
        ("pinValue", implicit(1, octets(8))),
        optional("unblockingPINReference", implicit(2, univ.Integer())),
        default("pinAttributes", implicit(3, UINT8.clone(7))),
        default("maxNumOfAttemptsRetryNumLeft", implicit(4, UINT8.clone(0x33))),
    )


PinCodesChoiceValue = (
    tuple[Literal["pinconfig"], ListOf[PinConfigurationValue]] | tuple[Literal["filePath"], bytes]
)


class PinCodesChoice(Choice[PinCodesChoiceValue]):
    componentType = fields(
        (
            "pinconfig",
            implicit(0, _list_of(PinConfiguration(), 1, 26)),
        ),
        ("filePath", implicit(1, octets(0, 8))),
    )


class PinCodesValue(TypedDict):
    header: PEHeaderValue
    pinCodes: PinCodesChoiceValue


class PinCodes(Sequence[PinCodesValue]):
    """PE-PINCodes."""

    tagSet = context(2)
    componentType = fields(
        ("header", implicit(0, PEHeader())),
        ("pinCodes", explicit(1, PinCodesChoice())),
    )


class PukConfigurationValue(TypedDict):
    keyReference: int
    pukValue: bytes
    maxNumOfAttemptsRetryNumLeft: int


class PukConfiguration(Sequence[PukConfigurationValue]):
    componentType = fields(
        ("keyReference", implicit(0, univ.Integer())),
        ("pukValue", implicit(1, octets(8))),
        default("maxNumOfAttemptsRetryNumLeft", implicit(2, UINT8.clone(0xAA))),
    )


class PukCodesValue(TypedDict):
    header: PEHeaderValue
    pukCodes: ListOf[PukConfigurationValue]


class PukCodes(Sequence[PukCodesValue]):
    """PE-PUKCodes."""

    tagSet = context(3)
    componentType = fields(
        ("header", implicit(0, PEHeader())),
        ("pukCodes", implicit(1, _list_of(PukConfiguration(), 1, 16))),
    )


# -- authentication


class MappingParameterValue(TypedDict):
    mappingOptions: bytes
    mappingSource: bytes


class MappingParameter(Sequence[MappingParameterValue]):
    componentType = fields(
        ("mappingOptions", implicit(0, octets(1))),
        ("mappingSource", implicit(1, APPLICATION_IDENTIFIER)),
    )


class AlgoParameterValue(TypedDict):
    algorithmID: int
    algorithmOptions: bytes
    key: bytes
    opc: bytes
    rotationConstants: NotRequired[bytes]
    xoringConstants: NotRequired[bytes]
    authCounterMax: NotRequired[bytes]
    numberOfKeccak: int


class AlgoParameter(Sequence[AlgoParameterValue]):
    componentType = fields(
        ("algorithmID", implicit(0, univ.Integer())),
        ("algorithmOptions", implicit(1, octets(1))),
        ("key", implicit(2, univ.OctetString())),
        ("opc", implicit(3, univ.OctetString())),
        optional("rotationConstants", implicit(4, octets(5))),
        optional("xoringConstants", implicit(5, octets(80))),
        optional("authCounterMax", implicit(6, octets(3))),
        default("numberOfKeccak", implicit(7, UINT8.clone(1))),
    )


AlgoConfigurationValue = (
    tuple[Literal["mappingParameter"], MappingParameterValue]
    | tuple[Literal["algoParameter"], AlgoParameterValue]
)


class AlgoConfiguration(Choice[AlgoConfigurationValue]):
    componentType = fields(
        ("mappingParameter", implicit(0, MappingParameter())),
        ("algoParameter", implicit(1, AlgoParameter())),
    )


class AkaParameterValue(TypedDict):
    header: PEHeaderValue
    algoConfiguration: AlgoConfigurationValue
    sqnOptions: NotRequired[bytes]
    sqnDelta: NotRequired[bytes]
    sqnAgeLimit: NotRequired[bytes]
    sqnInit: NotRequired[ListOf[bytes]]


class AkaParameter(Sequence[AkaParameterValue]):
    """PE-AKAParameter."""

    tagSet = context(4)
    componentType = fields(
        ("header", implicit(0, PEHeader())),
        ("algoConfiguration", explicit(1, AlgoConfiguration())),
        optional("sqnOptions", implicit(2, octets(1))),
        optional("sqnDelta", implicit(3, octets(6))),
        optional("sqnAgeLimit", implicit(4, octets(6))),
        optional("sqnInit", implicit(5, _list_of(octets(6), 32, 32))),
    )


class CdmaParameterValue(TypedDict):
    header: PEHeaderValue
    authenticationKey: bytes
    ssd: NotRequired[bytes]
    hrpdAccessAuthenticationData: NotRequired[bytes]
    simpleIPAuthenticationData: NotRequired[bytes]
    mobileIPAuthenticationData: NotRequired[bytes]


class CdmaParameter(Sequence[CdmaParameterValue]):
    """PE-CDMAParameter."""

    tagSet = context(5)
    componentType = fields(
        ("header", implicit(0, PEHeader())),
        ("authenticationKey", implicit(1, octets(8))),
        optional("ssd", implicit(2, octets(16))),
        optional("hrpdAccessAuthenticationData", implicit(3, octets(2, 32))),
        optional("simpleIPAuthenticationData", implicit(4, octets(3, 483))),
        optional("mobileIPAuthenticationData", implicit(5, octets(5, 957))),
    )


# -- security domains, applications, remote file management


class ApplicationInstanceValue(TypedDict):
    applicationLoadPackageAID: bytes
    classAID: bytes
    instanceAID: bytes
    extraditeSecurityDomainAID: NotRequired[bytes]
    applicationPrivileges: bytes
    lifeCycleState: NotRequired[bytes]
    applicationSpecificParametersC9: bytes
    systemSpecificParameters: NotRequired[bytes]
    applicationParameters: NotRequired[bytes]
    processData: NotRequired[ListOf[bytes]]
    controlReferenceTemplate: NotRequired[bytes]


class ApplicationInstance(Sequence[ApplicationInstanceValue]):
    """The parameters of installation are kept as received."""

    componentType = fields(
        ("applicationLoadPackageAID", application(15, APPLICATION_IDENTIFIER)),
        ("classAID", application(15, APPLICATION_IDENTIFIER)),
        ("instanceAID", application(15, APPLICATION_IDENTIFIER)),
        optional("extraditeSecurityDomainAID", application(15, APPLICATION_IDENTIFIER)),
        ("applicationPrivileges", implicit(2, univ.OctetString())),
        optional("lifeCycleState", implicit(3, octets(1))),
        ("applicationSpecificParametersC9", private(9, univ.OctetString())),
        optional("systemSpecificParameters", carried(private(15, univ.Sequence()).tagSet)),
        optional("applicationParameters", carried(private(10, univ.Sequence()).tagSet)),
        optional("processData", sequence_of(univ.OctetString())),
        optional("controlReferenceTemplate", carried(context(16))),
    )


class KeyComponentValue(TypedDict):
    keyType: bytes
    keyData: bytes
    macLength: int


class KeyComponent(Sequence[KeyComponentValue]):
    componentType = fields(
        ("keyType", implicit(0, univ.OctetString())),
        ("keyData", implicit(6, univ.OctetString())),
        default("macLength", implicit(7, UINT8.clone(8))),
    )


class KeyObjectValue(TypedDict):
    keyUsageQualifier: bytes
    keyAccess: NotRequired[bytes]
    keyIdentifier: bytes
    keyVersionNumber: bytes
    keyCounterValue: NotRequired[bytes]
    keyComponents: ListOf[KeyComponentValue]


class KeyObject(Sequence[KeyObjectValue]):
    componentType = fields(
        ("keyUsageQualifier", implicit(21, octets(1, 2))),
        optional("keyAccess", implicit(22, octets(1))),
        ("keyIdentifier", implicit(2, octets(1))),
        ("keyVersionNumber", implicit(3, octets(1))),
        optional("keyCounterValue", implicit(5, univ.OctetString())),
        ("keyComponents", sequence_of(KeyComponent())),
    )


class CatTpParametersValue(TypedDict):
    catTpMaxSduSize: int
    catTpMaxPduSize: int


class CatTpParameters(Sequence[CatTpParametersValue]):
    componentType = fields(
        ("catTpMaxSduSize", implicit(0, UINT16)),
        ("catTpMaxPduSize", implicit(1, UINT16)),
    )


class SecurityDomainValue(TypedDict):
    header: PEHeaderValue
    instance: ApplicationInstanceValue
    keyList: NotRequired[ListOf[KeyObjectValue]]
    sdPersoData: NotRequired[ListOf[bytes]]
    openPersoData: NotRequired[bytes]
    catTpParameters: NotRequired[CatTpParametersValue]


class SecurityDomain(Sequence[SecurityDomainValue]):
    """PE-SecurityDomain."""

    tagSet = context(6)
    componentType = fields(
        ("header", implicit(0, PEHeader())),
        ("instance", implicit(1, ApplicationInstance())),
        optional("keyList", implicit(2, sequence_of(KeyObject()))),
        optional("sdPersoData", implicit(3, sequence_of(univ.OctetString()))),
        optional("openPersoData", carried(context(4))),
        optional("catTpParameters", implicit(5, CatTpParameters())),
    )


class AdfRfmAccessValue(TypedDict):
    adfAID: bytes
    adfAccessDomain: bytes
    adfAdminAccessDomain: bytes


class AdfRfmAccess(Sequence[AdfRfmAccessValue]):
    componentType = fields(
        ("adfAID", implicit(0, APPLICATION_IDENTIFIER)),
        ("adfAccessDomain", implicit(1, univ.OctetString())),
        ("adfAdminAccessDomain", implicit(2, univ.OctetString())),
    )


class RfmValue(TypedDict):
    header: PEHeaderValue
    instanceAID: bytes
    securityDomainAID: NotRequired[bytes]
    tarList: NotRequired[ListOf[bytes]]
    minimumSecurityLevel: bytes
    uiccAccessDomain: bytes
    uiccAdminAccessDomain: bytes
    adfRFMAccess: NotRequired[AdfRfmAccessValue]


class Rfm(Sequence[RfmValue]):
    """PE-RFM, whose tags are given one by one."""

    tagSet = context(7)
    componentType = fields(
        ("header", implicit(0, PEHeader())),
        ("instanceAID", application(15, APPLICATION_IDENTIFIER)),
        optional("securityDomainAID", application(15, APPLICATION_IDENTIFIER)),
        optional("tarList", implicit(0, sequence_of(octets(3)))),
        ("minimumSecurityLevel", implicit(1, octets(1))),
        ("uiccAccessDomain", univ.OctetString()),
        ("uiccAdminAccessDomain", univ.OctetString()),
        optional("adfRFMAccess", AdfRfmAccess()),
    )


class ApplicationLoadPackageValue(TypedDict):
    loadPackageAID: bytes
    securityDomainAID: NotRequired[bytes]
    nonVolatileCodeLimitC6: NotRequired[bytes]
    volatileDataLimitC7: NotRequired[bytes]
    nonVolatileDataLimitC8: NotRequired[bytes]
    hashValue: NotRequired[bytes]
    loadBlockObject: bytes


class ApplicationLoadPackage(Sequence[ApplicationLoadPackageValue]):
    componentType = fields(
        ("loadPackageAID", application(15, APPLICATION_IDENTIFIER)),
        optional("securityDomainAID", application(15, APPLICATION_IDENTIFIER)),
        optional("nonVolatileCodeLimitC6", private(6, univ.OctetString())),
        optional("volatileDataLimitC7", private(7, univ.OctetString())),
        optional("nonVolatileDataLimitC8", private(8, univ.OctetString())),
        optional("hashValue", private(1, univ.OctetString())),
        ("loadBlockObject", private(4, univ.OctetString())),
    )


class ApplicationValue(TypedDict):
    header: PEHeaderValue
    loadBlock: NotRequired[ApplicationLoadPackageValue]
    instanceList: NotRequired[ListOf[ApplicationInstanceValue]]


class Application(Sequence[ApplicationValue]):
    """PE-Application."""

    tagSet = context(8)
    componentType = fields(
        ("header", implicit(0, PEHeader())),
        optional("loadBlock", implicit(1, ApplicationLoadPackage())),
        optional("instanceList", implicit(2, sequence_of(ApplicationInstance()))),
    )


class NonStandardValue(TypedDict):
    header: PEHeaderValue
    issuerID: str
    content: bytes


class NonStandard(Sequence[NonStandardValue]):
    """PE-NonStandard."""

    tagSet = context(9)
    componentType = fields(
        ("header", implicit(0, PEHeader())),
        ("issuerID", implicit(1, univ.ObjectIdentifier())),
        ("content", implicit(2, univ.OctetString())),
    )


class EndValue(TypedDict):
    header: PEHeaderValue


class End(Sequence[EndValue]):
    """PE-End."""

    tagSet = context(10)
    componentType = fields(("header", implicit(0, PEHeader())))
