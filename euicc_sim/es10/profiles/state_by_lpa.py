"""The unsigned functions of an LPA to manage Profiles (SGP.22 v2.5 clauses 5.7.16 to 5.7.21).

A consumer card has them; an SGP.32 card has them too unless it is strict.
"""

from __future__ import annotations

from typing import Literal

from euicc_sim.asn1.sgp22.profiles import (
    DeleteProfileRequest,
    DeleteProfileResponse,
    DeleteProfileResponseValue,
    DisableProfileRequest,
    DisableProfileResponse,
    DisableProfileResponseValue,
    EnableProfileRequest,
    EnableProfileResponse,
    EnableProfileResponseValue,
    ProfileAndRefreshValue,
    ProfileIdentifierValue,
    SetNicknameRequest,
    SetNicknameRequestValue,
    SetNicknameResponse,
    SetNicknameResponseValue,
)
from euicc_sim.es10.profiles.switching import (
    NOT_FOUND,
    by_iccid,
    check_disabled,
    check_enabled,
    check_may_go,
    check_may_stop,
    check_not_busy,
    named,
    remove,
    switch_to,
)
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.profile import Profile, ProfileClass
from euicc_sim.model.replacing import replace
from euicc_sim.readings import EMERGENCY_PROFILE_IS_FOR_EMERGENCIES

MAX_NICKNAME = 64
"""In bytes of UTF-8."""


def _enable_result(
    code: Literal[
        "ok",
        "iccidOrAidNotFound",
        "profileNotInDisabledState",
        "disallowedByPolicy",
        "wrongProfileReenabling",
        "catBusy",
    ],
) -> EnableProfileResponseValue:
    return {"enableResult": code}


def _disable_result(
    code: Literal[
        "ok", "iccidOrAidNotFound", "profileNotInEnabledState", "disallowedByPolicy", "catBusy"
    ],
) -> DisableProfileResponseValue:
    return {"disableResult": code}


def _delete_result(
    code: Literal["ok", "iccidOrAidNotFound", "profileNotInDisabledState", "disallowedByPolicy"],
) -> DeleteProfileResponseValue:
    return {"deleteResult": code}


def _nickname_result(
    code: Literal["ok", "iccidNotFound", "undefinedError"],
) -> SetNicknameResponseValue:
    return {"setNicknameResult": code}


def _identified(session: Session, identifier: ProfileIdentifierValue) -> Profile:
    """The Profile of an AID or ICCID."""
    kind, wanted = identifier
    if kind == "iccid":
        return by_iccid(session, wanted)
    found = next((one for one in session.state.profiles if one.aid == wanted), None)
    if found is None:
        raise ResultError(NOT_FOUND, f"there is no Profile with AID {wanted.hex().upper()}")
    return found


@es10(
    0xBF31,
    EnableProfileRequest,
    EnableProfileResponse,
    name="EnableProfile",
    clause="SGP.22 5.7.16",
    refuse=_enable_result,
    only="SGP.22",
    enables=True,
)
def enable_profile(session: Session, request: ProfileAndRefreshValue) -> EnableProfileResponseValue:
    """EnableProfile, SGP.22 v2.5 clause 5.7.16; the switch is complete before the answer leaves."""
    target = _identified(session, request["profileIdentifier"])
    check_disabled(target)
    old = session.state.enabled
    _check_reenabling(session, old, target)
    is_test = target.profile_class == ProfileClass.TEST
    if not is_test:
        check_may_stop(old)
    _check_no_emergency(old, target)
    check_not_busy(session)
    switch_to(session, target, refresh=request["refreshFlag"])
    returns = session.state.returns
    was_test = old is not None and old.profile_class == ProfileClass.TEST
    before = None
    if is_test and old is not None:
        before = returns.test if was_test else old.iccid
    session.state = replace(session.state, returns=replace(returns, test=before, fallback=None))
    return _enable_result("ok")


def _check_reenabling(session: Session, old: Profile | None, target: Profile) -> None:
    """Only the Profile enabled before a test Profile may follow it, clause 3.2.1."""
    before = session.state.returns.test
    if old is None or old.profile_class != ProfileClass.TEST or before is None:
        return
    if target.profile_class != ProfileClass.TEST and target.iccid != before:
        raise ResultError(
            "wrongProfileReenabling", f"{named(target)} was not enabled before the test Profile"
        )


def _check_no_emergency(old: Profile | None, target: Profile | None) -> None:
    """Refuse disallowedByPolicy for the Emergency Profile, which has its own functions."""
    for one in (old, target):
        if one is not None and one.is_emergency and EMERGENCY_PROFILE_IS_FOR_EMERGENCIES:
            raise ResultError("disallowedByPolicy", f"{named(one)} is the Emergency Profile")


@es10(
    0xBF32,
    DisableProfileRequest,
    DisableProfileResponse,
    name="DisableProfile",
    clause="SGP.22 5.7.17",
    refuse=_disable_result,
    only="SGP.22",
)
def disable_profile(
    session: Session, request: ProfileAndRefreshValue
) -> DisableProfileResponseValue:
    """DisableProfile, SGP.22 v2.5 clause 5.7.17; a test Profile gives way to the previous one."""
    profile = _identified(session, request["profileIdentifier"])
    check_enabled(profile)
    check_may_stop(profile)
    _check_no_emergency(profile, None)
    check_not_busy(session)
    is_test = profile.profile_class == ProfileClass.TEST
    before = session.state.find_profile(session.state.returns.test) if is_test else None
    switch_to(session, before, refresh=request["refreshFlag"])
    return _disable_result("ok")


@es10(
    0xBF33,
    DeleteProfileRequest,
    DeleteProfileResponse,
    name="DeleteProfile",
    clause="SGP.22 5.7.18",
    refuse=_delete_result,
    only="SGP.22",
)
def delete_profile(session: Session, request: ProfileIdentifierValue) -> DeleteProfileResponseValue:
    """DeleteProfile, SGP.22 v2.5 clause 5.7.18."""
    profile = _identified(session, request)
    check_disabled(profile)
    check_may_go(profile)
    remove(session, profile)
    return _delete_result("ok")


@es10(
    0xBF29,
    SetNicknameRequest,
    SetNicknameResponse,
    name="SetNickname",
    clause="SGP.22 5.7.21",
    refuse=_nickname_result,
    only="SGP.22",
    malformed=lambda _, why: ResultError("undefinedError", why),
)
def set_nickname(session: Session, request: SetNicknameRequestValue) -> SetNicknameResponseValue:
    """SetNickname, SGP.22 v2.5 clause 5.7.21: at most 64 bytes; an empty one removes it."""
    profile = by_iccid(session, request["iccid"], "iccidNotFound")
    nickname = request["profileNickname"]
    if len(nickname.encode()) > MAX_NICKNAME:
        raise ResultError("undefinedError", f"a nickname has at most {MAX_NICKNAME} bytes")
    session.state = session.state.with_profile(replace(profile, nickname=nickname))
    session.note(f"{named(profile)} has the nickname {nickname!r}" if nickname else "no nickname")
    return _nickname_result("ok")
