"""Profile State Management Operations: what a trusted eIM may order (SGP.32 v1.2 clause 3.4)."""

from __future__ import annotations

from typing import Literal

from euicc_sim.asn1.sgp22.common import ProfileInfoListRequest, ProfileInfoListRequestValue
from euicc_sim.asn1.sgp32.packages import (
    ConfigureImmediateEnable,
    ConfigureImmediateEnableValue,
    EmptySequence,
    EnableProfile,
    EnableProfileValue,
    EuiccResultDataValue,
    IccidOnly,
    IccidOnlyValue,
)
from euicc_sim.asn1.sgp32.profiles import (
    SetDefaultDpAddressRequest,
    SetDefaultDpAddressRequestValue,
    SetDefaultDpAddressResponseValue,
)
from euicc_sim.asn1.types import Nothing
from euicc_sim.es10.addresses import set_address
from euicc_sim.es10.info import rules_authorisation_table
from euicc_sim.es10.packages.operations import operation
from euicc_sim.es10.profiles.immediate_enable import configure
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
from euicc_sim.model.replacing import replace
from euicc_sim.readings import (
    EMERGENCY_PROFILE_IS_FOR_EMERGENCIES,
    PACKAGE_SWITCHES_NEED_REFRESH,
    PPR1_HOLDS_AGAINST_TEST_PROFILES,
    SECOND_SWITCH_IN_A_PACKAGE,
)


def _run(session: Session) -> PackageRun:
    if session.package is None:
        raise TypeError("an operation runs in a package")
    return session.package


def _enable_result(
    code: Literal[
        "ok",
        "iccidOrAidNotFound",
        "profileNotInDisabledState",
        "disallowedByPolicy",
        "catBusy",
        "rollbackNotAvailable",
        "undefinedError",
    ],
) -> EuiccResultDataValue:
    return "enableResult", code


@operation(
    "enable",
    EnableProfile,
    clause="SGP.32 3.4.1",
    refuse=_enable_result,
)
def enable(session: Session, request: EnableProfileValue) -> EuiccResultDataValue:
    """enable, SGP.32 v1.2 clause 3.4.1; with rollbackFlag the IPA may go back once."""
    run = _run(session)
    if run.has_enabled:
        raise ResultError(SECOND_SWITCH_IN_A_PACKAGE, "a package can enable only one Profile")
    target = by_iccid(session, request["iccid"])
    check_disabled(target)
    old = session.state.enabled
    grant = _grant(session, run, target) if "rollbackFlag" in request else None
    if PPR1_HOLDS_AGAINST_TEST_PROFILES or target.profile_class != ProfileClass.TEST:
        check_may_stop(old)
    if target.is_emergency and EMERGENCY_PROFILE_IS_FOR_EMERGENCIES:
        raise ResultError("disallowedByPolicy", f"{named(target)} is the Emergency Profile")
    check_not_busy(session, refresh=PACKAGE_SWITCHES_NEED_REFRESH)
    switch_to(session, target, refresh=PACKAGE_SWITCHES_NEED_REFRESH)
    returns = replace(session.state.returns, rollback=grant, fallback=None)
    session.state = replace(session.state, returns=returns)
    session.package = replace(run, has_enabled=True)
    return _enable_result("ok")


def _grant(session: Session, run: PackageRun, target: Profile) -> Rollback:
    """The permission to go back to the Profile enabled now, or enabled before this package."""
    back = session.state.enabled or session.state.find_profile(run.disabled)
    if back is None or back.iccid == target.iccid:
        raise ResultError("rollbackNotAvailable", "there is no other Profile for a rollback")
    return Rollback(
        back.iccid, run.eim_id, run.counter, run.transaction_id, run.seq_number, run.signature
    )


def _disable_result(
    code: Literal[
        "ok",
        "iccidOrAidNotFound",
        "profileNotInEnabledState",
        "disallowedByPolicy",
        "catBusy",
        "undefinedError",
    ],
) -> EuiccResultDataValue:
    return "disableResult", code


@operation(
    "disable",
    IccidOnly,
    clause="SGP.32 3.4.2",
    refuse=_disable_result,
)
def disable(session: Session, request: IccidOnlyValue) -> EuiccResultDataValue:
    """disable, SGP.32 v1.2 clause 3.4.2: no other Profile is enabled instead."""
    run = _run(session)
    if run.has_enabled or run.disabled:
        raise ResultError(
            SECOND_SWITCH_IN_A_PACKAGE, "a package can disable only one Profile, before enable"
        )
    profile = by_iccid(session, request["iccid"])
    check_enabled(profile)
    check_may_stop(profile)
    check_not_busy(session, refresh=PACKAGE_SWITCHES_NEED_REFRESH)
    switch_to(session, None, refresh=PACKAGE_SWITCHES_NEED_REFRESH)
    session.package = replace(run, disabled=profile.iccid)
    return _disable_result("ok")


def _delete_result(
    code: Literal[
        "ok",
        "iccidOrAidNotFound",
        "profileNotInDisabledState",
        "disallowedByPolicy",
        "rollbackNotAvailable",
        "returnFallbackProfile",
    ],
) -> EuiccResultDataValue:
    return "deleteResult", code


@operation(
    "delete",
    IccidOnly,
    clause="SGP.32 3.4.3",
    refuse=_delete_result,
)
def delete(session: Session, request: IccidOnlyValue) -> EuiccResultDataValue:
    """delete, SGP.32 v1.2 clause 3.4.3: not if a rollback or fallback would return to it."""
    profile = by_iccid(session, request["iccid"])
    check_disabled(profile)
    state = session.state
    if state.returns.rollback and state.returns.rollback.iccid == profile.iccid:
        raise ResultError("rollbackNotAvailable", f"a rollback would go back to {named(profile)}")
    enabled = state.enabled
    in_fallback = enabled is not None and enabled.iccid == state.fallback_profile
    if in_fallback and state.returns.fallback == profile.iccid:
        raise ResultError(
            "returnFallbackProfile", f"ReturnFromFallback would return to {named(profile)}"
        )
    check_may_go(profile)
    remove(session, profile)
    return _delete_result("ok")


def _refuse_list(code: Literal["incorrectInputValues"]) -> EuiccResultDataValue:
    return "listProfileInfoResult", ("profileInfoListError", code)


@operation(
    "listProfileInfo",
    ProfileInfoListRequest,
    clause="SGP.32 5.9.14",
    refuse=_refuse_list,
    malformed="incorrectInputValues",
)
def list_profile_info(
    session: Session, request: ProfileInfoListRequestValue
) -> EuiccResultDataValue:
    """listProfileInfo, SGP.32 v1.2 clauses 2.11.1.1.3 and 5.9.14."""
    return "listProfileInfoResult", get_profiles_info(session, request)


@operation("getRAT", EmptySequence, clause="SGP.22 5.7.22")
def get_rat(session: Session, _: Nothing) -> EuiccResultDataValue:
    """getRAT, like the ES10 function of the same name."""
    return "getRATResult", rules_authorisation_table(session)


def _configure_immediate_enable_result(
    code: Literal["ok", "insufficientMemory"],
) -> EuiccResultDataValue:
    return "configureImmediateEnableResult", code


@operation(
    "configureImmediateEnable",
    ConfigureImmediateEnable,
    clause="SGP.32 3.4.4",
    refuse=_configure_immediate_enable_result,
)
def configure_immediate_enable(
    session: Session, request: ConfigureImmediateEnableValue
) -> EuiccResultDataValue:
    """configureImmediateEnable, SGP.32 v1.2 clause 3.4.4: replaces the whole configuration."""
    configure(session, request)
    return _configure_immediate_enable_result("ok")


def _set_fallback_attribute_result(
    code: Literal["ok", "iccidOrAidNotFound", "fallbackNotAllowed", "fallbackProfileEnabled"],
) -> EuiccResultDataValue:
    return "setFallbackAttributeResult", code


@operation(
    "setFallbackAttribute",
    IccidOnly,
    clause="SGP.32 3.4.6",
    since="1.1",
    refuse=_set_fallback_attribute_result,
)
def set_fallback_attribute(session: Session, request: IccidOnlyValue) -> EuiccResultDataValue:
    """setFallbackAttribute, SGP.32 v1.2 clause 3.4.6: at most one Profile has it."""
    profile = by_iccid(session, request["iccid"])
    if session.state.fallback_profile == profile.iccid:
        return _set_fallback_attribute_result("ok")
    if not profile.fallback_allowed or profile.is_emergency:
        raise ResultError("fallbackNotAllowed", f"fallbackAllowed is not set for {named(profile)}")
    _check_not_in_fallback(session)
    session.state = replace(session.state, fallback_profile=profile.iccid)
    session.note(f"Fallback Profile: {named(profile)}")
    return _set_fallback_attribute_result("ok")


def _unset_fallback_attribute_result(
    code: Literal["ok", "noFallbackAttribute", "fallbackProfileEnabled"],
) -> EuiccResultDataValue:
    return "unsetFallbackAttributeResult", code


@operation(
    "unsetFallbackAttribute",
    EmptySequence,
    clause="SGP.32 3.4.7",
    since="1.1",
    refuse=_unset_fallback_attribute_result,
)
def unset_fallback_attribute(session: Session, _: Nothing) -> EuiccResultDataValue:
    """unsetFallbackAttribute, SGP.32 v1.2 clause 3.4.7."""
    if session.state.fallback_profile is None:
        raise ResultError("noFallbackAttribute", "no Profile has the fallback attribute")
    _check_not_in_fallback(session)
    session.state = replace(session.state, fallback_profile=None)
    session.note("no Fallback Profile")
    return _unset_fallback_attribute_result("ok")


def _check_not_in_fallback(session: Session) -> None:
    holder = session.state.find_profile(session.state.fallback_profile)
    if holder is not None and holder.enabled:
        raise ResultError(
            "fallbackProfileEnabled", f"{named(holder)} is enabled by the fallback mechanism"
        )


def _refuse_address(code: Literal["undefinedError"]) -> EuiccResultDataValue:
    answer: SetDefaultDpAddressResponseValue = {"setDefaultDpAddressResult": code}
    return "setDefaultDpAddressResult", answer


@operation(
    "setDefaultDpAddress",
    SetDefaultDpAddressRequest,
    clause="SGP.32 5.9.25",
    since="1.1",
    refuse=_refuse_address,
)
def set_default_dp_address(
    session: Session, request: SetDefaultDpAddressRequestValue
) -> EuiccResultDataValue:
    """setDefaultDpAddress, like the ES10 function of the same name."""
    return "setDefaultDpAddressResult", set_address(session, request)
