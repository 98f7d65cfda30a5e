"""The ISD-R: the application to which an IPA or LPA sends its ES10 requests.

An LPA (Local Profile Assistant) is the software of a consumer device that downloads and manages
Profiles; an IPA (IoT Profile Assistant) is that of an IoT device, and takes orders from an eIM.
Joins the blocks of STORE DATA (GlobalPlatform 11.11, SGP.22 clause 5.7.2) and passes on complete
requests. Knows nothing of ES10 functions.
"""

from __future__ import annotations

from collections.abc import Callable

from apdu import SW, Command, Response, StatusError, tlv

ISDR_AID = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
MAX_REQUEST = 0x20000
"""The longest request, in bytes over all its blocks: 128 KiB."""

STORE_DATA = 0xE2
LAST_BLOCK = 0x80
ENCRYPTED = 0x60
STRUCTURE, STRUCTURE_DGI = 0x18, 0x08
BLOCK_NUMBERS = 0x100


class IsdR:
    """A selection of the ISD-R on one channel.

    `execute` takes a complete ES10 request and returns the response; `describe` returns the
    templates E0 and E1 of the response to SELECT.
    """

    aid = ISDR_AID

    def __init__(self, execute: Callable[[bytes], bytes], describe: Callable[[], bytes]) -> None:
        self._execute = execute
        self._describe = describe
        self._blocks: list[bytes] = []
        self._size = 0
        self._next = 0

    def fci(self) -> bytes:
        """SGP.22 clause 5.7.1 and SGP.32 clause 3.8.4; 9F65 announces blocks of up to 255 bytes."""
        proprietary = tlv(0xA5, tlv(0x9F65, b"\xff"))
        return tlv(0x6F, tlv(0x84, self.aid), proprietary, self._describe())

    def fork(self) -> IsdR:
        """A new selection of the ISD-R."""
        return IsdR(self._execute, self._describe)

    def interrupt(self) -> None:
        """Drop the blocks of an unfinished request."""
        self._blocks, self._size, self._next = [], 0, 0

    def call(self, command: Command) -> Response:
        """Answer STORE DATA; any other instruction is 6D00 and drops an unfinished request."""
        if command.ins != STORE_DATA:
            self.interrupt()
            raise StatusError(SW.WRONG_INS, f"the ISD-R does not support INS {command.ins:02X}")
        if not command.cla & 0x80:
            self.interrupt()
            raise StatusError(SW.WRONG_CLA, "the class of STORE DATA is 8X or CX")
        self._append(command)
        if not command.p1 & LAST_BLOCK:
            return Response()
        request = b"".join(self._blocks) if len(self._blocks) > 1 else command.data
        self.interrupt()
        return Response(self._execute(request) if request else b"")

    def _append(self, command: Command) -> None:
        if command.p1 & ENCRYPTED or command.p1 & STRUCTURE == STRUCTURE_DGI:
            self.interrupt()
            raise StatusError(SW.WRONG_P1P2, f"STORE DATA with P1 {command.p1:02X} is not BER-TLV")
        expected = self._next
        if command.p2 == 0 and expected % BLOCK_NUMBERS:
            self.interrupt()
        elif command.p2 != expected % BLOCK_NUMBERS:
            self.interrupt()
            raise StatusError(
                SW.WRONG_P1P2,
                f"expected block {expected % BLOCK_NUMBERS:02X}, got {command.p2:02X}",
            )
        self._size += len(command.data)
        if self._size > MAX_REQUEST:
            self.interrupt()
            raise StatusError(SW.NOT_ENOUGH_MEMORY, f"a request has at most {MAX_REQUEST} bytes")
        self._blocks.append(command.data)
        self._next += 1
