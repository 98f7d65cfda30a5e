"""Notifications and package results: list, retrieve, remove. They share one row of numbers."""

from __future__ import annotations

from typing import Any

from euicc_sim.asn1.codec import Prepared
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session
from euicc_sim.es10.words import number
from euicc_sim.model.notification import Notification


def _metadata(one: Notification) -> dict[str, Any]:
    found: dict[str, Any] = {
        "seqNumber": one.seq_number,
        "profileManagementOperation": one.events,
        "notificationAddress": one.address,
    }
    return found if one.iccid is None else found | {"iccid": one.iccid}


@es10(
    0xBF28,
    "ListNotificationRequest",
    "ListNotificationResponse",
    clause="SGP.22 5.7.9",
)
def list_notification(session: Session, request: dict[str, Any]) -> tuple[str, Any]:
    """ListNotification, SGP.22 v2.5 clause 5.7.9: Notifications only, no package results."""
    events = request.get("profileManagementOperation")
    return "notificationMetadataList", [
        _metadata(one)
        for one in session.state.notifications
        if events is None or one.events & events
    ]


@es10(
    0xBF2B,
    "RetrieveNotificationsListRequest",
    "RetrieveNotificationsListResponse",
    clause="SGP.32 5.9.11",
)
def retrieve_notifications_list(session: Session, request: dict[str, Any]) -> tuple[str, Any]:
    """RetrieveNotificationsList, SGP.32 v1.2 clause 5.9.11: reading removes nothing."""
    state = session.state
    match request.get("searchCriteria"):
        case ("seqNumber", wanted):
            results = [one for one in state.results if one.seq_number == wanted]
            found = [one for one in state.notifications if one.seq_number == wanted]
            kind = "euiccPackageResultList" if results else "notificationList"
            return kind, [Prepared(one.signed) for one in results or found]
        case ("profileManagementOperation", events):
            found = [one for one in state.notifications if one.events & events]
            return "notificationList", [Prepared(one.signed) for one in found]
        case ("euiccPackageResults", _):
            return "euiccPackageResultList", [Prepared(one.signed) for one in state.results]
        case _:
            pending = [Prepared(one.signed) for one in state.notifications]
            if session.wire.since("1.1") or not session.wire.iot:
                return "notificationList", pending
            stored = [Prepared(one.signed) for one in state.results]
            both = {"notificationList": pending, "euiccPackageResultList": stored}
            return "notificationAndEprList", both


def _refuse(code: str) -> dict[str, str]:
    return {"deleteNotificationStatus": code}


@es10(
    0xBF30,
    "NotificationSentRequest",
    "NotificationSentResponse",
    name="RemoveNotificationFromList",
    clause="SGP.32 5.9.12",
    refuse=_refuse,
    codes=("nothingToDelete",),
)
def remove_notification_from_list(session: Session, request: dict[str, int]) -> dict[str, str]:
    """RemoveNotificationFromList, SGP.32 v1.2 clause 5.9.12, for both kinds."""
    seq_number = request["seqNumber"]
    state = session.state.without_number(seq_number)
    if state == session.state:
        raise ResultError(
            "nothingToDelete", f"nothing with sequence number {number(seq_number)} waits"
        )
    session.state = state
    session.note(f"number {seq_number} removed")
    return _refuse("ok")
