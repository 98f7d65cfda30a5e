"""An IPAd answers an IpaEuiccDataRequest (SGP.32 v1.2 clauses 2.11.1.2 and 2.11.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from apdu import TlvError, tlv
from apdu.tlv import read_tag
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.esipa.packages import (
    IpaEuiccDataErrorName,
    IpaEuiccDataRequestValue,
    IpaEuiccDataResponseErrorValue,
    IpaEuiccDataResponseValue,
    IpaEuiccDataValue,
)
from euicc_sim.asn1.primitives import write_integer
from euicc_sim.asn1.sgp22.notifications import (
    RetrieveNotificationsListRequest,
    RetrieveNotificationsListRequestValue,
)
from euicc_sim.asn1.sgp32.profiles import (
    CertsValue,
    GetCertsRequest,
    GetCertsRequestValue,
    GetCertsResponse,
)
from euicc_sim.asn1.wire import Wire
from euicc_sim.parties.ipa.es10b import IpaCard, TrustedEim
from euicc_sim.parties.lpa.es10_messages import TAC
from euicc_sim.parties.messages.encoding import request
from euicc_sim.parties.messages.errors import LpaError

DIRECT, INDIRECT, CONTEXT_PARAMETERS = 0, 1, 3
"""Bits of ipaFeatures: who talks to SM-DP+s, and that the IPA writes ctxParams1 itself."""

_RETRIEVE_HTTPS = 0
_OLD_ADDRESS, _OLD_LISTS = 0x80, 0xBF2B
"""What v1.0 calls defaultSmdpAddress, and both lists together."""


def data_response(
    card: IpaCard, eim: TrustedEim, asked: IpaEuiccDataRequestValue, *, direct: bool
) -> IpaEuiccDataResponseValue:
    """IpaEuiccDataResponse: its alternative and value. Raises LpaError."""
    transaction = asked.get("eimTransactionId")
    if card.emergency():
        return _error("ecallActive", transaction)
    try:
        tags = frozenset(_tags(asked["tagList"]))
    except TlvError:
        return _error("incorrectTagList", transaction)
    if not tags <= _KNOWN:
        return _error("incorrectTagList", transaction)
    found: IpaEuiccDataValue = {}
    if transaction is not None:
        found["eimTransactionId"] = transaction
    _add_lists(found, card, tags, asked)
    _add_addresses(found, card, tags)
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
        if 0xA5 in tags:
            found["eumCertificate"] = certificates["eumCertificate"]
        if 0xA6 in tags:
            found["euiccCertificate"] = certificates["euiccCertificate"]
    if tags & {0x88, 0xA8}:
        features = {CONTEXT_PARAMETERS, DIRECT if direct else INDIRECT}
        found["ipaCapabilities"] = {
            "ipaFeatures": frozenset(features),
            "ipaSupportedProtocols": frozenset({_RETRIEVE_HTTPS}),
        }
    if tags & {0x89, 0xA9}:
        found["deviceInfo"] = {"tac": TAC, "deviceCapabilities": {}}
    return "ipaEuiccData", found


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


def _add_lists(
    found: IpaEuiccDataValue,
    card: IpaCard,
    tags: frozenset[int],
    asked: IpaEuiccDataRequestValue,
) -> None:
    if tags & {0xA0, _OLD_LISTS}:
        criterion = None
        match asked.get("searchCriteriaNotification"):
            case ("seqNumber", number):
                criterion = tlv(0x80, write_integer(number))
            case ("profileManagementOperation", bits):
                criterion = _events(bits, card.wire)
        found["notificationsList"] = card.notifications(criterion)
    if tags & {0xA2, _OLD_LISTS}:
        wanted = asked.get("searchCriteriaEuiccPackageResult")
        found["euiccPackageResultList"] = card.results(None if wanted is None else wanted[1])


def _events(bits: frozenset[int], wire: Wire) -> bytes:
    """The search criterion for events, the content of A0."""
    value: RetrieveNotificationsListRequestValue = {
        "searchCriteria": ("profileManagementOperation", bits)
    }
    return request(wire[RetrieveNotificationsListRequest], value)[5:]


def _add_addresses(found: IpaEuiccDataValue, card: IpaCard, tags: frozenset[int]) -> None:
    if not tags & {0x81, _OLD_ADDRESS, 0x83}:
        return
    given = card.addresses()
    if tags & {0x81, _OLD_ADDRESS} and "defaultDpAddress" in given:
        found["defaultSmdpAddress"] = given["defaultDpAddress"]
    if 0x83 in tags:
        found["rootSmdsAddress"] = given["rootDsAddress"]


def _certificates(card: IpaCard, ci_pk_id: bytes | None) -> CertsValue | None:
    """GetCerts; None if the card has no certificates below that CI."""
    asked: GetCertsRequestValue = {} if ci_pk_id is None else {"euiccCiPKId": ci_pk_id}
    message = card.ask(request(card.wire[GetCertsRequest], asked))
    try:
        found = card.wire[GetCertsResponse].read_keeping(message)
    except Asn1Error as error:
        raise LpaError(f"The card's certificates cannot be read: {error}.") from error
    return found[1] if found[0] == "certs" else None


def _error(code: IpaEuiccDataErrorName, transaction: bytes | None) -> IpaEuiccDataResponseValue:
    value: IpaEuiccDataResponseErrorValue = {"ipaEuiccDataErrorCode": code}
    if transaction is not None:
        value["eimTransactionId"] = transaction
    return "ipaEuiccDataResponseError", value
