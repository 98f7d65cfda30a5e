"""Notifications and package results: list, retrieve, remove. They share one sequence of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from euicc_sim.asn1.primitives import number
from euicc_sim.asn1.sgp22.notifications import (
    ListNotificationRequest,
    ListNotificationRequestValue,
    ListNotificationResponse,
    ListNotificationResponseValue,
    NotificationMetadataValue,
    NotificationSentRequest,
    NotificationSentRequestValue,
    NotificationSentResponse,
    NotificationSentResponseValue,
    RetrieveNotificationsListRequestValue,
)
from euicc_sim.asn1.sgp32.functions import (
    NotificationAndEprListValue,
    RetrieveNotificationsListRequest,
    RetrieveNotificationsListResponse,
    RetrieveNotificationsListResponseValue,
)
from euicc_sim.asn1.sgp32.packages import EuiccPackageResult, EuiccPackageResultValue
from euicc_sim.asn1.sgp32.profiles import PendingNotification, PendingNotificationValue
from euicc_sim.asn1.types import prepared
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.model.notification import Notification, PackageResult


def _metadata(one: Notification) -> NotificationMetadataValue:
    found: NotificationMetadataValue = {
        "seqNumber": one.seq_number,
        "profileManagementOperation": one.events,
        "notificationAddress": one.address,
    }
    if one.iccid is not None:
        found["iccid"] = one.iccid
    return found


def _pending(found: Iterable[Notification]) -> list[PendingNotificationValue]:
    return [prepared(PendingNotification, one.signed) for one in found]


def _results(found: Iterable[PackageResult]) -> list[EuiccPackageResultValue]:
    return [prepared(EuiccPackageResult, one.signed) for one in found]


@es10(
    0xBF28,
    ListNotificationRequest,
    ListNotificationResponse,
    clause="SGP.22 5.7.9",
)
def list_notification(
    session: Session, request: ListNotificationRequestValue
) -> ListNotificationResponseValue:
    """ListNotification, SGP.22 v2.5 clause 5.7.9: Notifications only, no package results."""
    events = request.get("profileManagementOperation")
    return "notificationMetadataList", [
        _metadata(one)
        for one in session.state.notifications
        if events is None or one.events & events
    ]


@es10(
    0xBF2B,
    RetrieveNotificationsListRequest,
    RetrieveNotificationsListResponse,
    clause="SGP.32 5.9.11",
)
def retrieve_notifications_list(
    session: Session, request: RetrieveNotificationsListRequestValue
) -> RetrieveNotificationsListResponseValue:
    """RetrieveNotificationsList, SGP.32 v1.2 clause 5.9.11: does not remove anything."""
    state = session.state
    match request.get("searchCriteria"):
        case ("seqNumber", wanted):
            results = [one for one in state.results if one.seq_number == wanted]
            found = [one for one in state.notifications if one.seq_number == wanted]
            if results:
                return "euiccPackageResultList", _results(results)
            return "notificationList", _pending(found)
        case ("profileManagementOperation", events):
            found = [one for one in state.notifications if one.events & events]
            return "notificationList", _pending(found)
        case ("euiccPackageResults", _):
            return "euiccPackageResultList", _results(state.results)
        case _:
            pending = _pending(state.notifications)
            if session.wire.since("1.1") or not session.wire.iot:
                return "notificationList", pending
            both: NotificationAndEprListValue = {
                "notificationList": pending,
                "euiccPackageResultList": _results(state.results),
            }
            return "notificationAndEprList", both


def _refuse(code: Literal["ok", "nothingToDelete"]) -> NotificationSentResponseValue:
    return {"deleteNotificationStatus": code}


@es10(
    0xBF30,
    NotificationSentRequest,
    NotificationSentResponse,
    name="RemoveNotificationFromList",
    clause="SGP.32 5.9.12",
    refuse=_refuse,
)
def remove_notification_from_list(
    session: Session, request: NotificationSentRequestValue
) -> NotificationSentResponseValue:
    """RemoveNotificationFromList, SGP.32 v1.2 clause 5.9.12, for both kinds."""
    seq_number = request["seqNumber"]
    state = session.state.without_number(seq_number)
    if state == session.state:
        raise ResultError(
            "nothingToDelete", f"there is nothing with sequence number {number(seq_number)}"
        )
    session.state = state
    session.note(f"number {seq_number} removed")
    return _refuse("ok")
