"""Profile State Management Operations: what a trusted eIM may order (SGP.32 v1.2 clause 3.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from euicc_sim.es10.addresses import set_address
from euicc_sim.es10.info import rules_authorisation_table
from euicc_sim.es10.packages.operations import operation
from euicc_sim.es10.profiles.immediate_enable import configured
from euicc_sim.es10.profiles.listing import get_profiles_info
from euicc_sim.es10.profiles.switching import (
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
from euicc_sim.es10.registry import ResultError
from euicc_sim.es10.session import PackageRun, Session
from euicc_sim.model.profile import Profile, ProfileClass, Rollback
from euicc_sim.readings import (
    EMERGENCY_PROFILE_IS_FOR_EMERGENCIES,
    PACKAGE_SWITCHES_NEED_REFRESH,
    PPR1_HOLDS_AGAINST_TEST_PROFILES,
    SECOND_SWITCH_IN_A_PACKAGE,
)

Request = dict[str, Any]


def _run(session: Session) -> PackageRun:
    if session.package is None:
        raise TypeError("an operation runs in a package")
    return session.package


@operation(
    "enable",
    "enableResult",
    clause="SGP.32 3.4.1",
    codes=(
        "iccidOrAidNotFound",
        "profileNotInDisabledState",
        "disallowedByPolicy",
        "catBusy",
        "rollbackNotAvailable",
        "undefinedError",
    ),
)
def enable(session: Session, request: Request) -> str:
    """enable, SGP.32 v1.2 clause 3.4.1; with the flag the IPA may go back once."""
    run = _run(session)
    if run.has_enabled:
        raise ResultError(SECOND_SWITCH_IN_A_PACKAGE, "a package enables one Profile at most")
    target = by_iccid(session, request["iccid"])
    check_disabled(target)
    old = session.state.enabled
    grant = _grant(session, run, target) if "rollbackFlag" in request else None
    if PPR1_HOLDS_AGAINST_TEST_PROFILES or target.profile_class != ProfileClass.TEST:
        check_may_stop(old)
    if target.is_emergency and EMERGENCY_PROFILE_IS_FOR_EMERGENCIES:
        raise ResultError("disallowedByPolicy", f"{named(target)} is the Emergency Profile")
    check_not_busy(session, refresh=PACKAGE_SWITCHES_NEED_REFRESH)
    switch_to(session, target)
    returns = replace(session.state.returns, rollback=grant, fallback=None)
    session.state = replace(session.state, returns=returns)
    session.package = replace(run, has_enabled=True)
    return "ok"


def _grant(session: Session, run: PackageRun, target: Profile) -> Rollback:
    """The permission to go back to what is, or before this package was, enabled."""
    back = session.state.enabled or session.state.find_profile(run.disabled)
    if back is None or back.iccid == target.iccid:
        raise ResultError("rollbackNotAvailable", "there is no other Profile to go back to")
    return Rollback(
        back.iccid, run.eim_id, run.counter, run.transaction_id, run.seq_number, run.signature
    )


@operation(
    "disable",
    "disableResult",
    clause="SGP.32 3.4.2",
    codes=(
        "iccidOrAidNotFound",
        "profileNotInEnabledState",
        "disallowedByPolicy",
        "catBusy",
        "undefinedError",
    ),
)
def disable(session: Session, request: Request) -> str:
    """disable, SGP.32 v1.2 clause 3.4.2: no other Profile takes over."""
    run = _run(session)
    if run.has_enabled or run.disabled:
        raise ResultError(
            SECOND_SWITCH_IN_A_PACKAGE, "a package disables one Profile at most, and before enable"
        )
    profile = by_iccid(session, request["iccid"])
    check_enabled(profile)
    check_may_stop(profile)
    check_not_busy(session, refresh=PACKAGE_SWITCHES_NEED_REFRESH)
    switch_to(session, None)
    session.package = replace(run, disabled=profile.iccid)
    return "ok"


@operation(
    "delete",
    "deleteResult",
    clause="SGP.32 3.4.3",
    codes=(
        "iccidOrAidNotFound",
        "profileNotInDisabledState",
        "disallowedByPolicy",
        "rollbackNotAvailable",
        "returnFallbackProfile",
    ),
)
def delete(session: Session, request: Request) -> str:
    """delete, SGP.32 v1.2 clause 3.4.3: never what a rollback or a fallback leads back to."""
    profile = by_iccid(session, request["iccid"])
    check_disabled(profile)
    state = session.state
    if state.returns.rollback and state.returns.rollback.iccid == profile.iccid:
        raise ResultError("rollbackNotAvailable", f"a rollback would go back to {named(profile)}")
    enabled = state.enabled
    in_fallback = enabled is not None and enabled.iccid == state.fallback_profile
    if in_fallback and state.returns.fallback == profile.iccid:
        raise ResultError("returnFallbackProfile", f"ReturnFromFallback goes to {named(profile)}")
    check_may_go(profile)
    remove(session, profile)
    return "ok"


def _refuse_list(code: str) -> tuple[str, str]:
    return "profileInfoListError", code


@operation(
    "listProfileInfo",
    "listProfileInfoResult",
    clause="SGP.32 5.9.14",
    refuse=_refuse_list,
    codes=("incorrectInputValues",),
    malformed="incorrectInputValues",
)
def list_profile_info(session: Session, request: Request) -> Any:
    """listProfileInfo, SGP.32 v1.2 clauses 2.11.1.1.3 and 5.9.14."""
    return get_profiles_info(session, request)


@operation("getRAT", "getRATResult", clause="SGP.22 5.7.22")
def get_rat(session: Session, _: Any) -> list[dict[str, Any]]:
    """getRAT, as the ES10 function of the same name."""
    return rules_authorisation_table(session)


@operation(
    "configureImmediateEnable",
    "configureImmediateEnableResult",
    clause="SGP.32 3.4.4",
    codes=("insufficientMemory",),
)
def configure_immediate_enable(session: Session, request: Request) -> str:
    """configureImmediateEnable, SGP.32 v1.2 clause 3.4.4: the configuration is replaced whole."""
    return configured(session, request)


@operation(
    "setFallbackAttribute",
    "setFallbackAttributeResult",
    clause="SGP.32 3.4.6",
    codes=("iccidOrAidNotFound", "fallbackNotAllowed", "fallbackProfileEnabled"),
)
def set_fallback_attribute(session: Session, request: Request) -> str:
    """setFallbackAttribute, SGP.32 v1.2 clause 3.4.6: one Profile has it at most."""
    profile = by_iccid(session, request["iccid"])
    if session.state.fallback_profile == profile.iccid:
        return "ok"
    if not profile.fallback_allowed or profile.is_emergency:
        raise ResultError("fallbackNotAllowed", f"{named(profile)} may not be fallen back to")
    _check_not_in_fallback(session)
    session.state = replace(session.state, fallback_profile=profile.iccid)
    session.note(f"falls back to {named(profile)}")
    return "ok"


@operation(
    "unsetFallbackAttribute",
    "unsetFallbackAttributeResult",
    clause="SGP.32 3.4.7",
    codes=("noFallbackAttribute", "fallbackProfileEnabled"),
)
def unset_fallback_attribute(session: Session, _: Any) -> str:
    """unsetFallbackAttribute, SGP.32 v1.2 clause 3.4.7."""
    if session.state.fallback_profile is None:
        raise ResultError("noFallbackAttribute", "no Profile has the fallback attribute")
    _check_not_in_fallback(session)
    session.state = replace(session.state, fallback_profile=None)
    session.note("falls back to no Profile")
    return "ok"


def _check_not_in_fallback(session: Session) -> None:
    holder = session.state.find_profile(session.state.fallback_profile)
    if holder is not None and holder.enabled:
        raise ResultError("fallbackProfileEnabled", f"{named(holder)} is enabled, as a fallback")


def _refuse_address(code: str) -> dict[str, str]:
    return {"setDefaultDpAddressResult": code}


@operation(
    "setDefaultDpAddress",
    "setDefaultDpAddressResult",
    clause="SGP.32 5.9.25",
    refuse=_refuse_address,
    codes=("undefinedError",),
)
def set_default_dp_address(session: Session, request: dict[str, str]) -> dict[str, str]:
    """setDefaultDpAddress, as the ES10 function of the same name."""
    return set_address(session, request)
