"""eUICCMemoryReset of SGP.32 (BF64) and of SGP.22 (BF34): which Profiles go, whatever forbids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import ask, eim1, tlv, trust, value_of
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, D_DIGITS, RECIPIENT, A, B, C, D
from support.managing import (
    PPR1,
    PPR2,
    PROVISIONING,
    TEST,
    Contents,
    answered,
    ef_iccid,
    free_memory,
    holding,
    iccids,
    made,
    profile,
    says_enabled,
    switched_on,
    told,
)

from euicc_sim import Card
from euicc_sim.model.profile import Rollback
from euicc_sim.model.state import ImmediateEnable, Returns
from euicc_sim.store import copy_card

Send = Callable[[bytes], bytes]

OPERATIONAL_PROFILES, FIELD_TEST, ADDRESS, PRELOADED_TEST = 0x80, 0x40, 0x20, 0x10
PROVISIONING_PROFILES, EIMS, IMMEDIATE = 0x08, 0x04, 0x02
DELETE = 3
EVERY = (
    profile(A_DIGITS, enabled=True),
    profile(B_DIGITS, profile_class=TEST),
    profile(C_DIGITS, profile_class=TEST, preloaded=True),
    profile(D_DIGITS, profile_class=PROVISIONING),
)
both = pytest.mark.parametrize("tag", ["BF64", "BF34"])


@pytest.fixture
def contents() -> Contents:
    return Contents(EVERY, {"default_dp_address": "smdp.example.com"})


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def reset(tag: str, bits: int) -> bytes:
    unused = (bits & -bits).bit_length() - 1
    return tlv(tag, tlv("82", bytes((unused, bits))))


def result(tag: str, code: int = 0) -> str:
    return f"{tag} 03 8001{code:02X}"


def address(send: Send) -> str | None:
    found: str | None = value_of(ask(send, hx("BF3C00"))).get("defaultDpAddress")
    return found


@pytest.mark.parametrize(
    ("tag", "bit", "gone"),
    [
        ("BF64", OPERATIONAL_PROFILES, A),
        ("BF64", FIELD_TEST, B),
        ("BF64", PRELOADED_TEST, C),
        ("BF64", PROVISIONING_PROFILES, D),
        ("BF34", OPERATIONAL_PROFILES, A),
        ("BF34", FIELD_TEST, B),
    ],
)
def test_each_option_deletes_its_profiles(isdr: Send, tag: str, bit: int, gone: bytes) -> None:
    assert ask(isdr, reset(tag, bit)) == hx(result(tag))
    assert iccids(isdr) == [one for one in (A, B, C, D) if one != gone]
    assert address(isdr) == "smdp.example.com"


@both
def test_the_address_can_go_alone(isdr: Send, tag: str) -> None:
    assert ask(isdr, reset(tag, ADDRESS)) == hx(result(tag))
    assert address(isdr) is None
    assert iccids(isdr) == [A, B, C, D]


def test_all_options_at_once_leave_nothing(isdr: Send) -> None:
    trust(isdr, eim1())
    assert ask(isdr, hx("BF64 04 8202 01FE")) == hx("BF64 09 800100 810100 820100")
    assert iccids(isdr) == []
    assert address(isdr) is None


def test_all_options_of_sgp_22_leave_what_was_loaded_before_and_provisioning(isdr: Send) -> None:
    """In the encoding that lpac sends."""
    assert ask(isdr, hx("BF34 04 8202 05E0")) == hx(result("BF34"))
    assert iccids(isdr) == [C, D]
    assert address(isdr) is None


@pytest.mark.parametrize("bits", [PRELOADED_TEST, PROVISIONING_PROFILES, EIMS, IMMEDIATE, 0x1E])
def test_options_that_sgp_22_does_not_know_are_ignored(isdr: Send, card: Card, bits: int) -> None:
    trust(isdr, eim1())
    answered(isdr, card, reset("BF34", bits), result("BF34", 1))


@both
@pytest.mark.parametrize("bit", [OPERATIONAL_PROFILES, FIELD_TEST, ADDRESS])
def test_a_second_time_nothing_is_to_be_deleted(isdr: Send, card: Card, tag: str, bit: int) -> None:
    assert ask(isdr, reset(tag, bit)) == hx(result(tag))
    answered(isdr, card, reset(tag, bit), result(tag, 1))


@pytest.mark.parametrize("bit", [PRELOADED_TEST, PROVISIONING_PROFILES])
def test_of_what_only_sgp_32_deletes_too(isdr: Send, card: Card, bit: int) -> None:
    assert ask(isdr, reset("BF64", bit)) == hx(result("BF64"))
    answered(isdr, card, reset("BF64", bit), result("BF64", 1))


@both
def test_something_of_several_is_enough(isdr: Send, tag: str) -> None:
    ask(isdr, reset(tag, FIELD_TEST))
    assert ask(isdr, reset(tag, FIELD_TEST | OPERATIONAL_PROFILES)) == hx(result(tag))


@both
@pytest.mark.parametrize("options", ["BF0100", "8200", "82020904", "800105"])
def test_options_that_cannot_be_read_are_6a80(
    isdr: Send, card: Card, tag: str, options: str
) -> None:
    before = card.state
    assert es10_sw(isdr, tlv(tag, hx(options))) == (b"", 0x6A80)
    assert card.state == before


# -- what follows


@both
def test_each_deletion_is_told_of_and_nothing_else(isdr: Send, tag: str) -> None:
    ask(isdr, reset(tag, OPERATIONAL_PROFILES | FIELD_TEST))
    assert told(isdr) == [(1, DELETE, RECIPIENT, A), (2, DELETE, RECIPIENT, B)]


@both
def test_notifications_and_numbers_stay(isdr: Send, tag: str) -> None:
    for bit in (FIELD_TEST, OPERATIONAL_PROFILES):
        ask(isdr, reset(tag, bit))
    assert [(number, iccid) for number, _, _, iccid in told(isdr)] == [(1, B), (2, A)]


@both
def test_no_profile_is_enabled_any_more(isdr: Send, tag: str) -> None:
    assert ef_iccid(isdr) == A
    ask(isdr, reset(tag, OPERATIONAL_PROFILES))
    assert ef_iccid(isdr) == b"\xff" * 10
    assert says_enabled(isdr) == hx("E1 04 80 02 06 00")


@both
def test_an_enabled_profile_of_another_kind_stays_enabled(isdr: Send, tag: str) -> None:
    ask(isdr, reset(tag, FIELD_TEST))
    assert ef_iccid(isdr) == A


@both
def test_memory_and_files_are_free_again(isdr: Send, card: Card, tag: str, tmp_path: Path) -> None:
    before = free_memory(isdr)
    ask(isdr, reset(tag, OPERATIONAL_PROFILES | FIELD_TEST))
    assert free_memory(isdr) == before + EVERY[0].size + EVERY[1].size
    copy_card(card.directory, tmp_path / "copy")
    assert {one.name for one in (tmp_path / "copy" / "profiles").iterdir()} == {
        f"{C_DIGITS}.upp",
        f"{D_DIGITS}.upp",
    }


@both
@holding(
    profile(A_DIGITS, rules=PPR1 | PPR2, enabled=True),
    profile(B_DIGITS, rules=PPR2, profile_class=TEST),
)
def test_policy_rules_are_in_nobodys_way(isdr: Send, tag: str) -> None:
    assert ask(isdr, reset(tag, OPERATIONAL_PROFILES | FIELD_TEST)) == hx(result(tag))
    assert iccids(isdr) == []


REFERENCES = {
    "fallback_profile": A,
    "returns": Returns(Rollback(A, "eim1.example.com", 1, None, 1), A, A, A),
}


@both
@holding(
    profile(A_DIGITS, fallback_allowed=True),
    profile(B_DIGITS, enabled=True, profile_class=TEST),
    state=REFERENCES,
)
def test_what_referred_to_a_deleted_profile_is_gone(isdr: Send, card: Card, tag: str) -> None:
    ask(isdr, reset(tag, OPERATIONAL_PROFILES))
    assert card.state.returns == Returns()
    assert card.state.fallback_profile is None


@both
@holding(
    profile(A_DIGITS, fallback_allowed=True, enabled=True),
    profile(B_DIGITS, profile_class=TEST),
    state=REFERENCES,
)
def test_what_refers_to_others_stays(isdr: Send, card: Card, tag: str) -> None:
    before = card.state
    ask(isdr, reset(tag, FIELD_TEST))
    assert card.state.returns == before.returns
    assert card.state.fallback_profile == A


@both
def test_what_is_deleted_stays_so_at_the_end_of_the_process(
    isdr: Send, card: Card, tag: str
) -> None:
    ask(isdr, reset(tag, OPERATIONAL_PROFILES | FIELD_TEST | ADDRESS))
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert iccids(again.transmit) == [C, D]
        assert address(again.transmit) is None


# -- what stands in its way

BUSY = holding(*EVERY, state={"default_dp_address": "a", **switched_on(toolkit_busy=True)})


@both
@BUSY
def test_an_enabled_profile_does_not_go_while_a_proactive_session_runs(
    isdr: Send, card: Card, tag: str
) -> None:
    every = OPERATIONAL_PROFILES | FIELD_TEST | ADDRESS
    answered(isdr, card, reset(tag, every), result(tag, 5))


@BUSY
def test_then_eims_and_configuration_stay_too(isdr: Send, card: Card) -> None:
    trust(isdr, eim1())
    answered(isdr, card, reset("BF64", OPERATIONAL_PROFILES | EIMS | IMMEDIATE), result("BF64", 5))


@both
@BUSY
def test_disabled_ones_and_the_address_go_all_the_same(isdr: Send, tag: str) -> None:
    assert ask(isdr, reset(tag, FIELD_TEST | ADDRESS)) == hx(result(tag))
    assert iccids(isdr) == [A, C, D]


EMERGENCY = holding(
    profile(A_DIGITS, ecall=True, enabled=True),
    profile(B_DIGITS),
    state={"default_dp_address": "a", "immediate_enable": ImmediateEnable(True)},
)


@EMERGENCY
@pytest.mark.parametrize("bits", [0xFE, OPERATIONAL_PROFILES, ADDRESS, EIMS, IMMEDIATE, FIELD_TEST])
def test_in_an_emergency_nothing_is_reset(isdr: Send, card: Card, bits: int) -> None:
    answered(isdr, card, reset("BF64", bits), result("BF64", 104))


@EMERGENCY
def test_in_an_emergency_sgp_22_has_no_code_for_it(isdr: Send, card: Card) -> None:
    answered(isdr, card, reset("BF34", OPERATIONAL_PROFILES), result("BF34", 127))


@holding(profile(A_DIGITS, ecall=True), profile(B_DIGITS, enabled=True))
def test_a_disabled_emergency_profile_goes_with_the_operational_ones(isdr: Send) -> None:
    assert ask(isdr, reset("BF64", OPERATIONAL_PROFILES)) == hx(result("BF64"))
    assert iccids(isdr) == []
