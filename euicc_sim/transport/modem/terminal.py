"""A pseudo-terminal that programs open as the serial port of a modem.

Knows characters, echo and line ends, not what a command means. A line ends with a carriage return,
or with a line feed as a shell's `echo` sends it. Programs come and go, and the modem stays there:
sessions of the one before are still open, but what it has not read, and a line that it has not
ended, are dropped.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import termios
import tty
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic

from euicc_sim.transport.framing import PAUSES
from euicc_sim.transport.link import LinkError, LinkObserver
from euicc_sim.transport.modem.commands import ERROR, Modem
from euicc_sim.transport.modem.syntax import MAX_LINE

UNREAD_SECONDS = 10.0
"""How long an answer that nobody reads is kept; then it is dropped, as a serial port would."""

_PIECE = 0x10000
_CR, _LF = 0x0D, 0x0A
_ENDS = frozenset((_CR, _LF))
_TAKES_BACK = frozenset((0x08, 0x7F))
_TERMINALS = Path("/dev/pts")
_ALONE_SECONDS = 0.05


class ModemLink:
    """Answers the lines of one pseudo-terminal until it is stopped.

    `path` is the terminal; with `link`, a symbolic link to it is there until `close`. Raises
    LinkError.
    """

    def __init__(self, modem: Modem, observer: LinkObserver, link: Path | None = None) -> None:
        self._modem = modem
        self._observer = observer
        self._wake, self._stopped = socket.socketpair()
        self._ours, theirs = os.openpty()
        self._line = bytearray()
        self._is_known = self._is_unread = False
        self.path = os.ttyname(theirs)
        tty.setraw(theirs)
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self._link: Path | None = None
        if link is not None:
            try:
                _point(link, self.path)
            except BaseException:
                self.close()
                raise
            self._link = link

    def run(self) -> None:
        """Answer line after line until stopped, then power the card off."""
        with ExitStack() as afterwards:
            afterwards.callback(self._observer.idle)
            afterwards.callback(self._modem.power_off)
            self._observer.waiting("")
            self._modem.power_on()
            while piece := self._read():
                self._take(piece)

    def stop(self) -> None:
        """Make `run` return, whatever it is waiting for."""
        with suppress(OSError):
            self._wake.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Remove the terminal and the link to it."""
        if self._link is not None and _leads_to(self._link, self.path):
            self._link.unlink(missing_ok=True)
        with suppress(OSError):
            os.close(self._ours)
        self._wake.close()
        self._stopped.close()

    def _read(self) -> bytes:
        """The next characters; empty at the end."""
        both: list[int | socket.socket] = [self._ours, self._stopped]
        pauses = iter(PAUSES)
        while True:
            pause = next(pauses, None)
            ready = select.select(both, [], [], pause)[0]
            if self._stopped in ready:
                return b""
            if not ready and pause is not None:
                self._modem.paused(pause)
                continue
            try:
                return os.read(self._ours, _PIECE)
            except BlockingIOError:  # a program has opened it just now
                continue
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
            if self._is_alone(pause):
                return b""

    def _is_alone(self, pause: float | None) -> bool:
        """No program has the terminal open: forget what the last one left, and wait a little.

        True when it was stopped meanwhile.
        """
        if self._is_known or self._line:
            self._is_known = self._is_unread = False
            self._line.clear()
            with suppress(OSError):
                port = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
                try:
                    tty.setraw(port)
                    termios.tcflush(port, termios.TCIOFLUSH)
                finally:
                    os.close(port)
            self._observer.disconnected()
        if pause is not None:
            self._modem.paused(pause)
        return bool(select.select([self._stopped], [], [], _ALONE_SECONDS)[0])

    def _take(self, piece: bytes) -> None:
        if not self._is_known:
            self._is_known = True
            self._observer.connected()
        for line, echoed in self._lines(piece):
            if self._modem.echo:
                self._write(echoed)
            if line is not None:
                self._answer(line)

    def _lines(self, piece: bytes) -> Iterator[tuple[bytes | None, bytes]]:
        """Each complete line with the characters to echo; None for a line that goes on."""
        start = 0
        for at, one in enumerate(piece):
            if one in _ENDS:
                self._line += piece[start:at]
                line, self._line = bytes(self._line), bytearray()
                yield line, piece[start : at + 1]
                start = at + 1
        rest = piece[start:]
        if len(self._line) <= MAX_LINE:
            self._line += rest
        if rest:
            yield None, rest

    def _answer(self, line: bytes) -> None:
        if len(line) > MAX_LINE:
            self._write(_framed((ERROR,)))
            return
        text = _edited(line).decode("ascii", errors="replace").strip()
        for one in self._modem.answer(text):
            self._write(_framed(one))

    def _write(self, data: bytes) -> None:
        """Write all of it; what is not read in time is dropped, then all until somebody reads."""
        left = memoryview(data)
        until = monotonic() + (0.0 if self._is_unread else UNREAD_SECONDS)
        while left:
            wait = until - monotonic()
            reading: list[socket.socket] = [self._stopped]
            stopped, ready, _ = select.select(reading, [self._ours], [], max(wait, 0))
            if stopped or not ready:
                self._is_unread = True
                return
            with suppress(BlockingIOError):
                left = left[os.write(self._ours, left) :]
        self._is_unread = False


def _framed(lines: Sequence[str]) -> bytes:
    """Lines between line ends (ITU-T V.250 clause 5.7.1)."""
    return "\r\n".join(("", *lines, "")).encode("ascii", errors="replace")


def _edited(line: bytes) -> bytes:
    """A line as it was meant by who typed it: backspace takes the last character back."""
    kept = bytearray()
    for one in line:
        if one in _TAKES_BACK:
            del kept[-1:]
        else:
            kept.append(one)
    return bytes(kept)


def _point(link: Path, path: str) -> None:
    """Make a symbolic link; one to a terminal that is gone, left by a killed server, is replaced.

    Raises LinkError.
    """
    try:
        if link.is_symlink() and Path(os.readlink(link)).parent == _TERMINALS and not link.exists():
            link.unlink()
        link.symlink_to(path)
    except FileExistsError:
        raise LinkError(f"{link} exists already; name a different one for --at.") from None
    except OSError as error:
        raise LinkError(
            f"{link} cannot be made ({error.strerror or error}); name a different one for --at."
        ) from error


def _leads_to(link: Path, path: str) -> bool:
    try:
        return os.readlink(link) == path
    except OSError:
        return False
