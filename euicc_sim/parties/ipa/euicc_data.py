"""An IPAd answers an IpaEuiccDataRequest (SGP.32 v1.2 clauses 2.11.1.2 and 2.11.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apdu import TlvError, tlv
from apdu.tlv import read_tag
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.primitives import write_integer
from euicc_sim.asn1.wire import Wire
from euicc_sim.parties.ipa.es10b import IpaCard, TrustedEim
from euicc_sim.parties.lpa.es10_messages import TAC
from euicc_sim.parties.messages.encoding import request
from euicc_sim.parties.messages.errors import LpaError

DIRECT, INDIRECT, CONTEXT_PARAMETERS = 0, 1, 3
"""Bits of ipaFeatures: who speaks to SM-DP+s, and that the eIM need not write ctxParams1."""

_RETRIEVE_HTTPS = 0
_OLD_ADDRESS, _OLD_LISTS = 0x80, 0xBF2B
"""What v1.0 calls defaultSmdpAddress, and both lists together."""


def data_response(
    card: IpaCard, eim: TrustedEim, asked: dict[str, Any], *, direct: bool
) -> tuple[str, Any]:
    """IpaEuiccDataResponse: its alternative and value. Raises LpaError."""
    transaction = {name: one for name, one in asked.items() if name == "eimTransactionId"}
    try:
        tags = frozenset(_tags(asked["tagList"]))
    except TlvError:
        return _error("incorrectTagList", transaction)
    if not tags <= _KNOWN:
        return _error("incorrectTagList", transaction)
    found: dict[str, Any] = {**_lists(card, tags, asked), **_addresses(card, tags)}
    if 0xBF20 in tags:
        found["euiccInfo1"] = card.ask(b"\xbf\x20\x00")
    if 0xBF22 in tags:
        found["euiccInfo2"] = card.ask(b"\xbf\x22\x00")
    if 0x84 in tags and eim.token is not None:
        found["associationToken"] = eim.token
    if tags & {0xA5, 0xA6}:
        certificates = _certificates(card, asked.get("euiccCiPKIdentifierToBeUsed"))
        if certificates is None:
            return _error("euiccCiPKIdNotFound", transaction)
        wanted = {0xA5: "eumCertificate", 0xA6: "euiccCertificate"}
        found |= {name: certificates[name] for tag, name in wanted.items() if tag in tags}
    if tags & {0x88, 0xA8}:
        features = {CONTEXT_PARAMETERS, DIRECT if direct else INDIRECT}
        found["ipaCapabilities"] = {
            "ipaFeatures": frozenset(features),
            "ipaSupportedProtocols": frozenset({_RETRIEVE_HTTPS}),
        }
    if tags & {0x89, 0xA9}:
        found["deviceInfo"] = {"tac": TAC, "deviceCapabilities": {}}
    return "ipaEuiccData", found | transaction


_KNOWN = frozenset(
    (
        *(0x80, 0x81, 0x83, 0x84, 0x87, 0x88, 0x89),
        *(0xA0, 0xA2, 0xA5, 0xA6, 0xA8, 0xA9),
        *(0xBF20, 0xBF22, 0xBF2B),
    )
)


def _tags(row: bytes) -> Iterator[int]:
    at = 0
    while at < len(row):
        tag, at = read_tag(row, at)
        yield tag


def _lists(card: IpaCard, tags: frozenset[int], asked: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if tags & {0xA0, _OLD_LISTS}:
        form, value = asked.get("searchCriteriaNotification", ("", None))
        criterion = None
        if form == "seqNumber":
            criterion = tlv(0x80, write_integer(value))
        elif form:
            criterion = _events(value, card.wire)
        found["notificationsList"] = card.notifications(criterion)
    if tags & {0xA2, _OLD_LISTS}:
        _, number = asked.get("searchCriteriaEuiccPackageResult", ("", None))
        found["euiccPackageResultList"] = card.results(number)
    return found


def _events(bits: frozenset[int], wire: Wire) -> bytes:
    """The criterion of events as it stands inside A0."""
    whole = request(
        "RetrieveNotificationsListRequest",
        {"searchCriteria": ("profileManagementOperation", bits)},
        wire,
    )
    return whole[5:]


def _addresses(card: IpaCard, tags: frozenset[int]) -> dict[str, Any]:
    if not tags & {0x81, _OLD_ADDRESS, 0x83}:
        return {}
    given = card.call("EuiccConfiguredAddresses", {})
    found = {}
    if tags & {0x81, _OLD_ADDRESS} and "defaultDpAddress" in given:
        found["defaultSmdpAddress"] = given["defaultDpAddress"]
    if 0x83 in tags:
        found["rootSmdsAddress"] = given["rootDsAddress"]
    return found


def _certificates(card: IpaCard, ci_pk_id: bytes | None) -> dict[str, bytes] | None:
    """GetCerts, None when the card has none below that CI."""
    asked = {} if ci_pk_id is None else {"euiccCiPKId": ci_pk_id}
    message = card.ask(request("GetCertsRequest", asked, card.wire))
    try:
        form, found = card.wire.read_keeping("GetCertsResponse", message)
    except Asn1Error as error:
        raise LpaError(f"The card's certificates cannot be read: {error}.") from error
    return dict(found) if form == "certs" else None


def _error(code: str, transaction: dict[str, Any]) -> tuple[str, Any]:
    return "ipaEuiccDataResponseError", transaction | {"ipaEuiccDataErrorCode": code}
