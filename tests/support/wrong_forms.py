"""A right message broken in its form, in every kind and at every place, and its value the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pyasn1.type import univ

from euicc_sim.asn1.deviations import Form
from euicc_sim.asn1.nodes import (
    Choice,
    Explicit,
    Node,
    Primitive,
    Sequence,
    SequenceOf,
    node_of,
    tag_number,
)
from support.eims import objects, tlv


class Wrong(NamedTuple):
    """A message in a wrong form: which, at which place, and its bytes."""

    form: Form
    place: str
    data: bytes

    def inside(self, name: str, before: bytes, after: bytes) -> Wrong:
        """The same in the field of that name, between others."""
        place = f"{name}.{self.place}" if self.place and name else name or self.place
        return Wrong(self.form, place, before + self.data + after)


def wrong_forms(spec: Any, data: bytes) -> Iterator[Wrong]:
    """All wrong forms of a message, of which each is in one place only."""
    yield from _of(node_of(spec), data)
    yield Wrong(Form.MORE, "", data + b"\0")


def _of(node: Node, data: bytes) -> Iterator[Wrong]:
    ((tag, _, content),) = objects(data)
    yield Wrong(Form.LENGTH, "", bytes.fromhex(tag) + b"\x83" + len(content).to_bytes(3) + content)
    if isinstance(node, Choice):
        name, inner = node.by_tag[int(tag, 16)]
        for one in _of(inner, data):
            if one.form is not Form.LENGTH or one.place:
                yield one.inside(name, b"", b"")
    elif isinstance(node, Primitive):
        other = _other(node.spec, content)
        if other is not None:
            form = Form.ZEROS if isinstance(node.spec, univ.BitString) else Form.VALUE
            yield Wrong(form, "", tlv(tag, other))
    elif isinstance(node, Explicit):
        for one in _of(node.inner, content):
            yield _around(tag, one)
        if content[0] != 0xA0 and not isinstance(node.inner, Sequence):
            name = _name(node.inner, content)
            yield Wrong(Form.WRAPPED, name, tlv(tag, tlv("A0", content)))
            yield Wrong(Form.UNKNOWN, "", tlv(tag, content, b"\x9f\x7f\0"))
    elif isinstance(node, SequenceOf) and not node.kept:
        yield from _in_list(node, tag, content)
    elif isinstance(node, Sequence):
        for one in _in_sequence(node, [whole for _, whole, _ in objects(content)]):
            yield _around(tag, one)


def _around(tag: str, one: Wrong) -> Wrong:
    return one._replace(data=tlv(tag, one.data))


def _name(node: Node, data: bytes) -> str:
    """The name of the alternative, if the type is a CHOICE."""
    ((tag, _, _),) = objects(data)
    return node.by_tag[int(tag, 16)][0] if isinstance(node, Choice) else ""


def _in_list(node: SequenceOf, tag: str, content: bytes) -> Iterator[Wrong]:
    items = [whole for _, whole, _ in objects(content)]
    for number, item in enumerate(items):
        before, after = b"".join(items[:number]), b"".join(items[number + 1 :])
        for one in _of(node.item, item):
            yield _around(tag, one.inside("", before, after))


def _in_sequence(node: Sequence, items: list[bytes]) -> Iterator[Wrong]:
    """The content of a SEQUENCE; each object is the next field that takes its tag."""
    known: list[tuple[int, bytes]] = []
    last = -1
    for item in items:
        ((tag, _, _),) = objects(item)
        last = next(one for one in node.by_tag[int(tag, 16)] if one > last)
        known.append((last, item))
    for number, (index, item) in enumerate(known):
        before, after = b"".join(items[:number]), b"".join(items[number + 1 :])
        name, field, _ = node.fields[index]
        for one in (*_of(field, item), *_as_a_field(node, field, item)):
            yield one.inside(name, before, after)
        if number and len(node.by_tag[field.tag]) == 1:
            earlier = known[number - 1][0]
            if len(node.by_tag[node.fields[earlier][1].tag]) == 1:
                swapped = b"".join([*items[: number - 1], item, items[number - 1]])
                first = node.fields[earlier][0]
                yield Wrong(Form.ORDER, first, swapped + after)
        yield Wrong(Form.UNKNOWN, "", before + b"\x9f\x7f\0" + item + after)


def _as_a_field(node: Sequence, field: Node, item: bytes) -> Iterator[Wrong]:
    """The field of a SEQUENCE under another tag, with another one around it, or with none."""
    ((tag, _, content),) = objects(item)
    if len(tag) == 2:
        first = int(tag, 16)
        long_tag = bytes((first & 0xE0 | 0x1F, first & 0x1F)).hex()
        yield Wrong(Form.TAG, "", tlv(long_tag, content))
    if isinstance(field, Explicit):
        name = _name(field.inner, content)
        if content[0] not in node.by_tag and _is_only(node, field, content[0]):
            yield Wrong(Form.BARE, name, content)
            yield Wrong(Form.TAGGED, name, tlv("30", content))
        return
    universal = _universal(field)
    if universal is not None and universal not in node.by_tag and _unique(node, universal):
        yield Wrong(Form.TAGGED, "", tlv(f"{universal:02X}", content))
    if 0xA0 not in node.by_tag and len(node.by_tag[field.tag]) == 1:
        yield Wrong(Form.WRAPPED, "", tlv("A0", item))


def _is_only(node: Sequence, field: Explicit, tag: int) -> bool:
    others = [one for _, one, _ in node.fields if one is not field]
    inner = [one.inner if isinstance(one, Explicit) else one for one in others]
    return not any(tag in one.tags or tag == _universal(one) for one in inner)


def _unique(node: Sequence, universal: int) -> bool:
    return sum(_universal(one) == universal for _, one, _ in node.fields) == 1


def _universal(node: Node) -> int | None:
    """The universal tag of a type that has another one."""
    if isinstance(node, Choice | Explicit):
        return None
    found = tag_number(type(node.spec).tagSet.superTags[0])
    return None if found == node.tag or found >= 0x40 else found


def _other(spec: Any, content: bytes) -> bytes | None:
    """Another way to write the value of a simple type."""
    if isinstance(spec, univ.Boolean):
        return b"\x01" if content == b"\xff" else None
    if isinstance(spec, univ.Integer):
        return (b"\xff" if content[0] & 0x80 else b"\0") + content
    if isinstance(spec, univ.BitString):
        return bytes((content[0],)) + content[1:] + b"\0" if content[1:] else None
    if isinstance(spec, univ.ObjectIdentifier):
        return b"\x80" + content
    return None
