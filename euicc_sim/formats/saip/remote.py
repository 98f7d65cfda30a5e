"""What a package says about remote management: keys of the MNO-SD, and who may manage files.

PE-SecurityDomain and PE-RFM of the TCA eUICC Profile Package specification v3.3.1. Keys are in
these values: never print one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from euicc_sim.asn1.codec import message
from euicc_sim.asn1.saip.elements import Rfm, SecurityDomain


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A key of a security domain: its type, and its value of 16, 24 or 32 bytes."""

    kind: int
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """An application for remote file management: its TARs (3 bytes each) and what it may do.

    `security` is the minimum security level, one byte like the first of SPI. `access` is the first
    byte of the access domain for the files of the UICC, or for those of the application `aid`.
    """

    tars: tuple[bytes, ...]
    security: int
    access: int
    aid: bytes | None


def remote_keys(element: bytes) -> dict[tuple[int, int], RemoteKey]:
    """The keys of PE-SecurityDomain by version and identifier. Raises Asn1Error."""
    found = {}
    for key in message(SecurityDomain).decode(element).get("keyList", ()):
        component = key["keyComponents"][0]
        version, identifier = key["keyVersionNumber"][0], key["keyIdentifier"][0]
        found[version, identifier] = RemoteKey(component["keyType"][0], component["keyData"])
    return found


def remote_files(element: bytes) -> RemoteFiles:
    """PE-RFM. Raises Asn1Error."""
    value = message(Rfm).decode(element)
    adf = value.get("adfRFMAccess")
    domain = value["uiccAccessDomain"] if adf is None else adf["adfAccessDomain"]
    return RemoteFiles(
        tuple(value.get("tarList", ())),
        value["minimumSecurityLevel"][0],
        domain[0] if domain else _NO_ACCESS,
        None if adf is None else adf["adfAID"],
    )


_NO_ACCESS = 0xFF
"""ETSI TS 102 226 clause 8.2.1.3.2.4.1: no access."""
