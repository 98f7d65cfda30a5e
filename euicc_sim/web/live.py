"""A card of the page: its directory, what was said to it, and a way to act on it.

Links call `heard` from their threads, which costs them no more than an append; the page turns what
was heard into lines when it looks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, RLock
from typing import TypeVar

from apdu.cla import on_channel
from apdu.manage_channel import NoChannelError, close_channel, open_channel
from apdu.names import without_pins
from euicc_sim.model.state import SwitchError, Switches
from euicc_sim.parties.messages import Transmit
from euicc_sim.tracing import tpdu
from euicc_sim.tracing.conversation import Conversation, Exchange, Item, Reset
from euicc_sim.tracing.gsmtap import Kind, Message
from euicc_sim.tracing.journal import Entry
from euicc_sim.views.exchanges import Shown, shown
from euicc_sim.views.moment import Moment, Watched
from euicc_sim.views.places import Places

LINES_KEPT = 2000
HEARD_KEPT = 4_000
"""Exchanges that wait for somebody to look; beyond that, the oldest are dropped."""

T = TypeVar("T")


class ActError(Exception):
    """Why an act is not possible: a sentence with the next step."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What the card said of a command: a sentence, and whether it refused."""

    text: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the conversation: an exchange or a reset, in words, and why.

    `number` counts from 1 and is never given again; `at` is in seconds since 1970.
    """

    number: int
    at: float
    channel: str
    name: str
    about: str
    outcome: str
    refused: bool
    reasons: tuple[Reason, ...] = ()
    item: Item | None = None
    shown: Shown | None = None

    @property
    def why(self) -> str:
        """The reasons, joined."""
        return "; ".join(one.text for one in self.reasons)


@dataclass(frozen=True, slots=True)
class _Heard:
    at: float
    command: bytes | None
    answer: bytes
    reasons: tuple[Reason, ...]


class Lines:
    """The conversation with one card, as lines; fed with what was heard, in order."""

    def __init__(self) -> None:
        self.kept: deque[Line] = deque(maxlen=LINES_KEPT)
        self._conversation = Conversation()
        self._places = Places()
        self._open: deque[tuple[bytes, bytes, tuple[Reason, ...]]] = deque(maxlen=LINES_KEPT)
        self._number = 0

    @property
    def last(self) -> int:
        """The number of the last line; 0 before the first."""
        return self._number

    def add(self, item: Item, reasons: Sequence[Reason] = ()) -> None:
        """Add an item of a conversation."""
        self._number += 1
        if isinstance(item, Reset):
            atr = f"ATR {item.atr.hex().upper()}"
            line = Line(self._number, item.at, "", "reset", atr, "", False, tuple(reasons), item)
        else:
            found = shown(item, self._places)
            refused = not found.is_well or any(one.refused for one in reasons)
            outcome = f"refused ({item.sw:04X})" if refused and found.is_well else found.outcome
            said = [replace(one, text=one.text.removeprefix(f"{found.name}: ")) for one in reasons]
            line = Line(
                self._number,
                item.at,
                str(item.channel or ""),
                found.name,
                " ".join(filter(None, (found.about, found.size))),
                outcome,
                refused,
                tuple(said),
                item,
                found,
            )
        self.kept.append(line)

    def entry(self, entry: Entry) -> None:
        """Add a line of a card's journal, which has no bytes."""
        self._number += 1
        reasons = (Reason(entry.text, entry.refused),)
        name, outcome = entry.name or "link", "refused" if entry.refused else ""
        self.kept.append(
            Line(self._number, entry.at, "", name, "", outcome, entry.refused, reasons)
        )

    def heard(self, one: _Heard) -> None:
        """Take an exchange, or a reset, which may complete an item or several."""
        if one.command is None:
            message = Message(Kind.ATR, one.answer)
        else:
            command = without_pins(one.command)
            message = Message(Kind.APDU, tpdu.join(command, one.answer))
            self._open.append((command, one.answer, one.reasons))
        for item in self._conversation.feed(one.at, message):
            self.add(item, self._reasons_for(item))

    def _reasons_for(self, item: Item) -> list[Reason]:
        """What the card said of the exchanges of an item; they are not looked for again."""
        if not isinstance(item, Exchange):
            return []
        found: list[Reason] = []
        for part in item.tpdus:
            for waiting in self._open:
                if waiting[:2] == (part.command, part.answer):
                    found += waiting[2]
                    self._open.remove(waiting)
                    break
        return found


class LiveCard:
    """A card of the page.

    `connect` gives a connection for one act; it is None where the card can only be watched, and
    `why_not` says why. `set_switches` makes it difficult, where this process has it open.
    """

    def __init__(
        self,
        directory: Path,
        connect: Callable[[], AbstractContextManager[Transmit]] | None = None,
        *,
        why_not: str = "",
        reset: Callable[[], object] | None = None,
        set_switches: Callable[[Switches], None] | None = None,
        idle: Callable[[], None] = lambda: None,
        from_journal: bool = False,
    ) -> None:
        self.directory = directory
        self.watched = Watched(directory)
        self.lines = Lines()
        self.why_not = why_not
        self._connect = connect
        self._reset = reset
        self._set_switches = set_switches
        self._idle = idle
        self._from_journal = from_journal
        self._heard: deque[_Heard] = deque(maxlen=HEARD_KEPT)
        self._looking = Lock()
        self._acting = RLock()
        self._journal_seen = 0.0

    @property
    def eid(self) -> str:
        """Its EID."""
        return self.moment().identity.eid

    @property
    def can_act(self) -> bool:
        """Whether acts can reach the card."""
        return self._connect is not None

    @property
    def can_switch(self) -> bool:
        """Whether its switches can be changed here."""
        return self._set_switches is not None

    def moment(self) -> Moment:
        """The card as it is; the same object as before when nothing has changed."""
        return self.watched.look()

    def heard(
        self, at: float, command: bytes | None, answer: bytes, reasons: Sequence[Reason] = ()
    ) -> None:
        """Take note of an exchange, or of a reset if `command` is None. From any thread."""
        self._heard.append(_Heard(at, command, answer, tuple(reasons)))

    def look(self) -> Lines:
        """The conversation with all that was heard by now."""
        with self._looking:
            while self._heard:
                self.lines.heard(self._heard.popleft())
            if self._from_journal:
                self._read_journal()
        return self.lines

    def act(self, work: Callable[[Transmit], T]) -> T:
        """Do something with the card, on a channel of its own, one act at a time.

        Raises ActError, and whatever the work raises.
        """

        def on_channel_of_its_own(connection: Transmit) -> T:
            with _own_channel(connection) as transmit:
                return work(transmit)

        return self.use(on_channel_of_its_own)

    def use(self, work: Callable[[Transmit], T]) -> T:
        """The same for work that opens a channel itself."""
        if self._connect is None:
            raise ActError(self.why_not)
        with self._acting:
            try:
                with self._connect() as connection:
                    return work(connection)
            finally:
                self._idle()

    def reset(self) -> None:
        """Reset the card, for everybody who uses it. Raises ActError."""
        if self._reset is None:
            raise ActError(self.why_not or "Only the process that serves the card can reset it.")
        with self._acting:
            self._reset()
            self._idle()

    def switch(self, switches: Switches) -> None:
        """Make the card difficult, or easy again. Raises ActError, OSError."""
        if self._set_switches is None:
            raise ActError(
                "This card is served by a different process: end it, and use euicc-sim card set."
            )
        with self._acting:
            try:
                self._set_switches(switches)
            except SwitchError as error:
                raise ActError(f"{error}.") from error

    def _read_journal(self) -> None:
        entries = [one for one in self.moment().entries if one.process is None]
        latest = max((one.at for one in entries), default=0.0)
        for one in entries:
            if one.at > self._journal_seen:
                self.lines.entry(one)
        self._journal_seen = max(latest, self._journal_seen)


@contextmanager
def _own_channel(transmit: Transmit) -> Iterator[Transmit]:
    """Commands on a channel that others do not use, and which is closed afterwards."""
    try:
        channel = open_channel(transmit)
    except NoChannelError as error:
        raise ActError("The card has no free channel. Close one, or reset the card.") from error
    try:
        yield lambda command: transmit(on_channel(command, channel))
    finally:
        close_channel(transmit, channel)
