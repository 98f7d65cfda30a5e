"""The events of an SM-DS, and who keeps them: the protocol `Events`, and `EventBook` in memory.

    with events.changing() as draft:
        draft.add(Event(eid=eid, event_id="CODE-1", address="smdp.example.com", owner="2.999.10"))

A change is one unit of work: all of it is kept when the block ends, nothing if it raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Protocol

import msgspec

EVENTS_PER_CARD = 100
EVENTS_AT_MOST = 1_000_000
"""How many events an SM-DS keeps, of one card and in all."""


class Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """An Event Record (SGP.22 clause 3.6): for which card, and which server has what for it.

    `eid` is 32 digits, `address` that of the server; `owner` is the OID of who registered it, in
    dotted form. It is `forwarded` if it was registered at the root SM-DS, too.
    """

    eid: str
    event_id: str
    address: str
    owner: str
    forwarded: bool = False


class EventRows(Protocol):
    """Events to look up, as they are at that moment. Lists are in order of arrival."""

    def __iter__(self) -> Iterator[Event]:
        """All of them, for people."""
        ...

    def of_card(self, eid: str) -> list[Event]:
        """Those of a card."""
        ...

    def event(self, eid: str, event_id: str) -> Event | None:
        """That of a card with that EventID."""
        ...

    def count(self) -> int:
        """How many there are."""
        ...


class EventDraft(EventRows, Protocol):
    """A unit of work; it sees its own changes."""

    def add(self, event: Event) -> None:
        """Add an event; there is none of that card with its EventID."""
        ...

    def remove(self, event: Event) -> None:
        """Remove an event."""
        ...


class Events(EventRows, Protocol):
    """The events of an SM-DS. Threads and processes may use them at once."""

    def changing(self) -> AbstractContextManager[EventDraft]:
        """A unit of work. Nobody else changes anything in between; it should be short."""
        ...


class EventBook:
    """The events in memory."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._events: dict[str, dict[str, Event]] = {}

    def __iter__(self) -> Iterator[Event]:
        with self._lock:
            return iter([one for own in self._events.values() for one in own.values()])

    def of_card(self, eid: str) -> list[Event]:
        """Those of a card."""
        with self._lock:
            return list(self._events.get(eid, {}).values())

    def event(self, eid: str, event_id: str) -> Event | None:
        """That of a card with that EventID."""
        with self._lock:
            return self._events.get(eid, {}).get(event_id)

    def count(self) -> int:
        """How many there are."""
        with self._lock:
            return sum(map(len, self._events.values()))

    @contextmanager
    def changing(self) -> Iterator[EventDraft]:
        """A unit of work, while nobody else reads or changes anything."""
        with self._lock:
            before = {eid: dict(own) for eid, own in self._events.items()}
            try:
                yield self
            except BaseException:
                self._events = before
                raise

    def add(self, event: Event) -> None:
        """Add an event."""
        with self._lock:
            self._events.setdefault(event.eid, {})[event.event_id] = event

    def remove(self, event: Event) -> None:
        """Remove an event."""
        with self._lock:
            own = self._events[event.eid]
            del own[event.event_id]
            if not own:
                del self._events[event.eid]
