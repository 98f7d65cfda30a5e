"""EnableProfile (SGP.22): which Profile may be enabled, and what becomes of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import ask
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, A, B, C, install
from support.managing import (
    AIDS,
    NO_AID,
    NO_PROFILE,
    PPR1,
    PPR2,
    PROVISIONING,
    TEST,
    Contents,
    answered,
    ef_iccid,
    enable,
    enabled,
    holding,
    made,
    profile,
    says_enabled,
    switched_on,
)

from euicc_sim import Card
from euicc_sim.model.profile import AuthorisationRule, Operator
from euicc_sim.parties.smdpp.metadata import Owner, PolicyRule

Send = Callable[[bytes], bytes]

OK = hx("BF31 03 800100")
NOT_FOUND, NOT_DISABLED, POLICY, WRONG, BUSY = (
    f"BF31 03 8001{code:02X}" for code in (1, 2, 3, 4, 5)
)
NO_BIT, ENABLED_BIT = hx("E1 04 80 02 06 00"), hx("E1 04 80 02 06 40")
ANYBODY = (AuthorisationRule(PPR1 | PPR2, (Operator(hx("EEEEEE")),)),)


@pytest.fixture
def contents() -> Contents:
    return Contents((profile(A_DIGITS), profile(B_DIGITS, enabled=True)))


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def test_by_iccid_the_profile_takes_the_place_of_the_other(isdr: Send) -> None:
    assert enabled(isdr) == [B]
    assert ask(isdr, hx("BF31 11 A00C 5A0A 98001032547698103214 810100")) == OK
    assert enabled(isdr) == [A]


def test_by_aid_too(isdr: Send) -> None:
    aid = "A0000005591010FFFFFFFF8900001000"
    assert ask(isdr, hx(f"BF31 17 A012 4F10 {aid} 810100")) == OK
    assert enabled(isdr) == [A]


@holding(profile(A_DIGITS))
def test_where_no_profile_is_enabled_one_can_be(isdr: Send) -> None:
    assert enabled(isdr) == []
    assert ask(isdr, enable(A)) == OK
    assert enabled(isdr) == [A]


@pytest.mark.parametrize("flag", ["00", "FF", "01"])
def test_any_refresh_flag_is_obeyed_at_once(isdr: Send, flag: str) -> None:
    assert ask(isdr, enable(A, flag)) == OK
    assert enabled(isdr) == [A]


@pytest.mark.parametrize(
    "request_",
    [
        "BF31 81 11 A00C 5A0A 98001032547698103214 810100",
        "BF31 83 000013 A082000C 5A0A 98001032547698103214 810100",
        "BF31 12 A0810C 5A0A 98001032547698103214 810100",
        "BF31 14 A00C 5A0A 98001032547698103214 810100 820101",
    ],
    ids=["a long length", "longer lengths", "a long length inside", "a field of SGP.22 v3"],
)
@pytest.mark.usefixtures("lenient")
def test_what_is_not_der_or_of_a_later_version_is_understood(isdr: Send, request_: str) -> None:
    assert ask(isdr, hx(request_)) == OK
    assert enabled(isdr) == [A]


@pytest.mark.parametrize(
    "request_",
    [
        "BF3100",
        "BF31 0E A00C 5A0A 98001032547698103214",
        "BF31 03 810100",
        "BF31 05 A000 810100",
        "BF31 10 A00B 5A09 980010325476981032 810100",
        "BF31 12 A00D 5A0B 9800103254769810321400 810100",
        "BF31 10 A00C 5A0A 98001032547698103214 8100",
        "BF31 1D A018 5A0A 98001032547698103214 5A0A 98001032547698103214 810100",
        "BF31 11 810100 A00C 5A0A 98001032547698103214",
        "BF31 80 A00C 5A0A 98001032547698103214 810100 0000",
    ],
    ids=[
        *("nothing", "no flag", "no identifier", "an empty identifier", "9 bytes", "11 bytes"),
        *("a flag without a byte", "two identifiers", "another order", "no length"),
    ],
)
def test_what_cannot_be_read_is_6a80_and_enables_nothing(
    isdr: Send, card: Card, request_: str
) -> None:
    before = card.state
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)
    assert card.state == before


@pytest.mark.parametrize(
    "identifier",
    [NO_PROFILE, NO_AID, hx("A0000005591010FFFFFFFF8900000100"), b"\xff" * 10],
    ids=["another ICCID", "another AID", "the ISD-R's AID", "a blank ICCID"],
)
def test_an_unknown_profile_is_not_found(isdr: Send, card: Card, identifier: bytes) -> None:
    answered(isdr, card, enable(identifier), NOT_FOUND)


@pytest.mark.parametrize("identifier", [B, AIDS[1]], ids=["ICCID", "AID"])
def test_the_enabled_profile_is_not_disabled(isdr: Send, card: Card, identifier: bytes) -> None:
    answered(isdr, card, enable(identifier), NOT_DISABLED)


@holding(profile(A_DIGITS), profile(B_DIGITS, enabled=True, rules=PPR1))
@pytest.mark.parametrize("flag", ["00", "FF"])
def test_ppr1_of_the_enabled_profile_forbids_it(isdr: Send, card: Card, flag: str) -> None:
    answered(isdr, card, enable(A, flag), POLICY)


@holding(rules=ANYBODY)
def test_ppr1_that_came_by_download_forbids_it(isdr: Send, card: Card, pki_folder: Path) -> None:
    install(
        card.transmit,
        pki_folder,
        A_DIGITS,
        owner=Owner(hx("00F110")),
        policy_rules=frozenset({PolicyRule.PPR1}),
    )
    install(card.transmit, pki_folder, B_DIGITS)
    assert ask(isdr, enable(A)) == OK
    answered(isdr, card, enable(B), POLICY)


@holding(profile(A_DIGITS, rules=PPR1 | PPR2), profile(B_DIGITS, enabled=True, rules=PPR2))
def test_other_rules_forbid_nothing(isdr: Send) -> None:
    """PPR1 of the Profile that is to be enabled, and PPR2 of both."""
    assert ask(isdr, enable(A)) == OK


@holding(profile(A_DIGITS), profile(B_DIGITS, enabled=True), state=switched_on(toolkit_busy=True))
@pytest.mark.parametrize("flag", ["00", "FF"])
def test_a_proactive_session_is_cat_busy(isdr: Send, card: Card, flag: str) -> None:
    answered(isdr, card, enable(A, flag), BUSY)


@holding(
    profile(A_DIGITS),
    profile(B_DIGITS, enabled=True, rules=PPR1),
    state=switched_on(toolkit_busy=True),
)
def test_what_forbids_it_for_good_comes_before_what_passes(isdr: Send, card: Card) -> None:
    answered(isdr, card, enable(NO_PROFILE), NOT_FOUND)
    answered(isdr, card, enable(B), NOT_DISABLED)
    answered(isdr, card, enable(A), POLICY)


@holding(profile(A_DIGITS, ecall=True), profile(B_DIGITS, enabled=True))
def test_the_emergency_profile_is_not_for_an_lpa(isdr: Send, card: Card) -> None:
    answered(isdr, card, enable(A), POLICY)


@holding(
    profile(A_DIGITS, ecall=True, enabled=True),
    profile(B_DIGITS),
    profile(C_DIGITS, profile_class=TEST),
)
@pytest.mark.parametrize("iccid", [B, C], ids=["operational", "test"])
def test_nothing_takes_the_place_of_the_emergency_profile(
    isdr: Send, card: Card, iccid: bytes
) -> None:
    answered(isdr, card, enable(iccid), POLICY)


@holding(profile(A_DIGITS, profile_class=PROVISIONING), profile(B_DIGITS, enabled=True, rules=PPR1))
def test_a_provisioning_profile_is_bound_by_ppr1_too(isdr: Send, card: Card) -> None:
    answered(isdr, card, enable(A), POLICY)


# -- what else shows it


@holding(profile(A_DIGITS))
def test_the_fci_of_the_isdr_says_so(isdr: Send) -> None:
    assert says_enabled(isdr) == NO_BIT
    ask(isdr, enable(A))
    assert says_enabled(isdr) == ENABLED_BIT


@holding(profile(A_DIGITS), profile(B_DIGITS))
def test_ef_iccid_is_that_of_the_enabled_profile(isdr: Send) -> None:
    assert ef_iccid(isdr) == b"\xff" * 10
    for one in (A, B):
        ask(isdr, enable(one))
        assert ef_iccid(isdr) == one


def test_it_stays_enabled_through_a_reset_and_the_end_of_the_process(
    isdr: Send, card: Card
) -> None:
    ask(isdr, enable(A))
    card.reset()
    isdr(SELECT_ISDR)
    assert enabled(isdr) == [A]
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert enabled(again.transmit) == [A]


def test_the_isd_r_stays_selected_on_every_channel(isdr: Send) -> None:
    assert isdr(hx("0070000001")) == hx("01 9000")
    assert isdr(hx("01") + SELECT_ISDR[1:])[0] == 0x61
    assert es10(isdr, enable(A), channel=1) == OK
    assert enabled(isdr) == [A]
    assert es10(isdr, enable(B), channel=1) == OK


def test_only_the_state_of_two_profiles_changes(isdr: Send, card: Card) -> None:
    before = card.state
    ask(isdr, enable(A))
    after = card.state
    assert [one.with_state(False) for one in after.profiles] == [
        one.with_state(False) for one in before.profiles
    ]
    assert (after.returns, after.eims, after.results, after.switches) == (
        *(before.returns, before.eims, before.results, before.switches),
    )
