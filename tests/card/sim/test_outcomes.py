"""What a card says of commands on its SIM: names and outcomes, and no PIN and no key anywhere."""

from __future__ import annotations

import pytest
from support.hexes import hx
from support.network import Network
from support.sims import ADM1, OPC, PIN1, PUK1, SELECT_USIM, K

from apdu.names import without_pins
from euicc_sim import Card
from euicc_sim.tracing.gsmtap import Message, read
from euicc_sim.tracing.recorder import Recorder

VERIFY = hx("0020 0001 08") + PIN1
RAND = hx("23553cbe9637a89d218ae64dae47bf35")


def texts(card: Card, *commands: bytes) -> list[str]:
    """What the card says of these commands."""
    card.take_events()
    for one in commands:
        card.transmit(one)
    return [one.text for one in card.take_events()]


def challenge(number: int) -> bytes:
    autn = Network(K, OPC).vector(RAND, number).autn
    return hx("0088 0081 22 10") + RAND + hx("10") + autn + b"\0"


def test_each_command_on_a_file_is_told_by_its_name(card: Card) -> None:
    assert texts(
        card,
        hx("00A4 000C 02 2FE2"),
        SELECT_USIM,
        VERIFY,
        hx("00A4 000C 02 6F07"),
        hx("00B0 0000 09"),
        hx("00A4 000C 02 6F01"),
        hx("00D6 0002 02 BEEF"),
        hx("00A4 000C 02 6F11"),
        hx("00B2 0204 04"),
        hx("00B2 0002 04"),
        hx("00B2 0004 04"),
    ) == [
        "SELECT: EF.ICCID",
        "SELECT: ADF.USIM",
        "VERIFY PIN: PIN1 verified",
        "SELECT: EF.IMSI",
        "READ BINARY: EF.IMSI, 9 bytes",
        "SELECT: 6F01",
        "UPDATE BINARY: 6F01, 2 bytes",
        "SELECT: 6F11",
        "READ RECORD: 6F11, record 2, 4 bytes",
        "READ RECORD: 6F11, record 1, 4 bytes",
        "READ RECORD: 6F11, record 1, 4 bytes",
    ]


def test_an_authentication_is_told_with_its_outcome(card: Card) -> None:
    says = texts(card, SELECT_USIM, VERIFY, challenge(0x40), challenge(0x20), hx("0088 0081 00"))
    assert says[2:] == [
        "AUTHENTICATE: ADF.USIM, network and SIM authenticated",
        "AUTHENTICATE: ADF.USIM, the sequence number is not accepted: AUTS asks the network to "
        "synchronise",
        says[-1],
    ]
    assert says[-1].startswith("AUTHENTICATE: 6700, ")
    gsm = texts(card, hx("0088 0080 11 10") + RAND + b"\0")
    assert gsm == ["AUTHENTICATE: ADF.USIM, GSM context: authenticated"]


def test_a_pin_is_told_by_its_name_and_its_tries(card: Card) -> None:
    wrong = hx("0020 0001 08") + bytes(8)
    assert texts(card, SELECT_USIM, hx("0020 0001"), wrong, VERIFY)[1:] == [
        "VERIFY PIN: PIN1 has 3 tries left",
        "VERIFY PIN: 63C2, this is not PIN1: 2 tries left",
        "VERIFY PIN: PIN1 verified",
    ]


SECRETS = (K, OPC, PIN1, PUK1, ADM1)
WITH_SECRETS = [
    VERIFY,
    hx("0020 000A 08") + ADM1,
    hx("0024 0001 10") + PIN1 + PIN1,
    hx("0026 0001 08") + PIN1,
    hx("0028 0001 08") + PIN1,
    hx("002C 0001 10") + PUK1 + PIN1,
    hx("0020 0001 000008") + PIN1,
]


def test_no_secret_is_in_an_event(card: Card) -> None:
    said = " ".join(texts(card, SELECT_USIM, *WITH_SECRETS, challenge(0x40)))
    for one in SECRETS:
        assert one.hex().upper() not in said.upper()
        assert one.rstrip(b"\xff").decode("latin-1") not in said


@pytest.mark.parametrize("command", WITH_SECRETS, ids=bytes.hex)
def test_no_pin_is_in_a_trace(command: bytes) -> None:
    class Kept:
        def __init__(self) -> None:
            self.messages: list[Message | None] = []

        def write(self, at: float, payload: bytes) -> None:
            self.messages.append(read(payload))

        def flush(self) -> None: ...

        def close(self) -> None: ...

    kept = Kept()
    recorder = Recorder([kept], lambda _: None)
    recorder.tap(0, "").exchange(command, hx("9000"))
    recorder.flush()
    (message,) = kept.messages
    assert message is not None
    head = 7 if command[4] == 0 else 5
    masked = command[:head] + b"\xff" * (len(command) - head)
    assert message.body == masked + hx("9000")
    assert without_pins(command) == masked


def test_other_commands_are_traced_as_they_came() -> None:
    for one in (hx("00D6 0000 02 BEEF"), hx("0020 0001"), hx("0020"), b"", challenge(1)):
        assert without_pins(one) == one
