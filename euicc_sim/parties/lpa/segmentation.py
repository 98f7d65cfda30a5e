"""Cuts a Bound Profile Package into what goes to a card one by one (SGP.22 v2.5 clause 2.5.5)."""

from __future__ import annotations

from collections.abc import Iterator

from apdu import TlvError
from apdu.tlv import Tlv, children, whole

_PACKAGE, _INITIALISE = 0xBF36, 0xBF23
_WITH_THEIR_FIRST = (0xA0, 0xA2)
_HEAD_ALONE = (0xA1, 0xA3)


class SegmentationError(ValueError):
    """Bytes that are no Bound Profile Package."""


def segments(package: bytes) -> list[bytes]:
    """The requests of a package (BF36), in order; together they are the package.

    The package's head comes with BF23, the heads of A0 and A2 with their first 87; the heads of A1
    and A3, and every other protected part, are requests of their own. Raises SegmentationError.
    """
    try:
        outer = whole(package)
        sections = children(package, outer.value)
        if outer.tag != _PACKAGE or not sections or sections[0].tag != _INITIALISE:
            raise SegmentationError("it does not begin with BF36 and BF23")
        found = [package[: sections[0].end]]
        for section in sections[1:]:
            found.extend(_requests(package, section))
    except TlvError as error:
        raise SegmentationError(str(error)) from error
    return found


def _requests(package: bytes, section: Tlv) -> Iterator[bytes]:
    parts = children(package, section.value, section.end)
    if section.tag in _WITH_THEIR_FIRST and parts:
        yield package[section.start : parts[0].end]
        parts = parts[1:]
    elif section.tag in _HEAD_ALONE:
        yield package[section.start : section.value]
    else:
        raise SegmentationError(f"{section.tag:X} is no part of it, or has nothing in it")
    yield from (package[one.start : one.end] for one in parts)
