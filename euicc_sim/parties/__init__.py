"""The other side of the table: parties that talk to a card, and reach it only as bytes.

    eim = Eim.create("eim1.example.com")
    request = add_initial_eim(eim.configuration(want_token=True))
    take_initial_answer(send(request), eim)
    answer = eim.verify(send(eim.package([operations.list_eim()], eid)), certificate)

Knows what SGP.32 says on the wire, never how the card keeps it.
"""

from euicc_sim.parties.eim import operations
from euicc_sim.parties.eim.eim import Eim, add_initial_eim, take_added_tokens, take_initial_answer
from euicc_sim.parties.messages.apdus import StatusWordError, exchange, store_data
from euicc_sim.parties.messages.errors import EimError, NotGenuineError
from euicc_sim.parties.messages.package_results import PackageAnswer

__all__ = [
    "Eim",
    "EimError",
    "NotGenuineError",
    "PackageAnswer",
    "StatusWordError",
    "add_initial_eim",
    "exchange",
    "operations",
    "store_data",
    "take_added_tokens",
    "take_initial_answer",
]
