"""The ES10 messages of an LPA, written and read (SGP.22 v2.5 clause 5.7).

Sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from apdu.tlv import children, whole
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.sgp22.download import (
    AuthenticateServerRequest,
    AuthenticateServerRequestValue,
    CtxParamsForCommonAuthenticationValue,
    PrepareDownloadRequest,
    PrepareDownloadRequestValue,
    ServerSigned1,
    SmdpSigned2,
)
from euicc_sim.asn1.sgp22.notifications import NotificationMetadataValue
from euicc_sim.asn1.sgp22.packages import StoreMetadataRequestValue
from euicc_sim.asn1.sgp22.profiles import ProfileIdentifierValue
from euicc_sim.asn1.sgp32.profiles import ProfileInfo as ProfileInfoType
from euicc_sim.asn1.sgp32.profiles import ProfileInfoValue
from euicc_sim.asn1.types import prepared
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.messages.encoding import Plain, request, with_names
from euicc_sim.parties.messages.errors import EimError, LpaError
from euicc_sim.parties.messages.identifiers import iccid_bytes
from euicc_sim.parties.messages.interfaces import ClientAuthentication, ServerAuthentication

TAC = bytes.fromhex("35290611")
"""The type allocation code of the device, as reported to the card."""

_AID = re.compile(r"[0-9A-Fa-f]{32}")


class ResetOption(IntEnum):
    """The bits of resetOptions, clause 5.7.19."""

    OPERATIONAL_PROFILES = 0
    FIELD_LOADED_TEST_PROFILES = 1
    DEFAULT_SMDP_ADDRESS = 2


@dataclass(frozen=True, slots=True)
class ProfileInfo:
    """A Profile in a card's list; a field that was not requested or is absent is None.

    `iccid` is its digits in printed order; `fields` has all values by their ASN.1 names.
    """

    iccid: str | None
    aid: bytes | None
    enabled: bool | None
    nickname: str | None
    service_provider: str | None
    name: str | None
    profile_class: str | None
    fields: Mapping[str, Plain] = field(repr=False)

    @property
    def fallback(self) -> bool:
        """Whether it has the fallback attribute."""
        return self.fields.get("fallbackAttribute") is True

    @property
    def emergency(self) -> bool:
        """Whether it is the Emergency Profile."""
        return self.fields.get("ecallIndication") is True

    @property
    def policy_rules(self) -> frozenset[int]:
        """The bits of profilePolicyRules."""
        rules = self.fields.get("profilePolicyRules")
        return rules if isinstance(rules, frozenset) else frozenset()


@dataclass(frozen=True, slots=True)
class NotificationInfo:
    """A notification in a card's list: its number, events by name, recipient, ICCID."""

    seq_number: int
    events: tuple[str, ...]
    address: str
    iccid: str | None


@dataclass(frozen=True, slots=True)
class DownloadResult:
    """A Profile that was installed.

    `metadata` is StoreMetadata; `result` is ProfileInstallationResult (BF37),
    which the card keeps as notification `seq_number` until it is removed.
    """

    iccid: str
    aid: bytes
    seq_number: int
    metadata: StoreMetadataRequestValue = field(repr=False)
    result: bytes = field(repr=False)


def identifier(text: str | bytes) -> ProfileIdentifierValue:
    """A Profile by its ICCID (18 to 20 digits) or AID (bytes, or 32 hex digits).

    Raises LpaError for other text.
    """
    if isinstance(text, bytes):
        return "isdpAid", text
    if _AID.fullmatch(text):
        return "isdpAid", bytes.fromhex(text)
    return "iccid", iccid(text)


def iccid(digits: str) -> bytes:
    """An ICCID as on cards, 10 bytes. Raises LpaError."""
    try:
        return iccid_bytes(digits)
    except EimError as error:
        raise LpaError(str(error)) from error


def authenticate_server(
    server: ServerAuthentication, matching_id: str, wire: Wire = WIRE_1_2
) -> bytes:
    """AuthenticateServer (BF38), clause 5.7.13, without device capabilities and IMEI."""
    parameters: CtxParamsForCommonAuthenticationValue = {
        "deviceInfo": {"tac": TAC, "deviceCapabilities": {}}
    }
    if matching_id:
        parameters["matchingId"] = matching_id
    value: AuthenticateServerRequestValue = {
        "serverSigned1": prepared(ServerSigned1, server.server_signed1),
        "serverSignature1": server.server_signature1,
        "euiccCiPKIdToBeUsed": server.ci_pk_id,
        "serverCertificate": server.certificate,
        "ctxParams1": ("ctxParamsForCommonAuthentication", parameters),
    }
    return request(wire[AuthenticateServerRequest], value)


def prepare_download(
    server: ClientAuthentication, hash_cc: bytes | None, wire: Wire = WIRE_1_2
) -> bytes:
    """PrepareDownload (BF21), clause 5.7.5."""
    value: PrepareDownloadRequestValue = {
        "smdpSigned2": prepared(SmdpSigned2, server.smdp_signed2),
        "smdpSignature2": server.smdp_signature2,
        "smdpCertificate": server.certificate,
    }
    if hash_cc is not None:
        value["hashCc"] = hash_cc
    return request(wire[PrepareDownloadRequest], value)


def profile_info(value: ProfileInfoValue, wire: Wire = WIRE_1_2) -> ProfileInfo:
    """One element of profileInfoListOk."""
    number, state = value.get("iccid"), value.get("profileState")
    named = with_names(wire[ProfileInfoType].spec, value)
    fields = named if isinstance(named, dict) else {}
    kind = fields.get("profileClass")
    return ProfileInfo(
        iccid=None if number is None else iccid_digits(number),
        aid=value.get("isdpAid"),
        enabled=None if state is None else state == "enabled",
        nickname=value.get("profileNickname"),
        service_provider=value.get("serviceProviderName"),
        name=value.get("profileName"),
        profile_class=None if kind is None else str(kind),
        fields=fields,
    )


def notification_info(value: NotificationMetadataValue) -> NotificationInfo:
    """One NotificationMetadata."""
    number = value.get("iccid")
    names = ("install", "enable", "disable", "delete")
    return NotificationInfo(
        value["seqNumber"],
        tuple(
            names[one] for one in sorted(value["profileManagementOperation"]) if one < len(names)
        ),
        value["notificationAddress"],
        None if number is None else iccid_digits(number),
    )


def notifications_of(message: bytes) -> list[bytes]:
    """Each notification of a successful RetrieveNotificationsListResponse, as the card wrote it."""
    outer = whole(message)
    inside = children(message, outer.value)[0]
    return [message[one.start : one.end] for one in children(message, inside.value, inside.end)]


def tag_list(tags: Collection[int]) -> bytes:
    """A tagList: the tags concatenated, such as 0x5A and 0x9F70."""
    return b"".join(one.to_bytes((one.bit_length() + 7) // 8) for one in tags)
