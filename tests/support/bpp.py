"""Bound Profile Packages, and how senders cut them: the bytes of each chain of STORE DATA."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from apdu.tlv import children, tlv, whole
from support.bsp import BSP
from support.hexes import hx

PACKAGE = hx(BSP["boundProfilePackage"])
"""The package of the vectors."""

BF23 = tlv(0xBF23, bytes(9))
A0 = tlv(0xA0, tlv(0x87, bytes(24)))
A1 = tlv(0xA1, tlv(0x88, bytes(9)))
A2 = tlv(0xA2, tlv(0x87, bytes(24)))
A3 = tlv(0xA3, tlv(0x86, bytes(24)))
"""Sections as short as can be, with zeros for what is protected."""


def package(*sections: bytes) -> bytes:
    """A package of any sections."""
    return tlv(0xBF36, *sections)


MANY = package(
    BF23,
    tlv(0xA0, tlv(0x87, bytes(24)), tlv(0x87, bytes(40))),
    tlv(0xA1, tlv(0x88, bytes(200)), tlv(0x88, bytes(1016)), tlv(0x88, bytes(8))),
    tlv(0xA3, *(tlv(0x86, bytes(1032)) for _ in range(5)), tlv(0x86, bytes(2048))),
)
"""Several parts in each sequence, and no A2."""


def opening(raw: bytes) -> tuple[bytes, list[bytes]]:
    """The head of the package with BF23, and the sections that follow."""
    outer = whole(raw)
    first, *others = children(raw, outer.value)
    return raw[: first.end], [raw[one.start : one.end] for one in others]


def by_lpac(raw: bytes) -> Iterator[bytes]:
    """A0 and A2 whole; A1 and A3 as a head, then each of theirs."""
    head, sections = opening(raw)
    yield head
    for section in sections:
        if section[0] in (0xA0, 0xA2):
            yield section
            continue
        outer = whole(section)
        yield section[: outer.value]
        yield from (section[one.start : one.end] for one in children(section, outer.value))


def by_clause(raw: bytes) -> Iterator[bytes]:
    """As clause 2.5.5 says and euicc-go does: the heads A0 and A2 come with their first."""
    head, sections = opening(raw)
    yield head
    for section in sections:
        outer = whole(section)
        first, *others = children(section, outer.value)
        if section[0] in (0xA0, 0xA2):
            yield section[: first.end]
        else:
            yield section[: outer.value]
            yield section[first.start : first.end]
        yield from (section[one.start : one.end] for one in others)


def by_onomondo(raw: bytes) -> Iterator[bytes]:
    """The same, but of A0 and A2 no more than the first."""
    head, sections = opening(raw)
    yield head
    for section in sections:
        outer = whole(section)
        first, *others = children(section, outer.value)
        if section[0] in (0xA0, 0xA2):
            yield section[: first.end]
            continue
        yield section[: outer.value]
        yield from (section[one.start : one.end] for one in (first, *others))


def by_blocks(raw: bytes, size: int = 255) -> Iterator[bytes]:
    """Each request one block, as pySim's STORE DATA: cuts anywhere."""
    yield from (raw[at : at + size] for at in range(0, len(raw), size))


def by_parts(raw: bytes) -> Iterator[bytes]:
    """Every head and every object alone."""
    outer = whole(raw)
    yield raw[: outer.value]
    for section in children(raw, outer.value):
        if section.tag == 0xBF23:
            yield raw[section.start : section.end]
            continue
        yield raw[section.start : section.value]
        inner = children(raw, section.value, section.end)
        yield from (raw[one.start : one.end] for one in inner)


def at_once(raw: bytes) -> Iterator[bytes]:
    """The whole package."""
    yield raw


Cut = Callable[[bytes], Iterator[bytes]]
