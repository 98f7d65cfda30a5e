"""The configured addresses of a card: default SM-DP+ and root SM-DS."""

from __future__ import annotations

from typing import Literal

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp32 import profiles as sgp32
from euicc_sim.asn1.types import Nothing
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.replacing import replace
from euicc_sim.readings import DEFAULT_DP_ADDRESS_MAX


def _answer(code: Literal["ok", "undefinedError"]) -> sgp32.SetDefaultDpAddressResponseValue:
    return {"setDefaultDpAddressResult": code}


@es10(
    0xBF3C,
    sgp22.EuiccConfiguredAddressesRequest,
    sgp22.EuiccConfiguredAddressesResponse,
    name="GetEuiccConfiguredAddresses",
    clause="SGP.22 5.7.3",
)
def get_euicc_configured_addresses(
    session: Session, _: Nothing
) -> sgp22.EuiccConfiguredAddressesResponseValue:
    """GetEuiccConfiguredAddresses, SGP.22 v2.5 clause 5.7.3; the default address may be absent."""
    addresses: sgp22.EuiccConfiguredAddressesResponseValue = {
        "rootDsAddress": session.identity.root_ds_address
    }
    if session.state.default_dp_address:
        addresses["defaultDpAddress"] = session.state.default_dp_address
    return addresses


def set_address(
    session: Session, request: sgp32.SetDefaultDpAddressRequestValue
) -> sgp32.SetDefaultDpAddressResponseValue:
    """Set the default SM-DP+ address; an empty one removes it."""
    address = request["defaultDpAddress"]
    if len(address) > DEFAULT_DP_ADDRESS_MAX:
        raise ResultError(
            "undefinedError",
            f"an address has at most {DEFAULT_DP_ADDRESS_MAX} characters, not {len(address)}",
        )
    session.state = replace(session.state, default_dp_address=address)
    session.note(f"default SM-DP+ {address or 'removed'}")
    return _answer("ok")


@es10(
    0xBF65,
    sgp32.SetDefaultDpAddressRequest,
    sgp32.SetDefaultDpAddressResponse,
    clause="SGP.32 5.9.25",
    since="1.1",
    only="SGP.32",
    refuse=_answer,
)
def set_default_dp_address(
    session: Session, request: sgp32.SetDefaultDpAddressRequestValue
) -> sgp32.SetDefaultDpAddressResponseValue:
    """SetDefaultDpAddress, SGP.32 v1.2 clause 5.9.25."""
    return set_address(session, request)


@es10(
    0xBF3F,
    sgp22.SetDefaultDpAddressRequest,
    sgp22.SetDefaultDpAddressResponse,
    name="SetDefaultDpAddress (ES10a)",
    clause="SGP.22 5.7.4",
    only="SGP.22",
    refuse=_answer,
)
def set_default_dp_address_es10a(
    session: Session, request: sgp22.SetDefaultDpAddressRequestValue
) -> sgp22.SetDefaultDpAddressResponseValue:
    """SetDefaultDpAddress, SGP.22 v2.5 clause 5.7.4."""
    return set_address(session, request)
