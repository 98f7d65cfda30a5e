"""What a class byte says: channel, command chaining, secure messaging (ISO/IEC 7816-4 5.4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from apdu.status import SW, StatusError

PROPRIETARY = 0x80
FURTHER = 0x40
CHAINED = 0x10


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

        AX is the class of ETSI TS 102 221 for the same commands on channels 0 to 3.
        Raises StatusError 6E00 for a class that no specification defines.
        """
        proprietary = bool(cla & PROPRIETARY)
        if cla & FURTHER:
            if cla == 0xFF:
                raise StatusError(SW.WRONG_CLA, "class FF is not valid")
            secure = bool(cla & 0x20)
            return cls(4 + (cla & 0x0F), bool(cla & CHAINED), secure, proprietary)
        if cla & 0x20 and cla & 0xF0 != 0xA0:
            raise StatusError(SW.WRONG_CLA, f"class {cla:02X} is reserved")
        return cls(cla & 0x03, bool(cla & CHAINED), bool(cla & 0x0C), proprietary)
