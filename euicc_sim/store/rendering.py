"""Writes a card's JSON document, each eIM and result only once: unchanged parts are remembered.

A command on a card with full stores so costs little more than on an empty one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from euicc_sim.model.eim import Eim, PublicKeyData
from euicc_sim.model.identity import Identity
from euicc_sim.model.notification import Notification, PackageResult
from euicc_sim.model.profile import Profile
from euicc_sim.model.state import State
from euicc_sim.store.document import SCHEMA
from euicc_sim.store.records import EVENTS, ID_TYPES, PROTOCOLS
from euicc_sim.store.rendering_profiles import (
    hex_text,
    installation_record,
    names_of,
    optional_hex,
    profile_record,
    returns_record,
    rules_record,
    switches_record,
)

Item = Eim | PackageResult | Notification | Profile


class Renderer:
    """Makes the text of a card's states, one after the other."""

    def __init__(self, identity: Identity) -> None:
        """Write what never changes."""
        self._card = _text(_card(identity), 1)
        self._known: dict[int, tuple[Item, bytes]] = {}

    def render(self, state: State) -> bytes:
        """The whole document of a state, UTF-8."""
        before, self._known = self._known, {}
        members = {
            "schema": str(SCHEMA).encode(),
            "card": self._card,
            "nextSeqNumber": str(state.next_seq).encode(),
            "nextAssociationToken": str(state.next_token).encode(),
            "defaultDpAddress": _text(state.default_dp_address, 1),
            "immediateEnable": _text(_immediate(state), 1),
            "eims": self._items(before, state.eims, _eim),
            "results": self._items(before, state.results, _result),
            "notifications": self._items(before, state.notifications, _notification),
            "profiles": self._items(before, state.profiles, profile_record),
            "fallbackProfile": _text(
                state.fallback_profile and hex_text(state.fallback_profile), 1
            ),
            "returns": _text(returns_record(state.returns), 1),
            "installation": _text(installation_record(state.installation), 1),
            "switches": _text(switches_record(state.switches), 1),
        }
        lines = (b'  "%s": %s' % (name.encode(), text) for name, text in members.items())
        return b"{\n%s\n}\n" % b",\n".join(lines)

    def _items(
        self,
        before: dict[int, tuple[Item, bytes]],
        items: Sequence[Item],
        record: Callable[[Any], dict[str, Any]],
    ) -> bytes:
        """A list, of whose items only those are written anew that were not there before."""
        if not items:
            return b"[]"
        texts = []
        for one in items:
            entry = before.get(id(one)) or (one, b"    " + _text(record(one), 2))
            self._known[id(one)] = entry
            texts.append(entry[1])
        return b"[\n%s\n  ]" % b",\n".join(texts)


def _text(value: Any, depth: int) -> bytes:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text.replace("\n", "\n" + "  " * depth).encode()


def _card(identity: Identity) -> dict[str, Any]:
    return {
        "eid": identity.eid,
        "type": identity.card_type.value,
        "sgp32": identity.sgp32_version,
        "rootDsAddress": identity.root_ds_address,
        "limits": asdict(identity.limits),
        "seed": identity.seed,
        "rulesAuthorisationTable": rules_record(identity.authorisation_rules),
        "credentials": [
            {
                "curve": one.curve,
                "euiccCiPKId": hex_text(one.ci_pk_id),
                "ciCertificate": one.ci_certificate and hex_text(one.ci_certificate),
                "eumCertificate": hex_text(one.eum_certificate),
                "euiccCertificate": hex_text(one.euicc_certificate),
                "privateKey": one.key_file,
            }
            for one in identity.credentials
        ],
    }


def _immediate(state: State) -> dict[str, Any]:
    one = state.immediate_enable
    return {"enabled": one.enabled, "smdpOid": one.smdp_oid, "smdpAddress": one.smdp_address}


def _key(key: PublicKeyData) -> dict[str, str]:
    return {key.form.value: hex_text(key.der)}


def _eim(eim: Eim) -> dict[str, Any]:
    return {
        "eimId": eim.eim_id,
        "eimFqdn": eim.fqdn,
        "eimIdType": ID_TYPES[eim.id_type],
        "counterValue": eim.counter,
        "associationToken": eim.token,
        "eimPublicKeyData": _key(eim.key),
        "trustedPublicKeyDataTls": eim.tls and _key(eim.tls),
        "eimSupportedProtocol": names_of(PROTOCOLS, eim.protocols),
        "euiccCiPKId": hex_text(eim.ci_pk_id),
        "indirectProfileDownload": eim.indirect_download,
        "eSipaProprietaryProtocolInformation": optional_hex(eim.proprietary),
    }


def _result(result: PackageResult) -> dict[str, Any]:
    return {
        "seqNumber": result.seq_number,
        "eimId": result.eim_id,
        "euiccPackageResult": hex_text(result.signed),
    }


def _notification(one: Notification) -> dict[str, Any]:
    return {
        "seqNumber": one.seq_number,
        "profileManagementOperation": names_of(EVENTS, one.events),
        "notificationAddress": one.address,
        "iccid": one.iccid and hex_text(one.iccid),
        "pendingNotification": hex_text(one.signed),
    }
