"""Mutual authentication of card and RSP server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from euicc_sim.es10.registry import es10
from euicc_sim.session import Session

CHALLENGE_SIZE = 16


@es10(
    0xBF2E,
    "GetEuiccChallengeRequest",
    "GetEuiccChallengeResponse",
    name="GetEUICCChallenge",
    clause="SGP.22 5.7.7",
)
def get_euicc_challenge(session: Session, _: Any) -> dict[str, bytes]:
    """GetEUICCChallenge, SGP.22 v2.5 clause 5.7.7: a new RSP session begins."""
    challenge = session.env.random(CHALLENGE_SIZE)
    session.volatile = replace(session.volatile, challenge=challenge)
    return {"euiccChallenge": challenge}
