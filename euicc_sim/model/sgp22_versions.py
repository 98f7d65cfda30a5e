"""The versions of SGP.22 that a card can be of: what it says of itself and checks in each.

All that differs is in this table. The messages are the same in all versions: what a later one adds
to them is optional, and a card of an earlier one does not send it. Knows no encodings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

ADDITIONAL_PROFILE, TEST_PROFILE = 0, 3
IOT_METADATA, SECURITY_LEVEL_CHECK, TEST_PROFILE_SERVER_CHECK = 26, 27, 28
"""Bits of rspCapability, SGP.22 clause 5.7.8: room for another Profile, test Profiles, and since
v2.7 IoT metadata, the eUICC Minimum Security Level check and the test Profile allow-list check."""

_VERSION = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){1,2}")
_MAX_NUMBER = 0xFF
_ALL = frozenset({ADDITIONAL_PROFILE, TEST_PROFILE})


@dataclass(frozen=True, slots=True)
class Sgp22Version:
    """One version: its name, and the bits of rspCapability of a card that has room.

    `iot_capability` are bits that a card of SGP.32 v1.3 has in addition.
    """

    name: str
    rsp_capability: frozenset[int] = _ALL
    iot_capability: frozenset[int] = frozenset()

    @property
    def svn(self) -> bytes:
        """The number on the wire, 3 bytes."""
        return version_bytes(self.name)

    @property
    def checks_security_level(self) -> bool:
        """Whether the card has an euiccMinimumSecurityLevel, and holds Profiles against it."""
        return SECURITY_LEVEL_CHECK in self.rsp_capability

    @property
    def checks_test_profile_servers(self) -> bool:
        """Whether the card can have a list of the servers that test Profiles may come from."""
        return TEST_PROFILE_SERVER_CHECK in self.rsp_capability


def version_bytes(name: str) -> bytes:
    """The three bytes of a version, such as 020601 for 2.6.1 and 020500 for 2.5.

    Raises ValueError if it is not two or three numbers up to 255.
    """
    if not _VERSION.fullmatch(name) or max(numbers := [*map(int, name.split("."))]) > _MAX_NUMBER:
        raise ValueError(f"{name[:40]!r} is not a version")
    return bytes(numbers).ljust(3, b"\0")


_VERSIONS = (  # the oldest first
    Sgp22Version("2.5"),
    Sgp22Version("2.6.1"),
    Sgp22Version(
        "2.7",
        _ALL | {SECURITY_LEVEL_CHECK, TEST_PROFILE_SERVER_CHECK},
        frozenset({IOT_METADATA}),
    ),
)
SGP22_VERSIONS: Mapping[str, Sgp22Version] = {one.name: one for one in _VERSIONS}
"""All versions, by name."""

_OLDEST = SGP22_VERSIONS["2.5"]
_BELOW = {"1.3": SGP22_VERSIONS["2.7"]}


def sgp22_below(sgp32: str | None) -> Sgp22Version:
    """The version of SGP.22 that a version of SGP.32 builds on; v2.5 for a card without SGP.32."""
    return _OLDEST if sgp32 is None else _BELOW.get(sgp32, _OLDEST)
