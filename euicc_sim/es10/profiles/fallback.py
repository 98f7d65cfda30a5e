"""The Fallback Profile, for loss of connectivity (SGP.32 v1.2 clauses 5.9.20, 5.9.21)."""

from __future__ import annotations

from typing import Literal

from euicc_sim.asn1.sgp32.functions import (
    ExecuteFallbackMechanismRequest,
    ExecuteFallbackMechanismResponse,
    ExecuteFallbackMechanismResponseValue,
    RefreshValue,
    ReturnFromFallbackRequest,
    ReturnFromFallbackResponse,
    ReturnFromFallbackResponseValue,
)
from euicc_sim.es10.profiles.switching import (
    check_disabled,
    check_gives_way,
    check_not_busy,
    named,
    switch_to,
)
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.profile import Profile
from euicc_sim.model.replacing import replace


def _execute_result(
    code: Literal[
        "ok",
        "profileNotInDisabledState",
        "catBusy",
        "fallbackNotAvailable",
        "commandError",
        "ecallActive",
        "undefinedError",
    ],
) -> ExecuteFallbackMechanismResponseValue:
    return {"executeFallbackMechanismResult": code}


def _return_result(
    code: Literal["ok", "catBusy", "fallbackNotAvailable", "undefinedError"],
) -> ReturnFromFallbackResponseValue:
    return {"returnFromFallbackResult": code}


def _switch(session: Session, target: Profile, back: bytes | None, *, refresh: bool) -> None:
    """Switch Profiles; a rollback is no longer authorised."""
    check_gives_way(session.state.enabled, "undefinedError")
    switch_to(session, target, refresh=refresh)
    returns = replace(session.state.returns, rollback=None, fallback=back)
    session.state = replace(session.state, returns=returns)


@es10(
    0xBF5D,
    ExecuteFallbackMechanismRequest,
    ExecuteFallbackMechanismResponse,
    clause="SGP.32 5.9.20",
    refuse=_execute_result,
    since="1.1",
    only="SGP.32",
)
def execute_fallback_mechanism(
    session: Session, request: RefreshValue
) -> ExecuteFallbackMechanismResponseValue:
    """ExecuteFallbackMechanism, SGP.32 v1.2 clause 5.9.20."""
    enabled = session.state.enabled
    if enabled is None:
        raise ResultError("commandError", "no Profile is enabled")
    target = session.state.find_profile(session.state.fallback_profile)
    if target is None:
        raise ResultError("fallbackNotAvailable", "no Profile has the fallback attribute")
    if session.state.emergency_active:
        raise ResultError("ecallActive", f"{named(enabled)}, the Emergency Profile, is enabled")
    check_disabled(target)
    check_not_busy(session, refresh=request["refreshFlag"])
    _switch(session, target, enabled.iccid, refresh=request["refreshFlag"])
    return _execute_result("ok")


@es10(
    0xBF5E,
    ReturnFromFallbackRequest,
    ReturnFromFallbackResponse,
    clause="SGP.32 5.9.21",
    refuse=_return_result,
    since="1.1",
    only="SGP.32",
)
def return_from_fallback(
    session: Session, request: RefreshValue
) -> ReturnFromFallbackResponseValue:
    """ReturnFromFallback, SGP.32 v1.2 clause 5.9.21."""
    state = session.state
    enabled = state.enabled
    if enabled is None or enabled.iccid != state.fallback_profile:
        raise ResultError("fallbackNotAvailable", "the Fallback Profile is not enabled")
    target = state.find_profile(state.returns.fallback)
    if target is None:
        raise ResultError("fallbackNotAvailable", "there is no Profile to return to")
    check_not_busy(session, refresh=request["refreshFlag"])
    _switch(session, target, None, refresh=request["refreshFlag"])
    return _return_result("ok")
