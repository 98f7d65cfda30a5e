"""Lines in and lines out over two descriptors, such as standard input and output.

Knows how to wait and how to be stopped, not what a line means.
"""

import io
import select
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack

from euicc_sim.transport.framing import PAUSES
from euicc_sim.transport.link import LinkObserver
from euicc_sim.transport.lpac_stdio import MAX_LINE, TOLD_TYPES, LpacStdio, line_type

_PIECE = 0x10000


class StdioLink:
    """Answers each line of `requests` on `answers` until end of file, or until `stop`.

    `told` gets the lines that are meant for the program's user.
    """

    def __init__(
        self,
        program: LpacStdio,
        observer: LinkObserver,
        requests: io.FileIO,
        answers: io.FileIO,
        told: Callable[[str], None],
    ) -> None:
        self._program = program
        self._observer = observer
        self._requests = requests
        self._answers = answers
        self._told = told
        self._ended = threading.Event()
        self._wake, self._stopped = socket.socketpair()
        self._rest = b""

    def run(self) -> None:
        """Answer line after line, then power the card off."""
        with ExitStack() as afterwards:
            afterwards.callback(self._stopped.close)
            afterwards.callback(self._observer.idle)
            afterwards.callback(self._program.end)
            self._observer.connected()
            while (piece := self._read()) and self._take(piece):
                pass
            if self._rest and not self._ended.is_set():
                self._deal(self._rest)

    def stop(self) -> None:
        """Make `run` return, whatever it is waiting for."""
        self._ended.set()
        self._wake.close()

    def _read(self) -> bytes:
        """The next bytes; empty at the end."""
        both: list[io.FileIO | socket.socket] = [self._requests, self._stopped]
        for pause in PAUSES:
            if ready := select.select(both, [], [], pause)[0]:
                break
            self._program.paused(pause)
        else:
            ready = select.select(both, [], [])[0]
        return b"" if self._stopped in ready else self._requests.read(_PIECE) or b""

    def _take(self, piece: bytes) -> bool:
        """Process the lines that are complete; false when nobody reads the answers any more."""
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[: MAX_LINE + 1]  # enough of a longer one to see that it is too long
        return all(self._deal(line) for line in lines)

    def _deal(self, line: bytes) -> bool:
        if line_type(line) in TOLD_TYPES:
            self._told(line.decode(errors="replace"))
            return True
        answer = memoryview(self._program.answer(line))
        try:
            while answer:
                answer = answer[self._answers.write(answer) or 0 :]
        except BrokenPipeError:
            return False
        return True
