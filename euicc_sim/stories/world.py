"""The story of a remotely managed device: two eIMs, an SM-DP+, an IPA and a card.

Servers are reached over HTTP; the caller starts them. Prints nothing: each step is yielded with the
arrows of its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apdu import TlvError
from apdu.tlv import read_tag
from euicc_sim.parties.eim import Eim, add_initial_eim, operations, take_initial_answer
from euicc_sim.parties.eim.server import EimService, Result
from euicc_sim.parties.ipa import DownloadMode, Ipa, Poll
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import EimUnreachableError, Esipa, LpaError, Servers, Transmit
from euicc_sim.parties.smdpp import Event, Metadata, NotificationTarget, Order, made_up_package
from euicc_sim.stories.arrows import Arrows, Part
from euicc_sim.stories.drawn import DrawnCard, outcome
from euicc_sim.stories.telling import (
    CARD,
    EIM1,
    EIM2,
    IPA,
    PERSON,
    SMDPP,
    SMDS,
    Listener,
    Step,
    StoryError,
    Storyteller,
)

HOME, AWAY = "89000999000000000040", "89000999000000000057"
NAMES = {HOME: "Home", AWAY: "Away"}
PARTIES = (PERSON, EIM1, EIM2, SMDPP, IPA, CARD)
WITH_SMDS = (PERSON, EIM1, EIM2, SMDPP, SMDS, IPA, CARD)
PACKAGE_SIZE = 4_000

ESIPA = {
    0xBF39: "InitiateAuthentication",
    0xBF3A: "GetBoundProfilePackage",
    0xBF3B: "AuthenticateClient",
    0xBF3D: "HandleNotification",
    0xBF41: "CancelSession",
    0xBF4F: "GetEimPackage",
    0xBF50: "ProvideEimPackageResult",
}
"""ESipa messages: the first bytes and the name."""
NOTHING_WAITS = "noEimPackageAvailable"
"""The error with which each poll ends."""


@dataclass(frozen=True)
class Party:
    """An eIM: its service, and how an IPA reaches it."""

    name: str
    service: EimService
    esipa: Esipa


@dataclass(frozen=True)
class World:
    """The running servers: `smdpp` is the address of the SM-DP+ that `servers` returns.

    With an SM-DS at `smds`, Profiles are found there: `announce` lets the SM-DP+ register the order
    with that matchingId, or delete it if it is done.
    """

    first: Party
    second: Party
    smdpp: str
    servers: Servers
    arrows: Arrows
    smds: str | None = None
    announce: Callable[[str], None] = lambda _: None

    def code(self, iccid: str) -> str:
        """The activation code of a Profile of the story."""
        return f"LPA:1${self.smdpp}${NAMES[iccid]}"


@dataclass(frozen=True)
class Line:
    """The connection to an eIM over the enabled Profile, drawn; Away has no network."""

    party: Party
    arrows: Arrows
    enabled: Callable[[], str | None]

    def exchange(self, message: bytes) -> bytes:
        """As `Esipa`."""
        name, asked = _name(message), Part("request", message, is_request=True)
        if self.enabled() == AWAY:
            self.arrows.say(IPA, self.party.name, f"{name}: no network", asked, refused=True)
            raise EimUnreachableError("there is no network through Away. Go back to Home.")
        self.arrows.say(IPA, self.party.name, name, asked)
        try:
            answer = self.party.esipa.exchange(message)
        except LpaError as error:
            self.arrows.answer(self.party.name, IPA, str(error), refused=True)
            raise
        if answer:
            refused, text = outcome(answer)
            refused = refused and text != NOTHING_WAITS
            part = Part("response", answer)
            self.arrows.answer(self.party.name, IPA, text, part, refused=refused)
        else:
            self.arrows.answer(self.party.name, IPA, "taken")
        return answer


def _name(message: bytes) -> str:
    try:
        tag, _ = read_tag(message)
    except TlvError:
        return "?"
    return ESIPA.get(tag, f"{tag:X}")


class WorldStory(Storyteller):
    """One device among those servers."""

    PARTIES = PARTIES

    def __init__(self, transmit: Transmit, world: World, listener: Listener | None = None) -> None:
        """Select the ISD-R and read EID and certificate. Raises StatusWordError."""
        super().__init__(transmit, listener, world.arrows)
        self.world = world
        self.first = world.first.service.eim
        self.lpa = Lpa(transmit)
        self._ipa_card = DrawnCard(transmit, self.arrows, IPA, CARD, self.named)

    def tell(self) -> Iterator[Step]:
        """Play the story. Raises StoryError, LpaError, EimError or StatusWordError if it fails."""
        yield self._factory()
        yield from self._downloads()
        yield from self._switch()
        yield from self._second_eim()
        yield from self._goodbye()

    def _factory(self) -> Step:
        self.begin("At the factory")
        request = add_initial_eim(self.first.configuration(want_token=True))
        answer = self.es10(request)
        take_initial_answer(answer, self.first)
        self.world.first.service.set_card(self.eid, token=self.first.token, counter=0)
        outcome = f"trusts {self.first.eim_id}, association token {self.first.token}"
        self.asked(PERSON, "AddInitialEim", request, answer, outcome)
        title = "The factory adds the first eIM with an unsigned request"
        return self.step(title, outcome, request=request, answer=answer)

    def _downloads(self) -> Iterator[Step]:
        self.begin("Profiles are fetched")
        for iccid, mode in ((HOME, DownloadMode.DIRECT), (AWAY, DownloadMode.RELAYED)):
            name = NAMES[iccid]
            where = self.world.code(iccid)
            if self.world.smds is not None:
                self.world.announce(name)
                where = f"smds={self.world.smds}"
                title = f"The SM-DP+ registers {name} at the SM-DS, for this card"
                yield self.step(title, "the SM-DS keeps it")
            yield self._order(self.world.first, f"download:{where}")
            self._poll(self.world.first, mode)
            found = [one.name for one in self.lpa.profiles() if one.iccid == iccid]
            if found != [name]:
                raise StoryError(f"{name} was not installed.")
            way = "from the SM-DP+" if mode is DownloadMode.DIRECT else "by way of the eIM"
            if self.world.smds is not None:
                self.world.announce(name)
                way = f"{way}, as the SM-DS says"
            yield self.step(f"The IPA polls and fetches {name} {way}", f"{name} is installed")

    def _switch(self) -> Iterator[Step]:
        first = self.world.first
        self.begin("The device is switched")
        yield self._order(first, f"enable:{HOME}")
        self._poll(first)
        yield self.step("The IPA polls; the card enables Home", self._enabled_is(HOME))
        self.begin("Away has no network")
        yield self._order(first, f"enable:{AWAY},rollback")
        poll = self._poll(first)
        if not poll.rolled_back:
            raise StoryError("The card did not go back although the network was lost.")
        title = "The card enables Away; the eIM cannot be reached, so the card goes back"
        yield self.step(title, self._enabled_is(HOME))
        yield self.step("The eIM has the result of the rollback, signed", self._result(first))

    def _second_eim(self) -> Iterator[Step]:
        first, second = self.world.first, self.world.second
        self.begin("A second eIM takes over")
        eim = second.service.eim
        yield self._order(first, f"addEim:{eim.eim_id},token", eim_of=lambda _: eim)
        self._poll(first)
        token = self._token(first)
        second.service.set_card(self.eid, token=token, counter=0)
        yield self.step("The card trusts the second eIM", f"association token {token}")
        yield self._order(second, "listProfileInfo")
        self._poll(second)
        yield self.step("The second eIM lists the Profiles", self._result(second))
        yield self._order(second, f"deleteEim:{self.first.eim_id}")
        self._poll(second)
        yield self.who("Whom does the card trust?", [eim.eim_id])
        stale = self.first.package([operations.list_eim()], self.eid, counter=1000)
        yield self.send("The first eIM tries once more", self.first, stale, "unsigned")

    def _goodbye(self) -> Iterator[Step]:
        second = self.world.second
        self.begin("Goodbye")
        yield self._order(second, f"disable:{HOME}", f"delete:{HOME}", f"delete:{AWAY}")
        self._poll(second)
        if left := [one.name for one in self.lpa.profiles()]:
            raise StoryError(f"The card still has {left}.")
        yield self.step("The IPA polls; the card is cleared", self._result(second))
        yield self._order(second, f"deleteEim:{second.service.eim.eim_id}")
        self._poll(second)
        yield self.who("Whom does the card trust?", [])

    def _order(self, party: Party, *words: str, eim_of: Callable[[str], Eim] | None = None) -> Step:
        order = party.service.order(self.eid, words, eim_of)
        said = self.named(order.what)
        words_part = Part("order", text=said)
        self.arrows.say(PERSON, party.name, _ordered(said), words_part)
        self.arrows.answer(party.name, PERSON, said.partition(" (")[0])
        title = f"A person gives {party.service.eim.eim_id} an order"
        return self.step(title, said)

    def _poll(self, party: Party, mode: DownloadMode = DownloadMode.DIRECT) -> Poll:
        ipa = Ipa(
            self._ipa_card.transmit,
            Line(party, self.arrows, self._enabled),
            self.world.servers,
            mode,
            eim_id=party.service.eim.eim_id,
            tries=2,
            pause=0.0,
        )
        poll = ipa.poll()
        party.service.forwarder.pass_on()  # here, not in a thread: its arrows are of this step
        return poll

    def named(self, text: str) -> str:
        """A text with the names of the Profiles in place of ICCIDs and activation codes."""
        for iccid, name in NAMES.items():
            text = text.replace(self.world.code(iccid), name).replace(iccid, name)
        return text

    def _enabled(self) -> str | None:
        return next((one.iccid for one in self.lpa.profiles() if one.enabled), None)

    def _enabled_is(self, iccid: str) -> str:
        if (found := self._enabled()) != iccid:
            raise StoryError(f"{found} is enabled, not {NAMES[iccid]}.")
        return f"{NAMES[iccid]} is enabled"

    def _last(self, party: Party) -> Result:
        found = party.service.store.results(self.eid, last=1)[0]
        if not found.verified:
            raise StoryError(f"{party.name} could not verify {found}.")
        return found

    def _result(self, party: Party) -> str:
        found = self._last(party)
        told = ", ".join(f"{one.operation} {one.result}" for one in found.outcomes)
        return f"{told}; signature verified"

    def _token(self, party: Party) -> int:
        token: int = self._last(party).outcomes[0].value
        return token


def _ordered(said: str) -> str:
    """What was ordered, of a sentence like "order 1 (download:Home)"."""
    words = said.partition("(")[2].removesuffix(")").split(" ")
    return ", ".join(one.replace(":", " ", 1) for one in words)


def orders(address: str, eid: str | None = None, smds: str = "") -> list[Order]:
    """The orders of the story's SM-DP+, which gets all notifications but those of installations.

    With an EID and an SM-DS they are for that card, which finds them there.
    """
    told = frozenset({Event.ENABLE, Event.DISABLE, Event.DELETE})
    return [
        Order(
            made_up_package(iccid, name, size=PACKAGE_SIZE),
            name,
            eid=eid,
            smds=smds,
            metadata=Metadata(
                iccid=iccid,
                service_provider_name="Demo",
                profile_name=name,
                notifications=(NotificationTarget(told, address),),
            ),
        )
        for iccid, name in NAMES.items()
    ]
