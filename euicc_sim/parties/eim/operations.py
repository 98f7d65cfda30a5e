"""The operations that an eUICC Package may order: PSMOs and eCOs (SGP.32 v1.2 clause 2.11.1.1).

Each function writes one operation; `Eim.package` signs a list of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from euicc_sim.asn1.sgp22.common import ProfileInfoListRequestValue
from euicc_sim.asn1.sgp32.eims import EimConfigurationDataValue
from euicc_sim.asn1.sgp32.packages import (
    ConfigureImmediateEnableValue,
    DeleteEimValue,
    Eco,
    EcoValue,
    EnableProfileValue,
    IccidOnlyValue,
    Psmo,
    PsmoValue,
)
from euicc_sim.asn1.sgp32.profiles import SetDefaultDpAddressRequestValue
from euicc_sim.asn1.types import Nothing
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.messages.encoding import written
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.identifiers import iccid_bytes

Kind = Literal["Psmo", "Eco"]

_OID = re.compile(r"[0-2](?:\.[0-9]{1,39}){1,30}")
"""Dotted; an arc of 39 digits is a UUID."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One element of a package's list: `raw` is its object, `kind` the list it belongs to."""

    kind: Kind
    name: str
    raw: bytes


def _psmo(value: PsmoValue, wire: Wire) -> Operation:
    return Operation("Psmo", value[0], written(wire[Psmo], value, value[0]))


def _eco(value: EcoValue, wire: Wire) -> Operation:
    return Operation("Eco", value[0], written(wire[Eco], value, value[0]))


def add_eim(config: EimConfigurationDataValue, *, wire: Wire = WIRE_1_2) -> Operation:
    """Add an eIM (clause 3.5.1); `config` as from `Eim.configuration`."""
    return _eco(("addEim", config), wire)


def update_eim(config: EimConfigurationDataValue, *, wire: Wire = WIRE_1_2) -> Operation:
    """Change the fields in `config`, apart from the eimId."""
    return _eco(("updateEim", config), wire)


def delete_eim(eim_id: str, *, wire: Wire = WIRE_1_2) -> Operation:
    """Delete an eIM."""
    return _eco(("deleteEim", DeleteEimValue(eimId=eim_id)), wire)


def list_eim(*, wire: Wire = WIRE_1_2) -> Operation:
    """List the trusted eIMs."""
    return _eco(("listEim", Nothing()), wire)


def enable(iccid: str, *, rollback: bool = False, wire: Wire = WIRE_1_2) -> Operation:
    """Enable a Profile (clause 3.4.1); `rollback` permits the IPA to return to the previous one."""
    value: EnableProfileValue = {"iccid": iccid_bytes(iccid)}
    if rollback:
        value["rollbackFlag"] = None
    return _psmo(("enable", value), wire)


def disable(iccid: str, *, wire: Wire = WIRE_1_2) -> Operation:
    """Disable a Profile (clause 3.4.2)."""
    return _psmo(("disable", IccidOnlyValue(iccid=iccid_bytes(iccid))), wire)


def delete(iccid: str, *, wire: Wire = WIRE_1_2) -> Operation:
    """Delete a Profile (clause 3.4.3)."""
    return _psmo(("delete", IccidOnlyValue(iccid=iccid_bytes(iccid))), wire)


def list_profile_info(tags: bytes | None = None, *, wire: Wire = WIRE_1_2) -> Operation:
    """List the Profiles; `tags` are the tags to return, such as 5A 9F70, None for the default."""
    value: ProfileInfoListRequestValue = {} if tags is None else {"tagList": tags}
    return _psmo(("listProfileInfo", value), wire)


def get_rat(*, wire: Wire = WIRE_1_2) -> Operation:
    """Read the Rules Authorisation Table."""
    return _psmo(("getRAT", Nothing()), wire)


def configure_immediate_enable(
    enabled: bool = True,
    *,
    smdp_oid: str | None = None,
    smdp_address: str | None = None,
    wire: Wire = WIRE_1_2,
) -> Operation:
    """Let the IPA enable a downloaded Profile at once, or not (clause 3.4.4).

    `smdp_oid` is dotted, such as 2.999.10.
    """
    value: ConfigureImmediateEnableValue = {"immediateEnableFlag": None} if enabled else {}
    if smdp_oid is not None:
        if not _OID.fullmatch(smdp_oid):
            raise EimError(f"{smdp_oid[:40]!r} is not an OID. Write one such as 2.999.10.")
        value["defaultSmdpOid"] = smdp_oid
    if smdp_address is not None:
        value["defaultSmdpAddress"] = smdp_address
    return _psmo(("configureImmediateEnable", value), wire)


def set_fallback_attribute(iccid: str, *, wire: Wire = WIRE_1_2) -> Operation:
    """Set the fallback attribute of a Profile (clause 3.4.6)."""
    return _psmo(("setFallbackAttribute", IccidOnlyValue(iccid=iccid_bytes(iccid))), wire)


def unset_fallback_attribute(*, wire: Wire = WIRE_1_2) -> Operation:
    """Unset the fallback attribute (clause 3.4.7)."""
    return _psmo(("unsetFallbackAttribute", Nothing()), wire)


def set_default_dp_address(address: str, *, wire: Wire = WIRE_1_2) -> Operation:
    """Set the default SM-DP+ address; an empty one removes it."""
    return _psmo(
        ("setDefaultDpAddress", SetDefaultDpAddressRequestValue(defaultDpAddress=address)), wire
    )
