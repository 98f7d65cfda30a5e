"""Types of GSMA SGP.32 v1.0 and v1.0.1 where their ESipa messages differ, and what they say today.

Clauses 2.11.2 and 6.3.2. Only what an IPA sends is here: what an eIM sends can be written so that
both versions understand it. Where a CHOICE that has a tag gets one by AUTOMATIC TAGS, some
compilers put it around the type's own and others in its place; both are understood.
"""

from __future__ import annotations

from typing import Any

from pyasn1.type import char, univ

from apdu.tlv import TlvError, children, tlv, whole
from euicc_sim.asn1 import sgp22
from euicc_sim.asn1.codec import Asn1Error, decode
from euicc_sim.asn1.sgp22_download import DeviceInfo
from euicc_sim.asn1.sgp32_esipa import (
    EuiccPackageResult,
    EuiccPackageResultList,
    IpaCapabilities,
    PendingNotificationEsipa,
    PendingNotificationList,
    ProfileInstallationResult,
)
from euicc_sim.asn1.tags import (
    carried,
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    optional,
)

_ERROR = codes(invalidPackageFormat=1, unknownPackage=2, undefinedError=127)
_PROVIDE, _TRANSFER, _NOTIFY, _CANCEL = 0xBF50, 0xBF4E, 0xBF3D, 0xBF41
_DATA_RESPONSE, _DATA = 0xBF52, 0xA0
_ONLY_OLD = {0x80, 0xBF2B}
"""Fields of IpaEuiccData that v1.2 does not have."""


class NotificationAndEprList(univ.Sequence):
    componentType = fields(
        ("notificationList", implicit(0, PendingNotificationList())),
        ("euiccPackageResultList", implicit(1, EuiccPackageResultList())),
    )


class NotificationsList(univ.Choice):
    """RetrieveNotificationsListResponse."""

    tagSet = choice_context(0x2B)
    componentType = fields(
        ("notificationList", implicit(0, PendingNotificationList())),
        ("notificationsListResultError", implicit(1, codes(undefinedError=127))),
        ("euiccPackageResultList", implicit(2, EuiccPackageResultList())),
        ("notificationAndEprList", implicit(3, NotificationAndEprList())),
    )


class EprAndNotifications(univ.Sequence):
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult), ("notificationList", NotificationsList())
    )


class IpaEuiccData(univ.Sequence):
    componentType = fields(
        optional("defaultSmdpAddress", implicit(0, char.UTF8String())),
        optional("euiccInfo1", carried(context(0x20))),
        optional("euiccInfo2", carried(context(0x22))),
        optional("rootSmdsAddress", implicit(3, char.UTF8String())),
        optional("associationToken", implicit(4, univ.Integer())),
        optional("eumCertificate", implicit(5, sgp22.Certificate())),
        optional("euiccCertificate", implicit(6, sgp22.Certificate())),
        optional("ipaCapabilities", implicit(8, IpaCapabilities())),
        optional("deviceInfo", implicit(9, DeviceInfo())),
        optional("notificationsList", NotificationsList()),
    )


class IpaEuiccDataResponse(univ.Choice):
    tagSet = choice_context(0x52)
    componentType = fields(
        ("ipaEuiccData", implicit(0, IpaEuiccData())),
        (
            "ipaEuiccDataError",
            implicit(1, codes(incorrectTagList=1, euiccCiPKIdNotFound=5, undefinedError=127)),
        ),
    )


class ProfileDownloadError(univ.Sequence):
    componentType = fields(optional("errorResponse", implicit(0, univ.OctetString())))


class ProfileDownloadTriggerResultData(univ.Choice):
    componentType = fields(
        ("profileInstallationResult", ProfileInstallationResult),
        ("profileDownloadError", ProfileDownloadError()),
    )


class ProfileDownloadTriggerResult(univ.Sequence):
    tagSet = context(0x54)
    componentType = fields(
        optional("eimTransactionId", implicit(2, sgp22.TransactionId)),
        ("profileDownloadTriggerResultData", ProfileDownloadTriggerResultData()),
    )


class ProvideEimPackageResult(univ.Choice):
    tagSet = choice_context(0x50)
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("ePRAndNotifications", EprAndNotifications()),
        ("ipaEuiccDataResponse", IpaEuiccDataResponse()),
        ("profileDownloadTriggerResult", ProfileDownloadTriggerResult()),
        ("eimPackageError", _ERROR),
    )


class TransferEimPackageResponse(univ.Choice):
    tagSet = choice_context(0x4E)
    componentType = fields(
        ("euiccPackageResult", EuiccPackageResult),
        ("ePRAndNotifications", EprAndNotifications()),
        ("ipaEuiccDataResponse", IpaEuiccDataResponse()),
        ("eimPackageReceived", univ.Null()),
        ("eimPackageError", _ERROR),
    )


class HandleNotificationEsipa(univ.Choice):
    tagSet = choice_context(0x3D)
    componentType = fields(
        ("pendingNotification", explicit(0, PendingNotificationEsipa())),
        ("provideEimPackageResult", explicit(1, ProvideEimPackageResult())),
    )


class ProvidedInPlace(univ.Choice):
    """ProvideEimPackageResult with another tag in the place of its own."""

    tagSet = choice_context(1)
    componentType = ProvideEimPackageResult.componentType


class HandleNotificationInPlace(univ.Choice):
    tagSet = choice_context(0x3D)
    componentType = fields(("provideEimPackageResult", ProvidedInPlace()))


class CancelSessionRequestInPlace(univ.Sequence):
    """CancelSessionRequestEsipa of those who replace the tag BF41 by A1, in all versions."""

    tagSet = context(0x41)
    componentType = fields(
        ("transactionId", implicit(0, sgp22.TransactionId)),
        ("cancelSessionResponse", carried(context(1))),
    )


_TYPES: dict[int, tuple[str, Any]] = {
    _PROVIDE: ("provideEimPackageResult", ProvideEimPackageResult()),
    _TRANSFER: ("transferEimPackageResponse", TransferEimPackageResponse()),
    _NOTIFY: ("handleNotificationEsipa", HandleNotificationEsipa()),
    _CANCEL: ("cancelSessionRequestEsipa", CancelSessionRequestInPlace()),
}
_IN_PLACE = HandleNotificationInPlace()


def is_old(data: bytes) -> bool:
    """Whether a message that v1.2 can read has fields which only these versions have."""
    try:
        outer = whole(data)
        for one in children(data, outer.value, outer.end):
            if outer.tag in _TYPES and one.tag == _DATA_RESPONSE:
                return _has_old_data(data, one.value, one.end)
    except TlvError:
        return False
    return False


def read(data: bytes) -> tuple[str, Any]:
    """A message of these versions, as v1.2 would say it: name and value. Raises Asn1Error."""
    try:
        tag = whole(data).tag
    except TlvError as error:
        raise Asn1Error(str(error)) from error
    if tag not in _TYPES:
        raise Asn1Error(f"{tag:X} is no message that differs in SGP.32 v1.0")
    name, spec = _TYPES[tag]
    if tag == _NOTIFY:
        return name, _notified(data, spec)
    value = decode(spec, data)
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
    """An EimPackageResult as v1.2 has it."""
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
        return form, {"profileDownloadErrorReason": 127, **value}
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
