"""What an IPA needs beside Profiles: how to connect, and whether the card has an IPA itself."""

from __future__ import annotations

from typing import Any

from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session


def _refuse_parameters(code: str) -> tuple[str, str]:
    return "connectivityParametersError", code


@es10(
    0xBF5F,
    "GetConnectivityParametersRequest",
    "GetConnectivityParametersResponse",
    clause="SGP.32 5.9.24",
    refuse=_refuse_parameters,
    codes=("parametersNotAvailable",),
)
def get_connectivity_parameters(session: Session, _: Any) -> tuple[str, dict[str, bytes]]:
    """GetConnectivityParameters, SGP.32 v1.2 clause 5.9.24: those of the enabled Profile."""
    enabled = session.state.enabled
    if enabled is None or not enabled.connectivity:
        why = "no Profile is enabled" if enabled is None else "the enabled Profile has none"
        raise ResultError("parametersNotAvailable", why)
    return "connectivityParameters", {"httpParams": enabled.connectivity}


def _activation_result(code: str) -> dict[str, str]:
    return {"ipaeActivationResult": code}


@es10(
    0xBF42,
    "IpaeActivationRequest",
    "IpaeActivationResponse",
    clause="SGP.32 3.8.4",
    refuse=_activation_result,
    codes=("notSupported",),
)
def ipae_activation(_: Session, __: Any) -> dict[str, str]:
    """IPAe activation, SGP.32 v1.2 clause 3.8.4 (LPAe, SGP.22 v2.5 clause 5.7.1): none is here."""
    raise ResultError("notSupported", "this card has neither an IPA nor an LPA of its own")
