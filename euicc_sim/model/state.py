"""Everything a card keeps across resets and power loss, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from euicc_sim.model.eim import Eim
from euicc_sim.model.notification import Notification, PackageResult
from euicc_sim.model.profile import (
    FIRST_ISDP,
    LAST_ISDP,
    Installation,
    Profile,
    Rollback,
    isdp_aid,
)
from euicc_sim.model.replacing import replace


@dataclass(frozen=True, slots=True)
class Limits:
    """How much fits on the card.

    The most eIMs; the most package results and Notifications (beyond that the oldest is dropped);
    the memory for Profiles, in bytes.
    """

    eims: int = 16
    results: int = 64
    notifications: int = 64
    memory: int = 0x80000


@dataclass(frozen=True, slots=True)
class ImmediateEnable:
    """The immediate-enable configuration (SGP.32 clause 3.4.4)."""

    enabled: bool = False
    smdp_oid: str | None = None
    smdp_address: str | None = None


class Strictness(StrEnum):
    """What a card does with a request that is understood but not in the form of the standard.

    `DEFAULT` serves the wrong forms that a known client sends (`readings.WRONG_FORMS`) and refuses
    all others; `LENIENT` serves them all, `STRICT` none.
    """

    DEFAULT = "default"
    LENIENT = "lenient"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class RefusedElement:
    """A Profile Element that a card refuses at installation: its name, and the PEStatus it gives.

    The names and numbers are those of the TCA eUICC Profile Package specification.
    """

    element: str
    status: int


class SwitchError(ValueError):
    """Switches that a card cannot have: a sentence."""


@dataclass(frozen=True, slots=True)
class Switches:
    """Ways in which a card can be difficult, so that users can see how their software copes.

    `reset_after_switch`: after a change of the enabled Profile, ES10 is 6985 until the next reset.
    `ipad_required`: ES10 is 6985 until TERMINAL CAPABILITY declares an IPAd.
    `toolkit`: after TERMINAL PROFILE, a switch ends with 91XX and REFRESH, and waits for the reset.
    `poll_interval`: so many seconds are requested by POLL INTERVAL after TERMINAL PROFILE; 0: not.
    `toolkit_busy`: a proactive session is in progress, so functions that need one are catBusy.
    `memory_full`: there is no memory left, neither for Profiles nor for eIMs.
    `never_twice`: a package that ran before is a replay even when its eIM's counter began anew.
    `profile_required`: while Profiles are installed and none is enabled, ES10 is 6985, but for the
    functions that enable one.
    `lost_with_channel`: an RSP session ends with its channel, and a download without a result.
    `number_from_zero`: the first Notification or package result has the number 0.
    `standard_isdr_aid`: the ISD-R has its standard AID; `isdr_aids` are further ones, 5 to 16 bytes
    each. `refused_elements`: a Profile with one of them is not installed.
    """

    reset_after_switch: bool = False
    ipad_required: bool = False
    toolkit: bool = True
    poll_interval: int = 0
    toolkit_busy: bool = False
    memory_full: bool = False
    never_twice: bool = False
    profile_required: bool = False
    lost_with_channel: bool = False
    number_from_zero: bool = False
    standard_isdr_aid: bool = True
    isdr_aids: tuple[bytes, ...] = ()
    refused_elements: tuple[RefusedElement, ...] = ()
    strictness: Strictness = Strictness.DEFAULT


@dataclass(frozen=True, slots=True)
class Returns:
    """The Profiles to return to, each the one that was enabled before a switch (ICCIDs).

    `rollback` is what a package authorised. ReturnFromFallback enables `fallback` again,
    DisableEmergencyProfile `emergency`; `test` is enabled again after a test Profile.
    """

    rollback: Rollback | None = None
    fallback: bytes | None = None
    emergency: bytes | None = None
    test: bytes | None = None

    def without(self, iccid: bytes) -> Self:
        """Without any reference to that Profile."""
        return replace(
            self,
            rollback=self.rollback if self.rollback and self.rollback.iccid != iccid else None,
            fallback=None if self.fallback == iccid else self.fallback,
            emergency=None if self.emergency == iccid else self.emergency,
            test=None if self.test == iccid else self.test,
        )


@dataclass(frozen=True, slots=True)
class State:
    """The persistent state.

    `next_seq` numbers both Notifications and package results, `next_token` association tokens;
    neither ever goes back during the life of the card. `fallback_profile` is the ICCID of the
    Profile with the fallback attribute; `installation` is None unless a download is in progress.
    """

    eims: tuple[Eim, ...] = ()
    results: tuple[PackageResult, ...] = ()
    notifications: tuple[Notification, ...] = ()
    next_seq: int = 1
    next_token: int = 1
    default_dp_address: str = ""
    immediate_enable: ImmediateEnable = field(default_factory=ImmediateEnable)
    profiles: tuple[Profile, ...] = ()
    fallback_profile: bytes | None = None
    returns: Returns = field(default_factory=Returns)
    installation: Installation | None = None
    switches: Switches = field(default_factory=Switches)

    def find_eim(self, eim_id: str) -> Eim | None:
        """The eIM with that eimId, compared byte for byte."""
        for one in self.eims:
            if one.eim_id == eim_id:
                return one
        return None

    def with_eim(self, eim: Eim) -> Self:
        """With `eim` in place of the one with the same eimId, or else appended."""
        for at, one in enumerate(self.eims):
            if one.eim_id == eim.eim_id:
                return replace(self, eims=(*self.eims[:at], eim, *self.eims[at + 1 :]))
        return replace(self, eims=(*self.eims, eim))

    def without_eim(self, eim_id: str) -> Self:
        """Without that eIM; everything else stays, including its stored results."""
        return replace(self, eims=tuple(one for one in self.eims if one.eim_id != eim_id))

    def with_result(self, result: PackageResult, limits: Limits) -> Self:
        """With one more package result, whose number is now used; drops the oldest if need be."""
        kept = (*self.results, result)[-limits.results :]
        return replace(self, results=kept, next_seq=result.seq_number + 1)

    def with_notification(self, one: Notification, limits: Limits) -> Self:
        """With one more Notification, whose number is now used; drops the oldest if need be."""
        kept = (*self.notifications, one)[-limits.notifications :]
        return replace(self, notifications=kept, next_seq=one.seq_number + 1)

    def without_number(self, seq_number: int) -> Self:
        """Without the Notification or package result that has that sequence number."""
        return replace(
            self,
            results=tuple(one for one in self.results if one.seq_number != seq_number),
            notifications=tuple(one for one in self.notifications if one.seq_number != seq_number),
        )

    @property
    def enabled(self) -> Profile | None:
        """The enabled Profile; at most one is enabled."""
        for one in self.profiles:
            if one.enabled:
                return one
        return None

    @property
    def enabled_iccid(self) -> bytes | None:
        """Its ICCID, 10 bytes."""
        enabled = self.enabled
        return None if enabled is None else enabled.iccid

    @property
    def emergency_active(self) -> bool:
        """Whether the Emergency Profile is the enabled one."""
        enabled = self.enabled
        return enabled is not None and enabled.is_emergency

    def find_profile(self, iccid: bytes | None) -> Profile | None:
        """The Profile with that ICCID (10 bytes)."""
        return next((one for one in self.profiles if one.iccid == iccid), None)

    def with_profile(self, profile: Profile) -> Self:
        """With `profile` in place of the one with the same ICCID, or else appended."""
        if self.find_profile(profile.iccid) is None:
            return replace(self, profiles=(*self.profiles, profile))
        return replace(
            self,
            profiles=tuple(profile if one.iccid == profile.iccid else one for one in self.profiles),
        )

    def without_profile(self, iccid: bytes) -> Self:
        """Without that Profile and every reference to it."""
        return replace(
            self,
            profiles=tuple(one for one in self.profiles if one.iccid != iccid),
            fallback_profile=None if self.fallback_profile == iccid else self.fallback_profile,
            returns=self.returns.without(iccid),
        )

    def with_enabled(self, iccid: bytes | None) -> Self:
        """With that Profile enabled and all others disabled; None disables all."""
        return replace(
            self,
            profiles=tuple(
                one
                if one.enabled == (one.iccid == iccid)
                else replace(one, enabled=not one.enabled)
                for one in self.profiles
            ),
        )

    def with_switches(self, switches: Switches) -> Self:
        """With those switches. Raises SwitchError for some that the card cannot have (now).

        No number is given twice: numbers begin at 0 only where none was given, and a card that has
        given 0 and nothing else goes on with 2 once the switch is off.
        """
        if not (switches.standard_isdr_aid or switches.isdr_aids):
            raise SwitchError("without its standard AID the ISD-R needs another one")
        first = self.next_seq
        if switches.number_from_zero and not self.switches.number_from_zero:
            if first > 1:
                raise SwitchError(
                    f"this card has given the number {first - 1} already; numbers begin at 0 on a "
                    "new card only"
                )
            first = 0
        elif self.switches.number_from_zero and not switches.number_from_zero:
            first = first if first > 1 else first + 1
        return replace(self, switches=switches, next_seq=first)

    def free_memory(self, limits: Limits) -> int:
        """The memory left for Profiles, in bytes."""
        if self.switches.memory_full:
            return 0
        return max(0, limits.memory - sum(one.size for one in self.profiles))

    def free_aid(self) -> bytes | None:
        """The first unused AID of an ISD-P; None when all are used."""
        used = {one.aid for one in self.profiles}
        numbers = range(FIRST_ISDP, LAST_ISDP + 1)
        return next((aid for aid in map(isdp_aid, numbers) if aid not in used), None)
