"""Information about the card: EID, EUICCInfo1, EUICCInfo2, rules, certificates."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from apdu import SW, StatusError, tlv
from euicc_sim.asn1.sgp22.common import (
    EUICCInfo1,
    EUICCInfo1Value,
    GetEuiccDataRequest,
    GetEuiccDataRequestValue,
    GetEuiccDataResponse,
    GetEuiccDataResponseValue,
    GetEuiccInfo1Request,
    GetEuiccInfo2Request,
    GetRatRequest,
    GetRatResponse,
    GetRatResponseValue,
    ISDRProprietaryApplicationTemplate,
    OperatorIdValue,
    ProfilePolicyAuthorisationRuleValue,
)
from euicc_sim.asn1.sgp32.profiles import (
    CertsValue,
    EUICCInfo2,
    EUICCInfo2Value,
    GetCertsRequest,
    GetCertsRequestValue,
    GetCertsResponse,
    GetCertsResponseValue,
    IoTSpecificInfo,
    ISDRProprietaryApplicationTemplateIoT,
)
from euicc_sim.asn1.types import Nothing
from euicc_sim.asn1.wire import Wire
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.profile import ISDP_MEMORY, Operator, Rule
from euicc_sim.model.sgp22_versions import ADDITIONAL_PROFILE, version_bytes
from euicc_sim.readings import IOT_SELECT_SAYS_SVN

PROFILE_VERSION = bytes((3, 3, 1))
FIRMWARE_VERSION = bytes((1, 0, 0))
TS102241_VERSION = bytes((17, 0, 0))
GLOBALPLATFORM_VERSION = bytes((2, 3, 0))
PP_VERSION = bytes((1, 0, 0))
SAS_NUMBER = "EUICC-SIM-TEST-01"
TAG_EID = b"\x5a"
FREE_RAM = 0x8000
IPAE_SUPPORTED, ENABLED_PROFILE = 0, 1

_UICC_CAPABILITY = frozenset({1, 2, 3, 4, 6, 8, 14, 19, 22, 23, 24})
FORBIDDEN_RULES = frozenset({int(Rule.UPDATE_CONTROL)})
"""Policy rules that no Profile may have."""


@es10(0xBF3E, GetEuiccDataRequest, GetEuiccDataResponse, name="GetEID", clause="SGP.22 5.7.20")
def get_eid(session: Session, request: GetEuiccDataRequestValue) -> GetEuiccDataResponseValue:
    """GetEID, SGP.22 v2.5 clause 5.7.20; StatusError 6A88 for a tag list that is not 5A."""
    if request["tagList"] != TAG_EID:
        tags = request["tagList"].hex().upper()
        raise StatusError(SW.REFERENCED_DATA_NOT_FOUND, f"the tag list must be 5A, not {tags}")
    session.note(session.identity.eid)
    return {"eidValue": session.identity.eid_bytes}


@es10(0xBF20, GetEuiccInfo1Request, EUICCInfo1, name="GetEUICCInfo1", clause="SGP.22 5.7.8")
def get_euicc_info1(session: Session, _: Nothing) -> EUICCInfo1Value:
    """GetEUICCInfo (EUICCInfo1), SGP.22 v2.5 clause 5.7.8."""
    found: EUICCInfo1Value = {
        "svn": session.identity.sgp22.svn,
        "euiccCiPKIdListForVerification": session.identity.ci_pk_ids,
        "euiccCiPKIdListForSigning": session.identity.ci_pk_ids,
    }
    if session.identity.highest_svn is not None:
        found["highestSvn"] = version_bytes(session.identity.highest_svn)
    return found


@es10(0xBF22, GetEuiccInfo2Request, EUICCInfo2, name="GetEUICCInfo2", clause="SGP.32 5.9.2")
def get_euicc_info2(session: Session, _: Nothing) -> EUICCInfo2Value:
    """GetEUICCInfo (EUICCInfo2), SGP.32 v1.2 clause 5.9.2."""
    return euicc_info2(session)


def euicc_info2(session: Session) -> EUICCInfo2Value:
    """EUICCInfo2, also part of what the card signs for an SM-DP+."""
    found: EUICCInfo2Value = {
        "svn": session.identity.sgp22.svn,
        "euiccCiPKIdListForVerification": session.identity.ci_pk_ids,
        "euiccCiPKIdListForSigning": session.identity.ci_pk_ids,
        "profileVersion": PROFILE_VERSION,
        "euiccFirmwareVer": FIRMWARE_VERSION,
        "extCardResource": _card_resource(session),
        "uiccCapability": _UICC_CAPABILITY,
        "ts102241Version": TS102241_VERSION,
        "globalplatformVersion": GLOBALPLATFORM_VERSION,
        "rspCapability": _rsp_capability(session),
        "euiccCategory": "basicEuicc",
        "forbiddenProfilePolicyRules": FORBIDDEN_RULES,
        "ppVersion": PP_VERSION,
        "sasAcreditationNumber": SAS_NUMBER,
    }
    if session.identity.highest_svn is not None:
        found["highestSvn"] = version_bytes(session.identity.highest_svn)
    if session.wire.iot:
        version = bytes(map(int, f"{session.wire.version}.0".split(".")[:3]))
        found["ipaMode"] = "ipae" if session.ipae_runs else "ipad"
        found["iotSpecificInfo"] = session.wire[IoTSpecificInfo].known(
            {"iotVersion": [version], "ecallSupported": None, "fallbackSupported": None}
        )
    if session.identity.sgp22.checks_security_level:
        found["euiccMinimumSecurityLevel"] = session.identity.security_level
    return found


def _rsp_capability(session: Session) -> frozenset[int]:
    """additionalProfile is only set while there is memory for a Profile."""
    sgp22, wire = session.identity.sgp22, session.wire
    room = session.state.free_memory(session.identity.limits) >= ISDP_MEMORY
    keeps_metadata = wire.iot and wire.since("1.3")
    found = sgp22.rsp_capability | (sgp22.iot_capability if keeps_metadata else frozenset())
    return found if room else found - {ADDITIONAL_PROFILE}


def _card_resource(session: Session) -> bytes:
    """Installed applications, free non-volatile and volatile memory in bytes (TS 102 226)."""
    count = min(len(session.state.profiles), 0xFF)
    return b"".join(
        (
            tlv(0x81, bytes((count,))),
            tlv(0x82, session.state.free_memory(session.identity.limits).to_bytes(4)),
            tlv(0x83, FREE_RAM.to_bytes(4)),
        )
    )


def rules_authorisation_table(session: Session) -> list[ProfilePolicyAuthorisationRuleValue]:
    """The Rules Authorisation Table; if it is empty, no Profile with policy rules is accepted."""
    return [
        {
            "pprIds": one.rules,
            "allowedOperators": [operator_id(two) for two in one.operators],
            "pprFlags": frozenset({0} if one.consent_required else ()),
        }
        for one in session.identity.authorisation_rules
    ]


def operator_id(one: Operator) -> OperatorIdValue:
    """An OperatorId as a message value."""
    found: OperatorIdValue = {"mccMnc": one.mcc_mnc}
    if one.gid1 is not None:
        found["gid1"] = one.gid1
    if one.gid2 is not None:
        found["gid2"] = one.gid2
    return found


@es10(0xBF43, GetRatRequest, GetRatResponse, name="GetRAT", clause="SGP.22 5.7.22")
def get_rat(session: Session, _: Nothing) -> GetRatResponseValue:
    """GetRAT, SGP.22 v2.5 clause 5.7.22."""
    return {"rat": rules_authorisation_table(session)}


def templates(wire: Wire, svn: bytes, *, has_ipae: bool, profile_enabled: bool) -> bytes:
    """The ISD-R's part of the answer to SELECT: E0 (SGP.22 5.7.1) or E1 (SGP.32 3.8.4).

    `svn` is the version of SGP.22, 3 bytes.
    """
    says_svn = not wire.iot or IOT_SELECT_SAYS_SVN
    bits = {IPAE_SUPPORTED: has_ipae, ENABLED_PROFILE: profile_enabled}
    said = frozenset(bit for bit, is_set in bits.items() if is_set)
    return _templates(wire, svn if says_svn else None, said)


@lru_cache
def _templates(wire: Wire, svn: bytes | None, bits: frozenset[int]) -> bytes:
    found = b""
    if svn is not None:
        found = wire[ISDRProprietaryApplicationTemplate].encode({"svn": svn})
    if not wire.iot:
        return found
    return found + wire[ISDRProprietaryApplicationTemplateIoT].encode({"euiccConfiguration": bits})


def _certs_error(code: Literal["invalidCiPKId"]) -> GetCertsResponseValue:
    return "getCertsError", code


@es10(
    0xBF56,
    GetCertsRequest,
    GetCertsResponse,
    clause="SGP.32 5.9.10",
    only="SGP.32",
    refuse=_certs_error,
)
def get_certs(session: Session, request: GetCertsRequestValue) -> GetCertsResponseValue:
    """GetCerts, SGP.32 v1.2 clause 5.9.10: below the given CI, or the first one."""
    wanted = request.get("euiccCiPKId", session.identity.ci_pk_ids[0])
    for credential in session.identity.credentials:
        if credential.ci_pk_id == wanted:
            certs: CertsValue = {
                "eumCertificate": credential.eum_certificate,
                "euiccCertificate": credential.euicc_certificate,
            }
            return "certs", certs
    raise ResultError(
        "invalidCiPKId", f"no certificate below CI key {wanted.hex().upper() or '(empty)'}"
    )
