"""SM-DSs and an SM-DP+ in one process, by their addresses, with Profiles that wait there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.smdpp.smdpp import Smdpp
from euicc_sim.parties.smds import Smds
from keys import TestPki
from support.installing import SMDP, order, smdpp

EID = "89049032123451234512345678901235"
ROOT, BELOW = "testrootsmds.example.com", "smds2.example.com"
FIRST, SECOND = "89000123456789012341", "89000123456789012342"
OWNER = "2.999.10"


@dataclass
class Servers:
    """Gives the server at an address: the root SM-DS, one below, or the SM-DP+."""

    pki: Path
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        loaded = TestPki.load(self.pki)
        self.root, self.below = (Smds.of(loaded, address=one) for one in (ROOT, BELOW))
        self.smdpp: Smdpp = smdpp(
            self.pki, order(FIRST, matching_id="CODE-1"), order(SECOND, matching_id="CODE-2")
        )

    def __call__(self, address: str) -> Any:
        """As `Servers`, and for SM-DSs."""
        self.asked.append(address)
        found = {ROOT: self.root, BELOW: self.below, SMDP: self.smdpp}.get(address)
        if found is None:
            raise LpaError(f"{address} does not answer.")
        return found

    def wait(self, event_id: str, at: Smds | None = None, address: str = SMDP) -> None:
        """Let an event wait for the card, by default at the root SM-DS."""
        (at or self.root).register_event(EID, event_id, address, owner=OWNER)
