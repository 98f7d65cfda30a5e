"""The ECASD, from which clients read the EID (GlobalPlatform GET DATA, SGP.02 clause 2.2.1.2)."""

from __future__ import annotations

from apdu import SW, Command, Offer, Response, StatusError, tlv
from apdu.names import instruction

ECASD_AID = bytes.fromhex("A0000005591010FFFFFFFF8900000200")
GET_DATA = 0xCA
TAG_EID, TAG_ISSUER = 0x005A, 0x0042
ISSUER_BYTES = 4


class Ecasd:
    """A selection of the ECASD; `eid` is 16 bytes of packed digits."""

    aid = ECASD_AID

    def __init__(self, eid: bytes) -> None:
        self._objects = {
            TAG_EID: tlv(TAG_EID, eid),
            TAG_ISSUER: tlv(TAG_ISSUER, eid[:ISSUER_BYTES]),
        }

    def fci(self) -> bytes:
        """The template of GlobalPlatform 11.9.3.1 with its AID."""
        return tlv(0x6F, tlv(0x84, self.aid), tlv(0xA5, tlv(0x9F65, b"\xff")))

    def fork(self) -> Ecasd:
        """The same object: there is no state."""
        return self

    def offer(self, command: Command) -> Offer | None:
        """The ECASD, for GET DATA."""
        return Offer("the ECASD", proprietary=True) if command.ins == GET_DATA else None

    def interrupt(self, by: str) -> None:
        """Do nothing: there is no unfinished work."""

    def call(self, command: Command) -> Response:
        """Answer GET DATA for 5A (EID) and 42 (issuer, the first eight digits)."""
        if command.ins != GET_DATA:
            raise StatusError(
                SW.WRONG_INS,
                f"the ECASD does not have {instruction(command.ins)}",
                "it only has GET DATA (80CA005A00); ES10 is for the ISD-R",
            )
        tag = command.p1 << 8 | command.p2
        if tag not in self._objects:
            raise StatusError(
                SW.REFERENCED_DATA_NOT_FOUND,
                f"the ECASD has no object {tag:04X}",
                "P1 P2 is 005A for the EID, 0042 for its issuer",
            )
        return Response(self._objects[tag])
