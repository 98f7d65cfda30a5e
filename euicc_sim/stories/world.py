"""The story of a remotely managed device: two eIMs, an SM-DP+, an IPA and a card.

Servers are reached over HTTP; the caller starts them. Prints nothing: each step is yielded, and the
messages are drawn in the picture.
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
from euicc_sim.parties.messages import EimUnreachableError, Esipa, Servers, Transmit
from euicc_sim.parties.smdpp import Event, Metadata, NotificationTarget, Order, made_up_package
from euicc_sim.stories.sequence import Sequence
from euicc_sim.stories.telling import Step, StoryError, Storyteller

HOME, AWAY = "89000999000000000040", "89000999000000000057"
NAMES = {HOME: "Home", AWAY: "Away"}
PERSON, EIM1, EIM2, SMDPP, IPA, CARD = "person", "eIM 1", "eIM 2", "SM-DP+", "IPA", "card"
PARTIES = (PERSON, EIM1, EIM2, SMDPP, IPA, CARD)
PACKAGE_SIZE = 4_000

OF_THE_CARD = ("package done", "the card", "the eIM asks for data")

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


@dataclass(frozen=True)
class Party:
    """An eIM: its service, and how an IPA reaches it."""

    name: str
    service: EimService
    esipa: Esipa


@dataclass(frozen=True)
class World:
    """The running servers: `smdpp` is the address of the SM-DP+ that `servers` returns."""

    first: Party
    second: Party
    smdpp: str
    servers: Servers
    picture: Sequence

    def code(self, iccid: str) -> str:
        """The activation code of a Profile of the story."""
        return f"LPA:1${self.smdpp}${NAMES[iccid]}"


@dataclass(frozen=True)
class Line:
    """The connection to an eIM over the enabled Profile, drawn; Away has no network."""

    party: Party
    picture: Sequence
    enabled: Callable[[], str | None]

    def exchange(self, message: bytes) -> bytes:
        """As `Esipa`."""
        name = _name(message)
        if self.enabled() == AWAY:
            self.picture.say(IPA, self.party.name, f"{name}: no network", refused=True)
            raise EimUnreachableError("there is no network through Away. Go back to Home.")
        self.picture.say(IPA, self.party.name, name)
        return self.party.esipa.exchange(message)


def _name(message: bytes) -> str:
    try:
        tag, _ = read_tag(message)
    except TlvError:
        return "?"
    return ESIPA.get(tag, f"{tag:X}")


class WorldStory(Storyteller):
    """One device among those servers."""

    def __init__(self, transmit: Transmit, world: World) -> None:
        """Select the ISD-R and read EID and certificate. Raises StatusWordError."""
        super().__init__(transmit)
        self.world = world
        self.first = world.first.service.eim
        self.lpa = Lpa(transmit)

    def tell(self) -> Iterator[Step]:
        """Play the story. Raises StoryError, LpaError, EimError or StatusWordError if it fails."""
        yield self._factory()
        yield from self._downloads()
        yield from self._switch()
        yield from self._second_eim()
        yield from self._goodbye()

    def _factory(self) -> Step:
        self.world.picture.chapter("At the factory")
        request = add_initial_eim(self.first.configuration(want_token=True))
        answer = self.es10(request)
        take_initial_answer(answer, self.first)
        self.world.first.service.set_card(self.eid, token=self.first.token, counter=0)
        self.world.picture.say(PERSON, CARD, "AddInitialEim")
        outcome = f"trusts {self.first.eim_id}, association token {self.first.token}"
        return Step(
            "The factory adds the first eIM with an unsigned request",
            outcome,
            False,
            request,
            answer,
        )

    def _downloads(self) -> Iterator[Step]:
        self.world.picture.chapter("Profiles are fetched")
        for iccid, mode in ((HOME, DownloadMode.DIRECT), (AWAY, DownloadMode.RELAYED)):
            name = NAMES[iccid]
            yield self._order(self.world.first, f"download:{self.world.code(iccid)}")
            self._poll(self.world.first, mode)
            found = [one.name for one in self.lpa.profiles() if one.iccid == iccid]
            if found != [name]:
                raise StoryError(f"{name} was not installed.")
            way = "from the SM-DP+" if mode is DownloadMode.DIRECT else "by way of the eIM"
            yield self._told(f"The IPA polls and fetches {name} {way}", f"{name} is installed")

    def _switch(self) -> Iterator[Step]:
        first = self.world.first
        self.world.picture.chapter("The device is switched")
        yield self._order(first, f"enable:{HOME}")
        self._poll(first)
        yield self._told("The IPA polls; the card enables Home", self._enabled_is(HOME))
        self.world.picture.chapter("Away has no network")
        yield self._order(first, f"enable:{AWAY},rollback")
        poll = self._poll(first)
        if not poll.rolled_back:
            raise StoryError("The card did not go back although the network was lost.")
        title = "The card enables Away; the eIM cannot be reached, so the card goes back"
        yield self._told(title, self._enabled_is(HOME))
        yield self._told("The eIM has the result of the rollback, signed", self._result(first))

    def _second_eim(self) -> Iterator[Step]:
        first, second = self.world.first, self.world.second
        self.world.picture.chapter("A second eIM takes over")
        eim = second.service.eim
        yield self._order(first, f"addEim:{eim.eim_id},token", eim_of=lambda _: eim)
        self._poll(first)
        token = self._token(first)
        second.service.set_card(self.eid, token=token, counter=0)
        yield self._told("The card trusts the second eIM", f"association token {token}")
        yield self._order(second, "listProfileInfo")
        self._poll(second)
        yield self._told("The second eIM lists the Profiles", self._result(second))
        yield self._order(second, f"deleteEim:{self.first.eim_id}")
        self._poll(second)
        yield self.who("Whom does the card trust?", [eim.eim_id])
        stale = self.first.package([operations.list_eim()], self.eid, counter=1000)
        yield self.send("The first eIM tries once more", self.first, stale, "unsigned")

    def _goodbye(self) -> Iterator[Step]:
        second = self.world.second
        self.world.picture.chapter("Goodbye")
        yield self._order(second, f"disable:{HOME}", f"delete:{HOME}", f"delete:{AWAY}")
        self._poll(second)
        if left := [one.name for one in self.lpa.profiles()]:
            raise StoryError(f"The card still has {left}.")
        yield self._told("The IPA polls; the card is cleared", self._result(second))
        yield self._order(second, f"deleteEim:{second.service.eim.eim_id}")
        self._poll(second)
        yield self.who("Whom does the card trust?", [])

    def _order(self, party: Party, *words: str, eim_of: Callable[[str], Eim] | None = None) -> Step:
        order = party.service.order(self.eid, words, eim_of)
        said = self._named(", ".join(words)).replace(":", " ")
        self.world.picture.say(PERSON, party.name, f"order: {said}")
        title = f"A person gives {party.service.eim.eim_id} an order"
        return self._told(title, self._named(order.what))

    def _poll(self, party: Party, mode: DownloadMode = DownloadMode.DIRECT) -> Poll:
        ipa = Ipa(
            self.transmit,
            Line(party, self.world.picture, self._enabled),
            self.world.servers,
            mode,
            eim_id=party.service.eim.eim_id,
            tries=2,
            pause=0.0,
            tell=self._draw,
        )
        return ipa.poll()

    def _draw(self, text: str) -> None:
        """The part of the IPA's report that is about the card."""
        if text.startswith(OF_THE_CARD) or text.endswith(" installed"):
            self.world.picture.say(IPA, CARD, self._named(text))

    def _named(self, text: str) -> str:
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

    @staticmethod
    def _told(title: str, outcome: str) -> Step:
        return Step(title, outcome, False, b"", b"")


def orders(address: str) -> list[Order]:
    """The orders of the story's SM-DP+, which gets all notifications but those of installations."""
    told = frozenset({Event.ENABLE, Event.DISABLE, Event.DELETE})
    return [
        Order(
            made_up_package(iccid, name, size=PACKAGE_SIZE),
            name,
            metadata=Metadata(
                iccid=iccid,
                service_provider_name="Demo",
                profile_name=name,
                notifications=(NotificationTarget(told, address),),
            ),
        )
        for iccid, name in NAMES.items()
    ]
