"""One channel's view of a SIM: its current directory, file and record.

ETSI TS 102 221 clauses 8.4 and 11.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from apdu import SW, StatusError, tlv
from euicc_sim.formats.saip import File, Kind
from euicc_sim.uicc.rules import Mode
from euicc_sim.uicc.sim import MF, UNIVERSAL_PIN, Sim, rank

MF_FID, CURRENT_ADF = b"\x3f\x00", b"\x7f\xff"
_UICC_CHARACTERISTICS = tlv(0x80, b"\x71")
"""The clock may stop at both levels; GSM-compatible voltage classes."""
_MEMORY = tlv(0x83, bytes.fromhex("00040000"))
_TERMINAL_CAPABILITY = tlv(0x87, b"\x01")
_CODING = b"\x21"
_USAGE_OF_UNIVERSAL_PIN = tlv(0x95, b"\x08")
_ACTIVATED, _DEACTIVATED = b"\x05", b"\x04"


@dataclass(slots=True)
class View:
    """Where a channel is: paths, and the number of the current record, counted from 1.

    `transfer` is what is left to read of a BER-TLV object, or what has come in of one. One that is
    `trusted` has access to everything, as a remote manager may have.
    """

    sim: Sim
    directory: bytes = MF
    application: bytes | None = None
    file: bytes | None = None
    record: int | None = None
    transfer: bytes | None = None
    trusted: bool = False

    def copy(self) -> View:
        """The same place."""
        return replace(self, transfer=None)

    # -- selection

    def go(self, file: File) -> None:
        """Make a file the current one."""
        self.record = self.transfer = None
        if not file.kind.is_directory:
            self.directory, self.file = file.parent, file.path
            return
        self.directory, self.file = file.path, None
        if file.kind is Kind.ADF:
            self.application = file.path

    def find(self, fid: bytes) -> File | None:
        """The file that SELECT by its identifier finds from here (clause 8.4.2)."""
        files = self.sim.tree
        if fid == MF_FID:
            return files.files[MF]
        if fid == CURRENT_ADF:
            return None if self.application is None else files.files[self.application]
        parent = self.directory[:-2]
        if self.directory != MF and fid in (self.directory[-2:], parent[-2:]):
            near = files.files[self.directory if fid == self.directory[-2:] else parent]
            if near.kind is Kind.DF:
                return near
        if found := files.child(self.directory, fid):
            return found
        sibling = files.child(parent, fid) if self.directory != MF else None
        return sibling if sibling is not None and sibling.kind is Kind.DF else None

    def walk(self, start: bytes, path: bytes) -> File | None:
        """The file of a path that begins in the directory `start`."""
        found: File | None = self.sim.tree.files[start]
        for at in range(0, len(path), 2):
            if found is None or not found.kind.is_directory:
                return None
            fid = path[at : at + 2]
            if at == 0 and fid == CURRENT_ADF:
                found = self.find(fid)
            else:
                found = self.sim.tree.child(found.path, fid)
        return found

    # -- access

    def check(self, file: File, mode: Mode | None, ins: int) -> None:
        """Refuse a command that the access rule of a file does not allow. Raises StatusError."""
        if not self.trusted:
            self.sim.check(file, mode, ins)

    # -- the current file

    def current(self, sfi: int = 0) -> File:
        """The current elementary file; that with `sfi` becomes it. Raises StatusError."""
        files = self.sim.tree
        if sfi:
            found = files.by_sfi(self.directory, sfi)
            if found is None:
                raise StatusError(
                    SW.NOT_FOUND, f"{self.where} has no file with the short identifier {sfi:02X}"
                )
            self.go(found)
            return found
        if self.file is None:
            raise StatusError(
                SW.NO_CURRENT_EF,
                f"no elementary file is selected, {self.where} is a directory: SELECT a file first",
            )
        return files.files[self.file]

    @property
    def where(self) -> str:
        """The name of the current directory."""
        return self.sim.tree.files[self.directory].label

    # -- descriptions

    def fcp(self, file: File) -> bytes:
        """The template that SELECT returns (clause 11.1.1.3)."""
        content = self._directory(file) if file.kind.is_directory else self._elementary(file)
        return tlv(0x62, content)

    def _directory(self, file: File) -> bytes:
        is_mf, is_adf = file.kind is Kind.MF, file.kind is Kind.ADF
        proprietary = _UICC_CHARACTERISTICS
        if is_mf:
            proprietary += _MEMORY + _TERMINAL_CAPABILITY
        return b"".join(
            (
                tlv(0x82, bytes((file.descriptor,)), _CODING),
                tlv(0x83, CURRENT_ADF if is_adf else file.fid),
                tlv(0x84, file.name) if is_adf else b"",
                tlv(0xA5, proprietary) if is_mf or is_adf else b"",
                tlv(0x8A, self._life_cycle(file)),
                tlv(0x8B, file.rule),
                self._pin_status(file),
            )
        )

    def _pin_status(self, file: File) -> bytes:
        tree = self.sim.tree
        listed = next(
            (one for path in tree.parents(file.path) if (one := tree.files[path].pins)), ()
        )
        keys = sorted(listed, key=rank)
        bits = 0
        for key in keys:
            slot = self.sim.slot(file.path, key)
            bits = bits << 1 | (slot is not None and self.sim.pin(slot)[1].enabled)
        size = (len(keys) + 7) // 8
        status = (bits << (8 * size - len(keys))).to_bytes(size)
        references = (
            (_USAGE_OF_UNIVERSAL_PIN if key == UNIVERSAL_PIN else b"") + tlv(0x83, bytes((key,)))
            for key in keys
        )
        return tlv(0xC6, tlv(0x90, status), *references)

    def _elementary(self, file: File) -> bytes:
        body = self.sim.tree.contents.body(file)
        size = len(self.sim.content(file))
        descriptor = bytes((body.descriptor,)) + _CODING
        if body.kind.has_records:
            descriptor += body.record.to_bytes(2) + bytes((size // body.record,))
        proprietary = tlv(0xC0, bytes((file.special,))) if file.special else b""
        if body.kind is Kind.BER_TLV:
            proprietary += tlv(0x86, body.maximum.to_bytes(2))
        return b"".join(
            (
                tlv(0x82, descriptor),
                tlv(0x83, file.fid),
                tlv(0xA5, proprietary) if proprietary else b"",
                tlv(0x8A, self._life_cycle(file)),
                tlv(0x8B, file.rule),
                tlv(0x80, size.to_bytes(2)),
                tlv(0x88) if file.sfi is None else tlv(0x88, bytes((file.sfi << 3,))),
            )
        )

    def _life_cycle(self, file: File) -> bytes:
        return _ACTIVATED if self.sim.is_activated(file) else _DEACTIVATED
