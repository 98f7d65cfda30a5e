"""What is wrong with the form of a message that can be understood all the same.

The decoder notes a deviation wherever bytes are not the DER of their value (ITU-T X.690 clauses 10
and 11), or not tagged and ordered as their type says. Whether such a message is served is for
others to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apdu.tlv import Tlv, length_bytes, tag_bytes


class Form(StrEnum):
    """The kinds of wrong form.

    `LENGTH` and `TAG` are written with more bytes than needed; `VALUE` is content that is not DER
    (TRUE as 01, an INTEGER with needless zeros), and `ZEROS` a BIT STRING of named bits with zeros
    at its end; `DEFAULT` is a value that DER leaves out. `TAGGED` has another tag than its own,
    `BARE` lacks the explicit tag around it, `WRAPPED` is in a wrapper that its type does not have.
    `ORDER` is a field after one that it has to precede, `UNKNOWN` an object of no field before one
    of a field, and `MORE` something after the end.
    """

    LENGTH = "length"
    TAG = "tag"
    VALUE = "value"
    ZEROS = "zeros"
    DEFAULT = "default"
    TAGGED = "tagged"
    BARE = "bare"
    WRAPPED = "wrapped"
    ORDER = "order"
    UNKNOWN = "unknown"
    MORE = "more"


@dataclass(slots=True)
class Deviation:
    """One wrong form.

    `place` is the names of the fields and alternatives around it, outermost first, joined by dots;
    it is empty for the message itself. `what` is the rest of a sentence about the place.
    """

    form: Form
    what: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.place or 'the request'} {self.what}"


class Deviations(list[Deviation]):
    """The deviations of one message, filled while it is decoded."""

    def note(self, form: Form, what: str, place: str = "") -> None:
        """Note a deviation at the place that is being decoded, or below it."""
        self.append(Deviation(form, what, place))

    def inside(self, name: str, since: int = 0) -> None:
        """Those from number `since` on are inside the field or alternative of that name."""
        for one in self[since:]:
            one.place = f"{name}.{one.place}" if one.place else name

    def header(self, data: bytes, item: Tlv) -> Tlv:
        """Note a tag or length that is longer than needed; return the object with the short tag."""
        size = item.value - item.start
        if size == 2:
            return item
        tag, width = item.tag, len(tag_bytes(item.tag))
        if width == 2 and tag & 0xFF < 0x1F:
            short = tag >> 8 & 0xE0 | tag & 0xFF
            self.note(Form.TAG, f"has the tag {tag:04X}, which is {short:02X} in DER")
            item = item._replace(tag=short)
        needed = length_bytes(item.end - item.value)
        if size - width != len(needed):
            written = data[item.start + width : item.value].hex().upper()
            self.note(
                Form.LENGTH, f"has the length {written}, which is {needed.hex().upper()} in DER"
            )
        return item
