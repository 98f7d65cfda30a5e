"""Mutual authentication of a card and a server: what SM-DP+ and SM-DS have in common.

SGP.22 v2.5 clause 3.1.2. A card's challenge goes in, the server's signed answer comes out; then the
card's own answer is verified up to a CI. The server's credentials are an `Identity`, what it knows
of a card in between a `Session`. Knows no Profile, no event and no network. Start reading at
`mutual_authentication`.
"""

from euicc_sim.parties.authentication.identities import Identity, choose, registered
from euicc_sim.parties.authentication.mutual_authentication import (
    CHALLENGE_SIZE,
    HIGHEST_SVN,
    LOWEST_SVN,
    TRANSACTION_ID_SIZE,
    authentic,
    check_info,
    genuine,
    greeting,
    read_authentication,
    refused_by_card,
    signed_answer,
)
from euicc_sim.parties.authentication.server_kind import SMDPP, SMDS, ServerKind
from euicc_sim.parties.authentication.transactions import Session, Sessions, unknown

__all__ = [
    "CHALLENGE_SIZE",
    "HIGHEST_SVN",
    "LOWEST_SVN",
    "SMDPP",
    "SMDS",
    "TRANSACTION_ID_SIZE",
    "Identity",
    "ServerKind",
    "Session",
    "Sessions",
    "authentic",
    "check_info",
    "choose",
    "genuine",
    "greeting",
    "read_authentication",
    "refused_by_card",
    "registered",
    "signed_answer",
    "unknown",
]
