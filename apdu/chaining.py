"""Commands and responses too long for one APDU.

`Parts` joins what comes in parts, within bounds; `RequestChain` joins commands whose class byte
says that more follow; `ResponseQueue` hands out a response in pieces. None of them knows which
application is behind it.
"""

from __future__ import annotations

from apdu.cla import CHAINED
from apdu.command import SHORT_NE_MAX, Command, Response
from apdu.names import instruction
from apdu.status import SW, StatusError
from apdu.words import plural

MAX_REQUEST = 0x20000
"""The longest request, in bytes over all its parts: 128 KiB, more than any ES10 function needs."""

MAX_PARTS = 0x2000
"""The most parts of a request, with or without data: 128 KiB may come in 16 bytes each."""

MAX_PIECE = 0xFFFF - 2
"""The most response data, in bytes, that fits into one message of the reader link with SW1 SW2."""


class Parts:
    """A request that arrives in parts; `count` is how many there are."""

    def __init__(self) -> None:
        self.clear()

    def shown(self, noun: str) -> str:
        """How much there is, such as `2 blocks (5 bytes)`; `noun` is what a part is called."""
        return f"{plural(self.count, noun)} ({plural(len(self._data), 'byte')})"

    def clear(self) -> None:
        """Forget the parts received so far."""
        self.count = 0
        self._data = bytearray()

    def add(self, data: bytes) -> None:
        """Add a part. Raises StatusError 6A84, and then forgets all, beyond a bound."""
        size = len(self._data) + len(data)
        if size > MAX_REQUEST or self.count == MAX_PARTS:
            self.clear()
            raise StatusError(
                SW.NOT_ENOUGH_MEMORY,
                f"a request has at most {MAX_REQUEST} bytes and {MAX_PARTS} parts, "
                f"this one has {size} bytes and more to come",
                "all of it is dropped",
            )
        self._data += data
        self.count += 1

    def take(self) -> bytes:
        """All of it; and begin anew."""
        joined = bytes(self._data)
        self.clear()
        return joined


class RequestChain:
    """Command chaining of ISO/IEC 7816-4 5.3.3, one chain for each channel."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the commands received so far."""
        self._first: Command | None = None
        self._parts = Parts()

    def drop(self) -> tuple[str, str] | None:
        """End an unfinished chain: the name of its instruction, and what is lost; or None."""
        first, parts = self._first, self._parts
        self.clear()
        return (instruction(first.ins), parts.shown("command")) if first else None

    def add(self, command: Command, *, more_follow: bool) -> Command | None:
        """Add a command; return the joined command, or None while more are to follow.

        Raises StatusError 6883 for a different command before the end of the chain, and 6A84 when
        the chain grows past MAX_REQUEST. Either ends the chain.
        """
        if self._first is None and not more_follow:
            return command
        self._check(command)
        self._first = self._first or command
        try:
            self._parts.add(command.data)
        except StatusError:
            self.clear()
            raise
        if more_follow:
            return None
        joined = command._replace(data=self._parts.take())
        self.clear()
        return joined

    def _check(self, command: Command) -> None:
        first = self._first
        if first is not None and (first.ins, first.p1, first.p2) != (
            command.ins,
            command.p1,
            command.p2,
        ):
            lost = self._parts.shown("command")
            self.clear()
            raise StatusError(
                SW.LAST_COMMAND_EXPECTED,
                f"{_head(command)} arrived in a chain of {_head(first)}, which is dropped: {lost}",
                "the commands of a chain differ in data only, and in the class of the last "
                f"{CHAINED:02X} is not set",
            )


def _head(command: Command) -> str:
    return f"{instruction(command.ins)} {command.p1:02X} {command.p2:02X}"


class ResponseQueue:
    """Responses sent in pieces, announced by 61 LL (ISO/IEC 7816-4 5.3.4)."""

    def __init__(self) -> None:
        self._data = b""
        self._at = 0
        self._sw: int = SW.OK

    @property
    def waiting(self) -> int:
        """How many bytes have not been fetched."""
        return len(self._data) - self._at

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
        waiting = self.waiting
        if not waiting:
            raise StatusError(
                SW.CONDITIONS_NOT_SATISFIED,
                "no answer waits on this channel",
                "GET RESPONSE comes right after the answer 61XX, before any other command",
            )
        ne = ne or 0
        if waiting < ne < SHORT_NE_MAX:
            raise StatusError(0x6C00 | waiting, f"Le asks for {ne} bytes, {waiting} are left")
        return self._piece(ne)

    def _piece(self, ne: int) -> Response:
        end = self._at + min(ne, MAX_PIECE)
        data, self._at = self._data[self._at : end], min(end, len(self._data))
        waiting = self.waiting
        if waiting:
            return Response(data, 0x6100 | (waiting if waiting < SHORT_NE_MAX else 0))
        return Response(data, self._sw)
