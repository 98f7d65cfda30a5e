"""Profile packages of the TCA eUICC Profile Package specification v3.3.1.

`package` reads a package as a series of Profile Elements, and says whether a card can install it;
`tree` makes of them the files, codes and keys of a SIM, from the `templates` of the standard.
A refusal is a PackageError with the status of the standard and the element concerned.
"""

from euicc_sim.asn1.saip.names import PEStatus
from euicc_sim.formats.saip.package import (
    HEADER,
    NAMES,
    Element,
    Facts,
    PackageError,
    check_accepted,
    elements,
    examine,
    response,
)
from euicc_sim.formats.saip.remote import RemoteFiles, RemoteKey
from euicc_sim.formats.saip.templates import Kind
from euicc_sim.formats.saip.tree import (
    AkaParameters,
    File,
    Pin,
    Puk,
    SimContents,
    contents_of,
)

__all__ = [
    "HEADER",
    "NAMES",
    "AkaParameters",
    "Element",
    "Facts",
    "File",
    "Kind",
    "PEStatus",
    "PackageError",
    "Pin",
    "Puk",
    "RemoteFiles",
    "RemoteKey",
    "SimContents",
    "check_accepted",
    "contents_of",
    "elements",
    "examine",
    "response",
]
