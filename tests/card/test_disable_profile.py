"""DisableProfile (SGP.22): the enabled Profile stops, and none takes its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import ask
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, A, B, install
from support.managing import (
    AIDS,
    NO_AID,
    NO_PROFILE,
    PPR1,
    PPR2,
    PROVISIONING,
    Contents,
    answered,
    disable,
    ef_iccid,
    enable,
    enabled,
    holding,
    infos,
    made,
    profile,
    says_enabled,
    switched_on,
)

from euicc_sim import Card
from euicc_sim.model.profile import AuthorisationRule, Operator
from euicc_sim.parties.smdpp.metadata import Owner, PolicyRule

Send = Callable[[bytes], bytes]

OK = hx("BF32 03 800100")
NOT_FOUND, NOT_ENABLED, POLICY, BUSY = (f"BF32 03 8001{code:02X}" for code in (1, 2, 3, 5))
ANYBODY = (AuthorisationRule(PPR1, (Operator(hx("EEEEEE")),)),)


@pytest.fixture
def contents() -> Contents:
    return Contents((profile(A_DIGITS, enabled=True), profile(B_DIGITS)))


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def test_by_iccid_no_profile_is_enabled_then(isdr: Send) -> None:
    assert enabled(isdr) == [A]
    assert ask(isdr, hx("BF32 11 A00C 5A0A 98001032547698103214 810100")) == OK
    assert enabled(isdr) == []


def test_by_aid_too(isdr: Send) -> None:
    aid = "A0000005591010FFFFFFFF8900001000"
    assert ask(isdr, hx(f"BF32 17 A012 4F10 {aid} 810100")) == OK
    assert enabled(isdr) == []


@pytest.mark.parametrize("flag", ["00", "FF", "01"])
def test_any_refresh_flag_is_obeyed_at_once(isdr: Send, flag: str) -> None:
    assert ask(isdr, disable(A, flag)) == OK
    assert enabled(isdr) == []


@pytest.mark.usefixtures("lenient")
def test_what_is_not_der_is_understood(isdr: Send) -> None:
    request = hx("BF32 8114 A082000D 5A810A 98001032547698103214 810101")
    assert ask(isdr, request) == OK
    assert enabled(isdr) == []


@pytest.mark.parametrize(
    "request_",
    [
        "BF3200",
        "BF32 0E A00C 5A0A 98001032547698103214",
        "BF32 0F 5A0A 98001032547698103214 810100",
        "BF32 05 A000 810100",
        "BF32 10 A00B 5A09 980010325476981032 810100",
    ],
    ids=["nothing", "no flag", "no wrapper", "an empty identifier", "9 bytes"],
)
def test_what_cannot_be_read_is_6a80_and_disables_nothing(
    isdr: Send, card: Card, request_: str
) -> None:
    before = card.state
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)
    assert card.state == before


@pytest.mark.parametrize("identifier", [NO_PROFILE, NO_AID], ids=["ICCID", "AID"])
def test_an_unknown_profile_is_not_found(isdr: Send, card: Card, identifier: bytes) -> None:
    answered(isdr, card, disable(identifier), NOT_FOUND)


@pytest.mark.parametrize("identifier", [B, AIDS[1]], ids=["ICCID", "AID"])
def test_a_disabled_profile_is_not_enabled(isdr: Send, card: Card, identifier: bytes) -> None:
    answered(isdr, card, disable(identifier), NOT_ENABLED)


def test_a_second_time_it_is_not_enabled_any_more(isdr: Send, card: Card) -> None:
    assert ask(isdr, disable(A)) == OK
    answered(isdr, card, disable(A), NOT_ENABLED)


@holding(profile(A_DIGITS, enabled=True, rules=PPR1))
@pytest.mark.parametrize("flag", ["00", "FF"])
def test_ppr1_forbids_it(isdr: Send, card: Card, flag: str) -> None:
    answered(isdr, card, disable(A, flag), POLICY)


@holding(rules=ANYBODY)
def test_ppr1_that_came_by_download_forbids_it(isdr: Send, card: Card, pki_folder: Path) -> None:
    install(
        card.transmit,
        pki_folder,
        A_DIGITS,
        owner=Owner(hx("00F110")),
        policy_rules=frozenset({PolicyRule.PPR1}),
    )
    ask(isdr, enable(A))
    answered(isdr, card, disable(A), POLICY)


@holding(profile(A_DIGITS, enabled=True, rules=PPR2), profile(B_DIGITS, rules=PPR1))
def test_other_rules_forbid_nothing(isdr: Send) -> None:
    assert ask(isdr, disable(A)) == OK


@holding(profile(A_DIGITS, enabled=True), state=switched_on(toolkit_busy=True))
@pytest.mark.parametrize("flag", ["00", "FF"])
def test_a_proactive_session_is_cat_busy(isdr: Send, card: Card, flag: str) -> None:
    answered(isdr, card, disable(A, flag), BUSY)


@holding(
    profile(A_DIGITS, enabled=True, rules=PPR1),
    profile(B_DIGITS),
    state=switched_on(toolkit_busy=True),
)
def test_what_forbids_it_for_good_comes_before_what_passes(isdr: Send, card: Card) -> None:
    answered(isdr, card, disable(NO_PROFILE), NOT_FOUND)
    answered(isdr, card, disable(B), NOT_ENABLED)
    answered(isdr, card, disable(A), POLICY)


@holding(profile(A_DIGITS, ecall=True, enabled=True))
def test_the_emergency_profile_is_not_for_an_lpa(isdr: Send, card: Card) -> None:
    answered(isdr, card, disable(A), POLICY)


@holding(profile(A_DIGITS, enabled=True, profile_class=PROVISIONING))
def test_a_provisioning_profile_can_be_disabled(isdr: Send) -> None:
    assert ask(isdr, disable(A)) == OK
    assert enabled(isdr) == []


def test_the_fci_of_the_isdr_does_not_say_enabled_any_more(isdr: Send) -> None:
    assert says_enabled(isdr) == hx("E1 04 80 02 06 40")
    ask(isdr, disable(A))
    assert says_enabled(isdr) == hx("E1 04 80 02 06 00")


def test_ef_iccid_is_blank_then(isdr: Send) -> None:
    assert ef_iccid(isdr) == A
    ask(isdr, disable(A))
    assert ef_iccid(isdr) == b"\xff" * 10


def test_it_stays_disabled_through_a_reset_and_the_end_of_the_process(
    isdr: Send, card: Card
) -> None:
    ask(isdr, disable(A))
    card.reset()
    isdr(SELECT_ISDR)
    assert enabled(isdr) == []
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert enabled(again.transmit) == []


def test_all_else_of_it_stays(isdr: Send) -> None:
    every = "5A 4F 90 91 92 95 B6 99"
    before = infos(isdr, every)
    ask(isdr, disable(A))
    assert infos(isdr, every) == before
