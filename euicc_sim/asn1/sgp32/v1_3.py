"""Types of GSMA SGP.32 v1.3 where they have more than those of v1.2.

What v1.3 adds to eIMs and Profiles is kept and given back as it came; nothing inside is read.
"""

from typing import Any

from pyasn1.type import univ

from euicc_sim.asn1.sgp22.packages import StoreMetadataRequest as StoreMetadataRequestV12
from euicc_sim.asn1.sgp32 import eims as sgp32_eim
from euicc_sim.asn1.sgp32 import packages as sgp32_package
from euicc_sim.asn1.sgp32 import profiles as sgp32_profiles
from euicc_sim.asn1.tags import (
    choice_context,
    codes,
    context,
    fields,
    implicit,
    optional,
    private_use,
    sequence_of,
)


class _AsReceived(univ.Sequence):
    kept_as_is = True


def _kept(number: int) -> Any:
    return implicit(number, _AsReceived())


class EimConfigurationData(univ.Sequence):
    componentType = fields(
        *sgp32_eim.EimConfigurationData.componentType.namedTypes,
        optional("eSipaProprietaryProtocolInformation", _kept(10)),
    )


class EimConfigurationDataList(univ.SequenceOf):
    componentType = EimConfigurationData()


class AddInitialEimRequest(univ.Sequence):
    tagSet = context(0x57)
    componentType = fields(("eimConfigurationDataList", implicit(0, EimConfigurationDataList())))


class GetEimConfigurationDataResponse(univ.Sequence):
    tagSet = context(0x55)
    componentType = fields(("eimConfigurationDataList", implicit(0, EimConfigurationDataList())))


class Eco(univ.Choice):
    componentType = fields(
        ("addEim", implicit(8, EimConfigurationData())),
        ("deleteEim", implicit(9, sgp32_package.DeleteEim())),
        ("updateEim", implicit(10, EimConfigurationData())),
        ("listEim", implicit(11, sgp32_package.EmptySequence())),
    )


class ProfileInfo(univ.Sequence):
    tagSet = private_use(3)
    componentType = fields(
        *sgp32_profiles.ProfileInfo.componentType.namedTypes,
        optional("iotSpecificProfileInfo", _kept(0x64)),
    )


class ProfileInfoListResponse(univ.Choice):
    tagSet = choice_context(0x2D)
    componentType = fields(
        ("profileInfoListOk", implicit(0, sequence_of(ProfileInfo()))),
        ("profileInfoListError", implicit(1, sgp32_profiles.ProfileInfoListError)),
    )


class StoreMetadataRequest(univ.Sequence):
    tagSet = context(0x25)
    componentType = fields(
        *StoreMetadataRequestV12.componentType.namedTypes,
        optional("iotSpecificProfileInfo", _kept(0x64)),
    )


class DisableEmergencyProfileResponse(univ.Sequence):
    tagSet = context(0x5C)
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
