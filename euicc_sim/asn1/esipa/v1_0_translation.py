"""Translates ESipa messages of SGP.32 v1.0 and v1.0.1 to v1.2 and back."""

from __future__ import annotations

from typing import Any

from apdu.tlv import TlvError, children, tlv, whole
from euicc_sim.asn1.codec import Asn1Error, decode, encode
from euicc_sim.asn1.esipa.download import InitiateAuthenticationRequestEsipa
from euicc_sim.asn1.esipa.v1_0 import (
    CancelSessionRequestInPlace,
    GetEimPackageRequest,
    HandleNotificationEsipa,
    HandleNotificationInPlace,
    IpaEuiccData,
    ProvideEimPackageResult,
    TransferEimPackageResponse,
)

_PROVIDE, _TRANSFER, _NOTIFY, _CANCEL, _GET = 0xBF50, 0xBF4E, 0xBF3D, 0xBF41, 0xBF4F
_DATA_RESPONSE, _DATA = 0xBF52, 0xA0
_TRANSACTION = "eimTransactionId"
_OLD_NETWORK = (0x81, 3)
"""Tag and size of rPLMN; since v1.1 the tag is that of stateChangeCause, of one byte."""
_ONLY_OLD = {0x80, 0xBF2B}
"""Fields of IpaEuiccData that v1.2 does not have."""

_TYPES: dict[int, tuple[str, Any]] = {
    _PROVIDE: ("provideEimPackageResult", ProvideEimPackageResult()),
    _TRANSFER: ("transferEimPackageResponse", TransferEimPackageResponse()),
    _NOTIFY: ("handleNotificationEsipa", HandleNotificationEsipa()),
    _CANCEL: ("cancelSessionRequestEsipa", CancelSessionRequestInPlace()),
    _GET: ("getEimPackageRequest", GetEimPackageRequest()),
}
_IN_PLACE = HandleNotificationInPlace()


def is_old(data: bytes) -> bool:
    """Whether a message that v1.2 can read has fields of only these versions."""
    try:
        outer = whole(data)
        for one in children(data, outer.value, outer.end):
            if outer.tag == _GET and (one.tag, one.end - one.value) == _OLD_NETWORK:
                return True
            if outer.tag in _TYPES and one.tag == _DATA_RESPONSE:
                return _has_old_data(data, one.value, one.end)
    except TlvError:
        return False
    return False


def read(data: bytes) -> tuple[str, Any]:
    """A message of these versions as v1.2: name and value. Raises Asn1Error."""
    try:
        tag = whole(data).tag
    except TlvError as error:
        raise Asn1Error(str(error)) from error
    if tag not in _TYPES:
        raise Asn1Error(f"{tag:X} is not a message that differs in SGP.32 v1.0")
    name, spec = _TYPES[tag]
    if tag == _NOTIFY:
        return name, _notified(data, spec)
    value = decode(spec, data)
    if tag == _GET:
        return name, value
    if tag == _CANCEL:
        inside = value["cancelSessionResponse"]
        content = inside[whole(inside).value :]
        return name, value | {"cancelSessionResponse": tlv(_CANCEL, content)}
    return name, _today(value) if tag == _TRANSFER else _provided(value)


def _notified(data: bytes, spec: Any) -> tuple[str, Any]:
    try:
        form, value = decode(spec, data)
    except Asn1Error:
        form, value = decode(_IN_PLACE, data)
    return form, value if form == "pendingNotification" else _provided(value)


def _provided(value: Any) -> dict[str, Any]:
    return {"eimPackageResult": _today(value)}


def _has_old_data(data: bytes, start: int, end: int) -> bool:
    return any(
        field.tag in _ONLY_OLD
        for one in children(data, start, end)
        if one.tag == _DATA
        for field in children(data, one.value, one.end)
    )


def _today(result: tuple[str, Any]) -> tuple[str, Any]:
    """An EimPackageResult as v1.2."""
    form, value = result
    if form == "ePRAndNotifications":
        notifications = _lists(value["notificationList"])[0]
        return form, {**value, "notificationList": notifications}
    if form == "eimPackageError":
        return "eimPackageResultResponseError", {"eimPackageResultErrorCode": value}
    if form == "ipaEuiccDataResponse":
        return form, _data_today(*value)
    if form == "profileDownloadTriggerResult":
        return form, value | {
            "profileDownloadTriggerResultData": _download_today(
                *value["profileDownloadTriggerResultData"]
            )
        }
    return result


def _data_today(form: str, value: Any) -> tuple[str, Any]:
    if form == "ipaEuiccDataError":
        return "ipaEuiccDataResponseError", {"ipaEuiccDataErrorCode": value}
    if "notificationsList" not in value:
        return form, value
    notifications, results = _lists(value["notificationsList"])
    return form, {
        **value,
        "notificationsList": notifications,
        "euiccPackageResultList": results,
    }


def _download_today(form: str, value: Any) -> tuple[str, Any]:
    if form == "profileDownloadError":
        return form, {"profileDownloadErrorReason": "undefinedError", **value}
    return form, value


def _lists(found: tuple[str, Any]) -> tuple[list[bytes], list[bytes]]:
    """The notifications and the package results of a list."""
    form, value = found
    if form == "notificationList":
        return value, []
    if form == "euiccPackageResultList":
        return [], value
    if form == "notificationAndEprList":
        return value["notificationList"], value["euiccPackageResultList"]
    return [], []


def write(name: str, value: Any) -> bytes | None:
    """A message of v1.2 in the form of these versions; None if it is the same.

    Values without a field there, such as the EID of a result, are left out.
    """
    if name == "provideEimPackageResult":
        return encode(ProvideEimPackageResult(), _then(value["eimPackageResult"]))
    if name == "getEimPackageRequest" and "notifyStateChange" in value:
        return encode(
            GetEimPackageRequest(),
            {field: one for field, one in value.items() if field != "stateChangeCause"},
        )
    if name == "transferEimPackageResponse":
        return encode(TransferEimPackageResponse(), _then(value))
    if name == "initiateAuthenticationRequestEsipa" and _TRANSACTION in value:
        kept = {field: one for field, one in value.items() if field != _TRANSACTION}
        return encode(InitiateAuthenticationRequestEsipa(), kept)
    return None


def _then(result: tuple[str, Any]) -> tuple[str, Any]:
    """An EimPackageResult in the form of these versions."""
    form, value = result
    if form == "ePRAndNotifications":
        return form, {**value, "notificationList": ("notificationList", value["notificationList"])}
    if form == "eimPackageResultResponseError":
        return "eimPackageError", value["eimPackageResultErrorCode"]
    if form == "ipaEuiccDataResponse":
        return form, _data_then(*value)
    if form == "profileDownloadTriggerResult":
        kind, data = value["profileDownloadTriggerResultData"]
        if kind == "profileDownloadError":
            data = {name: one for name, one in data.items() if name == "errorResponse"}
        return form, {**value, "profileDownloadTriggerResultData": (kind, data)}
    return result


def _data_then(form: str, value: dict[str, Any]) -> tuple[str, Any]:
    if form == "ipaEuiccDataResponseError":
        return "ipaEuiccDataError", value["ipaEuiccDataErrorCode"]
    found = {name: one for name, one in value.items() if name in _OLD_FIELDS}
    lists = {name: value[new] for new, name in _OLD_LISTS.items() if new in value}
    if len(lists) > 1:
        found["notificationsList"] = ("notificationAndEprList", lists)
    elif lists:
        found["notificationsList"] = next(iter(lists.items()))
    return form, found


_OLD_LISTS = {
    "notificationsList": "notificationList",
    "euiccPackageResultList": "euiccPackageResultList",
}
_OLD_FIELDS = frozenset(IpaEuiccData.componentType) - {"notificationsList"}
