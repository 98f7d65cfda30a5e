"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: eUICC Packages and their results.

Clauses 2.11.1.1, 2.11.2.1 and 5.9.1. Names and tags are the module's.
"""

from typing import Literal, NotRequired, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.primitives import StoredInteger
from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp32.eims import (
    EimConfigurationData,
    EimConfigurationDataValue,
    EimId,
    EimIdType,
)
from euicc_sim.asn1.sgp32.profiles import (
    ProfileInfoListRequest,
    ProfileInfoListResponse,
    ProfileInfoListResponseValue,
    SetDefaultDpAddressRequest,
    SetDefaultDpAddressRequestValue,
    SetDefaultDpAddressResponse,
    SetDefaultDpAddressResponseValue,
)
from euicc_sim.asn1.tags import (
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    optional,
    sequence_of,
)
from euicc_sim.asn1.types import Choice, ListOf, Nothing, Sequence, SequenceOf, UnknownCode

# -- eUICC Package Request, clause 2.11.1.1


class EmptySequence(Sequence[Nothing]):
    componentType = fields()


class DeleteEimValue(TypedDict):
    eimId: str


class DeleteEim(Sequence[DeleteEimValue]):
    componentType = fields(("eimId", implicit(0, char.UTF8String())))


EcoValue = (
    tuple[Literal["addEim"], EimConfigurationDataValue]
    | tuple[Literal["deleteEim"], DeleteEimValue]
    | tuple[Literal["updateEim"], EimConfigurationDataValue]
    | tuple[Literal["listEim"], Nothing]
)


class Eco(Choice[EcoValue]):
    componentType = fields(
        ("addEim", implicit(8, EimConfigurationData())),
        ("deleteEim", implicit(9, DeleteEim())),
        ("updateEim", implicit(10, EimConfigurationData())),
        ("listEim", implicit(11, EmptySequence())),
    )


class EnableProfileValue(TypedDict):
    iccid: bytes
    rollbackFlag: NotRequired[None]


class EnableProfile(Sequence[EnableProfileValue]):
    componentType = fields(("iccid", sgp22.Iccid), optional("rollbackFlag", univ.Null()))


class IccidOnlyValue(TypedDict):
    iccid: bytes


class IccidOnly(Sequence[IccidOnlyValue]):
    componentType = fields(("iccid", sgp22.Iccid))


class ConfigureImmediateEnableValue(TypedDict):
    immediateEnableFlag: NotRequired[None]
    defaultSmdpOid: NotRequired[str]
    defaultSmdpAddress: NotRequired[str]


class ConfigureImmediateEnable(Sequence[ConfigureImmediateEnableValue]):
    componentType = fields(
        optional("immediateEnableFlag", implicit(0, univ.Null())),
        optional("defaultSmdpOid", implicit(1, univ.ObjectIdentifier())),
        optional("defaultSmdpAddress", implicit(2, char.UTF8String())),
    )


PsmoValue = (
    tuple[Literal["enable"], EnableProfileValue]
    | tuple[Literal["disable"], IccidOnlyValue]
    | tuple[Literal["delete"], IccidOnlyValue]
    | tuple[Literal["listProfileInfo"], sgp22.ProfileInfoListRequestValue]
    | tuple[Literal["getRAT"], Nothing]
    | tuple[Literal["configureImmediateEnable"], ConfigureImmediateEnableValue]
    | tuple[Literal["setFallbackAttribute"], IccidOnlyValue]
    | tuple[Literal["unsetFallbackAttribute"], Nothing]
    | tuple[Literal["setDefaultDpAddress"], SetDefaultDpAddressRequestValue]
)


class Psmo(Choice[PsmoValue]):
    componentType = fields(
        ("enable", implicit(3, EnableProfile())),
        ("disable", implicit(4, IccidOnly())),
        ("delete", implicit(5, IccidOnly())),
        ("listProfileInfo", ProfileInfoListRequest()),
        ("getRAT", implicit(6, EmptySequence())),
        ("configureImmediateEnable", implicit(7, ConfigureImmediateEnable())),
        ("setFallbackAttribute", implicit(8, IccidOnly())),
        ("unsetFallbackAttribute", implicit(9, EmptySequence())),
        ("setDefaultDpAddress", SetDefaultDpAddressRequest()),
    )


class PsmoList(SequenceOf[ListOf[bytes]]):
    """Kept as received: an operation that cannot be read stops the list, not the package."""

    items_kept_as_is = True
    componentType = Psmo()


class EcoList(SequenceOf[ListOf[bytes]]):
    items_kept_as_is = True
    componentType = Eco()


EuiccPackageValue = (
    tuple[Literal["psmoList"], ListOf[bytes]] | tuple[Literal["ecoList"], ListOf[bytes]]
)


class EuiccPackage(Choice[EuiccPackageValue]):
    componentType = fields(
        ("psmoList", implicit(0, PsmoList())), ("ecoList", implicit(1, EcoList()))
    )


class EuiccPackageSignedValue(TypedDict):
    eimId: str
    eidValue: bytes
    counterValue: int
    eimTransactionId: NotRequired[bytes]
    euiccPackage: EuiccPackageValue


class EuiccPackageSigned(Sequence[EuiccPackageSignedValue]):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        ("eidValue", sgp22.EidValue),
        ("counterValue", implicit(1, univ.Integer())),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        ("euiccPackage", EuiccPackage()),
    )


class EuiccPackageRequestValue(TypedDict):
    euiccPackageSigned: EuiccPackageSignedValue
    eimSignature: bytes


class EuiccPackageRequest(Sequence[EuiccPackageRequestValue]):
    tagSet = context(0x51)
    componentType = fields(
        ("euiccPackageSigned", EuiccPackageSigned()), ("eimSignature", sgp22.Signature)
    )


# -- eUICC Package Result, clause 2.11.2.1


class EimIdInfoValue(TypedDict):
    eimId: str
    eimIdType: NotRequired[int]


class EimIdInfo(Sequence[EimIdInfoValue]):
    componentType = fields(
        ("eimId", implicit(0, EimId)), optional("eimIdType", implicit(2, EimIdType))
    )


ListEimErrorName = Literal["commandError", "undefinedError"]
"""commandError before v1.1."""
ListEimResultValue = (
    tuple[Literal["eimIdList"], ListOf[EimIdInfoValue]]
    | tuple[Literal["listEimError"], ListEimErrorName | UnknownCode]
)


class ListEimResult(Choice[ListEimResultValue]):
    componentType = fields(
        ("eimIdList", implicit(0, sequence_of(EimIdInfo()))),
        ("listEimError", implicit(1, codes(undefinedError=127))),
    )


AddEimResultCode = codes(
    ok=0,
    insufficientMemory=1,
    associatedEimAlreadyExists=2,
    ciPKUnknown=3,
    invalidAssociationToken=5,
    counterValueOutOfRange=6,
    commandError=7,
    undefinedError=127,
)
AddEimResultName = Literal[
    "ok",
    "insufficientMemory",
    "associatedEimAlreadyExists",
    "ciPKUnknown",
    "invalidAssociationToken",
    "counterValueOutOfRange",
    "commandError",
    "undefinedError",
]


AddEimResultValue = (
    tuple[Literal["associationToken"], int]
    | tuple[Literal["addEimResultCode"], AddEimResultName | UnknownCode]
)


class AddEimResult(Choice[AddEimResultValue]):
    componentType = fields(
        ("associationToken", implicit(4, StoredInteger())),
        (
            "addEimResultCode",
            AddEimResultCode,
        ),
    )


EnableProfileResult = codes(
    ok=0,
    iccidOrAidNotFound=1,
    profileNotInDisabledState=2,
    disallowedByPolicy=3,
    catBusy=5,
    rollbackNotAvailable=20,
    undefinedError=127,
)
EnableProfileResultName = Literal[
    "ok",
    "iccidOrAidNotFound",
    "profileNotInDisabledState",
    "disallowedByPolicy",
    "catBusy",
    "rollbackNotAvailable",
    "undefinedError",
]
DisableProfileResult = codes(
    ok=0,
    iccidOrAidNotFound=1,
    profileNotInEnabledState=2,
    disallowedByPolicy=3,
    catBusy=5,
    undefinedError=127,
)
DisableProfileResultName = Literal[
    "ok",
    "iccidOrAidNotFound",
    "profileNotInEnabledState",
    "disallowedByPolicy",
    "catBusy",
    "undefinedError",
]
DeleteProfileResult = codes(
    ok=0,
    iccidOrAidNotFound=1,
    profileNotInDisabledState=2,
    disallowedByPolicy=3,
    rollbackNotAvailable=20,
    returnFallbackProfile=21,
    undefinedError=127,
)
DeleteProfileResultName = Literal[
    "ok",
    "iccidOrAidNotFound",
    "profileNotInDisabledState",
    "disallowedByPolicy",
    "rollbackNotAvailable",
    "returnFallbackProfile",
    "undefinedError",
]
ConfigureImmediateEnableResult = codes(
    ok=0, insufficientMemory=1, commandError=7, undefinedError=127
)
ConfigureImmediateEnableResultName = Literal[
    "ok", "insufficientMemory", "commandError", "undefinedError"
]
DeleteEimResult = codes(ok=0, eimNotFound=1, lastEimDeleted=2, commandError=7, undefinedError=127)
DeleteEimResultName = Literal[
    "ok", "eimNotFound", "lastEimDeleted", "commandError", "undefinedError"
]
UpdateEimResult = codes(
    ok=0,
    eimNotFound=1,
    ciPKUnknown=3,
    counterValueOutOfRange=6,
    commandError=7,
    undefinedError=127,
)
UpdateEimResultName = Literal[
    "ok", "eimNotFound", "ciPKUnknown", "counterValueOutOfRange", "commandError", "undefinedError"
]
SetFallbackAttributeResult = codes(
    ok=0, iccidOrAidNotFound=1, fallbackNotAllowed=2, fallbackProfileEnabled=3, undefinedError=127
)
SetFallbackAttributeResultName = Literal[
    "ok", "iccidOrAidNotFound", "fallbackNotAllowed", "fallbackProfileEnabled", "undefinedError"
]
UnsetFallbackAttributeResult = codes(
    ok=0, noFallbackAttribute=2, fallbackProfileEnabled=3, commandError=7, undefinedError=127
)
UnsetFallbackAttributeResultName = Literal[
    "ok", "noFallbackAttribute", "fallbackProfileEnabled", "commandError", "undefinedError"
]
ProcessingTerminated = codes(
    resultSizeOverflow=1, unknownOrDamagedCommand=2, interruption=3, undefinedError=127
)
ProcessingTerminatedName = Literal[
    "resultSizeOverflow", "unknownOrDamagedCommand", "interruption", "undefinedError"
]


RollbackResultName = Literal["ok", "undefinedError"]
EuiccResultDataValue = (
    tuple[Literal["enableResult"], EnableProfileResultName | UnknownCode]
    | tuple[Literal["disableResult"], DisableProfileResultName | UnknownCode]
    | tuple[Literal["deleteResult"], DeleteProfileResultName | UnknownCode]
    | tuple[Literal["listProfileInfoResult"], ProfileInfoListResponseValue]
    | tuple[Literal["getRATResult"], ListOf[sgp22.ProfilePolicyAuthorisationRuleValue]]
    | tuple[
        Literal["configureImmediateEnableResult"], ConfigureImmediateEnableResultName | UnknownCode
    ]
    | tuple[Literal["addEimResult"], AddEimResultValue]
    | tuple[Literal["deleteEimResult"], DeleteEimResultName | UnknownCode]
    | tuple[Literal["updateEimResult"], UpdateEimResultName | UnknownCode]
    | tuple[Literal["listEimResult"], ListEimResultValue]
    | tuple[Literal["rollbackResult"], RollbackResultName | UnknownCode]
    | tuple[Literal["setFallbackAttributeResult"], SetFallbackAttributeResultName | UnknownCode]
    | tuple[Literal["unsetFallbackAttributeResult"], UnsetFallbackAttributeResultName | UnknownCode]
    | tuple[Literal["processingTerminated"], ProcessingTerminatedName | UnknownCode]
    | tuple[Literal["setDefaultDpAddressResult"], SetDefaultDpAddressResponseValue]
)


class EuiccResultData(Choice[EuiccResultDataValue]):
    componentType = fields(
        ("enableResult", implicit(3, EnableProfileResult)),
        ("disableResult", implicit(4, DisableProfileResult)),
        ("deleteResult", implicit(5, DeleteProfileResult)),
        ("listProfileInfoResult", ProfileInfoListResponse()),
        ("getRATResult", implicit(6, sgp22.RulesAuthorisationTable)),
        ("configureImmediateEnableResult", implicit(7, ConfigureImmediateEnableResult)),
        ("addEimResult", explicit(8, AddEimResult())),
        ("deleteEimResult", implicit(9, DeleteEimResult)),
        ("updateEimResult", implicit(10, UpdateEimResult)),
        ("listEimResult", explicit(11, ListEimResult())),
        ("rollbackResult", implicit(12, codes(ok=0, undefinedError=127))),
        ("setFallbackAttributeResult", implicit(13, SetFallbackAttributeResult)),
        ("unsetFallbackAttributeResult", implicit(14, UnsetFallbackAttributeResult)),
        ("processingTerminated", ProcessingTerminated),
        ("setDefaultDpAddressResult", SetDefaultDpAddressResponse()),
    )


class EuiccPackageResultDataSignedValue(TypedDict):
    eimId: str
    counterValue: int
    eimTransactionId: NotRequired[bytes]
    seqNumber: int
    euiccResult: ListOf[EuiccResultDataValue]


class EuiccPackageResultDataSigned(Sequence[EuiccPackageResultDataSignedValue]):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        ("counterValue", implicit(1, univ.Integer())),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        ("seqNumber", implicit(3, univ.Integer())),
        ("euiccResult", sequence_of(EuiccResultData())),
    )


class EuiccPackageResultSignedValue(TypedDict):
    euiccPackageResultDataSigned: EuiccPackageResultDataSignedValue
    euiccSignEPR: bytes


class EuiccPackageResultSigned(Sequence[EuiccPackageResultSignedValue]):
    componentType = fields(
        ("euiccPackageResultDataSigned", EuiccPackageResultDataSigned()),
        ("euiccSignEPR", sgp22.Signature),
    )


EuiccPackageErrorCode = codes(
    invalidEid=3,
    replayError=4,
    counterValueOutOfRange=6,
    sizeOverflow=15,
    ecallActive=104,
    undefinedError=127,
)
EuiccPackageErrorName = Literal[
    "invalidEid",
    "replayError",
    "counterValueOutOfRange",
    "sizeOverflow",
    "ecallActive",
    "undefinedError",
]


class EuiccPackageErrorDataSignedValue(TypedDict):
    eimId: str
    counterValue: int
    eimTransactionId: NotRequired[bytes]
    euiccPackageErrorCode: EuiccPackageErrorName | UnknownCode


class EuiccPackageErrorDataSigned(Sequence[EuiccPackageErrorDataSignedValue]):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        ("counterValue", implicit(1, univ.Integer())),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        ("euiccPackageErrorCode", EuiccPackageErrorCode),
    )


class EuiccPackageErrorSignedValue(TypedDict):
    euiccPackageErrorDataSigned: EuiccPackageErrorDataSignedValue
    euiccSignEPE: bytes


class EuiccPackageErrorSigned(Sequence[EuiccPackageErrorSignedValue]):
    componentType = fields(
        ("euiccPackageErrorDataSigned", EuiccPackageErrorDataSigned()),
        ("euiccSignEPE", sgp22.Signature),
    )


EuiccPackageUnsignedErrorName = Literal["sizeOverflow", "undefinedError"]


class EuiccPackageErrorUnsignedValue(TypedDict):
    eimId: str
    eimTransactionId: NotRequired[bytes]
    associationToken: NotRequired[int]
    euiccPackageUnsignedErrorCode: NotRequired[EuiccPackageUnsignedErrorName | UnknownCode]
    """Since v1.3."""


class EuiccPackageErrorUnsigned(Sequence[EuiccPackageErrorUnsignedValue]):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        optional("associationToken", implicit(4, StoredInteger())),
    )


EuiccPackageResultValue = (
    tuple[Literal["euiccPackageResultSigned"], EuiccPackageResultSignedValue]
    | tuple[Literal["euiccPackageErrorSigned"], EuiccPackageErrorSignedValue]
    | tuple[Literal["euiccPackageErrorUnsigned"], EuiccPackageErrorUnsignedValue]
)


class EuiccPackageResult(Choice[EuiccPackageResultValue]):
    tagSet = choice_context(0x51)
    componentType = fields(
        ("euiccPackageResultSigned", implicit(0, EuiccPackageResultSigned())),
        ("euiccPackageErrorSigned", implicit(1, EuiccPackageErrorSigned())),
        ("euiccPackageErrorUnsigned", implicit(2, EuiccPackageErrorUnsigned())),
    )
