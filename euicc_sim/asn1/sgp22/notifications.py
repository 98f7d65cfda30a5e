"""Types of GSMA SGP.22 v2.5, module RSPDefinitions: Notifications.

Clauses 5.7.9 to 5.7.11. Names and tags are the module's.
"""

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


class NotificationMetadata(univ.Sequence):
    tagSet = context(0x2F)
    componentType = fields(
        ("seqNumber", implicit(0, univ.Integer())),
        ("profileManagementOperation", implicit(1, sgp22.NotificationEvent)),
        ("notificationAddress", char.UTF8String()),
        optional("iccid", sgp22.Iccid),
    )


class OtherSignedNotification(univ.Sequence):
    componentType = fields(
        ("tbsOtherNotification", NotificationMetadata()),
        ("euiccNotificationSignature", sgp22.Signature),
        ("euiccCertificate", sgp22.Certificate()),
        ("eumCertificate", sgp22.Certificate()),
    )


class ListNotificationRequest(univ.Sequence):
    tagSet = context(0x28)
    componentType = fields(
        optional("profileManagementOperation", implicit(1, sgp22.NotificationEvent))
    )


class ListNotificationResponse(univ.Choice):
    tagSet = choice_context(0x28)
    componentType = fields(
        ("notificationMetadataList", implicit(0, sequence_of(NotificationMetadata()))),
        ("listNotificationsResultError", implicit(1, codes(undefinedError=127))),
    )


class NotificationSearchCriteria(univ.Choice):
    """Without a name of its own in the module."""

    bare_tolerated = True
    componentType = fields(
        ("seqNumber", implicit(0, univ.Integer())),
        ("profileManagementOperation", implicit(1, sgp22.NotificationEvent)),
    )


class RetrieveNotificationsListRequest(univ.Sequence):
    gives_way = True
    """To SGP.32's, which has one criterion more."""

    tagSet = context(0x2B)
    componentType = fields(optional("searchCriteria", explicit(0, NotificationSearchCriteria())))


class NotificationSentRequest(univ.Sequence):
    tagSet = context(0x30)
    componentType = fields(("seqNumber", implicit(0, univ.Integer())))


class NotificationSentResponse(univ.Sequence):
    tagSet = context(0x30)
    componentType = result("deleteNotificationStatus", nothingToDelete=1)
