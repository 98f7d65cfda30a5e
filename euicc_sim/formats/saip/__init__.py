"""Profile packages of the TCA eUICC Profile Package specification v3.3.1.

`package` reads a package as a series of Profile Elements, and says whether a card can install it.
A refusal is a PackageError with the status of the standard and the element concerned.
"""

from euicc_sim.formats.saip.package import (
    HEADER,
    NAMES,
    Element,
    Facts,
    PackageError,
    PEStatus,
    elements,
    examine,
    response,
)

__all__ = [
    "HEADER",
    "NAMES",
    "Element",
    "Facts",
    "PEStatus",
    "PackageError",
    "elements",
    "examine",
    "response",
]
