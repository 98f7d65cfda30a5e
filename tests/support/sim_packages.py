"""Profile Elements with files, made up for tests byte by byte; no code of the card is used."""

from __future__ import annotations

from apdu.tlv import tlv
from support.saip import element, template

MF, TELECOM, USIM, OPT_USIM, ISIM, GFM = 0xB0, 0xB2, 0xB3, 0xB4, 0xB5, 0xA1
PIN_CODES, PUK_CODES, AKA = 0xA2, 0xA3, 0xA4
USIM_AID = bytes.fromhex("A0000000871002FF49FF0589")


def fcp(
    *,
    descriptor: str = "",
    fid: str = "",
    aid: bytes = b"",
    rule: str = "",
    size: str = "",
    pins: str = "",
    sfi: str | None = None,
    fill: str = "",
    repeat: str = "",
    maximum: str = "",
    link: str | None = None,
    life_cycle: str = "",
    special: str = "",
) -> bytes:
    """The content of an Fcp: hex in the order of the standard; what is empty is absent."""
    info = b"".join(
        tlv(tag, bytes.fromhex(one))
        for tag, one in ((0xC0, special), (0xC1, fill), (0xC2, repeat), (0x86, maximum))
        if one
    )
    given = (
        (0x82, descriptor),
        (0x83, fid),
        (0x84, aid.hex()),
        (0x8A, life_cycle),
        (0x8B, rule),
        (0x80, size),
        (0xC6, pins),
    )
    parts = [tlv(tag, bytes.fromhex(one)) for tag, one in given if one]
    if sfi is not None:
        parts.append(tlv(0x88, bytes.fromhex(sfi)))
    if info:
        parts.append(tlv(0xA5, info))
    if link is not None:
        parts.append(tlv(0xC7, bytes.fromhex(link)))
    return b"".join(parts)


def file(*items: bytes, described: bytes = b"") -> bytes:
    """The content of a File: a descriptor, then contents."""
    return (tlv(0xA1, described) if described else b"") + b"".join(items)


def content(data: str) -> bytes:
    """fillFileContent."""
    return tlv(0x83, bytes.fromhex(data))


def offset(number: int) -> bytes:
    """fillFileOffset."""
    return tlv(0x82, number.to_bytes(number.bit_length() // 8 + 1))


def files(tag: int, numbers: tuple[int, ...], given: dict[int, bytes], number: int = 1) -> bytes:
    """An element with a template: Files by their place, which begins with 2."""
    parts = (tlv(0xA0 + at if at < 31 else 0xBF00 + at, one) for at, one in given.items())
    return element(tag, number, tlv(0x81, template(*numbers)), *parts)


def mf(rules: bytes | None = None, *, pins: str = "010A0B") -> bytes:
    """An MF with EF.ICCID, an EF.DIR of one application, and EF.ARR: with the rule "always"."""
    given = {
        2: file(described=fcp(descriptor="7821", rule="01", pins=pins)),
        4: file(content("98001032547698103214")),
        5: file(
            content("61144F0CA0000000871002FF49FF058950045553494D"),
            described=fcp(size="16", descriptor="42210016"),
        ),
        6: rules or file(content("8001019000"), described=fcp(size="0A", descriptor="4221000A")),
    }
    return files(MF, (1,), given)


def usim(
    more: dict[int, bytes] | None = None, *, temporary: str = "7FD0", pins: str = "81010A0B"
) -> bytes:
    """A USIM with the files that it must have."""
    given = {
        2: file(described=fcp(fid=temporary, aid=USIM_AID, rule="01", pins=pins)),
        3: file(content("080910101032540636"), described=fcp(size="09")),
        4: file(content("8001019000"), described=fcp(size="0A", descriptor="4221000A")),
        8: file(content("9EFFBF1DFF3E0083410301000000")),
        13: file(content("0055534E")),
        14: file(content("00")),
        18: file(content("0001")),
        22: file(content("11F2FF"), described=fcp(descriptor="42210003", size="03")),
    }
    return files(USIM, (4,), dict(sorted((given | (more or {})).items())), 2)
