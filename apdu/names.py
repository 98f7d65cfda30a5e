"""Names of instructions and status words."""

from __future__ import annotations

from apdu.status import SW

INSTRUCTIONS = {
    0x04: "DEACTIVATE FILE",
    0x10: "TERMINAL PROFILE",
    0x12: "FETCH",
    0x14: "TERMINAL RESPONSE",
    0x20: "VERIFY PIN",
    0x24: "CHANGE PIN",
    0x26: "DISABLE PIN",
    0x28: "ENABLE PIN",
    0x2C: "UNBLOCK PIN",
    0x32: "INCREASE",
    0x44: "ACTIVATE FILE",
    0x70: "MANAGE CHANNEL",
    0x76: "SUSPEND UICC",
    0x78: "GET IDENTITY",
    0x84: "GET CHALLENGE",
    0x88: "AUTHENTICATE",
    0xA2: "SEARCH RECORD",
    0xA4: "SELECT",
    0xAA: "TERMINAL CAPABILITY",
    0xB0: "READ BINARY",
    0xB2: "READ RECORD",
    0xC0: "GET RESPONSE",
    0xC2: "ENVELOPE",
    0xCA: "GET DATA",
    0xCB: "RETRIEVE DATA",
    0xD6: "UPDATE BINARY",
    0xDB: "SET DATA",
    0xDC: "UPDATE RECORD",
    0xE2: "STORE DATA",
    0xF2: "STATUS",
}
"""By INS (ISO/IEC 7816-4, ETSI TS 102 221 table 10.5, GlobalPlatform)."""

WITH_PINS = frozenset((0x20, 0x24, 0x26, 0x28, 0x2C))
"""The instructions that bring PINs."""

_PROPRIETARY = frozenset((0x10, 0x12, 0x14, 0x32, 0x76, 0x78, 0xAA, 0xC2, 0xCB, 0xDB, 0xE2, 0xF2))
_SHORT_HEAD, _EXTENDED_HEAD = 5, 7
_OF_EITHER_CLASS = frozenset((0xC0, 0xCA))

_WORDS = {
    SW.OK: "ok",
    SW.CONDITIONS_NOT_SATISFIED: "conditions of use not satisfied",
    SW.WRONG_INS: "instruction not supported",
    SW.WRONG_CLA: "class not supported",
}
_KNOWN = {int(one): one.name.lower().replace("_", " ") for one in SW} | _WORDS


def instruction(ins: int) -> str:
    """The name of an instruction, or its number."""
    return INSTRUCTIONS.get(ins, f"INS {ins:02X}")


def is_proprietary(ins: int) -> bool | None:
    """Whether an instruction has a class of 80 on; None if it may have either, or is unknown."""
    if ins in _OF_EITHER_CLASS or ins not in INSTRUCTIONS:
        return None
    return ins in _PROPRIETARY


def without_pins(command: bytes) -> bytes:
    """A command APDU for a log or a trace: in those that bring PINs, these are FF."""
    if len(command) < _SHORT_HEAD or command[1] not in WITH_PINS:
        return command
    extended = command[_SHORT_HEAD - 1] == 0 and len(command) > _SHORT_HEAD
    head = command[: _EXTENDED_HEAD if extended else _SHORT_HEAD]
    return head + b"\xff" * (len(command) - len(head))


def status(sw: int) -> str:
    """A status word, followed by its meaning where that is known."""
    high, low = divmod(sw, 0x100)
    if high == 0x61:
        meaning = f"{low or 'more'} bytes not fetched"
    elif high == 0x6C:
        meaning = f"Le should be {low}"
    elif high == 0x91:
        meaning = f"ok, proactive command of {low} bytes pending"
    elif sw & 0xFFF0 == 0x63C0:
        meaning = f"{sw & 0xF} tries left"
    else:
        meaning = _KNOWN.get(sw, "")
    return f"{sw:04X} {meaning}".rstrip()
