"""What `serve` prints about one card, and the journal for `watch`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from apdu.names import without_pins
from euicc_sim import Event
from euicc_sim.cli.download_line import BEGINNING, CANCELLING, DOWNLOAD, LOADING, DownloadLine
from euicc_sim.cli.log_lines import AGAIN_SECONDS, Line, LogLines, Refusals, Repeated
from euicc_sim.tracing.journal import Journal
from euicc_sim.transport.vpcd import Control

_NOTES_AT_MOST = 500

_POWER = {
    Control.POWER_OFF: "power off",
    Control.POWER_ON: "power on",
    Control.RESET: "reset",
}


class _Note(NamedTuple):
    """A line to print; that of a refusal gets the count that it has by then.

    `ends` says that it is the end of a download, in whose line it belongs.
    """

    at: float
    text: str
    style: str = ""
    refusal: Repeated | None = None
    ends: bool = False


class CardLog:
    """Prints the commands of one card and the state of its link; a `LinkObserver`.

    The same refusal again within two seconds is counted. A download is one line: on a terminal it
    shows the step, elsewhere it is printed at the end, or when no step has come for two seconds.
    With `verbose` each refusal and each step has its line.
    """

    def __init__(
        self,
        take_events: Callable[[], Sequence[Event]],
        lines: LogLines,
        *,
        reader: str = "",
        address: str = "",
        advice: str = "",
        name: str = "",
        verbose: bool = False,
        journal: Journal | None = None,
        ready: Callable[[bool], None] | None = None,
    ) -> None:
        """Print to `lines`; `name` marks this card's lines, `advice` is printed once.

        `ready` is told when programs can use the card, and when they no longer can.
        """
        self._ready = ready
        self._take_events = take_events
        self._lines = lines
        self._reader = reader
        self._address = address
        self._advice = advice
        self._name = name
        self._verbose = verbose
        self._journal = journal
        self._clock = lines.clock
        self._noted: list[_Note] = []
        self._refusals = Refusals()
        self._download = DownloadLine(lines)
        self._printed_at = lines.clock()

    def powered(self, control: Control) -> None:
        """Note the event if events are to be shown."""
        if self._verbose:
            self._note(_POWER[control], "dim")
        self._note_events()
        self._leave_download()

    def answered(self, apdu: bytes, answer: bytes) -> None:
        """Note what the command did."""
        if self._verbose:
            self._note(f"→ {without_pins(apdu).hex().upper()}", "dim")
            self._note(f"← {answer.hex().upper()}", "dim")
        self._note_events()
        if len(self._noted) > _NOTES_AT_MOST or self._has_waited():
            self.idle()

    def idle(self) -> None:
        """Print what was noted; this is slower than a command, so commands go first.

        A pause in which nothing has come since the last one is long enough for the journal.
        """
        is_quiet = not self._noted and not self._download.has_news
        self._print_noted(self._clock(), all_counts=False)
        if is_quiet and self._journal:
            self._journal.tidy()

    def end(self) -> None:
        """Print all that is left."""
        self._leave_download()
        self._print_noted(self._clock(), all_counts=True)

    def waiting(self, reason: str) -> None:
        """Print what is missing, the first time with advice."""
        if reason:
            self._print(f"waiting for vpcd at {self._address} ({reason}){self._advice}")
        else:
            self._print(f"listening on {self._address} for vpcd{self._advice}")
        self._advice = ""

    def connected(self) -> None:
        """Print that the card is in its reader and can be opened there."""
        self._tell(is_ready=True)
        self._print(f"connected: the card is in '{self._reader}'")

    def disconnected(self) -> None:
        """Tell that the card cannot be used; what comes next is printed."""
        self._tell(is_ready=False)

    def silent(self) -> None:
        """Print the likeliest reason."""
        self._print(
            "vpcd accepted the connection but sends nothing: is another card in this slot, "
            "or has a second reader the same LIBPATH?"
        )

    def another(self, *, is_turned_away: bool) -> None:
        """Print that another client wants the card."""
        self._print(
            "another TCP client was turned away: one has the card"
            if is_turned_away
            else "another TCP client waits until the first disconnects"
        )

    def _tell(self, *, is_ready: bool) -> None:
        if self._ready is None:
            return
        try:
            self._ready(is_ready)
        except OSError as error:
            self._print(f"the ready file cannot be written ({error.strerror or error})")

    def _note_events(self) -> None:
        for event in self._take_events():
            if event.refused:
                self._note_refusal(event)
                continue
            at, style = self._clock(), "yellow" if event.warning else ""
            if event.name in DOWNLOAD:
                self._note_step(at, event, style)
            else:
                self._noted.append(_Note(at, event.text, style))
            if self._journal:
                self._journal.function(
                    at,
                    event.name,
                    event.text,
                    refused=False,
                    warning=event.warning,
                )

    def _note_step(self, at: float, event: Event, style: str) -> None:
        """Note a step of a download, or its end."""
        if event.name == BEGINNING:
            self._leave_download()
        if event.goes_on and not self._verbose:
            self._download.go_on(Line(at, self._name, event.text, style))
            return
        text, step = event.text, self._download.end()
        if step is not None and event.name == CANCELLING:
            text = f"{step.text}; {text}"
        self._noted.append(_Note(at, text, style, ends=step is not None))

    def _note_refusal(self, event: Event) -> None:
        now = self._clock()
        ends = event.name == LOADING and self._download.end() is not None
        if event.name in DOWNLOAD:
            self._leave_download()
        fresh = self._refusals.take(now, event.name, event.text)
        if self._verbose:
            self._note(event.text, "red")
        elif fresh:
            self._noted.append(_Note(now, event.text, "red", fresh, ends))
        if fresh and self._journal:
            self._journal.function(now, event.name, event.text, refused=True)

    def _leave_download(self) -> None:
        """Note that a download was left before its end, if one goes on."""
        if (step := self._download.end()) is not None:
            text = f"{step.text}; the download did not end"
            self._noted.append(_Note(self._clock(), text, step.style, ends=True))

    def _note(self, text: str, style: str = "") -> None:
        self._noted.append(_Note(self._clock(), text, style))

    def _has_waited(self) -> bool:
        """Whether commands have come for so long without a pause that the log is late."""
        return bool(self._refusals) and self._clock() - self._printed_at > AGAIN_SECONDS

    def _print_noted(self, now: float, *, all_counts: bool) -> None:
        noted, self._noted = self._noted, []
        numbers: list[int] = []
        if noted and noted[0].ends:
            numbers = self._download.put_end(self._line(noted[0]))
        if any(one.ends for one in noted):
            self._download.forget_line()
        numbers += self._lines.add(*map(self._line, noted[len(numbers) :]))
        for one, number in zip(noted, numbers, strict=True):
            if one.refusal is not None:
                one.refusal.line = number
                one.refusal.has_told(now)
        for refusal in self._refusals:
            self._count(refusal, now, all_counts=all_counts)
        self._refusals.forget(now)
        self._download.show(now)
        self._printed_at = now
        if self._journal:
            self._journal.flush()

    def _count(self, one: Repeated, now: float, *, all_counts: bool) -> None:
        """Bring the line of a refusal and its entry in the journal up to date."""
        if not self._verbose and one.times > one.told:
            if self._lines.replace(one.line, self._line_of(one)):
                one.has_told(now)
            elif all_counts or one.is_due(now):
                (one.line,) = self._lines.add(self._line_of(one))
                one.has_told(now)
        if self._journal and one.times > one.kept:
            one.kept = one.times
            self._journal.again(one.last, one.name, one.text, times=one.times, since=one.since)

    def _line_of(self, one: Repeated) -> Line:
        return Line(one.last, self._name, one.shown, "red")

    def _line(self, note: _Note) -> Line:
        if note.refusal is not None:
            return self._line_of(note.refusal)
        return Line(note.at, self._name, note.text, note.style)

    def _print(self, text: str) -> None:
        self._note(text)
        if self._journal:
            self._journal.link(self._noted[-1].at, text, reader=self._reader)
        self.end()


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


class PageLog(CardLog):
    """The messages about acts on the page."""


class IpaeLog(CardLog):
    """The messages about what the card's own IPAe does."""


class ModemLog(CardLog):
    """The messages for programs that use a modem."""

    def waiting(self, reason: str) -> None:
        """Print that the modem is on."""
        del reason
        self._print("the modem is on, and waits for AT commands")

    def connected(self) -> None:
        """Print that a program speaks to the modem."""
        self._print("a program uses the modem")
