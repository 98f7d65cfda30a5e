"""Types of GSMA SGP.22 v2.5, module RSPDefinitions: Bound Profile Packages and their results.

Clauses 2.5.3 to 2.5.6, 4.4 and 5.5. Names and tags are the module's; the protected parts,
which have no names there, are named by their tags. StoreMetadata has the fields of SGP.32 v1.2.
"""

from typing import Any, Literal, NotRequired, TypedDict

from pyasn1.type import univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22 import notifications as sgp22_notifications
from euicc_sim.asn1.tags import (
    application,
    codes,
    context,
    default,
    explicit,
    fields,
    implicit,
    numbers,
    octets,
    optional,
    sequence_of,
    utf8,
)
from euicc_sim.asn1.types import Choice, ListOf, Sequence, SequenceOf, UnknownCode

RemoteOpId = numbers(installBoundProfilePackage=1)
OneTimeKey = application(73, univ.OctetString())
"""A public key, uncompressed."""


# -- the content of the protected parts


class ConfigureISDPRequestValue(TypedDict):
    dpProprietaryData: NotRequired[sgp22.DpProprietaryDataValue]


class ConfigureISDPRequest(Sequence[ConfigureISDPRequestValue]):
    tagSet = context(0x24)
    componentType = fields(
        optional("dpProprietaryData", implicit(24, sgp22.DpProprietaryData())),
    )


STORE_METADATA_SGP22: tuple[Any, ...] = (
    ("iccid", sgp22.Iccid),
    ("serviceProviderName", implicit(17, utf8(0, 32))),
    ("profileName", implicit(18, utf8(0, 64))),
    optional("iconType", implicit(19, sgp22.IconType)),
    optional("icon", implicit(20, octets(0, 1024))),
    default("profileClass", implicit(21, sgp22.ProfileClass.clone(value=2))),
    optional(
        "notificationConfigurationInfo",
        implicit(22, sequence_of(sgp22.NotificationConfigurationInformation())),
    ),
    optional("profileOwner", implicit(23, sgp22.OperatorId())),
    optional("profilePolicyRules", implicit(25, sgp22.PprIds)),
    optional("serviceSpecificDataStoredInEuicc", implicit(34, sgp22.VendorSpecificExtension())),
    optional("serviceSpecificDataNotStoredInEuicc", implicit(35, sgp22.VendorSpecificExtension())),
)


class StoreMetadataRequestValue(TypedDict):
    iccid: bytes
    serviceProviderName: str
    profileName: str
    iconType: NotRequired[int]
    icon: NotRequired[bytes]
    profileClass: NotRequired[int]
    notificationConfigurationInfo: NotRequired[
        ListOf[sgp22.NotificationConfigurationInformationValue]
    ]
    profileOwner: NotRequired[sgp22.OperatorIdValue]
    profilePolicyRules: NotRequired[frozenset[int]]
    serviceSpecificDataStoredInEuicc: NotRequired[ListOf[sgp22.VendorSpecificExtensionItemValue]]
    serviceSpecificDataNotStoredInEuicc: NotRequired[ListOf[sgp22.VendorSpecificExtensionItemValue]]
    ecallIndication: NotRequired[bool]
    fallbackAllowed: NotRequired[bool]
    iotSpecificProfileInfo: NotRequired[bytes]
    """Since v1.3."""


class StoreMetadataRequest(Sequence[StoreMetadataRequestValue]):
    tagSet = context(0x25)
    componentType = fields(
        *STORE_METADATA_SGP22,
        optional("ecallIndication", implicit(123, univ.Boolean())),
        optional("fallbackAllowed", implicit(103, univ.Boolean())),
    )


class UpdateMetadataRequestValue(TypedDict):
    serviceProviderName: NotRequired[str]
    profileName: NotRequired[str]
    iconType: NotRequired[int]
    icon: NotRequired[bytes]
    profilePolicyRules: NotRequired[frozenset[int]]
    serviceSpecificDataStoredInEuicc: NotRequired[ListOf[sgp22.VendorSpecificExtensionItemValue]]


class UpdateMetadataRequest(Sequence[UpdateMetadataRequestValue]):
    tagSet = context(0x2A)
    componentType = fields(
        optional("serviceProviderName", implicit(17, utf8(0, 32))),
        optional("profileName", implicit(18, utf8(0, 64))),
        optional("iconType", implicit(19, sgp22.IconType)),
        optional("icon", implicit(20, octets(0, 1024))),
        optional("profilePolicyRules", implicit(25, sgp22.PprIds)),
        optional("serviceSpecificDataStoredInEuicc", implicit(34, sgp22.VendorSpecificExtension())),
    )


class ReplaceSessionKeysRequestValue(TypedDict):
    initialMacChainingValue: bytes
    ppkEnc: bytes
    ppkCmac: bytes


class ReplaceSessionKeysRequest(Sequence[ReplaceSessionKeysRequestValue]):
    tagSet = context(0x26)
    componentType = fields(
        ("initialMacChainingValue", implicit(0, univ.OctetString())),
        ("ppkEnc", implicit(1, univ.OctetString())),
        ("ppkCmac", implicit(2, univ.OctetString())),
    )


# -- the package and its parts, as received by a card


class ControlRefTemplateValue(TypedDict):
    keyType: bytes
    keyLen: bytes
    hostId: bytes


class ControlRefTemplate(Sequence[ControlRefTemplateValue]):
    componentType = fields(
        ("keyType", implicit(0, octets(1))),
        ("keyLen", implicit(1, octets(1))),
        ("hostId", implicit(4, octets(1, 16))),
    )


class InitialiseSecureChannelRequestValue(TypedDict):
    remoteOpId: int
    transactionId: bytes
    controlRefTemplate: ControlRefTemplateValue
    smdpOtpk: bytes
    smdpSign: bytes


class InitialiseSecureChannelRequest(Sequence[InitialiseSecureChannelRequestValue]):
    tagSet = context(0x23)
    componentType = fields(
        ("remoteOpId", implicit(2, RemoteOpId)),
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("controlRefTemplate", implicit(6, ControlRefTemplate())),
        ("smdpOtpk", OneTimeKey),
        ("smdpSign", sgp22.Signature),
    )


class Data86(univ.OctetString):
    """Profile elements, encrypted, and 8 bytes of MAC."""

    tagSet = implicit(6, univ.OctetString()).tagSet


class Data87(univ.OctetString):
    """ConfigureISDP or ReplaceSessionKeys, encrypted, and 8 bytes of MAC."""

    tagSet = implicit(7, univ.OctetString()).tagSet


class Data88(univ.OctetString):
    """Part of StoreMetadata, in clear, and 8 bytes of MAC."""

    tagSet = implicit(8, univ.OctetString()).tagSet


class FirstSequenceOf87(SequenceOf[ListOf[bytes]]):
    tagSet = context(0)
    componentType = Data87()


class SequenceOf88(SequenceOf[ListOf[bytes]]):
    tagSet = context(1)
    componentType = Data88()


class SecondSequenceOf87(SequenceOf[ListOf[bytes]]):
    tagSet = context(2)
    componentType = Data87()


class SequenceOf86(SequenceOf[ListOf[bytes]]):
    tagSet = context(3)
    componentType = Data86()


class BoundProfilePackageValue(TypedDict):
    initialiseSecureChannelRequest: InitialiseSecureChannelRequestValue
    firstSequenceOf87: ListOf[bytes]
    sequenceOf88: ListOf[bytes]
    secondSequenceOf87: NotRequired[ListOf[bytes]]
    sequenceOf86: ListOf[bytes]


class BoundProfilePackage(Sequence[BoundProfilePackageValue]):
    tagSet = context(0x36)
    componentType = fields(
        ("initialiseSecureChannelRequest", InitialiseSecureChannelRequest()),
        ("firstSequenceOf87", FirstSequenceOf87()),
        ("sequenceOf88", SequenceOf88()),
        optional("secondSequenceOf87", SecondSequenceOf87()),
        ("sequenceOf86", SequenceOf86()),
    )


# -- the result, clause 2.5.6

BppCommandId = codes(
    initialiseSecureChannel=0,
    configureISDP=1,
    storeMetadata=2,
    storeMetadata2=3,
    replaceSessionKeys=4,
    loadProfileElements=5,
)
BppCommandIdName = Literal[
    "initialiseSecureChannel",
    "configureISDP",
    "storeMetadata",
    "storeMetadata2",
    "replaceSessionKeys",
    "loadProfileElements",
]
ErrorReason = codes(
    incorrectInputValues=1,
    invalidSignature=2,
    invalidTransactionId=3,
    unsupportedCrtValues=4,
    unsupportedRemoteOperationType=5,
    unsupportedProfileClass=6,
    scp03tStructureError=7,
    scp03tSecurityError=8,
    installFailedDueToIccidAlreadyExistsOnEuicc=9,
    installFailedDueToInsufficientMemoryForProfile=10,
    installFailedDueToInterruption=11,
    installFailedDueToPEProcessingError=12,
    installFailedDueToDataMismatch=13,
    testProfileInstallFailedDueToInvalidNaaKey=14,
    pprNotAllowed=15,
    installFailedDueToInsufficientMinimumSecurityLevel=31,
    installFailedDueToServerAddressAbsentInEuiccAllowList=32,
    installFailedDueToUnknownError=127,
)
"""31 and 32 are of v2.7."""
ErrorReasonName = Literal[
    "incorrectInputValues",
    "invalidSignature",
    "invalidTransactionId",
    "unsupportedCrtValues",
    "unsupportedRemoteOperationType",
    "unsupportedProfileClass",
    "scp03tStructureError",
    "scp03tSecurityError",
    "installFailedDueToIccidAlreadyExistsOnEuicc",
    "installFailedDueToInsufficientMemoryForProfile",
    "installFailedDueToInterruption",
    "installFailedDueToPEProcessingError",
    "installFailedDueToDataMismatch",
    "testProfileInstallFailedDueToInvalidNaaKey",
    "pprNotAllowed",
    "installFailedDueToInsufficientMinimumSecurityLevel",
    "installFailedDueToServerAddressAbsentInEuiccAllowList",
    "installFailedDueToUnknownError",
]


class SuccessResultValue(TypedDict):
    aid: bytes
    simaResponse: bytes


class SuccessResult(Sequence[SuccessResultValue]):
    componentType = fields(
        ("aid", application(15, octets(5, 16))), ("simaResponse", univ.OctetString())
    )


class ErrorResultValue(TypedDict):
    bppCommandId: BppCommandIdName | UnknownCode
    errorReason: ErrorReasonName | UnknownCode
    simaResponse: NotRequired[bytes]


class ErrorResult(Sequence[ErrorResultValue]):
    componentType = fields(
        ("bppCommandId", implicit(0, BppCommandId)),
        ("errorReason", implicit(1, ErrorReason)),
        optional("simaResponse", implicit(2, univ.OctetString())),
    )


FinalResultValue = (
    tuple[Literal["successResult"], SuccessResultValue]
    | tuple[Literal["errorResult"], ErrorResultValue]
)


class FinalResult(Choice[FinalResultValue]):
    componentType = fields(
        ("successResult", implicit(0, SuccessResult())),
        ("errorResult", implicit(1, ErrorResult())),
    )


class ProfileInstallationResultDataValue(TypedDict):
    transactionId: bytes
    notificationMetadata: sgp22_notifications.NotificationMetadataValue
    smdpOid: str
    finalResult: FinalResultValue


class ProfileInstallationResultData(Sequence[ProfileInstallationResultDataValue]):
    tagSet = context(0x27)
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("notificationMetadata", sgp22_notifications.NotificationMetadata()),
        ("smdpOid", univ.ObjectIdentifier()),
        ("finalResult", explicit(2, FinalResult())),
    )


class ProfileInstallationResultValue(TypedDict):
    profileInstallationResultData: ProfileInstallationResultDataValue
    euiccSignPIR: bytes


class ProfileInstallationResult(Sequence[ProfileInstallationResultValue]):
    tagSet = context(0x37)
    componentType = fields(
        ("profileInstallationResultData", ProfileInstallationResultData()),
        ("euiccSignPIR", sgp22.Signature),
    )
