"""The tables of `euicc-sim card`."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from rich.table import Table

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.saip.names import PE_STATUSES
from euicc_sim.cli.console import columns, facts
from euicc_sim.model.identity import CardType, Identity
from euicc_sim.model.state import State, Strictness, Switches
from euicc_sim.store import ID_TYPES, STEPS

_EIM_HEAD = ("eIM", "type", "counter", "token", "key", "FQDN")


def card_table(identity: Identity, state: State, changed: datetime) -> Table:
    """The properties of a card."""
    limits = identity.limits
    rows = {
        "EID": identity.eid,
        "type": identity.card_type.value,
        **version_facts(identity),
        "certificates": ", ".join(
            f"{one.curve} below CI {one.ci_pk_id.hex().upper()}" for one in identity.credentials
        ),
        "memory": f"{state.free_memory(limits)} of {limits.memory} bytes free",
        "switches": ", ".join(switches_on(state.switches)) or "none on",
        "default SM-DP+": state.default_dp_address or "none",
        "root SM-DS": identity.root_ds_address,
        "download": download_under_way(state),
        "rollback": _rollback(state),
        "package results": f"{len(state.results)} of {limits.results}",
        "notifications": str(len(state.notifications)),
        "next number": str(state.next_seq),
        "last changed": f"{changed:%Y-%m-%d %H:%M:%S} UTC",
        "trusted eIMs": f"{len(state.eims)} of {limits.eims}",
    }
    return facts({name: value for name, value in rows.items() if value})


def version_facts(identity: Identity) -> dict[str, str]:
    """The versions of the standards that a card is of, and what it has in these."""
    consumer = identity.card_type is CardType.CONSUMER
    found = {} if consumer else {"SGP.32": identity.sgp32_version}
    found["SGP.22"] = identity.sgp22.name
    if identity.has_ipae:
        found["IPAe"] = "yes"
    if identity.highest_svn is not None:
        found["highest svn"] = identity.highest_svn
    if identity.sgp22.checks_security_level:
        found["security level"] = identity.security_level.hex().upper()
    if identity.sgp22.checks_test_profile_servers:
        found["test Profiles"] = (
            f"from {', '.join(identity.test_profile_servers) or 'every SM-DP+'}"
        )
    return found


def settings_table(identity: Identity, switches: Switches) -> Table:
    """The settings of `card set`: the versions, and all switches, on or off."""
    rows = version_facts(identity)
    rows |= {_name(one): "on" if getattr(switches, one) else "off" for one in _SWITCHES}
    rows["isdr-aid"] = ", ".join(_aids(switches)) or "none"
    rows["refuse-element"] = ", ".join(_elements(switches)) or "none"
    rows["poll-interval"] = _seconds(switches)
    return facts(rows | {"strictness": switches.strictness.value})


def switches_on(switches: Switches) -> list[str]:
    """The switches that are not as in a new card, as `card set` calls them."""
    new = Switches()
    changed = [one for one in _SWITCHES if getattr(switches, one) != getattr(new, one)]
    found = [_name(one) if getattr(switches, one) else f"no-{_name(one)}" for one in changed]
    found += [f"isdr-aid {one}" for one in _aids(switches)]
    found += [f"refuse-element {one}" for one in _elements(switches)]
    if switches.poll_interval:
        found.append(f"poll-interval {_seconds(switches)}")
    if switches.strictness is not Strictness.DEFAULT:
        found.append(switches.strictness.value)
    return found


def _aids(switches: Switches) -> list[str]:
    return [one.hex().upper() for one in switches.isdr_aids]


def _elements(switches: Switches) -> list[str]:
    return [f"{one.element}={PE_STATUSES[one.status]}" for one in switches.refused_elements]


def _seconds(switches: Switches) -> str:
    return f"{switches.poll_interval} s" if switches.poll_interval else "off"


def eims_table(state: State) -> Table | str:
    """The eIMs that a card trusts."""
    if not state.eims:
        return "none; add the first eIM with AddInitialEim"
    rows = (
        (
            one.eim_id,
            ID_TYPES[one.id_type],
            str(one.counter),
            "-" if one.token is None else str(one.token),
            one.key.form.value,
            one.fqdn or "-",
        )
        for one in state.eims
    )
    return columns(_EIM_HEAD, rows, _EIM_HEAD[1:5])


_SWITCHES = tuple(one.name for one in fields(Switches) if one.type in ("bool", bool))


def _name(switch: str) -> str:
    return switch.replace("_", "-")


def download_under_way(state: State) -> str:
    """The download in progress: its server and step; empty if there is none."""
    one = state.installation
    if one is None:
        return ""
    profile = f" of {iccid_digits(one.iccid)}" if one.iccid else ""
    return f"in progress from {one.address}{profile}, at {STEPS[one.step]}"


def _rollback(state: State) -> str:
    one = state.returns.rollback
    if one is None:
        return ""
    return f"granted to {iccid_digits(one.iccid)} by {one.eim_id}, counter {one.counter}"
