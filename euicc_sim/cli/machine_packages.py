"""Profile packages as `--json` prints them."""

from __future__ import annotations

from typing import Self

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.cli.machine import Iccid, Output
from euicc_sim.formats.saip import PackageError, elements, examine


class ElementOutput(Output):
    """One Profile Element; `tag` is hexadecimal, `size` in bytes with tag and length."""

    name: str
    tag: str
    identification: int | None
    mandated: bool
    size: int


class PackageOutput(Output):
    """An unprotected profile package; what its header says is null if this card refuses it."""

    iccid: Iccid | None
    profile_type: str | None
    version: str | None
    connectivity: bytes | None
    size: int
    refused: str | None
    elements: list[ElementOutput]

    @classmethod
    def of(cls, package: bytes) -> Self:
        """For programs. Raises PackageError if it cannot be read."""
        found, refused = None, None
        row = elements(package)
        try:
            found = examine(package)
        except PackageError as error:
            refused = f"{error}; PEStatus {error.status}"
        return cls(
            iccid=None if found is None else iccid_digits(found.iccid),
            profile_type=None if found is None else found.profile_type,
            version=None if found is None else ".".join(map(str, found.version)),
            connectivity=None if found is None else found.connectivity,
            size=len(package),
            refused=refused,
            elements=[
                ElementOutput(
                    name=one.name,
                    tag=f"{one.tag:X}",
                    identification=one.identification,
                    mandated=one.mandated,
                    size=one.size,
                )
                for one in row
            ],
        )
