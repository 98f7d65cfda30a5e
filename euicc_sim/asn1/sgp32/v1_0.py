"""Types of GSMA SGP.32 v1.0.1 that differ from those of v1.2.

Each is a subclass of the type that it replaces; the types around it are rebuilt. Names are those of
v1.2; a code that v1.0.1 does not have is replaced by another one.
"""

from euicc_sim.asn1.primitives import StoredInteger
from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22 import packages as sgp22_packages
from euicc_sim.asn1.sgp22 import profiles as sgp22_profiles
from euicc_sim.asn1.sgp32 import eims, functions, packages, profiles
from euicc_sim.asn1.tags import (
    bits,
    codes,
    explicit,
    fields,
    implicit,
    named,
    older,
    optional,
    sequence_of,
    utf8,
)
from euicc_sim.asn1.types import Sequence

UNTIL = "1.1"
"""The first version without these types."""

UNKNOWN = "undefinedError"

# -- eIM configuration, clauses 2.11.1.1.1, 5.9.4 and 5.9.18

EimId = utf8(1, 0xFFFF)
"""The standard sets no limit."""


class EimConfigurationData(eims.EimConfigurationData):
    """Without indirectProfileDownload, and with an eimId of any length."""

    componentType = fields(
        ("eimId", implicit(0, EimId)),
        *named(eims.EimConfigurationData)[1:9],
    )


class AddInitialEimResponse(eims.AddInitialEimResponse):
    componentType = fields(
        ("addInitialEimOk", implicit(0, sequence_of(eims.AddInitialEimOk()))),
        ("addInitialEimError", implicit(1, older(eims.AddInitialEimError, commandError=UNKNOWN))),
    )


class GetEimConfigurationDataRequest(eims.GetEimConfigurationDataRequest):
    """Without search criteria."""

    componentType = fields()


# -- the card and its Profiles


class IoTSpecificInfo(profiles.IoTSpecificInfo):
    componentType = fields(("iotVersion", implicit(0, sequence_of(sgp22.VersionType))))


class ProfileInfo(profiles.ProfileInfo):
    """SGP.22's: no ecallIndication, no fallback."""

    componentType = fields(*sgp22.PROFILE_INFO_SGP22)


class StoreMetadataRequest(sgp22_packages.StoreMetadataRequest):
    componentType = fields(*sgp22_packages.STORE_METADATA_SGP22)


# -- eUICC Packages, clauses 2.11.1.1 and 2.11.2.1


class Psmo(packages.Psmo):
    """Without the fallback attribute and setDefaultDpAddress."""

    componentType = fields(*named(packages.Psmo)[:6])


class EuiccPackageSigned(packages.EuiccPackageSigned):
    componentType = fields(("eimId", implicit(0, EimId)), *named(packages.EuiccPackageSigned)[1:])


class EimIdInfo(packages.EimIdInfo):
    componentType = fields(
        ("eimId", implicit(0, EimId)), optional("eimIdType", implicit(4, eims.EimIdType))
    )


class ListEimResult(packages.ListEimResult):
    componentType = fields(
        ("eimIdList", implicit(0, sequence_of(EimIdInfo()))),
        ("listEimError", implicit(1, codes(commandError=7, undefinedError=127))),
    )


class AddEimResult(packages.AddEimResult):
    componentType = fields(
        ("associationToken", implicit(4, StoredInteger())),
        (
            "addEimResultCode",
            older(packages.AddEimResultCode, associatedEimAlreadyExists="commandError"),
        ),
    )


_SWITCH = {"disallowedByPolicy": UNKNOWN, "catBusy": UNKNOWN}
EnableProfileResult = older(packages.EnableProfileResult, **_SWITCH, rollbackNotAvailable=UNKNOWN)
DisableProfileResult = older(packages.DisableProfileResult, **_SWITCH)
DeleteProfileResult = older(
    packages.DeleteProfileResult,
    disallowedByPolicy=UNKNOWN,
    rollbackNotAvailable=UNKNOWN,
    returnFallbackProfile=UNKNOWN,
)


class EuiccResultData(packages.EuiccResultData):
    componentType = fields(
        ("enableResult", implicit(3, EnableProfileResult)),
        ("disableResult", implicit(4, DisableProfileResult)),
        ("deleteResult", implicit(5, DeleteProfileResult)),
        ("listProfileInfoResult", profiles.ProfileInfoListResponse()),
        ("getRATResult", implicit(6, sgp22.RulesAuthorisationTable)),
        ("configureImmediateEnableResult", implicit(7, packages.ConfigureImmediateEnableResult)),
        ("addEimResult", explicit(8, AddEimResult())),
        ("deleteEimResult", implicit(9, packages.DeleteEimResult)),
        ("updateEimResult", implicit(10, packages.UpdateEimResult)),
        ("listEimResult", explicit(11, ListEimResult())),
        ("rollbackResult", implicit(12, codes(ok=0, undefinedError=127))),
        ("processingTerminated", packages.ProcessingTerminated),
    )


class EuiccPackageResultDataSigned(packages.EuiccPackageResultDataSigned):
    componentType = fields(
        ("eimId", implicit(0, EimId)), *named(packages.EuiccPackageResultDataSigned)[1:]
    )


class EuiccPackageErrorDataSigned(packages.EuiccPackageErrorDataSigned):
    componentType = fields(
        ("eimId", implicit(0, EimId)),
        *named(packages.EuiccPackageErrorDataSigned)[1:3],
        ("euiccPackageErrorCode", older(packages.EuiccPackageErrorCode, ecallActive=UNKNOWN)),
    )


class EuiccPackageErrorUnsigned(packages.EuiccPackageErrorUnsigned):
    """Without a transaction identifier."""

    componentType = fields(
        ("eimId", implicit(0, EimId)), optional("associationToken", implicit(4, StoredInteger()))
    )


# -- functions, clauses 5.9.5, 5.9.11, 5.9.15 and 5.9.16


class NotificationAndEprList(Sequence[functions.NotificationAndEprListValue]):
    componentType = fields(
        ("notificationList", implicit(0, sequence_of(profiles.PendingNotification()))),
        ("euiccPackageResultList", implicit(1, sequence_of(packages.EuiccPackageResult()))),
    )


class RetrieveNotificationsListResponse(functions.RetrieveNotificationsListResponse):
    """With both lists if the request does not select any."""

    componentType = fields(
        *named(functions.RetrieveNotificationsListResponse),
        ("notificationAndEprList", implicit(3, NotificationAndEprList())),
    )


class ImmediateEnableRequest(functions.ImmediateEnableRequest):
    """EnableUsingDD, which has no refreshFlag."""

    componentType = fields()


class ImmediateEnableResponse(functions.ImmediateEnableResponse):
    componentType = fields(
        (
            "immediateEnableResult",
            implicit(0, older(functions.ImmediateEnableResult, catBusy=UNKNOWN)),
        )
    )


class EuiccMemoryResetRequest(sgp22_profiles.EuiccMemoryResetRequest):
    """SGP.22's function with two more options."""

    componentType = fields(
        (
            "resetOptions",
            implicit(
                2,
                bits(
                    "deleteOperationalProfiles",
                    "deleteFieldLoadedTestProfiles",
                    "resetDefaultSmdpAddress",
                    "resetEimConfigData",
                    "resetAutoEnableConfig",
                ),
            ),
        )
    )


class EuiccMemoryResetResponse(sgp22_profiles.EuiccMemoryResetResponse):
    componentType = fields(
        ("resetResult", sgp22_profiles.MemoryResetResult),
        optional("resetEimResult", implicit(1, profiles.ResetEimResult)),
        optional("resetImmediateEnableConfigResult", implicit(2, profiles.ResetConfigResult)),
    )
