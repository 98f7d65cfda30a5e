"""The SIM of an enabled Profile: files and authentication. See bench.py."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench_basics import REQUESTS, Bench, Row, Transmit, in_turn, timed
from bench_profiles import PACKAGE_SIZE, iccid
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB

from apdu import tlv
from euicc_sim import Card
from euicc_sim.asn1.iccid import iccid_from
from euicc_sim.crypto.aka import xor
from euicc_sim.crypto.milenage import Milenage
from euicc_sim.formats.saip import elements
from euicc_sim.formats.saip.editing import Changes, edited
from euicc_sim.formats.saip.sample import AID, OPC, K, iccid_of, sample
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import exchange
from euicc_sim.parties.smdpp import Order, Smdpp, made_up_package
from keys import TestPki

IMSI = "001010000000001"
SELECT_USIM = bytes.fromhex("00A4040C10") + AID
SELECT_IMSI = bytes.fromhex("00A4000C026F07")
READ_IMSI = bytes.fromhex("00B0000009")
GET_EID = REQUESTS["GetEID"]
GOAL = 2.5
"""How many times five AES blocks and one GetEID an AUTHENTICATE may take."""
ENABLING_GOAL = 1.5
_AMF = b"\x80\x00"
_INDICES = 32


def install(card: Card, package: bytes) -> None:
    """Install a package on a card."""
    server = Smdpp.of(TestPki.load(card.directory / "pki"), [Order(package, "bench")])
    Lpa(card.transmit).download(server, matching_id="bench")


@contextmanager
def sim_card(bench: Bench, *, fsync: bool = False) -> Iterator[Card]:
    """A card whose enabled Profile is the test Profile; on channel 1 is the ISD-R."""
    with bench.card(2, fsync=fsync) as card:
        install(card, sample(IMSI))
        Lpa(card.transmit).enable(iccid_of(IMSI))
        card.transmit(bytes.fromhex("0070000100"))
        card.transmit(bytes.fromhex("01A4040010A0000005591010FFFFFFFF8900000100"))
        card.transmit(SELECT_USIM)
        yield card


def challenges(count: int) -> Iterator[bytes]:
    """Commands AUTHENTICATE with increasing sequence numbers, made before anything is measured."""
    network, found = Milenage(K, OPC), []
    for number in range(1, count + 1):
        rand, sqn = os.urandom(16), (number * _INDICES).to_bytes(6)
        autn = xor(sqn, network.f2345(rand).ak) + _AMF + network.f1(rand, sqn, _AMF)
        found.append(bytes.fromhex("008800812210") + rand + b"\x10" + autn + b"\x00")
    return iter(found)


def authenticated(transmit: Transmit, command: bytes) -> None:
    """Send a challenge that the SIM must accept: a refusal would be too quick to measure."""
    answer = transmit(command)
    if answer[:1] != b"\xdb":
        raise SystemExit(f"AUTHENTICATE was answered {answer.hex()}")


def aes_blocks() -> Callable[[], object]:
    """Five blocks, each by a Cipher object of its own: what Milenage needs at least."""
    key, block = os.urandom(16), os.urandom(16)

    def five() -> None:
        for _ in range(5):
            Cipher(AES128(key), ECB()).encryptor().update(block)  # noqa: S305

    return five


def direct_sim(bench: Bench) -> Iterator[Row]:
    """The card alone, called as a function."""
    with sim_card(bench) as card:
        send, commands = card.transmit, challenges(bench.rounds)
        select, read, aes, eid, authenticate = in_turn(
            [
                lambda: send(SELECT_IMSI),
                lambda: send(READ_IMSI),
                aes_blocks(),
                lambda: _get_eid(send),
                lambda: authenticated(send, next(commands)),
            ],
            bench.rounds,
        )
    yield Row("SELECT EF.IMSI", select)
    yield Row("READ BINARY EF.IMSI", read)
    yield Row("floor: five AES blocks", aes)
    name = "AUTHENTICATE, Milenage"
    yield Row(name, authenticate, "AES + GetEID", authenticate / (aes + eid), GOAL)
    with sim_card(bench, fsync=True) as card:
        send, commands = card.transmit, challenges(bench.rounds // 4)
        aes, eid, append, authenticate = in_turn(
            [
                aes_blocks(),
                lambda: _get_eid(send),
                bench.append(),
                lambda: authenticated(send, next(commands)),
            ],
            bench.rounds // 4,
        )
    allowed = GOAL * (aes + eid) + append
    beside = f"{GOAL} AES + GetEID, and append"
    yield Row(f"{name}, with fsync", authenticate, beside, authenticate / allowed, 1)
    yield from _enabling(bench)


def _get_eid(send: Transmit) -> None:
    head = bytes((0x81, 0xE2, 0x91, 0x00, len(GET_EID)))
    answer = send(head + GET_EID)
    send(bytes((0x01, 0xC0, 0x00, 0x00, answer[1])))


def _enabling(bench: Bench) -> Iterator[Row]:
    """A package of 12 kB with a SIM in it, beside one of the same size without."""
    packages = (
        made_up_package(iccid(0), "bench", size=PACKAGE_SIZE),
        _padded(edited(sample(IMSI), Changes(iccid=iccid(1)))),
    )
    requests = [
        tlv(0xBF31, tlv(0xA0, tlv(0x5A, iccid_from(iccid(number)))), tlv(0x81, b"\0"))
        for number in range(len(packages))
    ]
    times: list[list[float]] = [[] for _ in requests]
    with bench.card(2) as card:
        for package in packages:
            install(card, package)
        lpa = Lpa(card.transmit)
        for _ in range(bench.rounds // 8):
            for found, request in zip(times, requests, strict=True):
                _disable_all(lpa)
                found.append(timed(lambda one: exchange(card.transmit, one), [request]))
    plain, sim = map(statistics.median, times)
    yield Row("EnableProfile, 12 kB without a SIM", plain)
    yield Row("EnableProfile, 12 kB with a SIM", sim, "without", sim / plain, ENABLING_GOAL)


def _disable_all(lpa: Lpa) -> None:
    for one in lpa.profiles():
        if one.enabled and one.iccid:
            lpa.disable(one.iccid)
    for note in lpa.notifications():
        lpa.remove_notification(note.seq_number)


def _padded(package: bytes) -> bytes:
    """A package with an element before its end that nobody needs."""
    *_, end = elements(package)
    room = PACKAGE_SIZE - len(package) - 32
    head = tlv(0xA0, tlv(0x81, b"\x7e"))
    filler = tlv(0xA9, head, tlv(0x81, b"\x88\x37"), tlv(0x82, bytes(room)))
    return package[: -end.size] + filler + package[-end.size :]
