"""What `serve` prints about one card, and the journal for `watch`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from euicc_sim import Event
from euicc_sim.tracing.journal import Journal
from euicc_sim.transport.vpcd import Control

_NOTES_AT_MOST = 500

_POWER = {
    Control.POWER_OFF: "power off",
    Control.POWER_ON: "power on",
    Control.RESET: "reset",
}


class CardLog:
    """Prints the commands of one card and the state of its link; a `LinkObserver`."""

    def __init__(
        self,
        take_events: Callable[[], Sequence[Event]],
        out: Console,
        *,
        reader: str = "",
        address: str = "",
        advice: str = "",
        name: str = "",
        verbose: bool = False,
        journal: Journal | None = None,
    ) -> None:
        """Print to `out`; `name` marks this card's lines, `advice` is printed once."""
        self._take_events = take_events
        self._out = out
        self._reader = reader
        self._address = address
        self._advice = advice
        self._name = name
        self._verbose = verbose
        self._journal = journal
        self._noted: list[tuple[float, str, str]] = []

    def powered(self, control: Control) -> None:
        """Note the event if events are to be shown."""
        if self._verbose:
            self._note(_POWER[control], "dim")
        self._note_events()

    def answered(self, apdu: bytes, answer: bytes) -> None:
        """Note what the command did."""
        if self._verbose:
            self._note(f"→ {apdu.hex().upper()}", "dim")
            self._note(f"← {answer.hex().upper()}", "dim")
        self._note_events()
        if len(self._noted) > _NOTES_AT_MOST:
            self.idle()

    def idle(self) -> None:
        """Print what was noted; this is slower than a command, so commands go first."""
        noted, self._noted = self._noted, []
        for when, text, style in noted:
            at = datetime.fromtimestamp(when).astimezone().strftime("%H:%M:%S")
            self._out.print(Text.assemble((at, "dim"), " ", self._name, (text, style)))
        if self._journal:
            self._journal.flush()

    def waiting(self, reason: str) -> None:
        """Print what is missing, the first time with advice."""
        if reason:
            self._print(f"waiting for vpcd at {self._address} ({reason}){self._advice}")
        else:
            self._print(f"listening on {self._address} for vpcd{self._advice}")
        self._advice = ""

    def connected(self) -> None:
        """Print that the card is in its slot."""
        self._print(f"connected: the card is in '{self._reader}'")

    def silent(self) -> None:
        """Print the likeliest reason."""
        self._print(
            "vpcd accepted the connection but sends nothing: is another card in this slot, "
            "or has a second reader the same LIBPATH?"
        )

    def _note_events(self) -> None:
        for event in self._take_events():
            self._note(event.text, "red" if event.refused else "")
            if self._journal:
                now = self._noted[-1][0]
                self._journal.function(now, event.name, event.text, refused=event.refused)

    def _note(self, text: str, style: str = "") -> None:
        self._noted.append((time.time(), text, style))

    def _print(self, text: str) -> None:
        self._note(text)
        if self._journal:
            self._journal.link(self._noted[-1][0], text, reader=self._reader)
        self.idle()


class TcpLog(CardLog):
    """The messages for TCP clients."""

    _had_one = False

    def waiting(self, reason: str) -> None:
        """Print that no client is connected, or that it disconnected."""
        gone = "the TCP client disconnected, the card was reset"
        self._print(gone if self._had_one else "waiting for TCP clients")

    def connected(self) -> None:
        """Print that a client is connected."""
        self._had_one = True
        self._print("connected: a TCP client uses the card")


class StdioLog(CardLog):
    """The messages for a program on standard input and output."""

    def connected(self) -> None:
        """Print that the program is connected."""
        self._print("connected: a program uses the card, in lpac's stdio protocol")
