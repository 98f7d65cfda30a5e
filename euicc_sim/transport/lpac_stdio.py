"""lpac's stdio driver protocol: one JSON object per line, requests in, answers out.

    {"type":"apdu","payload":{"func":"transmit","param":"0070000001"}}
    {"type":"apdu","payload":{"ecode":0,"data":"019000"}}

`connect` and `disconnect` reset the card; `logic_channel_open` selects the AID in `param` on a new
channel and returns its number as `ecode`; `logic_channel_close` has the number in `param`;
`transmit` has a command APDU in `param` and is answered with data and status word. Parameters are
hexadecimal. `ecode` is 0 on success and -1 on failure. Every line has exactly one answer, except
for messages to lpac's user: one answer too many would be taken for that of the next request.

Knows that a card has channels, not where the lines come from.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum, unique
from typing import Any

from apdu import SW, Command
from apdu.cla import class_of
from apdu.manage_channel import NoChannelError, close_channel, open_channel
from euicc_sim.transport.vpcd import Control, Observer, PoweredCard, pauses

MAX_LINE = 0x40000
"""Bytes; the longest command APDU, in hexadecimal, needs half of them."""

APDU = "apdu"
HTTP = "http"
"""lpac's other driver, which also waits for an answer; it gets -1."""

TOLD_TYPES = frozenset({"lpa", "progress", "notification", "driver"})
"""Messages for lpac's user, which are not answered."""

FAILED = -1
_SELECT, _BY_AID = 0xA4, 0x04
_MORE_DATA = 0x61
_MAX_AID = 16


@unique
class Function(StrEnum):
    """The functions of a request."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"
    OPEN = "logic_channel_open"
    CLOSE = "logic_channel_close"
    TRANSMIT = "transmit"


class RequestError(Exception):
    """A request that fails. The text is a sentence for the log."""


class LpacStdio:
    """Answers the requests of one program with one card; `complain` gets the reason for each -1."""

    def __init__(
        self, card: PoweredCard, observer: Observer, complain: Callable[[str], None]
    ) -> None:
        self._card = card
        self._observer = observer
        self._complain = complain

    def answer(self, line: bytes) -> bytes:
        """The answer to one line, with its newline."""
        try:
            ecode, data = self._done(*_request(line))
        except RequestError as error:
            self._complain(str(error))
            ecode, data = FAILED, b""
        payload = {"ecode": ecode, "data": data.hex().upper()}
        text = json.dumps({"type": APDU, "payload": payload}, separators=(",", ":"))
        return f"{text}\n".encode()

    def paused(self, seconds: float) -> None:
        """Nothing has come for so many seconds."""
        pauses(self._card, self._observer)(seconds)

    def end(self) -> None:
        """Power the card off: the program is gone."""
        self._card.power_off()

    def _done(self, function: Function, param: bytes) -> tuple[int, bytes]:
        match function:
            case Function.CONNECT:
                self._card.reset()
                self._observer.powered(Control.RESET)
            case Function.DISCONNECT:
                self._card.power_off()
                self._observer.powered(Control.POWER_OFF)
            case Function.OPEN:
                return self._open(param), b""
            case Function.CLOSE:
                self._close(param)
            case Function.TRANSMIT:
                return 0, self._transmit(_needed(param, "a command APDU"))
        return 0, b""

    def _open(self, aid: bytes) -> int:
        if len(_needed(aid, "an AID")) > _MAX_AID:
            raise RequestError(f"an AID has at most {_MAX_AID} bytes, not {len(aid)}")
        try:
            channel = open_channel(self._transmit)
        except NoChannelError as error:
            raise RequestError(f"no channel is free: {error.answer.hex().upper()}") from error
        select = Command(class_of(channel, proprietary=False), _SELECT, _BY_AID, 0, aid)
        answer = self._transmit(bytes(select))
        if answer[-2] == _MORE_DATA or answer[-2:] == SW.OK.to_bytes(2):
            return channel
        self._close(bytes([channel]))
        raise RequestError(f"{aid.hex().upper()} cannot be selected: {answer.hex().upper()}")

    def _close(self, param: bytes) -> None:
        if len(_needed(param, "a channel")) != 1:
            raise RequestError(f"a channel is one byte, not {param.hex().upper()}")
        answer = close_channel(self._transmit, param[0])
        if answer != SW.OK.to_bytes(2):
            raise RequestError(f"channel {param[0]} cannot be closed: {answer.hex().upper()}")

    def _transmit(self, apdu: bytes) -> bytes:
        answer = self._card.transmit(apdu)
        self._observer.answered(apdu, answer)
        return answer


def line_type(line: bytes) -> str | None:
    """The type of a line; None if it is not a JSON object with a type."""
    try:
        found = json.loads(line)["type"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _request(line: bytes) -> tuple[Function, bytes]:
    """The function that a line requests, and its parameter. Raises RequestError."""
    if len(line) > MAX_LINE:
        raise RequestError(f"a line is longer than {MAX_LINE} bytes")
    if line_type(line) == HTTP:
        raise RequestError("only APDUs are supported here, not HTTP; set LPAC_HTTP=curl")
    try:
        payload = _payload(json.loads(line))
        param = payload.get("param") or ""
        return Function(payload["func"]), bytes.fromhex(param)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RequestError(f"{_shown(line)} is not a request of lpac's stdio driver") from error


def _payload(request: Any) -> Any:
    if request["type"] != APDU:
        raise ValueError(request["type"])
    return request["payload"]


def _shown(line: bytes) -> str:
    return ascii(line.decode(errors="replace").strip())[:80]


def _needed(param: bytes, what: str) -> bytes:
    if not param:
        raise RequestError(f"the request lacks {what}")
    return param
