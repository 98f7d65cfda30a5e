"""The four cases of a command APDU, short and extended, and the response APDU.

Knows about lengths (ISO/IEC 7816-3 12.1.3), not about what an instruction means.
"""

from __future__ import annotations

from typing import NamedTuple

from apdu.status import SW, StatusError

SHORT_NE_MAX = 256
EXTENDED_NE_MAX = 65536


class Command(NamedTuple):
    """A parsed command APDU.

    `data` is the command data field (0 to 65,535 bytes). `ne` is the most response data the
    sender accepts (1 to 65,536 bytes), or None when the command has no Le field. `extended` says
    whether Lc and Le have the extended form.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    ne: int | None = None
    extended: bool = False

    @classmethod
    def parse(cls, raw: bytes) -> Command:
        """Read a command APDU of cases 1 to 4 (ISO/IEC 7816-3 12.1.3).

        A five-byte command whose last byte is 00 is read as case 2 with Ne 256.
        Raises StatusError 6700 when the length fields do not match the length.
        """
        if len(raw) < 4:
            raise StatusError(
                SW.WRONG_LENGTH,
                f"a command has at least 4 bytes, not {len(raw)}",
                "CLA, INS, P1 and P2 come first",
            )
        head = raw[0], raw[1], raw[2], raw[3]
        body = raw[4:]
        if not body:
            return cls(*head)
        if len(body) == 1:
            return cls(*head, ne=body[0] or SHORT_NE_MAX)
        if body[0]:
            return cls(*head, *_short(body))
        return cls(*head, *_extended(body))

    def __bytes__(self) -> bytes:
        """Encode the command, with lengths short or extended as `extended` says."""
        head = bytes((self.cla, self.ins, self.p1, self.p2))
        if self.extended:
            lc = b"\0" + len(self.data).to_bytes(2) + self.data if self.data else b""
            le = b"" if self.ne is None else (self.ne % EXTENDED_NE_MAX).to_bytes(2)
            return head + lc + (le if lc or not le else b"\0" + le)
        lc = bytes((len(self.data),)) + self.data if self.data else b""
        le = b"" if self.ne is None else bytes((self.ne % SHORT_NE_MAX,))
        return head + lc + le


def _short(body: bytes) -> tuple[bytes, int | None, bool]:
    lc = body[0]
    data, rest = body[1 : 1 + lc], body[1 + lc :]
    if len(data) != lc or len(rest) > 1:
        raise _wrong(lc, len(body) - 1)
    return data, (rest[0] or SHORT_NE_MAX) if rest else None, False


def _extended(body: bytes) -> tuple[bytes, int | None, bool]:
    if len(body) < 3:
        raise StatusError(
            SW.WRONG_LENGTH,
            "an extended length field has 3 bytes, 00 and two more; there are 2",
            "a short Lc of 00 is left out, with the data",
        )
    number = int.from_bytes(body[1:3])
    if len(body) == 3:
        return b"", number or EXTENDED_NE_MAX, True
    data, rest = body[3 : 3 + number], body[3 + number :]
    if not number or len(data) != number or len(rest) not in (0, 2):
        raise _wrong(number, len(body) - 3)
    return data, (int.from_bytes(rest) or EXTENDED_NE_MAX) if rest else None, True


def _wrong(lc: int, follow: int) -> StatusError:
    likely = "some data is missing" if follow < lc else "only Le may follow the data"
    if not lc:
        likely = "without data there is no Lc"
    return StatusError(
        SW.WRONG_LENGTH,
        f"Lc is {lc}, but {follow} byte{' follows' if follow == 1 else 's follow'}",
        f"{likely}: Lc counts the data, not Le",
    )


class Response(NamedTuple):
    """A response APDU: up to 65,533 bytes of data and the status word.

    A refusal is raised as StatusError, with its reason. So `sw` is a word that does not refuse, or
    63 CX in response to a query.
    """

    data: bytes = b""
    sw: int = SW.OK

    def __bytes__(self) -> bytes:
        """Data followed by SW1 SW2."""
        return self.data + self.sw.to_bytes(2)
