"""Types of GSMA SGP.32 v1.2, module SGP32Definitions: functions that switch Profiles, and lists.

Clauses 5.9.11 to 5.9.24 and 3.8.4. Names and tags are the module's.
"""

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp32.packages import EuiccPackageResult
from euicc_sim.asn1.sgp32.profiles import PendingNotification
from euicc_sim.asn1.tags import (
    bits,
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    optional,
    result,
    sequence_of,
)


class RetrieveSearchCriteria(univ.Choice):
    bare_tolerated = True
    componentType = fields(
        ("seqNumber", implicit(0, univ.Integer())),
        ("profileManagementOperation", implicit(1, sgp22.NotificationEvent)),
        ("euiccPackageResults", implicit(2, univ.Null())),
    )


class RetrieveNotificationsListRequest(univ.Sequence):
    tagSet = context(0x2B)
    componentType = fields(optional("searchCriteria", explicit(0, RetrieveSearchCriteria())))


class RetrieveNotificationsListResponse(univ.Choice):
    tagSet = choice_context(0x2B)
    componentType = fields(
        ("notificationList", implicit(0, sequence_of(PendingNotification()))),
        ("notificationsListResultError", implicit(1, codes(undefinedError=127))),
        ("euiccPackageResultList", implicit(2, sequence_of(EuiccPackageResult()))),
    )


class RefreshFlag(univ.Boolean):
    """Some senders give it its universal tag."""

    tolerated_tags = (0x01,)


_REFRESH = fields(("refreshFlag", implicit(0, RefreshFlag())))


class ImmediateEnableRequest(univ.Sequence):
    tagSet = context(0x5A)
    componentType = _REFRESH


ImmediateEnableResult = codes(
    ok=0, immediateEnableNotAvailable=1, noSessionContext=4, catBusy=5, undefinedError=127
)


class ImmediateEnableResponse(univ.Sequence):
    tagSet = context(0x5A)
    componentType = fields(("immediateEnableResult", implicit(0, ImmediateEnableResult)))


class ProfileRollbackRequest(univ.Sequence):
    tagSet = context(0x58)
    componentType = _REFRESH


ProfileRollbackResult = codes(
    ok=0, rollbackNotAllowed=1, catBusy=5, commandError=7, undefinedError=127
)


class ProfileRollbackResponse(univ.Sequence):
    tagSet = context(0x58)
    componentType = fields(
        ("cmdResult", ProfileRollbackResult),
        optional("eUICCPackageResult", EuiccPackageResult()),
    )


class ConfigureImmediateProfileEnablingRequest(univ.Sequence):
    tagSet = context(0x59)
    componentType = fields(
        optional("immediateEnableFlag", implicit(0, univ.Null())),
        optional("defaultSmdpOid", implicit(1, univ.ObjectIdentifier())),
        optional("defaultSmdpAddress", implicit(2, char.UTF8String())),
    )


class ConfigureImmediateProfileEnablingResponse(univ.Sequence):
    tagSet = context(0x59)
    componentType = result(
        "configImmediateEnableResult", insufficientMemory=1, associatedEimAlreadyExists=2
    )


class ExecuteFallbackMechanismRequest(univ.Sequence):
    tagSet = context(0x5D)
    componentType = _REFRESH


class ExecuteFallbackMechanismResponse(univ.Sequence):
    tagSet = context(0x5D)
    componentType = result(
        "executeFallbackMechanismResult",
        profileNotInDisabledState=2,
        catBusy=5,
        fallbackNotAvailable=6,
        commandError=7,
        ecallActive=104,
    )


class ReturnFromFallbackRequest(univ.Sequence):
    tagSet = context(0x5E)
    componentType = _REFRESH


class ReturnFromFallbackResponse(univ.Sequence):
    tagSet = context(0x5E)
    componentType = result(
        "returnFromFallbackResult", catBusy=5, fallbackNotAvailable=6, commandError=7
    )


class EnableEmergencyProfileRequest(univ.Sequence):
    tagSet = context(0x5B)
    componentType = _REFRESH


class EnableEmergencyProfileResponse(univ.Sequence):
    tagSet = context(0x5B)
    componentType = result(
        "enableEmergencyProfileResult", profileNotInDisabledState=2, catBusy=5, ecallNotAvailable=8
    )


class DisableEmergencyProfileRequest(univ.Sequence):
    tagSet = context(0x5C)
    componentType = _REFRESH


class DisableEmergencyProfileResponse(univ.Sequence):
    tagSet = context(0x5C)
    componentType = result("disableEmergencyProfileResult", profileNotInEnabledState=2, catBusy=5)


class GetConnectivityParametersRequest(univ.Sequence):
    tagSet = context(0x5F)
    componentType = fields()


class ConnectivityParameters(univ.Sequence):
    componentType = fields(optional("httpParams", implicit(1, univ.OctetString())))


class GetConnectivityParametersResponse(univ.Choice):
    tagSet = choice_context(0x5F)
    componentType = fields(
        ("connectivityParameters", implicit(0, ConnectivityParameters())),
        (
            "connectivityParametersError",
            implicit(1, codes(parametersNotAvailable=1, undefinedError=127)),
        ),
    )


class IpaeActivationRequest(univ.Sequence):
    tagSet = context(0x42)
    componentType = fields(("ipaeOption", implicit(0, bits("activateIpae"))))


class IpaeActivationResponse(univ.Sequence):
    tagSet = context(0x42)
    componentType = fields(("ipaeActivationResult", implicit(0, codes(ok=0, notSupported=1))))
