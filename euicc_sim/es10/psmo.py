"""Profile State Management Operations (SGP.32 clause 3.4), on a card that has no Profiles yet.

No ICCID is known, so what names one is refused as the standard says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.es10.addresses import set_address
from euicc_sim.es10.info import rules_authorisation_table
from euicc_sim.es10.operations import operation
from euicc_sim.es10.profiles import get_profiles_info
from euicc_sim.es10.registry import ResultError
from euicc_sim.model.state import ImmediateEnable
from euicc_sim.session import Session


def _no_profile(iccid: bytes) -> ResultError:
    return ResultError("iccidOrAidNotFound", f"no Profile with ICCID {iccid_digits(iccid)}")


@operation("enable", "enableResult", clause="SGP.32 3.4.1", codes=("iccidOrAidNotFound",))
def enable(_: Session, request: dict[str, Any]) -> str:
    """enable, SGP.32 v1.2 clause 3.4.1."""
    raise _no_profile(request["iccid"])


@operation("disable", "disableResult", clause="SGP.32 3.4.2", codes=("iccidOrAidNotFound",))
def disable(_: Session, request: dict[str, Any]) -> str:
    """disable, SGP.32 v1.2 clause 3.4.2."""
    raise _no_profile(request["iccid"])


@operation("delete", "deleteResult", clause="SGP.32 3.4.3", codes=("iccidOrAidNotFound",))
def delete(_: Session, request: dict[str, Any]) -> str:
    """delete, SGP.32 v1.2 clause 3.4.3."""
    raise _no_profile(request["iccid"])


def _refuse_list(code: str) -> tuple[str, str]:
    return "profileInfoListError", code


@operation(
    "listProfileInfo",
    "listProfileInfoResult",
    clause="SGP.32 5.9.14",
    refuse=_refuse_list,
    codes=("incorrectInputValues",),
    malformed="incorrectInputValues",
)
def list_profile_info(session: Session, request: dict[str, Any]) -> Any:
    """listProfileInfo, SGP.32 v1.2 clauses 2.11.1.1.3 and 5.9.14."""
    return get_profiles_info(session, request)


@operation("getRAT", "getRATResult", clause="SGP.22 5.7.22")
def get_rat(_: Session, __: Any) -> list[dict[str, Any]]:
    """getRAT, as the ES10 function of the same name."""
    return rules_authorisation_table()


@operation("configureImmediateEnable", "configureImmediateEnableResult", clause="SGP.32 3.4.4")
def configure_immediate_enable(session: Session, request: dict[str, Any]) -> str:
    """configureImmediateEnable, SGP.32 v1.2 clause 3.4.4: the configuration is replaced whole."""
    session.state = replace(
        session.state,
        immediate_enable=ImmediateEnable(
            enabled="immediateEnableFlag" in request,
            smdp_oid=request.get("defaultSmdpOid"),
            smdp_address=request.get("defaultSmdpAddress"),
        ),
    )
    return "ok"


@operation(
    "setFallbackAttribute",
    "setFallbackAttributeResult",
    clause="SGP.32 3.4.6",
    codes=("iccidOrAidNotFound",),
)
def set_fallback_attribute(_: Session, request: dict[str, Any]) -> str:
    """setFallbackAttribute, SGP.32 v1.2 clause 3.4.6."""
    raise _no_profile(request["iccid"])


@operation(
    "unsetFallbackAttribute",
    "unsetFallbackAttributeResult",
    clause="SGP.32 3.4.7",
    codes=("noFallbackAttribute",),
)
def unset_fallback_attribute(_: Session, __: Any) -> str:
    """unsetFallbackAttribute, SGP.32 v1.2 clause 3.4.7."""
    raise ResultError("noFallbackAttribute", "no Profile has the fallback attribute")


def _refuse_address(code: str) -> dict[str, str]:
    return {"setDefaultDpAddressResult": code}


@operation(
    "setDefaultDpAddress",
    "setDefaultDpAddressResult",
    clause="SGP.32 5.9.25",
    refuse=_refuse_address,
    codes=("undefinedError",),
)
def set_default_dp_address(session: Session, request: dict[str, str]) -> dict[str, str]:
    """setDefaultDpAddress, as the ES10 function of the same name."""
    return set_address(session, request)
