"""An eIM that serves many cards: orders, deliveries and results.

    service = EimService(eim, EimDatabase(Path("eim.db")))
    service.order(eid, ["enable:8900...,rollback"])
    reply = EsipaFunctions(service).answer(message, peer="127.0.0.1:4711")

Takes ESipa messages and returns answers as bytes, with an HTTP status; `servers` puts it on a
network and has a database that is an `EimStore`. What changed is on the disk before an answer
leaves. Knows no network; knows cards from what IPAs report, SM-DP+s through `messages.interfaces`.
Start reading at `eim_service`, then `esipa_functions`.
"""

from euicc_sim.parties.eim.server import orders
from euicc_sim.parties.eim.server.card_records import (
    CardDraft,
    CardRecord,
    CardSummary,
    EimStore,
    Forward,
    Order,
    Result,
    State,
    StateChange,
    StorageError,
    UnknownEidError,
)
from euicc_sim.parties.eim.server.eim_service import EimService
from euicc_sim.parties.eim.server.esipa_functions import EsipaFunctions, relayed
from euicc_sim.parties.eim.server.transfer_eim_package import push

__all__ = [
    "CardDraft",
    "CardRecord",
    "CardSummary",
    "EimService",
    "EimStore",
    "EsipaFunctions",
    "Forward",
    "Order",
    "Result",
    "State",
    "StateChange",
    "StorageError",
    "UnknownEidError",
    "orders",
    "push",
    "relayed",
]
