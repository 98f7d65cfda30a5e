"""From the TPDUs of a trace back to complete messages: ES10 requests with their responses.

Joins the blocks of STORE DATA and the pieces that GET RESPONSE fetches, separately for each card
and channel. Knows nothing of ASN.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from apdu import StatusError, TlvError
from apdu.cla import CHAINED, ClassByte
from apdu.tlv import read_tag
from euicc_sim.formats.bpp import CONTINUING, PACKAGE, BppError, BppStream
from euicc_sim.tracing.gsmtap import Kind, Message
from euicc_sim.tracing.tpdu import HEAD_SIZE, Tpdu, data_of, split

SELECT, GET_RESPONSE, STORE_DATA = 0xA4, 0xC0, 0xE2
MORE_DATA, WRONG_LE = 0x61, 0x6C
OK = b"\x90\x00"
BLOCK_NUMBERS = 0x100
_LAST_BLOCK = 0x80


@dataclass(frozen=True, slots=True)
class Reset:
    """A card was reset; `at` in seconds since 1970, `slot` from 0."""

    at: float
    slot: int
    atr: bytes


@dataclass(slots=True)
class Exchange:
    """A command and its complete response, in however many pieces; `tpdus` are the originals.

    `answer` does not include the last status word, which is `sw`; 61XX there means that the rest
    was never fetched.
    """

    at: float
    slot: int
    channel: int
    tpdus: list[Tpdu] = field(default_factory=list)
    answer: bytes = b""
    sw: int = 0

    @property
    def command(self) -> bytes:
        """The first command."""
        return self.tpdus[0].command

    @property
    def instruction(self) -> int:
        """INS."""
        return self.command[1] if len(self.command) > 1 else 0

    @property
    def data(self) -> bytes:
        """The command data field."""
        return data_of(self.command)

    def take(self, tpdu: Tpdu) -> None:
        """Add a TPDU: another block, or the response to GET RESPONSE."""
        self.tpdus.append(tpdu)
        self.answer += tpdu.answer[:-2]
        self.sw = int.from_bytes(tpdu.answer[-2:])


@dataclass(slots=True)
class Es10(Exchange):
    """An ES10 request, joined from its blocks, and its response.

    In a piece of a Bound Profile Package, `parts` are the objects it completes: tag and size.
    """

    request: bytes = b""
    blocks: int = 0
    parts: tuple[tuple[int, int], ...] = ()

    @property
    def is_package_piece(self) -> bool:
        """Whether the request is a piece of a Bound Profile Package."""
        return _first_tag(self.request) in CONTINUING | {PACKAGE}


Item = Reset | Exchange


class Conversation:
    """Turns messages into items; feed it messages in order, then ask for the rest."""

    def __init__(self) -> None:
        self._channels: dict[tuple[int, int], _Channel] = {}

    def feed(self, at: float, message: Message) -> Iterator[Item]:
        """Add a message; yield the items it completes, oldest first."""
        if message.kind == Kind.ATR:
            yield from self._end(message.slot)
            yield Reset(at, message.slot, message.body)
        elif message.kind == Kind.APDU and message.body:
            tpdu = split(message.body)
            number = _channel(tpdu.command)
            channel = self._channels.setdefault((message.slot, number), _Channel())
            yield from channel.feed(Exchange(at, message.slot, number), tpdu)

    def rest(self) -> Iterator[Item]:
        """The items that are still incomplete."""
        for slot in sorted({slot for slot, _ in self._channels}):
            yield from self._end(slot)

    def _end(self, slot: int) -> Iterator[Item]:
        left = [key for key in self._channels if key[0] == slot]
        unfinished = [one for key in left for one in self._channels.pop(key).rest()]
        yield from sorted(unfinished, key=lambda one: one.at)


class _Channel:
    """One channel of one card, with blocks and a response that are still incomplete."""

    def __init__(self) -> None:
        self._blocks: Es10 | None = None
        self._answered: Exchange | None = None
        self._package: BppStream | None = None

    def feed(self, fresh: Exchange, tpdu: Tpdu) -> Iterator[Exchange]:
        waiting, self._answered = self._answered, None
        if waiting is not None and tpdu.command[1:2] == bytes((GET_RESPONSE,)):
            yield from self._take(waiting, tpdu)
            return
        if waiting is not None:
            yield waiting
        if _is_store_data(tpdu.command):
            yield from self._block(fresh, tpdu)
            return
        yield from self._take(fresh, tpdu)

    def rest(self) -> Iterator[Exchange]:
        if self._answered is not None:
            yield self._answered
        if self._blocks is not None:
            yield self._blocks

    def _take(self, exchange: Exchange, tpdu: Tpdu) -> Iterator[Exchange]:
        exchange.take(tpdu)
        if exchange.sw >> 8 == MORE_DATA or (
            exchange.sw >> 8 == WRONG_LE and tpdu.command[1:2] == bytes((GET_RESPONSE,))
        ):
            self._answered = exchange
        else:
            yield exchange

    def _block(self, fresh: Exchange, tpdu: Tpdu) -> Iterator[Exchange]:
        p1, p2 = tpdu.command[2:4]
        begun, self._blocks = self._blocks, None
        if begun is not None and p2 == 0 and begun.blocks % BLOCK_NUMBERS:
            yield begun
            begun = None
        chained = bool(tpdu.command[0] & CHAINED)
        block = begun or Es10(fresh.at, fresh.slot, fresh.channel)
        block.request += data_of(tpdu.command)
        block.blocks += not chained
        if tpdu.answer == OK and (chained or not p1 & _LAST_BLOCK):
            block.take(tpdu)
            self._blocks = block
            return
        block.parts = self._parts(block)
        yield from self._take(block, tpdu)

    def _parts(self, block: Es10) -> tuple[tuple[int, int], ...]:
        if not block.is_package_piece:
            return ()
        if _first_tag(block.request) == PACKAGE:
            self._package = BppStream()
        found: list[tuple[int, int]] = []
        if self._package is not None:
            try:
                found += ((one.tag, len(one.data)) for one in self._package.feed(block.request))
            except BppError:
                self._package = None
        return tuple(found)


def _is_store_data(command: bytes) -> bool:
    return len(command) >= HEAD_SIZE and command[1] == STORE_DATA and bool(command[0] & 0x80)


def _channel(command: bytes) -> int:
    try:
        return ClassByte.parse(command[0]).channel if command else 0
    except StatusError:
        return 0


def _first_tag(data: bytes) -> int:
    try:
        return read_tag(data)[0]
    except TlvError:
        return 0
