"""The ISD-R: the application to which an IPA or LPA sends its ES10 requests.

An LPA (Local Profile Assistant) is the software of a consumer device that downloads and manages
Profiles; an IPA (IoT Profile Assistant) is that of an IoT device, and takes orders from an eIM.
Joins the blocks of STORE DATA (GlobalPlatform 11.11, SGP.22 clause 5.7.2) and passes on complete
requests. Knows nothing of ES10 functions.
"""

from __future__ import annotations

from collections.abc import Callable

from apdu import SW, Command, Offer, Response, StatusError, Tell, tlv
from apdu.chaining import Parts
from apdu.cla import PROPRIETARY
from apdu.names import instruction

ISDR_AID = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
STORE_DATA = 0xE2
LAST_BLOCK = 0x80
ENCRYPTED = 0x60
STRUCTURE, STRUCTURE_DGI = 0x18, 0x08
BLOCK_NUMBERS = 0x100


class IsdR:
    """A selection of the ISD-R on one channel.

    `execute` takes a complete ES10 request and returns the response; `describe` returns the
    templates E0 and E1 of the response to SELECT; `tell` is told of requests that are dropped.
    `aid` is the one that it was selected by.
    """

    def __init__(
        self,
        execute: Callable[[bytes], bytes],
        describe: Callable[[], bytes],
        tell: Tell,
        aid: bytes = ISDR_AID,
    ) -> None:
        self._execute = execute
        self._describe = describe
        self._tell = tell
        self.aid = aid
        self._blocks = Parts()

    def fci(self) -> bytes:
        """SGP.22 clause 5.7.1 and SGP.32 clause 3.8.4; 9F65 announces blocks of up to 255 bytes."""
        proprietary = tlv(0xA5, tlv(0x9F65, b"\xff"))
        return tlv(0x6F, tlv(0x84, self.aid), proprietary, self._describe())

    def fork(self) -> IsdR:
        """A new selection of the ISD-R."""
        return IsdR(self._execute, self._describe, self._tell, self.aid)

    def offer(self, command: Command) -> Offer | None:
        """The ISD-R for a first block, the request under way for its next one."""
        if command.ins != STORE_DATA:
            return None
        if command.p2 == 0:
            return Offer("the ISD-R", proprietary=True)
        if command.p2 == self._expected:
            return Offer("the request with the blocks before it", proprietary=True)
        return None

    def interrupt(self, by: str) -> None:
        """Drop the blocks of an unfinished request, and tell."""
        if self._blocks.count:
            lost = self._blocks.shown("block")
            self._blocks.clear()
            self._tell(
                instruction(STORE_DATA),
                f"an unfinished request of {lost} is dropped by {by}; the last block has P1 91",
                lost=True,
            )

    def call(self, command: Command) -> Response:
        """Answer STORE DATA; any other instruction is 6D00 and drops an unfinished request."""
        if command.ins != STORE_DATA:
            name = instruction(command.ins)
            self.interrupt(name)
            raise StatusError(
                SW.WRONG_INS,
                f"the ISD-R does not have {name}",
                "it only has STORE DATA (80E291); SELECT leads to files and other applications",
            )
        if not command.cla & PROPRIETARY:
            self.interrupt(f"one of the class {command.cla:02X}")
            raise StatusError(SW.WRONG_CLA, f"STORE DATA has no class {command.cla:02X}")
        self._append(command)
        if not command.p1 & LAST_BLOCK:
            return Response()
        request = self._blocks.take()
        return Response(self._execute(request) if request else b"")

    @property
    def _expected(self) -> int:
        return self._blocks.count % BLOCK_NUMBERS

    def _append(self, command: Command) -> None:
        if command.p1 & ENCRYPTED or command.p1 & STRUCTURE == STRUCTURE_DGI:
            self.interrupt(f"one with P1 {command.p1:02X}")
            raise StatusError(
                SW.WRONG_P1P2,
                f"STORE DATA with P1 {command.p1:02X} is not plain BER-TLV",
                "P1 is 91 for the last block and 11 for the blocks before it",
            )
        if command.p2 == 0 and self._expected:
            self.interrupt("a new block 00")
        elif command.p2 != self._expected:
            raise self._out_of_order(command.p2)
        self._blocks.add(command.data)

    def _out_of_order(self, number: int) -> StatusError:
        why = f"block {number:02X} came, and {self._expected:02X} was expected"
        if self._blocks.count:
            why += f"; the blocks before it are dropped: {self._blocks.shown('block')}"
        self._blocks.clear()
        return StatusError(
            SW.WRONG_P1P2,
            why,
            "P2 counts the blocks of each request from 00, with P1 91 in the last",
        )
