"""Types of eUICC Packages in GSMA SGP.32 v1.0.1, where they are not those of v1.2.

Names are those that v1.2 gives; where v1.0.1 has no code for something, another one is said.
"""

from pyasn1.type import univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp32 import eims as sgp32_eim
from euicc_sim.asn1.sgp32 import packages as sgp32_package
from euicc_sim.asn1.sgp32.v1_0 import UNKNOWN, EimConfigurationData, EimId, ProfileInfoListResponse
from euicc_sim.asn1.tags import (
    choice_context,
    codes,
    explicit,
    fields,
    implicit,
    older,
    optional,
    sequence_of,
)

# -- eUICC Packages, clauses 2.11.1.1 and 2.11.2.1


class Eco(univ.Choice):
    componentType = fields(
        ("addEim", implicit(8, EimConfigurationData())),
        ("deleteEim", implicit(9, sgp32_package.DeleteEim())),
        ("updateEim", implicit(10, EimConfigurationData())),
        ("listEim", implicit(11, sgp32_package.EmptySequence())),
    )


class Psmo(univ.Choice):
    """Without the fallback attribute and setDefaultDpAddress."""

    componentType = fields(*list(sgp32_package.Psmo.componentType.namedTypes)[:6])


class EimIdInfo(univ.Sequence):
    componentType = fields(
        ("eimId", implicit(0, EimId)), optional("eimIdType", implicit(4, sgp32_eim.EimIdType))
    )


class ListEimResult(univ.Choice):
    componentType = fields(
        ("eimIdList", implicit(0, sequence_of(EimIdInfo()))),
        ("listEimError", implicit(1, codes(commandError=7, undefinedError=127))),
    )


class AddEimResult(univ.Choice):
    componentType = fields(
        ("associationToken", implicit(4, univ.Integer())),
        (
            "addEimResultCode",
            older(sgp32_package.AddEimResultCode, associatedEimAlreadyExists="commandError"),
        ),
    )


_SWITCH = {"disallowedByPolicy": UNKNOWN, "catBusy": UNKNOWN}
EnableProfileResult = older(
    sgp32_package.EnableProfileResult, **_SWITCH, rollbackNotAvailable=UNKNOWN
)
DisableProfileResult = older(sgp32_package.DisableProfileResult, **_SWITCH)
DeleteProfileResult = older(
    sgp32_package.DeleteProfileResult,
    disallowedByPolicy=UNKNOWN,
    rollbackNotAvailable=UNKNOWN,
    returnFallbackProfile=UNKNOWN,
)


class EuiccResultData(univ.Choice):
    componentType = fields(
        ("enableResult", implicit(3, EnableProfileResult)),
        ("disableResult", implicit(4, DisableProfileResult)),
        ("deleteResult", implicit(5, DeleteProfileResult)),
        ("listProfileInfoResult", ProfileInfoListResponse()),
        ("getRATResult", implicit(6, sgp22.RulesAuthorisationTable)),
        (
            "configureImmediateEnableResult",
            implicit(7, sgp32_package.ConfigureImmediateEnableResult),
        ),
        ("addEimResult", explicit(8, AddEimResult())),
        ("deleteEimResult", implicit(9, sgp32_package.DeleteEimResult)),
        ("updateEimResult", implicit(10, sgp32_package.UpdateEimResult)),
        ("listEimResult", explicit(11, ListEimResult())),
        ("rollbackResult", implicit(12, codes(ok=0, undefinedError=127))),
        ("processingTerminated", sgp32_package.ProcessingTerminated),
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


class EuiccPackageErrorDataSigned(univ.Sequence):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        ("counterValue", implicit(1, univ.Integer())),
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        (
            "euiccPackageErrorCode",
            older(sgp32_package.EuiccPackageErrorCode, ecallActive=UNKNOWN),
        ),
    )


class EuiccPackageErrorSigned(univ.Sequence):
    componentType = fields(
        ("euiccPackageErrorDataSigned", EuiccPackageErrorDataSigned()),
        ("euiccSignEPE", sgp22.Signature),
    )


class EuiccPackageErrorUnsigned(univ.Sequence):
    """Without a transaction identifier."""

    componentType = fields(
        ("eimId", implicit(0, EimId)), optional("associationToken", implicit(4, univ.Integer()))
    )


class EuiccPackageResult(univ.Choice):
    tagSet = choice_context(0x51)
    componentType = fields(
        ("euiccPackageResultSigned", implicit(0, EuiccPackageResultSigned())),
        ("euiccPackageErrorSigned", implicit(1, EuiccPackageErrorSigned())),
        ("euiccPackageErrorUnsigned", implicit(2, EuiccPackageErrorUnsigned())),
    )
