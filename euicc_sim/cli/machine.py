"""What `--json` prints: JSON with stable names, for programs. docs/json.md lists it.

The output of each command is a struct, from which `schemas` makes its JSON Schema. Bytes are
hexadecimal, ICCIDs as printed, times ISO 8601 in UTC. Characters beyond ASCII are escaped, so that
nothing from outside reaches a terminal raw.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from msgspec import Meta

JsonOption = Annotated[bool, typer.Option("--json", help="For programs: JSON with stable names.")]

Eid = Annotated[str, Meta(pattern="^[0-9]{32}$")]
Iccid = Annotated[str, Meta(pattern="^[0-9A-F]*$")]
"""Digits as printed; a card may have installed one that has letters."""


class Output(msgspec.Struct, rename="camel"):
    """What a command prints, or a part of it."""


def print_json(value: Output | Sequence[Output] | Sequence[Mapping[str, object]]) -> None:
    """Print one output, or a list of them."""
    typer.echo(_json(value, indent=2))


def print_json_line(value: Output) -> None:
    """Print one output on a line, at once."""
    typer.echo(_json(value))
    sys.stdout.flush()


def _json(value: object, indent: int | None = None) -> str:
    plain = msgspec.to_builtins(value, builtin_types=(bytes, datetime))
    return json.dumps(plain, indent=indent, default=_text)


def _text(value: Any) -> str:
    match value:
        case bytes():
            return value.hex().upper()
        case datetime():
            return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    raise TypeError(f"{type(value)} has no form in JSON")
