"""GetProfilesInfo: the Profiles on the card and their data."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from apdu import TlvError
from apdu.tlv import read_tag
from euicc_sim.asn1.sgp22.common import (
    ProfileInfoListRequest,
    ProfileInfoListRequestValue,
    ProfileSearchCriteriaValue,
    VendorSpecificExtension,
)
from euicc_sim.asn1.sgp32.profiles import (
    ProfileInfo,
    ProfileInfoListResponse,
    ProfileInfoListResponseValue,
    ProfileInfoValue,
)
from euicc_sim.asn1.types import prepared
from euicc_sim.asn1.wire import Wire
from euicc_sim.es10.info import operator_id
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.profile import Profile

FIELDS = {
    0x5A: "iccid",
    0x4F: "isdpAid",
    0x9F70: "profileState",
    0x90: "profileNickname",
    0x91: "serviceProviderName",
    0x92: "profileName",
    0x93: "iconType",
    0x94: "icon",
    0x95: "profileClass",
    0xB6: "notificationConfigurationInfo",
    0xB7: "profileOwner",
    0xB8: "dpProprietaryData",
    0x99: "profilePolicyRules",
    0xBF22: "serviceSpecificDataStoredInEuicc",
    0x9F7B: "ecallIndication",
    0x9F26: "fallbackAttribute",
    0x9F67: "fallbackAllowed",
    0xBF64: "iotSpecificProfileInfo",
}
"""The tags of ProfileInfo; any others in a tag list are ignored."""

IOT_FIELDS = frozenset(
    {"ecallIndication", "fallbackAttribute", "fallbackAllowed", "iotSpecificProfileInfo"}
)

DEFAULT_TAGS_IOT = bytes.fromhex("5A4F9F709192959F7B9F269F67")
"""The default without a tag list, SGP.32 v1.2 clause 5.9.14."""
DEFAULT_TAGS_CONSUMER = bytes.fromhex("5A4F9F70909192939495")
"""The default of SGP.22 v2.5 clause 5.7.15."""


def _refuse(code: Literal["incorrectInputValues"]) -> ProfileInfoListResponseValue:
    return "profileInfoListError", code


def _malformed(_: Session, why: str) -> ResultError:
    return ResultError("incorrectInputValues", why)


@es10(
    0xBF2D,
    ProfileInfoListRequest,
    ProfileInfoListResponse,
    name="GetProfilesInfo",
    clause="SGP.32 5.9.14",
    refuse=_refuse,
    malformed=_malformed,
)
def get_profiles_info(
    session: Session, request: ProfileInfoListRequestValue
) -> ProfileInfoListResponseValue:
    """GetProfilesInfo, SGP.32 v1.2 clause 5.9.14 and SGP.22 v2.5 clause 5.7.15."""
    default = DEFAULT_TAGS_IOT if session.wire.iot else DEFAULT_TAGS_CONSUMER
    names = _names(request.get("tagList") or default, iot=session.wire.iot)
    profiles = _matching(session.state.profiles, request.get("searchCriteria"))
    session.note(f"{len(profiles)} Profile{'' if len(profiles) == 1 else 's'}")
    holder = session.state.fallback_profile
    return "profileInfoListOk", [
        _profile_info(session.wire, one.metadata, names, one.iccid == holder) for one in profiles
    ]


def _matching(
    profiles: tuple[Profile, ...], criterion: ProfileSearchCriteriaValue | None
) -> tuple[Profile, ...]:
    match criterion:
        case ("isdpAid", wanted):
            return tuple(one for one in profiles if one.aid == wanted)
        case ("iccid", wanted):
            return tuple(one for one in profiles if one.iccid == wanted)
        case ("profileClass", wanted):
            return tuple(one for one in profiles if one.profile_class == wanted)
        case _:
            return profiles


@lru_cache(maxsize=256)
def _names(tags: bytes, *, iot: bool) -> frozenset[str]:
    """The fields that a tag list requests."""
    found, at = set(), 0
    try:
        while at < len(tags):
            tag, at = read_tag(tags, at)
            found.add(FIELDS.get(tag, ""))
    except TlvError as error:
        raise ResultError("incorrectInputValues", f"invalid tag list: {error}") from error
    return frozenset(found if iot else found - IOT_FIELDS)


@lru_cache(maxsize=1024)
def _profile_info(
    wire: Wire, one: Profile, names: frozenset[str], is_fallback: bool
) -> ProfileInfoValue:
    """`one` is the metadata alone, so that the cache keeps no package."""
    message = wire[ProfileInfo]
    shown = message.known(_values(one, is_fallback), only=names)
    return prepared(ProfileInfo, message.encode(shown))


def _values(one: Profile, is_fallback: bool) -> ProfileInfoValue:
    """All fields of a Profile."""
    found: ProfileInfoValue = {
        "iccid": one.iccid,
        "isdpAid": one.aid,
        "profileState": "enabled" if one.enabled else "disabled",
        "serviceProviderName": one.service_provider,
        "profileName": one.name,
        "profileClass": int(one.profile_class),
        "fallbackAttribute": is_fallback,
    }
    if one.nickname:
        found["profileNickname"] = one.nickname
    if one.icon_type is not None:
        found["iconType"] = one.icon_type
    if one.icon is not None:
        found["icon"] = one.icon
    if one.recipients:
        found["notificationConfigurationInfo"] = [
            {"profileManagementOperation": two.events, "notificationAddress": two.address}
            for two in one.recipients
        ]
    if one.owner is not None:
        found["profileOwner"] = operator_id(one.owner)
    if one.dp_oid is not None:
        found["dpProprietaryData"] = {"dpOid": one.dp_oid}
    if one.rules:
        found["profilePolicyRules"] = one.rules
    if one.service_data is not None:
        found["serviceSpecificDataStoredInEuicc"] = prepared(
            VendorSpecificExtension, one.service_data
        )
    if one.ecall is not None:
        found["ecallIndication"] = one.ecall
    if one.fallback_allowed is not None:
        found["fallbackAllowed"] = one.fallback_allowed
    if one.iot_data is not None:
        found["iotSpecificProfileInfo"] = one.iot_data
    return found
