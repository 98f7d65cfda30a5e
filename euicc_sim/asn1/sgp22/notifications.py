"""Types of GSMA SGP.22 v2.5, module RSPDefinitions: Notifications.

Clauses 5.7.9 to 5.7.11. Names and tags are the module's.
"""

from typing import Literal, NotRequired, TypedDict

from pyasn1.type import char, univ

from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.tags import (
    choice_context,
    codes,
    context,
    explicit,
    fields,
    implicit,
    optional,
    result,
    sequence_of,
)
from euicc_sim.asn1.types import Choice, ListOf, Sequence, UnknownCode


class NotificationMetadataValue(TypedDict):
    seqNumber: int
    profileManagementOperation: frozenset[int]
    notificationAddress: str
    iccid: NotRequired[bytes]


class NotificationMetadata(Sequence[NotificationMetadataValue]):
    tagSet = context(0x2F)
    componentType = fields(
        ("seqNumber", implicit(0, univ.Integer())),
        ("profileManagementOperation", implicit(1, sgp22.NotificationEvent)),
        ("notificationAddress", char.UTF8String()),
        optional("iccid", sgp22.Iccid),
    )


class OtherSignedNotificationValue(TypedDict):
    tbsOtherNotification: NotificationMetadataValue
    euiccNotificationSignature: bytes
    euiccCertificate: bytes
    eumCertificate: bytes


class OtherSignedNotification(Sequence[OtherSignedNotificationValue]):
    componentType = fields(
        ("tbsOtherNotification", NotificationMetadata()),
        ("euiccNotificationSignature", sgp22.Signature),
        ("euiccCertificate", sgp22.Certificate()),
        ("eumCertificate", sgp22.Certificate()),
    )


class ListNotificationRequestValue(TypedDict):
    profileManagementOperation: NotRequired[frozenset[int]]


class ListNotificationRequest(Sequence[ListNotificationRequestValue]):
    tagSet = context(0x28)
    componentType = fields(
        optional("profileManagementOperation", implicit(1, sgp22.NotificationEvent))
    )


ListNotificationsResultErrorName = Literal["undefinedError"]
ListNotificationResponseValue = (
    tuple[Literal["notificationMetadataList"], ListOf[NotificationMetadataValue]]
    | tuple[Literal["listNotificationsResultError"], ListNotificationsResultErrorName | UnknownCode]
)


class ListNotificationResponse(Choice[ListNotificationResponseValue]):
    tagSet = choice_context(0x28)
    componentType = fields(
        ("notificationMetadataList", implicit(0, sequence_of(NotificationMetadata()))),
        ("listNotificationsResultError", implicit(1, codes(undefinedError=127))),
    )


NotificationSearchCriteriaValue = (
    tuple[Literal["seqNumber"], int]
    | tuple[Literal["profileManagementOperation"], frozenset[int]]
    | tuple[Literal["euiccPackageResults"], None]
)
"""The last is SGP.32's."""


class NotificationSearchCriteria(Choice[NotificationSearchCriteriaValue]):
    """Without a name of its own in the module."""

    componentType = fields(
        ("seqNumber", implicit(0, univ.Integer())),
        ("profileManagementOperation", implicit(1, sgp22.NotificationEvent)),
    )


class RetrieveNotificationsListRequestValue(TypedDict):
    searchCriteria: NotRequired[NotificationSearchCriteriaValue]


class RetrieveNotificationsListRequest(Sequence[RetrieveNotificationsListRequestValue]):
    tagSet = context(0x2B)
    componentType = fields(optional("searchCriteria", explicit(0, NotificationSearchCriteria())))


class NotificationSentRequestValue(TypedDict):
    seqNumber: int


class NotificationSentRequest(Sequence[NotificationSentRequestValue]):
    tagSet = context(0x30)
    componentType = fields(("seqNumber", implicit(0, univ.Integer())))


DeleteNotificationStatusName = Literal["ok", "nothingToDelete", "undefinedError"]


class NotificationSentResponseValue(TypedDict):
    deleteNotificationStatus: DeleteNotificationStatusName | UnknownCode


class NotificationSentResponse(Sequence[NotificationSentResponseValue]):
    tagSet = context(0x30)
    componentType = result("deleteNotificationStatus", nothingToDelete=1)
