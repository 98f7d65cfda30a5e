"""Lines in, lines out over two descriptors, such as standard input and output.

Knows how to wait and to be stopped; what a line means is the affair of who answers it.
"""

import io
import select
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack

from euicc_sim.transport.link import LinkObserver
from euicc_sim.transport.lpac_stdio import MAX_LINE, TOLD_TYPES, LpacStdio, line_type

_PIECE = 0x10000
_IDLE_SECONDS = 0.002


class StdioLink:
    """Answers each line of `requests` on `answers` until the end, or until `stop`."""

    def __init__(
        self,
        program: LpacStdio,
        observer: LinkObserver,
        requests: io.FileIO,
        answers: io.FileIO,
        told: Callable[[str], None],
    ) -> None:
        """Read nothing yet; `told` gets the lines that are for the program's user."""
        self._program = program
        self._observer = observer
        self._requests = requests
        self._answers = answers
        self._told = told
        self._ended = threading.Event()
        self._wake, self._stopped = socket.socketpair()
        self._rest = b""

    def run(self) -> None:
        """Answer line after line, then take the card's power away."""
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
        """End `run`, whatever it waits for."""
        self._ended.set()
        self._wake.close()

    def _read(self) -> bytes:
        """What has come; nothing at the end."""
        both: list[io.FileIO | socket.socket] = [self._requests, self._stopped]
        ready = select.select(both, [], [], _IDLE_SECONDS)[0]
        if not ready:
            self._observer.idle()
            ready = select.select(both, [], [])[0]
        return b"" if self._stopped in ready else self._requests.read(_PIECE) or b""

    def _take(self, piece: bytes) -> bool:
        """Deal with the lines that are whole by now; false when nobody reads the answers."""
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[: MAX_LINE + 1]  # of a longer one enough to see that it is too long
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
