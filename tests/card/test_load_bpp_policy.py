"""LoadBoundProfilePackage: which policy rules a Profile may bring, pprNotAllowed (15) otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.eims import tlv
from support.fresh import fresh_card
from support.hexes import hx
from support.installing import B_DIGITS, A, install, order
from support.loading import (
    Watch,
    installed,
    load,
    prepare,
    profiles,
    seeded,
)

from euicc_sim import Card
from euicc_sim.model.profile import AuthorisationRule, Operator
from euicc_sim.parties.smdpp.metadata import Owner, PolicyRule, ProfileClass

Send = Callable[[bytes], bytes]
Rules = tuple[AuthorisationRule, ...]

NOT_ALLOWED = (2, 15)
UPDATE, PPR1, PPR2 = PolicyRule.UPDATE_CONTROL, PolicyRule.PPR1, PolicyRule.PPR2
OWNER = hx("62F210")


def row(mcc_mnc: str, *rules: int, gid1: str | None = None, gid2: str | None = None) -> Rules:
    """One row of the table, of one operator."""
    gids = (None if one is None else hx(one) for one in (gid1, gid2))
    return (AuthorisationRule(frozenset(rules), (Operator(hx(mcc_mnc), *gids),)),)


ANYBODY = row("EEEEEE", 1, 2, gid1="", gid2="")


@pytest.fixture
def table() -> Rules:
    """The Rules Authorisation Table of the card."""
    return ANYBODY


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, table: Rules) -> Iterator[Card]:
    with Card.open(fresh_card(tmp_path / "card", pki_folder, rules=table), fsync=False) as card:
        yield card


def refuse(
    send: Send, card: Card, pki_folder: Path, owner: Owner | None, *rules: PolicyRule
) -> None:
    watch = Watch(send, card)
    wanted = order(owner=owner, policy_rules=frozenset(rules))
    bound = prepare(send, seeded(pki_folder, wanted, check_rules=False))
    watch.check_error(load(send, bound.chains), bound, NOT_ALLOWED, iccid=A)


def take(send: Send, pki_folder: Path, owner: Owner | None, *rules: PolicyRule) -> None:
    wanted = order(owner=owner, policy_rules=frozenset(rules))
    installed(send, prepare(send, seeded(pki_folder, wanted)))
    assert A in profiles(send)


# -- the rules themselves


@pytest.mark.parametrize("rules", [(PPR1,), (PPR2,), (PPR1, PPR2)])
def test_a_rule_that_the_table_allows_is_installed_and_shown(
    send: Send, pki_folder: Path, rules: tuple[PolicyRule, ...]
) -> None:
    take(send, pki_folder, Owner(OWNER), *rules)
    bits, size = profiles(send)[A]["profilePolicyRules"]
    assert {at for at in range(size) if bits >> (size - 1 - at) & 1} == set(rules)


@pytest.mark.parametrize("rules", [(UPDATE,), (UPDATE, PPR1, PPR2)])
def test_update_control_is_forbidden_whatever_the_table_says(
    send: Send, card: Card, pki_folder: Path, rules: tuple[PolicyRule, ...]
) -> None:
    refuse(send, card, pki_folder, Owner(OWNER), *rules)


@pytest.mark.parametrize("table", [row("EEEEEE", 1, 2, 3)])
def test_a_rule_that_nobody_knows_is_not_allowed(send: Send, card: Card, pki_folder: Path) -> None:
    """Bit 3, which was PPR3 once."""
    watch = Watch(send, card)
    metadata = tlv(
        "BF25", tlv("5A", A), hx("910150 92014E"), tlv("B7", tlv("80", OWNER)), hx("99020410")
    )
    server = seeded(pki_folder, order(), adjust=lambda one: replace(one, metadata=metadata))
    bound = prepare(send, server)
    watch.check_error(load(send, bound.chains), bound, NOT_ALLOWED, iccid=A)


def test_a_profile_with_rules_names_its_owner(send: Send, card: Card, pki_folder: Path) -> None:
    refuse(send, card, pki_folder, None, PPR2)


@pytest.mark.parametrize("table", [()])
def test_without_a_table_no_rule_is_allowed(send: Send, card: Card, pki_folder: Path) -> None:
    refuse(send, card, pki_folder, Owner(OWNER), PPR1)
    refuse(send, card, pki_folder, Owner(OWNER), PPR2)


@pytest.mark.parametrize("table", [()])
@pytest.mark.parametrize("owner", [None, Owner(OWNER)])
def test_without_a_rule_no_table_is_needed(
    send: Send, pki_folder: Path, owner: Owner | None
) -> None:
    take(send, pki_folder, owner)


@pytest.mark.parametrize("table", [row("62F210", 2)])
def test_a_row_allows_the_rules_that_it_names(send: Send, card: Card, pki_folder: Path) -> None:
    refuse(send, card, pki_folder, Owner(OWNER), PPR1)
    refuse(send, card, pki_folder, Owner(OWNER), PPR1, PPR2)
    take(send, pki_folder, Owner(OWNER), PPR2)


@pytest.mark.parametrize("table", [row("62F210", 1) + row("62F210", 2)])
def test_each_rule_may_be_of_another_row(send: Send, pki_folder: Path) -> None:
    take(send, pki_folder, Owner(OWNER), PPR1, PPR2)


# -- whom a row means


@pytest.mark.parametrize(
    ("table", "owner", "allowed"),
    [
        (row("62F210", 2), "62F210", True),
        (row("62F210", 2), "62F220", False),
        (row("62F210", 2), "63F210", False),
        (row("EEEEEE", 2), "62F210", True),
        (row("62FEEE", 2), "62F290", True),
        (row("62FEEE", 2), "62F390", True),
        (row("62EEEE", 2), "623F90", True),
        (row("62FEEE", 2), "620F90", False),
        (row("E2F210", 2), "92F210", True),
        (row("E2F210", 2), "93F210", False),
        (row("62F210", 2), "EEEEEE", False),
    ],
)
def test_e_in_the_table_stands_for_any_digit(
    send: Send, card: Card, pki_folder: Path, owner: str, allowed: bool
) -> None:
    if allowed:
        take(send, pki_folder, Owner(hx(owner)), PPR2)
    else:
        refuse(send, card, pki_folder, Owner(hx(owner)), PPR2)


def with_gids(gid1: str | None, gid2: str | None) -> Owner:
    return Owner(OWNER, *(None if one is None else hx(one) for one in (gid1, gid2)))


@pytest.mark.parametrize(
    ("table", "owner", "allowed"),
    [
        (row("62F210", 2, gid1="01"), with_gids("01", None), True),
        (row("62F210", 2, gid1="01"), with_gids("02", None), False),
        (row("62F210", 2, gid1="01"), with_gids("0101", None), False),
        (row("62F210", 2, gid1="01"), with_gids(None, None), False),
        (row("62F210", 2, gid1="01"), with_gids(None, "01"), False),
        (row("62F210", 2, gid1="01"), with_gids("01", "02"), False),
        (row("62F210", 2), with_gids("01", None), False),
        (row("62F210", 2), with_gids(None, "01"), False),
        (row("62F210", 2, gid1=""), with_gids("01", None), True),
        (row("62F210", 2, gid1=""), with_gids(None, None), True),
        (row("62F210", 2, gid1="", gid2=""), with_gids("01", "0203"), True),
        (row("62F210", 2, gid2="0203"), with_gids(None, "0203"), True),
        (row("62F210", 2, gid1="01", gid2="0203"), with_gids("01", "0203"), True),
        (row("62F210", 2, gid1="01", gid2="0203"), with_gids("0203", "01"), False),
    ],
)
def test_group_identifiers_are_those_of_the_row_and_empty_ones_stand_for_any(
    send: Send, card: Card, pki_folder: Path, owner: Owner, allowed: bool
) -> None:
    if allowed:
        take(send, pki_folder, owner, PPR2)
    else:
        refuse(send, card, pki_folder, owner, PPR2)


@pytest.mark.parametrize(
    "table",
    [(AuthorisationRule(frozenset({2}), (Operator(hx("21F354")), Operator(OWNER))),)],
)
def test_a_row_may_name_several_operators(send: Send, card: Card, pki_folder: Path) -> None:
    refuse(send, card, pki_folder, Owner(hx("21F355")), PPR2)
    take(send, pki_folder, Owner(OWNER), PPR2)


# -- PPR1 and the other Profiles


def test_ppr1_does_not_come_beside_another_operational_profile(
    send: Send, card: Card, pki_folder: Path
) -> None:
    install(send, pki_folder, B_DIGITS)
    refuse(send, card, pki_folder, Owner(OWNER), PPR1)
    refuse(send, card, pki_folder, Owner(OWNER), PPR1, PPR2)
    take(send, pki_folder, Owner(OWNER), PPR2)


@pytest.mark.parametrize("other", [ProfileClass.TEST, ProfileClass.PROVISIONING])
def test_ppr1_may_come_beside_profiles_of_other_classes(
    send: Send, pki_folder: Path, other: ProfileClass
) -> None:
    install(send, pki_folder, B_DIGITS, profile_class=other)
    take(send, pki_folder, Owner(OWNER), PPR1)


def test_others_may_come_beside_a_profile_with_ppr1(send: Send, pki_folder: Path) -> None:
    install(send, pki_folder, B_DIGITS, owner=Owner(OWNER), policy_rules=frozenset({PPR1}))
    take(send, pki_folder, None)
