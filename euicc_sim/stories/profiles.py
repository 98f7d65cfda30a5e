"""The story of two Profiles: downloaded, switched by an eIM, rolled back when the network fails.

Each is a SIM with an IMSI of its own, which its network authenticates once it is enabled. The
SM-DP+ is our own, without a network; its certificates are from the PKI of the card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from euicc_sim.asn1.sgp32.functions import (
    ExecuteFallbackMechanismResponse,
    ProfileRollbackResponse,
    ReturnFromFallbackResponse,
)
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.formats.saip.editing import Changes, edited
from euicc_sim.formats.saip.sample import sample
from euicc_sim.parties.eim import Eim, add_initial_eim, operations, take_initial_answer
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import Transmit
from euicc_sim.parties.smdpp import (
    Event,
    Metadata,
    NotificationTarget,
    Order,
    Smdpp,
)
from euicc_sim.stories.drawn import DrawnCard, DrawnServer
from euicc_sim.stories.home_network import HomeNetwork
from euicc_sim.stories.telling import (
    CARD,
    EIM,
    IPA,
    NETWORK,
    PERSON,
    SMDPP,
    Listener,
    Step,
    StoryError,
    Storyteller,
)
from keys import TestPki

HOME, AWAY = "89000999000000000016", "89000999000000000024"
NAMES = {HOME: "Home", AWAY: "Away"}
IMSIS = {HOME: "001010000000011", AWAY: "001010000000012"}
REFRESH = b"\x03\x80\x01\xff"


class ProfileStory(Storyteller):
    """A card, an eIM, an SM-DP+ and two Profiles."""

    PARTIES = (PERSON, EIM, SMDPP, IPA, NETWORK, CARD)

    def __init__(self, transmit: Transmit, pki: TestPki, listener: Listener | None = None) -> None:
        """Select the ISD-R, read EID and certificate, open the SM-DP+.

        Raises StatusWordError, PkiError.
        """
        super().__init__(transmit, listener)
        server = Smdpp.of(pki, [_order(HOME), _order(AWAY)])
        self.server = DrawnServer(server, self.arrows, IPA, SMDPP)
        self.lpa = Lpa(transmit)
        self.ipa = Lpa(DrawnCard(transmit, self.arrows, IPA, CARD).transmit)
        self.network = HomeNetwork()

    def in_the_way(self) -> list[str]:
        """The names of what an unfinished story left on the card."""
        return [NAMES[one.iccid] for one in self.lpa.profiles() if one.iccid in NAMES]

    def others(self) -> list[str]:
        """ICCIDs of other Profiles, which the story would switch."""
        return [one.iccid or "" for one in self.lpa.profiles() if one.iccid not in NAMES]

    def clear(self) -> None:
        """Remove what is left. Raises LpaError."""
        for one in self.lpa.profiles():
            if one.iccid in NAMES:
                if one.enabled:
                    self.lpa.disable(one.iccid)
                self.lpa.delete(one.iccid)

    def tell(self) -> Iterator[Step]:
        """Play the story. Raises StoryError, LpaError or StatusWordError."""
        yield self._trust()
        yield self._download(HOME)
        yield self._download(AWAY)
        yield from self._switch()
        yield from self._roll_back()
        yield from self._fall_back()
        yield from self._end()

    def named(self, text: str) -> str:
        """A text with the names of the Profiles in place of ICCIDs."""
        for iccid, name in NAMES.items():
            text = text.replace(iccid, name)
        return text

    def party_of(self, eim: Eim) -> str:
        """There is one eIM."""
        del eim
        return EIM

    def _trust(self) -> Step:
        self.begin("The factory")
        request = add_initial_eim(self.first.configuration(want_token=True))
        answer = self.es10(request)
        take_initial_answer(answer, self.first)
        title = "The factory adds an eIM, with a token"
        outcome = f"trusts {self.first.eim_id}, association token {self.first.token}"
        self.asked(PERSON, "AddInitialEim", request, answer, outcome)
        return self.step(title, outcome, request=request, answer=answer)

    def _download(self, iccid: str) -> Step:
        self.begin("Two Profiles are fetched")
        result = self.ipa.download(self.server, matching_id=NAMES[iccid])
        outcome = f"installed, disabled, in ISD-P {result.aid.hex().upper()[-6:]}"
        title = f'The IPA downloads Profile "{NAMES[iccid]}" from {self.server.address}'
        return self.step(title, outcome)

    def _switch(self) -> Iterator[Step]:
        self.begin("The eIM switches")
        first = self.first
        yield self._ordered("The eIM enables Home", operations.enable(HOME))
        yield self._attach(HOME)
        yield self.order(
            "The eIM orders the deletion of Home, which is enabled",
            first,
            operations.delete(HOME),
            expected="profileNotInDisabledState",
        )
        switch = operations.enable(AWAY, rollback=True)
        yield self._ordered("The eIM enables Away and permits a rollback", switch, enabled=AWAY)
        yield self._attach(AWAY)

    def _roll_back(self) -> Iterator[Step]:
        self.begin("Back, for want of a network")
        yield self._function(
            "Away loses its network: the IPA sends ProfileRollback", 0xBF58, "ok", HOME
        )
        yield self._attach(HOME)
        yield self._function(
            "The IPA sends ProfileRollback a second time", 0xBF58, "rollbackNotAllowed", HOME
        )

    def _fall_back(self) -> Iterator[Step]:
        self.begin("The Fallback Profile")
        attribute = operations.set_fallback_attribute(AWAY)
        yield self._ordered("The eIM makes Away the Fallback Profile", attribute)
        yield self._function(
            "Home finds no network: the IPA sends ExecuteFallbackMechanism", 0xBF5D, "ok", AWAY
        )
        yield self.order(
            "The eIM orders the deletion of Home, to which the card must return",
            self.first,
            operations.delete(HOME),
            expected="returnFallbackProfile",
        )
        yield self._function(
            "The network is back: the IPA sends ReturnFromFallback", 0xBF5E, "ok", HOME
        )

    def _end(self) -> Iterator[Step]:
        self.begin("Goodbye")
        told = self.lpa.process_notifications(self.server)
        outcome = ", ".join(f"{one.seq_number} {'/'.join(one.events)}" for one in told)
        yield self.step("The SM-DP+ gets the notifications", outcome)
        leave = (operations.disable(HOME), operations.delete(HOME), operations.delete(AWAY))
        yield self.order(
            "The eIM removes the Profiles from the card",
            self.first,
            *leave,
            then=lambda: self.lpa.process_notifications(self.server),
        )
        leaving = operations.delete_eim(self.first.eim_id)
        yield self.order("The eIM removes itself", self.first, leaving)

    def _attach(self, iccid: str) -> Step:
        """The network of the enabled Profile authenticates its SIM, and the SIM the network."""
        title = f"The device attaches to the network of {NAMES[iccid]}"
        imsi = self.network.attach(DrawnCard(self.transmit, self.arrows, NETWORK, CARD).transmit)
        if imsi != IMSIS[iccid]:
            raise StoryError(f"{title}: the SIM has the IMSI {imsi}, not {IMSIS[iccid]}.")
        return self.step(title, f"IMSI {imsi}, each has authenticated the other")

    def _ordered(self, title: str, what: operations.Operation, *, enabled: str = HOME) -> Step:
        step = self.order(title, self.first, what)
        self._check_enabled(title, enabled)
        return step

    def _function(self, title: str, tag: int, expected: str, enabled: str) -> Step:
        request = tag.to_bytes(2) + REFRESH
        answer = self.es10(request)
        code = ANSWERS[tag](answer)
        if code != expected:
            raise StoryError(f"{title}: expected {expected}, the card answered {code}.")
        refused = code != "ok"
        reason = self.reason() if refused else ""
        self._check_enabled(title, enabled)
        outcome = f"refused: {code}" if refused else f"{NAMES[enabled]} is enabled"
        self.asked(IPA, FUNCTIONS[tag], request, answer, str(code), refused=refused)
        return self.step(
            title, outcome, refused=refused, request=request, answer=answer, reason=reason
        )

    def _check_enabled(self, title: str, iccid: str) -> None:
        found = [one.iccid for one in self.lpa.profiles() if one.enabled]
        if found != [iccid]:
            raise StoryError(f"{title}: {found} is enabled, not {NAMES[iccid]}.")


FUNCTIONS = {
    0xBF58: "ProfileRollback",
    0xBF5D: "ExecuteFallbackMechanism",
    0xBF5E: "ReturnFromFallback",
}
"""The names of the functions that the IPA calls by itself."""

ANSWERS: Mapping[int, Callable[[bytes], object]] = {
    0xBF58: lambda data: WIRE_1_2[ProfileRollbackResponse].decode(data)["cmdResult"],
    0xBF5D: lambda data: WIRE_1_2[ExecuteFallbackMechanismResponse].decode(data)[
        "executeFallbackMechanismResult"
    ],
    0xBF5E: lambda data: WIRE_1_2[ReturnFromFallbackResponse].decode(data)[
        "returnFromFallbackResult"
    ],
}
"""The result code in a function's answer, by its tag."""


def _order(iccid: str) -> Order:
    name = NAMES[iccid]
    metadata = Metadata(
        iccid=iccid,
        service_provider_name="Demo",
        profile_name=name,
        notifications=(
            NotificationTarget(
                frozenset({Event.ENABLE, Event.DISABLE, Event.DELETE}), "testsmdpplus1.example.com"
            ),
        ),
        fallback_allowed=True,
    )
    package = edited(sample(IMSIS[iccid]), Changes(iccid=iccid))
    return Order(package, name, metadata=metadata)
