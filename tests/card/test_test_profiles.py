"""Test Profiles: they may be enabled over any other, and the one before them comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import ask, eim1, trust
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, D_DIGITS, A, B, C, D
from support.managing import (
    PPR1,
    PROVISIONING,
    TEST,
    Contents,
    answered,
    delete,
    disable,
    enable,
    enabled,
    holding,
    made,
    profile,
    told,
)

from euicc_sim import Card

Send = Callable[[bytes], bytes]

OK, DISABLED, DELETED = hx("BF31 03 800100"), hx("BF32 03 800100"), hx("BF33 03 800100")
POLICY, WRONG = "BF31 03 800103", "BF31 03 800104"
FOUR = (
    profile(A_DIGITS, enabled=True),
    profile(B_DIGITS),
    profile(C_DIGITS, profile_class=TEST),
    profile(D_DIGITS, profile_class=TEST),
)
ENABLE, DISABLE = 1, 2


@pytest.fixture
def contents() -> Contents:
    return Contents(FOUR)


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def test_after_a_test_profile_comes_the_one_before_it(isdr: Send, card: Card) -> None:
    assert ask(isdr, enable(C)) == OK
    answered(isdr, card, enable(B), WRONG)
    assert ask(isdr, enable(A)) == OK
    assert enabled(isdr) == [A]


def test_between_them_test_profiles_keep_it(isdr: Send, card: Card) -> None:
    assert [ask(isdr, enable(one)) for one in (C, D)] == [OK, OK]
    answered(isdr, card, enable(B), WRONG)
    assert ask(isdr, enable(A)) == OK


def test_it_is_kept_through_a_reset_and_the_end_of_the_process(isdr: Send, card: Card) -> None:
    ask(isdr, enable(C))
    card.reset()
    isdr(SELECT_ISDR)
    answered(isdr, card, enable(B), WRONG)
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        answered(again.transmit, again, enable(B), WRONG)


def test_once_it_is_back_another_can_follow(isdr: Send) -> None:
    assert [ask(isdr, enable(one)) for one in (C, A, B)] == [OK, OK, OK]
    assert enabled(isdr) == [B]


def test_once_it_is_deleted_any_may_follow(isdr: Send) -> None:
    ask(isdr, enable(C))
    assert ask(isdr, delete(A)) == DELETED
    assert ask(isdr, enable(B)) == OK


@holding(profile(A_DIGITS), profile(B_DIGITS), profile(C_DIGITS, profile_class=TEST))
@pytest.mark.parametrize("iccid", [A, B], ids=["A", "B"])
def test_any_may_follow_where_none_was_before(isdr: Send, iccid: bytes) -> None:
    assert [ask(isdr, enable(one)) for one in (C, iccid)] == [OK, OK]


@holding(profile(A_DIGITS, enabled=True, rules=PPR1), profile(B_DIGITS, profile_class=TEST))
def test_ppr1_does_not_keep_a_test_profile_away(isdr: Send) -> None:
    assert ask(isdr, enable(B)) == OK
    assert ask(isdr, enable(A)) == OK


def test_a_disabled_test_profile_is_not_remembered_by_the_next(isdr: Send, card: Card) -> None:
    """The Profile that comes back is the one before the test Profile that is enabled now."""
    assert [ask(isdr, enable(one)) for one in (C, A, B, D)] == [OK] * 4
    answered(isdr, card, enable(A), WRONG)
    assert ask(isdr, disable(D)) == DISABLED
    assert enabled(isdr) == [B]


# -- disabling one


def test_a_disabled_test_profile_brings_back_the_one_before(isdr: Send) -> None:
    ask(isdr, enable(C))
    assert ask(isdr, disable(C)) == DISABLED
    assert enabled(isdr) == [A]


def test_its_coming_back_is_told(isdr: Send) -> None:
    ask(isdr, enable(C))
    ask(isdr, disable(C))
    assert [(event, iccid) for _, event, _, iccid in told(isdr)] == [
        (DISABLE, A),
        (ENABLE, C),
        (DISABLE, C),
        (ENABLE, A),
    ]


def test_between_them_test_profiles_bring_back_the_one_before_both(isdr: Send) -> None:
    for one in (C, D):
        ask(isdr, enable(one))
    assert ask(isdr, disable(D)) == DISABLED
    assert enabled(isdr) == [A]


def test_it_comes_back_after_a_reset_and_the_end_of_the_process(isdr: Send, card: Card) -> None:
    ask(isdr, enable(C))
    card.reset()
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        ask(again.transmit, disable(C))
        assert enabled(again.transmit) == [A]


@holding(profile(A_DIGITS), profile(B_DIGITS, profile_class=TEST))
def test_none_before_is_none_after(isdr: Send) -> None:
    ask(isdr, enable(B))
    assert ask(isdr, disable(B)) == DISABLED
    assert enabled(isdr) == []


def test_a_deleted_one_does_not_come_back(isdr: Send) -> None:
    ask(isdr, enable(C))
    ask(isdr, delete(A))
    assert ask(isdr, disable(C)) == DISABLED
    assert enabled(isdr) == []


@holding(profile(A_DIGITS, enabled=True, profile_class=PROVISIONING), FOUR[2])
def test_a_provisioning_profile_comes_back_too(isdr: Send) -> None:
    ask(isdr, enable(C))
    ask(isdr, disable(C))
    assert enabled(isdr) == [A]


@holding(profile(A_DIGITS, enabled=True), profile(C_DIGITS, profile_class=TEST, rules=PPR1))
def test_ppr1_of_a_test_profile_forbids_to_disable_it(isdr: Send, card: Card) -> None:
    ask(isdr, enable(C))
    answered(isdr, card, disable(C), "BF32 03 800103")


# -- what others do in between


def test_a_package_that_enables_another_ends_the_memory(isdr: Send) -> None:
    """What comes back is the Profile that was there, not one of long ago."""
    eim = eim1()
    trust(isdr, eim)
    ask(isdr, enable(C))
    eim.load(isdr, ("enable", {"iccid": B}))
    eim.load(isdr, ("enable", {"iccid": C}))
    assert ask(isdr, disable(C)) == DISABLED
    assert enabled(isdr) == []


def test_a_package_that_disables_it_ends_the_memory(isdr: Send, card: Card) -> None:
    eim = eim1()
    trust(isdr, eim)
    ask(isdr, enable(C))
    eim.load(isdr, ("disable", {"iccid": C}))
    assert enabled(isdr) == []
    assert card.state.returns.test is None


def test_a_memory_reset_that_deletes_it_ends_the_memory(isdr: Send, card: Card) -> None:
    ask(isdr, enable(C))
    assert ask(isdr, hx("BF34 04 8202 0640")) == hx("BF34 03 800100")
    assert enabled(isdr) == []
    assert card.state.returns.test is None


@holding(*FOUR[:3], profile(D_DIGITS, ecall=True))
def test_an_emergency_does_not_end_the_memory(isdr: Send) -> None:
    ask(isdr, enable(C))
    assert ask(isdr, hx("BF5B 03 800100")) == hx("BF5B 03 800100")
    assert enabled(isdr) == [D]
    assert ask(isdr, hx("BF5C 03 800100")) == hx("BF5C 03 800100")
    assert enabled(isdr) == [C]
    assert ask(isdr, disable(C)) == DISABLED
    assert enabled(isdr) == [A]
