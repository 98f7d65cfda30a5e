"""pyasn1 types compiled for decoding and encoding: one node per type, with tags computed once.

Knows the structure of types; `codec` is the interface and describes the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from pyasn1.type import constraint, tag, univ

from apdu.tlv import Tlv, children, read, tlv, whole
from euicc_sim.asn1.primitives import Asn1Error, rule_for
from euicc_sim.asn1.types import Prepared

UNKNOWN: Literal["?"] = "?"


class Unknown(NamedTuple):
    """An alternative that the type does not have: its whole object."""

    name: Literal["?"]
    raw: bytes

    @property
    def tag(self) -> int:
        """The unknown tag."""
        return read(self.raw).tag


_nodes: dict[tuple[int, bool], tuple[Any, Node]] = {}


def node_of(spec: Any, keeping: bool = False) -> Node:
    """The compiled form of a type, cached until the program ends.

    A node that is `keeping` decodes an unknown alternative of a CHOICE as Unknown, and skips
    unknown elements of a list; other nodes refuse both.
    """
    found = _nodes.get((id(spec), keeping))
    if found is None:
        found = _nodes[id(spec), keeping] = (spec, _compile(spec, keeping))
    return found[1]


def tag_number(one: tag.Tag) -> int:
    """A pyasn1 tag as an integer of its bytes."""
    first = one.tagClass | one.tagFormat
    if one.tagId < 0x1F:
        return int(first | one.tagId)
    number, raw = one.tagId >> 7, bytes((one.tagId & 0x7F,))
    while number:
        raw, number = bytes((0x80 | number & 0x7F,)) + raw, number >> 7
    return int.from_bytes(bytes((first | 0x1F,)) + raw)


class Node:
    """A compiled type: the tags it may begin with, decoding and encoding."""

    def __init__(self, spec: Any, tags: Iterable[int]) -> None:
        self.spec = spec
        self.name = type(spec).__name__
        own = tuple(tags)
        self.tag = own[0] if own else 0
        self.tags = frozenset((*own, *getattr(spec, "tolerated_tags", ())))

    def takes(self, number: int) -> bool:
        """Whether an object with this tag may be of the type; ANY accepts every tag."""
        return not self.tags or number in self.tags

    @property
    def keeps_unknown(self) -> bool:
        """Whether an object with an unknown tag is kept."""
        return False

    def decode(self, data: bytes, item: Tlv) -> Any:
        """The value of an object whose tag has been checked."""
        raise NotImplementedError

    def encode(self, value: Any) -> bytes:
        """The object, tag and length included."""
        raise NotImplementedError


class Primitive(Node):
    """A type whose content is one value."""

    def __init__(self, spec: Any, own: int) -> None:
        super().__init__(spec, (own,))
        self.read, self.write = rule_for(spec)
        self.sizes = _sizes(spec)

    def decode(self, data: bytes, item: Tlv) -> Any:
        """Decode the content and check the type's constraints."""
        value = self.read(data[item.value : item.end])
        self.check(value)
        return value

    def encode(self, value: Any) -> bytes:
        """Check the type's constraints and encode the content of a value."""
        if isinstance(value, Prepared):
            return value
        self.check(value)
        return tlv(self.tag, self.write(value))

    def check(self, value: Any) -> None:
        """Raise Asn1Error for a value of an invalid size."""
        for low, high in self.sizes:
            if not low <= len(value) <= high:
                raise Asn1Error(
                    f"{value!r:.60} does not fit {self.name}: its size is not {low} to {high}"
                )


class Whole(Node):
    """A type that is passed on as bytes: under its universal tag, or as received."""

    def __init__(self, spec: Any, own: int | None) -> None:
        """`own` is None for ANY, which has the tag of its content."""
        super().__init__(spec, () if own is None else (own,))
        self.universal = None if own is None else tag_number(type(spec).tagSet.superTags[0])

    def decode(self, data: bytes, item: Tlv) -> bytes:
        """The bytes, under the universal tag unless the type is `kept_as_is`.

        If a tag replaces the universal one, a sender may still add the latter inside.
        """
        if self.universal is None or getattr(self.spec, "kept_as_is", False):
            return data[item.start : item.end]
        content = data[item.value : item.end]
        if self.tag != self.universal:
            inner = children(content)
            if len(inner) == 1 and inner[0].tag == self.universal:
                return content
        return tlv(self.universal, content)

    def encode(self, value: bytes) -> bytes:
        """The bytes with the tag required here."""
        if self.universal is None or self.tag == self.universal:
            return value
        item = whole(value)
        return tlv(self.tag, value[item.value :])


class Explicit(Node):
    """A type inside an explicit tag."""

    def __init__(self, spec: Any, own: int, inner: Node) -> None:
        """If the type has `bare_tolerated`, the outer tag may be missing."""
        bare = inner.tags if getattr(spec, "bare_tolerated", False) else ()
        super().__init__(spec, (own, *bare))
        self.inner = inner

    def decode(self, data: bytes, item: Tlv) -> Any:
        """The value of the single object inside."""
        if item.tag != self.tag:
            return self.inner.decode(data, item)
        inside = read(data, item.value, item.end)
        known = self.inner.takes(inside.tag) or self.inner.keeps_unknown
        if inside.end != item.end or not known:
            raise Asn1Error(f"tag {self.tag:X} does not hold one {self.name}")
        return self.inner.decode(data, inside)

    def encode(self, value: Any) -> bytes:
        """The inner object in its wrapper."""
        return value if isinstance(value, Prepared) else tlv(self.tag, self.inner.encode(value))


class Choice(Node):
    """One of several types, told apart by their tags."""

    def __init__(self, spec: Any, keeping: bool) -> None:
        self.keeping = keeping
        self.alternatives = {
            one.name: node_of(one.asn1Object, keeping) for one in spec.componentType.namedTypes
        }
        self.by_tag = {t: (n, node) for n, node in self.alternatives.items() for t in node.tags}
        super().__init__(spec, self.by_tag)

    @property
    def keeps_unknown(self) -> bool:
        """Whether the whole tree is `keeping`."""
        return self.keeping

    def decode(self, data: bytes, item: Tlv) -> tuple[str, Any]:
        """The alternative's name and its value."""
        if item.tag not in self.by_tag and self.keeping:
            return Unknown(UNKNOWN, data[item.start : item.end])
        name, node = self.by_tag[item.tag]
        return name, node.decode(data, item)

    def encode(self, value: Any) -> bytes:
        """The named alternative."""
        if isinstance(value, Prepared):
            return value
        name, content = value
        if name not in self.alternatives:
            raise Asn1Error(f"{self.name} has no alternative {name}")
        return self.alternatives[name].encode(content)


class SequenceOf(Node):
    """A list of one type."""

    def __init__(self, spec: Any, own: int, keeping: bool) -> None:
        super().__init__(spec, (own,))
        kept = getattr(spec, "items_kept_as_is", False)
        self.item = Whole(spec, None) if kept else node_of(spec.componentType, keeping)
        self.keeping = keeping

    def decode(self, data: bytes, item: Tlv) -> list[Any]:
        """The elements, in order."""
        found = children(data, item.value, item.end)
        if self.keeping and not self.item.keeps_unknown:
            found = [one for one in found if self.item.takes(one.tag)]
        for one in found:
            if not self.item.takes(one.tag) and not self.item.keeps_unknown:
                raise Asn1Error(f"{one.tag:X} is not an element of a list of {self.item.name}")
        return [self.item.decode(data, one) for one in found]

    def encode(self, value: Any) -> bytes:
        """All elements, each encoded or Prepared."""
        if isinstance(value, Prepared):
            return value
        return tlv(
            self.tag,
            *(one if isinstance(one, Prepared) else self.item.encode(one) for one in value),
        )


class Sequence(Node):
    """Named fields in a fixed order."""

    def __init__(self, spec: Any, own: int, keeping: bool) -> None:
        super().__init__(spec, (own,))
        named = spec.componentType.namedTypes
        self.fields = [
            (one.name, node_of(one.asn1Object, keeping), not (one.isOptional or one.isDefaulted))
            for one in named
        ]
        self.defaults = {one.name: _plain(one.asn1Object) for one in named if one.isDefaulted}
        nodes = [node for _, node, _ in self.fields]
        self.open = [index for index, node in enumerate(nodes) if not node.tags]
        self.by_tag = {
            number: [index for index, node in enumerate(nodes) if node.takes(number)]
            for number in frozenset().union(*(node.tags for node in nodes))
        }

    def decode(self, data: bytes, item: Tlv) -> dict[str, Any]:
        """The fields present, with defaults filled in."""
        value = dict(self.defaults)
        expected = 0
        inside = children(data, item.value, item.end)
        last = {child.tag: number for number, child in enumerate(inside)}
        for number, child in enumerate(inside):
            places = self.by_tag.get(child.tag, self.open)
            if not places:
                places = self._kept_for(expected, number, last)
            if not places:
                continue
            index = next((one for one in places if one >= expected), None)
            if index is None:
                raise Asn1Error(f"{self.name}: tag {child.tag:X} is there twice or out of order")
            self._none_missing(expected, index)
            name, node, _ = self.fields[index]
            value[name] = node.decode(data, child)
            expected = index + 1
        self._none_missing(expected, len(self.fields))
        return value

    def _kept_for(self, expected: int, number: int, last: Mapping[int, int]) -> list[int]:
        """The CHOICE that the object of that number, whose tag is unknown, must belong to, if any.

        It is the next mandatory field, and no later object belongs to it: `last` has the number of
        the last object with each tag.
        """
        for index in range(expected, len(self.fields)):
            _, node, mandatory = self.fields[index]
            if mandatory:
                later = any(last.get(tag, 0) > number for tag in node.tags)
                return [index] if node.keeps_unknown and not later else []
        return []

    def _none_missing(self, start: int, end: int) -> None:
        for name, _, mandatory in self.fields[start:end]:
            if mandatory:
                raise Asn1Error(f"{self.name} lacks {name}")

    def encode(self, value: Any) -> bytes:
        """The fields in order; defaults are left out, as DER requires."""
        if isinstance(value, Prepared):
            return value
        parts, used = [], 0
        for name, node, mandatory in self.fields:
            if name in value:
                used += 1
                if name not in self.defaults or value[name] != self.defaults[name]:
                    parts.append(node.encode(value[name]))
            elif mandatory:
                raise Asn1Error(f"{self.name} lacks {name}")
        if used != len(value):
            unknown = set(value) - {name for name, _, _ in self.fields}
            raise Asn1Error(f"{self.name} has no field {', '.join(sorted(unknown))}")
        return tlv(self.tag, *parts)


def _sizes(spec: Any) -> list[tuple[int, int]]:
    """The SIZE constraints; those that pyasn1 adds itself are redundant."""
    found = spec.subtypeSpec
    each: Iterable[Any] = found if hasattr(found, "__iter__") else (found,)
    size: Any = constraint.ValueSizeConstraint
    return [(one.start, one.stop) for one in each if isinstance(one, size)]


def _plain(spec: Any) -> Any:
    return bool(spec) if isinstance(spec, univ.Boolean) else int(spec)


def _compile(spec: Any, keeping: bool) -> Node:
    tags = [tag_number(one) for one in spec.tagSet.superTags]
    if isinstance(spec, univ.Choice):
        node: Node = Choice(spec, keeping)
    elif isinstance(spec, univ.Any):
        node = Whole(spec, None)
    else:
        node = _compile_tagged(spec, tags.pop(0), keeping)
    for outer in tags:
        node = Explicit(spec, outer, node)
    return node


def _compile_tagged(spec: Any, own: int, keeping: bool) -> Node:
    if getattr(spec, "kept_whole", False) or getattr(spec, "kept_as_is", False):
        return Whole(spec, own)
    if isinstance(spec, univ.SequenceOf):
        return SequenceOf(spec, own, keeping)
    if isinstance(spec, univ.Sequence):
        return Sequence(spec, own, keeping)
    return Primitive(spec, own)
