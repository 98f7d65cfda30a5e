"""The building blocks of `schema`: records, their fields, and kinds of values.

A kind knows the JSON type of a value, which msgspec checks, and the conversion in both directions.
A record is a kind too: the fields of a dataclass of the model, each declared once. Reading, writing
and validation follow from that declaration. Knows nothing of cards.
"""

from __future__ import annotations

import dataclasses
import errno
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeVar, Union

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from apdu.tlv import TlvError, whole
from euicc_sim.asn1.codec import extent_of
from euicc_sim.asn1.primitives import write_oid
from euicc_sim.asn1.types import Type

MAX_INTEGER = 2**63 - 1
MAX_TEXT = 0x20000
"""The longest text, in characters: as much as fits in one request."""
MAX_BIT = 0xFFFFF
"""The last bit of the longest BIT STRING that fits in one request."""

M = TypeVar("M")
E = TypeVar("E", bound=StrEnum)


class MisfitError(ValueError):
    """A value does not fit in its place: the path to it, and the reason."""

    def __init__(self, why: str) -> None:
        """Start at the value itself; each caller that passes the error on adds a step in front."""
        super().__init__(why)
        self.steps: list[str | int] = []


class Kind:
    """How a sort of value is stored.

    `form` is its JSON type for msgspec. `read` converts a value of that type to the model's value
    and raises ValueError if it does not fit; `write` is the reverse. Values differ from kind to
    kind, so their types are `Any`: they are checked by the table in `schema` and a round-trip test
    of every field.
    """

    def __init__(
        self, form: Any, read: Callable[[Any], Any] | None, write: Callable[[Any], Any]
    ) -> None:
        """The default: a value is the same in the model and in JSON."""
        self.form = form
        self.read: Callable[[Any], Any] = read or _same
        self.write = write

    def differences(self, _: Any, new: Any) -> Any:
        """What leads from one value to another, in stored form: here the whole of the other."""
        return self.write(new)

    def put(self, _: Any, change: Any) -> Any:
        """The stored value that such a change makes of the one before."""
        return change


def _same(value: Any) -> Any:
    return value


def _either(one: Any, other: Any) -> Any:
    return Union[one, other]  # noqa: UP007 - forms are values here


BOOLEAN = Kind(bool, None, _same)


def integer(least: int = 0, most: int = MAX_INTEGER) -> Kind:
    """A number within bounds, inclusive; writing one beyond them raises OSError."""

    def write(value: int) -> int:
        if least <= value <= most:
            return value
        raise OSError(errno.ERANGE, f"a stored number must be from {least} to {most}")

    return Kind(Annotated[int, Meta(ge=least, le=most)], None, write)


def text(least: int = 0, most: int = MAX_TEXT) -> Kind:
    """Text with that many characters."""
    return Kind(Annotated[str, Meta(min_length=least, max_length=most)], None, _same)


def text_like(pattern: str, wanted: str) -> Kind:
    """Text that matches the pattern, which `wanted` describes."""
    whole = re.compile(pattern)

    def read(value: str) -> str:
        if not whole.fullmatch(value):
            raise ValueError(f"{wanted} are expected here")
        return value

    schema = {"pattern": f"^{pattern}$"}
    return Kind(Annotated[str, Meta(max_length=MAX_TEXT, extra_json_schema=schema)], read, _same)


def hexadecimal(least: int = 0, most: int | None = None) -> Kind:
    """That many bytes, as hex digits; written in upper case."""
    times = "*" if not least and most is None else f"{{{least},{'' if most is None else most}}}"
    sizes = f"{least}" if least == most else f"{least} to {most}"
    wanted = "bytes" if most is None else f"{sizes} bytes"

    def read(value: str) -> bytes:
        try:
            found = bytes.fromhex(value)
        except ValueError as error:
            raise ValueError(f"{wanted} as hex digits are expected here") from error
        if len(value) != 2 * len(found):  # fromhex skips blanks
            raise ValueError(f"{wanted} as hex digits are expected here, without blanks")
        if len(found) < least or (most is not None and len(found) > most):
            raise ValueError(f"{wanted} as hex digits are expected here, not {len(found)}")
        return found

    form = Annotated[str, Meta(extra_json_schema={"pattern": f"^([0-9A-Fa-f]{{2}}){times}$"})]
    return Kind(form, read, lambda value: value.hex().upper())


def der(*tags: int) -> Kind:
    """One whole object in BER-TLV that begins with one of these tags, in hex digits."""
    octets = hexadecimal()
    wanted = " or ".join(f"{tag:X}" for tag in tags)

    def read(value: str) -> bytes:
        found: bytes = octets.read(value)
        try:
            tag = whole(found).tag
        except TlvError as error:
            raise ValueError(f"one object with tag {wanted} is needed here: {error}") from error
        if tag not in tags:
            raise ValueError(f"one object with tag {wanted} is needed here, not with {tag:X}")
        return found

    return Kind(octets.form, read, octets.write)


def object_identifier() -> Kind:
    """An OBJECT IDENTIFIER in its dotted form, without superfluous zeros."""
    number = "(0|[1-9][0-9]*)"
    dotted = text_like(rf"[0-2](\.{number})+", "numbers joined by dots, such as 2.999.10,")

    def read(value: str) -> str:
        found: str = dotted.read(value)
        write_oid(found)
        return found

    return Kind(dotted.form, read, _same)


def field_of(sequence: type[Type[Any]], name: str) -> Kind:
    """What that field of an ASN.1 SEQUENCE can hold: so many octets or characters, or an OID."""
    of, least, most = extent_of(sequence, name)
    if of == "numbers":
        return object_identifier()
    if of == "characters":
        return text(least, MAX_TEXT if most is None else most)
    return hexadecimal(least, most)


def optional(kind: Kind) -> Kind:
    """That kind, or null."""
    read, write = kind.read, kind.write
    return Kind(
        _either(kind.form, None),
        lambda value: None if value is None else read(value),
        lambda value: None if value is None else write(value),
    )


def listed(kind: Kind, least: int = 0) -> Kind:
    """A tuple of such values, as a list."""
    write = kind.write

    def read(values: list[Any]) -> tuple[Any, ...]:
        return tuple(_at(number, kind.read, one) for number, one in enumerate(values))

    form = Annotated[list[kind.form], Meta(min_length=least)]  # type: ignore[name-defined]
    return Kind(form, read, lambda values: [write(one) for one in values])


def words(*known: str) -> Kind:
    """One of these words."""
    return Kind(Literal[known], None, _same)


def code(names: Mapping[int, str]) -> Kind:
    """A number, stored by its name."""
    numbers = {name: number for number, name in names.items()}
    return Kind(Literal[tuple(numbers)], numbers.__getitem__, names.__getitem__)


def code_or_number(names: tuple[str, ...], least: int, most: int) -> Kind:
    """A number, stored by its name if it has one."""
    number = integer(least, most)
    form = _either(words(*names).form, number.form)
    known = dict(enumerate(names))
    return Kind(
        form,
        lambda value: names.index(value) if isinstance(value, str) else value,
        lambda value: known[value] if value in known else number.write(value),
    )


def bits(names: tuple[str, ...]) -> Kind:
    """The numbers of the set bits, stored by their names if they have one."""
    one = code_or_number(names, 0, MAX_BIT)
    return Kind(
        list[one.form],  # type: ignore[name-defined]
        lambda values: frozenset(map(one.read, values)),
        lambda values: [one.write(bit) for bit in sorted(values)],
    )


def word_of(enum: type[E]) -> Kind:
    """A member of an enumeration, by its value."""
    return Kind(Literal[tuple(one.value for one in enum)], enum, lambda value: value.value)


class Mapped(Kind):
    """Values by their keys, as a JSON object; a change has only what is new, and null for the rest.

    `pattern` is what a key looks like; `key` reads and writes one.
    """

    def __init__(self, pattern: str, key: Kind, value: Kind) -> None:
        """Declare it."""
        self._key, self._value = key, value
        names = Annotated[str, Meta(extra_json_schema={"pattern": f"^{pattern}$"})]
        super().__init__(dict[names, value.form], self._read, self._write)  # type: ignore[name-defined]

    def _read(self, given: dict[str, Any]) -> dict[Any, Any]:
        found = {
            _at(name, self._key.read, name): _at(name, self._value.read, one)
            for name, one in given.items()
        }
        if len(found) != len(given):
            raise ValueError("two names mean the same")
        return found

    def _write(self, values: Mapping[Any, Any]) -> dict[str, Any]:
        write, value = self._key.write, self._value.write
        return {write(key): value(one) for key, one in values.items()}

    def differences(self, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> dict[str, Any]:
        """The values that are new or different, and null for those that are gone."""
        changed = {key: one for key, one in new.items() if old.get(key) is not one}
        return self._write(changed) | {self._key.write(key): None for key in old.keys() - new}

    def put(self, tree: dict[str, Any] | None, change: dict[str, Any]) -> dict[str, Any]:
        """With the changed values."""
        merged = (tree or {}) | change
        return {name: one for name, one in merged.items() if one is not None}


class Field:
    """One field of a record: its name in JSON, the model's attribute, and its kind.

    It may be missing in JSON if the attribute has a default, unless it is `required`; fields added
    by later releases need a default, so that older files open. `whole` says that it is written from
    the whole object, not just from the attribute; `in_parts` that a change log gets only what has
    changed in the value.
    """

    def __init__(
        self,
        name: str,
        attribute: str,
        kind: Kind,
        *,
        required: bool = False,
        whole: bool = False,
        in_parts: bool = False,
    ) -> None:
        """Declare it."""
        self.name = name
        self.attribute = attribute
        self.value = attrgetter(attribute)
        self.kind = kind
        self.required = required
        self.whole = whole
        self.in_parts = in_parts

    def written(self, value: object) -> Any:
        """The value of this field for an object of the model."""
        return self.kind.write(value if self.whole else self.value(value))


class Record(Kind):
    """A dataclass of the model as a JSON object, with the fields in order of declaration."""

    def __init__(self, model: type, *fields: Field, title: str = "") -> None:
        """Raise TypeError, naming each field of the dataclass that is not declared."""
        declared = {one.attribute for one in fields}
        known = {one.name: one for one in dataclasses.fields(model) if one.init}
        for name in known.keys() ^ declared:
            raise TypeError(
                f"{model.__name__}.{name} is {'not' if name in known else 'no attribute but'} "
                "declared in the schema of the store (euicc_sim/store/schema.py)"
            )
        self.model = model
        self.fields = fields
        self.members = [_member(one, known[one.attribute]) for one in fields]
        struct = defstruct(
            title or model.__name__, self.members, forbid_unknown_fields=True, kw_only=True
        )
        self.by_name = {one.name: one for one in fields}
        self._writing = [(one.name, one.written) for one in fields]
        self._values = attrgetter(*(one.attribute for one in fields))
        super().__init__(struct, self._read, self._write)

    def _read(self, record: Struct) -> Any:
        given = {}
        for one in self.fields:
            value = getattr(record, one.name)
            if value is not UNSET:
                given[one.attribute] = _at(one.name, one.kind.read, value)
        return self.model(**given)

    def _write(self, value: object) -> dict[str, Any]:
        return {name: written(value) for name, written in self._writing}

    def differences(self, old: object, new: object) -> dict[str, Any]:
        """The fields of `new` that differ from `old`, in stored form."""
        pairs = zip(self.fields, self._values(old), self._values(new), strict=True)
        return {
            one.name: one.kind.differences(before, now) if one.in_parts else one.written(new)
            for one, before, now in pairs
            if before is not now and before != now
        }

    def put(self, tree: dict[str, Any] | None, change: dict[str, Any]) -> dict[str, Any]:
        """With the changed fields. Raises KeyError for one that a record does not have."""
        merged = dict(tree or {})
        for name, value in change.items():
            field = self.by_name[name]
            merged[name] = field.kind.put(merged.get(name), value) if field.in_parts else value
        return merged


def _member(field: Field, attribute: dataclasses.Field[Any]) -> tuple[str, Any, Any] | Any:
    missing = dataclasses.MISSING
    has_default = attribute.default is not missing or attribute.default_factory is not missing
    if field.required or not has_default:
        return field.name, field.kind.form
    return field.name, _either(field.kind.form, UnsetType), UNSET


def _at(step: str | int, read: Callable[[Any], M], value: Any) -> M:
    """Read a value; an error includes the place."""
    try:
        return read(value)
    except MisfitError as error:
        error.steps.insert(0, step)
        raise
    except ValueError as error:
        misfit = MisfitError(str(error))
        misfit.steps.append(step)
        raise misfit from error
