"""An eIM that serves many cards: what is ordered, what is given out, and what came of it.

    service = EimService(eim, EimStore(Path("cards")))
    service.order(eid, ["enable:8900...,rollback"])
    reply = EsipaFunctions(service).answer(message, peer="127.0.0.1:4711")

Messages of ESipa come in as bytes, and the answer goes out as bytes, with a status of HTTP's;
`servers` puts it on a network. A record of each card is on the disk before an answer leaves. Knows
no network, cards by what IPAs report, SM-DP+s by `messages.interfaces`. Start reading at
`eim_service`, then `esipa_functions`.
"""

from euicc_sim.parties.eim.server import orders
from euicc_sim.parties.eim.server.card_records import (
    CardRecord,
    EimStore,
    Order,
    Result,
    UnknownEidError,
)
from euicc_sim.parties.eim.server.eim_service import EimService
from euicc_sim.parties.eim.server.esipa_functions import EsipaFunctions
from euicc_sim.parties.eim.server.transfer_eim_package import push

__all__ = [
    "CardRecord",
    "EimService",
    "EimStore",
    "EsipaFunctions",
    "Order",
    "Result",
    "UnknownEidError",
    "orders",
    "push",
]
