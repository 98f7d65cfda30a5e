"""The wire version of a card: which types its messages have and what a result's signature covers.

A function asks its session's `Wire` for a type by its ASN.1 name, so a further version of SGP.32
is a further `Wire`, and no function changes. Only v1.2 is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apdu import tlv
from apdu.tlv import Tlv
from euicc_sim.asn1 import (
    codec,
    sgp22,
    sgp22_download,
    sgp22_notifications,
    sgp22_package,
    sgp22_profiles,
    sgp32_eim,
    sgp32_functions,
    sgp32_package,
    sgp32_profiles,
)
from euicc_sim.asn1.primitives import write_integer

_MODULES = (
    sgp22,
    sgp22_notifications,
    sgp22_package,
    sgp22_download,
    sgp22_profiles,
    sgp32_profiles,
    sgp32_eim,
    sgp32_package,
    sgp32_functions,
)


SIGNATURE = 0x5F37
"""The tag of every signature, [APPLICATION 55]."""


def token_object(token: int | None) -> bytes:
    """The association-token object that ends what is signed (SGP.32 clause 2.11.1.1).

    84 01 00 when there is no token.
    """
    return tlv(0x84, write_integer(token or 0))


@dataclass(frozen=True, eq=False)
class Wire:
    """One version of SGP.32.

    `version` as people write it; `types` by ASN.1 name, instances ready for the codec (where
    SGP.22 and SGP.32 share a name, SGP.32's; SGP.22's is under "SGP22 name"); `lacks` holds the
    tags of functions that this version does not have; `result_covers_signature` is v1.0's way of
    tying a result to its package.
    """

    version: str
    types: Mapping[str, Any]
    lacks: frozenset[int] = frozenset()
    result_covers_signature: bool = False

    def decode(self, name: str, data: bytes) -> Any:
        """Read `data` as the type of that name; raises Asn1Error."""
        return codec.decode(self.types[name], data)

    def decode_at(self, name: str, data: bytes, item: Tlv) -> Any:
        """Read an object inside a larger buffer as the type of that name; raises Asn1Error."""
        return codec.decode_at(self.types[name], data, item)

    def encode(self, name: str, value: Any) -> bytes:
        """Write a value of the type of that name; raises Asn1Error."""
        return codec.encode(self.types[name], value)

    def alternative(self, name: str, data: bytes) -> str | None:
        """Which alternative of a CHOICE the tag of `data` stands for; None for none."""
        return codec.alternative(self.types[name], data)

    def result_suffix(self, token_object: bytes, eim_signature: bytes) -> bytes:
        """What follows the data in the bytes that sign an eUICC Package Result.

        From v1.1 on the association-token object (clause 2.11.2.1); before, the eimSignature.
        """
        if self.result_covers_signature:
            return tlv(SIGNATURE, eim_signature)
        return token_object


def _types() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in _MODULES:
        for name, one in vars(module).items():
            if not isinstance(one, type):
                continue
            if one.__module__ != module.__name__ or not hasattr(one, "tagSet"):
                continue
            if name in found:
                found[f"SGP22 {name}"] = found[name]
            found[name] = one()
    return found


WIRE_1_2 = Wire("1.2", _types())
"""SGP.32 v1.2 (and v1.1, which does not differ on the card's wire)."""
