"""What people paste: logs of modems and of lpac, lists of APDUs, hex in any dress, base64.

`read` says what it took a text for, so that a wrong guess is seen. It guesses only where the text
itself says what it is; everything else is None.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from apdu import Command, StatusError, TlvError
from apdu.atr import Atr
from apdu.cla import ClassByte
from apdu.names import INSTRUCTIONS
from apdu.tlv import whole
from euicc_sim.tracing import tpdu
from euicc_sim.tracing.conversation import GET_RESPONSE, SELECT, STORE_DATA, Conversation, Item
from euicc_sim.tracing.gsmtap import Kind, Message
from euicc_sim.views import json_body
from euicc_sim.views.json_body import BodyField

MAX_TEXT = 0x1000000
"""Characters of a text."""
SERVED = b"\x90\x00"
"""The answer that is assumed for a command without one."""

_MANAGE_CHANNEL = 0x70
_HEX = r"[0-9A-Fa-f]"
_PAIR = rf"{_HEX}{{2}}"
_LPAC_COMMAND = re.compile(
    rf"\[APDU\] \[TX\] CLA: ({_PAIR}), INS: ({_PAIR}), P1: ({_PAIR}), P2: ({_PAIR}), "
    rf"Lc: ({_HEX}+)(?:, Data: ?([0-9A-Fa-f ]*))?"
)
_LPAC_ANSWER = re.compile(
    rf"\[APDU\] \[RX\] SW1: ({_PAIR}), SW2: ({_PAIR})(?:, Data: ?([0-9A-Fa-f ]*))?"
)
_AT_COMMAND = re.compile(rf"AT\+C(?:GLA=\d+,\d+|SIM=\d+),\"?({_HEX}+)\"?", re.IGNORECASE)
_AT_ANSWER = re.compile(rf"\+C(?:GLA|SIM): *\d+,\"?({_HEX}+)\"?", re.IGNORECASE)
_MARKED_COMMAND = re.compile(rf"(?:^|\s)(?:C-APDU|Tx|>+|→|->|=>):? *((?:{_PAIR}[ :]?){{4,}})\s*$")
_MARKED_ANSWER = re.compile(
    rf"(?:^|\s)(?:R-APDU|Rx|<+|←|<-|<=):? *((?:{_PAIR}[ :]?){{2,}})(?:\s*: .*)?\s*$"
)
_DUMPS = (
    re.compile(rf"\s*({_HEX}{{4,16}}):((?: {_HEX}{{2,4}}){{1,32}})(?:\s\s.*)?"),
    re.compile(rf"\s*(?:0x)?({_HEX}{{4,16}})((?: {{1,2}}{_PAIR}){{1,32}})\s*(?:[|>].*)?"),
)
"""Lines of xxd, and of hexdump -C and od."""
_END_OF_DUMP = re.compile(rf"\s*{_HEX}{{4,16}}\s*")
"""The last line of hexdump -C: the length alone."""
_DRESS = re.compile(r"0[xX]|\\x|[\s,:;{}\[\]()\"'-]")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s_-]+={0,2}\s*")


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a text is: `kind` in words, and an object, an ATR, items of a conversation, or fields.

    `assumed` says how many commands had no response and are taken as served; if none of them had
    one, `is_answered` is false.
    """

    kind: str
    object: bytes | None = None
    atr: bytes | None = None
    items: tuple[Item, ...] = ()
    assumed: int = 0
    is_answered: bool = True
    fields: tuple[BodyField, ...] = ()


def read(text: str) -> Pasted | None:
    """What a text is; None if it does not say so itself."""
    if len(text) > MAX_TEXT:
        return None
    if fields := json_body.read(text):
        return Pasted("a body in JSON", fields=fields)
    lines = text.splitlines()
    for kind, commands, answers in _DIALOGUES:
        found = list(_marked(lines, commands, answers))
        if any(is_command for is_command, _ in found):
            return _dialogue(kind, found)
    if (data := _dumped(lines)) is not None:
        return _of_bytes(data, "a hexdump")
    if (listed := _listed(lines)) is not None:
        return _dialogue("a list of APDUs", listed)
    plain = _undressed(text)
    if plain is not None:
        dressed = "".join(text.split()).lower() != plain.hex()
        return _of_bytes(plain, "hex digits with decoration" if dressed else "hex digits")
    return _base64(text)


def bare(data: bytes) -> Pasted | None:
    """What bytes are that are not one object: an APDU or an ATR; None for all else."""
    found = _of_bytes(data, "")
    return found if found.object is None else None


def _of_bytes(data: bytes, kind: str) -> Pasted:
    if _is_atr(data):
        return Pasted("an ATR", atr=data)
    if _is_command(data):
        return _dialogue("a command APDU", [(True, data)])
    return Pasted(kind, object=data)


# -- dialogues


def _lpac_command(line: str) -> bytes | None:
    found = _LPAC_COMMAND.search(line)
    if not found:
        return None
    head, data = bytes.fromhex("".join(found.groups()[:4])), bytes.fromhex(_even(_joined(found[6])))
    return head + bytes((min(int(found[5], 16), 0xFF),)) + data


def _lpac_answer(line: str) -> bytes | None:
    found = _LPAC_ANSWER.search(line)
    return bytes.fromhex(_even(_joined(found[3])) + found[1] + found[2]) if found else None


def _first(pattern: re.Pattern[str]) -> Callable[[str], bytes | None]:
    def find(line: str) -> bytes | None:
        found = pattern.search(line)
        return bytes.fromhex(_even("".join(found[1].replace(":", " ").split()))) if found else None

    return find


_Finder = Callable[[str], bytes | None]
_DIALOGUES: tuple[tuple[str, _Finder, _Finder], ...] = (
    ("lpac's debug output", _lpac_command, _lpac_answer),
    ("AT commands of a modem", _first(_AT_COMMAND), _first(_AT_ANSWER)),
    ("commands and responses", _first(_MARKED_COMMAND), _first(_MARKED_ANSWER)),
)


def _marked(
    lines: Iterable[str], commands: _Finder, answers: _Finder
) -> Iterator[tuple[bool, bytes]]:
    """Commands (True) and answers; a command that is echoed comes once."""
    last: tuple[bool, bytes] | None = None
    for line in lines:
        data, is_command = commands(line), True
        if data is None:
            data, is_command = answers(line), False
        if data and (is_command, data) != (last if is_command else None):
            last = (is_command, data)
            yield last


def _listed(lines: Iterable[str]) -> list[tuple[bool, bytes]] | None:
    """Lines of hex, each a command or the answer to the one before; None if they are not."""
    found: list[tuple[bool, bytes]] = []
    for line in filter(None, map(str.strip, lines)):
        data = _undressed(line)
        if data is None:
            return None
        follows = bool(found) and found[-1][0]
        if _is_command(data) and not (follows and _is_answer(data)):
            found.append((True, data))
        elif follows and len(data) >= len(SERVED):
            found.append((False, data))
        else:
            return None
    return found if len(found) > 1 else None


def _dialogue(kind: str, parts: Iterable[tuple[bool, bytes]]) -> Pasted:
    conversation, items = Conversation(), list[Item]()
    waiting: bytes | None = None
    assumed = count = 0

    def feed(command: bytes, answer: bytes) -> None:
        message = Message(Kind.APDU, tpdu.join(command, answer))
        items.extend(conversation.feed(0.0, message))

    for is_command, data in parts:
        if is_command:
            if waiting is not None:
                feed(waiting, SERVED)
                assumed += 1
            waiting = data
            count += 1
        elif waiting is not None and len(data) >= len(SERVED):
            feed(waiting, data)
            waiting = None
    if waiting is not None:
        feed(waiting, SERVED)
        assumed += 1
    items.extend(conversation.rest())
    what = f"{kind}: {count} command{'' if count == 1 else 's'}" if count > 1 else kind
    return Pasted(what, items=tuple(items), assumed=assumed, is_answered=assumed < count)


# -- bytes


def _dumped(lines: Iterable[str]) -> bytes | None:
    """The bytes of a hexdump, whose lines begin with their offset; None for anything else."""
    data = bytearray()
    count = 0
    for line in filter(str.strip, lines):
        found = next(filter(None, (one.fullmatch(line) for one in _DUMPS)), None)
        if found is None:
            if count and _END_OF_DUMP.fullmatch(line) and int(line, 16) == len(data):
                continue
            return None
        if int(found[1], 16) != len(data):
            return None
        data += bytes.fromhex(_even("".join(found[2].split())))
        count += 1
    return bytes(data) if count else None


def _undressed(text: str) -> bytes | None:
    digits = _DRESS.sub("", text)
    if not digits or len(digits) % 2 or not re.fullmatch(rf"{_HEX}+", digits):
        return None
    return bytes.fromhex(digits)


def _base64(text: str) -> Pasted | None:
    compact = "".join(text.split())
    if len(compact) < 8 or not _BASE64.fullmatch(compact):
        return None
    padded = compact.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        data = b64decode(padded + "=" * (-len(padded) % 4), validate=True)
        whole(data)
    except (Base64Error, ValueError):
        return None
    return Pasted("base64", object=data)


def _is_command(data: bytes) -> bool:
    """Whether bytes can only be a command APDU: a known instruction, and lengths that fit."""
    try:
        command = Command.parse(data)
        ClassByte.parse(command.cla)
    except StatusError:
        return False
    if command.ins in (STORE_DATA, SELECT):
        return bool(command.data)
    return command.ins in (GET_RESPONSE, _MANAGE_CHANNEL) or (
        command.ins in INSTRUCTIONS and len(data) > 5 and bool(command.data)
    )


def _is_answer(data: bytes) -> bool:
    """Whether bytes end in a status word that says it was served."""
    return data[-2:] == SERVED or data[-2:-1] in (b"\x61", b"\x91")


def _is_atr(data: bytes) -> bool:
    try:
        Atr.parse(data)
    except ValueError:
        return False
    return True


def _joined(digits: str | None) -> str:
    return "".join((digits or "").split())


def _even(digits: str) -> str:
    return digits[: len(digits) & ~1]


def is_tlv(data: bytes) -> bool:
    """Whether bytes are one object."""
    try:
        whole(data)
    except TlvError:
        return False
    return True
