"""An SM-DS, the Subscription Manager Discovery Server: tells a card which servers have something.

    smds = Smds.of(TestPki.load("pki"), address="smds.example.com")
    smds.register_event(eid, "CODE-1", "smdp.example.com", owner="2.999.10")
    smds.authenticate_events(transaction_id, response)

SM-DP+s register events (ES12), each for one EID; a card that has proved itself gets its own (ES11).
An SM-DS below another, the root, registers there that it has some. The functions are methods, as
declared in `messages.interfaces`; refusals are SmdppError. Knows no network and no Profile. Start
reading at `smds`; `event_book` says who keeps the events.
"""

from euicc_sim.parties.smds.event_book import (
    EVENTS_AT_MOST,
    EVENTS_PER_CARD,
    Event,
    EventBook,
    EventDraft,
    EventRows,
    Events,
)
from euicc_sim.parties.smds.smds import Smds

__all__ = [
    "EVENTS_AT_MOST",
    "EVENTS_PER_CARD",
    "Event",
    "EventBook",
    "EventDraft",
    "EventRows",
    "Events",
    "Smds",
]
