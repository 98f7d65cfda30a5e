"""Messages by their ASN.1 names, for tests that go through many types."""

from __future__ import annotations

from typing import Any, cast

from euicc_sim.asn1 import codec, esipa
from euicc_sim.asn1.wire import VERSIONS, WIRE_1_2, Wire


class ByName:
    """The types of a wire as vectors and parametrized tests name them."""

    def __init__(self, wire: Wire) -> None:
        self.types = wire.types

    def decode(self, name: str, data: bytes) -> Any:
        return codec.decode(self.types[name], data)

    def read_keeping(self, name: str, data: bytes) -> Any:
        return codec.read_keeping(self.types[name], data)

    def encode(self, name: str, value: Any) -> bytes:
        return codec.encode(self.types[name], value)

    def alternative(self, name: str, data: bytes) -> str | None:
        return codec.alternative(self.types[name], data)


V1_2, V1_3 = ByName(WIRE_1_2), ByName(VERSIONS["1.3"])


def to_eim(name: str, value: Any) -> bytes:
    """A message of an IPA."""
    return esipa.to_eim(cast("Any", (name, value)))


def to_ipa(name: str, value: Any) -> bytes:
    """A message of an eIM."""
    return esipa.to_ipa(cast("Any", (name, value)))
