"""Types of GSMA SGP.32 v1.3 that have more than those of v1.2.

Each is a subclass of the type that it replaces; the types around it are rebuilt. What v1.3 adds to
eIMs and Profiles is stored and returned as received; its content is not read.
"""

from typing import Any

from pyasn1.type import univ

from euicc_sim.asn1.sgp22 import packages as sgp22_packages
from euicc_sim.asn1.sgp32 import eims, functions, packages, profiles
from euicc_sim.asn1.tags import codes, fields, implicit, named, optional

SINCE = "1.3"
"""The first version with these types."""


class _AsReceived(univ.Sequence):
    kept_as_is = True


def _kept(number: int) -> Any:
    return implicit(number, _AsReceived())


class EimConfigurationData(eims.EimConfigurationData):
    componentType = fields(
        *named(eims.EimConfigurationData),
        optional("eSipaProprietaryProtocolInformation", _kept(10)),
    )


class ProfileInfo(profiles.ProfileInfo):
    componentType = fields(
        *named(profiles.ProfileInfo),
        optional("iotSpecificProfileInfo", _kept(0x64)),
    )


class StoreMetadataRequest(sgp22_packages.StoreMetadataRequest):
    componentType = fields(
        *named(sgp22_packages.StoreMetadataRequest),
        optional("iotSpecificProfileInfo", _kept(0x64)),
    )


class EuiccPackageErrorUnsigned(packages.EuiccPackageErrorUnsigned):
    componentType = fields(
        *named(packages.EuiccPackageErrorUnsigned),
        optional(
            "euiccPackageUnsignedErrorCode",
            implicit(15, codes(sizeOverflow=15, undefinedError=127)),
        ),
    )


class DisableEmergencyProfileResponse(functions.DisableEmergencyProfileResponse):
    componentType = fields(
        (
            "disableEmergencyProfileResult",
            implicit(
                0,
                codes(
                    ok=0,
                    profileNotInEnabledState=2,
                    catBusy=5,
                    ecallNotAvailable=8,
                    undefinedError=127,
                ),
            ),
        )
    )
