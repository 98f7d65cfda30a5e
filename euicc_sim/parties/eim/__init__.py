"""An eIM, the eSIM IoT Remote Manager: manages a card's Profiles with signed eUICC Packages.

    eim = Eim.create("eim1.example.com")
    request = add_initial_eim(eim.configuration(want_token=True))
    take_initial_answer(send(request), eim)
    answer = eim.verify(send(eim.package([operations.list_eim()], eid)), certificate)

An `Eim` is the eIM as one card knows it, with a key, a counter and a token; `eim_file` stores it;
`server` manages many cards and speaks ESipa. Operations go in, signed packages come out, and the
card's answers are verified. Knows no transport. Start reading at `eim`, then `operations`.
"""

from euicc_sim.parties.eim import card_list, eim_file, operation_words, operations
from euicc_sim.parties.eim.card_list import ListedCard
from euicc_sim.parties.eim.eim import (
    MAX_COUNTER,
    Eim,
    add_initial_eim,
    initial_tokens,
    take_added_tokens,
    take_initial_answer,
)
from euicc_sim.parties.eim.operation_words import Loader
from euicc_sim.parties.eim.operations import Operation

__all__ = [
    "MAX_COUNTER",
    "Eim",
    "ListedCard",
    "Loader",
    "Operation",
    "add_initial_eim",
    "card_list",
    "eim_file",
    "initial_tokens",
    "operation_words",
    "operations",
    "take_added_tokens",
    "take_initial_answer",
]
