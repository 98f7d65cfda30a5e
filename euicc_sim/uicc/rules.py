"""Access rules of files: what must be verified before a command may use a file.

ETSI TS 102 221 clause 9 and ISO/IEC 7816-4 clause 5.4.3, the expanded format, as records of EF.ARR.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag

from apdu.tlv import Tlv, TlvError, children, read

BLANK = b"\xff"
_MODE, _INSTRUCTION = 0x80, 0x84
_FIRST_DESCRIPTION, _LAST_DESCRIPTION = 0x81, 0x8F
_ALWAYS, _NEVER, _OR, _AND = 0x90, 0x97, 0xA0, 0xAF
_KEY, _REFERENCE = 0xA4, 0x83


class Mode(IntFlag):
    """The bits of an access mode for an EF."""

    READ = 0x01
    UPDATE = 0x02
    DEACTIVATE = 0x08
    ACTIVATE = 0x10


@dataclass(frozen=True, slots=True)
class Always:
    """Nothing must be verified."""


@dataclass(frozen=True, slots=True)
class Never:
    """It is never allowed; `why` is a clause for people."""

    why: str = "no access rule allows it"


@dataclass(frozen=True, slots=True)
class Verified:
    """A PIN or key with that reference must be verified."""

    reference: int


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these must hold."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of these must hold."""

    of: tuple[Condition, ...]


Condition = Always | Never | Verified | AnyOf | AllOf


@dataclass(frozen=True, slots=True)
class Rule:
    """What the modes (bits) and instructions of one rule need."""

    modes: int
    instructions: frozenset[int]
    condition: Condition


def parse(record: bytes) -> tuple[Rule, ...]:
    """Read a record of EF.ARR, which is padded with FF. Raises TlvError."""
    rules: list[Rule] = []
    modes, instructions = 0, set[int]()
    conditions: list[Condition] = []
    for item in _objects(record):
        value = record[item.value : item.end]
        if item.tag == _MODE or _FIRST_DESCRIPTION <= item.tag <= _LAST_DESCRIPTION:
            if conditions:
                rules.append(_rule(modes, instructions, conditions))
                modes, instructions, conditions = 0, set(), []
            if item.tag == _MODE:
                modes |= value[0] if value else 0
            elif item.tag == _INSTRUCTION:
                instructions |= set(value)
        else:
            conditions.append(_condition(item.tag, value))
    if conditions:
        rules.append(_rule(modes, instructions, conditions))
    return tuple(rules)


def condition_for(rules: tuple[Rule, ...], mode: Mode | None, ins: int) -> Condition:
    """What a command needs: a rule for its instruction, or else for its mode."""
    for rule in rules:
        if ins in rule.instructions or (mode is not None and rule.modes & mode):
            return rule.condition
    return Never()


def _rule(modes: int, instructions: set[int], conditions: list[Condition]) -> Rule:
    one = conditions[0] if len(conditions) == 1 else AnyOf(tuple(conditions))
    return Rule(modes, frozenset(instructions), one)


def _objects(record: bytes) -> Iterator[Tlv]:
    at = 0
    while at < len(record) and record[at : at + 1] != BLANK:
        item = read(record, at)
        yield item
        at = item.end


def _condition(tag: int, value: bytes) -> Condition:
    if tag == _ALWAYS:
        return Always()
    if tag == _NEVER:
        return Never("its access rule says never")
    if tag == _KEY:
        for item in children(value):
            if item.tag == _REFERENCE and item.end == item.value + 1:
                return Verified(value[item.value])
        raise TlvError("a security condition without a key reference")
    if tag in (_OR, _AND):
        parts = tuple(
            _condition(item.tag, value[item.value : item.end]) for item in children(value)
        )
        return AnyOf(parts) if tag == _OR else AllOf(parts)
    raise TlvError(f"{tag:X} is not a security condition")
