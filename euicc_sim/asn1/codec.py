"""Converts bytes to values and back, for types declared with pyasn1.

The types are pyasn1's; the decoder is our own, since a card needs what pyasn1's decoder does not
do: refuse indefinite lengths, skip unknown fields of a later version, return parts exactly as
received, and be fast. Knows types, not what a message is for.

Values are plain: INTEGER is int, but a result code (`codes`) is its name, or an UnknownCode if it
has none; OCTET STRING is bytes, UTF8String str, BOOLEAN bool, NULL None, OBJECT IDENTIFIER
"2.999.10", BIT STRING the frozenset of the set bits, SEQUENCE a dict of the fields present,
SEQUENCE OF a list, CHOICE (name, value). A type with `kept_whole = True` is the bytes of its object
under its own universal tag, one with `kept_as_is = True` the bytes as received;
`items_kept_as_is` is the same for the elements of a list.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Generic, Literal, NamedTuple, TypeVar, cast

from pyasn1.type import char, univ

from apdu.tlv import Tlv, TlvError, read, whole
from euicc_sim.asn1.deviations import Deviations
from euicc_sim.asn1.nodes import UNKNOWN, Choice, Primitive, Sequence, Unknown, node_of
from euicc_sim.asn1.primitives import Asn1Error
from euicc_sim.asn1.types import Prepared, Type

__all__ = [
    "UNKNOWN",
    "Asn1Error",
    "Extent",
    "Message",
    "Prepared",
    "Unknown",
    "alternative",
    "decode",
    "decode_at",
    "encode",
    "extent_of",
    "message",
    "read_keeping",
]

V = TypeVar("V")
A = TypeVar("A")


class Message(Generic[V]):
    """A type in one version of the standard: decodes and encodes values of type V.

    All methods raise Asn1Error for anything that is not of the type.
    """

    __slots__ = ("_node", "spec")

    def __init__(self, spec: Any) -> None:
        """`spec` is the pyasn1 type, an instance."""
        self.spec = spec
        self._node = node_of(spec)

    def decode(self, data: bytes, seen: Deviations | None = None) -> V:
        """Decode the single object in `data`; unknown fields are skipped.

        With `seen`, more is understood than is right, and everything wrong is noted there.
        """
        return cast("V", decode(self.spec, data, seen))

    def read_keeping(self, data: bytes) -> V:
        """The same for answers of a later version; see `codec.read_keeping`.

        Any CHOICE in it may have an alternative that is not in V, an Unknown.
        """
        return cast("V", read_keeping(self.spec, data))

    def decode_at(self, data: bytes, item: Tlv, seen: Deviations | None = None) -> V:
        """Decode an object inside a larger buffer; see `decode`."""
        return cast("V", decode_at(self.spec, data, item, seen))

    def encode(self, value: V) -> bytes:
        """Write DER."""
        return self._node.encode(value)

    def known(self, value: V, only: Container[str] | None = None) -> V:
        """Drop the fields that this version's SEQUENCE does not have, or that are not in `only`."""
        node = self._node
        if not isinstance(node, Sequence) or not isinstance(value, dict):
            raise TypeError(f"{node.name} has no fields")
        names = {name for name, _, _ in node.fields if only is None or name in only}
        return cast("V", {name: one for name, one in value.items() if name in names})

    def alternative(self, data: bytes) -> str | None:
        """The alternative of this CHOICE that `data` begins with, None if there is none."""
        return alternative(self.spec, data)

    def decode_alternative(
        self, name: str, _: type[Type[A]], data: bytes, seen: Deviations | None = None
    ) -> A:
        """Decode `data` as the alternative of that name and type; see `decode`."""
        node = self._node
        if not isinstance(node, Choice) or name not in node.alternatives:
            raise TypeError(f"{node.name} has no alternative {name}")
        return cast("A", decode(node.alternatives[name].spec, data, seen))


_messages: dict[type[Type[Any]], Message[Any]] = {}


def message(of: type[Type[V]]) -> Message[V]:
    """The message of a type as declared, independent of a card's version."""
    found = _messages.get(of)
    if found is None:
        found = _messages[of] = Message(of())
    return found


def decode(spec: Any, data: bytes, seen: Deviations | None = None) -> Any:
    """Decode the single object in `data`; unknown fields are skipped. Raises Asn1Error.

    With `seen`, more is understood than is right, and everything wrong is noted there.
    """
    try:
        item = whole(data)
    except TlvError as error:
        raise Asn1Error(str(error)) from error
    return decode_at(spec, data, item, seen)


def decode_at(spec: Any, data: bytes, item: Tlv, seen: Deviations | None = None) -> Any:
    """Decode an object inside a larger buffer; see `decode`."""
    node = node_of(spec)
    if seen is not None:
        item = seen.header(data, item)
    if item.tag not in node.tags:
        raise Asn1Error(f"{node.name} cannot begin with tag {item.tag:X}")
    try:
        return node.decode(data, item, seen)
    except TlvError as error:
        raise Asn1Error(f"{node.name}: {error}") from error


def read_keeping(spec: Any, data: bytes) -> Any:
    """Like `decode`, for answers of a later version: an unknown alternative is Unknown.

    Unknown elements of a list are skipped, like unknown fields of a SEQUENCE.
    """
    node = node_of(spec, keeping=True)
    try:
        item = whole(data)
        if item.tag not in node.tags and not node.keeps_unknown:
            raise Asn1Error(f"{node.name} cannot begin with tag {item.tag:X}")
        return node.decode(data, item)
    except TlvError as error:
        raise Asn1Error(f"{node.name}: {error}") from error


def encode(spec: Any, value: Any) -> bytes:
    """Encode as DER. Raises Asn1Error if the value does not fit the type."""
    return node_of(spec).encode(value)


def alternative(spec: Any, data: bytes) -> str | None:
    """The alternative of an untagged CHOICE that `data` begins with, None if there is none."""
    node = node_of(spec)
    try:
        tag = read(data).tag
    except TlvError:
        return None
    found = node.by_tag.get(tag) if isinstance(node, Choice) else None
    return found[0] if found else None


class Extent(NamedTuple):
    """What a simple field holds, and the least and most of it; `most` is None without a limit."""

    of: Literal["octets", "characters", "numbers"]
    least: int
    most: int | None


def extent_of(sequence: type[Type[Any]], name: str) -> Extent:
    """The extent of a SEQUENCE's field that is a string or an OBJECT IDENTIFIER.

    Raises TypeError when there is no such field.
    """
    node = node_of(sequence.root())
    fields = node.fields if isinstance(node, Sequence) else []
    found = next((field for known, field, _ in fields if known == name), None)
    if not isinstance(found, Primitive):
        raise TypeError(f"{node.name} has no string {name}")
    if isinstance(found.spec, univ.ObjectIdentifier):
        return Extent("numbers", 2, None)
    of: Literal["octets", "characters"] = "octets"
    if isinstance(found.spec, char.UTF8String):
        of = "characters"
    least = max((low for low, _ in found.sizes), default=0)
    return Extent(of, least, min((high for _, high in found.sizes), default=None))
