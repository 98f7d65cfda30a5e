"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: eUICC Packages and what comes of them.

Clauses 2.11.1.1, 2.11.2.1 and 5.9.1. Names and tags are the module's.
"""

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp32.eims import EimConfigurationData, EimId, EimIdType
from euicc_sim.asn1.sgp32.profiles import (
    ProfileInfoListRequest,
    ProfileInfoListResponse,
    SetDefaultDpAddressRequest,
    SetDefaultDpAddressResponse,
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

# -- eUICC Package Request, clause 2.11.1.1


class EmptySequence(univ.Sequence):
    componentType = fields()


class DeleteEim(univ.Sequence):
    componentType = fields(("eimId", implicit(0, char.UTF8String())))


class Eco(univ.Choice):
    componentType = fields(
        ("addEim", implicit(8, EimConfigurationData())),
        ("deleteEim", implicit(9, DeleteEim())),
        ("updateEim", implicit(10, EimConfigurationData())),
        ("listEim", implicit(11, EmptySequence())),
    )


class EnableProfile(univ.Sequence):
    componentType = fields(("iccid", sgp22.Iccid), optional("rollbackFlag", univ.Null()))


class IccidOnly(univ.Sequence):
    componentType = fields(("iccid", sgp22.Iccid))


class ConfigureImmediateEnable(univ.Sequence):
    componentType = fields(
        optional("immediateEnableFlag", implicit(0, univ.Null())),
        optional("defaultSmdpOid", implicit(1, univ.ObjectIdentifier())),
        optional("defaultSmdpAddress", implicit(2, char.UTF8String())),
    )


class Psmo(univ.Choice):
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


class PsmoList(univ.SequenceOf):
    """Kept as received: an operation that cannot be read stops the list, not the package."""

    items_kept_as_is = True
    componentType = Psmo()


class EcoList(univ.SequenceOf):
    items_kept_as_is = True
    componentType = Eco()


class EuiccPackage(univ.Choice):
    componentType = fields(
        ("psmoList", implicit(0, PsmoList())), ("ecoList", implicit(1, EcoList()))
    )


class EuiccPackageSigned(univ.Sequence):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        ("eidValue", sgp22.EidValue),
        ("counterValue", implicit(1, univ.Integer())),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        ("euiccPackage", EuiccPackage()),
    )


class EuiccPackageRequest(univ.Sequence):
    tagSet = context(0x51)
    componentType = fields(
        ("euiccPackageSigned", EuiccPackageSigned()), ("eimSignature", sgp22.Signature)
    )


# -- eUICC Package Result, clause 2.11.2.1


class EimIdInfo(univ.Sequence):
    componentType = fields(
        ("eimId", implicit(0, EimId)), optional("eimIdType", implicit(2, EimIdType))
    )


class ListEimResult(univ.Choice):
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


class AddEimResult(univ.Choice):
    componentType = fields(
        ("associationToken", implicit(4, univ.Integer())),
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
DisableProfileResult = codes(
    ok=0,
    iccidOrAidNotFound=1,
    profileNotInEnabledState=2,
    disallowedByPolicy=3,
    catBusy=5,
    undefinedError=127,
)
DeleteProfileResult = codes(
    ok=0,
    iccidOrAidNotFound=1,
    profileNotInDisabledState=2,
    disallowedByPolicy=3,
    rollbackNotAvailable=20,
    returnFallbackProfile=21,
    undefinedError=127,
)
ConfigureImmediateEnableResult = codes(
    ok=0, insufficientMemory=1, commandError=7, undefinedError=127
)
DeleteEimResult = codes(ok=0, eimNotFound=1, lastEimDeleted=2, commandError=7, undefinedError=127)
UpdateEimResult = codes(
    ok=0,
    eimNotFound=1,
    ciPKUnknown=3,
    counterValueOutOfRange=6,
    commandError=7,
    undefinedError=127,
)
SetFallbackAttributeResult = codes(
    ok=0, iccidOrAidNotFound=1, fallbackNotAllowed=2, fallbackProfileEnabled=3, undefinedError=127
)
UnsetFallbackAttributeResult = codes(
    ok=0, noFallbackAttribute=2, fallbackProfileEnabled=3, commandError=7, undefinedError=127
)
ProcessingTerminated = codes(
    resultSizeOverflow=1, unknownOrDamagedCommand=2, interruption=3, undefinedError=127
)


class EuiccResultData(univ.Choice):
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


class EuiccPackageResultDataSigned(univ.Sequence):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        ("counterValue", implicit(1, univ.Integer())),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        ("seqNumber", implicit(3, univ.Integer())),
        ("euiccResult", sequence_of(EuiccResultData())),
    )


class EuiccPackageResultSigned(univ.Sequence):
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


class EuiccPackageErrorDataSigned(univ.Sequence):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        ("counterValue", implicit(1, univ.Integer())),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        ("euiccPackageErrorCode", EuiccPackageErrorCode),
    )


class EuiccPackageErrorSigned(univ.Sequence):
    componentType = fields(
        ("euiccPackageErrorDataSigned", EuiccPackageErrorDataSigned()),
        ("euiccSignEPE", sgp22.Signature),
    )


class EuiccPackageErrorUnsigned(univ.Sequence):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        optional("associationToken", implicit(4, univ.Integer())),
        optional(  # only cards of v1.3 send it
            "euiccPackageUnsignedErrorCode",
            implicit(15, codes(sizeOverflow=15, undefinedError=127)),
        ),
    )


class EuiccPackageResult(univ.Choice):
    tagSet = choice_context(0x51)
    componentType = fields(
        ("euiccPackageResultSigned", implicit(0, EuiccPackageResultSigned())),
        ("euiccPackageErrorSigned", implicit(1, EuiccPackageErrorSigned())),
        ("euiccPackageErrorUnsigned", implicit(2, EuiccPackageErrorUnsigned())),
    )
