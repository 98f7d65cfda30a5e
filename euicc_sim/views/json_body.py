"""A body of ES9+, ES11, ESipa or ES2+ in JSON: its fields, and the objects that they hold.

Knows no function: whatever is base64 of one whole object is one.
"""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass

from apdu import TlvError
from apdu.tlv import whole

DEEPEST = 8
"""How many levels of objects and arrays are read."""


@dataclass(frozen=True, slots=True)
class BodyField:
    """A field: its name with those around it, such as header.functionExecutionStatus.status.

    `object` is the object that it holds, if it holds one; else `text` is its value.
    """

    name: str
    text: str = ""
    object: bytes | None = None


def read(text: str) -> tuple[BodyField, ...] | None:
    """The fields of a body; None if the text is not a JSON object with fields."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tuple(_fields("", found, DEEPEST)) or None


def _fields(name: str, value: object, levels: int) -> Iterator[BodyField]:
    if isinstance(value, dict) and levels:
        for key, one in value.items():
            yield from _fields(f"{name}.{key}" if name else key, one, levels - 1)
    elif isinstance(value, list) and levels:
        for number, one in enumerate(value, 1):
            yield from _fields(f"{name}[{number}]", one, levels - 1)
    elif isinstance(value, str):
        yield BodyField(name, value, _object(value))
    else:
        yield BodyField(name, json.dumps(value))


def _object(text: str) -> bytes | None:
    """The object whose base64 this is."""
    compact = "".join(text.split())
    if _is_hex(compact):  # an EID or a transactionId, which may be base64 by chance
        return None
    try:
        data = b64decode(compact, validate=True)
        whole(data)
    except (Base64Error, TlvError, ValueError):
        return None
    return data


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return True
