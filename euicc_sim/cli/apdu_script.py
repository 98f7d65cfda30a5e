"""Scripts of APDUs: the format of pcsc-tools' `scriptor`, with expectations in its comments.

A line is a command (hex pairs, either all separated by one space or all joined), `reset`, `exit`, a
comment with # in the first column, or blank; a command that ends in a backslash continues on the
next line. Anything scriptor would fail on is refused here, so that a script runs in both.

A comment `#< PATTERN` after a command gives the expected response: a regular expression that
matches all of the data and status word in hex. Spaces in it are ignored, and several such lines are
one pattern. After `reset` the ATR has to match. Knows a card only by its bytes.
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
    """A line that cannot be run. The text has the file, the line and what to do."""


class CardLink(Protocol):
    """A card, however it is reached."""

    def reset(self) -> bytes:
        """Reset the card; return the ATR."""
        ...

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command: data and status word."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a script, or a reset if `command` is None.

    `expected` is the pattern that the whole response must match, None if any response will do;
    `remarks` are the comments above.
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
    """The response to a step; `passed` is None if there is no pattern."""

    step: Step
    answer: bytes
    passed: bool | None


def parse(text: str, file: str) -> list[Step]:
    """Parse a script; ScriptError names the first bad line."""
    return _Parser(file).parse(text)


def play(steps: Iterable[Step], card: CardLink) -> Iterator[Outcome]:
    """Send the commands one after another and compare the responses with the patterns."""
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
            raise self._error(self._begun_at, "the script ends after a line with a backslash")
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
            raise self._error(number, "'reset' needs a line of its own, not within a command")
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
            raise self._error(number, f"a command has at least {MIN_COMMAND} bytes: CLA INS P1 P2")
        self._add(self._begun_at, command)
        self._begun = ""

    def _octets(self, number: int, pairs: str) -> bytes:
        """The bytes of hex pairs, parsed as scriptor does."""
        found = pairs.rstrip(" ").split(" ")
        for one in found:
            if not _PAIR.fullmatch(one):
                what = f"{one!r} is not a hex pair" if one else "there is an extra space"
                raise self._error(
                    number,
                    f"{what}; write hex pairs, either all separated by one space or all joined "
                    "(comments have # in the first column)",
                )
        return bytes.fromhex("".join(found))

    def _add(self, number: int, command: bytes | None) -> None:
        self._steps.append(Step(self._file, number, command, remarks=tuple(self._remarks)))
        self._remarks.clear()

    def _expect(self, number: int, pattern: str) -> None:
        if not self._steps or self._begun:
            raise self._error(number, f"'{EXPECT}' has to follow a command")
        step = self._steps[-1]
        expected = (step.expected or "") + "".join(pattern.split())
        try:
            re.compile(expected)
        except re.error as error:
            raise self._error(
                number, f"{pattern.strip()!r} is not a valid regular expression ({error}); fix it"
            ) from error
        self._steps[-1] = replace(step, expected=expected)

    def _error(self, number: int, why: str) -> ScriptError:
        return ScriptError(f"{self._file}:{number}: {why}.")
