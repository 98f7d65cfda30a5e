"""Remote file management by SMS: ENVELOPE (SMS-PP download) with a command packet.

3GPP TS 31.115 and ETSI TS 102 225 for the packet, TS 102 226 for the commands in it, in the compact
format. Keys and TARs are those of the Profile's package. The proof of receipt is the answer to
ENVELOPE; it is not sent by SMS-SUBMIT.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, unique
from hmac import compare_digest
from typing import NamedTuple

from apdu import SW, Command, Response, StatusError, TlvError
from apdu.tlv import children, whole
from euicc_sim.crypto.ota import OtaCipher, cipher_of
from euicc_sim.formats.saip import RemoteFiles, RemoteKey
from euicc_sim.uicc import files
from euicc_sim.uicc.selection import found as selected_file
from euicc_sim.uicc.sim import Sim
from euicc_sim.uicc.view import View

SMS_PP = 0xD1
_TPDU = (0x0B, 0x8B)
_UDHI = 0x40
_COMMAND, _RESPONSE = b"\x70\x00", bytes.fromhex("027100")
_KIC, _KID = 1, 2
_CHECKSUM = 8
_CRYPTOGRAPHIC = 0x02
_HEAD = 8
_COUNTER = 5
_FULL_ACCESS = 0x00
_SELECT, _GET_RESPONSE = 0xA4, 0xC0
_ALLOWED = {ins: files.COMMANDS[ins] for ins in (0xB0, 0xB2, 0xA2, 0xD6, 0xDC, 0x32, 0x04, 0x44)}


@unique
class Status(IntEnum):
    """The status code of a response packet (ETSI TS 102 225 table 5)."""

    OK = 0x00
    CHECKSUM_FAILED = 0x01
    COUNTER_LOW = 0x02
    COUNTER_HIGH = 0x03
    CIPHERING_ERROR = 0x05
    SECURITY_ERROR = 0x06
    TAR_UNKNOWN = 0x09
    INSUFFICIENT_SECURITY = 0x0A


class Received(NamedTuple):
    """The response to ENVELOPE, and a line for people."""

    response: Response
    said: str


class _RefusedError(Exception):
    def __init__(self, status: Status, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Packet:
    """A command packet, still ciphered: `head` is CPL to TAR, `rest` what follows."""

    head: bytes
    rest: bytes

    @property
    def spi(self) -> tuple[int, int]:
        return self.head[3], self.head[4]

    @property
    def tar(self) -> bytes:
        return self.head[7:10]

    def key(self, sim: Sim, identifier: int) -> RemoteKey | None:
        """The key that KIc or KID names: its version there, and which of the two it is."""
        version = self.head[4 + identifier] >> 4
        return sim.tree.contents.remote_keys.get((version, identifier))

    @property
    def counted(self) -> bytes:
        """What its counter belongs to: the version of KID."""
        return bytes((self.head[6] >> 4,))

    @property
    def integrity(self) -> int:
        """Nothing, a redundancy check, a cryptographic checksum, a digital signature."""
        return self.spi[0] & 0x03

    @property
    def has_checksum(self) -> bool:
        return self.integrity == _CRYPTOGRAPHIC

    @property
    def is_ciphered(self) -> bool:
        return bool(self.spi[0] & 0x04)


def is_sms_pp(data: bytes) -> bool:
    """Whether an ENVELOPE brings a short message for the SIM."""
    return data[:1] == bytes((SMS_PP,))


def receive(sim: Sim, data: bytes) -> Received:
    """Do what a short message asks for. Raises StatusError 6A80 if it is not a command packet.

    Whatever is refused is told in the proof of receipt, if one is asked for.
    """
    packet = _packet(data)
    kic, kid = packet.key(sim, _KIC), packet.key(sim, _KID)
    name = f"remote file management, TAR {packet.tar.hex().upper()}"
    try:
        plain = _opened(sim, packet, kic, kid)
        managed = _managed(sim, packet)
        executed = _executed(sim, managed, plain)
    except _RefusedError as error:
        said = f"{name}: refused, {error}"
        return Received(_proof(packet, error.status, b"", kic, kid), said)
    said = f"{name}: {executed[0]} commands, the last {executed[1:3].hex().upper()}"
    return Received(_proof(packet, Status.OK, executed, kic, kid), said)


# -- the packet


def _packet(data: bytes) -> _Packet:
    """The command packet in the user data of an SMS-DELIVER."""
    try:
        outer = whole(data)
        tpdu = next(
            data[one.value : one.end] for one in children(data, outer.value) if one.tag in _TPDU
        )
    except (TlvError, StopIteration) as error:
        raise StatusError(SW.WRONG_DATA, "an SMS-PP download without an SMS TPDU") from error
    user = _user_data(tpdu)
    size = user[0] + 1 if user else 0
    packet = user[size:]
    if not tpdu[0] & _UDHI or _COMMAND not in user[1:size] or len(packet) < _HEAD + 2:
        raise StatusError(SW.WRONG_DATA, "the short message is not a command packet (IEI 70)")
    if int.from_bytes(packet[:2]) != len(packet) - 2:
        raise StatusError(SW.WRONG_DATA, "the length of the command packet (CPL) is wrong")
    return _Packet(packet[: _HEAD + 2], packet[_HEAD + 2 :])


def _user_data(tpdu: bytes) -> bytes:
    """TP-UD: after the address, TP-PID, TP-DCS, TP-SCTS (7 bytes) and TP-UDL."""
    at = 3 + (tpdu[1] + 1) // 2 + 9 if len(tpdu) > 1 else 0
    if not at or at >= len(tpdu) or tpdu[at] != len(tpdu) - at - 1:
        raise StatusError(SW.WRONG_DATA, "the SMS TPDU is not an SMS-DELIVER in one piece")
    return tpdu[at + 1 :]


def _opened(sim: Sim, packet: _Packet, kic: RemoteKey | None, kid: RemoteKey | None) -> bytes:
    """Check the security of a packet; the commands in it. Raises _RefusedError."""
    if not any(packet.tar in one.tars for one in sim.tree.contents.remote_files):
        raise _RefusedError(Status.TAR_UNKNOWN, "no application has this TAR")
    if packet.integrity not in (0, _CRYPTOGRAPHIC):
        raise _RefusedError(Status.SECURITY_ERROR, "this card has neither RC nor DS, only CC")
    rest = packet.rest
    if packet.is_ciphered:
        cipher = _cipher(kic, "KIc")
        if not rest or len(rest) % cipher.block:
            raise _RefusedError(Status.CIPHERING_ERROR, "the ciphered data are not whole blocks")
        rest = cipher.deciphered(rest)
    checksum = _CHECKSUM if packet.has_checksum else 0
    if len(rest) < _COUNTER + 1 + checksum:
        raise _RefusedError(Status.SECURITY_ERROR, "the packet is too short")
    counter, padding = rest[:_COUNTER], rest[_COUNTER]
    given, commands = rest[_COUNTER + 1 :][:checksum], rest[_COUNTER + 1 + checksum :]
    if checksum:
        covered = packet.head + rest[: _COUNTER + 1] + commands
        if not compare_digest(_cipher(kid, "KID").checksum(covered), given):
            raise _RefusedError(Status.CHECKSUM_FAILED, "the cryptographic checksum is wrong")
    if padding > len(commands):
        raise _RefusedError(Status.SECURITY_ERROR, "there is more padding than data")
    _check_counter(sim, packet, int.from_bytes(counter))
    return commands[: len(commands) - padding]


def _cipher(key: RemoteKey | None, name: str) -> OtaCipher:
    found = None if key is None else cipher_of(key.kind, key.value)
    if found is None:
        raise _RefusedError(Status.SECURITY_ERROR, f"the Profile has no such {name}")
    return found


def _check_counter(sim: Sim, packet: _Packet, counter: int) -> None:
    """The counter must rise if the packet says so; it is stored before anything is done."""
    mode = packet.spi[0] >> 3 & 0x03
    if mode < 2 or not packet.has_checksum:
        return
    last = sim.state.counters.get(packet.counted, 0)
    if counter <= last:
        raise _RefusedError(Status.COUNTER_LOW, f"counter {counter} is not above {last}")
    if mode == 3 and counter != last + 1:
        raise _RefusedError(Status.COUNTER_HIGH, f"counter {counter} is not {last + 1}")
    sim.change(sim.state.with_counter(packet.counted, counter))


def _managed(sim: Sim, packet: _Packet) -> RemoteFiles:
    """The application of a TAR, whose minimum security level the packet has."""
    managed = next(one for one in sim.tree.contents.remote_files if packet.tar in one.tars)
    first, least = packet.spi[0], managed.security
    enough = (
        first & 0x03 >= least & 0x03
        and first & 0x04 >= least & 0x04
        and first >> 3 & 0x03 >= least >> 3 & 0x03
    )
    if not enough:
        why = f"its security {first:02X} is below the minimum {least:02X}"
        raise _RefusedError(Status.INSUFFICIENT_SECURITY, why)
    return managed


# -- the commands


def _executed(sim: Sim, managed: RemoteFiles, commands: bytes) -> bytes:
    """Execute commands until one is refused: their number, the last status word and its data."""
    view = View(sim, trusted=managed.access == _FULL_ACCESS)
    if managed.aid is not None:
        adf = next((one for one in sim.tree.applications if one.name == managed.aid), None)
        if adf is not None:
            view.go(adf)
    count, at, answer = 0, 0, Response()
    while at < len(commands) and count < 0xFF:
        size = _size(commands, at)
        count += 1
        answer = _one(view, commands[at : at + size], answer)
        at += size
        if answer.sw != SW.OK:
            break
    return bytes((count,)) + answer.sw.to_bytes(2) + answer.data


def _size(commands: bytes, at: int) -> int:
    """The length of the command that begins there: P3 is Lc, or Le of one that only reads."""
    if len(commands) - at < 5:
        return len(commands) - at
    reads = commands[at + 1] in (0xB0, 0xB2, _GET_RESPONSE)
    return 5 if reads else 5 + commands[at + 4]


def _one(view: View, apdu: bytes, before: Response) -> Response:
    try:
        command = Command.parse(apdu)
        if command.ins == _GET_RESPONSE:
            return Response(before.data[: command.ne or 0x100])
        if command.ins == _SELECT:
            return _select(view, command)
        function = _ALLOWED.get(command.ins)
        return Response(sw=SW.WRONG_INS) if function is None else function(view, command)
    except StatusError as error:
        return Response(sw=error.sw)


def _select(view: View, command: Command) -> Response:
    file = selected_file(view, command.p1, command.data)
    if file is None:
        return Response(sw=SW.NOT_FOUND)
    view.go(file)
    return Response(view.fcp(file))


# -- the proof of receipt


def _proof(
    packet: _Packet, status: Status, data: bytes, kic: RemoteKey | None, kid: RemoteKey | None
) -> Response:
    """The response packet if SPI asks for one, with the security it asks for."""
    wish = packet.spi[1]
    if wish & 0x03 == 0 or (wish & 0x03 == 2 and status is Status.OK):
        return Response()
    signer = cipher_of(kid.kind, kid.value) if kid and wish & 0x0C == 0x08 else None
    cipher = cipher_of(kic.kind, kic.value) if kic and wish & 0x10 else None
    checksum = _CHECKSUM if signer else 0
    body = len(data) + _COUNTER + 2 + checksum
    padding = -body % cipher.block if cipher else 0
    data += bytes(padding)
    counted = bytes(_COUNTER) + bytes((padding, status))
    size = 4 + len(counted) + checksum + len(data)
    head = size.to_bytes(2) + bytes((10 + checksum,)) + packet.tar
    given = signer.checksum(_RESPONSE + head + counted + data) if signer else b""
    rest = counted + given + data
    return Response(_RESPONSE + head + (cipher.ciphered(rest) if cipher else rest))
