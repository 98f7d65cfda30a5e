"""ConfigureISDP and StoreMetadata: the data about a downloaded Profile (SGP.22 v2.5 clause 5.5).

Reads and checks the plain messages, including the policy rules that a Profile may have (clauses
2.9.2 and 2.9.3). Knows nothing of protection and segments.
"""

from __future__ import annotations

from typing import Final

from apdu import TlvError
from apdu.tlv import Tlv, children, whole
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.sgp22.common import OperatorIdValue
from euicc_sim.asn1.sgp22.packages import ConfigureISDPRequest, StoreMetadataRequest
from euicc_sim.es10.info import FORBIDDEN_RULES
from euicc_sim.es10.registry import read_part
from euicc_sim.es10.rsp.results import LoadError
from euicc_sim.es10.session import Session
from euicc_sim.formats.bpp import PACKAGE
from euicc_sim.model.profile import (
    ISDP_MEMORY,
    BppCommand,
    Operator,
    Profile,
    ProfileClass,
    Recipient,
    Rule,
    memory_for,
)
from euicc_sim.readings import (
    EMPTY_LIST_ALLOWS_EVERY_SERVER,
    PPR1_NEEDS_TO_BE_THE_ONLY_OPERATIONAL_PROFILE,
)

CONFIGURE_ISDP_REQUEST, STORE_METADATA_REQUEST = 0xBF24, 0xBF25
DP_PROPRIETARY_DATA, SERVICE_DATA = 0xB8, 0xBF22
MAX_DP_PROPRIETARY_DATA = 128
ICON_TYPES = (0, 1)

INCORRECT: Final = "incorrectInputValues"
STRUCTURE: Final = "scp03tStructureError"
NO_MEMORY: Final = "installFailedDueToInsufficientMemoryForProfile"


def read_isdp(session: Session, content: bytes) -> str | None:
    """Check ConfigureISDP (clause 5.5.2); return dpOid, if any. Raises LoadError."""
    step = BppCommand.CONFIGURE_ISDP
    item = object_of(content, CONFIGURE_ISDP_REQUEST, step)
    try:
        for one in children(content, item.value):
            size = one.end - one.value
            if one.tag == DP_PROPRIETARY_DATA and size > MAX_DP_PROPRIETARY_DATA:
                raise LoadError(
                    step,
                    INCORRECT,
                    f"dpProprietaryData has {size} bytes, the maximum is {MAX_DP_PROPRIETARY_DATA}",
                )
        found = read_part(
            session,
            PACKAGE,
            ConfigureISDPRequest,
            content,
            "configureISDPRequest",
            from_server=True,
        )
    except (TlvError, Asn1Error) as error:
        raise LoadError(step, INCORRECT, str(error)) from error
    check_memory(session, step, ISDP_MEMORY)
    if session.state.free_aid() is None:
        raise LoadError(step, NO_MEMORY, "no ISD-P AID is free")
    return found["dpProprietaryData"]["dpOid"] if "dpProprietaryData" in found else None


def check_memory(session: Session, step: BppCommand, size: int) -> None:
    """Raise LoadError if a Profile of that size does not fit."""
    free = session.state.free_memory(session.identity.limits)
    if size > free:
        raise LoadError(step, NO_MEMORY, f"{size} bytes are needed, {free} are free")


def read_metadata(session: Session, content: bytes, ci_pk_id: bytes, dp_oid: str | None) -> Profile:
    """Read StoreMetadata (clause 5.5.3); return the Profile, still empty. Raises LoadError.

    Its contents are checked by `check_metadata`.
    """
    step = BppCommand.STORE_METADATA
    item = object_of(content, STORE_METADATA_REQUEST, step)
    try:
        found = read_part(
            session,
            PACKAGE,
            StoreMetadataRequest,
            content,
            "storeMetadataRequest",
            from_server=True,
        )
        fields = children(content, item.value)
    except (TlvError, Asn1Error) as error:
        raise LoadError(step, INCORRECT, str(error)) from error
    service = next((one for one in fields if one.tag == SERVICE_DATA), None)
    return Profile(
        iccid=found["iccid"],
        aid=session.state.free_aid() or b"",
        service_provider=found["serviceProviderName"],
        name=found["profileName"],
        ci_pk_id=ci_pk_id,
        package=b"",
        profile_class=found["profileClass"],
        icon_type=found.get("iconType"),
        icon=found.get("icon"),
        recipients=tuple(
            Recipient(one["profileManagementOperation"], one["notificationAddress"])
            for one in found.get("notificationConfigurationInfo", ())
        ),
        owner=_operator(found.get("profileOwner")),
        dp_oid=dp_oid,
        rules=found.get("profilePolicyRules", frozenset()),
        service_data=content[service.start : service.end] if service else None,
        ecall=found.get("ecallIndication"),
        fallback_allowed=found.get("fallbackAllowed"),
        iot_data=found.get("iotSpecificProfileInfo"),
    )


def _operator(value: OperatorIdValue | None) -> Operator | None:
    if value is None:
        return None
    return Operator(value["mccMnc"], value.get("gid1"), value.get("gid2"))


def check_metadata(session: Session, profile: Profile, server_address: str) -> None:
    """Refuse a Profile that this card cannot accept from that SM-DP+. Raises LoadError."""
    step = BppCommand.STORE_METADATA
    for name, size, most in (
        ("serviceProviderName", len(profile.service_provider.encode()), 32),
        ("profileName", len(profile.name.encode()), 64),
    ):
        if size > most:
            raise LoadError(step, INCORRECT, f"{name} has {size} bytes, the maximum is {most}")
    if profile.icon is not None and profile.icon_type not in ICON_TYPES:
        raise LoadError(step, INCORRECT, "there is an icon but no iconType (jpg or png)")
    if session.state.find_profile(profile.iccid) is not None:
        raise LoadError(
            step,
            "installFailedDueToIccidAlreadyExistsOnEuicc",
            f"Profile {iccid_digits(profile.iccid)} is installed already",
        )
    if profile.profile_class not in set(ProfileClass):
        raise LoadError(
            step, "unsupportedProfileClass", f"there is no profileClass {profile.profile_class}"
        )
    if profile.profile_class == ProfileClass.TEST:
        _check_server(session, server_address)
    check_allowed(session, profile)
    check_memory(session, step, memory_for(0, len(profile.icon or b"")))


def _check_server(session: Session, address: str) -> None:
    """Refuse an SM-DP+ from which the card takes no test Profiles."""
    allowed = session.identity.test_profile_servers
    if not session.identity.sgp22.checks_test_profile_servers or (
        EMPTY_LIST_ALLOWS_EVERY_SERVER and not allowed
    ):
        return
    if address.lower() not in (one.lower() for one in allowed):
        raise LoadError(
            BppCommand.STORE_METADATA,
            "installFailedDueToServerAddressAbsentInEuiccAllowList",
            f"this card takes test Profiles from {', '.join(allowed) or 'nobody'}, "
            f"not from {address}",
        )


def object_of(content: bytes, tag: int, step: BppCommand) -> Tlv:
    """The single object with that tag in `content`. Raises LoadError."""
    try:
        item = whole(content)
    except TlvError as error:
        raise LoadError(step, STRUCTURE, str(error)) from error
    if item.tag != tag:
        raise LoadError(step, STRUCTURE, f"expected {tag:X}, got {item.tag:X}")
    return item


# -- policy rules

ANY_DIGIT = 0xE
"""The wildcard digit in a rule's MCC or MNC."""


def check_allowed(session: Session, profile: Profile) -> None:
    """Refuse pprNotAllowed for rules forbidden by this card, or by its table for that owner.

    Raises LoadError.
    """
    for rule in sorted(profile.rules):
        if rule in FORBIDDEN_RULES or rule not in set(Rule):
            raise _not_allowed(f"this card forbids the policy rule of bit {rule}")
        if profile.owner is None:
            raise _not_allowed("a Profile with policy rules needs a profileOwner")
        if not _authorised(session, rule, profile.owner):
            raise _not_allowed(f"the Rules Authorisation Table does not allow {Rule(rule).name}")
    if Rule.PPR1_NO_DISABLE in profile.rules and _another_operational(session, profile):
        raise _not_allowed("a Profile with PPR1 must be the only operational Profile")


def _not_allowed(why: str) -> LoadError:
    return LoadError(BppCommand.STORE_METADATA, "pprNotAllowed", why)


def _another_operational(session: Session, profile: Profile) -> bool:
    if not PPR1_NEEDS_TO_BE_THE_ONLY_OPERATIONAL_PROFILE:
        return False
    operational = ProfileClass.OPERATIONAL
    return profile.profile_class == operational and any(
        one.profile_class == operational for one in session.state.profiles
    )


def _authorised(session: Session, rule: int, owner: Operator) -> bool:
    return any(
        rule in one.rules and any(matches(operator, owner) for operator in one.operators)
        for one in session.identity.authorisation_rules
    )


def matches(allowed: Operator, owner: Operator) -> bool:
    """Whether an operator of the table, which may have wildcards, matches that owner.

    A group identifier absent from the table must be absent; an empty one matches any.
    """
    digits = zip(allowed.mcc_mnc.hex(), owner.mcc_mnc.hex(), strict=True)
    return all(int(a, 16) == ANY_DIGIT or a == b for a, b in digits) and all(
        a == b"" or (a or b"") == (b or b"")
        for a, b in ((allowed.gid1, owner.gid1), (allowed.gid2, owner.gid2))
    )
