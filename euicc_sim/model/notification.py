"""What remains of packages and switches: results and Notifications to fetch, fingerprints."""

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


@dataclass(frozen=True, slots=True)
class RanPackage:
    """What a card remembers of an eUICC Package that ran, even when its eIM is gone.

    The fingerprint (8 bytes) is that of the eIM's signature; the counterValue is the package's, the
    sequence number that of its result.
    """

    fingerprint: bytes
    counter: int
    seq_number: int
