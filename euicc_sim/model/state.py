"""Everything a card keeps through resets and power loss, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from euicc_sim.model.eim import Eim
from euicc_sim.model.notification import Notification, PackageResult


@dataclass(frozen=True, slots=True)
class Limits:
    """Room on the card: eIMs it can hold, package results it keeps (the oldest goes first)."""

    eims: int = 16
    results: int = 64


@dataclass(frozen=True, slots=True)
class ImmediateEnable:
    """The immediate-enable configuration (SGP.32 clause 3.4.4)."""

    enabled: bool = False
    smdp_oid: str | None = None
    smdp_address: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The persistent state.

    `next_seq` numbers Notifications and package results alike and never goes back; neither does
    `next_token`, which numbers association tokens over the whole life of the card.
    """

    eims: tuple[Eim, ...] = ()
    results: tuple[PackageResult, ...] = ()
    notifications: tuple[Notification, ...] = ()
    next_seq: int = 1
    next_token: int = 1
    default_dp_address: str = ""
    immediate_enable: ImmediateEnable = field(default_factory=ImmediateEnable)

    def find_eim(self, eim_id: str) -> Eim | None:
        """The eIM of that eimId, compared byte for byte."""
        return next((one for one in self.eims if one.eim_id == eim_id), None)

    def with_eim(self, eim: Eim) -> Self:
        """With `eim` in place of the one of its eimId, or after all others."""
        if self.find_eim(eim.eim_id) is None:
            return replace(self, eims=(*self.eims, eim))
        return replace(
            self, eims=tuple(eim if one.eim_id == eim.eim_id else one for one in self.eims)
        )

    def without_eim(self, eim_id: str) -> Self:
        """Without that eIM; the others, all counters and stored results stay."""
        return replace(self, eims=tuple(one for one in self.eims if one.eim_id != eim_id))

    def with_result(self, result: PackageResult, limits: Limits) -> Self:
        """With one more package result, the oldest dropped when there is no room, number used."""
        kept = (*self.results, result)[-limits.results :]
        return replace(self, results=kept, next_seq=result.seq_number + 1)

    def without_number(self, seq_number: int) -> Self:
        """Without the Notification or package result of that sequence number."""
        return replace(
            self,
            results=tuple(one for one in self.results if one.seq_number != seq_number),
            notifications=tuple(one for one in self.notifications if one.seq_number != seq_number),
        )
