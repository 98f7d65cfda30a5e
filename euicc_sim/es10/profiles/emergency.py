"""The Emergency Profile, for eCall (SGP.32 v1.2 clauses 5.9.22 and 5.9.23)."""

from __future__ import annotations

from typing import Literal

from euicc_sim.asn1.sgp32.functions import (
    DisableEmergencyProfileRequest,
    DisableEmergencyProfileResponse,
    DisableEmergencyProfileResponseValue,
    EnableEmergencyProfileRequest,
    EnableEmergencyProfileResponse,
    EnableEmergencyProfileResponseValue,
    RefreshValue,
)
from euicc_sim.es10.profiles.switching import (
    check_disabled,
    check_gives_way,
    check_not_busy,
    end_rollback,
    switch_to,
)
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.profile import Profile
from euicc_sim.model.replacing import replace


def _enable_result(
    code: Literal[
        "ok", "profileNotInDisabledState", "catBusy", "ecallNotAvailable", "undefinedError"
    ],
) -> EnableEmergencyProfileResponseValue:
    return {"enableEmergencyProfileResult": code}


def _disable_result(
    code: Literal["ok", "profileNotInEnabledState", "catBusy", "ecallNotAvailable"],
) -> DisableEmergencyProfileResponseValue:
    return {"disableEmergencyProfileResult": code}


def _switch(
    session: Session, target: Profile | None, back: Profile | None, *, refresh: bool
) -> None:
    switch_to(session, target, refresh=refresh)
    returns = replace(session.state.returns, emergency=back.iccid if back else None)
    session.state = replace(session.state, returns=returns)
    end_rollback(session, refresh=refresh)


@es10(
    0xBF5B,
    EnableEmergencyProfileRequest,
    EnableEmergencyProfileResponse,
    clause="SGP.32 5.9.22",
    refuse=_enable_result,
    since="1.1",
    only="SGP.32",
    enables=True,
)
def enable_emergency_profile(
    session: Session, request: RefreshValue
) -> EnableEmergencyProfileResponseValue:
    """EnableEmergencyProfile, SGP.32 v1.2 clause 5.9.22: the previous Profile is remembered."""
    target = next((one for one in session.state.profiles if one.is_emergency), None)
    if target is None:
        raise ResultError("ecallNotAvailable", "no Profile has an ecallIndication")
    check_disabled(target)
    refresh = request["refreshFlag"]
    check_not_busy(session, refresh=refresh)
    before = session.state.enabled
    check_gives_way(before, "undefinedError")
    _switch(session, target, before, refresh=refresh)
    return _enable_result("ok")


@es10(
    0xBF5C,
    DisableEmergencyProfileRequest,
    DisableEmergencyProfileResponse,
    clause="SGP.32 5.9.23",
    refuse=_disable_result,
    since="1.1",
    only="SGP.32",
)
def disable_emergency_profile(
    session: Session, request: RefreshValue
) -> DisableEmergencyProfileResponseValue:
    """DisableEmergencyProfile, SGP.32 v1.2 clause 5.9.23: the previous Profile is enabled again."""
    if not any(one.is_emergency for one in session.state.profiles) and session.wire.since("1.3"):
        raise ResultError("ecallNotAvailable", "no Profile has an ecallIndication")
    if not session.state.emergency_active:
        raise ResultError("profileNotInEnabledState", "no Emergency Profile is enabled")
    refresh = request["refreshFlag"]
    check_not_busy(session, refresh=refresh)
    before = session.state.find_profile(session.state.returns.emergency)
    _switch(session, before, None, refresh=refresh)
    return _disable_result("ok")
