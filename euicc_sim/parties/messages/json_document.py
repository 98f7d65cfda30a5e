"""JSON documents declared as msgspec structs: reading, validation and writing.

Bytes are hex in a string. A field that is None is left out, as is one with its default value if the
struct has `omit_defaults`. Knows nothing of files or of the meaning of a document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import NoReturn, TypeVar

import msgspec
from msgspec import inspect, structs

from apdu.words import LONGEST, did_you_mean

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A JSON value."""

T = TypeVar("T")

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<place>.*)`)?", re.DOTALL)
_FIELD = re.compile(r"Object (?:missing required|contains unknown) field `(?P<name>.*)`")


class DocumentError(ValueError):
    """A document that does not match its declaration; a sentence that begins with the place.

    It quotes only field names of the document, and the value where one of a few words is expected.
    """

    def __init__(self, sentence: str) -> None:
        """`message` is made safe for a terminal."""
        super().__init__(sentence if sentence.isprintable() else ascii(sentence)[1:-1])


def read_document(kind: type[T], content: bytes) -> T:
    """Read a document as a struct. Raises DocumentError."""
    return from_json(kind, read_json(content))


def read_json(content: bytes) -> object:
    """Read any JSON without duplicate keys. Raises DocumentError."""
    try:
        return json.loads(content, object_pairs_hook=_once, parse_constant=_no_number)
    except DocumentError:
        raise
    except (ValueError, RecursionError):
        # The cause would hold the whole text, which may contain a key.
        raise DocumentError("it is not JSON. Restore a copy of the file.") from None


def from_json(kind: type[T], value: object) -> T:
    """Convert a JSON value to a struct. Raises DocumentError."""
    try:
        return msgspec.convert(
            _with_bytes(_declared(kind), value, ""), kind, builtin_types=(bytes,)
        )
    except msgspec.ValidationError as error:
        raise DocumentError(_sentence(str(error))) from None


def write_document(value: msgspec.Struct) -> bytes:
    """The document of a struct, indented by two spaces."""
    return json.dumps(to_json(value), indent=2, ensure_ascii=False).encode() + b"\n"


def to_json(value: object) -> Json:
    """A struct, or a value inside one, as JSON."""
    match value:
        case msgspec.Struct():
            return fields_as_json(value)
        case bytes():
            return value.hex().upper()
        case Enum():
            return to_json(value.value)
        case datetime():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {str(name): to_json(one) for name, one in value.items()}
        case frozenset():
            return [to_json(one) for one in sorted(value)]
        case list() | tuple():
            return [to_json(one) for one in value]
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def fields_as_json(value: msgspec.Struct) -> dict[str, Json]:
    """The fields of a struct that are written, as JSON."""
    return {name: to_json(one) for name, one in _kept(value)}


def schemas_of(
    types: Iterable[object], ref_template: str
) -> tuple[list[dict[str, object]], dict[str, dict[str, object]]]:
    """JSON Schemas of values of these types, and those of the structs in them by name."""
    found, components = msgspec.json.schema_components(types, ref_template=ref_template)
    return [_schema(one) for one in found], {name: _schema(one) for name, one in components.items()}


def _schema(made: dict[str, object]) -> dict[str, object]:
    """With bytes in hex, patterns as JSON Schema has them, and descriptions in one line."""
    if "contentEncoding" in made:
        return {"type": "string", "pattern": "^([0-9A-Fa-f]{2})*$"}
    return {name: _in_schema(name, one) for name, one in made.items()}


def _in_schema(name: str, value: object) -> object:
    match name, value:
        case "pattern", str():
            return value.replace(r"\A", "^").replace(r"\Z", "$")
        case "description", str():
            return " ".join(value.split())
        case _, dict():
            return _schema(value)
        case _, list():
            return [_in_schema("", one) for one in value]
    return value


def _kept(value: msgspec.Struct) -> Iterable[tuple[str, object]]:
    """The fields that are written, under their JSON names."""
    for field in _fields(type(value)):
        one = getattr(value, field.name)
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if one is not None and not (value.__struct_config__.omit_defaults and one == default):
            yield field.encode_name, one


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[structs.FieldInfo, ...]:
    """The fields of a struct; msgspec reads the annotations anew for each call."""
    return structs.fields(kind)


def _declared(kind: type[object]) -> inspect.Type:
    found = _declarations.get(kind)
    if found is None:
        found = _declarations[kind] = inspect.type_info(kind)
    return found


_declarations: dict[type[object], inspect.Type] = {}


def _with_bytes(declared: inspect.Type, value: object, place: str) -> object:
    """The value with hex replaced by bytes wherever bytes are declared."""
    match declared, value:
        case inspect.BytesType(), str():
            return _from_hex(value, place)
        case inspect.Metadata(type=inner), _:
            return _with_bytes(inner, value, place)
        case inspect.UnionType(types=types), _ if value is not None:
            others = [one for one in types if not isinstance(one, inspect.NoneType)]
            return _with_bytes(others[0], value, place) if len(others) == 1 else value
        case inspect.StructType(cls=kind, fields=fields), dict():
            known = {one.encode_name: one.type for one in fields}
            if kind.__struct_config__.forbid_unknown_fields:
                _check_names(value, known, place)
            return {
                name: _with_bytes(known[name], one, f"{place}.{name}") if name in known else one
                for name, one in value.items()
            }
        case inspect.DictType(value_type=inner), dict():
            return {name: _with_bytes(inner, one, f"{place}.{name}") for name, one in value.items()}
        case inspect.ListType(item_type=inner) | inspect.VarTupleType(item_type=inner), list():
            return [
                _with_bytes(inner, one, f"{place}[{number}]") for number, one in enumerate(value)
            ]
    return value


def _check_names(given: Iterable[str], known: Iterable[str], place: str) -> None:
    for name in given:
        if name not in known:
            raise DocumentError(
                f"at {f'{place}.{name}'.removeprefix('.')[:LONGEST]}: there is no such field. "
                + did_you_mean(name, known)
            )


def _from_hex(digits: str, place: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        raise DocumentError(
            f"at {place.removeprefix('.')}: not an even number of hex digits. Mend that place."
        ) from error


def _sentence(complaint: str) -> str:
    """The message of msgspec, with the place in front."""
    found = _PLACE.fullmatch(complaint)
    what, place = (found["what"], found["place"] or "") if found else (complaint, "")
    field = _FIELD.fullmatch(what)
    if field is not None:
        place = f"{place}.{field['name']}".removeprefix(".")
        what = "the field is missing" if "missing" in what else "there is no such field"
    return f"at {place or 'the document'}: {what}. Mend that place."


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DocumentError(f"at {twice[:60]}: the field appears twice. Remove one of them.")
    return found


def _no_number(text: str) -> NoReturn:
    raise DocumentError(f"{text} is not a JSON number. Mend that place.")
