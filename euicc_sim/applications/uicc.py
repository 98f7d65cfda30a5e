"""The file system of a card: MF, an empty EF.DIR, and EF.ICCID of the enabled Profile or empty.

ETSI TS 102 221 clauses 11.1.1 to 11.1.5 and 13. Clients read these before they look for an ISD-R.
The other files of a Profile are not there yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apdu import SW, Command, Response, StatusError, TlvError, tlv
from apdu.command import SHORT_NE_MAX
from apdu.tlv import children, whole

MF, EF_DIR, EF_ICCID = b"\x3f\x00", b"\x2f\x00", b"\x2f\xe2"
READ_BINARY, READ_RECORD, STORE_DATA = 0xB0, 0xB2, 0xE2
BY_FID, BY_PATH_FROM_MF, BY_PATH_FROM_DF = (0x00, 0x01, 0x02), 0x08, 0x09
PARENT = 0x03
ABSOLUTE = 0x04
TERMINAL_CAPABILITY = 0xAA
IPA_SUPPORT, IPAD = 0x84, 0x01


@dataclass(frozen=True, slots=True)
class _File:
    """An elementary file: `record` is its record length, or 0 if it is transparent."""

    fid: bytes
    sfi: int
    content: bytes
    record: int = 0

    def fcp(self) -> bytes:
        size = len(self.content)
        kind = b"\x41\x21"
        if self.record:
            count = size // self.record
            kind = b"\x42\x21" + self.record.to_bytes(2) + bytes((count,))
        return tlv(
            0x62,
            tlv(0x82, kind),
            tlv(0x83, self.fid),
            tlv(0x8A, b"\x05"),
            tlv(0x8C, b"\x01\x00"),
            tlv(0x80, size.to_bytes(2)),
            tlv(0x88, bytes((self.sfi << 3,))),
        )


DIRECTORY = _File(EF_DIR, 0x1E, b"\xff" * 38, record=38)
NO_ICCID = b"\xff" * 10

MF_FCP = tlv(
    0x62,
    tlv(0x82, b"\x78\x21"),
    tlv(0x83, MF),
    tlv(0x8A, b"\x05"),
    tlv(0x8C, b"\x01\x00"),
    tlv(0xC6, tlv(0x90, b"\x00"), tlv(0x83, b"\x01")),
)


class BareFiles:
    """One channel's view of the file system: the MF, and the FID of the current file, if any.

    `iccid` returns the ICCID of the Profile enabled at the moment (10 bytes), or None.
    """

    def __init__(self, iccid: Callable[[], bytes | None], current: bytes | None = None) -> None:
        self._iccid = iccid
        self._current = current

    def fork(self) -> BareFiles:
        """A copy with the same current file."""
        return BareFiles(self._iccid, self._current)

    def _files(self) -> tuple[_File, ...]:
        return DIRECTORY, _File(EF_ICCID, 0x02, self._iccid() or NO_ICCID)

    def status(self) -> bytes:
        """The FCP of the MF, the only directory."""
        return MF_FCP

    def select(self, p1: int, name: bytes) -> bytes:
        """Select by FID, path or parent; StatusError 6A82 if there is no such file."""
        if p1 in (BY_PATH_FROM_MF, BY_PATH_FROM_DF):
            if not name or len(name) % 2:
                raise StatusError(SW.WRONG_DATA, "a path consists of two-byte file identifiers")
        elif p1 == PARENT:
            name = MF
        elif p1 not in BY_FID:
            raise StatusError(SW.WRONG_P1P2, f"SELECT with P1 {p1:02X} is not supported")
        if name in (b"", MF):
            self._current = None
            return MF_FCP
        for one in self._files():
            if one.fid == name:
                self._current = name
                return one.fcp()
        raise StatusError(SW.NOT_FOUND, f"there is no file {name.hex().upper()}")

    def call(self, command: Command) -> Response:
        """Answer READ BINARY and READ RECORD; STORE DATA is 6985, anything else 6D00."""
        if command.ins == READ_BINARY:
            return self._read_binary(command)
        if command.ins == READ_RECORD:
            return self._read_record(command)
        if command.ins == STORE_DATA:
            raise StatusError(SW.CONDITIONS_NOT_SATISFIED, "select the ISD-R on this channel first")
        raise StatusError(SW.WRONG_INS, "not supported while no application is selected")

    def _file(self, sfi: int) -> _File:
        files = self._files()
        if sfi:
            self._current = next((one.fid for one in files if one.sfi == sfi), None)
            if self._current is None:
                raise StatusError(SW.NOT_FOUND, f"there is no file with SFI {sfi:02X}")
        found = next((one for one in files if one.fid == self._current), None)
        if found is None:
            raise StatusError(SW.NO_CURRENT_EF, "no file is selected")
        return found

    def _read_binary(self, command: Command) -> Response:
        by_sfi = bool(command.p1 & 0x80)
        file = self._file(command.p1 & 0x1F if by_sfi else 0)
        if file.record:
            raise StatusError(SW.COMMAND_INCOMPATIBLE, "READ BINARY needs a transparent file")
        offset = command.p2 if by_sfi else command.p1 << 8 | command.p2
        if offset > len(file.content):
            raise StatusError(SW.WRONG_OFFSET, f"the file has {len(file.content)} bytes")
        return _piece(file.content[offset:], command, exact=False)

    def _read_record(self, command: Command) -> Response:
        file = self._file(command.p2 >> 3)
        if not file.record:
            raise StatusError(SW.COMMAND_INCOMPATIBLE, "READ RECORD needs a file with records")
        if command.p2 & 0x07 != ABSOLUTE:
            raise StatusError(SW.WRONG_P1P2, "records can only be read by number")
        start = (command.p1 - 1) * file.record
        if not 0 <= start < len(file.content):
            raise StatusError(SW.RECORD_NOT_FOUND, f"there is no record {command.p1}")
        return _piece(file.content[start : start + file.record], command, exact=True)


def _piece(content: bytes, command: Command, *, exact: bool) -> Response:
    """The bytes Le asks for; 6C LL if that is more than there are, or less than a whole record."""
    ne = command.ne
    if ne is None or ne >= SHORT_NE_MAX:
        return Response(content)
    if ne > len(content) or (exact and ne != len(content)):
        raise StatusError(
            0x6C00 | len(content), f"Le asks for {ne} bytes, there are {len(content)}"
        )
    return Response(content[:ne])


def declares_ipad(capability: bytes) -> bool:
    """Whether TERMINAL CAPABILITY declares an IPAd, an IPA in the device (SGP.32 clause 3.8.4)."""
    try:
        item = whole(capability)
        found = [one for one in children(capability, item.value) if one.tag == IPA_SUPPORT]
    except TlvError:
        return False
    return any(one.value < one.end and capability[one.value] & IPAD for one in found)
