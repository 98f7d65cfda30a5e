"""Bytes to values and back, for types that are declared with pyasn1.

The types are pyasn1's; the reading is our own, since a card must do what pyasn1's decoder does
not: refuse indefinite lengths, skip the unknown fields of a later version, hand out parts exactly
as they were received, and be quick. Knows types; not what a message is for.

Values are plain: INTEGER is int, but a result code (`codes`) its name, or an UnknownCode when it
has none; OCTET STRING bytes, UTF8String str, BOOLEAN bool, NULL None, OBJECT IDENTIFIER
"2.999.10", BIT STRING the frozenset of the bits that are set, SEQUENCE a dict of the fields that
are there, SEQUENCE OF a list, CHOICE (name, value). A type with `kept_whole = True` is the bytes
of its object under its own universal tag, and one with `kept_as_is = True` the bytes as received;
`items_kept_as_is` says so of a list's elements.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Generic, TypeVar, cast

from apdu.tlv import Tlv, TlvError, read, whole
from euicc_sim.asn1.nodes import UNKNOWN, Choice, Sequence, Unknown, node_of
from euicc_sim.asn1.primitives import Asn1Error
from euicc_sim.asn1.types import Prepared, Type

__all__ = [
    "UNKNOWN",
    "Asn1Error",
    "Message",
    "Prepared",
    "Unknown",
    "alternative",
    "decode",
    "decode_at",
    "encode",
    "message",
    "read_keeping",
]

V = TypeVar("V")
A = TypeVar("A")


class Message(Generic[V]):
    """A type, as one version of the standard has it: reads and writes values that are V.

    All methods raise Asn1Error for what is not of the type.
    """

    __slots__ = ("_node", "spec")

    def __init__(self, spec: Any) -> None:
        """`spec` is the pyasn1 type, an instance."""
        self.spec = spec
        self._node = node_of(spec)

    def decode(self, data: bytes) -> V:
        """Read the one object that `data` is; unknown fields are skipped."""
        return cast("V", decode(self.spec, data))

    def read_keeping(self, data: bytes) -> V:
        """The same for answers of a later version: see `codec.read_keeping`.

        An alternative that V does not have may be in it, an Unknown, wherever there is a CHOICE.
        """
        return cast("V", read_keeping(self.spec, data))

    def decode_at(self, data: bytes, item: Tlv) -> V:
        """Read an object inside a larger buffer; see `decode`."""
        return cast("V", decode_at(self.spec, data, item))

    def encode(self, value: V) -> bytes:
        """Write DER."""
        return self._node.encode(value)

    def known(self, value: V, only: Container[str] | None = None) -> V:
        """Without the fields that this version's SEQUENCE does not have, or with these alone."""
        node = self._node
        if not isinstance(node, Sequence) or not isinstance(value, dict):
            raise TypeError(f"{node.name} has no fields")
        names = {name for name, _, _ in node.fields if only is None or name in only}
        return cast("V", {name: one for name, one in value.items() if name in names})

    def alternative(self, data: bytes) -> str | None:
        """Which alternative of this CHOICE `data` begins; None when it begins none."""
        return alternative(self.spec, data)

    def decode_alternative(self, name: str, _: type[Type[A]], data: bytes) -> A:
        """The value that `data` has as the alternative of that name, which is of that type."""
        node = self._node
        if not isinstance(node, Choice) or name not in node.alternatives:
            raise TypeError(f"{node.name} has no alternative {name}")
        return cast("A", decode(node.alternatives[name].spec, data))


_messages: dict[type[Type[Any]], Message[Any]] = {}


def message(of: type[Type[V]]) -> Message[V]:
    """The message of a type as it is declared, where no card's version says otherwise."""
    found = _messages.get(of)
    if found is None:
        found = _messages[of] = Message(of())
    return found


def decode(spec: Any, data: bytes) -> Any:
    """Read the one object that `data` is. Raises Asn1Error; unknown fields are skipped."""
    try:
        item = whole(data)
    except TlvError as error:
        raise Asn1Error(str(error)) from error
    return decode_at(spec, data, item)


def decode_at(spec: Any, data: bytes, item: Tlv) -> Any:
    """Read an object inside a larger buffer; see `decode`."""
    node = node_of(spec)
    if item.tag not in node.tags:
        raise Asn1Error(f"{node.name} cannot begin with tag {item.tag:X}")
    try:
        return node.decode(data, item)
    except TlvError as error:
        raise Asn1Error(f"{node.name}: {error}") from error


def read_keeping(spec: Any, data: bytes) -> Any:
    """As `decode`, for answers of a later version: an alternative that is not known is Unknown.

    Elements that a list cannot have are passed over, as unknown fields of a SEQUENCE are.
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
    """Write DER. Raises Asn1Error when the value does not fit the type."""
    return node_of(spec).encode(value)


def alternative(spec: Any, data: bytes) -> str | None:
    """Which alternative of an untagged CHOICE `data` begins; None when it begins none."""
    node = node_of(spec)
    try:
        tag = read(data).tag
    except TlvError:
        return None
    found = node.by_tag.get(tag) if isinstance(node, Choice) else None
    return found[0] if found else None
