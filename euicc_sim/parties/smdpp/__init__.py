"""An SM-DP+, the Subscription Manager Data Preparation server: binds Profiles to cards.

    smdpp = Smdpp.of(TestPki.load("pki"), [Order(package, "CODE-1")])
    smdpp.initiate_authentication(euicc_info1, challenge, smdpp.address)

The functions of ES9+ are methods, as declared in `messages.interfaces`: they take a card's answers
and return what to send to the card; refusals are SmdppError. An order is a Profile Package and who
may download it, with the states of ES2+; `order_book` says who keeps them. Knows no network, no
LPA, and of a Profile Package only its header. Start reading at `smdpp`, then `download_orders`;
`binding` makes the Bound Profile Package, or a faulty one for a test.
"""

from euicc_sim.parties.smdpp.binding import SEGMENT_SIZE, Binding
from euicc_sim.parties.smdpp.card_answers import NotificationFacts
from euicc_sim.parties.smdpp.download_orders import (
    BEFORE_RELEASE,
    Announcement,
    Delivery,
    Order,
    OrderRecord,
    OrderState,
)
from euicc_sim.parties.smdpp.event_keeper import EventKeeper
from euicc_sim.parties.smdpp.metadata import (
    SERVICE_PROVIDER_NAME,
    Event,
    IconType,
    Metadata,
    MetadataError,
    NotificationTarget,
    Owner,
    PolicyRule,
    ProfileClass,
    iccid_of,
    read_metadata,
)
from euicc_sim.parties.smdpp.operator_functions import Confirmed, Es2Plus, FinalStatus
from euicc_sim.parties.smdpp.order_book import (
    OrderBook,
    OrderChangedError,
    OrderDraft,
    OrderRows,
    Orders,
)
from euicc_sim.parties.smdpp.profile_packages import SMALLEST, made_up_package, metadata_of
from euicc_sim.parties.smdpp.sessions import Identity
from euicc_sim.parties.smdpp.smdpp import Smdpp

__all__ = [
    "BEFORE_RELEASE",
    "SEGMENT_SIZE",
    "SERVICE_PROVIDER_NAME",
    "SMALLEST",
    "Announcement",
    "Binding",
    "Confirmed",
    "Delivery",
    "Es2Plus",
    "Event",
    "EventKeeper",
    "FinalStatus",
    "IconType",
    "Identity",
    "Metadata",
    "MetadataError",
    "NotificationFacts",
    "NotificationTarget",
    "Order",
    "OrderBook",
    "OrderChangedError",
    "OrderDraft",
    "OrderRecord",
    "OrderRows",
    "OrderState",
    "Orders",
    "Owner",
    "PolicyRule",
    "ProfileClass",
    "Smdpp",
    "iccid_of",
    "made_up_package",
    "metadata_of",
    "read_metadata",
]
