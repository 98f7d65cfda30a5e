"""An SM-DS as one SM-DP+ reaches it, without a network; it can be away."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event

from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.smds import Smds

OWNER = "2.999.10"


@dataclass
class Registry:
    """The `EventRegistry` of an SM-DS. `told` is set after each call that it took."""

    smds: Smds
    away: bool = False
    calls: list[tuple[str, ...]] = field(default_factory=list)
    told: Event = field(default_factory=Event)

    def __call__(self, address: str) -> Registry:
        """As `Registries`."""
        self.calls.append(("contacted", address))
        return self

    def register_event(self, eid: str, event_id: str, address: str, *, forward: bool) -> None:
        """ES12.RegisterEvent."""
        self._reached()
        self.smds.register_event(eid, event_id, address, owner=OWNER, forward=forward)
        self.told.set()

    def delete_event(self, eid: str, event_id: str) -> None:
        """ES12.DeleteEvent."""
        self._reached()
        self.smds.delete_event(eid, event_id, owner=OWNER)
        self.told.set()

    @property
    def events(self) -> list[tuple[str, str, str]]:
        """EID, EventID and address of each."""
        return [(one.eid, one.event_id, one.address) for one in self.smds.events]

    def _reached(self) -> None:
        if self.away:
            raise LpaError("https://smds.example.com does not answer.")
