"""Types of functions in GSMA SGP.32 v1.0.1, where they are not those of v1.2."""

from pyasn1.type import univ

from euicc_sim.asn1.sgp22 import profiles as sgp22_profiles
from euicc_sim.asn1.sgp32 import functions as sgp32_functions
from euicc_sim.asn1.sgp32 import profiles as sgp32_profiles
from euicc_sim.asn1.sgp32.v1_0 import UNKNOWN
from euicc_sim.asn1.sgp32.v1_0_packages import EuiccPackageResult
from euicc_sim.asn1.tags import (
    bits,
    choice_context,
    context,
    fields,
    implicit,
    older,
    optional,
    sequence_of,
)

# -- functions, clauses 5.9.5, 5.9.11, 5.9.15 and 5.9.16


class NotificationAndEprList(univ.Sequence):
    componentType = fields(
        (
            "notificationList",
            implicit(0, sequence_of(sgp32_profiles.PendingNotification())),
        ),
        ("euiccPackageResultList", implicit(1, sequence_of(EuiccPackageResult()))),
    )


class RetrieveNotificationsListResponse(univ.Choice):
    """With both lists when nothing in particular is asked for."""

    tagSet = choice_context(0x2B)
    componentType = fields(
        *sgp32_functions.RetrieveNotificationsListResponse.componentType.namedTypes,
        ("notificationAndEprList", implicit(3, NotificationAndEprList())),
    )


class ImmediateEnableRequest(univ.Sequence):
    """EnableUsingDD, which has no refreshFlag."""

    tagSet = context(0x5A)
    componentType = fields()


class ImmediateEnableResponse(univ.Sequence):
    tagSet = context(0x5A)
    componentType = fields(
        (
            "immediateEnableResult",
            implicit(0, older(sgp32_functions.ImmediateEnableResult, catBusy=UNKNOWN)),
        )
    )


class ProfileRollbackResponse(univ.Sequence):
    tagSet = context(0x58)
    componentType = fields(
        ("cmdResult", sgp32_functions.ProfileRollbackResult),
        optional("eUICCPackageResult", EuiccPackageResult()),
    )


class EuiccMemoryResetRequest(univ.Sequence):
    """SGP.22's function with two more options."""

    tagSet = context(0x34)
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


class EuiccMemoryResetResponse(univ.Sequence):
    tagSet = context(0x34)
    componentType = fields(
        ("resetResult", sgp22_profiles.MemoryResetResult),
        optional("resetEimResult", implicit(1, sgp32_profiles.ResetEimResult)),
        optional("resetImmediateEnableConfigResult", implicit(2, sgp32_profiles.ResetConfigResult)),
    )
