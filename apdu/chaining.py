"""Commands and responses too long for one APDU.

`RequestChain` joins commands whose class byte says that more follow; `ResponseQueue` hands out a
response in pieces. Neither knows which application is behind it.
"""

from __future__ import annotations

from apdu.command import SHORT_NE_MAX, Command, Response
from apdu.status import SW, StatusError

MAX_REQUEST = 0x20000
"""The longest chained request, in bytes: 128 KiB, more than any ES10 function needs."""

MAX_PIECE = 0xFFFF - 2
"""The most response data, in bytes, that fits into one message of the reader link with SW1 SW2."""


class RequestChain:
    """Command chaining of ISO/IEC 7816-4 5.3.3, one chain for each channel."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the commands received so far."""
        self._first: Command | None = None
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, command: Command, *, more_follow: bool) -> Command | None:
        """Add a command; return the joined command, or None while more are to follow.

        Raises StatusError 6883 for a different command before the end of the chain, and 6A84 when
        the chain grows past MAX_REQUEST. Either ends the chain.
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
                f"INS {command.ins:02X} arrived before the last command of a chained "
                f"{first.ins:02X}",
            )
        if self._size + len(command.data) > MAX_REQUEST:
            self.clear()
            raise StatusError(
                SW.NOT_ENOUGH_MEMORY, f"a chained request has at most {MAX_REQUEST} bytes"
            )


class ResponseQueue:
    """Responses sent in pieces, announced by 61 LL (ISO/IEC 7816-4 5.3.4)."""

    def __init__(self) -> None:
        self._data = b""
        self._at = 0
        self._sw: int = SW.OK

    def clear(self) -> None:
        """Drop whatever has not been fetched."""
        self._data, self._at = b"", 0

    def put(self, response: Response, ne: int | None) -> Response:
        """Queue a complete response and return its first piece, at most `ne` bytes.

        Without Le (`ne` is None) the piece is empty and 61 LL says how much is available.
        """
        self._data, self._at, self._sw = response.data, 0, response.sw
        return self._piece(ne or 0)

    def more(self, ne: int | None) -> Response:
        """Answer GET RESPONSE. Raises StatusError 6985 when nothing is left, 6C LL for a wrong Le.

        An Ne of 256 or more asks for as much as there is; without Le, 61 LL is repeated.
        """
        waiting = len(self._data) - self._at
        if not waiting:
            raise StatusError(SW.CONDITIONS_NOT_SATISFIED, "there is no response data to fetch")
        ne = ne or 0
        if waiting < ne < SHORT_NE_MAX:
            raise StatusError(0x6C00 | waiting, f"Le asks for {ne} bytes, {waiting} are left")
        return self._piece(ne)

    def _piece(self, ne: int) -> Response:
        end = self._at + min(ne, MAX_PIECE)
        data, self._at = self._data[self._at : end], min(end, len(self._data))
        waiting = len(self._data) - self._at
        if waiting:
            return Response(data, 0x6100 | (waiting if waiting < SHORT_NE_MAX else 0))
        return Response(data, self._sw)
