"""What the IPA has yet to fetch: eUICC Package Results and Notifications."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PackageResult:
    """A stored eUICC Package Result: sequence number, the eIM it is for, the signed BF51 object."""

    seq_number: int
    eim_id: str
    signed: bytes


@dataclass(frozen=True, slots=True)
class Notification:
    """A pending Notification: bit numbers of its event, address, ICCID, the signed object."""

    seq_number: int
    events: frozenset[int]
    address: str
    iccid: bytes | None
    signed: bytes
