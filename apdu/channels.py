"""Logical channels 0 to 19 and what is selected on each (ISO/IEC 7816-4, ETSI TS 102 221).

Handles MANAGE CHANNEL, SELECT, STATUS and GET RESPONSE, joins chained commands and hands out long
responses. Knows applications only by their AID, and nothing of storage or sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, unique

from apdu.application import Application, Files
from apdu.chaining import RequestChain, ResponseQueue
from apdu.cla import ClassByte
from apdu.command import SHORT_NE_MAX, Command, Response
from apdu.status import SW, StatusError
from apdu.tlv import tlv

CHANNEL_COUNT = 20
BY_AID = 0x04


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


class Channels:
    """All logical channels of a card.

    `installed` is searched by AID in order; `files` makes a new channel's view of the file system;
    `everywhere` answers instructions that do not depend on a selection (TERMINAL CAPABILITY).
    """

    def __init__(
        self,
        installed: Sequence[Installed],
        files: Callable[[], Files],
        everywhere: Mapping[int, Callable[[Command], Response]],
    ) -> None:
        self._installed = installed
        self._files = files
        self._everywhere = everywhere
        self._own = frozenset((*Ins, *everywhere))
        self._open: dict[int, _Channel] = {}
        self.reset()

    def reset(self) -> None:
        """Close every channel except the basic one, and forget all selections."""
        self._open = {0: _Channel(self._files())}

    def transmit(self, raw: bytes) -> Response:
        """Answer one command APDU; raises StatusError for a refusal."""
        command = Command.parse(raw)
        cla = ClassByte.parse(command.cla)
        channel = self._open.get(cla.channel)
        if channel is None:
            raise StatusError(SW.CHANNEL_NOT_SUPPORTED, f"channel {cla.channel} is not open")
        if cla.secure:
            raise StatusError(SW.SECURE_MESSAGING_NOT_SUPPORTED, "no support for secure messaging")
        if command.ins == Ins.GET_RESPONSE:
            if command.p1 or command.p2:
                raise StatusError(SW.WRONG_P1P2, "the P1 P2 of GET RESPONSE is 00 00")
            return channel.queue.more(command.ne)
        channel.queue.clear()
        if channel.application and command.ins in self._own:
            channel.application.interrupt()
        joined = channel.chain.add(command, more_follow=cla.chained)
        if joined is None:
            return Response()
        return channel.queue.put(*self._answer(channel, cla, joined))

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
            raise StatusError(SW.WRONG_LENGTH, "MANAGE CHANNEL has no data")
        if command.p1 == 0x00 and command.p2 < CHANNEL_COUNT:
            return self._open_channel(current, command.p2)
        if command.p1 == 0x80:
            return self._close_channel(command.p2 or current)
        raise StatusError(
            SW.WRONG_P1P2,
            f"MANAGE CHANNEL with P1 P2 {command.p1:02X} {command.p2:02X} is not supported",
        )

    def _open_channel(self, current: int, wanted: int) -> Response:
        origin = self._open[current]
        number = wanted or next((n for n in range(CHANNEL_COUNT) if n not in self._open), 0)
        if not number:
            raise StatusError(SW.FUNCTION_NOT_SUPPORTED, f"all {CHANNEL_COUNT} channels are open")
        self._open[number] = origin.fork() if current else _Channel(self._files())
        return Response() if wanted else Response(bytes((number,)))

    def _close_channel(self, number: int) -> Response:
        if not number:
            raise StatusError(SW.WRONG_P1P2, "the basic channel cannot be closed")
        if number not in self._open:
            raise StatusError(SW.CHANNEL_NOT_SUPPORTED, f"channel {number} is not open")
        del self._open[number]
        return Response()

    def _select(self, channel: _Channel, command: Command) -> Response:
        """SELECT, ISO/IEC 7816-4 11.2.2 and ETSI TS 102 221 11.1.1."""
        if command.p2 & ~0x4C not in (0x00, 0x02):
            raise StatusError(SW.WRONG_P1P2, f"SELECT with P2 {command.p2:02X} is not supported")
        if command.p1 == BY_AID:
            found = self._select_application(channel, command)
        else:
            found = channel.files.select(command.p1, command.data)
            channel.application = None
        return found._replace(data=b"") if command.p2 & 0x0C == 0x0C else found

    def _select_application(self, channel: _Channel, command: Command) -> Response:
        """The card's own applications come first, then those of the files."""
        if not command.data:
            raise StatusError(SW.WRONG_DATA, "SELECT by AID needs an AID")
        own = {one.aid: one.begin for one in self._installed}
        known = (*own, *channel.files.applications())
        matches = [aid for aid in known if aid.startswith(command.data)]
        if command.p2 & 0x02:
            matches = _after(matches, _current(channel))
        if not matches:
            aid = command.data.hex().upper()
            raise StatusError(SW.NOT_FOUND, f"no application has the AID {aid}")
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
