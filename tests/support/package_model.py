"""Packages of PSMOs and the Profiles that they change, as plain values and no bytes.

Written from SGP.32 v1.2 clauses 3.3.1, 3.4 and 5.9.1, not from the card. Profiles go by a letter,
result codes by their number; each event of a Profile is told to one recipient. One eIM may be
trusted.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

TEST, PROVISIONING, OPERATIONAL = range(3)
ROOM = 64
"""Package results, and Notifications, that the card keeps."""


@dataclass(frozen=True)
class Traits:
    """What a Profile is, for all its life."""

    kind: int = OPERATIONAL
    ecall: bool = False
    may_fall_back: bool = False
    ppr1: bool = False
    ppr2: bool = False


@dataclass(frozen=True)
class Order:
    """A package: its PSMOs, each a name and its values, and what is wrong with it, if anything."""

    operations: tuple[tuple[Any, ...], ...]
    flaw: str | None = None


class RefusedError(Exception):
    """With a result code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def refuse_if(wrong: object, code: int) -> None:
    """Refuse with that code."""
    if wrong:
        raise RefusedError(code)


@dataclass(frozen=True)
class Run:
    """The package that runs: what it has done so far."""

    seq: int
    enabled: bool = False
    disabled: str | None = None


class Packages:
    """The card, as far as packages see it."""

    def __init__(self) -> None:
        """No Profile, no eIM."""
        self.traits: dict[str, Traits] = {}
        self.enabled: str | None = None
        self.trusted = False
        self.counter = 0
        self.next_seq = 1
        self.results: list[int] = []
        self.told: list[tuple[int, str, str | None]] = []
        self.holder: str | None = None
        self.rollback: tuple[str, int, int] | None = None
        self.fallback: str | None = None
        self.emergency: str | None = None
        self.test: str | None = None
        self.immediate: tuple[bool, str | None] = (False, None)
        self.installed: str | None = None
        self.busy = False
        self.happened: list[tuple[str, str]] = []
        self.run: Run | None = None

    def do(self, name: str, *values: Any) -> Any:
        """A function of the card: its result code, and if that is not 0 nothing has changed."""
        before = copy.deepcopy(vars(self))
        try:
            answer = getattr(self, name)(*values)
        except RefusedError as error:
            vars(self).update(before)
            return error.code
        for event, letter in self.happened:
            self.tell(event, letter)
        self.happened = []
        return answer or 0

    # -- parts

    def tell(self, event: str, letter: str | None) -> None:
        self.told = [*self.told, (self.next_seq, event, letter)][-ROOM:]
        self.next_seq += 1

    def keep_result(self) -> int:
        self.results = [*self.results, self.next_seq][-ROOM:]
        self.next_seq += 1
        return self.results[-1]

    def find(self, letter: str) -> Traits:
        refuse_if(letter not in self.traits, 1)
        return self.traits[letter]

    @property
    def now(self) -> Traits:
        """The enabled Profile, or one with no traits."""
        return self.traits.get(self.enabled or "", Traits())

    def switch(self, letter: str | None) -> None:
        old, self.enabled = self.enabled, letter
        if old:
            self.happened.append(("disable", old))
        if letter:
            self.happened.append(("enable", letter))
        if letter is None or not (self.now.ecall or self.now.kind == TEST):
            self.test = None

    def remove(self, letter: str) -> None:
        del self.traits[letter]
        self.happened.append(("delete", letter))
        if self.enabled == letter:
            self.enabled, self.test = None, None
        for name in ("holder", "fallback", "emergency", "test"):
            if getattr(self, name) == letter:
                setattr(self, name, None)
        if self.rollback and self.rollback[0] == letter:
            self.rollback = None

    # -- packages

    def load(self, order: Order) -> tuple[str, Any]:
        """("unsigned", None), ("error", code) or ("result", the elements)."""
        if not self.trusted or order.flaw == "key":
            return "unsigned", None
        codes = {"eid": 3, "replay": 4}
        if self.now.ecall or order.flaw:
            return "error", 104 if self.now.ecall else codes[str(order.flaw)]
        self.rollback = None
        self.counter += 1
        self.run = Run(self.next_seq)
        elements: list[Any] = []
        for name, *values in order.operations:
            before = copy.deepcopy(vars(self))
            try:
                found, code = getattr(self, f"order_{name}")(*values), 0
            except RefusedError as error:
                vars(self).update(before)
                found, code = None, error.code
            elements.append((name, found if found is not None else code))
            if code:
                break
        self.run = None
        self.keep_result()
        return "result", elements

    def order_enable(self, letter: str, flag: bool) -> None:
        assert self.run is not None
        refuse_if(self.run.enabled, 127)
        target = self.find(letter)
        refuse_if(self.enabled == letter, 2)
        back = self.enabled or self.run.disabled
        refuse_if(flag and (back not in self.traits or back == letter), 20)
        refuse_if(self.now.ppr1 or target.ecall, 3)
        refuse_if(self.busy, 5)
        self.switch(letter)
        self.fallback = None
        self.rollback = (str(back), self.run.seq, self.counter) if flag else None
        self.run = replace(self.run, enabled=True)

    def order_disable(self, letter: str) -> None:
        assert self.run is not None
        refuse_if(self.run.enabled or self.run.disabled, 127)
        self.find(letter)
        refuse_if(self.enabled != letter, 2)
        refuse_if(self.now.ppr1, 3)
        refuse_if(self.busy, 5)
        self.switch(None)
        self.run = replace(self.run, disabled=letter)

    def order_delete(self, letter: str) -> None:
        target = self.find(letter)
        refuse_if(self.enabled == letter, 2)
        refuse_if(self.rollback and self.rollback[0] == letter, 20)
        refuse_if(self.enabled and self.enabled == self.holder and self.fallback == letter, 21)
        refuse_if(target.ppr2, 3)
        self.remove(letter)

    def order_set_fallback(self, letter: str) -> None:
        target = self.find(letter)
        if self.holder == letter:
            return
        refuse_if(not target.may_fall_back or target.ecall, 2)
        refuse_if(self.holder and self.holder == self.enabled, 3)
        self.holder = letter

    def order_unset_fallback(self) -> None:
        refuse_if(not self.holder, 2)
        refuse_if(self.holder == self.enabled, 3)
        self.holder = None

    def order_configure(self, on: bool, server: str | None) -> None:
        self.immediate = (on, server)

    def order_list(self) -> list[tuple[str, bool, bool]]:
        return [(one, one == self.enabled, one == self.holder) for one in self.traits]
