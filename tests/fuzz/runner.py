"""Tries changed inputs on a target, keeps those that do something new, and notes what fails."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Protocol

MAX_CPU_SECONDS = 1.0
"""How long one input may take, in CPU seconds of this thread: another load does not count."""

MAX_INPUT = 0x60000
"""The longest changed input, in bytes: 64 KiB of data in several lines of hex."""

MAX_CORPUS = 4000
MAX_OUTCOME = 300
_FROM_SEEDS = 0.3


class Target(Protocol):
    """Something that must bear any input."""

    def seeds(self) -> Sequence[bytes]:
        """Good inputs to start from."""
        ...

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        """A new input, made from some of these."""
        ...

    def run(self, data: bytes) -> str:
        """Try an input and say in short what happened; raises whatever should not happen."""
        ...

    def close(self) -> None:
        """Release what is open."""
        ...


class WrongError(Exception):
    """The target did something that it must not do: a sentence."""


@dataclass(frozen=True)
class Fault:
    """An input that failed, and the text of how."""

    data: bytes
    kind: str
    text: str

    @property
    def digest(self) -> str:
        """A name for the input."""
        return sha256(self.data).hexdigest()[:12]


@dataclass
class Figures:
    """What a run came to so far. Sizes are in bytes, `slowest` in CPU seconds."""

    executions: int = 0
    seeds: int = 0
    corpus: int = 0
    longest: int = 0
    slowest: float = 0.0
    faults: int = 0


class Runner:
    """A run of one target: first the seeds as they are, then changed ones."""

    def __init__(self, target: Target, seed: int, slow: float = MAX_CPU_SECONDS) -> None:
        self._target = target
        self._random = Random(seed)  # noqa: S311 - a run must repeat
        self._slow = slow
        self._seeds = list(target.seeds())
        self._corpus: list[bytes] = []
        self._outcomes: set[str] = set()
        self.faults: list[Fault] = []
        self.figures = Figures(seeds=len(self._seeds))

    def step(self) -> Fault | None:
        """Try one input; the fault if it is of a kind that this run had not met."""
        number = self.figures.executions
        data = self._seeds[number] if number < len(self._seeds) else self._changed()
        outcome, seconds, fault = tried(self._target, data, self._slow)
        self.figures.executions += 1
        self.figures.longest = max(self.figures.longest, len(data))
        self.figures.slowest = max(self.figures.slowest, seconds)
        if outcome not in self._outcomes and len(self._corpus) < MAX_CORPUS:
            self._outcomes.add(outcome)
            self._corpus.append(data)
            self.figures.corpus = len(self._corpus)
        if fault is None:
            return None
        self.figures.faults += 1
        if any(one.kind == fault.kind for one in self.faults):
            return None
        self.faults.append(fault)
        return fault

    def _changed(self) -> bytes:
        pool = self._seeds if self._random.random() < _FROM_SEEDS else self._corpus
        return self._target.changed(self._random, pool or self._seeds)[:MAX_INPUT]


def replay(target: Target, data: bytes, slow: float = MAX_CPU_SECONDS) -> Fault | None:
    """Try one input."""
    return tried(target, data, slow)[2]


def tried(target: Target, data: bytes, slow: float) -> tuple[str, float, Fault | None]:
    """What an input did, the CPU seconds that it took, and the fault if there is one."""
    start = time.thread_time()
    try:
        outcome = target.run(data)
    except Exception as error:  # any at all is a find
        place = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__}: {error}"
        kind = f"{type(error).__name__} at {place.filename}:{place.lineno}"
        if isinstance(error, WrongError):
            kind = skeleton(words)
        text = f"{kind}: {words[:MAX_OUTCOME]}\n{''.join(traceback.format_exception(error))}"
        return kind, time.thread_time() - start, Fault(data, kind, text)
    seconds = time.thread_time() - start
    if seconds <= slow:
        return skeleton(outcome), seconds, None
    kind = f"slow: {skeleton(outcome)[:60]}"
    return kind, seconds, Fault(data, kind, f"{seconds:.2f} s of CPU for: {outcome[:MAX_OUTCOME]}")


_VARIABLE = re.compile(r"'[^']*'|\"[^\"]*\"|\b[0-9A-Fa-f]{3,}\b|\d+")


def skeleton(text: str) -> str:
    """A text without what differs from input to input: numbers, hex and quotations."""
    return _VARIABLE.sub("#", text[:4096])[:MAX_OUTCOME]
