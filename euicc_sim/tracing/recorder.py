"""Records what cards are asked and answer: noted at once, written when there is time.

Knows neither files nor sockets, only things that take messages.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from euicc_sim.tracing import tpdu
from euicc_sim.tracing.gsmtap import Kind, Message

if TYPE_CHECKING:
    from euicc_sim.es10.session import SessionKeys
    from euicc_sim.tracing.keys import KeyFile

WAITING_AT_MOST = 500
"""Messages that wait for an idle moment; more are written at once."""


class Sink(Protocol):
    """Takes messages, each with its time in seconds since 1970. Everything raises OSError."""

    def write(self, at: float, payload: bytes) -> None:
        """Take a message."""
        ...

    def flush(self) -> None:
        """Let others see what was taken."""
        ...

    def close(self) -> None:
        """Take no more."""
        ...


class _Noted(NamedTuple):
    at: float
    slot: int
    command: bytes | None
    answer: bytes


class Recorder:
    """Writes the exchanges of one or several cards, in the order in which they were noted."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        complain: Callable[[str], None],
        keys: KeyFile | None = None,
    ) -> None:
        """Write to `sinks`; one that fails is told of once and left out from then on."""
        self._sinks = list(sinks)
        self._complain = complain
        self._keys = keys
        self._noted: deque[_Noted] = deque()
        self._noted_keys: deque[tuple[float, str, SessionKeys]] = deque()
        self._writing = Lock()

    @property
    def wanted(self) -> bool:
        """Whether anything is written anywhere."""
        return bool(self._sinks)

    @property
    def wants_keys(self) -> bool:
        """Whether session keys were asked for."""
        return self._keys is not None

    def tap(self, slot: int, eid: str) -> Tap:
        """Where the card in that slot (from 0) is listened to."""
        return Tap(self, slot, eid)

    def note(self, slot: int, command: bytes | None, answer: bytes) -> None:
        """Remember an exchange, or with no command an ATR."""
        self._noted.append(_Noted(time.time(), slot, command, answer))
        if len(self._noted) > WAITING_AT_MOST:
            self.flush()

    def note_keys(self, eid: str, keys: SessionKeys) -> None:
        """Remember session keys, if they were asked for."""
        if self._keys is not None:
            self._noted_keys.append((time.time(), eid, keys))

    def flush(self) -> None:
        """Write what was noted."""
        if not self._noted and not self._noted_keys:
            return
        with self._writing:
            noted = [self._noted.popleft() for _ in range(len(self._noted))]
            messages = [(one.at, bytes(_message(one))) for one in noted]
            self._sinks = [one for one in self._sinks if self._written(one, messages)]
            self._write_keys()

    def close(self) -> None:
        """Write the rest and close everything."""
        self.flush()
        with self._writing:
            for one in self._sinks:
                self._try(one.close)
            self._sinks = []

    def _written(self, sink: Sink, messages: Sequence[tuple[float, bytes]]) -> bool:
        def write() -> None:
            for at, payload in messages:
                sink.write(at, payload)
            sink.flush()

        return self._try(write)

    def _write_keys(self) -> None:
        while self._noted_keys:
            noted = self._noted_keys.popleft()
            if self._keys is not None:
                self._keys.add(*noted)
        if self._keys is not None and not self._try(self._keys.flush):
            self._keys = None

    def _try(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except OSError as error:
            self._complain(f"The trace ends here: {error.strerror or error}. The card goes on.")
            return False
        return True


class Tap:
    """What one card's link tells the recorder. Cheap but for `flush`."""

    def __init__(self, recorder: Recorder, slot: int, eid: str) -> None:
        """Tell it as the card in that slot."""
        self._recorder = recorder
        self._slot = slot
        self._eid = eid

    def reset(self, atr: bytes) -> None:
        """The card was reset or powered on, and has answered with this."""
        self._recorder.note(self._slot, None, atr)

    def exchange(self, command: bytes, answer: bytes) -> None:
        """The card has answered a command."""
        self._recorder.note(self._slot, command, answer)

    def keys(self, keys: SessionKeys) -> None:
        """The card has got session keys."""
        self._recorder.note_keys(self._eid, keys)

    def flush(self) -> None:
        """There is time to write."""
        self._recorder.flush()


def _message(one: _Noted) -> Message:
    if one.command is None:
        return Message(Kind.ATR, one.answer, one.slot)
    return Message(Kind.APDU, tpdu.join(one.command, one.answer), one.slot)
