"""The Profiles of a card beside a plain model: whatever is sent, both come out the same.

The model is `support.profile_model.Profiles`, answers are read by the judge; nothing here asks the
card's code what is right.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from support.fresh import fresh_card
from support.package_model import Order, Traits
from support.profile_pair import FUNCTIONS, LPA, Pair

from euicc_sim import Card

Draw = Callable[[Any], Any]

letters = st.sampled_from("ABCD")
flags = st.booleans()
servers = st.sampled_from(["right", "right", "wrong", None])
rarely = st.sampled_from([False] * 5 + [True])
plain = st.builds(Traits, may_fall_back=flags)
special = st.builds(
    Traits,
    kind=st.sampled_from([2, 2, 1, 0, 0]),
    ecall=rarely,
    may_fall_back=flags,
    ppr1=rarely,
    ppr2=rarely,
)
traits = st.one_of(plain, special)
free_traits = st.builds(Traits, kind=st.sampled_from([2, 1, 0]), ecall=rarely, may_fall_back=flags)
operations = st.one_of(
    st.tuples(st.just("enable"), letters, flags),
    st.tuples(st.just("enable"), letters, st.just(True)),
    st.tuples(st.just("disable"), letters),
    st.tuples(st.just("delete"), letters),
    st.tuples(st.just("set_fallback"), letters),
    st.tuples(st.just("unset_fallback")),
    st.tuples(st.just("configure"), flags, servers),
    st.tuples(st.just("list")),
)


class ProfileMachine(RuleBasedStateMachine):
    """Commands to a card and to the model."""

    def __init__(self, template: Path, pki_folder: Path) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=template.parent))
        shutil.copytree(template, self.folder / "card")
        self.pair = Pair(lambda: Card.open(self.folder / "card", fsync=False), pki_folder)
        self.model = self.pair.model

    def teardown(self) -> None:
        self.pair.close()
        shutil.rmtree(self.folder)

    @initialize(planted=st.lists(traits, min_size=2, max_size=4), immediate=flags)
    def begin(self, planted: list[Traits], immediate: bool) -> None:
        for letter, one in zip("ABCD", planted, strict=False):
            self.pair.put(letter, one)
        if immediate:
            self.pair.configure(True, "right")
        self.pair.trust()
        self.pair.by_lpa("enable", "A")

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """One of what is possible, each as likely as it is named often."""
        name = data.draw(st.sampled_from(list(self.possible())))
        note(name)
        getattr(self, name)(data.draw)

    def possible(self) -> Iterator[str]:
        model = self.model
        yield from ("wrong_package", "download", "plant", "upkeep", "upkeep", "memory_reset")
        yield from ("lpa", "lpa", "function", "roll_back", "configure", "trust")
        if model.trusted:
            yield from ("package", "package", "long_package")
            yield from ("enable_with_a_way_back",) * 2
            yield from ("give_the_attribute",) * (2 if self.may_fall_back() else 0)
            yield from ("disable_and_more",) * bool(model.enabled)
        if model.rollback or model.fallback:
            yield from ("roll_back", "touch_where_it_leads", "touch_where_it_leads")
        if model.holder:
            yield from ("fall_back_or_return",) * 2
        if model.installed:
            yield from ("enable_what_came",) * 3
        if any(one.ecall for one in model.traits.values()):
            yield from ("emergency",) * (3 if model.now.ecall or model.installed else 1)
        if model.busy:
            yield from ("free",) * 2

    # -- packages

    def package(self, draw: Draw) -> None:
        self.pair.load(Order(tuple(draw(st.lists(operations, min_size=1, max_size=3)))))

    def long_package(self, draw: Draw) -> None:
        self.pair.load(Order(tuple(draw(st.lists(operations, max_size=6)))))

    def enable_with_a_way_back(self, draw: Draw) -> None:
        then = draw(st.lists(operations, max_size=1))
        self.pair.load(Order((("enable", draw(letters), True), *then)))

    def disable_and_more(self, draw: Draw) -> None:
        then = draw(st.lists(operations, min_size=1, max_size=2))
        self.pair.load(Order((("disable", self.model.enabled), *then)))

    def touch_where_it_leads(self, draw: Draw) -> None:
        letter = self.model.rollback[0] if self.model.rollback else self.model.fallback
        match draw(st.sampled_from(["enable", "delete", "package"])):
            case "package":
                self.pair.load(Order((("delete", letter),)))
            case name:
                self.pair.by_lpa(name, str(letter))

    def give_the_attribute(self, draw: Draw) -> None:
        letter = draw(st.sampled_from(self.may_fall_back()))
        then = draw(st.lists(operations, max_size=1))
        self.pair.load(Order((("set_fallback", letter), *then)))

    def may_fall_back(self) -> list[str]:
        there = self.model.traits.items()
        return [one for one, found in there if found.may_fall_back and one != self.model.enabled]

    def wrong_package(self, draw: Draw) -> None:
        flaw = draw(st.sampled_from(["key", "eid", "replay"]))
        self.pair.load(Order((draw(operations),), flaw))

    # -- functions of an IPA

    def function(self, draw: Draw) -> None:
        self.pair.switch(draw(st.sampled_from(sorted(FUNCTIONS))), draw(flags))

    def fall_back_or_return(self, draw: Draw) -> None:
        there = self.model.enabled == self.model.holder
        self.pair.switch("return_from_fallback" if there else "fall_back", draw(flags))

    def emergency(self, draw: Draw) -> None:
        name = "end_emergency" if self.model.now.ecall else "begin_emergency"
        self.pair.switch(name, draw(flags))

    def enable_what_came(self, draw: Draw) -> None:
        for _ in range(2):
            self.pair.switch("enable_immediately", draw(flags))

    def roll_back(self, draw: Draw) -> None:
        self.pair.roll_back(draw(flags))

    def configure(self, draw: Draw) -> None:
        self.pair.configure(draw(flags), draw(servers))

    def trust(self, _: Draw) -> None:
        self.pair.trust()

    def memory_reset(self, draw: Draw) -> None:
        self.pair.memory_reset(draw(st.sets(st.integers(0, 6), max_size=2)))

    # -- functions of an LPA, and what else happens to a card

    def lpa(self, draw: Draw) -> None:
        self.pair.by_lpa(draw(st.sampled_from(sorted(LPA))), draw(letters))

    def download(self, draw: Draw) -> None:
        self.pair.download(draw(letters), draw(free_traits))

    def plant(self, draw: Draw) -> None:
        missing = [one for one in "ABCD" if one not in self.model.traits]
        if missing:
            self.pair.put(draw(st.sampled_from(missing)), draw(traits))

    def upkeep(self, draw: Draw) -> None:
        match draw(st.sampled_from(["reset", "open again", "busy"])):
            case "reset":
                self.pair.reset()
            case "open again":
                self.pair.open_again()
            case _:
                self.pair.be_busy(True)

    def free(self, _: Draw) -> None:
        self.pair.be_busy(False)

    # -- after each step

    @invariant()
    def the_card_and_the_model_are_the_same(self) -> None:
        self.pair.compare_what_is_shown()
        self.pair.compare_what_is_kept()

    @invariant()
    def one_is_enabled_at_most_and_what_is_named_is_there(self) -> None:
        self.pair.check_what_holds_always()


@pytest.mark.slow
def test_profiles_are_what_the_rules_make_of_them(tmp_path: Path, pki_folder: Path) -> None:
    template = tmp_path / "template"
    fresh_card(template, pki_folder)
    run_state_machine_as_test(
        lambda: ProfileMachine(template, pki_folder),  # type: ignore[arg-type]
        settings=settings(
            settings(),
            stateful_step_count=30 if os.environ.get("CI") else 25,
            suppress_health_check=list(HealthCheck),
        ),
    )
