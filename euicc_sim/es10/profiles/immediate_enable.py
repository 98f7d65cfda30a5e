"""Immediate enabling of a downloaded Profile (SGP.32 v1.2 clauses 3.4.4, 5.9.15, 5.9.17)."""

from __future__ import annotations

from typing import Final, Literal

from euicc_sim.asn1.sgp32.functions import (
    ConfigureImmediateProfileEnablingRequest,
    ConfigureImmediateProfileEnablingRequestValue,
    ConfigureImmediateProfileEnablingResponse,
    ConfigureImmediateProfileEnablingResponseValue,
    ImmediateEnableRequest,
    ImmediateEnableRequestValue,
    ImmediateEnableResponse,
    ImmediateEnableResponseValue,
)
from euicc_sim.asn1.sgp32.packages import ConfigureImmediateEnableValue
from euicc_sim.es10.profiles.switching import (
    check_may_stop,
    check_not_busy,
    end_rollback,
    named,
    switch_to,
)
from euicc_sim.es10.registry import Codes, ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.replacing import replace
from euicc_sim.model.state import ImmediateEnable
from euicc_sim.model.volatile import Installed
from euicc_sim.readings import (
    EMERGENCY_PROFILE_IS_FOR_EMERGENCIES,
    IMMEDIATE_ENABLE_IS_REPLACED_WHOLE,
    IMMEDIATE_ENABLE_NEEDS_A_SERVER,
)

NOT_AVAILABLE: Final = "immediateEnableNotAvailable"


def configure(
    session: Session,
    request: ConfigureImmediateEnableValue | ConfigureImmediateProfileEnablingRequestValue,
) -> None:
    """Replace the configuration; an absent flag switches it off."""
    if session.state.switches.memory_full:
        raise ResultError("insufficientMemory", "the memory is full (card set --no-memory-full)")
    enabled = "immediateEnableFlag" in request
    whole = IMMEDIATE_ENABLE_IS_REPLACED_WHOLE
    old = ImmediateEnable() if whole else session.state.immediate_enable
    session.state = replace(
        session.state,
        immediate_enable=ImmediateEnable(
            enabled=enabled,
            smdp_oid=request.get("defaultSmdpOid", old.smdp_oid),
            smdp_address=request.get("defaultSmdpAddress", old.smdp_address),
        ),
    )
    session.note(f"immediate enabling {'on' if enabled else 'off'}")


def _configuration_result(
    code: Literal["ok", "insufficientMemory", "associatedEimAlreadyExists"],
) -> ConfigureImmediateProfileEnablingResponseValue:
    return {"configImmediateEnableResult": code}


@es10(
    0xBF59,
    ConfigureImmediateProfileEnablingRequest,
    ConfigureImmediateProfileEnablingResponse,
    clause="SGP.32 5.9.17",
    refuse=_configuration_result,
    only="SGP.32",
)
def configure_immediate_profile_enabling(
    session: Session, request: ConfigureImmediateProfileEnablingRequestValue
) -> ConfigureImmediateProfileEnablingResponseValue:
    """ConfigureImmediateProfileEnabling, SGP.32 v1.2 clause 5.9.17: while no eIM is trusted."""
    if session.state.eims:
        raise ResultError(
            "associatedEimAlreadyExists",
            f"{session.state.eims[0].eim_id} is trusted, so only a package can change this",
        )
    configure(session, request)
    return _configuration_result("ok")


_ResultName = Literal[
    "ok", "immediateEnableNotAvailable", "noSessionContext", "catBusy", "undefinedError"
]


def _result(code: _ResultName) -> ImmediateEnableResponseValue:
    return {"immediateEnableResult": code}


_CODES: Codes[_ResultName] = Codes(_ResultName)


@es10(
    0xBF5A,
    ImmediateEnableRequest,
    ImmediateEnableResponse,
    clause="SGP.32 5.9.15",
    refuse=_result,
    only="SGP.32",
    enables=True,
)
def immediate_enable(
    session: Session, request: ImmediateEnableRequestValue
) -> ImmediateEnableResponseValue:
    """ImmediateEnable, SGP.32 v1.2 clause 5.9.15: enables the Profile that this session installed.

    The session's context is consumed even on failure, so a refusal after that is returned.
    """
    configuration = session.state.immediate_enable
    if not configuration.enabled:
        raise ResultError(NOT_AVAILABLE, "immediate enabling is off")
    if IMMEDIATE_ENABLE_NEEDS_A_SERVER and not (
        configuration.smdp_oid or configuration.smdp_address
    ):
        raise ResultError(NOT_AVAILABLE, "neither an OID nor an address of an SM-DP+ is configured")
    installed = session.volatile.installed
    if installed is None:
        raise ResultError("noSessionContext", "no Profile has been installed since the last reset")
    session.volatile = replace(session.volatile, installed=None)
    try:
        with session.savepoint():
            _enable(session, configuration, installed, refresh=request.get("refreshFlag", False))
    except ResultError as error:
        session.refuse(str(error))
        return _result(_CODES.of(error))
    return _result("ok")


def _enable(
    session: Session, configuration: ImmediateEnable, installed: Installed, *, refresh: bool
) -> None:
    for what, wanted, found in (
        ("OID", configuration.smdp_oid, installed.smdp_oid),
        ("address", configuration.smdp_address, installed.smdp_address),
    ):
        if wanted is not None and wanted != found:
            raise ResultError(NOT_AVAILABLE, f"the SM-DP+ has the {what} {found}, not {wanted}")
    check_not_busy(session, refresh=refresh)
    profile = session.state.find_profile(installed.iccid)
    if profile is None or profile.enabled:
        raise ResultError("undefinedError", "the installed Profile is not in the disabled state")
    for one in (profile, session.state.enabled):
        if one is not None and one.is_emergency and EMERGENCY_PROFILE_IS_FOR_EMERGENCIES:
            raise ResultError("undefinedError", f"{named(one)} is the Emergency Profile")
    check_may_stop(session.state.enabled, "undefinedError")
    switch_to(session, profile, refresh=refresh)
    returns = replace(session.state.returns, fallback=None)
    session.state = replace(session.state, returns=returns)
    end_rollback(session, refresh=refresh)
