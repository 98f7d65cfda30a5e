"""Profiles as records of the JSON document, for `rendering`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.model.profile import AuthorisationRule, Installation, Operator, Profile
from euicc_sim.model.state import Returns, Switches
from euicc_sim.store.records import EVENTS
from euicc_sim.store.records_profiles import CLASSES, ICON_TYPES, RULES, STEPS

PACKAGES = "profiles"
"""The folder beside the document that holds profile packages."""


def package_file(iccid: bytes) -> str:
    """The file of a Profile's package, below the card's directory: named by the ICCID's digits."""
    return f"{PACKAGES}/{iccid_digits(iccid)}.upp"


def hex_text(value: bytes) -> str:
    """Bytes as the document has them."""
    return value.hex().upper()


def names_of(names: tuple[str, ...], numbers: frozenset[int]) -> list[str | int]:
    """Bit numbers as their names; those without one as numbers."""
    return [names[one] if one < len(names) else one for one in sorted(numbers)]


@lru_cache(maxsize=256)
def _digest(package: bytes) -> str:
    return sha256(package).hexdigest().upper()


def profile_record(one: Profile) -> dict[str, Any]:
    """An installed Profile; its package is a file beside the document."""
    icon: Any = one.icon_type
    return {
        "iccid": hex_text(one.iccid),
        "isdpAid": hex_text(one.aid),
        "profileState": "enabled" if one.enabled else "disabled",
        "profileNickname": one.nickname,
        "serviceProviderName": one.service_provider,
        "profileName": one.name,
        "profileClass": CLASSES[one.profile_class],
        "iconType": dict(enumerate(ICON_TYPES)).get(icon, icon),
        "icon": optional_hex(one.icon),
        "notificationConfigurationInfo": [
            {
                "profileManagementOperation": names_of(EVENTS, recipient.events),
                "notificationAddress": recipient.address,
            }
            for recipient in one.recipients
        ],
        "profileOwner": one.owner and _operator(one.owner),
        "dpOid": one.dp_oid,
        "profilePolicyRules": names_of(RULES, one.rules),
        "serviceSpecificDataStoredInEuicc": optional_hex(one.service_data),
        "ecallIndication": one.ecall,
        "fallbackAllowed": one.fallback_allowed,
        "connectivityParameters": optional_hex(one.connectivity),
        "iotSpecificProfileInfo": optional_hex(one.iot_data),
        "preLoaded": one.preloaded,
        "euiccCiPKId": hex_text(one.ci_pk_id),
        "package": {
            "file": package_file(one.iccid),
            "size": len(one.package),
            "sha256": _digest(one.package),
        },
    }


def rules_record(rules: Iterable[AuthorisationRule]) -> list[dict[str, Any]]:
    """The Rules Authorisation Table."""
    return [
        {
            "pprIds": names_of(RULES, one.rules),
            "allowedOperators": [_operator(operator) for operator in one.operators],
            "consentRequired": one.consent_required,
        }
        for one in rules
    ]


def returns_record(returns: Returns) -> dict[str, Any]:
    """Which Profiles to go back to."""
    one = returns.rollback
    rollback = one and {
        "iccid": hex_text(one.iccid),
        "eimId": one.eim_id,
        "counterValue": one.counter,
        "eimTransactionId": optional_hex(one.transaction_id),
        "seqNumber": one.seq_number,
        "eimSignature": hex_text(one.signature),
    }
    return {
        "rollback": rollback,
        "fallback": optional_hex(returns.fallback),
        "emergency": optional_hex(returns.emergency),
        "test": optional_hex(returns.test),
    }


def installation_record(one: Installation | None) -> dict[str, Any] | None:
    """A download under way."""
    if one is None:
        return None
    return {
        "transactionId": hex_text(one.transaction_id),
        "address": one.address,
        "smdpOid": one.smdp_oid,
        "euiccCiPKId": hex_text(one.ci_pk_id),
        "step": next(name for step, name in STEPS.items() if step == one.step),
        "iccid": optional_hex(one.iccid),
    }


def switches_record(switches: Switches) -> dict[str, bool]:
    """The difficult ways of a card."""
    return {
        "resetAfterSwitch": switches.reset_after_switch,
        "ipadRequired": switches.ipad_required,
        "toolkitBusy": switches.toolkit_busy,
        "memoryFull": switches.memory_full,
    }


def _operator(one: Operator) -> dict[str, Any]:
    return {
        "mccMnc": hex_text(one.mcc_mnc),
        "gid1": optional_hex(one.gid1),
        "gid2": optional_hex(one.gid2),
    }


def optional_hex(value: bytes | None) -> str | None:
    """The same for what may not be there."""
    return None if value is None else hex_text(value)
