"""Records commands and responses of cards: noted at once, written when there is time.

Knows neither files nor sockets, only sinks for messages.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from apdu.names import without_pins
from euicc_sim.tracing import tpdu
from euicc_sim.tracing.gsmtap import Kind, Message

if TYPE_CHECKING:
    from euicc_sim.es10.session import SessionKeys
    from euicc_sim.tracing.keys import KeyFile

WAITING_AT_MOST = 500
"""How many messages may wait for an idle moment; beyond that, all are written at once."""


class Sink(Protocol):
    """Takes messages, each with its time in seconds since 1970. Every method raises OSError."""

    def write(self, at: float, payload: bytes) -> None:
        """Add a message."""
        ...

    def flush(self) -> None:
        """Make the messages so far visible to readers."""
        ...

    def close(self) -> None:
        """Finish; no message follows."""
        ...


class _Noted(NamedTuple):
    at: float
    slot: int
    command: bytes | None
    answer: bytes


class Recorder:
    """Writes the exchanges of one or more cards to `sinks`, in the order they were noted.

    A sink that fails is reported once, through `complain`, and not used again.
    """

    def __init__(
        self,
        sinks: Sequence[Sink],
        complain: Callable[[str], None],
        keys: KeyFile | None = None,
    ) -> None:
        self._sinks = list(sinks)
        self._complain = complain
        self._keys = keys
        self._noted: deque[_Noted] = deque()
        self._noted_keys: deque[tuple[float, str, SessionKeys]] = deque()
        self._writing = Lock()

    @property
    def wanted(self) -> bool:
        """Whether there is any sink left to write to."""
        return bool(self._sinks)

    @property
    def wants_keys(self) -> bool:
        """Whether session keys are recorded."""
        return self._keys is not None

    def tap(self, slot: int, eid: str) -> Tap:
        """A tap for the card in that slot (from 0)."""
        return Tap(self, slot, eid)

    def note(self, slot: int, command: bytes | None, answer: bytes) -> None:
        """Note an exchange, or an ATR if `command` is None; PINs in a command are FF."""
        if command is not None:
            command = without_pins(command)
        self._noted.append(_Noted(time.time(), slot, command, answer))
        if len(self._noted) > WAITING_AT_MOST:
            self.flush()

    def note_keys(self, eid: str, keys: SessionKeys) -> None:
        """Note session keys, if they are recorded."""
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
        """Write what is left and close all sinks."""
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
            self._complain(
                f"The trace ends here: {error.strerror or error}. The card keeps running."
            )
            return False
        return True


class Tap:
    """Through which one card's link feeds the recorder. Every method but `flush` is cheap."""

    def __init__(self, recorder: Recorder, slot: int, eid: str) -> None:
        self._recorder = recorder
        self._slot = slot
        self._eid = eid

    def reset(self, atr: bytes) -> None:
        """Note a reset or power-on, and the ATR."""
        self._recorder.note(self._slot, None, atr)

    def exchange(self, command: bytes, answer: bytes) -> None:
        """Note a command and its response."""
        self._recorder.note(self._slot, command, answer)

    def keys(self, keys: SessionKeys) -> None:
        """Note new session keys."""
        self._recorder.note_keys(self._eid, keys)

    def flush(self) -> None:
        """Write what was noted: there is time."""
        self._recorder.flush()


def _message(one: _Noted) -> Message:
    if one.command is None:
        return Message(Kind.ATR, one.answer, one.slot)
    return Message(Kind.APDU, tpdu.join(one.command, one.answer), one.slot)
