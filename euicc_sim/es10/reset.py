"""eUICCMemoryReset of SGP.32 and SGP.22."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Literal, NotRequired, TypedDict

from euicc_sim.asn1.sgp22 import profiles as sgp22
from euicc_sim.asn1.sgp32 import profiles as sgp32
from euicc_sim.es10.profiles.switching import check_not_busy, remove
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.profile import Profile, ProfileClass
from euicc_sim.model.replacing import replace
from euicc_sim.model.state import ImmediateEnable
from euicc_sim.readings import EMPTY_MEMORY_RESET


class Option(IntEnum):
    """Bits of resetOptions."""

    DELETE_OPERATIONAL_PROFILES = 0
    DELETE_FIELD_LOADED_TEST_PROFILES = 1
    RESET_DEFAULT_SMDP_ADDRESS = 2
    DELETE_PRE_LOADED_TEST_PROFILES = 3
    DELETE_PROVISIONING_PROFILES = 4
    RESET_EIM_CONFIG_DATA = 5
    RESET_IMMEDIATE_ENABLE_CONFIG = 6


SGP22_OPTIONS = frozenset(
    {
        Option.DELETE_OPERATIONAL_PROFILES,
        Option.DELETE_FIELD_LOADED_TEST_PROFILES,
        Option.RESET_DEFAULT_SMDP_ADDRESS,
    }
)


def _refuse(code: Literal["catBusy", "ecallActive"]) -> sgp32.EuiccMemoryResetResponseValue:
    return {"resetResult": code}


def _refuse_es10c(
    code: Literal["ok", "nothingToDelete", "catBusy", "undefinedError"],
) -> sgp22.EuiccMemoryResetResponseValue:
    return {"resetResult": code}


@es10(
    0xBF64,
    sgp32.EuiccMemoryResetRequest,
    sgp32.EuiccMemoryResetResponse,
    name="eUICCMemoryReset",
    clause="SGP.32 5.9.5",
    since="1.1",
    only="SGP.32",
    refuse=_refuse,
)
def euicc_memory_reset(
    session: Session, request: sgp32.EuiccMemoryResetRequestValue
) -> sgp32.EuiccMemoryResetResponseValue:
    """eUICCMemoryReset, SGP.32 v1.2 clause 5.9.5; the card's counters are kept."""
    if session.state.emergency_active:
        raise ResultError("ecallActive", "the Emergency Profile is enabled")
    return {**_reset(session, request["resetOptions"])}


class _Outcome(TypedDict):
    """The result of a reset, for both standards."""

    resetResult: Literal["ok", "nothingToDelete"]
    resetEimResult: NotRequired[Literal["ok", "nothingToDelete"]]
    resetImmediateEnableConfigResult: NotRequired[Literal["ok"]]


def _reset(session: Session, options: frozenset[int]) -> _Outcome:
    """Carry out the options of SGP.32."""
    before = session.state
    outcome: _Outcome = {"resetResult": "ok"}
    _reset_profiles(session, options)
    if Option.RESET_EIM_CONFIG_DATA in options:
        count = len(session.state.eims)
        returns = replace(session.state.returns, rollback=None)
        session.state = replace(session.state, eims=(), returns=returns)
        session.note(
            f"{count} eIM{'' if count == 1 else 's'} removed" if count else "no eIM to remove"
        )
        outcome["resetEimResult"] = "ok" if count else "nothingToDelete"
    if Option.RESET_IMMEDIATE_ENABLE_CONFIG in options:
        session.state = replace(session.state, immediate_enable=ImmediateEnable())
        outcome["resetImmediateEnableConfigResult"] = "ok"
    if session.state == before:
        outcome["resetResult"] = EMPTY_MEMORY_RESET
        session.note(f"{EMPTY_MEMORY_RESET}: the card has nothing that the options select")
    return outcome


@es10(
    0xBF34,
    sgp22.EuiccMemoryResetRequest,
    sgp22.EuiccMemoryResetResponse,
    name="eUICCMemoryReset (ES10c)",
    clause="SGP.22 5.7.19",
    until="1.1",
    refuse=_refuse_es10c,
)
def euicc_memory_reset_es10c(
    session: Session, request: sgp22.EuiccMemoryResetRequestValue
) -> sgp22.EuiccMemoryResetResponseValue:
    """eUICCMemoryReset, SGP.22 v2.5 clause 5.7.19; other options than its three are ignored.

    Before SGP.32 v1.1 an IoT card uses this function too, with two more options.
    """
    if session.state.emergency_active:
        raise ResultError("undefinedError", "the Emergency Profile is enabled")
    if session.wire.iot and not session.wire.since("1.1"):
        return {**_reset(session, frozenset(map(_option_of_v1_0, request["resetOptions"])))}
    before = session.state
    _reset_profiles(session, SGP22_OPTIONS & request["resetOptions"])
    if session.state == before:
        raise ResultError("nothingToDelete", "there is nothing to delete")
    return _refuse_es10c("ok")


def _option_of_v1_0(bit: int) -> int:
    """The current bit of an option: 3 and 4 of v1.0 are 5 and 6 since v1.1."""
    return {3: Option.RESET_EIM_CONFIG_DATA, 4: Option.RESET_IMMEDIATE_ENABLE_CONFIG}.get(bit, bit)


def _reset_profiles(session: Session, options: Iterable[int]) -> None:
    """Delete the Profiles that the options select, whatever their policy rules, and the address."""
    chosen = set(options)
    going = [one for one in session.state.profiles if _option(one) in chosen]
    check_not_busy(session, refresh=any(one.enabled for one in going))
    for one in going:
        remove(session, one)
    if Option.RESET_DEFAULT_SMDP_ADDRESS in chosen:
        session.state = replace(session.state, default_dp_address="")


def _option(profile: Profile) -> Option:
    """The option that selects a Profile for deletion."""
    match profile.profile_class:
        case ProfileClass.TEST if profile.preloaded:
            return Option.DELETE_PRE_LOADED_TEST_PROFILES
        case ProfileClass.TEST:
            return Option.DELETE_FIELD_LOADED_TEST_PROFILES
        case ProfileClass.PROVISIONING:
            return Option.DELETE_PROVISIONING_PROFILES
        case _:
            return Option.DELETE_OPERATIONAL_PROFILES
