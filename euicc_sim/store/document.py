"""A card's document: reading and writing its JSON text, and errors in it.

Converts text to `Identity` and `State` and back by the tables of `schema`. Knows no files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct, defstruct, inspect

from apdu.words import nearest
from euicc_sim.model.identity import Identity
from euicc_sim.model.state import State
from euicc_sim.store.kinds import MisfitError
from euicc_sim.store.schema import (
    IDENTITY,
    ITEMS,
    KEYS,
    SCHEMA,
    SCHEMAS_READ,
    STATE,
    PackageReference,
    check,
    check_version,
    package_digest,
)

FetchPackage = Callable[[bytes], bytes]
"""Returns the stored profile package of an ICCID; raises ValueError with the reason."""

Steps = Sequence[str | int]
"""The path to a place in a document: names of fields and numbers of items."""

MAX_SHOWN = 200
LONGEST_SEARCHED = 0x400000
"""The largest document, in bytes, in which the line of an error is searched for (about 1 s)."""
MAX_DEPTH = 64
"""The maximum nesting of lists and objects; the schema has eight."""


class DocumentError(ValueError):
    """The document is not that of a card: the place in it, and the reason."""


class PackageError(DocumentError):
    """A document whose profile package is not there, or is another one."""


class _Head(Struct):
    """The field that every schema has."""

    schema: int | None = None


Document = defstruct(
    "Card",
    [("schema", Literal[SCHEMAS_READ]), ("card", IDENTITY.form), *STATE.members],
    forbid_unknown_fields=True,
    kw_only=True,
)
"""The type of the whole document, as msgspec checks it."""

_decode_head = msgspec.json.Decoder(_Head).decode
_decode = msgspec.json.Decoder(Document).decode


def parse(text: bytes, fetch: FetchPackage | None = None) -> tuple[Identity, State]:
    """Read a document; `fetch` gives the profile package of an ICCID.

    Raises DocumentError with line, place and reason.
    """
    return _from_record(_checked(text), text, fetch)


def schema_of(text: bytes) -> int | None:
    """The number of the schema of a sound document."""
    return _decode_head(text).schema


def tree(text: bytes) -> dict[str, Any]:
    """A document as plain JSON, to which changes can be applied. Raises DocumentError.

    The keys of items are spelled as in the change log, however a person spelled them.
    """
    record = _checked(text)
    found: dict[str, Any] = json.loads(text)
    for name, key in KEYS.items():
        kind = ITEMS[name].by_name[key].kind
        for number, item in enumerate(found.get(name, ())):
            try:
                item[key] = kind.write(kind.read(getattr(getattr(record, name)[number], key)))
            except ValueError as error:
                raise DocumentError(_place(text, [name, number, key], str(error))) from error
    return found


def from_tree(found: dict[str, Any], fetch: FetchPackage | None = None) -> tuple[Identity, State]:
    """Read a document to which changes were applied. Raises DocumentError."""
    try:
        record = msgspec.convert(found, Document)
    except msgspec.ValidationError as error:
        raise DocumentError(_misfit(error, b"")) from error
    return _from_record(record, b"", fetch)


def render(identity: Identity, state: State) -> bytes:
    """The document of a card, UTF-8, formatted for people."""
    whole = {"schema": SCHEMA, "card": IDENTITY.write(identity)} | STATE.write(state)
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def json_schema() -> bytes:
    """The JSON Schema of the document, UTF-8."""
    found = msgspec.json.schema(Document)
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | found
    return msgspec.json.format(msgspec.json.encode(found, order="sorted"), indent=2) + b"\n"


def _checked(text: bytes) -> Struct:
    """The document as a record, after checking its text."""
    try:
        schema = _decode_head(text).schema
        if schema not in SCHEMAS_READ:
            raise DocumentError(_other_schema(schema))
        record: Struct = _decode(text)
        json.loads(text, object_pairs_hook=_unique)
    except msgspec.ValidationError as error:
        raise DocumentError(_misfit(error, text)) from error
    except msgspec.DecodeError as error:
        raise DocumentError(f"it is not JSON: {_syntax(str(error), text)}") from error
    except UnicodeDecodeError as error:
        raise DocumentError("it is not JSON: it is not valid UTF-8") from error
    except RecursionError as error:
        line = next((one.line for one in _tokens(text) if one.depth > MAX_DEPTH), 1)
        raise DocumentError(f"line {line}: lists or objects are nested too deeply") from error
    except _TwiceError as error:
        raise DocumentError(_twice(text)) from error
    return record


def _other_schema(found: int | None) -> str:
    known = f'its "schema" is {found!r}; this program reads schema {SCHEMAS_READ[0]}'
    known += "".join(f" and {one}" for one in SCHEMAS_READ[1:])
    if found is not None and found > SCHEMA:
        known += ": it is from a newer release, so open it with that one"
    return known


def _from_record(record: Any, text: bytes, fetch: FetchPackage | None) -> tuple[Identity, State]:
    try:
        identity: Identity = _below("card", IDENTITY.read, record.card)
        state: State = STATE.read(record)
        check_version(identity, state)
        references = [one.package for one in record.profiles or ()]
    except MisfitError as error:
        raise DocumentError(_place(text, error.steps, str(error))) from error
    try:
        check(state)
    except ValueError as error:
        raise DocumentError(f"at the document: {error}") from error
    profiles = []
    for number, (one, reference) in enumerate(zip(state.profiles, references, strict=True)):
        try:
            package = _fetched(one.iccid, reference, fetch or _no_package)
        except ValueError as error:
            raise PackageError(_place(text, ["profiles", number, "package"], str(error))) from error
        profiles.append(replace(one, package=package))
    return identity, replace(state, profiles=tuple(profiles))


def _below(step: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except MisfitError as error:
        error.steps.insert(0, step)
        raise


def _fetched(iccid: bytes, reference: PackageReference, fetch: FetchPackage) -> bytes:
    content = fetch(iccid)
    if len(content) != reference.size or package_digest(content) != reference.sha256:
        raise ValueError(f"{shown(reference.file)} is not the package that was stored")
    return content


def _no_package(iccid: bytes) -> bytes:
    raise ValueError(f"the package of {iccid.hex().upper()} is missing")


# -- errors in a document


def shown(text: str) -> str:
    """Text from a file, shortened and without control characters, for a terminal."""
    cut = text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in cut)


_WHERE = re.compile(r"(.*?)(?: - at `\$(.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_FIELD = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)


def _misfit(error: msgspec.ValidationError, text: bytes) -> str:
    """msgspec's message, with the place in our form."""
    found = _WHERE.fullmatch(str(error))
    message, path = (found[1], found[2] or "") if found else (str(error), "")
    steps: list[str | int] = [name or int(number) for name, number in _STEP.findall(path)]
    field = _FIELD.fullmatch(message)
    meant = ""
    if field:
        near = nearest(field[2], _names_at(steps)) if field[1] == "contains unknown" else []
        meant = f" (did you mean {near[0]}?)" if near else ""
        steps.append(field[2])
        message = {
            "missing required": "this field is missing",
            "contains unknown": f"there is no such field{meant}",
        }[field[1]]
    message = message.replace("`", "")
    return _place(text, steps, message[:1].lower() + message[1:])


def _names_at(steps: Steps) -> list[str]:
    """The fields of the object at a place of a document; none if an object is not there."""
    found = _object(inspect.type_info(Document))
    for step in steps:
        match found:
            case inspect.StructType(fields=fields):
                by_name = {one.encode_name: one.type for one in fields}
                found = _object(by_name[step]) if step in by_name else None
            case inspect.VarTupleType(item_type=inner) | inspect.ListType(item_type=inner):
                found = _object(inner)
            case _:
                return []
    if not isinstance(found, inspect.StructType):
        return []
    return [one.encode_name for one in found.fields]


def _object(declared: inspect.Type) -> inspect.Type | None:
    """What a field is when it is not null."""
    if isinstance(declared, inspect.UnionType):
        return next((one for one in declared.types if not isinstance(one, inspect.NoneType)), None)
    return declared


def _place(text: bytes, steps: Steps, why: str) -> str:
    place = shown(".".join(map(str, steps))) or "the document"
    line = _line(text, steps)
    return f"{f'line {line}, ' if line else ''}at {place}: {shown(why)}"


def _syntax(message: str, text: bytes) -> str:
    found = re.fullmatch(r"JSON is malformed: (.*) \(byte (\d+)\)", message, re.DOTALL)
    reason, at = (found[1], int(found[2])) if found else ("it ends too early", len(text))
    line = text.count(b"\n", 0, at) + 1
    column = at - (text.rfind(b"\n", 0, at) + 1) + 1
    return f"{reason} at line {line} column {column}"


class _TwiceError(Exception):
    """An object has a duplicate name."""


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _TwiceError


class _Token(NamedTuple):
    """A bracket, comma, colon or string of JSON: its depth, line and offset."""

    text: str
    depth: int
    line: int
    start: int


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|\n')


def _tokens(text: bytes) -> Iterator[_Token]:
    depth, line = 0, 1
    if len(text) > LONGEST_SEARCHED:
        return
    for one in _TOKEN.finditer(text.decode(errors="replace")):
        found = one[0]
        if found == "\n":
            line += 1
            continue
        depth += found in "{["
        yield _Token(found, depth, line, one.start())
        depth -= found in "}]"


def _places(text: bytes) -> Iterator[tuple[list[str | int | None], int, bool]]:
    """The places of valid JSON in order, each with its line and whether it is a field.

    Anything nested deeper than `MAX_DEPTH` is skipped: a document has no field there.
    A place is one list that changes on the way: copy it to keep it.
    """
    stack: list[str | int | None] = []
    last = _Token("", 0, 0, 0)
    for one in _tokens(text):
        if one.depth > MAX_DEPTH:
            continue
        if one.text in ("{", "["):
            stack.append(None if one.text == "{" else 0)
            if one.text == "[":
                yield stack, one.line, False
        elif one.text in ("}", "]"):
            stack.pop()
        elif one.text == ":" and stack:
            stack[-1] = json.loads(last.text)
            yield stack, last.line, True
        elif one.text == "," and stack and isinstance(stack[-1], int):
            stack[-1] += 1
            yield stack, one.line, False
        last = one


def _line(text: bytes, steps: Steps) -> int | None:
    """The line of a place in valid JSON, or of the object that lacks it."""
    found, best = (1 if 0 < len(text) <= LONGEST_SEARCHED else None), 0
    wanted = list(steps)
    with suppress(ValueError):
        for place, line, _ in _places(text):
            depth = len(place)
            if not best < depth <= len(wanted) or place[-1] != wanted[depth - 1]:
                continue
            if place == wanted[:depth]:
                found, best = line, depth
                if best == len(wanted):
                    break
    return found


def _twice(text: bytes) -> str:
    seen: set[tuple[str | int | None, ...]] = set()
    for place, line, is_field in _places(text):
        if is_field:
            if tuple(place) in seen:
                return f"line {line}, at {shown('.'.join(map(str, place)))}: it appears twice"
            seen.add(tuple(place))
    return "a field appears twice"
