"""`euicc-sim decode`: any ES10 or ESipa object as a tree, with the name of every field."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from apdu import TlvError, tlv
from apdu.atr import DIRECT, Atr
from apdu.tlv import read
from apdu.words import nearest
from euicc_sim.asn1 import es9plus, esipa
from euicc_sim.asn1.esipa.packages import EimPackageResult
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.primitives import Asn1Error
from euicc_sim.asn1.tree import Line, Reading, raw, reading, readings
from euicc_sim.asn1.wire import NEWEST
from euicc_sim.cli.console import columns, console, facts, fail, printable
from euicc_sim.cli.eim_bytes import file_content
from euicc_sim.cli.machine import JsonOption, print_json
from euicc_sim.cli.machine_packages import PackageOutput
from euicc_sim.cli.machine_trees import ReadingOutput
from euicc_sim.cli.tree_lines import print_lines, say
from euicc_sim.formats.saip import HEADER, Element, PackageError, elements, examine
from euicc_sim.parties.messages import EimError
from euicc_sim.tracing.conversation import STORE_DATA
from euicc_sim.views import pasted
from euicc_sim.views.json_body import BodyField
from euicc_sim.views.pasted import Pasted

OK = b"\x90\x00"
TYPES = {**NEWEST.types, **esipa.types(), **es9plus.types()}
OF_FIELDS = {"eimPackageResult": ("EimPackageResult", EimPackageResult())}
"""Types that only a field of a body in JSON is known to have."""
CARRIED = "Carried"
"""The type of an object that a message carries unchanged."""
MAX_SHOWN = 2
"""How many readings to print when several fit equally well; the others are only named."""
MAX_ELEMENTS = 1000
"""How many elements of a package to list; packages have fewer than a hundred."""

_PACKAGE_HEAD = ("", "element", "tag", "id", "mandated", "bytes")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


Source = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[HEX|FILE|-]",
        help="Hex digits, a file of hex digits or DER, or - for standard input.",
        show_default=False,
    ),
]
TypeName = Annotated[
    str | None,
    typer.Option("--type", metavar="NAME", help="Decode it as this ASN.1 type."),
]
IsRequest = Annotated[
    bool | None,
    typer.Option("--request/--response", help="Which of the two messages with the same tag it is."),
]


class _DecodeError(Exception):
    """Input that cannot be shown. The text says what to do."""


def decode(
    source: Source = None,
    type_name: TypeName = None,
    request: IsRequest = None,
    as_json: JsonOption = False,
) -> None:
    """Print any ES10 object as a named tree: request, response, response to SELECT, certificate.

    Messages between IPA and eIM (ESipa) are decoded as well. A whole STORE DATA command, lpac's
    debug output, AT commands of a modem, lists of APDUs, hexdumps, base64, ATRs and bodies of ESipa
    or ES9+ in JSON are understood too, and it is said what the input was taken for.

    Without options, the type that fits is used; if two fit equally well, both are printed. A status
    word 9000 at the end is ignored. For an unprotected profile package, the elements are listed.
    """
    try:
        data = _input(source or ["-"])
        if isinstance(data, Pasted):
            if as_json and data.object is None:
                from euicc_sim.cli.machine_messages import BodyOutput, ConversationOutput

                is_body = bool(data.fields)
                print_json(
                    BodyOutput.of(data, _readings_of_field)
                    if is_body
                    else ConversationOutput.of(data)
                )
                return
            if not as_json:
                _print_pasted(data)
            if data.object is None:
                return
            data = data.object
        if type_name is None and _is_package(data):
            if as_json:
                print_json(PackageOutput.of(data))
            else:
                _print_package(data)
            return
        data = _without_status(data)
        found = _readings(data, type_name, request)
    except (_DecodeError, EimError) as error:
        fail(str(error))
    except PackageError as error:
        fail(f"This profile package cannot be read: {error}; check it.")
    except Asn1Error as error:
        fail(f"These bytes cannot be read: {error}; check them, or choose a different --type.")
    if as_json:
        print_json([ReadingOutput.of(one) for one in found or [raw(data)]])
    else:
        _print(found, data)


def _input(source: Sequence[str]) -> bytes | Pasted:
    joined = "".join("".join(source).split())
    if joined == "-":
        return _octets(sys.stdin.buffer.read(), "Standard input")
    if len(source) > 1 and (found := pasted.read("\n".join(source))) and found.items:
        return found
    if _HEX.fullmatch(joined):
        data = bytes.fromhex(joined)
        return pasted.bare(data) or data
    name = " ".join(source)
    found = None if _is_file(name) else _pasted(name)
    if found is not None:
        return found
    return _octets(file_content(name, "object"), name)


def _pasted(text: str) -> Pasted | None:
    """What a text is. Raises _DecodeError for JSON that breaks off, or is wrong."""
    if text.lstrip().startswith('{"'):
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _DecodeError(f"This is not whole JSON: {error}. Give all of the body.") from error
    return pasted.read(text)


def _is_file(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def _octets(content: bytes, where: str) -> bytes | Pasted:
    """The bytes in a file: its hex digits, what its text is, or its contents if it is not text."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    if not text.isascii():
        return pasted.read(text) or content
    digits = "".join(text.split())
    if not digits:
        raise _DecodeError(f"{where} is empty; give the bytes of an ES10 object.")
    data = bytes.fromhex(digits) if _HEX.fullmatch(digits) else b""
    if data and (len(text.split()) == 1 or pasted.is_tlv(data.removesuffix(OK))):
        return pasted.bare(data) or data
    if (found := _pasted(text)) is not None:
        return found
    if all(one.isprintable() or one.isspace() for one in text):
        raise _DecodeError(f"{where} is text, but not hex (two digits per byte); give hex or DER.")
    return content


def _without_status(data: bytes) -> bytes:
    """Drop the 9000 at the end of a card's response."""
    try:
        end = read(data).end
    except TlvError as error:
        raise _DecodeError(
            f"These bytes are not an ES10 object: {error}; check them.{_hint(data)}"
        ) from error
    rest = data[end:]
    if rest and rest != OK:
        raise _DecodeError(
            f"{len(rest)} byte{'s follow' if len(rest) > 1 else ' follows'} the object "
            f"({rest[:16].hex().upper()}); give one object, or a response that ends in 9000."
        )
    return data[:end]


def _hint(data: bytes) -> str:
    """What else they may be."""
    if len(data) > 4 and data[1] == STORE_DATA:
        return " They begin like a STORE DATA command, but Lc does not fit."
    return ""


def _readings(data: bytes, type_name: str | None, request: bool | None) -> list[Reading]:
    if type_name is not None:
        name = _known(type_name, TYPES)
        return [reading(name, TYPES[name], data)]
    if request is None:
        return readings(TYPES, data)
    chosen = {name: one for name, one in TYPES.items() if name.endswith("Request") is request}
    found = readings(chosen, data)
    if not found:
        kind = "request" if request else "response"
        raise _DecodeError(
            f"No {kind} begins with tag {raw(data).lines[0].tag:X}; leave out --{kind}."
        )
    return found


def _known(wanted: str, types: Mapping[str, Any]) -> str:
    plain = wanted.replace("SGP.22", "SGP22").strip()
    for name in (plain, plain.removeprefix("SGP22 ")):
        if name in types:
            return name
    by_lower = {name.lower(): name for name in types}
    if found := by_lower.get(plain.lower()):
        return found
    close = nearest(plain, types, 3)
    raise _DecodeError(
        f"There is no type {wanted!r}; "
        + (f"did you mean {' or '.join(close)}?" if close else "without --type it is detected.")
    )


def _print(found: Sequence[Reading], data: bytes) -> None:
    if not found:
        _say("No known type fits; these are the plain objects.")
        found = [raw(data)]
    elif len(found) > 1:
        names = " or ".join(one.name for one in found)
        _say(f"{names}: they fit equally well; choose with --request, --response or --type.")
    for index, one in enumerate(found[:MAX_SHOWN]):
        if index:
            console.print()
        print_lines(_with_carried(one))


def _with_carried(found: Reading) -> list[Line]:
    """All lines, with those of carried objects in place."""
    lines = []
    for one in found.lines:
        inner = _carried(one)
        lines.append(one if inner is None else replace(one, text="", value=None))
        if inner is not None:
            inside = _with_carried(inner)[1:]
            lines += [replace(line, depth=line.depth + one.depth) for line in inside]
    return lines


def _carried(line: Line) -> Reading | None:
    """The object that a line carries, if its type is known and it can be read."""
    if line.type != CARRIED or not isinstance(line.value, bytes):
        return None
    try:
        found = readings(TYPES, tlv(line.tag, line.value))
    except Asn1Error:
        return None
    return found[0] if found and found[0].fit[0] == 0 else None


def _print_pasted(found: Pasted) -> None:
    """Print what a text was taken for, and what is not an object."""
    say(found)
    if found.atr is not None:
        console.print(facts(_atr_facts(found.atr)))
    if found.fields:
        _print_fields(found.fields)
    if found.items:
        from euicc_sim.cli.exchange_lines import print_items  # it needs the table of functions

        print_items(found.items, is_answered=found.is_answered)


def _print_fields(fields: Iterable[BodyField]) -> None:
    """Print the plain fields of a body, then each object as a tree."""
    if plain := {one.name: one.text for one in fields if one.object is None}:
        console.print(facts(plain))
    for one in fields:
        if one.object is not None:
            console.print(Text(f"\n{printable(one.name)}", "bold"))
            _print(_readings_of_field(one), one.object)


def _readings_of_field(one: BodyField) -> list[Reading]:
    """The readings of a field's object: as its type, where its name alone says which that is."""
    data, kind = one.object or b"", OF_FIELDS.get(one.name)
    if kind is not None:
        with suppress(Asn1Error):
            return [reading(kind[0], kind[1], data)]
    return _any_readings(data)


def _any_readings(data: bytes) -> list[Reading]:
    """The readings of an object; the plain objects if no type fits, or if it is malformed."""
    try:
        return readings(TYPES, data) or [raw(data)]
    except Asn1Error:
        return [raw(data)]


def _atr_facts(data: bytes) -> dict[str, str]:
    atr = Atr.parse(data)
    return {
        "convention": "direct" if atr.convention == DIRECT else "inverse",
        "protocols": ", ".join(f"T={one}" for one in atr.protocols),
        "historical": atr.historical.hex().upper(),
    }


def _say(sentence: str) -> None:
    console.print(Text(sentence, "italic"))


def _is_package(data: bytes) -> bool:
    """Whether these bytes begin like a package: a header, then the start of an element."""
    try:
        first = read(data)
    except TlvError:
        return False
    return first.tag == HEADER and first.end < len(data) and data[first.end] & 0xE0 == HEADER


def _print_package(package: bytes) -> None:
    """Print a package, and whether a card accepts it. Raises PackageError if it cannot be read."""
    row = elements(package)
    try:
        found = examine(package)
    except PackageError as error:
        console.print(Text(f"This card refuses it: {error}; PEStatus {error.status}.", "red"))
    else:
        rows = {
            "ICCID": iccid_digits(found.iccid),
            "profile type": found.profile_type,
            "version": ".".join(map(str, found.version)),
            "connectivity": (found.connectivity or b"").hex().upper(),
            "bytes": str(len(package)),
        }
        console.print(facts({name: value for name, value in rows.items() if value}))
    shown = row[:MAX_ELEMENTS]
    console.print(columns(_PACKAGE_HEAD, map(_row, range(1, len(row) + 1), shown), _PACKAGE_HEAD))
    if more := len(row) - len(shown):
        console.print(f"{more} more elements are not shown.")


def _row(number: int, one: Element) -> tuple[str, ...]:
    identification = "" if one.identification is None else str(one.identification)
    mandated = "yes" if one.mandated else ""
    return str(number), one.name, f"{one.tag:X}", identification, mandated, str(one.size)
