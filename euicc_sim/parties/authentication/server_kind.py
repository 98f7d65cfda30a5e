"""What differs in how an SM-DP+ and an SM-DS refuse a card: their names and subject codes.

SGP.22 v2.5 clause 5.2.6: an SM-DP+ is 8.8, an SM-DS 8.9, and what is below has the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from euicc_sim.crypto.chain import Role
from euicc_sim.parties.messages.errors import Refusal


@dataclass(frozen=True)
class ServerKind:
    """A kind of server: its name, the role in its certificate, and its refusals.

    `address` is for another server's address, `ci_keys` and `certificate` for CI keys that it does
    not have, `svn` for a version of SGP.22 that it does not know.
    """

    name: str
    role: Role
    address: Refusal
    ci_keys: Refusal
    svn: Refusal
    certificate: Refusal


SMDPP = ServerKind(
    "SM-DP+",
    Role.DP_AUTH,
    Refusal.ADDRESS,
    Refusal.CI_KEYS,
    Refusal.SVN,
    Refusal.NO_SERVER_CERTIFICATE,
)
SMDS = ServerKind(
    "SM-DS",
    Role.DS_AUTH,
    Refusal.SMDS_ADDRESS,
    Refusal.SMDS_CI_KEYS,
    Refusal.SMDS_SVN,
    Refusal.NO_SMDS_CERTIFICATE,
)
