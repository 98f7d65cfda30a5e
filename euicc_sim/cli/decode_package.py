"""Shows an unprotected profile package: what its header says, and the row of its elements."""

from __future__ import annotations

from rich.text import Text

from apdu.tlv import TlvError, read
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.cli.console import console
from euicc_sim.cli.tables import columns, facts, printable
from euicc_sim.formats.saip import HEADER, Element, PackageError, elements, examine

_HEAD = ("", "element", "tag", "id", "mandated", "bytes")


def is_package(data: bytes) -> bool:
    """Whether these bytes begin like a package: a header, then the start of another element."""
    try:
        first = read(data)
    except TlvError:
        return False
    return first.tag == HEADER and first.end < len(data) and data[first.end] & 0xE0 == HEADER


def print_package(package: bytes) -> None:
    """Print it, and whether a card takes it. Raises PackageError for what is no row of elements."""
    row = elements(package)
    try:
        found = examine(package)
    except PackageError as error:
        console.print(Text(f"This card refuses it: {error}; PEStatus {error.status}.", "red"))
    else:
        rows = {
            "ICCID": iccid_digits(found.iccid),
            "profile type": printable(found.profile_type),
            "version": ".".join(map(str, found.version)),
            "connectivity": (found.connectivity or b"").hex().upper(),
            "bytes": str(len(package)),
        }
        console.print(facts({name: value for name, value in rows.items() if value}))
    console.print(columns(_HEAD, map(_row, range(1, len(row) + 1), row), _HEAD))


def _row(number: int, one: Element) -> tuple[str, ...]:
    identification = "" if one.identification is None else str(one.identification)
    mandated = "yes" if one.mandated else ""
    return str(number), one.name, f"{one.tag:X}", identification, mandated, str(one.size)
