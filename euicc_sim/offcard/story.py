"""The story of a contact list, told by sending commands to a card: who is trusted, and why not.

Knows a card as bytes in and bytes out, and says nothing to a terminal: each step is yielded with
what was sent and what it came to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.offcard import operations
from euicc_sim.offcard.apdus import Transmit, exchange, select_isdr
from euicc_sim.offcard.association import MAX_COUNTER, add_initial_eim, initial_tokens
from euicc_sim.offcard.certificates import certificate_der
from euicc_sim.offcard.eim import Eim, take_added_tokens, take_initial_answer
from euicc_sim.offcard.errors import EimError
from euicc_sim.offcard.operations import Operation
from euicc_sim.offcard.results import Form, PackageAnswer

GET_EID = bytes.fromhex("BF3E035C015A")
GET_CERTS = bytes.fromhex("BF5600")
GET_EIM_CONFIGURATION_DATA = bytes.fromhex("BF5500")
RESET_EIM_CONFIG_DATA = bytes.fromhex("BF640482020204")


class StoryError(Exception):
    """The card did something else than the story tells: a sentence."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is done, what came of it, whether the card refused, the bytes both ways."""

    title: str
    outcome: str
    refused: bool
    request: bytes
    answer: bytes


class Story:
    """A card, two eIMs, and what happens between them."""

    def __init__(self, transmit: Transmit) -> None:
        """Select the ISD-R and read EID and certificate. Raises StatusWordError."""
        self._transmit = transmit
        select_isdr(transmit)
        self.eid = self._es10(GET_EID)[-16:].hex()
        self._certificate = certificate_der(self._es10(GET_CERTS))
        self.first = Eim.create("eim1.example.com")
        self.second = Eim.create("eim2.example.com")

    def trusted(self) -> list[str]:
        """The eimIds on the card's list."""
        answer = self._es10(GET_EIM_CONFIGURATION_DATA)
        found = WIRE_1_2.decode("GetEimConfigurationDataResponse", answer)
        return [one["eimId"] for one in found["eimConfigurationDataList"]]

    def forget_all(self) -> None:
        """Remove every eIM by a memory reset."""
        self._es10(RESET_EIM_CONFIG_DATA)

    def tell(self) -> Iterator[Step]:
        """Play it. Raises StoryError or StatusWordError as soon as the card departs from it."""
        yield self._who("Whom does the card trust?", [])
        yield from self._begin()
        yield from self._second_eim()
        yield from self._change_keys()
        yield from self._last_counter()
        yield from self._end()

    def _begin(self) -> Iterator[Step]:
        request = add_initial_eim(self.first.configuration())
        answer = self._es10(request)
        take_initial_answer(answer, self.first)
        title = "The factory adds the first eIM, unsigned (AddInitialEim)"
        yield Step(title, f"trusts {self.first.eim_id}", False, request, answer)
        intruder = add_initial_eim(Eim.create("intruder.example.com").configuration())
        answer = self._es10(intruder)
        try:
            initial_tokens(answer)
        except EimError as error:
            title = "Somebody tries the same later"
            yield Step(title, str(error), True, intruder, answer)
        else:
            raise StoryError("The card took a second AddInitialEim.")

    def _second_eim(self) -> Iterator[Step]:
        add = operations.add_eim(self.second.configuration(want_token=True))
        yield self._package("The first eIM adds a second, signed", self.first, add)
        listing = self.second.package([operations.list_eim()], self.eid)
        yield self._send("The second asks for the list", self.second, listing, "ok")
        yield self._send("The same package once more", self.second, listing, "replayError")

    def _change_keys(self) -> Iterator[Step]:
        old = Eim(self.first.eim_id, self.first.private_key, counter=self.first.counter)
        self.first.private_key = Eim.create(self.first.eim_id).private_key
        update = operations.update_eim(self.first.configuration("eimPublicKeyData"))
        yield self._package("The second gives the first a new key", self.second, update)
        stale = old.package([operations.list_eim()], self.eid)
        yield self._send("A package signed with the old key", self.first, stale, "unsigned")
        listing = operations.list_eim()
        yield self._package("A package signed with the new key", self.first, listing)

    def _last_counter(self) -> Iterator[Step]:
        last = self.first.package([operations.list_eim()], self.eid, counter=MAX_COUNTER)
        yield self._send(f"The first uses counter {MAX_COUNTER}", self.first, last, "ok")
        beyond = self.first.package([operations.list_eim()], self.eid, counter=MAX_COUNTER + 1)
        yield self._send(f"and {MAX_COUNTER + 1}", self.first, beyond, "counterValueOutOfRange")
        self.first.counter = 0
        again = [
            operations.delete_eim(self.first.eim_id),
            operations.add_eim(self.first.configuration(want_token=True)),
        ]
        yield self._package("The second removes it and adds it with counter 0", self.second, *again)
        yield self._send(
            f"The old package with counter {MAX_COUNTER}", self.first, last, "unsigned"
        )
        listing = operations.list_eim()
        yield self._package("A fresh package with counter 1", self.first, listing)

    def _end(self) -> Iterator[Step]:
        leave = operations.delete_eim(self.second.eim_id)
        yield self._package("The second eIM removes itself", self.second, leave)
        leave = operations.delete_eim(self.first.eim_id)
        yield self._package("The last one removes itself", self.first, leave)
        late = self.first.package([operations.list_eim()], self.eid)
        yield self._send("It changes its mind", self.first, late, "unsigned")
        yield self._who("Whom does the card trust?", [])

    def _who(self, title: str, expected: list[str]) -> Step:
        answer = self._es10(GET_EIM_CONFIGURATION_DATA)
        if (found := self.trusted()) != expected:
            raise StoryError(f"The card trusts {', '.join(found) or 'nobody'}.")
        outcome = ", ".join(found) or "nobody"
        return Step(title, outcome, False, GET_EIM_CONFIGURATION_DATA, answer)

    def _package(self, title: str, eim: Eim, *what: Operation) -> Step:
        return self._send(title, eim, eim.package(what, self.eid), "ok", learn=True)

    def _send(
        self, title: str, eim: Eim, package: bytes, expected: str, *, learn: bool = False
    ) -> Step:
        """Send a package; `expected` is "ok", "unsigned" or the code of a signed error."""
        answer = self._es10(package)
        found = eim.verify(answer, self._certificate)
        came = "ok" if found.done else "unsigned" if found.form is Form.UNSIGNED_ERROR else ""
        if expected not in (came, found.error):
            raise StoryError(f"{title}: expected {expected}, the card answered {found}.")
        if learn and any(one.name == "addEim" for one in found.outcomes):
            take_added_tokens(found, self.first if eim is self.second else self.second)
        return Step(title, _words(found), not found.done, package, answer)

    def _es10(self, request: bytes) -> bytes:
        return exchange(self._transmit, request)


def _words(found: PackageAnswer) -> str:
    if found.form is Form.UNSIGNED_ERROR:
        return "refused: the card does not know this signature, and does not sign its answer"
    if found.error:
        return f"refused, signed: {found.error}"
    told = []
    for one in found.outcomes:
        if one.name == "listEim":
            told.append("trusts " + ", ".join(entry["eimId"] for entry in one.value))
        elif one.name == "addEim" and one.value is not None:
            told.append(f"{one.name} ok, association token {one.value}")
        else:
            told.append(f"{one.name} {one.code}")
    return "; ".join(told)
