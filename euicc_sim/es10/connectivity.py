"""Connectivity parameters, and activation of an IPA or LPA in the card."""

from __future__ import annotations

from typing import Literal

from euicc_sim.asn1.sgp32.functions import (
    ConnectivityParametersValue,
    GetConnectivityParametersRequest,
    GetConnectivityParametersResponse,
    GetConnectivityParametersResponseValue,
    IpaeActivationRequest,
    IpaeActivationRequestValue,
    IpaeActivationResponse,
    IpaeActivationResponseValue,
)
from euicc_sim.asn1.types import Nothing
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.replacing import replace

ACTIVATE_IPAE = 0
"""Of IpaeOption."""


def _refuse_parameters(
    code: Literal["parametersNotAvailable"],
) -> GetConnectivityParametersResponseValue:
    return "connectivityParametersError", code


@es10(
    0xBF5F,
    GetConnectivityParametersRequest,
    GetConnectivityParametersResponse,
    clause="SGP.32 5.9.24",
    since="1.1",
    only="SGP.32",
    refuse=_refuse_parameters,
)
def get_connectivity_parameters(
    session: Session, _: Nothing
) -> GetConnectivityParametersResponseValue:
    """GetConnectivityParameters, SGP.32 v1.2 clause 5.9.24: those of the enabled Profile."""
    enabled = session.state.enabled
    if enabled is None or not enabled.connectivity:
        why = (
            "no Profile is enabled" if enabled is None else "the enabled Profile has no httpParams"
        )
        raise ResultError("parametersNotAvailable", why)
    parameters: ConnectivityParametersValue = {"httpParams": enabled.connectivity}
    return "connectivityParameters", parameters


def _activation_result(code: Literal["notSupported"]) -> IpaeActivationResponseValue:
    return {"ipaeActivationResult": code}


@es10(
    0xBF42,
    IpaeActivationRequest,
    IpaeActivationResponse,
    clause="SGP.32 3.8.4",
    refuse=_activation_result,
)
def ipae_activation(
    session: Session, request: IpaeActivationRequestValue
) -> IpaeActivationResponseValue:
    """IPAe activation, SGP.32 v1.2 clause 3.8.4 (LPAe, SGP.22 v2.5 clause 5.7.1: there is none)."""
    if not session.identity.has_ipae:
        raise ResultError("notSupported", "this card has no IPAe and no LPAe")
    if ACTIVATE_IPAE not in request["ipaeOption"]:
        raise ResultError("notSupported", "the option activates nothing; set bit 0, activateIpae")
    session.volatile = replace(session.volatile, ipae_activated=True)
    return {"ipaeActivationResult": "ok"}
