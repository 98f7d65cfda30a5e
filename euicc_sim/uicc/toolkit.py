"""The card application toolkit, as far as a switch of Profiles needs it (ETSI TS 102 223).

TERMINAL PROFILE makes the terminal known; what the card asks of it waits until FETCH, and every
9000 says 91 LL meanwhile. TERMINAL RESPONSE tells how it went. The card has no applets: an ENVELOPE
that the SIM does not answer is taken and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from apdu import SW, Command, Response, StatusError, TlvError
from apdu.tlv import children, tlv, whole
from euicc_sim.model.state import Switches
from euicc_sim.model.volatile import Proactive, Toolkit

_PROACTIVE, _DETAILS, _DEVICES, _RESULT, _DURATION = 0xD0, 0x81, 0x82, 0x83, 0x84
_COMPREHENSION = 0x80
_NUMBER = 0x01
_UICC_RESET = 0x04
_CARD_TO_TERMINAL = bytes.fromhex("8182")
_SECONDS = 0x01
_LAST_SUCCESS = 0x0F


class Outcome(NamedTuple):
    """The toolkit after a command, the response, and a line for people."""

    toolkit: Toolkit
    response: Response
    said: str


Answer = Callable[[Toolkit, Switches, Command], Outcome]


def encoded(one: Proactive, switches: Switches) -> bytes:
    """A proactive command as FETCH returns it: the card to the terminal, all tags mandatory."""
    more = b""
    if one is Proactive.POLL_INTERVAL:
        more = tlv(_DURATION, bytes((_SECONDS, switches.poll_interval)))
    return tlv(_PROACTIVE, tlv(_DETAILS, _details(one)), tlv(_DEVICES, _CARD_TO_TERMINAL), more)


def _details(one: Proactive) -> bytes:
    """Number, type and qualifier; after a switch the terminal is to reset the UICC."""
    return bytes((_NUMBER, one.value, _UICC_RESET if one is Proactive.REFRESH else 0))


def announced(response: Response, toolkit: Toolkit, switches: Switches) -> Response:
    """A response with 91 LL in place of 9000 while a proactive command waits."""
    if response.sw == SW.OK and toolkit.waiting:
        return response._replace(sw=0x9100 | len(encoded(toolkit.waiting[0], switches)))
    return response


def terminal_profile(toolkit: Toolkit, switches: Switches, command: Command) -> Outcome:
    """TERMINAL PROFILE, ETSI TS 102 221 11.2.1: from now on the card may ask for something."""
    if not command.data:
        raise StatusError(SW.WRONG_LENGTH, "TERMINAL PROFILE has at least one byte")
    said = f"{len(command.data)} bytes"
    if not switches.toolkit:
        said = f"{said}; this card asks for nothing (card set --toolkit)"
    elif not toolkit.ready:
        toolkit = replace(toolkit, ready=True)
        if switches.poll_interval:
            toolkit = toolkit.asking(Proactive.POLL_INTERVAL)
    return Outcome(toolkit, Response(), said)


def fetch(toolkit: Toolkit, switches: Switches, command: Command) -> Outcome:
    """FETCH, ETSI TS 102 221 11.2.3: the command that waits, which Le must fit exactly."""
    if not toolkit.waiting:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            "no proactive command waits",
            "FETCH follows a status word 91XX",
        )
    first, *rest = toolkit.waiting
    content = encoded(first, switches)
    if command.ne != len(content):
        raise StatusError(0x6C00 | len(content), f"{first} has {len(content)} bytes")
    toolkit = replace(toolkit, waiting=tuple(rest), fetched=first)
    return Outcome(toolkit, Response(content), str(first))


def terminal_response(toolkit: Toolkit, switches: Switches, command: Command) -> Outcome:
    """TERMINAL RESPONSE, ETSI TS 102 221 11.2.4: how the fetched command went."""
    del switches
    fetched = toolkit.fetched
    if fetched is None:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            "no proactive command was fetched",
            "TERMINAL RESPONSE follows FETCH",
        )
    given = _fields(command.data)
    if given.get(_DETAILS) != _details(fetched):
        due = tlv(_DETAILS, _details(fetched)).hex().upper()
        raise StatusError(SW.WRONG_DATA, f"TERMINAL RESPONSE to {fetched} must begin with {due}")
    result = given.get(_RESULT)
    if not result:
        raise StatusError(SW.WRONG_DATA, "TERMINAL RESPONSE has no result (tag 83)")
    went = "done" if result[0] <= _LAST_SUCCESS else "the terminal could not perform it"
    said = f"{fetched}: {went} (result {result[0]:02X})"
    return Outcome(replace(toolkit, fetched=None), Response(), said)


def envelope(toolkit: Toolkit, switches: Switches, command: Command) -> Outcome:
    """ENVELOPE, ETSI TS 102 221 11.2.2: one not for the SIM changes nothing."""
    del switches
    try:
        tag = whole(command.data).tag
    except TlvError as error:
        raise StatusError(SW.WRONG_DATA, f"ENVELOPE is not a single TLV object: {error}") from error
    return Outcome(toolkit, Response(), f"{tag:02X} of {len(command.data)} bytes changes nothing")


COMMANDS: dict[int, Answer] = {
    0x10: terminal_profile,
    0x12: fetch,
    0x14: terminal_response,
}
"""By INS; an ENVELOPE may be for the SIM."""


def _fields(data: bytes) -> dict[int, bytes]:
    """COMPREHENSION-TLV objects by tag, with the flag set. Raises StatusError 6A80."""
    try:
        found = children(data)
    except TlvError as error:
        raise StatusError(SW.WRONG_DATA, f"not a list of TLV objects: {error}") from error
    return {one.tag | _COMPREHENSION: data[one.value : one.end] for one in found}
