"""The wire version of a card: which types its messages have and what a result's signature covers.

A function asks its session's `Wire` for a type by its ASN.1 name, so a further version of SGP.32
is a further `Wire`, and few functions know of versions at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from apdu import tlv
from apdu.tlv import Tlv
from euicc_sim.asn1 import codec
from euicc_sim.asn1.primitives import write_integer
from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22 import download as sgp22_download
from euicc_sim.asn1.sgp22 import notifications as sgp22_notifications
from euicc_sim.asn1.sgp22 import packages as sgp22_package
from euicc_sim.asn1.sgp22 import profiles as sgp22_profiles
from euicc_sim.asn1.sgp32 import eims as sgp32_eim
from euicc_sim.asn1.sgp32 import functions as sgp32_functions
from euicc_sim.asn1.sgp32 import packages as sgp32_package
from euicc_sim.asn1.sgp32 import profiles as sgp32_profiles
from euicc_sim.asn1.sgp32 import v1_0 as sgp32_v1_0
from euicc_sim.asn1.sgp32 import v1_0_functions as sgp32_functions_v1_0
from euicc_sim.asn1.sgp32 import v1_0_packages as sgp32_package_v1_0
from euicc_sim.asn1.sgp32 import v1_3 as sgp32_v1_3

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


_SGP22 = "SGP22 "
_RESET = ("EuiccMemoryResetRequest", "EuiccMemoryResetResponse")

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
    tying a result to its package; `iot` is False where there is nothing of SGP.32.
    """

    version: str
    types: Mapping[str, Any]
    lacks: frozenset[int] = frozenset()
    result_covers_signature: bool = False
    iot: bool = True

    def since(self, version: str) -> bool:
        """Whether this is that version of SGP.32 or a later one."""
        return _numbers(self.version) >= _numbers(version)

    def known(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """The fields of a value that this version's SEQUENCE of that name has."""
        named = self.types[name].componentType
        return {field: one for field, one in value.items() if field in named}

    def decode(self, name: str, data: bytes) -> Any:
        """Read `data` as the type of that name; raises Asn1Error."""
        return codec.decode(self.types[name], data)

    def read_keeping(self, name: str, data: bytes) -> Any:
        """As `decode`, but an alternative that is not known is `codec.Unknown`."""
        return codec.read_keeping(self.types[name], data)

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


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _own(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The types that a module declares, by name."""
    for name, one in vars(module).items():
        if isinstance(one, type) and one.__module__ == module.__name__ and hasattr(one, "tagSet"):
            yield name, one()


def _types() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in _MODULES:
        for name, one in _own(module):
            if name in found:
                found[f"{_SGP22}{name}"] = found[name]
            found[name] = one
    return found


def _with(types: Mapping[str, Any], *modules: ModuleType) -> dict[str, Any]:
    """With the types that another version declares anew."""
    return {**types, **{name: one for module in modules for name, one in _own(module)}}


def _v1_0(types: Mapping[str, Any]) -> dict[str, Any]:
    """Before v1.1 the memory reset had SGP.22's tag, so it is in that one's place."""
    found = _with(types, sgp32_v1_0, sgp32_package_v1_0, sgp32_functions_v1_0)
    own = {f"{_SGP22}{name}": found[name] for name in _RESET}
    return {**found, **own, **{name: types[name] for name in _RESET}}


def _consumer(types: Mapping[str, Any]) -> dict[str, Any]:
    """Where both have a type of one name, SGP.22's."""
    own = {name.removeprefix(_SGP22): one for name, one in types.items() if name.startswith(_SGP22)}
    return {**types, **own}


_ES10C = frozenset({0xBF29, 0xBF31, 0xBF32, 0xBF33, 0xBF34, 0xBF3F})
"""Functions by which an LPA manages Profiles, which SGP.32 does not have."""
_IOT = frozenset({0xBF51, *range(0xBF55, 0xBF60), 0xBF64, 0xBF65})
"""Functions of SGP.32 that SGP.22 does not have."""
_SINCE_1_1 = frozenset({*range(0xBF5B, 0xBF60), 0xBF64, 0xBF65})
"""Functions that SGP.32 v1.0 does not have."""

WIRE_1_2 = Wire("1.2", _types())
"""SGP.32 v1.2 and the functions of an LPA."""
WIRE_CONSUMER = replace(WIRE_1_2, types=_consumer(WIRE_1_2.types), lacks=_IOT, iot=False)
"""SGP.22 v2.5 alone."""

VERSIONS: Mapping[str, Wire] = {
    "1.0.1": Wire(
        "1.0.1",
        _v1_0(WIRE_1_2.types),
        lacks=_SINCE_1_1,
        result_covers_signature=True,
    ),
    "1.1": replace(WIRE_1_2, version="1.1"),
    "1.2": WIRE_1_2,
    "1.3": replace(WIRE_1_2, version="1.3", types=_with(WIRE_1_2.types, sgp32_v1_3)),
}
"""The versions of SGP.32 that a card may speak."""


def _strict(wire: Wire) -> Wire:
    """Without what only SGP.22 has; the memory reset of v1.0 is SGP.32's own."""
    own = _ES10C if wire.since("1.1") else _ES10C - {0xBF34}
    return replace(wire, lacks=wire.lacks | own)


_STRICT = {name: _strict(wire) for name, wire in VERSIONS.items()}


def wire_of(version: str, *, iot: bool = True, strict: bool = False) -> Wire:
    """The wire of a card: a version of SGP.32, or SGP.22's where it is none of the IoT.

    A strict card has no functions of SGP.22 that SGP.32 lacks. Raises KeyError for other versions.
    """
    if not iot:
        return WIRE_CONSUMER
    return (_STRICT if strict else VERSIONS)[version]
