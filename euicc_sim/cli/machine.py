"""What `--json` prints: JSON with stable names, for programs. docs/json.md lists it.

Bytes are hexadecimal, ICCIDs as printed, times ISO 8601 in UTC. Characters beyond ASCII are
escaped, so that nothing from outside reaches a terminal raw.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.model.identity import Identity
from euicc_sim.model.profile import ProfileClass, ProfileEvent
from euicc_sim.model.state import State
from euicc_sim.store import ID_TYPES, STEPS

if TYPE_CHECKING:
    from euicc_sim.parties.lpa import NotificationInfo

JsonOption = Annotated[bool, typer.Option("--json", help="For programs: JSON with stable names.")]


def print_json(value: Any) -> None:
    """Print a value of the types below."""
    typer.echo(json.dumps(value, indent=2, default=_plain))


def card_json(identity: Identity, state: State, changed: float) -> dict[str, Any]:
    """A card, as `card show` has it."""
    one = state.installation
    return {
        "eid": identity.eid,
        "type": identity.card_type.value,
        "sgp32": identity.sgp32_version,
        "changed": datetime.fromtimestamp(changed, UTC),
        "memory": {"total": identity.limits.memory, "free": state.free_memory(identity.limits)},
        "defaultDpAddress": state.default_dp_address,
        "switches": {_camel(name): one for name, one in asdict(state.switches).items()},
        "eims": [
            {
                "eimId": one.eim_id,
                "idType": ID_TYPES[one.id_type],
                "fqdn": one.fqdn,
                "counter": one.counter,
                "associationToken": one.token,
                "protocols": [_protocol(bit) for bit in sorted(one.protocols)],
                "key": {"form": one.key.form.value, "der": one.key.der},
                "tls": one.tls and {"form": one.tls.form.value, "der": one.tls.der},
            }
            for one in state.eims
        ],
        "profiles": [
            {
                "iccid": iccid_digits(one.iccid),
                "aid": one.aid,
                "enabled": one.enabled,
                "class": ProfileClass(one.profile_class).name.lower(),
                "name": one.name,
                "provider": one.service_provider,
                "nickname": one.nickname,
                "fallback": state.fallback_profile == one.iccid,
                "emergency": bool(one.ecall),
                "size": one.size,
            }
            for one in state.profiles
        ],
        "results": [{"number": one.seq_number, "eimId": one.eim_id} for one in state.results],
        "notifications": [
            {
                "number": one.seq_number,
                "events": [ProfileEvent(bit).name.lower() for bit in sorted(one.events)],
                "iccid": iccid_digits(one.iccid) if one.iccid else None,
                "address": one.address,
            }
            for one in state.notifications
        ],
        "download": None if one is None else {"address": one.address, "step": STEPS[one.step]},
    }


def notifications_json(found: Iterable[NotificationInfo]) -> list[dict[str, Any]]:
    """The notifications that a card lists."""
    return [
        {"number": one.seq_number, "events": one.events, "iccid": one.iccid, "address": one.address}
        for one in found
    ]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(one.capitalize() for one in others)


def _protocol(bit: int) -> str:
    from euicc_sim.parties.eim import eim_file  # only here: it takes longer than all the rest

    names = eim_file.PROTOCOLS
    return names[bit] if bit < len(names) else str(bit)


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return value.hex().upper()
        case datetime():
            return value.isoformat(timespec="seconds").replace("+00:00", "Z")
        case Path():
            return str(value)
        case Mapping():
            return dict(value)
        case frozenset() | set():
            return sorted(value)
        case tuple():
            return list(value)
    raise TypeError(f"{type(value)} has no form in JSON")
