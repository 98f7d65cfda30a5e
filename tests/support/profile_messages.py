"""What the model of Profiles says, as bytes for a card and from it."""

from __future__ import annotations

from typing import Any

from support.eims import tlv
from support.hexes import hx
from support.installing import SMDP, A, B, C, D
from support.psmos import delete, disable, enable, set_fallback

ICCIDS = {"A": A, "B": B, "C": C, "D": D}
LETTERS = {iccid: letter for letter, iccid in ICCIDS.items()}
SERVERS = {None: b"", "right": tlv("82", SMDP.encode()), "wrong": tlv("82", b"other.example.com")}
LIST = hx("BF2D 07 5C05 5A 9F70 9F26")
RESULTS = {
    "enable": "83",
    "disable": "84",
    "delete": "85",
    "configure": "87",
    "set_fallback": "8D",
    "unset_fallback": "8E",
}


def written(name: str, *values: Any) -> bytes:
    """A PSMO."""
    match name:
        case "enable":
            return enable(ICCIDS[values[0]], rollback=values[1])
        case "configure":
            return tlv("A7", hx("8000") if values[0] else b"", SERVERS[values[1]])
        case "unset_fallback":
            return hx("A900")
        case "list":
            return LIST
    makers = {"disable": disable, "delete": delete, "set_fallback": set_fallback}
    return makers[name](ICCIDS[values[0]])


def result(name: str, found: Any) -> bytes:
    """The element of a result: a code, or the Profiles that are listed."""
    if isinstance(found, int):
        return hx(RESULTS[name]) + bytes((1, found))
    return tlv("BF2D", listed(found))


def listed(found: list[tuple[str, bool, bool]]) -> bytes:
    """profileInfoListOk with ICCID, state and attribute of each."""
    return tlv(
        "A0",
        *(
            tlv(
                "E3",
                tlv("5A", ICCIDS[letter]),
                hx("9F70 01") + bytes((is_enabled,)),
                hx("9F26 01 FF") if has_attribute else b"",
            )
            for letter, is_enabled, has_attribute in found
        ),
    )


def letter_of(iccid: str | None) -> str | None:
    """The letter of an ICCID in the file."""
    return None if iccid is None else LETTERS[hx(iccid)]


def memory_reset(bits: set[int]) -> bytes:
    """An EuiccMemoryResetRequest."""
    content = bytes((7 - max(bits), sum(0x80 >> one for one in bits))) if bits else bytes(1)
    return tlv("BF64", tlv("82", content))


def reset_answer(codes: int | tuple[int | None, ...]) -> bytes:
    """The answer to it: resetResult alone, or each result that there is."""
    found = (codes,) if isinstance(codes, int) else codes
    fields = [
        tlv(tag, bytes((code,)))
        for tag, code in zip(("80", "81", "82"), found, strict=False)
        if code is not None
    ]
    return tlv("BF64", *fields)
