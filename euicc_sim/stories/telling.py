"""Common to all stories: send to a card, compare the answer with the expected one, describe it.

Knows a card as bytes in and bytes out, and prints nothing: each step is yielded with the bytes sent
and the result.
"""

from __future__ import annotations

from dataclasses import dataclass

from euicc_sim.asn1.sgp32.eims import GetEimConfigurationDataResponse
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.parties.eim import Eim, Operation
from euicc_sim.parties.messages import (
    Form,
    PackageAnswer,
    Transmit,
    certificate_der,
    exchange,
    select_isdr,
)

GET_EID = bytes.fromhex("BF3E035C015A")
GET_CERTS = bytes.fromhex("BF5600")
GET_EIM_CONFIGURATION_DATA = bytes.fromhex("BF5500")
RESET_EIM_CONFIG_DATA = bytes.fromhex("BF640482020204")


class StoryError(Exception):
    """The card departed from the story: a sentence."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step: what is done, the result, whether the card refused, the bytes both ways."""

    title: str
    outcome: str
    refused: bool
    request: bytes
    answer: bytes


class Storyteller:
    """A card and the eIM that it will trust."""

    def __init__(self, transmit: Transmit) -> None:
        """Select the ISD-R and read EID and certificate. Raises StatusWordError."""
        self.transmit = transmit
        select_isdr(transmit)
        self.eid = self.es10(GET_EID)[-16:].hex()
        self.certificate = certificate_der(self.es10(GET_CERTS))
        self.first = Eim.create("eim1.example.com")

    def trusted(self) -> list[str]:
        """The eimIds on the card's list."""
        answer = self.es10(GET_EIM_CONFIGURATION_DATA)
        found = WIRE_1_2[GetEimConfigurationDataResponse].decode(answer)
        return [one["eimId"] for one in found["eimConfigurationDataList"]]

    def forget_all(self) -> None:
        """Remove every eIM by a memory reset."""
        self.es10(RESET_EIM_CONFIG_DATA)

    def es10(self, request: bytes) -> bytes:
        """An ES10 request to the selected ISD-R. Raises StatusWordError."""
        return exchange(self.transmit, request)

    def who(self, title: str, expected: list[str]) -> Step:
        """List the eIMs; StoryError if they are not the expected ones."""
        answer = self.es10(GET_EIM_CONFIGURATION_DATA)
        if (found := self.trusted()) != expected:
            raise StoryError(f"The card trusts {', '.join(found) or 'no eIM'}.")
        outcome = ", ".join(found) or "none"
        return Step(title, outcome, False, GET_EIM_CONFIGURATION_DATA, answer)

    def order(self, title: str, eim: Eim, *what: Operation, expected: str = "ok") -> Step:
        """Let an eIM order something with a package."""
        return self.send(title, eim, eim.package(what, self.eid), expected)

    def send(self, title: str, eim: Eim, package: bytes, expected: str) -> Step:
        """Send a package.

        `expected` is "ok", "unsigned", the code of a signed error or that of the last operation.
        """
        answer = self.es10(package)
        found = eim.verify(answer, self.certificate)
        if expected not in _came(found):
            raise StoryError(f"{title}: expected {expected}, the card answered {found}.")
        self.learn(eim, found)
        return Step(title, in_words(found), not found.done, package, answer)

    def learn(self, eim: Eim, found: PackageAnswer) -> None:
        """Hook for stories that use the answer to a package of `eim` later on."""


def _came(found: PackageAnswer) -> set[str | None]:
    if found.form is Form.UNSIGNED_ERROR:
        return {"unsigned"}
    if found.done:
        return {"ok"}
    return {found.error, found.outcomes[-1].code if found.outcomes else None} - {None}


def in_words(found: PackageAnswer) -> str:
    """An answer in one line."""
    if found.form is Form.UNSIGNED_ERROR:
        return "refused: the card does not know this signature, and does not sign its answer"
    if found.error:
        return f"refused, signed: {found.error}"
    told = []
    for one in found.outcomes:
        if one.name == "listEim":
            told.append("trusts " + ", ".join(one.eim_ids))
        elif one.name == "addEim" and isinstance(one.value, int):
            told.append(f"{one.name} ok, association token {one.value}")
        else:
            told.append(f"{one.name} {one.code}")
    return "; ".join(told)
