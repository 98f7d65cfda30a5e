"""Logical channels 0 to 19 and what is selected on each (ISO/IEC 7816-4, ETSI TS 102 221).

Handles MANAGE CHANNEL, SELECT, STATUS and GET RESPONSE, joins chained commands and hands out long
responses. Knows applications only by their AID, and nothing of storage or sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, unique

from apdu.application import Application, Files, Offer, Tell
from apdu.chaining import RequestChain, ResponseQueue
from apdu.cla import CHAINED, ClassByte, class_of
from apdu.command import SHORT_NE_MAX, Command, Response
from apdu.names import instruction, is_proprietary
from apdu.status import SW, StatusError
from apdu.tlv import tlv
from apdu.words import plural

CHANNEL_COUNT = 20
BY_AID = 0x04
FID_SIZE, RID_SIZE = 2, 5


@unique
class Ins(IntEnum):
    """The instructions handled here."""

    MANAGE_CHANNEL = 0x70
    SELECT = 0xA4
    GET_RESPONSE = 0xC0
    STATUS = 0xF2


@dataclass(frozen=True, slots=True)
class Installed:
    """A selectable application: its AID, and what makes a new selection of it."""

    aid: bytes
    begin: Callable[[], Application]


@dataclass(slots=True)
class _Channel:
    files: Files
    application: Application | None = None
    chain: RequestChain = field(default_factory=RequestChain)
    queue: ResponseQueue = field(default_factory=ResponseQueue)

    def fork(self) -> _Channel:
        application = self.application.fork() if self.application else None
        return _Channel(self.files.fork(), application)

    def offer(self, command: Command) -> Offer | None:
        """What a command would find on this channel; see `Application.offer`."""
        if command.ins == Ins.GET_RESPONSE:
            waiting = self.queue.waiting
            proprietary = ClassByte.parse(command.cla).proprietary
            return Offer(plural(waiting, "byte"), proprietary) if waiting else None
        return (self.application or self.files).offer(command)


def _nothing(name: str, text: str, *, lost: bool = False) -> None:
    """Tell nobody."""


class Channels:
    """All logical channels of a card.

    `installed` is searched by AID in order; `files` makes a new channel's view of the file system;
    `everywhere` answers instructions that do not depend on a selection (TERMINAL CAPABILITY).
    `tell` gets what a status word does not say; `closing` is called before a channel is closed, and
    a StatusError that it raises prevents that; a card that is `strict` opens no open channel.
    """

    def __init__(
        self,
        installed: Sequence[Installed],
        files: Callable[[], Files],
        everywhere: Mapping[int, Callable[[Command], Response]],
        *,
        tell: Tell = _nothing,
        closing: Callable[[int], None] = lambda _: None,
        strict: Callable[[], bool] = lambda: False,
    ) -> None:
        self._installed = installed
        self._files = files
        self._everywhere = everywhere
        self._own = frozenset((*Ins, *everywhere))
        self._tell = tell
        self._closing = closing
        self._strict = strict
        self._open: dict[int, _Channel] = {}
        self.current = 0
        """The number of the channel that the last command came on."""
        self.reset()

    def install(self, installed: Sequence[Installed]) -> None:
        """From now on, these can be selected; what is selected stays so."""
        self._installed = installed

    def reset(self) -> None:
        """Close every channel except the basic one, and forget all selections."""
        for channel in self._open.values():
            self._drop(channel, "a reset")
        self._open = {0: _Channel(self._files())}

    def transmit(self, raw: bytes) -> Response:
        """Answer one command APDU; raises StatusError for a refusal."""
        command = Command.parse(raw)
        cla = ClassByte.parse(command.cla)
        try:
            return self._process(cla, command)
        except StatusError as error:
            error.advice = self._advice(cla, command, error.sw) or error.advice
            raise

    def _process(self, cla: ClassByte, command: Command) -> Response:
        self.current = cla.channel
        channel = self._open.get(cla.channel)
        if channel is None:
            raise self._not_open(cla.channel, f"0070{cla.channel:04X}00 opens it")
        if cla.secure:
            raise StatusError(
                SW.SECURE_MESSAGING_NOT_SUPPORTED,
                f"class {command.cla:02X} asks for secure messaging, which this card does not have",
                f"without it the class is {class_of(cla.channel, proprietary=cla.proprietary):02X}",
            )
        if command.ins == Ins.GET_RESPONSE:
            if command.p1 or command.p2:
                raise StatusError(SW.WRONG_P1P2, "the P1 P2 of GET RESPONSE is 00 00")
            return channel.queue.more(command.ne)
        channel.queue.clear()
        if channel.application and command.ins in self._own:
            channel.application.interrupt(instruction(command.ins))
        joined = channel.chain.add(command, more_follow=cla.chained)
        if joined is None:
            return Response()
        return channel.queue.put(*self._answer(channel, cla, joined))

    def _advice(self, cla: ClassByte, command: Command, sw: int) -> str:
        """Where a refused command would have been right, if that is on another channel or class."""
        here = self._open.get(cla.channel)
        if here is None or here.offer(command) is None:
            for number, other in self._open.items():
                if other is not here and (offer := other.offer(command)):
                    byte = class_of(number, proprietary=offer.proprietary)
                    byte |= CHAINED if cla.chained else 0
                    return f"channel {number} has {offer.what}: CLA {byte:02X}"
        right = is_proprietary(command.ins)
        if sw in (SW.WRONG_INS, SW.WRONG_CLA) and right not in (None, cla.proprietary):
            byte = class_of(cla.channel, proprietary=bool(right))
            return f"{instruction(command.ins)} has the class {byte:02X} on channel {cla.channel}"
        return ""

    def _not_open(self, number: int, advice: str = "") -> StatusError:
        *most, last = map(str, sorted(self._open))
        are_open = f"{', '.join(most)} and {last} are" if most else f"{last} is"
        why = f"channel {number} is not open, only {are_open}"
        return StatusError(SW.CHANNEL_NOT_SUPPORTED, why, advice)

    def _drop(self, channel: _Channel, by: str) -> None:
        """Drop what is unfinished on a channel, and tell."""
        if channel.application:
            channel.application.interrupt(by)
        if dropped := channel.chain.drop():
            name, lost = dropped
            text = f"an unfinished chain of {lost} is dropped by {by}"
            self._tell(
                name,
                f"{text}; in the class of its last command {CHAINED:02X} is not set",
                lost=True,
            )

    def _answer(
        self, channel: _Channel, cla: ClassByte, command: Command
    ) -> tuple[Response, int | None]:
        ne = command.ne
        if command.ins == Ins.SELECT and not cla.proprietary:
            if not command.data and not command.extended and ne == SHORT_NE_MAX:
                ne = None  # T=0 senders append a fifth byte 00 to a case 1 command
            return self._select(channel, command), ne
        if command.ins == Ins.MANAGE_CHANNEL and not cla.proprietary:
            return self._manage(cla.channel, command), ne
        if cla.proprietary:
            if command.ins == Ins.STATUS:
                return self._status(channel, command), ne
            if everywhere := self._everywhere.get(command.ins):
                return everywhere(command), ne
        return (channel.application or channel.files).call(command), ne

    def _manage(self, current: int, command: Command) -> Response:
        """MANAGE CHANNEL, ISO/IEC 7816-4 11.1.2."""
        if command.data:
            raise StatusError(
                SW.WRONG_LENGTH, "MANAGE CHANNEL has no data", "the number of the channel is P2"
            )
        if command.p1 == 0x00 and command.p2 < CHANNEL_COUNT:
            return self._open_channel(current, command.p2)
        if command.p1 == 0x80:
            return self._close_channel(command.p2 or current)
        raise StatusError(
            SW.WRONG_P1P2,
            f"MANAGE CHANNEL with P1 P2 {command.p1:02X} {command.p2:02X} is not supported",
            f"P1 is 00 to open and 80 to close, P2 a number up to {CHANNEL_COUNT - 1:02X}",
        )

    def _open_channel(self, current: int, wanted: int) -> Response:
        origin = self._open[current]
        number = wanted or next((n for n in range(CHANNEL_COUNT) if n not in self._open), 0)
        if not number:
            raise StatusError(
                SW.FUNCTION_NOT_SUPPORTED,
                f"all {CHANNEL_COUNT} channels are open",
                "close one, such as 1 with 00708001",
            )
        if number in self._open:
            self._reopen(number)
        self._open[number] = origin.fork() if current else _Channel(self._files())
        return Response() if wanted else Response(bytes((number,)))

    def _reopen(self, number: int) -> None:
        if self._strict():
            raise StatusError(
                SW.WRONG_P1P2,
                f"channel {number} is open already",
                f"close it with 007080{number:02X}, or reset the card",
            )
        self._end(number, "MANAGE CHANNEL")
        self._tell(
            "MANAGE CHANNEL",
            f"channel {number} was open already: it is opened anew, and what was selected there is "
            "gone. A chip may answer 6A86 (card set --strict)",
        )

    def _close_channel(self, number: int) -> Response:
        if not number:
            raise StatusError(
                SW.WRONG_P1P2,
                "the basic channel cannot be closed",
                "P2 is the number of the channel to close, such as 00708001",
            )
        if number not in self._open:
            raise self._not_open(number)
        self._end(number, "MANAGE CHANNEL")
        del self._open[number]
        return Response()

    def _end(self, number: int, by: str) -> None:
        self._closing(number)
        self._drop(self._open[number], by)

    def _select(self, channel: _Channel, command: Command) -> Response:
        """SELECT, ISO/IEC 7816-4 11.2.2 and ETSI TS 102 221 11.1.1."""
        if command.p2 & ~0x4C not in (0x00, 0x02):
            raise StatusError(
                SW.WRONG_P1P2,
                f"SELECT with P2 {command.p2:02X} is not supported",
                "P2 is 00 or 04 with an answer, 0C without; 02 asks for the next application",
            )
        if command.p1 == BY_AID:
            found = self._select_application(channel, command)
        else:
            found = channel.files.select(command.p1, command.data)
            channel.application = None
        return found._replace(data=b"") if command.p2 & 0x0C == 0x0C else found

    def _select_application(self, channel: _Channel, command: Command) -> Response:
        """The card's own applications come first, then those of the files."""
        if not command.data:
            raise StatusError(
                SW.WRONG_DATA, "SELECT with P1 04 needs an AID", "P1 00 without data is the MF"
            )
        own = {one.aid: one.begin for one in self._installed}
        known = (*own, *channel.files.applications())
        matches = [aid for aid in known if aid.startswith(command.data)]
        if command.p2 & 0x02:
            matches = _after(matches, _current(channel))
        if not matches:
            further = "further " if command.p2 & 0x02 else ""
            raise StatusError(
                SW.NOT_FOUND,
                f"no {further}application has the AID {command.data.hex().upper()}",
                _nearest(command.data, known),
            )
        begin = own.get(matches[0])
        if begin is None:
            channel.application = None
            return channel.files.enter(matches[0])
        channel.application = begin()
        return Response(channel.application.fci())

    def _status(self, channel: _Channel, command: Command) -> Response:
        """STATUS, ETSI TS 102 221 11.1.2."""
        application = channel.application
        if command.p1 > 0x02 or command.p2 not in (0x00, 0x01, 0x0C):
            raise StatusError(
                SW.WRONG_P1P2,
                f"STATUS with P1 P2 {command.p1:02X} {command.p2:02X} is not supported",
                "P1 is 00 to 02; P2 is 00 for the template, 01 for the AID, 0C for no answer",
            )
        if command.p2 == 0x0C:
            return Response()
        if command.p2 == 0x01:
            aid = _current(channel)
            return Response(tlv(0x84, aid) if aid else b"")
        return Response(application.fci() if application else channel.files.status())


def _current(channel: _Channel) -> bytes | None:
    """The AID of what is selected."""
    return channel.application.aid if channel.application else channel.files.aid


def _after(matches: list[bytes], current: bytes | None) -> list[bytes]:
    """The matches after the current application ("next occurrence")."""
    return matches[matches.index(current) + 1 :] if current in matches else matches


def _nearest(name: bytes, aids: Sequence[bytes]) -> str:
    """The likely mistake in an AID that nobody has."""
    if len(name) == FID_SIZE:
        return "P1 00 selects a file by its identifier"
    same, aid = max(((_common(name, one), one) for one in aids), default=(0, b""))
    if same == len(name):
        return ""
    if same < RID_SIZE:
        return f"the card has {', '.join(one.hex().upper() for one in aids)}" if aids else ""
    if same == len(aid):
        return f"{aid.hex().upper()} is there, which is the same without the end"
    return f"{aid.hex().upper()} differs from it in byte {same + 1}"


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two names have in common at the beginning."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
