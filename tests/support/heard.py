"""An SM-DP+ that an eIM server names in its orders, and what it hears of the Profiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from euicc_sim.parties.smdpp.card_answers import NotificationFacts
from euicc_sim.parties.smdpp.metadata import Event, NotificationTarget
from euicc_sim.parties.smdpp.smdpp import Smdpp
from support.esipa import EID, World
from support.installing import A_DIGITS, B_DIGITS, order, smdpp

SMDP = "testsmdpplus1.example.com"
TOLD = (NotificationTarget(frozenset(Event) - {Event.INSTALL}, SMDP),)
A, B = (f"download:1${SMDP}${digits}" for digits in (A_DIGITS, B_DIGITS))


class Heard(list[str]):
    """The events that the SM-DP+ was told of."""

    def by(self, pki_folder: Path) -> Smdpp:
        """The SM-DP+; it has A, B, and A once more as LOCKED."""
        orders = [order(one, notifications=TOLD) for one in (A_DIGITS, B_DIGITS)]
        locked = order(A_DIGITS, matching_id="LOCKED", notifications=TOLD)
        server = smdpp(pki_folder, *orders, locked)
        taken: Callable[[bytes], NotificationFacts] = server.handle_notification

        def take(pending: bytes) -> NotificationFacts:
            found = taken(pending)
            self.append(f"{found.event} {found.iccid}")
            return found

        server.handle_notification = take  # type: ignore[method-assign]
        return server


def states(world: World) -> list[tuple[str, str, bool]]:
    """What became of each order: its words, its state, whether the result is verified."""
    results = world.service.store.results(EID)
    return [(" ".join(one.words), one.state, one.verified) for one in results]
