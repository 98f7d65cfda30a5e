"""Ways in which a card can be difficult: reset first, IPAd wanted, busy toolkit, full memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from support.eims import add_initial, ask, eim1, tlv, trust, value_of
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, A, B, install
from support.managing import (
    TEST,
    Contents,
    answered,
    delete,
    disable,
    ef_iccid,
    enable,
    enabled,
    free_memory,
    holding,
    iccids,
    made,
    nickname,
    profile,
    put,
    switched_on,
)

from euicc_sim import Card
from euicc_sim.model.state import RefusedElement, Strictness, Switches
from euicc_sim.parties.messages.errors import LpaError

Send = Callable[[bytes], bytes]

GET_EID, REFUSED = hx("BF3E 03 5C015A"), (b"", 0x6985)
PROFILES = (profile(A_DIGITS), profile(B_DIGITS, enabled=True))


@pytest.fixture
def contents() -> Contents:
    return Contents(PROFILES)


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def eid(send: Send) -> tuple[bytes, int]:
    return es10_sw(send, GET_EID)


def served(send: Send) -> bool:
    answer, sw = eid(send)
    return sw == 0x9000 and answer.startswith(hx("BF3E 12 5A10"))


def on(**switches: bool) -> pytest.MarkDecorator:
    return holding(*PROFILES, state=switched_on(**switches))


NEW = asdict(Switches())
SWITCHES: list[dict[str, Any]] = [
    {name: not off} for name, off in NEW.items() if isinstance(off, bool)
]
SWITCHES += [{"strictness": Strictness.STRICT}, {"strictness": Strictness.LENIENT}]
SWITCHES += [{"poll_interval": 30}]
SWITCHES = [one for one in SWITCHES if "standard_isdr_aid" not in one]
SWITCHES += [
    {"isdr_aids": (hx("A000000559"), hx("A0000005591010FFFFFFFF8900050500"))},
    {"refused_elements": (RefusedElement("opt-isim", 10), RefusedElement("df-5gs", 1))},
]


@pytest.mark.parametrize("on", SWITCHES, ids=str)
def test_a_switch_is_kept(card: Card, on: dict[str, Any]) -> None:
    switches = Switches(**on)
    assert card.state.switches == Switches()
    card.close()
    put(card.directory, switches=switches)
    with Card.open(card.directory, fsync=False) as again:
        assert again.state.switches == switches
        again.transmit(SELECT_ISDR)
        es10_sw(again.transmit, nickname(A, b"new"))
    with Card.open(card.directory, fsync=False) as again:
        assert again.state.switches == switches


# -- reset after switch


@on(reset_after_switch=True)
@pytest.mark.parametrize(
    "request_",
    [enable(A), disable(B), hx("BF34 04 8202 0780"), hx("BF64 04 8202 0780")],
    ids=["enable", "disable", "memory reset of SGP.22", "memory reset"],
)
def test_after_a_switch_only_a_reset_helps(isdr: Send, card: Card, request_: bytes) -> None:
    assert ask(isdr, request_) == request_[:2] + hx("03 800100")
    assert eid(isdr) == REFUSED
    isdr(SELECT_ISDR)
    assert eid(isdr) == REFUSED
    card.reset()
    isdr(SELECT_ISDR)
    assert served(isdr)


@on(reset_after_switch=True)
def test_after_a_package_s_switch_too(isdr: Send) -> None:
    eim = eim1()
    trust(isdr, eim)
    eim.load(isdr, ("enable", {"iccid": A}))
    assert eid(isdr) == REFUSED
    assert es10_sw(isdr, eim.package(("disable", {"iccid": A}))) == REFUSED


@on(reset_after_switch=True)
def test_what_is_refused_so_has_not_happened(isdr: Send, card: Card) -> None:
    ask(isdr, enable(A))
    before = card.state
    assert es10_sw(isdr, enable(B)) == REFUSED
    assert card.state == before


@on(reset_after_switch=True)
@pytest.mark.parametrize(
    "request_",
    [enable(B), disable(A), delete(A), nickname(A, b"new"), hx("BF2800"), hx("BF34 04 8202 0640")],
    ids=["refused", "refused too", "deletion of another", "a nickname", "a list", "nothing reset"],
)
def test_without_a_switch_there_is_no_need(isdr: Send, request_: bytes) -> None:
    ask(isdr, request_)
    assert served(isdr)


@on(reset_after_switch=True)
def test_files_are_served_all_the_same(isdr: Send) -> None:
    ask(isdr, enable(A))
    assert ef_iccid(isdr) == A


def test_a_card_without_the_switch_goes_on(isdr: Send) -> None:
    ask(isdr, enable(A))
    assert served(isdr)


# -- IPAd required


@on(ipad_required=True)
def test_es10_needs_an_ipad(isdr: Send, card: Card) -> None:
    before = card.state
    assert eid(isdr) == REFUSED
    assert es10_sw(isdr, enable(A)) == REFUSED
    assert card.state == before


@on(ipad_required=True)
@pytest.mark.parametrize(
    "capability",
    ["A903 840101", "A903 840103", "A90B 8100 8201 01 8301 07 8401 01", "A904 8402 0100"],
    ids=["alone", "with an IPAe", "with the rest", "two bytes"],
)
def test_terminal_capability_declares_it(isdr: Send, capability: str) -> None:
    data = hx(capability)
    assert isdr(hx("80AA0000") + bytes((len(data),)) + data) == hx("9000")
    assert served(isdr)


@on(ipad_required=True)
@pytest.mark.parametrize(
    "capability",
    [
        "A903 830107",
        "A908 8100 820101 830107",
        "A903 840100",
        "A903 840102",
        "A902 8400",
        "A900",
        "A903 8401",
        "AA03 840101 00",
        "840101",
    ],
    ids=[
        *("an LPA's", "what lpac says", "no bit", "an IPAe's", "no byte"),
        *("nothing", "cut", "two objects", "no wrapper"),
    ],
)
def test_other_capabilities_are_taken_and_do_not_help(isdr: Send, capability: str) -> None:
    data = hx(capability)
    assert isdr(hx("80AA0000") + bytes((len(data),)) + data) == hx("9000")
    assert eid(isdr) == REFUSED


@on(ipad_required=True)
def test_the_last_declaration_counts_and_a_reset_ends_it(isdr: Send, card: Card) -> None:
    isdr(hx("80AA000005A903840101"))
    assert served(isdr)
    isdr(hx("80AA000005A903840100"))
    assert eid(isdr) == REFUSED
    isdr(hx("80AA000005A903840101"))
    card.reset()
    isdr(SELECT_ISDR)
    assert eid(isdr) == REFUSED


@on(ipad_required=True)
def test_it_can_be_declared_before_the_isd_r_is_selected(send: Send) -> None:
    assert send(hx("80AA000005A903840101")) == hx("9000")
    send(SELECT_ISDR)
    assert served(send)


@on(ipad_required=True)
def test_files_and_the_ecasd_need_none(isdr: Send) -> None:
    assert ef_iccid(isdr) == B
    assert isdr(hx("00A4040010A0000005591010FFFFFFFF890000020000"))[-2:] == hx("9000")
    assert isdr(hx("80CA005A00"))[:2] == hx("5A10")


@on(ipad_required=True, reset_after_switch=True)
def test_two_switches_are_two_hurdles(isdr: Send, card: Card) -> None:
    isdr(hx("80AA000005A903840101"))
    ask(isdr, enable(A))
    assert eid(isdr) == REFUSED
    card.reset()
    isdr(SELECT_ISDR)
    assert eid(isdr) == REFUSED
    isdr(hx("80AA000005A903840101"))
    assert served(isdr)


# -- toolkit busy


@on(toolkit_busy=True)
@pytest.mark.parametrize(
    "request_",
    [nickname(A, b"new"), delete(A), hx("BF34 04 8202 0520"), hx("BF65 03 800161")],
    ids=["a nickname", "a deletion", "an address reset", "an address"],
)
def test_what_needs_no_refresh_is_done(isdr: Send, request_: bytes) -> None:
    if request_[1] == 0x34:
        ask(isdr, hx("BF65 03 800161"))
    assert ask(isdr, request_) == request_[:2] + hx("03 800100")


@on(toolkit_busy=True)
def test_what_needs_one_is_cat_busy(isdr: Send) -> None:
    for request in (enable(A), disable(B), hx("BF34 04 8202 0780")):
        assert ask(isdr, request) == request[:2] + hx("03 800105")
    assert enabled(isdr) == [B]


@holding(profile(A_DIGITS, profile_class=TEST), state=switched_on(toolkit_busy=True))
def test_a_test_profile_needs_one_too(isdr: Send) -> None:
    assert ask(isdr, enable(A)) == hx("BF31 03 800105")


# -- memory full


@on(memory_full=True)
def test_no_memory_is_free_and_no_profile_can_be_added(isdr: Send) -> None:
    assert free_memory(isdr) == 0
    value, size = value_of(ask(isdr, hx("BF2200")))["rspCapability"]
    assert not value >> (size - 1) & 1


@on(memory_full=True)
def test_a_download_does_not_fit(isdr: Send, card: Card, pki_folder: Path) -> None:
    with pytest.raises(LpaError) as caught:
        install(card.transmit, pki_folder, C_DIGITS)
    assert caught.value.code == "installFailedDueToInsufficientMemoryForProfile"
    assert iccids(isdr) == [A, B]


@on(memory_full=True)
def test_an_eim_does_not_fit(isdr: Send, card: Card) -> None:
    answered(isdr, card, add_initial(eim1().configuration()), "BF57 03 810101")


@on(memory_full=True)
def test_deleting_does_not_help_but_all_else_goes_on(isdr: Send) -> None:
    assert ask(isdr, delete(A)) == hx("BF33 03 800100")
    assert free_memory(isdr) == 0
    assert ask(isdr, disable(B)) == hx("BF32 03 800100")
    assert ask(isdr, tlv("BF65", tlv("80", b"a"))) == hx("BF65 03 800100")
