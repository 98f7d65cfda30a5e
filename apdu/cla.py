"""What a class byte says: channel, command chaining, secure messaging (ISO/IEC 7816-4 5.4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from apdu.status import SW, StatusError

PROPRIETARY = 0x80
FURTHER = 0x40
CHAINED = 0x10
_SECURE, _FURTHER_SECURE = 0x0C, 0x20


@dataclass(frozen=True, slots=True)
class ClassByte:
    """A parsed CLA: `channel` is 0 to 19."""

    channel: int
    chained: bool
    secure: bool
    proprietary: bool

    @classmethod
    @cache
    def parse(cls, cla: int) -> ClassByte:
        """Read a class byte; GlobalPlatform's 8X to FX carry the same fields as 0X to 7X.

        Raises StatusError 6E00 for a class that no specification defines, and for AX, the class of
        a 2G SIM (ETSI TS 151 011).
        """
        proprietary = bool(cla & PROPRIETARY)
        if cla & FURTHER:
            if cla == 0xFF:
                raise StatusError(SW.WRONG_CLA, "class FF is not valid", "classes are 00 to FE")
            secure = bool(cla & 0x20)
            return cls(4 + (cla & 0x0F), bool(cla & CHAINED), secure, proprietary)
        if cla & 0xF0 == 0xA0:
            raise StatusError(
                SW.WRONG_CLA,
                f"class {cla:02X} is for 2G SIMs, and this card is a UICC",
                "SELECT and READ have class 00",
            )
        if cla & 0x20:
            raise StatusError(
                SW.WRONG_CLA,
                f"class {cla:02X} is reserved",
                "use 00 to 03 or 80 to 83 for channels 0 to 3, 40 to 4F or C0 to CF for 4 to 19",
            )
        return cls(cla & 0x03, bool(cla & CHAINED), bool(cla & 0x0C), proprietary)


def class_of(channel: int, *, proprietary: bool) -> int:
    """The class byte of a command on a channel (0 to 19)."""
    inter = channel if channel < 4 else FURTHER | (channel - 4)
    return inter | PROPRIETARY if proprietary else inter


def on_channel(command: bytes, channel: int) -> bytes:
    """A command with the channel bits of its class byte overwritten; all else stays."""
    cla = command[0]
    of = class_of(channel, proprietary=bool(cla & PROPRIETARY))
    return bytes((of | _kept(cla, of),)) + command[1:]


def _kept(cla: int, of: int) -> int:
    """Command chaining and secure messaging, as far as the new form of the class byte has them."""
    secure = cla & (_FURTHER_SECURE if cla & FURTHER else _SECURE)
    if of & FURTHER:
        return cla & CHAINED | (_FURTHER_SECURE if secure else 0)
    return cla & CHAINED | (_SECURE if secure and cla & FURTHER else secure)
