"""GetProfilesInfo: which Profiles are there, and what of them is shown."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from apdu import TlvError
from apdu.tlv import read_tag
from euicc_sim.asn1.codec import Prepared
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
"""The tags of ProfileInfo; what a list asks for beside them is left out."""

IOT_FIELDS = frozenset(
    {"ecallIndication", "fallbackAttribute", "fallbackAllowed", "iotSpecificProfileInfo"}
)

DEFAULT_TAGS_IOT = bytes.fromhex("5A4F9F709192959F7B9F269F67")
"""What is shown when no tag list comes, SGP.32 v1.2 clause 5.9.14."""
DEFAULT_TAGS_CONSUMER = bytes.fromhex("5A4F9F70909192939495")
"""The same by SGP.22 v2.5 clause 5.7.15."""


def _refuse(code: str) -> tuple[str, str]:
    return "profileInfoListError", code


def _malformed(_: Session, why: str) -> ResultError:
    return ResultError("incorrectInputValues", why)


@es10(
    0xBF2D,
    "ProfileInfoListRequest",
    "ProfileInfoListResponse",
    name="GetProfilesInfo",
    clause="SGP.32 5.9.14",
    refuse=_refuse,
    codes=("incorrectInputValues",),
    malformed=_malformed,
)
def get_profiles_info(session: Session, request: dict[str, Any]) -> tuple[str, list[Any]]:
    """GetProfilesInfo, SGP.32 v1.2 clause 5.9.14 and SGP.22 v2.5 clause 5.7.15."""
    default = DEFAULT_TAGS_IOT if session.wire.iot else DEFAULT_TAGS_CONSUMER
    names = _names(request.get("tagList") or default, iot=session.wire.iot)
    profiles = _matching(session.state.profiles, request.get("searchCriteria"))
    session.note(f"{len(profiles)} Profile{'' if len(profiles) == 1 else 's'}")
    holder = session.state.fallback_profile
    return "profileInfoListOk", [
        _profile_info(session.wire, one, names, one.iccid == holder) for one in profiles
    ]


def _matching(
    profiles: tuple[Profile, ...], criterion: tuple[str, Any] | None
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
    """The fields that a tag list asks for."""
    found, at = set(), 0
    try:
        while at < len(tags):
            tag, at = read_tag(tags, at)
            found.add(FIELDS.get(tag, ""))
    except TlvError as error:
        raise ResultError("incorrectInputValues", f"the tag list: {error}") from error
    return frozenset(found if iot else found - IOT_FIELDS)


@lru_cache(maxsize=1024)
def _profile_info(wire: Wire, one: Profile, names: frozenset[str], is_fallback: bool) -> Prepared:
    found = {name: value for name, value in _values(one, is_fallback).items() if name in names}
    return Prepared(wire.encode("ProfileInfo", wire.known("ProfileInfo", found)))


def _values(one: Profile, is_fallback: bool) -> dict[str, Any]:
    """Everything that there is to show of a Profile."""
    optional = {
        "profileNickname": one.nickname or None,
        "iconType": one.icon_type,
        "icon": one.icon,
        "notificationConfigurationInfo": [
            {"profileManagementOperation": two.events, "notificationAddress": two.address}
            for two in one.recipients
        ]
        or None,
        "profileOwner": one.owner and operator_id(one.owner),
        "dpProprietaryData": one.dp_oid and {"dpOid": one.dp_oid},
        "profilePolicyRules": one.rules or None,
        "serviceSpecificDataStoredInEuicc": one.service_data and Prepared(one.service_data),
        "ecallIndication": one.ecall,
        "fallbackAllowed": one.fallback_allowed,
        "iotSpecificProfileInfo": one.iot_data and Prepared(one.iot_data),
    }
    return {
        "iccid": one.iccid,
        "isdpAid": one.aid,
        "profileState": "enabled" if one.enabled else "disabled",
        "serviceProviderName": one.service_provider,
        "profileName": one.name,
        "profileClass": int(one.profile_class),
        "fallbackAttribute": is_fallback,
        **{name: value for name, value in optional.items() if value is not None},
    }
