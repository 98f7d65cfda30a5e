"""eUICCMemoryReset."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import Any

from euicc_sim.es10.registry import es10
from euicc_sim.model.state import ImmediateEnable
from euicc_sim.readings import EMPTY_MEMORY_RESET
from euicc_sim.session import Session


class Option(IntEnum):
    """Bits of resetOptions that concern something this card has."""

    RESET_DEFAULT_SMDP_ADDRESS = 2
    RESET_EIM_CONFIG_DATA = 5
    RESET_IMMEDIATE_ENABLE_CONFIG = 6


@es10(
    0xBF64,
    "EuiccMemoryResetRequest",
    "EuiccMemoryResetResponse",
    name="eUICCMemoryReset",
    clause="SGP.32 5.9.5",
)
def euicc_memory_reset(session: Session, request: dict[str, Any]) -> dict[str, str]:
    """eUICCMemoryReset, SGP.32 v1.2 clause 5.9.5; the counters of the card stay."""
    options = request["resetOptions"]
    answer: dict[str, str] = {}
    before = session.state
    if Option.RESET_DEFAULT_SMDP_ADDRESS in options:
        session.state = replace(session.state, default_dp_address="")
    if Option.RESET_EIM_CONFIG_DATA in options:
        count = len(session.state.eims)
        session.state = replace(session.state, eims=())
        session.note(f"{count} eIM{'' if count == 1 else 's'} removed")
        answer["resetEimResult"] = "ok" if count else "nothingToDelete"
    if Option.RESET_IMMEDIATE_ENABLE_CONFIG in options:
        session.state = replace(session.state, immediate_enable=ImmediateEnable())
        answer["resetImmediateEnableConfigResult"] = "ok"
    answer["resetResult"] = EMPTY_MEMORY_RESET if session.state == before else "ok"
    return answer
