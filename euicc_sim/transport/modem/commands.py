"""What a modem answers: the table of AT commands (3GPP TS 27.007), and what they change.

A handler gets the modem and one command, and returns the lines of its answer; it fails by raising
`AtError`. The final result code is made in one place, `Modem.answer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from apdu.bcd import digits
from apdu.cla import on_channel
from euicc_sim.transport.modem.sim import (
    EF_DIR,
    EF_ICCID,
    EF_IMSI,
    MAX_AID,
    Answer,
    Sim,
)
from euicc_sim.transport.modem.syntax import (
    At,
    AtError,
    Cme,
    Form,
    NotACommandError,
    commands,
)
from euicc_sim.transport.vpcd import Control, Observer, PoweredCard, pauses

OK, ERROR = "OK", "ERROR"
MANUFACTURER, MODEL = "euicc-sim", "Virtual modem"
IMEI = "001010000000008"
"""Of the test range 00 10 10 (GSMA TS.06), with its check digit."""

_MAX_APDU = 7 + 0xFFFF + 2
_SHORTEST_APDU = 4
_MAX_SESSIONS = 19
_PROACTIVE_AT_MOST = 16
_BLANK = b"\xff"
_FILE_ID_SIZE = 2
_READ_BINARY, _READ_RECORD, _GET_RESPONSE = 176, 178, 192
_UPDATE_BINARY, _UPDATE_RECORD, _STATUS = 214, 220, 242
_RETRIEVE_DATA, _SET_DATA = 203, 219
_RESTRICTED = frozenset(
    (
        _READ_BINARY,
        _READ_RECORD,
        _GET_RESPONSE,
        _UPDATE_BINARY,
        _UPDATE_RECORD,
        _STATUS,
        _RETRIEVE_DATA,
        _SET_DATA,
    )
)
"""The instructions of +CRSM, TS 27.007 clause 8.18."""
_PROPRIETARY_CLASS = frozenset((_STATUS, _RETRIEVE_DATA, _SET_DATA))
_PARENTS = {
    0x6F: (b"\x7f\xff", b"\x7f\x10", b"\x7f\x20"),
}
"""Where +CRSM finds a file without a path, by the first byte of its identifier.

Files with another first byte are below the MF.
"""
_BELOW_THE_MF = (b"",)
_MF = b"\x3f\x00"

Handler = Callable[["Modem", At], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Habits:
    """In which modems differ.

    `bare_session` answers +CCHO with the number alone, as before Release 9; `get_response` fetches
    what 61XX announces before it answers +CGLA and +CSIM.
    """

    bare_session: bool = False
    get_response: bool = False


class Modem:
    """Answers command lines with one card, which it has powered on.

    `version` is what +CGMR says.
    """

    def __init__(
        self, card: PoweredCard, observer: Observer, habits: Habits | None = None, version: str = ""
    ) -> None:
        self._card = card
        self._observer = observer
        self.habits = habits or Habits()
        self.version = version
        self.sim = Sim(self._transmit)
        self.echo = True
        self.verbosity = 0
        self.is_on = False
        self.sessions: dict[int, int] = {}
        self._waiting = 0

    def power_on(self) -> None:
        """Power the card on, or reset it, and make the terminal known."""
        self.sessions.clear()
        self._card.reset()
        self._observer.powered(Control.RESET if self.is_on else Control.POWER_ON)
        self.is_on = True
        self.sim.announce()
        self._do_what_waits()

    def power_off(self) -> None:
        """Power the card off."""
        self.sessions.clear()
        self._waiting = 0
        self._card.power_off()
        if self.is_on:
            self._observer.powered(Control.POWER_OFF)
        self.is_on = False

    def answer(self, line: str) -> Iterator[tuple[str, ...]]:
        """The answer to a command line; nothing if it does not begin with AT.

        For each command that says something there is a group of lines; the last one is the final
        result code.
        """
        if line[:2].upper() != "AT":
            return
        try:
            for at in commands(line[2:]):
                if said := self._answered(at):
                    yield said
        except NotACommandError:
            yield (ERROR,)
        except AtError as error:
            yield (self._failed(error.cme),)
        else:
            yield (OK,)

    def paused(self, seconds: float) -> None:
        """Nothing has come for so many seconds."""
        pauses(self._card, self._observer)(seconds)

    def defaults(self) -> None:
        """As after power-on, but for the card."""
        self.echo = True
        self.verbosity = 0

    def send(self, command: bytes) -> Answer:
        """Send a command of the user's, as far as its form allows. Raises AtError."""
        self.check_on()
        if len(command) < _SHORTEST_APDU:
            raise AtError(Cme.INCORRECT_PARAMETERS)
        return self.sim.send_whole(command) if self.habits.get_response else self.sim.send(command)

    def check_on(self) -> None:
        """Raise AtError if the card has no power."""
        if not self.is_on:
            raise AtError(Cme.NOT_ALLOWED)

    def _answered(self, at: At) -> tuple[str, ...]:
        handler = HANDLERS.get((at.name, at.form))
        if handler is None:
            raise NotACommandError(at.name) if at.name not in _NAMES else AtError(Cme.NOT_SUPPORTED)
        lines = tuple(handler(self, at))
        self._do_what_waits()
        return lines

    def _failed(self, cme: Cme) -> str:
        if self.verbosity == 0:
            return ERROR
        return f"+CME ERROR: {cme.words if self.verbosity > 1 else int(cme)}"

    def _transmit(self, apdu: bytes) -> bytes:
        answer = self._card.transmit(apdu)
        self._observer.answered(apdu, answer)
        self._waiting = answer[-1] if answer[-2] == 0x91 else 0
        return answer

    def _do_what_waits(self) -> None:
        """Fetch proactive commands and do them; a REFRESH may reset the card, and end sessions."""
        for _ in range(_PROACTIVE_AT_MOST):
            if not self._waiting:
                return
            if self.sim.wants_reset(self._waiting):
                self.power_on()
                return


HANDLERS: dict[tuple[str, Form], Handler] = {}
"""The table: by name and form."""
_NAMES: set[str] = set()


def _on(name: str, *forms: Form) -> Callable[[Handler], Handler]:
    """Enter a handler for those forms of a command; its test form says OK unless it is entered."""

    def enter(handler: Handler) -> Handler:
        for form in forms or (Form.EXECUTE,):
            HANDLERS[name, form] = handler
        if name.startswith("+"):
            HANDLERS.setdefault((name, Form.TEST), lambda modem, at: ())
        _NAMES.add(name)
        return handler

    return enter


def _test(name: str, answer: str) -> None:
    """What the test form of a command says."""
    HANDLERS[name, Form.TEST] = lambda modem, at: (f"{name}: {answer}",)


# -- the modem itself


@_on("E")
def _echo(modem: Modem, at: At) -> Iterable[str]:
    modem.echo = bool(at.number(0, 0, most=1))
    return ()


@_on("Z")
@_on("&F")
def _defaults(modem: Modem, at: At) -> Iterable[str]:
    at.number(0, 0, most=0)
    modem.defaults()
    return ()


@_on("I")
def _identification(modem: Modem, at: At) -> Iterable[str]:
    del at
    return MANUFACTURER, MODEL, f"Revision: {modem.version}"


@_on("+CGMI")
def _manufacturer(modem: Modem, at: At) -> Iterable[str]:
    del modem, at
    return (MANUFACTURER,)


@_on("+CGMM")
def _model(modem: Modem, at: At) -> Iterable[str]:
    del modem, at
    return (MODEL,)


@_on("+CGMR")
def _revision(modem: Modem, at: At) -> Iterable[str]:
    del at
    return (modem.version,)


@_on("+CGSN", Form.EXECUTE, Form.SET)
def _serial_number(modem: Modem, at: At) -> Iterable[str]:
    """+CGSN=1 is the IMEI with the name of the command, clause 5.4."""
    del modem
    wanted = at.number(0, 0, most=1)
    return (f'+CGSN: "{IMEI}"' if wanted else IMEI,)


@_on("+CLAC")
def _commands(modem: Modem, at: At) -> Iterable[str]:
    del modem, at
    return [f"AT{name}" for name in sorted(_NAMES)]


@_on("+CMEE", Form.SET, Form.READ)
def _errors(modem: Modem, at: At) -> Iterable[str]:
    if at.form is Form.READ:
        return (f"+CMEE: {modem.verbosity}",)
    at.takes(0, 1)
    modem.verbosity = at.number(0, 0, most=2)
    return ()


@_on("+CFUN", Form.SET, Form.READ)
def _functionality(modem: Modem, at: At) -> Iterable[str]:
    if at.form is Form.READ:
        return (f"+CFUN: {int(modem.is_on)}",)
    at.takes(0, 2)
    wanted, reset = at.number(0, 1, most=1), at.number(1, 0, most=1)
    if reset:
        modem.defaults()
        modem.power_off()
    if not wanted:
        modem.power_off()
    elif not modem.is_on:
        modem.power_on()
    return ()


# -- the SIM


@_on("+CPIN", Form.READ, Form.SET)
def _pin(modem: Modem, at: At) -> Iterable[str]:
    modem.check_on()
    if at.form is Form.READ:
        return (f"+CPIN: {_pin_state(modem.sim)}",)
    at.takes(1, 2)
    _check_sim(modem.sim)
    code, new = at.text(0).encode(), at.text(1).encode()
    if not code.isdigit() or (new and not new.isdigit()):
        raise AtError(Cme.INCORRECT_PARAMETERS)
    if new:
        modem.sim.unblock(code, new)
    else:
        modem.sim.verify(code)
    return ()


def _pin_state(sim: Sim) -> str:
    try:
        sim.read(EF_IMSI)
    except AtError as error:
        if error.cme is Cme.PIN_REQUIRED:
            return "SIM PIN"
        if error.cme is Cme.PUK_REQUIRED:
            return "SIM PUK"
        raise
    return "READY"


def _check_sim(sim: Sim) -> None:
    """Raise AtError if there is no SIM; a PIN that is missing is none."""
    try:
        sim.read(EF_IMSI)
    except AtError as error:
        if error.cme not in (Cme.PIN_REQUIRED, Cme.PUK_REQUIRED):
            raise


@_on("+CIMI")
def _imsi(modem: Modem, at: At) -> Iterable[str]:
    """EF.IMSI, 3GPP TS 31.102 clause 4.2.2: a length, the parity, then the digits."""
    del at
    modem.check_on()
    content = modem.sim.read(EF_IMSI)
    imsi = digits(content[1 : 1 + content[0]])[1:]
    if not imsi.isdecimal():
        raise AtError(Cme.SIM_FAILURE)
    return (imsi,)


@_on("+CCID")
def _iccid(modem: Modem, at: At) -> Iterable[str]:
    """EF.ICCID, ETSI TS 102 221 clause 13.2."""
    del at
    modem.check_on()
    content = modem.sim.read(EF_ICCID)
    if not content.strip(_BLANK):
        raise AtError(Cme.SIM_NOT_INSERTED)
    return (f"+CCID: {digits(content)}",)


@_on("+CUAD")
def _applications(modem: Modem, at: At) -> Iterable[str]:
    """The content of EF.DIR, clause 8.48."""
    del at
    modem.check_on()
    records = modem.sim.records(EF_DIR)
    return (f"+CUAD: {b''.join(records).hex().upper()}",)


@_on("+CRSM", Form.SET)
def _restricted_access(modem: Modem, at: At) -> Iterable[str]:
    """Clause 8.18: select a file, then one command on it, with the numbers of the command APDU."""
    at.takes(1, 7)
    modem.check_on()
    ins = at.number(0, most=255)
    if ins not in _RESTRICTED:
        raise AtError(Cme.NOT_SUPPORTED)
    file = at.number(1, 0, most=0xFFFF)
    p1, p2, p3 = (at.number(index, 0, most=255) for index in (2, 3, 4))
    data, path = at.octets(5, most=255), at.octets(6, most=16)
    if not file and ins != _STATUS:
        raise AtError(Cme.INCORRECT_PARAMETERS)
    if file:
        selected = _selected(modem.sim, file.to_bytes(_FILE_ID_SIZE), path)
        if ins == _GET_RESPONSE or not selected.is_ok:
            return (_restricted_answer(selected),)
    if data and p3 != len(data):
        raise AtError(Cme.INCORRECT_PARAMETERS)
    cla = 0x80 if ins in _PROPRIETARY_CLASS else 0x00
    head = bytes((cla, ins, p1, p2))
    body = bytes((len(data),)) + data if data else bytes((p3,))
    return (_restricted_answer(modem.sim.send_whole(head + body)),)


def _selected(sim: Sim, file: bytes, path: bytes) -> Answer:
    """Select a file by its path from the MF, or where such files are."""
    given = (path.removeprefix(_MF),)
    for parent in given if path else _PARENTS.get(file[0], _BELOW_THE_MF):
        answer = sim.select(parent + file)
        if answer.is_ok:
            break
    return answer


def _restricted_answer(answer: Answer) -> str:
    sw1, sw2 = divmod(answer.sw, 0x100)
    data = f',"{answer.data.hex().upper()}"' if answer.data else ""
    return f"+CRSM: {sw1},{sw2}{data}"


@_on("+CSIM", Form.SET)
def _generic_access(modem: Modem, at: At) -> Iterable[str]:
    """Clause 8.17: a command APDU as it is."""
    at.takes(2, 2)
    return (_generic_answer("+CSIM", modem.send(_apdu(at, 0))),)


# -- logical channels


@_on("+CCHO", Form.SET)
def _open(modem: Modem, at: At) -> Iterable[str]:
    """Clause 8.45: open a channel with an application; its session is a number of the modem's."""
    at.takes(1, 1)
    modem.check_on()
    aid = at.octets(0, most=MAX_AID)
    if not aid:
        raise AtError(Cme.INCORRECT_PARAMETERS)
    channel = modem.sim.open(aid)
    session = next(one for one in range(1, _MAX_SESSIONS + 2) if one not in modem.sessions)
    modem.sessions[session] = channel
    return (str(session) if modem.habits.bare_session else f"+CCHO: {session}",)


@_on("+CCHC", Form.SET)
def _close(modem: Modem, at: At) -> Iterable[str]:
    """Clause 8.46."""
    at.takes(1, 1)
    modem.check_on()
    session = at.number(0)
    modem.sim.close(_channel(modem, session))
    del modem.sessions[session]
    return ("+CCHC",)


@_on("+CGLA", Form.SET)
def _channel_access(modem: Modem, at: At) -> Iterable[str]:
    """Clause 8.43: a command APDU, whose class byte the modem sets to the session's channel."""
    at.takes(3, 3)
    modem.check_on()
    channel = _channel(modem, at.number(0))
    return (_generic_answer("+CGLA", modem.send(on_channel(_apdu(at, 1), channel))),)


def _channel(modem: Modem, session: int) -> int:
    if session not in modem.sessions:
        raise AtError(Cme.INVALID_INDEX)
    return modem.sessions[session]


def _apdu(at: At, index: int) -> bytes:
    """Length in hexadecimal digits, and command."""
    length, command = at.number(index), at.octets(index + 1, most=_MAX_APDU)
    if length != 2 * len(command) or len(command) < _SHORTEST_APDU:
        raise AtError(Cme.INCORRECT_PARAMETERS)
    return command


def _generic_answer(name: str, answer: Answer) -> str:
    text = bytes(answer).hex().upper()
    return f'{name}: {len(text)},"{text}"'


_test("+CFUN", "(0,1),(0,1)")
_test("+CMEE", "(0-2)")
_test("+CGSN", "(0,1)")
