"""Long commands in several APDUs, long answers in several APDUs.

`RequestChain` joins commands whose class byte says that more follow; `ResponseQueue` hands an
answer out in pieces. Neither knows which application is behind.
"""

from __future__ import annotations

from apdu.command import SHORT_NE_MAX, Command, Response
from apdu.status import SW, StatusError

MAX_REQUEST = 0x20000
"""Bytes of a chained request that are kept: 128 KiB, above what any ES10 function needs."""

MAX_PIECE = 0xFFFF - 2
"""Response data that fits one message of the reader link together with SW1 SW2."""


class RequestChain:
    """Command chaining of ISO/IEC 7816-4 5.3.3, one chain for each channel."""

    def __init__(self) -> None:
        """Begin with nothing pending."""
        self.clear()

    def clear(self) -> None:
        """Forget what has come so far."""
        self._first: Command | None = None
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, command: Command, *, more_follow: bool) -> Command | None:
        """Take a command; return the joined one, or None while more follow.

        Raises StatusError 6883 when another command comes in before the chain has ended,
        6A84 when the chain grows past MAX_REQUEST; either ends the chain.
        """
        if self._first is None and not more_follow:
            return command
        self._check(command)
        self._first = self._first or command
        self._parts.append(command.data)
        self._size += len(command.data)
        if more_follow:
            return None
        joined = command._replace(data=b"".join(self._parts))
        self.clear()
        return joined

    def _check(self, command: Command) -> None:
        first = self._first
        if first is not None and (first.ins, first.p1, first.p2) != (
            command.ins,
            command.p1,
            command.p2,
        ):
            self.clear()
            raise StatusError(
                SW.LAST_COMMAND_EXPECTED,
                f"INS {command.ins:02X} came before the last command of a chained {first.ins:02X}",
            )
        if self._size + len(command.data) > MAX_REQUEST:
            self.clear()
            raise StatusError(
                SW.NOT_ENOUGH_MEMORY, f"a chained request ends at {MAX_REQUEST} bytes"
            )


class ResponseQueue:
    """Answers that leave in pieces announced by 61 LL (ISO/IEC 7816-4 5.3.4)."""

    def __init__(self) -> None:
        """Begin with nothing pending."""
        self._data = b""
        self._at = 0
        self._sw: int = SW.OK

    def clear(self) -> None:
        """Drop what was not fetched."""
        self._data, self._at = b"", 0

    def put(self, response: Response, ne: int | None) -> Response:
        """Take a whole answer and return its first piece of at most `ne` bytes.

        Without Le (`ne` None) the piece is empty and 61 LL says how much waits.
        """
        self._data, self._at, self._sw = response.data, 0, response.sw
        return self._piece(ne or 0)

    def more(self, ne: int | None) -> Response:
        """Answer GET RESPONSE. Raises StatusError 6985 when nothing waits, 6C LL for a wrong Le.

        Ne 256 and more ask for as much as there is; without Le 61 LL says again what waits.
        """
        waiting = len(self._data) - self._at
        if not waiting:
            raise StatusError(SW.CONDITIONS_NOT_SATISFIED, "nothing waits to be fetched")
        ne = ne or 0
        if waiting < ne < SHORT_NE_MAX:
            raise StatusError(0x6C00 | waiting, f"{ne} bytes asked for, {waiting} wait")
        return self._piece(ne)

    def _piece(self, ne: int) -> Response:
        end = self._at + min(ne, MAX_PIECE)
        data, self._at = self._data[self._at : end], min(end, len(self._data))
        waiting = len(self._data) - self._at
        if waiting:
            return Response(data, 0x6100 | (waiting if waiting < SHORT_NE_MAX else 0))
        return Response(data, self._sw)
