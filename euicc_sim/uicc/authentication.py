"""AUTHENTICATE: what makes a card a SIM.

3GPP TS 31.102 clause 7.1.2, TS 31.103 clause 7.1.2, TS 33.102 clauses 6.3 and C.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apdu import SW, Command, Response, StatusError
from euicc_sim.asn1.saip.elements import MILENAGE, TUAK, USIM_TEST_ALGORITHM
from euicc_sim.crypto.aka import (
    AkaAlgorithm,
    UsimTestAlgorithm,
    kc,
    make_auts,
    read_challenge,
    sres,
)
from euicc_sim.crypto.milenage import CONSTANTS, ROTATIONS, Milenage
from euicc_sim.crypto.tuak import Tuak
from euicc_sim.formats.saip import AkaParameters, File
from euicc_sim.readings import RES_SIZES, SQN_AGE_OPTION, SQN_DELTA_OPTION
from euicc_sim.uicc.sim import GLOBAL_PINS, UNIVERSAL_PIN, Sim, pin_name
from euicc_sim.uicc.view import View

CONTEXT_3G, CONTEXT_GSM = 0x81, 0x80
RESYNC_BY_TEST = b"\xff\xff"
"""The AMF with which the test algorithm asks for a resynchronisation (TS 34.108 8.1.2.2)."""
INDICES = 32
_INDEX_BITS = 5
_SIZE = 16
_DONE, _OUT_OF_STEP = b"\xdb", b"\xdc"
_GSM_ACCESS = 27
"""The service of EF.UST whose presence adds Kc to an answer."""
USIM, ISIM = bytes.fromhex("A0000000871002"), bytes.fromhex("A0000000871004")
EF_UST = b"\x6f\x38"


def authenticate(view: View, command: Command) -> Response:
    """AUTHENTICATE in the 3G and the GSM context."""
    application, keys_of, parameters = _application(view)
    if command.p1:
        raise StatusError(SW.WRONG_P1P2, f"P1 is 00, not {command.p1:02X}")
    check_pin(view.sim, application)
    is_usim = application.name.startswith(USIM)
    if command.p2 == CONTEXT_3G:
        rand, autn = _fields(command, 2)
        return _in_3g(view.sim, application, _Keys(view.sim, keys_of, parameters), rand, autn)
    if command.p2 == CONTEXT_GSM and is_usim:
        (rand,) = _fields(command, 1)
        derived = _Keys(view.sim, keys_of, parameters).algorithm.f2345(rand)
        return Response(_sized(sres(derived.res)) + _sized(kc(derived.ck, derived.ik)))
    raise StatusError(
        SW.CONTEXT_NOT_SUPPORTED,
        f"{application.label} has no security context {command.p2:02X}: 81 is 3G"
        + (", 80 is GSM" if is_usim else ""),
    )


def _application(view: View) -> tuple[File, bytes, AkaParameters]:
    if view.application is None:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            "no application is selected: SELECT a USIM by its AID first",
        )
    application = view.sim.tree.files[view.application]
    found = view.sim.keys(view.application)
    if found is None:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED, f"{application.label} has no keys to authenticate with"
        )
    return application, *found


def check_pin(sim: Sim, application: File) -> None:
    """The application's PIN must have been verified, or be disabled (TS 31.102 7.1.1)."""
    for reference in application.pins:
        if reference in GLOBAL_PINS - {UNIVERSAL_PIN}:
            slot = sim.slot(application.path, reference)
            if slot is not None and not sim.is_satisfied(slot):
                raise StatusError(
                    SW.SECURITY_STATUS_NOT_SATISFIED,
                    f"{pin_name(reference)} must be verified first (VERIFY 002000{reference:02X})",
                )


def _fields(command: Command, count: int) -> list[bytes]:
    """RAND, and AUTN: each 16 bytes after a byte with their number."""
    data, step = command.data, 1 + _SIZE
    names = ("RAND", "AUTN")[:count]
    if len(data) != count * step or any(data[at * step] != _SIZE for at in range(count)):
        wanted = " and ".join(f"10 {name}" for name in names)
        raise StatusError(
            SW.WRONG_LENGTH,
            f"the data is {wanted} of 16 bytes each, {count * step} in all, not {len(data)}",
        )
    return [data[at * step + 1 : (at + 1) * step] for at in range(count)]


def _sized(value: bytes) -> bytes:
    return bytes((len(value),)) + value


def _in_3g(sim: Sim, application: File, keys: _Keys, rand: bytes, autn: bytes) -> Response:
    algorithm = keys.algorithm
    challenge = read_challenge(algorithm, rand, autn)
    if not challenge.genuine:
        raise StatusError(
            SW.INCORRECT_MAC,
            "the MAC in AUTN is wrong: the network has another K or OPc, or another algorithm",
        )
    refused = keys.refused(int.from_bytes(challenge.sqn), challenge.amf)
    if refused is not None:
        return Response(_OUT_OF_STEP + _sized(make_auts(algorithm, rand, refused)))
    keys.accept(int.from_bytes(challenge.sqn))
    found = challenge.derived
    answer = _DONE + _sized(found.res) + _sized(found.ck) + _sized(found.ik)
    if application.name.startswith(USIM) and has_service(sim, application, _GSM_ACCESS):
        answer += _sized(kc(found.ck, found.ik))
    return Response(answer)


def has_service(sim: Sim, application: File, number: int) -> bool:
    """Whether a service is on in EF.UST."""
    table = sim.tree.child(application.path, EF_UST)
    content = b"" if table is None else sim.content(table)
    at, bit = divmod(number - 1, 8)
    return at < len(content) and bool(content[at] >> bit & 1)


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of one application, and its sequence numbers (TS 33.102 C.2.2)."""

    sim: Sim
    path: bytes
    parameters: AkaParameters

    @property
    def algorithm(self) -> AkaAlgorithm:
        """The algorithm with its keys, prepared once."""
        if self.path not in self.sim.algorithms:
            self.sim.algorithms[self.path] = algorithm_of(self.parameters)
        return self.sim.algorithms[self.path]

    def refused(self, sqn: int, amf: bytes) -> bytes | None:
        """SQN_MS (6 bytes) if the number is not accepted.

        It is accepted if it is the highest of its index, not too far ahead of the highest of all
        and not too old. The test algorithm takes any.
        """
        if self.parameters.algorithm == USIM_TEST_ALGORITHM:
            return sqn.to_bytes(6) if amf == RESYNC_BY_TEST else None
        sequence, index = sqn >> _INDEX_BITS, sqn % INDICES
        options = self.parameters.sqn_options
        numbers = self._numbers
        highest = max(numbers)
        ahead = int.from_bytes(self.parameters.delta)
        behind = int.from_bytes(self.parameters.age_limit)
        if (
            sequence > numbers[index]
            and not (options & SQN_DELTA_OPTION and sequence - highest > ahead)
            and not (options & SQN_AGE_OPTION and highest - sequence > behind)
        ):
            return None
        return (highest << _INDEX_BITS | numbers.index(highest)).to_bytes(6)

    def accept(self, sqn: int) -> None:
        """Store a number before it is used. Raises StatusError if that fails."""
        if self.parameters.algorithm != USIM_TEST_ALGORITHM:
            sequence, index = sqn >> _INDEX_BITS, sqn % INDICES
            slot = self.path + bytes((index,))
            self.sim.change(self.sim.state.with_sequence(slot, sequence))
            self._numbers[index] = sequence

    @property
    def _numbers(self) -> list[int]:
        """The highest SEQ accepted, by index."""
        if self.path not in self.sim.sequences:
            kept = self.sim.state.sequence
            self.sim.sequences[self.path] = [
                kept.get(self.path + bytes((index,)), int.from_bytes(first))
                for index, first in enumerate(self.parameters.sqn)
            ]
        return self.sim.sequences[self.path]


def algorithm_of(parameters: AkaParameters) -> AkaAlgorithm:
    """The algorithm that a package asks for, with its keys."""
    if parameters.algorithm == MILENAGE:
        return Milenage(
            parameters.key,
            parameters.opc,
            rotations=parameters.rotations or ROTATIONS,
            constants=parameters.constants or CONSTANTS,
        )
    res_size = RES_SIZES[parameters.options & 0x03]
    if parameters.algorithm == TUAK:
        return Tuak(
            parameters.key, parameters.opc, res_size=res_size, iterations=parameters.iterations
        )
    return UsimTestAlgorithm(parameters.key, res_size)


COMMANDS: dict[int, Callable[[View, Command], Response]] = {
    0x88: authenticate,
}
