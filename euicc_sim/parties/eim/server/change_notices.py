"""Notices of a changed Profile in GetEimPackage (SGP.32 v1.2 clause 6.3.2.6)."""

from __future__ import annotations

from euicc_sim.asn1.esipa.functions import GetEimPackageRequestValue
from euicc_sim.parties.eim.server.card_records import StateChange

_FILLER = "f"


def state_change(asked: GetEimPackageRequestValue, at: str) -> StateChange | None:
    """The notice in a request that came at that time; None if there is none.

    A cause without notifyStateChange, which some IPAs send, counts as one.
    """
    if not {"notifyStateChange", "stateChangeCause"} & asked.keys():
        return None
    cause = asked.get("stateChangeCause")
    network = asked.get("rPLMN")
    return StateChange(
        at=at,
        cause=None if cause is None else str(cause),
        plmn=None if network is None else plmn_digits(network),
    )


def plmn_digits(network: bytes) -> str:
    """MCC and MNC of a PLMN identity of three bytes (3GPP TS 24.008 clause 10.5.1.3): 262-01."""
    one, two, three = (f"{byte:02x}"[::-1] for byte in network)
    mnc = (three + two[1]).removesuffix(_FILLER)
    return f"{one}{two[0]}-{mnc}"
