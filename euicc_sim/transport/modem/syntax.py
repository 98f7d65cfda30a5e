"""AT command lines: what is between AT and the carriage return (ITU-T V.250 clause 5.2).

A line has several commands: basic ones are a letter with an optional number (`E0`), extended ones a
name that starts with `+`, parted by `;`. Their forms are execute (`+CIMI`), read (`+CFUN?`), test
(`+CFUN=?`) and set (`+CFUN=0`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, IntEnum, unique
from typing import NamedTuple

MAX_LINE = 0x21000
"""Characters; the longest command APDU, in hexadecimal, needs 131,086 of them."""

_BASIC = re.compile(r"(&?[A-Za-z])[ ]*(\d*)[ ]*")
_EXTENDED = re.compile(
    r"(?P<name>\+[A-Za-z0-9]+)\s*(?:(?P<mark>\?|=\s*\?)|=(?P<given>.*))?", re.DOTALL
)
_MAX_DIGITS = 9


@unique
class Form(Enum):
    """What a command asks."""

    EXECUTE = ""
    READ = "?"
    TEST = "=?"
    SET = "="


@unique
class Cme(IntEnum):
    """Errors of the equipment, 3GPP TS 27.007 clause 9.2.1."""

    NOT_ALLOWED = 3
    NOT_SUPPORTED = 4
    SIM_NOT_INSERTED = 10
    PIN_REQUIRED = 11
    PUK_REQUIRED = 12
    SIM_FAILURE = 13
    WRONG_PASSWORD = 16
    MEMORY_FULL = 20
    INVALID_INDEX = 21
    NOT_FOUND = 22
    TEXT_TOO_LONG = 24
    INVALID_CHARACTERS = 25
    INCORRECT_PARAMETERS = 50

    @property
    def words(self) -> str:
        """What +CMEE=2 shows."""
        return _WORDS[self]


_WORDS = {
    Cme.NOT_ALLOWED: "operation not allowed",
    Cme.NOT_SUPPORTED: "operation not supported",
    Cme.SIM_NOT_INSERTED: "SIM not inserted",
    Cme.PIN_REQUIRED: "SIM PIN required",
    Cme.PUK_REQUIRED: "SIM PUK required",
    Cme.SIM_FAILURE: "SIM failure",
    Cme.WRONG_PASSWORD: "incorrect password",
    Cme.MEMORY_FULL: "memory full",
    Cme.INVALID_INDEX: "invalid index",
    Cme.NOT_FOUND: "not found",
    Cme.TEXT_TOO_LONG: "text string too long",
    Cme.INVALID_CHARACTERS: "invalid characters in text string",
    Cme.INCORRECT_PARAMETERS: "Incorrect parameters",
}


class AtError(Exception):
    """A command that fails with an error of the equipment."""

    def __init__(self, cme: Cme) -> None:
        super().__init__(cme.words)
        self.cme = cme


class NotACommandError(Exception):
    """Characters that are not a command: the answer is ERROR, whatever +CMEE says."""


class At(NamedTuple):
    """One command of a line; a parameter that is left out is empty."""

    name: str
    form: Form
    parameters: tuple[str, ...] = ()

    def number(self, index: int, default: int | None = None, *, most: int | None = None) -> int:
        """A parameter that is a decimal number from 0 to `most`. Raises AtError."""
        text = self._given(index)
        if not text and default is not None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
            raise AtError(Cme.INCORRECT_PARAMETERS)
        if most is not None and int(text) > most:
            raise AtError(Cme.INCORRECT_PARAMETERS)
        return int(text)

    def octets(self, index: int, *, most: int) -> bytes:
        """A parameter that is hexadecimal; empty if it is left out. Raises AtError."""
        text = self._given(index)
        if len(text) > 2 * most:
            raise AtError(Cme.TEXT_TOO_LONG)
        if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", text):
            raise AtError(Cme.INVALID_CHARACTERS)
        return bytes.fromhex(text)

    def text(self, index: int) -> str:
        """A parameter as it was given; empty if it is left out."""
        return self._given(index)

    def takes(self, least: int, most: int) -> None:
        """Check how many parameters there are. Raises AtError."""
        if not least <= len(self.parameters) <= most:
            raise AtError(Cme.INCORRECT_PARAMETERS)

    def _given(self, index: int) -> str:
        return self.parameters[index] if index < len(self.parameters) else ""


def commands(body: str) -> Iterator[At]:
    """The commands of a line after its AT, one by one. Raises NotACommandError at the first wrong.

    Those before a wrong one come first: they are carried out, as on a modem.
    """
    for part in _parts(body, ";"):
        rest = part.strip()
        while rest and not rest.startswith("+"):
            found = _BASIC.match(rest)
            if not found:
                raise NotACommandError(rest)
            name, number = found.groups()
            yield At(name.upper(), Form.EXECUTE, (number,) if number else ())
            rest = rest[found.end() :]
        if rest:
            yield _extended(rest)


def _extended(text: str) -> At:
    found = _EXTENDED.fullmatch(text)
    if not found:
        raise NotACommandError(text)
    name, mark, given = found["name"].upper(), found["mark"], found["given"]
    if given is None:
        return At(name, Form("".join((mark or "").split())))
    return At(name, Form.SET, tuple(_unquoted(one.strip()) for one in _parts(given, ",")))


def _parts(text: str, mark: str) -> list[str]:
    """What is between marks that are not inside quotation marks."""
    found: list[str] = []
    start, quoted = 0, False
    for at, one in enumerate(text):
        if one == '"':
            quoted = not quoted
        elif one == mark and not quoted:
            found.append(text[start:at])
            start = at + 1
    if quoted:
        raise NotACommandError(text)
    return [*found, text[start:]]


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        text = text[1:-1]
    if '"' in text:
        raise NotACommandError(text)
    return text
