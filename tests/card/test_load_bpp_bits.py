"""LoadBoundProfilePackage: one bit the other way round anywhere in a package, and it is refused.

Each load begins where the last piece before that bit was taken: the card is put back to there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import saip
from support.eims import objects, value_of
from support.es10 import es10
from support.installing import order
from support.loading import (
    Bound,
    prepare,
    seeded,
    stored,
)
from support.spoiling import (
    flipped,
)

from euicc_sim import Card
from euicc_sim.model.state import State
from euicc_sim.model.volatile import Volatile

pytestmark = pytest.mark.slow

SMALL = saip.package(size=90)
LARGE = saip.package(size=2500)
STRUCTURE, SECURITY = 7, 8
HEAD = 5
"""Bytes of BF36 and its length."""


@dataclass
class Player:
    """A card to which one download can be played again and again from any of its pieces on."""

    card: Card
    bound: Bound

    def __post_init__(self) -> None:
        """Play it once, up to its last piece, and remember what the card was before each."""
        self.chains = self.bound.chains
        self.moments: list[tuple[State, Volatile]] = []
        for chain in self.chains:
            self.moments.append((self.card._state, self.card._volatile))
            if chain is not self.chains[-1]:
                assert es10(self.card.transmit, chain) == b""

    def error(self, number: int, piece: bytes) -> tuple[int, int]:
        """What comes of a load with that piece in place of the piece of that number."""
        self.card._state, self.card._volatile = self.moments[number]
        for chain in (piece, *self.chains[number + 1 :]):
            if answer := es10(self.card.transmit, chain):
                break
        form, final = value_of(answer)["profileInstallationResultData"]["finalResult"]
        assert form == "errorResult"
        assert self.card.state.profiles == ()
        return final["bppCommandId"], final["errorReason"]


@pytest.fixture
def player(card: Card, pki_folder: Path) -> Player:
    server = seeded(pki_folder, order(package=SMALL, notifications=None))
    return Player(card, prepare(card.transmit, server))


def numbers(player: Player, tag: int) -> Iterator[int]:
    """The pieces that hold a protected part of that section."""
    for number, chain in enumerate(player.chains):
        if chain[0] == tag or (chain[0] in (0xA0, 0xA2) and tag == chain[0]):
            yield number


@pytest.mark.parametrize(
    ("tag", "command"), [(0xA0, 1), (0x88, 2), (0xA2, 4), (0x86, 5)], ids=["A0", "88", "A2", "86"]
)
def test_every_bit_of_a_segment_is_protected(player: Player, tag: int, command: int) -> None:
    (number,) = numbers(player, tag)
    piece = player.chains[number]
    begin = 2 if tag in (0xA0, 0xA2) else 0  # the heads of A0 and A2 are not protected
    for at in range(begin, len(piece)):
        for bit in range(8):
            error = player.error(number, flipped(piece, at, 1 << bit))
            assert error in {(command, SECURITY), (command, STRUCTURE)}, f"bit {bit} of byte {at}"
            if at >= begin + 2:
                assert error == (command, SECURITY), f"bit {bit} of byte {at}"


def test_every_bit_of_the_heads_counts(player: Player) -> None:
    """Tags and lengths of the package, its sections and segments, which nothing protects."""
    for number, piece in enumerate(player.chains):
        tag = 2 if number == 0 else 0  # without BF36 nothing begins
        for at in range(tag, HEAD if number == 0 else 2):
            for bit in range(8):
                _, reason = player.error(number, flipped(piece, at, 1 << bit))
                assert reason in (1, STRUCTURE, SECURITY), f"bit {bit} of byte {at} of {number}"


def test_every_byte_of_the_secure_channel_counts(player: Player) -> None:
    """Tags, lengths and values; which errorReason it is depends on the field."""
    piece = player.chains[0]
    reasons = set()
    for at in range(HEAD, len(piece)):
        command, reason = player.error(0, flipped(piece, at, 1 << at % 8))
        assert command == 0, f"byte {at}"
        reasons.add(reason)
    assert reasons == {1, 2, 3, 4, 5}


def test_every_bit_of_the_signature_counts(player: Player) -> None:
    piece = player.chains[0]
    for at in range(len(piece) - 64, len(piece)):
        for bit in range(8):
            assert player.error(0, flipped(piece, at, 1 << bit)) == (0, 2), f"{bit} of {at}"


def test_bits_in_long_segments_are_protected(card: Card, pki_folder: Path) -> None:
    """Some of each; every segment, its first and its last bytes."""
    server = seeded(pki_folder, order(package=LARGE))
    player = Player(card, prepare(card.transmit, server))
    for number in numbers(player, 0x86):
        piece = player.chains[number]
        ((_, _, content),) = objects(piece)
        begin = len(piece) - len(content)
        for at in (begin, *range(begin + 1, len(piece), 31), len(piece) - 8, len(piece) - 1):
            error = player.error(number, flipped(piece, at, 1 << at % 8))
            assert error == (5, SECURITY), f"byte {at} of piece {number}"


def test_a_segment_left_out_doubled_or_exchanged_is_found(card: Card, pki_folder: Path) -> None:
    server = seeded(pki_folder, order(package=saip.package(size=400)), segment_size=100)
    player = Player(card, prepare(card.transmit, server))
    first, second, *_ = numbers(player, 0x86)
    one, two = player.chains[first], player.chains[second]
    assert len(one) == len(two)
    assert player.error(first, two) == (5, SECURITY)
    assert player.error(second, one) == (5, SECURITY)
    assert player.error(first, one + one) == (5, SECURITY)


def test_unspoilt_it_is_installed(player: Player) -> None:
    """What the others show is not for another reason."""
    player.card._state, player.card._volatile = player.moments[0]
    for chain in player.chains:
        answer = es10(player.card.transmit, chain)
    form, _ = value_of(answer)["profileInstallationResultData"]["finalResult"]
    assert form == "successResult"
    assert stored(player.card) == {player.bound.iccid: SMALL}
