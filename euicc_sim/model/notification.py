"""What waits for the IPA to fetch: results of eUICC Packages, and Notifications."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PackageResult:
    """A stored eUICC Package Result: its number, for whom it is, the BF51 object as signed."""

    seq_number: int
    eim_id: str
    signed: bytes


@dataclass(frozen=True, slots=True)
class Notification:
    """A pending Notification: bit numbers of its event, address, ICCID, the object as signed."""

    seq_number: int
    events: frozenset[int]
    address: str
    iccid: bytes | None
    signed: bytes
