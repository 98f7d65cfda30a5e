"""PINs of an enabled Profile: verifying, changing, switching on and off, unblocking, counting."""

from __future__ import annotations

import pytest
from support.hexes import hx
from support.sims import (
    ADM1,
    PIN1,
    PIN2,
    PUK1,
    PUK2,
    SELECT_USIM,
    UNIVERSAL,
    Send,
)

from euicc_sim import Card

WRONG = b"1234\xff\xff\xff\xff"
NEW = b"8888\xff\xff\xff\xff"
READ = hx("00B0 0000 04")
"""Of 6F02, which needs PIN1."""


def command(ins: int, reference: int, *codes: bytes, p1: int = 0) -> bytes:
    data = b"".join(codes)
    return bytes((0x00, ins, p1, reference, *((len(data),) if data else ()))) + data


def verify(reference: int, *codes: bytes) -> bytes:
    return command(0x20, reference, *codes)


def change(reference: int, *codes: bytes) -> bytes:
    return command(0x24, reference, *codes)


def disable(reference: int, *codes: bytes, p1: int = 0) -> bytes:
    return command(0x26, reference, *codes, p1=p1)


def enable(reference: int, *codes: bytes) -> bytes:
    return command(0x28, reference, *codes)


def unblock(reference: int, *codes: bytes) -> bytes:
    return command(0x2C, reference, *codes)


def play(send: Send, *commands: bytes) -> list[str]:
    return [send(one)[-2:].hex().upper() for one in commands]


@pytest.fixture
def usim(sim: Send) -> Send:
    """The card with 6F02 of its USIM selected."""
    assert play(sim, SELECT_USIM, hx("00A4 000C 02 6F02")) == ["9000", "9000"]
    return sim


ROWS = {
    "the tries left are told in four bytes and in five": (
        [hx("00200001"), hx("0020000100"), hx("00200081"), hx("002C000100")],
        ["63C3", "63C3", "63C3", "63CA"],
    ),
    "a right PIN opens what needs it": ([READ, verify(1, PIN1), READ], ["6982", "9000", "9000"]),
    "a wrong one costs a try and closes it": (
        [verify(1, PIN1), verify(1, WRONG), READ, verify(1), verify(1, PIN1), verify(1)],
        ["9000", "63C2", "6982", "63C2", "9000", "63C3"],
    ),
    "after three wrong ones it is blocked": (
        [*[verify(1, WRONG)] * 3, verify(1, PIN1), verify(1), change(1, PIN1, NEW)],
        ["63C2", "63C1", "63C0", "6983", "6983", "6983"],
    ),
    "a PUK sets a new PIN, and verifies it": (
        [*[verify(1, WRONG)] * 3, unblock(1, PUK1, NEW), READ, verify(1, NEW), verify(1)],
        ["63C2", "63C1", "63C0", "9000", "9000", "9000", "63C3"],
    ),
    "a PUK also helps while the PIN is not blocked": (
        [unblock(1, PUK1, NEW), verify(1, NEW)],
        ["9000", "9000"],
    ),
    "a wrong PUK costs one of ten tries, a right one gives them back": (
        [unblock(1, WRONG * 2), unblock(1), unblock(1, PUK1, NEW), unblock(1)],
        ["63C9", "63C9", "9000", "63CA"],
    ),
    "after ten wrong PUKs nothing helps": (
        [*[unblock(1, WRONG * 2)] * 10, unblock(1, PUK1, NEW), unblock(1)],
        [*[f"63C{left}" for left in range(9, -1, -1)], "6983", "6983"],
    ),
    "a PIN is changed with the old one": (
        [change(1, PIN1, NEW), READ, verify(1, PIN1), verify(1, NEW)],
        ["9000", "9000", "63C2", "9000"],
    ),
    "a wrong old PIN costs a try": ([change(1, WRONG, NEW), verify(1, PIN1)], ["63C2", "9000"]),
    "a disabled PIN opens what needs it, and is not verified": (
        [disable(1, PIN1), READ, verify(1, PIN1), change(1, PIN1, NEW), disable(1, PIN1)],
        ["9000", "9000", "6984", "6984", "6984"],
    ),
    "enabling verifies it": (
        [disable(1, PIN1), enable(1, PIN1), READ, enable(1, PIN1)],
        ["9000", "9000", "9000", "6984"],
    ),
    "a wrong PIN neither disables nor enables": (
        [disable(1, WRONG), READ, disable(1, PIN1), enable(1, WRONG), READ],
        ["63C2", "6982", "9000", "63C2", "9000"],
    ),
    "the universal PIN stands for a PIN that it replaces": (
        [disable(1, PIN1, p1=0x80), READ, verify(0x11, UNIVERSAL), READ, verify(1, PIN1)],
        ["9000", "6982", "9000", "9000", "6984"],
    ),
    "the universal PIN does not replace itself": ([disable(0x11, UNIVERSAL, p1=0x80)], ["6A86"]),
    "PIN2 of the USIM has a PUK of its own, and cannot be disabled": (
        [verify(0x81, PIN2), unblock(0x81, PUK2, NEW), verify(0x81, NEW), disable(0x81, NEW)],
        ["9000", "9000", "9000", "6985"],
    ),
    "ADM1 can be neither changed nor unblocked": (
        [verify(0x0A, ADM1), change(0x0A, ADM1, NEW), unblock(0x0A, PUK1, NEW)],
        ["9000", "6985", "6A88"],
    ),
    "what there is not": (
        [verify(0x02, PIN1), verify(0x0B), verify(0x00), verify(0x82)],
        ["6A88"] * 4,
    ),
    "a PIN has eight bytes": (
        [verify(1, b"0000"), verify(1, PIN1 + b"\xff"), change(1, PIN1), unblock(1, PUK1)],
        ["6700"] * 4,
    ),
    "P1 is 00": (
        [
            command(0x20, 1, PIN1, p1=1),
            command(0x24, 1, PIN1, NEW, p1=1),
            command(0x26, 1, PIN1, p1=1),
            command(0x28, 1, PIN1, p1=1),
            command(0x2C, 1, PUK1, NEW, p1=1),
        ],
        ["6A86"] * 5,
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_pins(usim: Send, name: str) -> None:
    commands, words = ROWS[name]
    assert play(usim, *commands) == words


def test_pin2_belongs_to_the_usim_and_the_mf_has_none(sim: Send) -> None:
    assert play(sim, hx("00A4 000C 02 3F00"), verify(0x81)) == ["9000", "6A88"]
    assert play(sim, SELECT_USIM, verify(0x81)) == ["9000", "63C3"]


def test_a_reset_forgets_what_was_verified_and_keeps_the_counters(usim: Send, card: Card) -> None:
    assert play(usim, verify(0x11, WRONG), verify(1, PIN1), READ) == ["63C2", "9000", "9000"]
    card.reset()
    again = play(usim, SELECT_USIM, hx("00A4 000C 02 6F02"), READ, verify(0x11))
    assert again == ["9000", "9000", "6982", "63C2"]


def test_counters_and_changed_pins_outlive_a_restart(usim: Send, card: Card) -> None:
    play(usim, verify(0x11, WRONG), change(1, PIN1, NEW), unblock(0x81, WRONG * 2))
    card.close()
    with Card.open(card.directory, fsync=False) as opened:
        send = opened.transmit
        assert play(send, SELECT_USIM, verify(0x11), verify(1, NEW), unblock(0x81)) == [
            *("9000", "63C2", "9000", "63C9")
        ]


def test_a_wrong_pin_is_counted_on_the_disk_before_it_is_answered(usim: Send, card: Card) -> None:
    usim(verify(1, WRONG))
    changes = (card.directory / "card.changes").read_text()
    assert '"pins":{"01":{' in changes
    assert '"triesLeft":2' in changes


def test_no_code_is_in_an_event(usim: Send, card: Card) -> None:
    play(usim, verify(1, WRONG), unblock(1, WRONG * 2), change(1, PIN1, NEW), verify(0x0A, WRONG))
    told = " ".join(one.text for one in card.take_events())
    assert "this is not PIN1: 2 tries left" in told
    for one in (WRONG, NEW, PIN1, PUK1, ADM1):
        assert one.hex() not in told.lower()
        assert one.rstrip(b"\xff").decode() not in told


def test_the_fcp_says_whether_pin1_is_on(usim: Send) -> None:
    def status() -> str:
        answer = usim(hx("00A4 0004 02 7FFF 00")).hex().upper()
        return answer[answer.index("C6") + 4 :][:6]

    assert status() == "9001F0"
    usim(disable(1, PIN1))
    assert status() == "900170"
