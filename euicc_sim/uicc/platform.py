"""The files of a card itself: the MF, a blank EF.DIR, EF.ICCID, EF.ARR."""

from __future__ import annotations

from dataclasses import replace

from euicc_sim.formats.saip import File, Kind, SimContents
from euicc_sim.uicc.sim import MF, PIN1, Tree

_ALWAYS_READ = bytes.fromhex("800101900080015E9700").ljust(16, b"\xff")
_RULE = b"\x2f\x06\x01"
_DIRECTORY, _TRANSPARENT, _LINEAR_FIXED = 0x78, 0x41, 0x42


def _elementary(fid: str, label: str, sfi: int, content: bytes, record: int = 0) -> File:
    kind = Kind.LINEAR_FIXED if record else Kind.TRANSPARENT
    descriptor = _LINEAR_FIXED if record else _TRANSPARENT
    return File(
        bytes.fromhex(fid),
        kind,
        descriptor,
        _RULE,
        label,
        record=record,
        content=content,
        sfi=sfi,
    )


_FILES = (
    File(b"", Kind.MF, _DIRECTORY, _RULE, "MF", pins=(PIN1,)),
    _elementary("2F00", "EF.DIR", 0x1E, b"\xff" * 38, 38),
    _elementary("2FE2", "EF.ICCID", 0x02, b"\xff" * 10),
    _elementary("2F06", "EF.ARR", 0x06, _ALWAYS_READ, len(_ALWAYS_READ)),
)
EF_ICCID = b"\x2f\xe2"
_PLATFORM = SimContents({one.path: one for one in _FILES}, {}, {}, {}, {}, {})


def platform(iccid: bytes | None = None) -> Tree:
    """The files without an enabled Profile, or with one that describes none; all read-only.

    `iccid` is the content of EF.ICCID, 10 bytes; blank without.
    """
    if iccid is None:
        return Tree(_PLATFORM, "no Profile is enabled, and only the card's own files are there")
    files = dict(_PLATFORM.files)
    files[EF_ICCID] = replace(files[EF_ICCID], content=iccid)
    return Tree(replace(_PLATFORM, files=files), "the enabled Profile describes no files")


def tree_of(contents: SimContents, iccid: bytes) -> Tree:
    """The files of a Profile; a package without an MF leaves those of the card."""
    return Tree(contents) if MF in contents.files else platform(iccid)
