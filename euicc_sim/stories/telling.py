"""Common to all stories: send to a card, compare the answer with the expected one, describe it.

Knows a card as bytes in and bytes out, and prints nothing: each step is yielded with the bytes
sent, the result, and the arrows of its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

from euicc_sim import Card
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.sgp32.eims import GetEimConfigurationDataResponse
from euicc_sim.asn1.sgp32.packages import Eco, EuiccPackageRequest, Psmo
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
from euicc_sim.stories.arrows import Arrow, Arrows, Part

GET_EID = bytes.fromhex("BF3E035C015A")
GET_CERTS = bytes.fromhex("BF5600")
GET_EIM_CONFIGURATION_DATA = bytes.fromhex("BF5500")
RESET_EIM_CONFIG_DATA = bytes.fromhex("BF640482020204")

PERSON, STRANGER, EIM, EIM1, EIM2 = "person", "stranger", "eIM", "eIM 1", "eIM 2"
SMDPP, SMDS, IPA = "SM-DP+", "SM-DS", "IPA"
NETWORK, CARD = "network", "card"


class StoryError(Exception):
    """The card departed from the story: a sentence."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step: what is done, the result, whether the card refused, the bytes both ways.

    `reason` is what the card said of its refusal, `chapter` the part of the story, `arrows` are the
    messages of the step, in order.
    """

    title: str
    outcome: str
    refused: bool
    request: bytes = b""
    answer: bytes = b""
    reason: str = ""
    chapter: str = ""
    arrows: tuple[Arrow, ...] = ()


class Chapter(NamedTuple):
    """Consecutive steps with one heading; `first` is the number of the first."""

    title: str
    first: int
    steps: tuple[Step, ...]


def chapters(steps: Iterable[Step], first: int = 1) -> Iterator[Chapter]:
    """The steps in their chapters; the first step has the number `first`."""
    title, found = "", list[Step]()
    for number, step in enumerate(steps, first):
        if found and step.chapter != title:
            yield Chapter(title, first, tuple(found))
            first, found = number, []
        title = step.chapter
        found.append(step)
    if found:
        yield Chapter(title, first, tuple(found))


class Listener(Protocol):
    """Hears why a card refuses."""

    def listen(self) -> None:
        """Forget what the card has said so far."""
        ...

    def take(self) -> list[str]:
        """What it has said of refusals since; called only after a refusal."""
        ...


class CardListener:
    """Hears a card that is open in this process."""

    def __init__(self, card: Card) -> None:
        self._card = card

    def listen(self) -> None:
        """As `Listener`."""
        self._card.take_events()

    def take(self) -> list[str]:
        """As `Listener`."""
        return [one.text for one in self._card.take_events() if one.refused]


class Storyteller:
    """A card and the eIM that it will trust."""

    PARTIES: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, transmit: Transmit, listener: Listener | None = None, arrows: Arrows | None = None
    ) -> None:
        """Select the ISD-R and read EID and certificate. Raises StatusWordError."""
        self.transmit = transmit
        self.arrows = arrows or Arrows(self.PARTIES)
        self._listener = listener
        self._chapter = ""
        select_isdr(transmit)
        self.eid = self.es10(GET_EID)[-16:].hex()
        self.certificate = certificate_der(self.es10(GET_CERTS))
        self.first = Eim.create("eim1.example.com")

    def tell(self) -> Iterator[Step]:
        """Play the story, a step at a time; each story has its own."""
        raise NotImplementedError

    def trusted(self) -> list[str]:
        """The eimIds on the card's list."""
        answer = self.es10(GET_EIM_CONFIGURATION_DATA)
        found = WIRE_1_2[GetEimConfigurationDataResponse].decode(answer)
        return [one["eimId"] for one in found["eimConfigurationDataList"]]

    def forget_all(self) -> None:
        """Remove every eIM by a memory reset."""
        self.es10(RESET_EIM_CONFIG_DATA)

    def es10(self, request: bytes) -> bytes:
        """An ES10 request to the selected ISD-R, without an arrow. Raises StatusWordError."""
        if self._listener is not None:
            self._listener.listen()
        return exchange(self.transmit, request)

    def begin(self, chapter: str) -> None:
        """The steps from here on are of that chapter."""
        self._chapter = chapter

    def step(
        self,
        title: str,
        outcome: str,
        *,
        refused: bool = False,
        request: bytes = b"",
        answer: bytes = b"",
        reason: str = "",
    ) -> Step:
        """A step with the arrows since the last one."""
        arrows = self.arrows.take()
        return Step(title, outcome, refused, request, answer, reason, self._chapter, arrows)

    def asked(
        self,
        source: str,
        text: str,
        request: bytes,
        answer: bytes,
        outcome: str,
        *,
        refused: bool = False,
    ) -> None:
        """Draw an ES10 request to the card and its answer."""
        self.arrows.say(source, CARD, text, Part("request", request, is_request=True))
        self.arrows.answer(CARD, source, outcome, Part("response", answer), refused=refused)

    def reason(self) -> str:
        """What the card said of the last command, which it refused; "" if nobody heard it."""
        said = self._listener.take() if self._listener is not None else []
        return self.named(said[-1].partition(": ")[2]) if said else ""

    def named(self, text: str) -> str:
        """A text with names in place of what only programs know; nothing is replaced here."""
        return text

    def who(self, title: str, expected: list[str]) -> Step:
        """List the eIMs; StoryError if they are not the expected ones."""
        answer = self.es10(GET_EIM_CONFIGURATION_DATA)
        if (found := self.trusted()) != expected:
            raise StoryError(f"The card trusts {', '.join(found) or 'no eIM'}.")
        outcome = ", ".join(found) or "none"
        request = GET_EIM_CONFIGURATION_DATA
        self.asked(PERSON, "GetEimConfigurationData", request, answer, outcome)
        return self.step(title, outcome, request=request, answer=answer)

    def order(
        self,
        title: str,
        eim: Eim,
        *what: Operation,
        expected: str = "ok",
        then: Callable[[], object] = lambda: None,
    ) -> Step:
        """Let an eIM order something with a package."""
        return self.send(title, eim, eim.package(what, self.eid), expected, then)

    def send(
        self,
        title: str,
        eim: Eim,
        package: bytes,
        expected: str,
        then: Callable[[], object] = lambda: None,
    ) -> Step:
        """Send a package; `then` is what follows from it in the same step.

        `expected` is "ok", "unsigned", the code of a signed error or that of the last operation.
        """
        answer = self.es10(package)
        found = eim.verify(answer, self.certificate)
        if expected not in _came(found):
            raise StoryError(f"{title}: expected {expected}, the card answered {found}.")
        outcome, refused = in_words(found), not found.done
        reason = self.reason() if refused else ""
        if found.form is Form.RESULT:  # eIM, counter and result come before the operations
            reason = reason.partition("; ")[2] or reason
        self.asked(self.party_of(eim), ordered(package), package, answer, outcome, refused=refused)
        self.learn(eim, found)
        then()
        return self.step(
            title, outcome, refused=refused, request=package, answer=answer, reason=reason
        )

    def party_of(self, eim: Eim) -> str:
        """The name of an eIM in the picture."""
        return EIM1 if eim is self.first else EIM2

    def learn(self, eim: Eim, found: PackageAnswer) -> None:
        """Hook for stories that use the answer to a package of `eim` later on."""


def ordered(package: bytes) -> str:
    """What an eUICC Package orders, and its counter; "LoadEuiccPackage" for other bytes."""
    try:
        signed = WIRE_1_2[EuiccPackageRequest].read_keeping(package)["euiccPackageSigned"]
        form, given = signed["euiccPackage"]
        kind = Psmo if form == "psmoList" else Eco
        names = [str(WIRE_1_2[kind].read_keeping(one)[0]) for one in given]
    except Asn1Error:
        return "LoadEuiccPackage"
    return f"{', '.join(names)}; counter {signed['counterValue']}"


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
