"""The operations that an eUICC Package may order: PSMOs and eCOs (SGP.32 v1.2 clause 2.11.1.1).

Each function writes one operation; `Eim.package` signs a list of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from euicc_sim.parties.messages.encoding import written
from euicc_sim.parties.messages.identifiers import iccid_bytes

Kind = Literal["Psmo", "Eco"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One element of a package's list: `raw` is its object, `kind` says which list it fits."""

    kind: Kind
    name: str
    raw: bytes


def _operation(kind: Kind, name: str, value: Any) -> Operation:
    return Operation(kind, name, written(kind, (name, value), name))


def add_eim(config: Config) -> Operation:
    """Trust a further eIM (clause 3.5.1); `config` as from `Eim.configuration`."""
    return _operation("Eco", "addEim", config)


def update_eim(config: Config) -> Operation:
    """Change the fields that `config` has beside its eimId."""
    return _operation("Eco", "updateEim", config)


def delete_eim(eim_id: str) -> Operation:
    """Trust an eIM no more."""
    return _operation("Eco", "deleteEim", {"eimId": eim_id})


def list_eim() -> Operation:
    """Name the eIMs that are trusted."""
    return _operation("Eco", "listEim", {})


def enable(iccid: str, *, rollback: bool = False) -> Operation:
    """Enable a Profile (clause 3.4.1); `rollback` permits the IPA to go back to the old one."""
    value: dict[str, Any] = {"iccid": iccid_bytes(iccid)}
    if rollback:
        value["rollbackFlag"] = None
    return _operation("Psmo", "enable", value)


def disable(iccid: str) -> Operation:
    """Disable a Profile (clause 3.4.2)."""
    return _operation("Psmo", "disable", {"iccid": iccid_bytes(iccid)})


def delete(iccid: str) -> Operation:
    """Delete a Profile (clause 3.4.3)."""
    return _operation("Psmo", "delete", {"iccid": iccid_bytes(iccid)})


def list_profile_info(tags: bytes | None = None) -> Operation:
    """List the Profiles; `tags` are those wanted, in a row: 5A 9F70. None for the usual ones."""
    return _operation("Psmo", "listProfileInfo", {} if tags is None else {"tagList": tags})


def get_rat() -> Operation:
    """Read the Rules Authorisation Table."""
    return _operation("Psmo", "getRAT", {})


def configure_immediate_enable(
    enabled: bool = True, *, smdp_oid: str | None = None, smdp_address: str | None = None
) -> Operation:
    """Let the IPA enable a downloaded Profile at once, or not (clause 3.4.4).

    `smdp_oid` is dotted, such as 2.999.10.
    """
    value: dict[str, Any] = {"immediateEnableFlag": None} if enabled else {}
    if smdp_oid is not None:
        value["defaultSmdpOid"] = smdp_oid
    if smdp_address is not None:
        value["defaultSmdpAddress"] = smdp_address
    return _operation("Psmo", "configureImmediateEnable", value)


def set_fallback_attribute(iccid: str) -> Operation:
    """Make a Profile the one to fall back to (clause 3.4.6)."""
    return _operation("Psmo", "setFallbackAttribute", {"iccid": iccid_bytes(iccid)})


def unset_fallback_attribute() -> Operation:
    """Fall back to no Profile (clause 3.4.7)."""
    return _operation("Psmo", "unsetFallbackAttribute", {})


def set_default_dp_address(address: str) -> Operation:
    """Set the default SM-DP+ address; an empty one removes it."""
    return _operation("Psmo", "setDefaultDpAddress", {"defaultDpAddress": address})


Config = dict[str, Any]
"""A value of the type EimConfigurationData."""
