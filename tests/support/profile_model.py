"""The Profiles of a card as plain values: what the rules make of them, and no bytes.

Written from SGP.32 v1.2 (3.3.2, 5.9.5, 5.9.15 to 5.9.23) and SGP.22 v2.5 (5.7.16 to 5.7.18), not
from the card.
"""

from __future__ import annotations

from typing import Any

from support.package_model import (
    OPERATIONAL,
    PROVISIONING,
    TEST,
    Packages,
    Traits,
    refuse_if,
)


class Profiles(Packages):
    """The card. Each method answers a result code, or refuses with one."""

    # -- functions of an IPA

    def roll_back(self, refresh: bool) -> Any:
        """(number, counter) of the new result, or a code."""
        refuse_if(not self.rollback or not self.trusted, 1)
        refuse_if(refresh and self.busy, 5)
        assert self.rollback is not None
        letter, seq, counter = self.rollback
        refuse_if(self.enabled == letter, 7)
        self.switch(letter)
        self.rollback = self.fallback = None
        self.results = [one for one in self.results if one != seq]
        return self.keep_result(), counter

    def fall_back(self, refresh: bool) -> None:
        refuse_if(not self.enabled, 7)
        refuse_if(not self.holder, 6)
        refuse_if(self.now.ecall, 104)
        refuse_if(self.holder == self.enabled, 2)
        refuse_if(refresh and self.busy, 5)
        self.rollback, self.fallback = None, self.enabled
        self.switch(self.holder)

    def return_from_fallback(self, refresh: bool) -> None:
        refuse_if(not self.enabled or self.enabled != self.holder or not self.fallback, 6)
        refuse_if(refresh and self.busy, 5)
        self.switch(self.fallback)
        self.rollback = self.fallback = None

    def begin_emergency(self, refresh: bool) -> None:
        target = next((one for one, traits in self.traits.items() if traits.ecall), None)
        refuse_if(not target, 8)
        refuse_if(self.enabled == target, 2)
        refuse_if(refresh and self.busy, 5)
        self.rollback, self.emergency = None, self.enabled
        self.switch(target)

    def end_emergency(self, refresh: bool) -> None:
        refuse_if(not self.now.ecall, 2)
        refuse_if(refresh and self.busy, 5)
        self.switch(self.emergency)
        self.rollback = self.emergency = None

    def enable_immediately(self, refresh: bool) -> int:
        on, server = self.immediate
        refuse_if(not on or server is None, 1)
        refuse_if(not self.installed, 4)
        letter, self.installed = str(self.installed), None
        traits = self.traits.get(letter)
        if server != "right":
            return 1
        if refresh and self.busy:
            return 5
        if traits is None or letter == self.enabled or traits.ecall:
            return 127
        if self.now.ecall or self.now.ppr1:
            return 127
        self.switch(letter)
        self.rollback = self.fallback = None
        return 0

    def configure(self, on: bool, server: str | None) -> None:
        refuse_if(self.trusted, 2)
        self.immediate = (on, server)

    def trust(self) -> None:
        refuse_if(self.trusted, 2)
        self.trusted, self.counter = True, 0

    def memory_reset(self, bits: set[int]) -> tuple[int, int | None, int | None] | int:
        """The codes of all, of the eIMs and of the configuration."""
        refuse_if(self.now.ecall, 104)
        kinds = {OPERATIONAL: 0, TEST: 1, PROVISIONING: 4}
        going = [one for one, traits in self.traits.items() if kinds[traits.kind] in bits]
        refuse_if(self.busy and self.enabled in going, 5)
        for one in going:
            self.remove(one)
        of_eims = of_configuration = None
        anything = bool(going)
        if 5 in bits:
            of_eims = 0 if self.trusted else 1
            anything = anything or self.trusted
            self.trusted, self.rollback = False, None
        if 6 in bits:
            of_configuration = 0
            anything = anything or self.immediate != (False, None)
            self.immediate = (False, None)
        return (0 if anything else 1), of_eims, of_configuration

    # -- functions of an LPA

    def lpa_enable(self, letter: str) -> None:
        target, old = self.find(letter), self.enabled
        refuse_if(old == letter, 2)
        is_test, was_test = target.kind == TEST, bool(old) and self.now.kind == TEST
        refuse_if(was_test and not is_test and self.test not in (None, letter), 4)
        refuse_if(self.now.ppr1 and not is_test, 3)
        refuse_if(self.now.ecall or target.ecall, 3)
        refuse_if(self.busy, 5)
        before = self.test if was_test else old
        self.switch(letter)
        self.test, self.fallback = (before if is_test else None), None

    def lpa_disable(self, letter: str) -> None:
        target = self.find(letter)
        refuse_if(self.enabled != letter, 2)
        refuse_if(target.ppr1 or target.ecall, 3)
        refuse_if(self.busy, 5)
        self.switch(self.test if target.kind == TEST else None)

    def lpa_delete(self, letter: str) -> None:
        target = self.find(letter)
        refuse_if(self.enabled == letter, 2)
        refuse_if(target.ppr2, 3)
        self.remove(letter)

    # -- downloads, and what is not a function

    def download(self, letter: str, traits: Traits) -> bool:
        """Whether it is installed; the server is told, and then the recipient."""
        self.installed = None
        if self.now.ecall:
            self.tell("install", None)
            return False
        self.tell("install", letter)
        if letter in self.traits:
            return False
        self.traits[letter] = traits
        self.tell("install", letter)
        self.installed = letter
        return True
