"""Any message as lines: the name, tag, length and value of every object in it.

Reads more than the codec: what does not fit a type is shown too, with what is wrong with it. The
type of bytes is found by trying; see `readings`. Prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from apdu.tlv import Tlv, TlvError, children, read, tag_bytes, whole
from euicc_sim.asn1 import pkix, values
from euicc_sim.asn1.nodes import (
    Choice,
    Explicit,
    Node,
    Primitive,
    Sequence,
    SequenceOf,
    Whole,
    node_of,
)
from euicc_sim.asn1.primitives import Asn1Error

UNKNOWN = "?"
MAX_RAW_DEPTH = 16
"""The maximum nesting that is followed in objects without a known type."""

_CONSTRUCTED, _CLASS = 0x20, 0xC0


@dataclass(frozen=True, slots=True)
class Line:
    """One object of a message.

    `names` are those of the field and, for a CHOICE without a tag of its own, of the alternative;
    just UNKNOWN if no type names it. `value` is the codec's and `text` the same for people, None
    and "" for an object that contains others. `flaw` says what does not fit; a `grave` one is
    something that cannot be understood, or that the codec skips.
    """

    depth: int
    names: tuple[str, ...]
    type: str
    tag: int
    length: int
    value: Any = None
    text: str = ""
    flaw: str = ""
    grave: bool = False

    @property
    def name(self) -> str:
        """The names, joined."""
        return " ".join(self.names)


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes read as a type: its name, every object in order, and how badly it fits."""

    name: str
    lines: tuple[Line, ...]

    @property
    def fit(self) -> tuple[int, int]:
        """The numbers of grave and of other flaws; (0, 0) is perfect."""
        grave = sum(one.grave for one in self.lines)
        return grave, sum(bool(one.flaw) for one in self.lines) - grave


def reading(name: str, spec: Any, data: bytes) -> Reading:
    """Read `data` as one object of a type. Raises Asn1Error if it cannot begin with that tag."""
    return _reading(name, spec, data, len(data))


def _reading(name: str, spec: Any, data: bytes, most: int, *, may_guess: bool = True) -> Reading:
    """The same; raises _MisfitError as soon as there are more than `most` grave flaws."""
    node = node_of(spec)
    try:
        item = whole(data)
        if item.tag not in node.tags:
            raise Asn1Error(f"{name} cannot begin with tag {item.tag:X}")
        return Reading(
            name, tuple(_walk(node, _Place(data, item, (name,), 0, _Flaws(most, may_guess))))
        )
    except TlvError as error:
        raise Asn1Error(str(error)) from error


def readings(types: Mapping[str, Any], data: bytes) -> list[Reading]:
    """The types that fit `data` best; several if they fit equally.

    A message is preferred to a bare CHOICE that may contain it, and any type to one that has
    `gives_way`. The list is empty if no type begins with the tag, or none fits and the tag is too
    general (SEQUENCE and the like). Raises Asn1Error if `data` is not one object or is malformed.
    """
    try:
        tag = whole(data).tag
    except TlvError as error:
        raise Asn1Error(str(error)) from error
    possible = {name: spec for name, spec in types.items() if tag in node_of(spec).tags}
    found, errors = [], []
    is_general = not tag_bytes(tag)[0] & _CLASS
    most = 0 if is_general else len(data)
    for name, spec in possible.items():
        try:
            found.append(_reading(name, spec, data, most, may_guess=not is_general))
        except _MisfitError:
            continue
        except Asn1Error as error:
            errors.append(error)
        else:
            most = min(most, found[-1].fit[0])
    if errors and not found:
        raise errors[0]
    best = min((one.fit for one in found), default=(0, 0))
    fitting = [one for one in found if one.fit == best]
    whole_messages = [one for one in fitting if not isinstance(node_of(possible[one.name]), Choice)]
    found = whole_messages or fitting
    return [one for one in found if not getattr(possible[one.name], "gives_way", False)] or found


def raw(data: bytes) -> Reading:
    """The objects without names. Raises Asn1Error if `data` is not one object."""
    try:
        place = _Place(data, whole(data), (UNKNOWN,), 0, _Flaws(len(data)))
    except TlvError as error:
        raise Asn1Error(str(error)) from error
    return Reading(UNKNOWN, tuple(_unnamed(place)))


class _MisfitError(Exception):
    """A reading has more grave flaws than another one."""


@dataclass(slots=True)
class _Flaws:
    """How many more grave flaws a reading may have, and whether it may take a field by a wrong tag.

    Thousands of objects are not read to the end as fifty types that all do not fit.
    """

    most: int
    may_guess: bool = True

    def count(self) -> None:
        if not self.most:
            raise _MisfitError
        self.most -= 1


class _Place(NamedTuple):
    """The position of an object in the bytes and in the tree."""

    data: bytes
    item: Tlv
    names: tuple[str, ...]
    depth: int
    flaws: _Flaws

    @property
    def content(self) -> bytes:
        return self.data[self.item.value : self.item.end]

    def inside(self, item: Tlv, *names: str) -> _Place:
        return _Place(self.data, item, names, self.depth + 1, self.flaws)

    def children(self) -> list[Tlv]:
        return children(self.data, self.item.value, self.item.end)

    def each_child(self) -> Iterator[Tlv]:
        """The same one by one: what does not fit is given up before all of thousands are read."""
        start = self.item.value
        while start < self.item.end:
            child = read(self.data, start, self.item.end)
            yield child
            start = child.end

    def line(
        self, of: str, value: Any = None, text: str = "", flaw: str = "", *, grave: bool = False
    ) -> Line:
        item = self.item
        if grave:
            self.flaws.count()
        return Line(
            self.depth, self.names, of, item.tag, item.end - item.value, value, text, flaw, grave
        )


def _walk(node: Node, at: _Place) -> Iterator[Line]:
    if not node.takes(at.item.tag):
        return _unnamed(at._replace(names=(UNKNOWN,)), f"not expected in {node.name}")
    return _WALKS[type(node)](node, at)


def _primitive(node: Primitive, at: _Place) -> Iterator[Line]:
    try:
        value = node.read(at.content)
        node.check(value)
    except Asn1Error as error:
        text = at.content.hex().upper()
        yield at.line(node.name, at.content, text, str(error), grave=True)
        return
    text, flaw = values.text_of(node.spec, value, at.content, at.names[-1])
    yield at.line(node.name, value, text, flaw)


def _explicit(node: Explicit, at: _Place) -> Iterator[Line]:
    inside = at.children()
    flaw = "" if len(inside) == 1 else f"holds {len(inside)} objects, not one"
    yield at.line(node.name, flaw=flaw, grave=bool(flaw))
    for item in inside:
        names = () if isinstance(node.inner, Choice) else (node.inner.name,)
        yield from _walk(node.inner, at.inside(item, *names))


def _choice(node: Choice, at: _Place) -> Iterator[Line]:
    name, inner = node.by_tag[at.item.tag]
    return _walk(inner, at._replace(names=(*at.names, name)))


def _sequence_of(node: SequenceOf, at: _Place) -> Iterator[Line]:
    kept = getattr(node.spec, "items_kept_as_is", False)
    element = node_of(node.spec.componentType) if kept else node.item
    if isinstance(element, Choice):
        names: tuple[str, ...] = ()
    elif type(element.spec).__module__.startswith("pyasn1."):
        names = (f"{at.names[-1]} item",)
    else:
        names = (element.name,)
    yield at.line(node.name)
    for item in at.each_child():
        yield from _walk(element, at.inside(item, *names))


def _sequence(node: Sequence, at: _Place) -> Iterator[Line]:
    lines: list[Line] = []
    lacks: list[str] = []
    expected = 0
    for item in at.each_child():
        index = _index(node, item.tag, expected)
        guess = None
        if index is None and item.tag not in node.by_tag and at.flaws.may_guess:
            guess = node.guess(at.data, item)
        if guess is not None and guess.item is item:
            walk = _WALKS[type(guess.node)]
            first, *rest = walk(guess.node, at.inside(item, node.fields[guess.field][0]))
            lines += [replace(first, flaw=first.flaw or guess.what), *rest]
            lacks += _mandatory(node, expected, guess.field)
            expected = max(expected, guess.field + 1)
            continue
        if index is None:
            known = item.tag in node.by_tag
            flaw = f"{'twice or out of order' if known else 'not expected'} in {node.name}"
            lines += _unnamed(at.inside(item, UNKNOWN), flaw)
            continue
        lacks += _mandatory(node, expected, index)
        name, inner, _ = node.fields[index]
        lines += _walk(inner, at.inside(item, name))
        expected = index + 1
    lacks += _mandatory(node, expected, len(node.fields))
    flaw = f"lacks {', '.join(lacks)}" if lacks else ""
    yield at.line(node.name, flaw=flaw, grave=bool(lacks))
    yield from _with_extension(lines, at.flaws) if node.name == "Extension" else lines


def _index(node: Sequence, tag: int, expected: int) -> int | None:
    """The field of an object with this tag, not before `expected`; ANY accepts every tag."""
    return next((one for one in node.by_tag.get(tag, node.open) if one >= expected), None)


def _mandatory(node: Sequence, start: int, end: int) -> list[str]:
    return [name for name, _, mandatory in node.fields[start:end] if mandatory]


def _with_extension(lines: Iterable[Line], flaws: _Flaws) -> Iterator[Line]:
    """The lines of a certificate extension; its value is decoded if its identifier is known."""
    spec = None
    for line in lines:
        if line.name == "extnID":
            spec = pkix.extension(line.value) if isinstance(line.value, str) else None
        if line.name != "extnValue" or spec is None:
            yield line
            continue
        try:
            item = whole(line.value)
            name, depth = node_of(spec).name, line.depth + 1
            yield replace(line, text="")
            yield from _walk(node_of(spec), _Place(line.value, item, (name,), depth, flaws))
        except TlvError as error:
            yield replace(line, flaw=str(error))


def _whole(node: Whole, at: _Place) -> Iterator[Line]:
    if node.universal is None:
        return _any(at)
    spec = pkix.certificate_part(node.spec.__class__)
    if spec is None:
        return iter((at.line(node.name, at.content, at.content.hex().upper()),))
    inner = node_of(spec)
    inside = at.children()
    if at.item.tag != inner.tag and len(inside) == 1 and inside[0].tag == inner.tag:
        return iter((at.line(node.name), *_walk(inner, at.inside(inside[0], node.name))))
    return _WALKS[type(inner)](inner, at)


def _any(at: _Place) -> Iterator[Line]:
    """A value that the type leaves open, named by its universal tags."""
    name, spec = values.UNIVERSAL.get(at.item.tag, (UNKNOWN, None))
    if spec is not None:
        return _primitive(node_of(spec), at)  # type: ignore[arg-type]  # all are simple types
    return _unnamed(at, name=name)


def _unnamed(at: _Place, flaw: str = "", name: str = "") -> Iterator[Line]:
    """An object of unknown type with everything inside."""
    inside = None
    if tag_bytes(at.item.tag)[0] & _CONSTRUCTED and at.depth < MAX_RAW_DEPTH:
        try:
            inside = at.children()
        except TlvError as error:
            flaw = flaw or str(error)
    if inside is None:
        content = at.content
        text = content.hex().upper() or values.EMPTY
        yield at.line(name or UNKNOWN, content, text, flaw, grave=bool(flaw))
        return
    yield at.line(name or UNKNOWN, flaw=flaw, grave=bool(flaw))
    for item in inside:
        known, spec = values.UNIVERSAL.get(item.tag, (UNKNOWN, None))
        inner = at.inside(item, known if name else UNKNOWN)
        if spec is not None:
            yield from _primitive(node_of(spec), inner)  # type: ignore[arg-type]
        else:
            yield from _unnamed(inner, name=known if name else "")


_WALKS: dict[type, Callable[[Any, _Place], Iterator[Line]]] = {
    Primitive: _primitive,
    Explicit: _explicit,
    Choice: _choice,
    SequenceOf: _sequence_of,
    Sequence: _sequence,
    Whole: _whole,
}
