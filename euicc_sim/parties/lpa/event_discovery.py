"""Downloads that are found through an SM-DS (SGP.22 v2.5 clauses 3.6.2 and 5.8).

    for event in discover(exchange, smds):
        ...

An event is at an SM-DP+, or at another SM-DS, which has it from there. Which of them a server is,
only its certificate says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.lpa.es10_messages import DownloadResult
from euicc_sim.parties.lpa.server_authentication import (
    Exchange,
    authenticate,
    begin,
    check_address,
    refusals,
)
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.messages.euicc_certificates import is_smds
from euicc_sim.parties.messages.interfaces import EventEntry, EventServer

SERVERS_AT_MOST = 100
"""The most servers and events that one search goes to: SM-DSs may point to each other."""


class SmdsError(LpaError):
    """The server is an SM-DS, which has events and no Profiles."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} is an SM-DS, which has no Profiles. Ask it which servers have some."
        )


def discover(
    exchange: Exchange, server: EventServer, event_id: str = "", wire: Wire = WIRE_1_2
) -> tuple[EventEntry, ...]:
    """The events that wait at an SM-DS for the card, or that one. Raises LpaError.

    The ISD-R must be selected. The caller catches StatusWordError.
    """
    found = begin(exchange, server, wire)
    check_address(found, server.address, wire)
    if not is_smds(found.certificate):
        raise LpaError(
            f"{server.address} is no SM-DS: its certificate is that of an SM-DP+. Use an "
            "activation code for it."
        )
    response = authenticate(exchange, found, event_id, wire)
    with refusals("to tell events"):
        return server.authenticate_events(found.transaction_id, response).entries


@dataclass(frozen=True)
class Outcome:
    """What became of an event: the Profile, or why there is none."""

    event: EventEntry
    profile: DownloadResult | None = None
    error: LpaError | None = None


def fetch_events(
    events: Iterable[EventEntry],
    download: Callable[[EventEntry], DownloadResult],
    ask: Callable[[EventEntry], Iterable[EventEntry]],
) -> Iterator[Outcome]:
    """Download the Profiles of events, one by one; those of an SM-DS below lead further.

    `download` raises SmdsError if the server of an event is an SM-DS; `ask` asks it then. A
    failure ends neither.
    """
    waiting, seen = list(events), set[EventEntry]()
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        if len(seen) > SERVERS_AT_MOST:
            yield Outcome(one, error=LpaError(f"More than {SERVERS_AT_MOST} events wait."))
            return
        try:
            try:
                yield Outcome(one, download(one))
            except SmdsError:
                waiting[:0] = ask(one)
        except LpaError as error:
            yield Outcome(one, error=error)
