"""A card and the model of its Profiles: each method asks both and compares what they say."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from euicc_sim import Card
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.smdpp.metadata import ProfileClass
from support.eims import EID, add_initial, ask, eim1, eim2, raw_package, tlv, value_of
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installed import DIGITS, PPR1, PPR2, change, profile, switch, told
from support.installing import order, smdpp
from support.kept import document
from support.package_model import Order, Traits
from support.profile_messages import (
    ICCIDS,
    LETTERS,
    LIST,
    SERVERS,
    letter_of,
    listed,
    memory_reset,
    reset_answer,
    result,
    written,
)
from support.profile_model import Profiles
from support.psmos import elements
from support.rollback import result_in

FUNCTIONS = {
    "fall_back": "BF5D",
    "return_from_fallback": "BF5E",
    "begin_emergency": "BF5B",
    "end_emergency": "BF5C",
    "enable_immediately": "BF5A",
}
LPA = {"enable": "BF31", "disable": "BF32", "delete": "BF33"}


class Pair:
    """They begin empty."""

    def __init__(self, open_card: Callable[[], Card], pki_folder: Path) -> None:
        self._open_card = open_card
        self.card = open_card()
        self.model = Profiles()
        randomness = Random(1).randbytes  # noqa: S311 it has to repeat
        self._server = smdpp(pki_folder, random=randomness)
        self._eim = eim1()
        self._seen: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        self._select()

    def close(self) -> None:
        """The card is closed."""
        self.card.close()

    def _select(self) -> None:
        assert self.card.transmit(SELECT_ISDR)[0] == 0x61

    def _ask(self, request: bytes) -> bytes:
        return ask(self.card.transmit, request)

    # -- what is sent

    def load(self, order: Order) -> None:
        """A package."""
        counter, number = self.model.counter + (order.flaw != "replay"), self.model.next_seq
        request = raw_package(
            replace(self._eim, key=eim2().key) if order.flaw == "key" else self._eim,
            tlv("A0", *(written(*one) for one in order.operations)),
            counter=counter,
            eid=bytes(16) if order.flaw == "eid" else EID,
        )
        answer = self._ask(request)
        form, expected = self.model.do("load", order)
        kind, value = value_of(answer)
        if form == "unsigned":
            assert kind == "euiccPackageErrorUnsigned"
        elif form == "error":
            assert value["euiccPackageErrorDataSigned"]["euiccPackageErrorCode"] == expected
        else:
            assert elements(answer) == b"".join(result(*one) for one in expected)
            data = value["euiccPackageResultDataSigned"]
            assert (data["counterValue"], data["seqNumber"]) == (counter, number)

    def switch(self, name: str, refresh: bool) -> None:
        """A function that switches Profiles, of FUNCTIONS."""
        answer = self._ask(tlv(FUNCTIONS[name], tlv("80", bytes((0xFF * refresh,)))))
        code = self.model.do(name, refresh)
        assert answer == hx(f"{FUNCTIONS[name]} 03 8001 {code:02X}")

    def roll_back(self, refresh: bool) -> None:
        """ProfileRollback."""
        answer = self._ask(tlv("BF58", tlv("80", bytes((0xFF * refresh,)))))
        expected = self.model.do("roll_back", refresh)
        if isinstance(expected, int):
            assert answer == hx(f"BF58 03 0201 {expected:02X}")
            return
        _, value = value_of(result_in(answer))
        data = value["euiccPackageResultDataSigned"]
        assert (data["seqNumber"], data["counterValue"]) == expected
        assert data["euiccResult"] == [("rollbackResult", 0)]

    def configure(self, on: bool, server: str | None) -> None:
        """ConfigureImmediateProfileEnabling."""
        request = tlv("BF59", hx("8000") if on else b"", SERVERS[server])
        code = self.model.do("configure", on, server)
        assert self._ask(request) == hx(f"BF59 03 8001 {code:02X}")

    def trust(self) -> None:
        """AddInitialEim."""
        code = self.model.do("trust")
        answer = self._ask(add_initial(self._eim.configuration()))
        assert answer == (hx("BF57 03 8101 02") if code else hx("BF57 04 A002 0500"))

    def memory_reset(self, bits: set[int]) -> None:
        """eUICCMemoryReset."""
        expected = self.model.do("memory_reset", bits)
        assert self._ask(memory_reset(bits)) == reset_answer(expected)

    def by_lpa(self, name: str, letter: str) -> None:
        """EnableProfile, DisableProfile or DeleteProfile, of LPA."""
        iccid = tlv("5A", ICCIDS[letter])
        content = iccid if name == "delete" else tlv("A0", iccid) + hx("8101FF")
        code = self.model.do(f"lpa_{name}", letter)
        assert self._ask(tlv(LPA[name], content)) == hx(f"{LPA[name]} 03 8001 {code:02X}")

    def download(self, letter: str, traits: Traits) -> None:
        """A download, from the challenge to the result."""
        name = str(self.model.next_seq)
        wanted = order(
            DIGITS[ICCIDS[letter]],
            matching_id=name,
            profile_class=ProfileClass(traits.kind),
            ecall_indication=traits.ecall,
            fallback_allowed=traits.may_fall_back,
        )
        self._server.orders.add(wanted)
        try:
            Lpa(self.card.transmit).download(self._server, matching_id=name)
            done = True
        except LpaError:
            done = False
        assert done == self.model.download(letter, traits)

    # -- what else happens to a card

    def put(self, letter: str, traits: Traits) -> None:
        """A Profile is there that no download has brought."""
        self.model.traits[letter] = traits
        one = profile(
            self.card,
            ICCIDS[letter],
            aid=self.card.state.free_aid(),
            profile_class=traits.kind,
            ecall=traits.ecall,
            fallback_allowed=traits.may_fall_back,
            rules=(PPR1 if traits.ppr1 else frozenset()) | (PPR2 if traits.ppr2 else frozenset()),
        )
        change(self.card, profiles=(*self.card.state.profiles, one))

    def reset(self) -> None:
        """A reset of the card."""
        self.card.reset()
        self._begin_again()

    def open_again(self) -> None:
        """The card is closed and opened."""
        self.card.close()
        self.card = self._open_card()
        self._begin_again()

    def _begin_again(self) -> None:
        self.model.installed = None
        self._select()

    def be_busy(self, busy: bool) -> None:
        """A proactive session begins or ends."""
        self.model.busy = busy
        switch(self.card, toolkit_busy=busy)

    # -- whether they are the same

    def compare_what_is_shown(self) -> None:
        """The Profiles, and the Notifications that wait."""
        assert self._ask(LIST) == tlv("BF2D", listed(self.model.order_list()))
        shown = told(self.card.transmit)
        assert [(n, event, iccid and LETTERS[iccid]) for n, event, iccid in shown] == (
            self.model.told
        )

    def compare_what_is_kept(self) -> None:
        """The file; what was refused has left it as it was, and numbers only rise."""
        kept, model = document(self.card.directory), self.model
        assert kept["nextSeqNumber"] == model.next_seq
        assert [one["seqNumber"] for one in kept["results"]] == model.results
        assert letter_of(kept["fallbackProfile"]) == model.holder
        returns = kept["returns"]
        for name in ("fallback", "emergency", "test"):
            assert letter_of(returns[name]) == getattr(model, name)
        grant = returns["rollback"]
        assert (grant and letter_of(grant["iccid"])) == (model.rollback and model.rollback[0])
        seen, before = self._seen
        now = vars(model) | {"installed": None}
        assert now != seen or kept == before
        assert kept["nextSeqNumber"] >= seen.get("next_seq", 1)
        self._seen = (copy.deepcopy(now), kept)

    def check_what_holds_always(self) -> None:
        """At most one Profile is enabled, and what is named is there."""
        kept = document(self.card.directory)
        there = {one["iccid"] for one in kept["profiles"]}
        returns = kept["returns"]
        grant = returns["rollback"] or {"iccid": None}
        named = {kept["fallbackProfile"], grant["iccid"], *map(returns.get, WAYS_BACK)}
        assert named <= there | {None}
        assert sum(one["profileState"] == "enabled" for one in kept["profiles"]) <= 1


WAYS_BACK = ("fallback", "emergency", "test")
