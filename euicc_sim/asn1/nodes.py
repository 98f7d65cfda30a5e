"""pyasn1 types compiled for decoding and encoding: one node per type, with tags computed once.

Knows the structure of types; `codec` is the interface and describes the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

from pyasn1.type import constraint, tag, univ

from apdu.tlv import Tlv, TlvError, children, read, tlv, whole
from euicc_sim.asn1.deviations import Deviations, Form
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


STANDARD_NAMES: Final = {
    "BitString": "BIT STRING",
    "Choice": "CHOICE",
    "Integer": "INTEGER",
    "ObjectIdentifier": "OBJECT IDENTIFIER",
    "OctetString": "OCTET STRING",
    "Sequence": "SEQUENCE",
    "SequenceOf": "SEQUENCE OF",
    "Set": "SET",
    "SetOf": "SET OF",
}
"""What pyasn1 calls the types of ASN.1, as the standard writes them."""


class Node:
    """A compiled type: the tags it may begin with, decoding and encoding."""

    def __init__(self, spec: Any, tags: Iterable[int]) -> None:
        self.spec = spec
        self.name = STANDARD_NAMES.get(found := type(spec).__name__, found.lstrip("_"))
        self.tags = frozenset(own := tuple(tags))
        self.tag = own[0] if own else 0

    def takes(self, number: int) -> bool:
        """Whether an object with this tag may be of the type; ANY accepts every tag."""
        return not self.tags or number in self.tags

    @property
    def keeps_unknown(self) -> bool:
        """Whether an object with an unknown tag is kept."""
        return False

    def decode(self, data: bytes, item: Tlv, seen: Deviations | None = None) -> Any:
        """The value of an object whose tag has been checked.

        With `seen`, what is in a wrong form is understood where possible, and noted there.
        """
        raise NotImplementedError

    def encode(self, value: Any) -> bytes:
        """The object, tag and length included."""
        raise NotImplementedError


_SHOWN = 8
"""How many bytes of a wrong value are shown."""


class Primitive(Node):
    """A type whose content is one value."""

    def __init__(self, spec: Any, own: int) -> None:
        super().__init__(spec, (own,))
        self.read, self.write = rule_for(spec)
        self.sizes = _sizes(spec)
        self.one_form = isinstance(spec, univ.OctetString)
        """Whether there is only one way to write each value."""

    def decode(self, data: bytes, item: Tlv, seen: Deviations | None = None) -> Any:
        """Decode the content and check the type's constraints."""
        content = data[item.value : item.end]
        value = self.read(content)
        self.check(value)
        if seen is not None and not self.one_form and content != (due := self.write(value)):
            form = Form.ZEROS if _is_padded(self.spec, content) else Form.VALUE
            seen.note(form, f"is {_short(content)}, which is {_short(due)} in DER")
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
                due = low if low == high else f"{low} to {high}"
                raise Asn1Error(f"{_told(value)}, not {due}")


class Whole(Node):
    """A type that is passed on as bytes: under its universal tag, or as received."""

    def __init__(self, spec: Any, own: int | None) -> None:
        """`own` is None for ANY, which has the tag of its content."""
        super().__init__(spec, () if own is None else (own,))
        self.universal = None if own is None else tag_number(type(spec).tagSet.superTags[0])

    def decode(self, data: bytes, item: Tlv, seen: Deviations | None = None) -> bytes:
        """The bytes, under the universal tag unless the type is `kept_as_is`.

        If a tag replaces the universal one, a sender may still add the latter inside.
        """
        if self.universal is None or getattr(self.spec, "kept_as_is", False):
            return data[item.start : item.end]
        content = data[item.value : item.end]
        if self.tag != self.universal:
            inner = children(content)
            if len(inner) == 1 and inner[0].tag == self.universal:
                if seen is not None:
                    seen.note(
                        Form.TAGGED, f"has its tag {self.universal:02X} inside {self.tag:02X}"
                    )
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
        super().__init__(spec, (own,))
        self.inner = inner

    def decode(self, data: bytes, item: Tlv, seen: Deviations | None = None) -> Any:
        """The value of the single object inside."""
        inside = read(data, item.value, item.end)
        known = self.inner.takes(inside.tag) or self.inner.keeps_unknown
        alone = known and inside.end == item.end
        if seen is not None and not (alone and inside.value - inside.start == 2):
            return self._understood(data, item, inside, seen)
        if not alone:
            raise self._not_one()
        return self.inner.decode(data, inside, seen)

    def _understood(self, data: bytes, item: Tlv, inside: Tlv, seen: Deviations) -> Any:
        """The value, even with another wrapper around it, or other objects after it."""
        inside = wrapper = seen.header(data, inside)
        others = children(data, inside.end, item.end)
        if not self.inner.takes(inside.tag):
            inside = _only_inside(data, wrapper) or inside
        if any(self.inner.takes(one.tag) is (one is not inside) for one in (inside, *others)):
            raise self._not_one()
        value = self.inner.decode(data, inside, seen)
        if inside is not wrapper:
            seen.note(Form.WRAPPED, _wrapped(wrapper), _alternative(self.inner, value))
        if others:
            seen.note(Form.UNKNOWN, f"has an object {others[0].tag:02X} of no field")
        return value

    def _not_one(self) -> Asn1Error:
        return Asn1Error(f"tag {self.tag:X} does not hold one {self.name}")

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

    def decode(self, data: bytes, item: Tlv, seen: Deviations | None = None) -> tuple[str, Any]:
        """The alternative's name and its value."""
        if item.tag not in self.by_tag and self.keeping:
            return Unknown(UNKNOWN, data[item.start : item.end])
        name, node = self.by_tag[item.tag]
        if seen is None:
            return name, node.decode(data, item)
        before = len(seen)
        value = node.decode(data, item, seen)
        seen.inside(name, before)
        return name, value

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
        self.kept = getattr(spec, "items_kept_as_is", False)
        self.item = Whole(spec, None) if self.kept else node_of(spec.componentType, keeping)
        self.keeping = keeping

    def decode(self, data: bytes, item: Tlv, seen: Deviations | None = None) -> list[Any]:
        """The elements, in order."""
        found = children(data, item.value, item.end)
        if seen is not None and not self.kept:
            found = [seen.header(data, one) for one in found]
        if self.keeping and not self.item.keeps_unknown:
            found = [one for one in found if self.item.takes(one.tag)]
        for one in found:
            if not self.item.takes(one.tag) and not self.item.keeps_unknown:
                raise Asn1Error(f"{one.tag:X} is not an element of a list of {self.item.name}")
        return [self.item.decode(data, one, seen) for one in found]

    def encode(self, value: Any) -> bytes:
        """All elements, each encoded or Prepared."""
        if isinstance(value, Prepared):
            return value
        return tlv(
            self.tag,
            *(one if isinstance(one, Prepared) else self.item.encode(one) for one in value),
        )


class Guess(NamedTuple):
    """A field in a wrong form: its number, what reads it from which object, and what is wrong."""

    field: int
    node: Node
    item: Tlv
    form: Form
    what: str


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

    def decode(self, data: bytes, item: Tlv, seen: Deviations | None = None) -> dict[str, Any]:
        """The fields present, with defaults filled in."""
        if seen is not None:
            return self._understood(data, item, seen)
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

    def _understood(self, data: bytes, item: Tlv, seen: Deviations) -> dict[str, Any]:
        """The fields, in any order and in every form that can be told from the others."""
        value = dict(self.defaults)
        filled: set[int] = set()
        last = -1
        unknown: Tlv | None = None
        for child in children(data, item.value, item.end):
            before = len(seen)
            places = self.by_tag.get(child.tag)
            if places and places[0] > last and child.value - child.start == 2:
                index = places[0]
                name, node, _ = self.fields[index]
                value[name] = node.decode(data, child, seen)
            else:
                guess = self._guess(data, child, last, filled, seen)
                if guess is None:
                    seen.inside(f"object {child.tag:X}", before)
                    unknown = unknown or child
                    continue
                index, name = guess.field, self.fields[guess.field][0]
                value[name] = self._guessed(data, guess, last, seen)
            if name in self.defaults and value[name] == self.defaults[name]:
                seen.note(Form.DEFAULT, "is the default value, which is left out in DER")
            if len(seen) > before:
                seen.inside(name, before)
            if unknown is not None:
                seen.note(Form.UNKNOWN, f"has an object {unknown.tag:X} of no field before {name}")
                unknown = None
            filled.add(index)
            last = max(last, index)
        for index, (name, _, mandatory) in enumerate(self.fields):
            if mandatory and index not in filled:
                raise Asn1Error(f"{self.name} lacks {name}")
        return value

    def _guessed(self, data: bytes, guess: Guess, last: int, seen: Deviations) -> Any:
        """The value of a field in a wrong form."""
        if guess.field < last:
            seen.note(Form.ORDER, f"comes after {self.fields[last][0]}")
        value = guess.node.decode(data, guess.item, seen)
        if guess.what:
            seen.note(guess.form, guess.what, _alternative(guess.node, value))
        return value

    def _guess(
        self, data: bytes, child: Tlv, last: int, filled: set[int], seen: Deviations
    ) -> Guess | None:
        """The field of an object: the next with its tag, else an earlier one, else a guess."""
        child = seen.header(data, child)
        places = self.by_tag.get(child.tag, self.open)
        if places:
            later = (one for one in places if one > last)
            free = (one for one in places if one not in filled)
            index = next(later, next(free, places[0]))
            guess: Guess | None = Guess(index, self.fields[index][1], child, Form.ORDER, "")
        else:
            guess = self.guess(data, child)
        if guess is not None and guess.field in filled:
            if guess.item is not child:
                return None
            raise Asn1Error(f"{self.name}: {self.fields[guess.field][0]} is there twice")
        return guess

    def guess(self, data: bytes, child: Tlv) -> Guess | None:
        """The field that an object without a field's tag seems to be; None if there is none.

        It lacks the explicit tag, has its universal tag or that of a SEQUENCE, or is inside a
        wrapper 30 or A0.
        """
        found = self._by_wrong_tag.get(child.tag)
        if found is not None:
            index, node = found
            due = self.fields[index][1]
            if node is not due:
                return Guess(index, node, child, Form.BARE, f"has no tag {due.tag:X} around it")
            return Guess(index, node, child, Form.TAGGED, _tagged(child, due))
        inside = _only_inside(data, child)
        if inside is None:
            return None
        places = self.by_tag.get(inside.tag, ())
        if len(places) == 1:
            index = places[0]
            node = self.fields[index][1]
            return Guess(index, node, inside, Form.WRAPPED, _wrapped(child))
        found = self._by_wrong_tag.get(inside.tag)
        if found is not None and (due := self.fields[found[0]][1]) is not found[1]:
            return Guess(*found, inside, Form.TAGGED, _tagged(child, due))
        return None

    @cached_property
    def _by_wrong_tag(self) -> dict[int, tuple[int, Node]]:
        """Fields by the tags that they would have without their own, if no other field has them."""
        found: dict[int, list[tuple[int, Node]]] = {}
        for index, (_, node, _) in enumerate(self.fields):
            inner = node.inner if isinstance(node, Explicit) else node
            tags = inner.tags if inner is not node else _universal(node)
            for one in tags:
                found.setdefault(one, []).append((index, inner))
        return {
            one: fields[0]
            for one, fields in found.items()
            if len(fields) == 1 and one not in self.by_tag
        }

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


_WRAPPERS = (0x30, 0xA0)


def _only_inside(data: bytes, item: Tlv) -> Tlv | None:
    """The only object in a wrapper of the most usual tags; None if it is not such a wrapper."""
    if item.tag not in _WRAPPERS:
        return None
    try:
        inside = children(data, item.value, item.end)
    except TlvError:
        return None
    return inside[0] if len(inside) == 1 else None


def _wrapped(wrapper: Tlv) -> str:
    return f"is inside an object {wrapper.tag:X}, which its type does not have"


def _tagged(item: Tlv, due: Node) -> str:
    return f"has the tag {item.tag:02X} instead of {due.tag:02X}"


def _universal(node: Node) -> tuple[int, ...]:
    """The universal tag of a type that has another one."""
    own = () if isinstance(node, Choice) else type(node.spec).tagSet.superTags
    return tuple(map(tag_number, own[:1]))


def _alternative(node: Node, value: Any) -> str:
    """The name of the alternative that a CHOICE has been decoded as; "" for other types."""
    return str(value[0]) if isinstance(node, Choice) else ""


def _is_padded(spec: Any, content: bytes) -> bool:
    """Whether a BIT STRING only has zeros that DER leaves out where bits have names."""
    if not isinstance(spec, univ.BitString):
        return False
    return not int.from_bytes(content[1:]) & (1 << content[0]) - 1


def _told(value: Any) -> str:
    """A value and its size: "F1 is 1 byte long"."""
    match value:
        case bytes():
            shown, unit = _short(value), "byte"
        case str():
            shown, unit = repr(value[:_SHOWN]), "character"
        case _:
            shown, unit = "the list", "element"
    return f"{shown} is {len(value)} {unit}{'' if len(value) == 1 else 's'} long"


def _short(content: bytes) -> str:
    """The first bytes of a value in hex."""
    more = "..." if len(content) > _SHOWN else ""
    return f"{content[:_SHOWN].hex().upper() or 'empty'}{more}"


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
