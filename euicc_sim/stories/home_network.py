"""The network that the SIM of the enabled Profile attaches to: its half of AKA (3GPP TS 33.102)."""

from __future__ import annotations

from apdu.manage_channel import NoChannelError, close_channel, open_channel
from euicc_sim.crypto.aka import RAND_SIZE, xor
from euicc_sim.crypto.milenage import Milenage
from euicc_sim.env import SystemEnv
from euicc_sim.formats.file_contents import decoded
from euicc_sim.formats.saip.sample import AID, OPC, K
from euicc_sim.parties.messages import Transmit
from euicc_sim.stories.telling import StoryError

_INDICES = 32
_AMF = b"\x80\x00"
_AUTHENTICATED, _OUT_OF_STEP = 0xDB, 0xDC
_AUTS_SIZE = 14
_IMSI_FILE, _IMSI_SIZE = b"\x6f\x07", 9


class HomeNetwork:
    """Knows the key of the test Profiles, and the last sequence number of each subscriber."""

    def __init__(self) -> None:
        """Begin with the lowest sequence numbers; a SIM that has seen higher ones says so."""
        self._env = SystemEnv()
        self._milenage = Milenage(K, OPC)
        self._last: dict[str, int] = {}

    def attach(self, transmit: Transmit) -> str:
        """Authenticate the SIM in a card on a channel of its own; its IMSI. Raises StoryError."""
        try:
            channel = open_channel(transmit)
        except NoChannelError as error:
            raise StoryError(f"The card has no free channel: {error.sw:04X}.") from error
        try:
            _sent(transmit, bytes((channel, 0xA4, 0x04, 0x0C, len(AID))) + AID)
            head = bytes((channel, 0xA4, 0x00, 0x0C, 2))
            _sent(transmit, head + _IMSI_FILE)
            content = _sent(transmit, bytes((channel, 0xB0, 0x00, 0x00, _IMSI_SIZE)))
            imsi = decoded("EF.IMSI", content) or ""
            self._authenticate(transmit, channel, imsi)
        finally:
            close_channel(transmit, channel)
        return imsi

    def _authenticate(self, transmit: Transmit, channel: int, imsi: str) -> None:
        rand, answer = self._challenged(transmit, channel, imsi)
        if answer[:1] == bytes((_OUT_OF_STEP,)):
            self._last[imsi] = self._resynchronised(rand, answer[2 : 2 + _AUTS_SIZE], imsi)
            rand, answer = self._challenged(transmit, channel, imsi)
        expected = self._milenage.f2345(rand)
        due = bytes((_AUTHENTICATED, len(expected.res))) + expected.res
        if not answer.startswith(due):
            raise StoryError(f"The SIM of {imsi} does not know the key of its network.")

    def _challenged(self, transmit: Transmit, channel: int, imsi: str) -> tuple[bytes, bytes]:
        """A challenge with the next sequence number: RAND, and the SIM's answer."""
        number = self._last.get(imsi, 0) + _INDICES
        self._last[imsi] = number
        rand, sqn = self._env.random(RAND_SIZE), number.to_bytes(6)
        hidden = xor(sqn, self._milenage.f2345(rand).ak)
        autn = hidden + _AMF + self._milenage.f1(rand, sqn, _AMF)
        challenge = b"".join(bytes((len(one),)) + one for one in (rand, autn))
        command = bytes((channel, 0x88, 0x00, 0x81, len(challenge)))
        return rand, _sent(transmit, command + challenge + b"\x00")

    def _resynchronised(self, rand: bytes, auts: bytes, imsi: str) -> int:
        """The highest sequence number of the SIM, which AUTS proves (clause 6.3.5)."""
        sqn = xor(auts[:6], self._milenage.f5_star(rand))
        if len(auts) != _AUTS_SIZE or auts[6:] != self._milenage.f1_star(rand, sqn, bytes(2)):
            raise StoryError(f"The SIM of {imsi} does not know the key of its network.")
        return int.from_bytes(sqn)


def _sent(transmit: Transmit, command: bytes) -> bytes:
    """The data of an answer, whole. Raises StoryError unless it ends with 9000."""
    answer = transmit(command)
    data = answer[:-2]
    while answer[-2:-1] == b"\x61":
        answer = transmit(bytes((command[0], 0xC0, 0x00, 0x00, answer[-1])))
        data += answer[:-2]
    if answer[-2:] != b"\x90\x00":
        raise StoryError(f"{command[:5].hex().upper()} was answered {answer[-2:].hex().upper()}.")
    return data
