"""Scripts of APDUs: the format of pcsc-tools' `scriptor`, with expectations in its comments.

A line is a command (hex pairs, all apart by one space or all joined), `reset`, `exit`, a comment
that begins with # in the first column, or blank; a command that ends in a backslash goes on in
the next line. What scriptor would choke on is refused here, so that a script runs in both.

A comment `#< PATTERN` after a command says what it must answer: a regular expression that
matches the whole of the data and status word in hex. Spaces in it mean nothing, and several such
lines are one pattern. After `reset` it is the ATR that must match. Knows cards only as bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

EXPECT = "#<"
MIN_COMMAND = 4
"""CLA INS P1 P2."""

_PAIR = re.compile(r"[0-9A-Fa-f]{2}")


class ScriptError(Exception):
    """A line that cannot be played: file, line and what to do."""


class CardLink(Protocol):
    """A card, however it is reached."""

    def reset(self) -> bytes:
        """Reset it and return the ATR."""
        ...

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command: data and status word."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a script, or a reset where `command` is None.

    `expected` is the pattern that the whole answer must match, None where any answer goes;
    `remarks` are the comments that stand above.
    """

    file: str
    line: int
    command: bytes | None
    expected: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """File and line, as editors and compilers write them."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step was answered; `passed` is None where nothing was expected."""

    step: Step
    answer: bytes
    passed: bool | None


def parse(text: str, file: str) -> list[Step]:
    """Read a script; ScriptError names the first line that is wrong."""
    return _Parser(file).parse(text)


def play(steps: Iterable[Step], card: CardLink) -> Iterator[Outcome]:
    """Send the commands one after the other and hold the answers against what is expected."""
    for step in steps:
        answer = card.reset() if step.command is None else card.transmit(step.command)
        passed = None
        if step.expected is not None:
            passed = re.fullmatch(step.expected, answer.hex(), re.IGNORECASE) is not None
        yield Outcome(step, answer, passed)


class _Parser:
    """One pass over one script."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._steps: list[Step] = []
        self._remarks: list[str] = []
        self._begun = ""
        self._begun_at = 0

    def parse(self, text: str) -> list[Step]:
        for number, line in enumerate(text.split("\n"), 1):
            if "exit" in line.lower():
                if line.strip().lower() == "exit":
                    break
                raise self._error(
                    number, "scriptor stops at the word 'exit', even in a comment; reword it"
                )
            self._line(number, line)
        if self._begun:
            raise self._error(self._begun_at, "the command ends in a backslash and never goes on")
        return self._steps

    def _line(self, number: int, line: str) -> None:
        if not line.strip():
            return
        if line.startswith(EXPECT):
            self._expect(number, line.removeprefix(EXPECT))
        elif line.startswith("#"):
            self._remarks.append(line.removeprefix("#").strip())
        elif "reset" in line.lower():
            self._reset(number, line)
        else:
            self._command(number, line)

    def _reset(self, number: int, line: str) -> None:
        if self._begun or line.strip().lower() != "reset":
            raise self._error(number, "'reset' stands alone, and not within a command")
        self._add(number, None)

    def _command(self, number: int, line: str) -> None:
        if not self._begun:
            self._begun_at = number
        if " " not in line:
            line = re.sub("(..)", r"\1 ", line)
        if line.endswith("\\"):
            line = line.removesuffix("\\").rstrip(" ") + " "
            self._octets(number, line)
            self._begun += line
            return
        command = self._octets(number, self._begun + line)
        if len(command) < MIN_COMMAND:
            raise self._error(number, f"a command has {MIN_COMMAND} bytes or more: CLA INS P1 P2")
        self._add(self._begun_at, command)
        self._begun = ""

    def _octets(self, number: int, pairs: str) -> bytes:
        """The bytes of hex pairs, read as scriptor reads them."""
        found = pairs.rstrip(" ").split(" ")
        for one in found:
            if not _PAIR.fullmatch(one):
                what = f"{one!r} is" if one else "a space before it or two in a row are"
                raise self._error(
                    number,
                    f"{what} not taken; write hex pairs with one space between all of them or "
                    "none at all (comments begin with # in the first column)",
                )
        return bytes.fromhex("".join(found))

    def _add(self, number: int, command: bytes | None) -> None:
        self._steps.append(Step(self._file, number, command, remarks=tuple(self._remarks)))
        self._remarks.clear()

    def _expect(self, number: int, pattern: str) -> None:
        if not self._steps or self._begun:
            raise self._error(number, f"'{EXPECT}' comes after the command whose answer it is")
        step = self._steps[-1]
        expected = (step.expected or "") + "".join(pattern.split())
        try:
            re.compile(expected)
        except re.error as error:
            raise self._error(
                number, f"{pattern.strip()!r} is no regular expression ({error}); mend it"
            ) from error
        self._steps[-1] = replace(step, expected=expected)

    def _error(self, number: int, why: str) -> ScriptError:
        return ScriptError(f"{self._file}:{number}: {why}.")
