"""What a command on a SIM came to, in words: names of files, PINs and outcomes, never a secret."""

from __future__ import annotations

from apdu import Command, Response
from apdu.names import WITH_PINS
from euicc_sim.uicc.sim import pin_name
from euicc_sim.uicc.view import View

_READS, _WRITES = frozenset((0xB0, 0xB2, 0xA2, 0xCB)), frozenset((0xD6, 0xDC, 0xDB))
_RECORDS = frozenset((0xB2, 0xDC))
_AUTHENTICATE, _GET_IDENTITY = 0x88, 0x78
_ABSOLUTE = 0x04
_IS_3G = 0x01
_SYNCHRONISATION_FAILURE = 0xDC


def selected(view: View) -> str:
    """The name of what is selected."""
    path = view.directory if view.file is None else view.file
    return view.sim.tree.files[path].label


def in_words(view: View, command: Command, response: Response) -> str:
    """What a command did that was not refused."""
    if command.ins in WITH_PINS:
        return _of_pin(command, response)
    if command.ins == _AUTHENTICATE:
        return f"{_application(view)}, {_of_authentication(command, response)}"
    if command.ins == _GET_IDENTITY:
        return f"{_application(view)}, SUCI of {len(response.data)} bytes"
    name = selected(view)
    if command.ins in _RECORDS:
        is_absolute = command.p2 & 0x07 == _ABSOLUTE and command.p1
        name += f", record {command.p1 if is_absolute else view.record}"
    if command.ins in _READS:
        return f"{name}, {_bytes(response.data)}"
    if command.ins in _WRITES:
        return f"{name}, {_bytes(command.data)}"
    return name


def _of_pin(command: Command, response: Response) -> str:
    name = pin_name(command.p2)
    if response.sw & 0xFFF0 == 0x63C0:
        left = response.sw & 0x0F
        return f"{name} has {left} tr{'y' if left == 1 else 'ies'} left"
    done = {0x20: "verified", 0x24: "changed", 0x26: "disabled", 0x28: "enabled"}
    return f"{name} {done.get(command.ins, 'unblocked')}"


def _of_authentication(command: Command, response: Response) -> str:
    if not command.p2 & _IS_3G:
        return "GSM context: authenticated"
    if response.data[:1] == bytes((_SYNCHRONISATION_FAILURE,)):
        return "the sequence number is not accepted: AUTS asks the network to synchronise"
    return "network and SIM authenticated"


def _application(view: View) -> str:
    path = view.application or view.directory
    return view.sim.tree.files[path].label


def _bytes(data: bytes) -> str:
    return f"{len(data)} byte{'' if len(data) == 1 else 's'}"
