"""What a card says of its memory, and that it is what fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import saip
from support.eims import ask, value_of
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, A, B, install
from support.managing import (
    Contents,
    delete,
    enable,
    free_memory,
    holding,
    iccids,
    made,
    profile,
    resource,
)

from euicc_sim import Card, CardError
from euicc_sim.parties.messages.errors import LpaError

Send = Callable[[bytes], bytes]

ISDP = 1024
"""What an ISD-P takes for itself."""
NO_MEMORY = "installFailedDueToInsufficientMemoryForProfile"
ADDITIONAL_PROFILE, TEST_PROFILES = 0, 3


@pytest.fixture
def contents() -> Contents:
    return Contents()


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def rsp_capability(send: Send) -> set[int]:
    value, size = value_of(ask(send, hx("BF2200")))["rspCapability"]
    return {bit for bit in range(size) if value >> (size - 1 - bit) & 1}


def test_a_new_card_has_512_kib(isdr: Send) -> None:
    assert hx("84 0F 810100 8204 00080000 8304 00008000") in ask(isdr, hx("BF2200"))


@holding(memory=5000)
def test_a_small_card_says_so(isdr: Send) -> None:
    assert hx("84 0F 810100 8204 00001388 8304 00008000") in ask(isdr, hx("BF2200"))


@holding(memory=0xFFFFFFFF)
def test_a_big_card_says_so(isdr: Send) -> None:
    assert hx("84 0F 810100 8204 FFFFFFFF 8304 00008000") in ask(isdr, hx("BF2200"))


@pytest.mark.parametrize("memory", [-1, 1 << 32])
def test_no_card_has_less_than_none_or_more_than_four_bytes_say(
    tmp_path: Path, pki_folder: Path, memory: int
) -> None:
    with pytest.raises(CardError, match="0 to 4294967295 bytes"):
        Card.create(tmp_path / "other", pki=pki_folder, memory=memory)


@holding(profile(A_DIGITS, package=bytes(3000), icon=bytes(100), icon_type=0), memory=10_000)
def test_a_profile_takes_its_package_its_icon_and_1024_bytes(isdr: Send) -> None:
    assert resource(isdr) == {"81": 1, "82": 10_000 - ISDP - 3100, "83": 0x8000}


@holding(memory=ISDP)
def test_while_there_is_room_for_an_isd_p_a_profile_can_be_added(isdr: Send) -> None:
    assert rsp_capability(isdr) == {ADDITIONAL_PROFILE, TEST_PROFILES}


@holding(memory=ISDP - 1)
def test_without_none_can(isdr: Send) -> None:
    assert rsp_capability(isdr) == {TEST_PROFILES}
    assert free_memory(isdr) == ISDP - 1


@holding(profile(A_DIGITS, package=bytes(9000)), memory=ISDP + 9000)
def test_the_last_byte_can_be_used(isdr: Send) -> None:
    assert free_memory(isdr) == 0
    assert rsp_capability(isdr) == {TEST_PROFILES}
    ask(isdr, delete(A))
    assert free_memory(isdr) == ISDP + 9000
    assert rsp_capability(isdr) == {ADDITIONAL_PROFILE, TEST_PROFILES}


@holding(profile(A_DIGITS, package=bytes(9000)), memory=5000)
def test_more_than_there_is_leaves_nothing(isdr: Send) -> None:
    """As after the limit in the document was lowered by hand."""
    assert free_memory(isdr) == 0


@holding(memory=2 * ISDP + 1500)
def test_what_fits_exactly_is_installed_and_a_byte_more_is_not(
    isdr: Send, card: Card, pki_folder: Path
) -> None:
    install(card.transmit, pki_folder, A_DIGITS, package=saip.package(A_DIGITS, size=500))
    with pytest.raises(LpaError) as caught:
        install(card.transmit, pki_folder, B_DIGITS, package=saip.package(B_DIGITS, size=1001))
    assert caught.value.code == NO_MEMORY
    assert iccids(isdr) == [A]
    assert free_memory(isdr) == ISDP + 1000
    install(card.transmit, pki_folder, B_DIGITS, package=saip.package(B_DIGITS, size=1000))
    assert iccids(isdr) == [A, B]
    assert free_memory(isdr) == 0


@holding(profile(A_DIGITS), profile(B_DIGITS), profile(C_DIGITS))
def test_enabling_takes_no_memory(isdr: Send) -> None:
    before = resource(isdr)
    ask(isdr, enable(A))
    assert resource(isdr) == before


@holding(*(profile(f"89000123456789{n:06d}", package=b"\0") for n in range(300)))
def test_more_than_255_applications_are_counted_as_255(isdr: Send) -> None:
    assert resource(isdr)["81"] == 0xFF
