"""What a modem does with its card by itself: channels, files, the PIN (ETSI TS 102 221, 31.102)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from apdu import SW, Command, StatusError
from apdu.cla import CHAINED, PROPRIETARY, class_of
from apdu.command import SHORT_NE_MAX
from apdu.manage_channel import NoChannelError, close_channel, open_channel
from apdu.tlv import TlvError, children, read, tlv
from euicc_sim.transport.modem.syntax import AtError, Cme

MAX_AID = 16
EF_DIR, EF_ICCID, EF_IMSI = bytes.fromhex("2F00"), bytes.fromhex("2FE2"), bytes.fromhex("7FFF6F07")
PIN_SIZE = 8

_SELECT, _READ_BINARY, _READ_RECORD, _GET_RESPONSE = 0xA4, 0xB0, 0xB2, 0xC0
_VERIFY, _UNBLOCK = 0x20, 0x2C
_BY_AID, _BY_PATH, _WITH_FCP, _WITHOUT_ANSWER = 0x04, 0x08, 0x04, 0x0C
_ABSOLUTE, _PIN1 = 0x04, 0x01
_MORE_DATA, _WRONG_LE = 0x61, 0x6C
_RECORDS_AT_MOST = 254
_USIM = bytes.fromhex("A0000000871002")
"""The RID of 3GPP and the application code (ETSI TS 101 220)."""
_NO_CHANNEL = (SW.FUNCTION_NOT_SUPPORTED, SW.CHANNEL_NOT_SUPPORTED)
_TERMINAL_PROFILE, _FETCH, _TERMINAL_RESPONSE = 0x10, 0x12, 0x14
_PROFILE = bytes.fromhex("0100A0")
"""ETSI TS 102 223 clause 5.2: profile download; POLL INTERVAL and REFRESH."""
_PROACTIVE, _COMMAND_DETAILS, _DEVICE_IDENTITIES, _RESULT = 0xD0, 0x81, 0x82, 0x83
_DETAILS_SIZE = 3
_REFRESH, _POLL_INTERVAL, _UICC_RESET = 0x01, 0x03, 0x04
_DONE, _BEYOND_THE_TERMINAL = 0x00, 0x30
_TERMINAL_TO_UICC = bytes.fromhex("8281")
_ANSWERS_AT_MOST = 1024
"""61XX in a row; at 256 bytes each, they are more than any answer."""


class Answer(NamedTuple):
    """The answer to a command."""

    data: bytes
    sw: int

    @property
    def is_ok(self) -> bool:
        """Whether it was done; 91XX is too, with a proactive command that waits."""
        return self.sw == SW.OK or self.sw >> 8 == 0x91

    def __bytes__(self) -> bytes:
        """Data and status word."""
        return self.data + self.sw.to_bytes(2)


class Sim:
    """A card behind a modem; `transmit` takes a command APDU and returns the response APDU."""

    def __init__(self, transmit: Callable[[bytes], bytes]) -> None:
        self._transmit = transmit

    def send(self, command: bytes) -> Answer:
        """Send one command as it is."""
        answer = self._transmit(command)
        return Answer(answer[:-2], int.from_bytes(answer[-2:]))

    def send_whole(self, command: bytes) -> Answer:
        """Send one command; fetch the rest of its answer, and correct its Le, as the card says."""
        answer = self.send(command)
        if answer.sw >> 8 == _WRONG_LE:
            answer = self.send(_with_le(command, answer.sw & 0xFF))
        cla = command[0] & ~PROPRIETARY & ~CHAINED
        parts = [answer.data]
        while answer.sw >> 8 == _MORE_DATA and len(parts) < _ANSWERS_AT_MOST:
            answer = self.send(bytes((cla, _GET_RESPONSE, 0, 0, answer.sw & 0xFF)))
            parts.append(answer.data)
        return Answer(b"".join(parts), answer.sw)

    def open(self, aid: bytes) -> int:
        """Open a channel and select an application on it; the channel's number. Raises AtError."""
        try:
            channel = open_channel(self._transmit)
        except NoChannelError as error:
            is_full = error.sw in _NO_CHANNEL
            raise AtError(Cme.MEMORY_FULL if is_full else Cme.SIM_FAILURE) from error
        cla = class_of(channel, proprietary=False)
        selected = self.send_whole(bytes(Command(cla, _SELECT, _BY_AID, 0, aid, ne=256)))
        if selected.is_ok:
            return channel
        self.close(channel)
        raise AtError(Cme.NOT_FOUND if selected.sw == SW.NOT_FOUND else Cme.SIM_FAILURE)

    def close(self, channel: int) -> None:
        """Close a channel; one that is closed already is no error."""
        close_channel(self._transmit, channel)

    def announce(self) -> None:
        """Make the terminal known, after a reset: it knows REFRESH and POLL INTERVAL."""
        self.send(bytes(Command(PROPRIETARY, _TERMINAL_PROFILE, 0, 0, _PROFILE)))

    def wants_reset(self, waiting: int) -> bool:
        """Fetch the proactive command of `waiting` bytes, and do it (ETSI TS 102 223 clause 6).

        A REFRESH that resets the UICC is for the modem to do, which is the answer; everything
        else that a modem without a user cannot do is answered so.
        """
        fetched = self.send(bytes((PROPRIETARY, _FETCH, 0, 0, waiting)))
        details = _details(fetched.data)
        if not fetched.is_ok or len(details) != _DETAILS_SIZE:
            return False
        _, kind, qualifier = details
        if kind == _REFRESH and qualifier == _UICC_RESET:
            return True
        result = _DONE if kind in (_REFRESH, _POLL_INTERVAL) else _BEYOND_THE_TERMINAL
        answer = (
            tlv(_COMMAND_DETAILS, details)
            + tlv(_DEVICE_IDENTITIES, _TERMINAL_TO_UICC)
            + tlv(_RESULT, bytes((result,)))
        )
        self.send(bytes(Command(PROPRIETARY, _TERMINAL_RESPONSE, 0, 0, answer)))
        return False

    def select(self, path: bytes) -> Answer:
        """Select a file below the MF on the basic channel; the answer has its FCP.

        7FFF is the USIM, which is selected first where it is not yet.
        """
        select = bytes(Command(0, _SELECT, _BY_PATH, _WITH_FCP, path, ne=256))
        answer = self.send_whole(select)
        if answer.sw == SW.NOT_FOUND and path.startswith(b"\x7f\xff") and self._select_usim():
            answer = self.send_whole(select)
        return answer

    def read(self, path: bytes) -> bytes:
        """A transparent file, from its start, at most 256 bytes. Raises AtError."""
        if not self.select(path).is_ok:
            raise AtError(Cme.SIM_NOT_INSERTED)
        answer = self.send_whole(bytes(Command(0, _READ_BINARY, 0, 0, ne=256)))
        if answer.sw == SW.SECURITY_STATUS_NOT_SATISFIED:
            raise AtError(self.missing_pin())
        if not answer.data:
            raise AtError(Cme.SIM_FAILURE)
        return answer.data

    def records(self, path: bytes) -> list[bytes]:
        """The records of a linear file. Raises AtError."""
        if not self.select(path).is_ok:
            raise AtError(Cme.NOT_FOUND)
        return list(self._records())

    def missing_pin(self) -> Cme:
        """What the card waits for: its PIN, or its PUK if the PIN is blocked."""
        left = self.send(bytes(Command(0, _VERIFY, 0, _PIN1)))
        blocked = left.sw in (SW.AUTHENTICATION_BLOCKED, 0x63C0)
        return Cme.PUK_REQUIRED if blocked else Cme.PIN_REQUIRED

    def verify(self, pin: bytes) -> None:
        """Present PIN 1. Raises AtError."""
        self._present(Command(0, _VERIFY, 0, _PIN1, _padded(pin)))

    def unblock(self, puk: bytes, pin: bytes) -> None:
        """Present the PUK of PIN 1, and set a new PIN. Raises AtError."""
        self._present(Command(0, _UNBLOCK, 0, _PIN1, _padded(puk) + _padded(pin)))

    def _present(self, command: Command) -> None:
        sw = self.send(bytes(command)).sw
        if sw == SW.AUTHENTICATION_BLOCKED or sw == 0x63C0:
            raise AtError(Cme.PUK_REQUIRED)
        if sw & 0xFFF0 == 0x63C0:
            raise AtError(Cme.WRONG_PASSWORD)
        if sw != SW.OK:
            raise AtError(Cme.NOT_ALLOWED)

    def _records(self) -> Iterator[bytes]:
        for number in range(1, _RECORDS_AT_MOST + 1):
            read = Command(0, _READ_RECORD, number, _ABSOLUTE, ne=256)
            answer = self.send_whole(bytes(read))
            if not answer.is_ok:
                return
            yield answer.data

    def _select_usim(self) -> bool:
        """Select the USIM by the part of its AID that all have; false if there is none."""
        select = Command(0, _SELECT, _BY_AID, _WITHOUT_ANSWER, _USIM)
        return self.send_whole(bytes(select)).is_ok


def _with_le(command: bytes, le: int) -> bytes:
    """A command that takes so many bytes; it is as it was where it is not a command APDU."""
    try:
        return bytes(Command.parse(command)._replace(ne=le or SHORT_NE_MAX))
    except StatusError:
        return command


def _padded(pin: bytes) -> bytes:
    if len(pin) > PIN_SIZE:
        raise AtError(Cme.INCORRECT_PARAMETERS)
    return pin.ljust(PIN_SIZE, b"\xff")


def _details(proactive: bytes) -> bytes:
    """The command details of a proactive command: number, type and qualifier; empty without."""
    try:
        command = read(proactive)
        if command.tag != _PROACTIVE:
            return b""
        inside = children(proactive, command.value, command.end)
    except TlvError:
        return b""
    wanted = (one for one in inside if one.tag & 0x7F == _COMMAND_DETAILS & 0x7F)
    return next((proactive[one.value : one.end] for one in wanted), b"")
