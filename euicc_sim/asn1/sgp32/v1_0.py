"""Types of GSMA SGP.32 v1.0.1 where they are not those of v1.2: what came later is not here.

Names are those that v1.2 gives; where v1.0.1 has no code for something, another one is said.
"""

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22.packages import STORE_METADATA_SGP22
from euicc_sim.asn1.sgp32 import eims as sgp32_eim
from euicc_sim.asn1.sgp32 import profiles as sgp32_profiles
from euicc_sim.asn1.tags import (
    choice_context,
    context,
    fields,
    implicit,
    older,
    optional,
    private_use,
    sequence_of,
    utf8,
)

UNKNOWN = "undefinedError"

# -- eIM configuration, clauses 2.11.1.1.1, 5.9.4 and 5.9.18

EimId = utf8(1, 0xFFFF)
"""The standard sets no limit."""


class EimConfigurationData(univ.Sequence):
    """Without indirectProfileDownload, and with an eimId of any length."""

    componentType = fields(
        ("eimId", implicit(0, EimId)),
        *list(sgp32_eim.EimConfigurationData.componentType.namedTypes)[1:9],
    )


class EimConfigurationDataList(univ.SequenceOf):
    componentType = EimConfigurationData()


class AddInitialEimRequest(univ.Sequence):
    tagSet = context(0x57)
    componentType = fields(("eimConfigurationDataList", implicit(0, EimConfigurationDataList())))


class AddInitialEimResponse(univ.Choice):
    tagSet = choice_context(0x57)
    componentType = fields(
        ("addInitialEimOk", implicit(0, sequence_of(sgp32_eim.AddInitialEimOk()))),
        (
            "addInitialEimError",
            implicit(1, older(sgp32_eim.AddInitialEimError, commandError=UNKNOWN)),
        ),
    )


class GetEimConfigurationDataRequest(univ.Sequence):
    """Without search criteria."""

    tagSet = context(0x55)
    componentType = fields()


class GetEimConfigurationDataResponse(univ.Sequence):
    tagSet = context(0x55)
    componentType = fields(("eimConfigurationDataList", implicit(0, EimConfigurationDataList())))


# -- the card and its Profiles


class IoTSpecificInfo(univ.Sequence):
    componentType = fields(("iotVersion", implicit(0, sequence_of(sgp22.VersionType))))


class EUICCInfo2(univ.Sequence):
    tagSet = context(0x22)
    componentType = fields(
        *list(sgp32_profiles.EUICCInfo2.componentType.namedTypes)[:-1],
        optional("iotSpecificInfo", implicit(20, IoTSpecificInfo())),
    )


class EuiccSigned1(univ.Sequence):
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("serverAddress", implicit(3, char.UTF8String())),
        ("serverChallenge", implicit(4, univ.OctetString())),
        ("euiccInfo2", EUICCInfo2()),
        ("ctxParams1", univ.Any()),
    )


class ProfileInfo(univ.Sequence):
    """SGP.22's: no ecallIndication, no fallback."""

    tagSet = private_use(3)
    componentType = fields(*sgp22.PROFILE_INFO_SGP22)


class ProfileInfoListResponse(univ.Choice):
    tagSet = choice_context(0x2D)
    componentType = fields(
        ("profileInfoListOk", implicit(0, sequence_of(ProfileInfo()))),
        ("profileInfoListError", implicit(1, sgp32_profiles.ProfileInfoListError)),
    )


class StoreMetadataRequest(univ.Sequence):
    tagSet = context(0x25)
    componentType = fields(*STORE_METADATA_SGP22)
