"""What an IPA tells its eIM of a changed Profile (SGP.32 v1.2 clause 6.3.2.6, notifyStateChange).

An eIM knows which Profile is enabled from the results of its own packages. What changes it
otherwise (another eIM, fallback, emergency, the device) it learns from the next GetEimPackage: the
IPA compares the card with what it remembers that this eIM knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec
from msgspec import field

from euicc_sim.asn1.esipa.functions import GetEimPackageRequestValue, StateChangeCauseName
from euicc_sim.parties.ipa.es10b import IpaCard
from euicc_sim.parties.lpa.es10_messages import ProfileInfo
from euicc_sim.parties.messages.package_results import PackageAnswer

SWITCHES = ("enable", "disable", "rollback")
"""The operations of a package that change the enabled Profile."""


class _Part(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """The common settings of what is remembered."""


class Told(_Part, kw_only=True, frozen=True):
    """What an eIM knows: the ICCID of the enabled Profile, None if there is none.

    `result` is the number of the last package result that said so.
    """

    enabled: str | None = None
    result: int | None = None


class Switch(_Part, kw_only=True, frozen=True):
    """The last change that this IPA made itself: to what, and by whose package.

    Without an `eim` it was ImmediateEnable.
    """

    enabled: str | None = None
    eim: str | None = None


class Remembered(_Part, kw_only=True, frozen=True):
    """What is remembered of one card: of each eIM by its eimId, and the last change of its own."""

    told: dict[str, Told] = field(default_factory=dict)
    last: Switch | None = None


class Memory(Protocol):
    """Keeps what is remembered, by EID."""

    def read(self, eid: str) -> Remembered:
        """What is remembered of a card, possibly nothing. Raises LpaError."""
        ...

    def change(self, eid: str, change: Callable[[Remembered], Remembered]) -> None:
        """Change it; on the disk when this returns, if there is a file. Raises LpaError."""
        ...


class ShortMemory:
    """A `Memory` that lasts as long as the process."""

    def __init__(self) -> None:
        self._cards: dict[str, Remembered] = {}

    def read(self, eid: str) -> Remembered:
        """What is remembered of a card."""
        return self._cards.get(eid) or Remembered()

    def change(self, eid: str, change: Callable[[Remembered], Remembered]) -> None:
        """Change it."""
        self._cards[eid] = change(self.read(eid))


@dataclass(frozen=True, slots=True)
class Notice:
    """A change that an eIM is to be told of: why, and which Profile is enabled now."""

    cause: StateChangeCauseName
    enabled: str | None


@dataclass
class StateChanges:
    """Compares a card with what one eIM knows of it; without a `memory` it knows nothing.

    `network` returns the PLMN identity of the network that the device is in, three bytes as in
    3GPP TS 24.008 clause 10.5.1.3, or None.
    """

    card: IpaCard
    memory: Memory | None = None
    network: Callable[[], bytes | None] = lambda: None

    def packaged(self, eid: str, eim_id: str, found: PackageAnswer) -> None:
        """A package of this eIM was executed: the eIM gets its result, and so knows."""
        if self.memory is None or found.seq_number is None:
            return
        if not switched(found):
            return
        enabled, number = self._enabled(), found.seq_number
        told, switch = Told(enabled=enabled, result=number), Switch(enabled=enabled, eim=eim_id)
        self.memory.change(
            eid, lambda old: Remembered(told={**old.told, eim_id: told}, last=switch)
        )

    def delivered(self, eid: str, eim_id: str, found: PackageAnswer) -> None:
        """A result that was still on the card was delivered.

        If the IPA ended before it could remember the package, it does so now.
        """
        if self.memory is None or found.seq_number is None:
            return
        told = self.memory.read(eid).told.get(eim_id)
        if told is not None and (told.result is None or told.result < found.seq_number):
            self.packaged(eid, eim_id, found)

    def immediately_enabled(self, eid: str) -> None:
        """The card has enabled a Profile by ImmediateEnable; no eIM knows yet."""
        if self.memory is None:
            return
        switch = Switch(enabled=self._enabled())
        self.memory.change(eid, lambda old: Remembered(told=old.told, last=switch))

    def notice(self, eid: str, eim_id: str) -> Notice | None:
        """What this eIM is to be told; an eIM of which nothing is remembered is told nothing."""
        if self.memory is None:
            return None
        profiles = self.card.profiles()
        enabled = _enabled(profiles)
        remembered = self.memory.read(eid)
        told = remembered.told.get(eim_id)
        if told is None:
            self._remember(eid, eim_id, enabled)
            return None
        if told.enabled == enabled:
            return None
        last = remembered.last
        if last is not None and last.enabled == enabled and last.eim != eim_id:
            return Notice("immediateEnableProfile" if last.eim is None else "otherEim", enabled)
        return Notice(_cause(profiles, told.enabled, enabled), enabled)

    def told(self, eid: str, eim_id: str, notice: Notice) -> None:
        """The eIM has answered a request with that notice."""
        self._remember(eid, eim_id, notice.enabled)

    def add_to(self, asked: GetEimPackageRequestValue, notice: Notice) -> None:
        """Put a notice into a request."""
        asked["notifyStateChange"] = None
        asked["stateChangeCause"] = notice.cause
        network = self.network()
        if network is not None:
            asked["rPLMN"] = network

    def _remember(self, eid: str, eim_id: str, enabled: str | None) -> None:
        if self.memory is None:
            return

        def change(old: Remembered) -> Remembered:
            before = old.told.get(eim_id)
            told = Told(enabled=enabled, result=None if before is None else before.result)
            return Remembered(told={**old.told, eim_id: told}, last=old.last)

        self.memory.change(eid, change)

    def _enabled(self) -> str | None:
        return _enabled(self.card.profiles())


def switched(found: PackageAnswer) -> bool:
    """Whether a package has changed the enabled Profile."""
    return any(one.done and one.name in SWITCHES for one in found.outcomes)


def _enabled(profiles: list[ProfileInfo]) -> str | None:
    return next((one.iccid for one in profiles if one.enabled), None)


def _cause(
    profiles: list[ProfileInfo], before: str | None, now: str | None
) -> StateChangeCauseName:
    """Why the enabled Profile may have changed, from what the card says of the two."""
    if before is not None and all(one.iccid != before for one in profiles):
        return "reset"
    two = [one for one in profiles if one.iccid in (before, now)]
    if any(one.emergency for one in two):
        return "emergencyProfile"
    if any(one.fallback for one in two):
        return "fallback"
    return "local"
