"""GET IDENTITY: the subscriber's identity, concealed (SUCI).

ETSI TS 102 221 clause 11.1.28, 3GPP TS 31.102 clauses 4.4.11.8 and 7.5, TS 24.501 clause 9.11.3.4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from apdu import SW, Command, Response, StatusError, TlvError, tlv
from apdu.bcd import digits, swapped
from apdu.tlv import children, read
from euicc_sim.crypto.signature import UnusableKeyError
from euicc_sim.crypto.suci import Scheme, conceal
from euicc_sim.formats.saip import File
from euicc_sim.uicc.authentication import USIM, check_pin, has_service
from euicc_sim.uicc.sim import Sim
from euicc_sim.uicc.view import View

SUCI = 0x01
SUCI_CALCULATION, BY_USIM = 124, 125
EF_IMSI, EF_AD = b"\x6f\x07", b"\x6f\xad"
CALC_INFO_OF_USIM, CALC_INFO = b"\x5f\xd0\x4f\x01", b"\x5f\xc0\x4f\x07"
ROUTING_INDICATOR = b"\x5f\xc0\x4f\x0a"
_NO_ROUTING_INDICATOR = b"\xf0\xff"
_SUPI_IS_IMSI = 0x01
_PRIORITIES, _KEYS = 0xA0, 0xA1
_KEY_IDENTIFIER, _PUBLIC_KEY = 0x80, 0x81
_MCC = 3


class _Choice(NamedTuple):
    """The scheme to conceal with, and the home network's key."""

    scheme: Scheme
    identifier: int = 0
    key: bytes = b""


def get_identity(view: View, command: Command) -> Response:
    """GET IDENTITY in the SUCI context."""
    if command.p1 or command.p2 != SUCI:
        raise StatusError(SW.WRONG_P1P2, "P1 P2 of GET IDENTITY are 00 01, for a SUCI")
    application = None if view.application is None else view.sim.tree.files[view.application]
    if application is None or not application.name.startswith(USIM):
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED, "no USIM is selected: SELECT it by its AID first"
        )
    for service in (SUCI_CALCULATION, BY_USIM):
        if not has_service(view.sim, application, service):
            raise StatusError(
                SW.CONDITIONS_NOT_SATISFIED,
                f"service {service} of EF.UST is off: this USIM does not calculate a SUCI",
            )
    check_pin(view.sim, application)
    return Response(tlv(0xA1, suci(view.sim, application)))


def suci(sim: Sim, application: File) -> bytes:
    """A SUCI of the IMSI as in TS 24.501 from octet 4 on; fresh each time. Raises StatusError."""
    imsi = _imsi(_content(sim, application, EF_IMSI))
    mnc_size = _content(sim, application, EF_AD)[3:4]
    mcc, rest = imsi[:_MCC], imsi[_MCC:]
    mnc, msin = rest[: 3 if mnc_size == b"\x03" else 2], rest[3 if mnc_size == b"\x03" else 2 :]
    network = _packed(mcc + (mnc[2] if len(mnc) > 2 else "f") + mnc[:2])
    routing = _content(sim, application, ROUTING_INDICATOR)[:2] or _NO_ROUTING_INDICATOR
    wanted = _choice(sim, application)
    try:
        output = conceal(wanted.scheme, wanted.key, _packed(msin), sim.random)
    except UnusableKeyError as error:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED, f"the home network's key cannot be used: {error}"
        ) from error
    head = bytes((_SUPI_IS_IMSI,)) + network + routing
    return head + bytes((wanted.scheme, wanted.identifier)) + output


def _content(sim: Sim, application: File, path: bytes) -> bytes:
    file = sim.tree.files.get(application.path + path)
    return b"" if file is None else sim.content(file)


def _imsi(content: bytes) -> str:
    """The digits of EF.IMSI: after the length, the first has the parity beside it."""
    size = content[0] if content else 0
    imsi = digits(content[1 : 1 + size])[1:]
    if not 6 <= len(imsi) <= 15 or not imsi.isdecimal():
        raise StatusError(SW.CONDITIONS_NOT_SATISFIED, "EF.IMSI has no IMSI")
    return imsi


def _packed(number: str) -> bytes:
    """Digits, two in a byte."""
    return swapped(bytes.fromhex(number + "f" * (len(number) % 2)))


def _choice(sim: Sim, application: File) -> _Choice:
    """The first scheme of EF.SUCI_Calc_Info that can be used; the null scheme without any."""
    info = _content(sim, application, CALC_INFO_OF_USIM) or _content(sim, application, CALC_INFO)
    try:
        priorities, keys = _lists(info)
    except TlvError as error:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED, f"EF.SUCI_Calc_Info cannot be read: {error}"
        ) from error
    for scheme, index in zip(priorities[::2], priorities[1::2], strict=False):
        if scheme == Scheme.NULL:
            break
        if scheme in tuple(Scheme) and 1 <= index <= len(keys):
            return _Choice(Scheme(scheme), *keys[index - 1])
    return _Choice(Scheme.NULL)


def _lists(info: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
    """The schemes with the indices of their keys in order of priority, and the keys."""
    priorities, keys = b"", list[tuple[int, bytes]]()
    at = 0
    while at < len(info) and info[at] != 0xFF:
        item = read(info, at)
        at, value = item.end, info[item.value : item.end]
        if item.tag == _PRIORITIES:
            priorities = value
        elif item.tag == _KEYS:
            identifier = 0
            for one in children(value):
                if one.tag == _KEY_IDENTIFIER:
                    identifier = int.from_bytes(value[one.value : one.end]) & 0xFF
                elif one.tag == _PUBLIC_KEY:
                    keys.append((identifier, value[one.value : one.end]))
    return priorities, keys


COMMANDS: dict[int, Callable[[View, Command], Response]] = {
    0x78: get_identity,
}
