"""The names of files and PINs in a trace, followed from SELECT to SELECT."""

from __future__ import annotations

from dataclasses import dataclass

from apdu.names import WITH_PINS
from euicc_sim.formats.saip.labels import MF, label_by_sfi, label_of
from euicc_sim.tracing.conversation import SELECT, Exchange
from euicc_sim.uicc.sim import pin_name

_BY_FID, _BY_NAME, _FROM_MF, _FROM_DF = 0x00, 0x04, 0x08, 0x09
_APPLICATIONS = (
    ("A0000000871002", "ADF.USIM"),
    ("A0000000871004", "ADF.ISIM"),
    ("A0000003431002", "ADF.CSIM"),
    ("A0000005591010FFFFFFFF8900000100", "ISD-R"),
    ("A0000005591010FFFFFFFF8900000200", "ECASD"),
)
_BINARY, _RECORD = frozenset((0xB0, 0xD6)), frozenset((0xB2, 0xDC, 0xA2))
_OF_FILES = frozenset((0x04, 0x44, 0x32, 0xCB, 0xDB)) | _BINARY | _RECORD
_AUTHENTICATE, _IS_3G = 0x88, 0x01
_OUTCOMES = {0xDB: "authenticated", 0xDC: "AUTS: the sequence number is not accepted"}
_OK = frozenset((0x9000, 0x6283))
_MF_FID, _CURRENT = b"\x3f\x00", b"\x7f\xff"
_HAS_SFI = 0x80


@dataclass(slots=True)
class _Place:
    """What is selected on a channel."""

    application: str = ""
    directory: str = MF
    file: str = ""


class Places:
    """What is selected on each channel of each card, as far as a trace says."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, int], _Place] = {}

    def reset(self, slot: int) -> None:
        """A card was reset: its MF is selected."""
        self._places = {key: one for key, one in self._places.items() if key[0] != slot}

    def named(self, item: Exchange) -> str:
        """The file, application or PIN that a command is about; "" if that is not known."""
        place = self._places.setdefault((item.slot, item.channel), _Place())
        if item.instruction == SELECT:
            return self._selected(place, item)
        p1, p2 = item.command[2:4] if len(item.command) > 3 else (0, 0)
        if item.instruction in WITH_PINS:
            return pin_name(p2)
        if item.instruction == _AUTHENTICATE:
            outcome = _OUTCOMES.get(item.answer[0], "") if item.answer and p2 & _IS_3G else ""
            return f"{place.application} {outcome}".strip()
        if item.instruction not in _OF_FILES:
            return ""
        sfi = 0
        if item.instruction in _BINARY:
            sfi = p1 & 0x1F if p1 & _HAS_SFI else 0
        elif item.instruction in _RECORD:
            sfi = p2 >> 3
        if sfi:
            place.file = label_by_sfi(place.directory, sfi) or f"SFI {sfi:02X}"
        record = f" record {p1}" if item.instruction in _RECORD and p1 else ""
        return f"{place.file}{record}"

    def _selected(self, place: _Place, item: Exchange) -> str:
        """Follow a SELECT that was not refused; the name of what it asks for."""
        p1 = item.command[2] if len(item.command) > 2 else _BY_FID
        if p1 == _BY_NAME:
            names = (name for aid, name in _APPLICATIONS if _begins(item.data.hex().upper(), aid))
            name = next(names, "")
            if item.sw in _OK and name:
                place.application = place.directory = name
                place.file = ""
            return name
        path = item.data or (_MF_FID if p1 == _BY_FID else b"")
        if p1 not in (_BY_FID, _FROM_MF, _FROM_DF):
            return ""
        found = _walk(place, MF if p1 == _FROM_MF else place.directory, path)
        name = "/".join(found)
        if item.sw in _OK and found:
            last = found[-1]
            if last == MF or last.startswith(("DF.", "ADF.")):
                place.directory, place.file = last, ""
            else:
                place.file = last
        return name


def _begins(given: str, aid: str) -> bool:
    """Whether one AID is the beginning of the other, and long enough to say what it is."""
    return bool(given) and (given.startswith(aid) or aid.startswith(given))


def _walk(place: _Place, start: str, path: bytes) -> list[str]:
    """The names on a path; an identifier where a name is not known."""
    found, directory = [], start
    for at in range(0, len(path), 2):
        fid = path[at : at + 2]
        if fid == _MF_FID:
            name = MF
        elif fid == _CURRENT:
            name = place.application or fid.hex().upper()
        else:
            own = label_of(directory, fid) or label_of(place.application, fid)
            name = own or label_of(MF, fid) or fid.hex().upper()
        found.append(name)
        directory = name
    return found
