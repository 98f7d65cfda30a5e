"""What `serve` tells the terminal about one card, and the journal for `watch`."""

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
    """Prints what one card did and how its link fares; made for `LinkObserver`."""

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
        """Print to `out`; `name` tells this card's lines from another's, `advice` is said once."""
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
        """Note the event only for those who asked."""
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
        """Print what was noted; printing takes longer than a command, so commands go first."""
        noted, self._noted = self._noted, []
        for when, text, style in noted:
            at = datetime.fromtimestamp(when).astimezone().strftime("%H:%M:%S")
            self._out.print(Text.assemble((at, "dim"), " ", self._name, (text, style)))
        if self._journal:
            self._journal.flush()

    def waiting(self, reason: str) -> None:
        """Print what is missing, the first time with what to do about it."""
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
            "vpcd took the connection but asks nothing: is another card in this slot, "
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
            self._journal.link(self._noted[-1][0], text)
        self.idle()


class TcpLog(CardLog):
    """The words for clients over TCP."""

    _had_one = False

    def waiting(self, reason: str) -> None:
        """Print that nobody has the card, or nobody any more."""
        gone = "the TCP client is gone, the card reset"
        self._print(gone if self._had_one else "waiting for TCP clients")

    def connected(self) -> None:
        """Print that somebody has the card."""
        self._had_one = True
        self._print("connected: a TCP client has the card")


class StdioLog(CardLog):
    """The words for a program on standard input and output."""

    def connected(self) -> None:
        """Print that the program has the card."""
        self._print("connected: a program has the card, in lpac's stdio protocol")
