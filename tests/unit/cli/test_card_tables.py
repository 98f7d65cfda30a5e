"""What `euicc-sim card show` tells of downloads, rollbacks and marks: on a state made up for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console
from rich.table import Table
from support.installing import A_DIGITS, B_DIGITS, SMDP, A, B

from euicc_sim.cli.card_tables import card_table
from euicc_sim.cli.profile_tables import kept_profiles
from euicc_sim.model.identity import Identity
from euicc_sim.model.profile import BppCommand, Installation, Profile, Rollback, Rule, isdp_aid
from euicc_sim.model.state import Returns, State

IDENTITY = Identity("89049032123451234512345678901235", ())
INSTALLATION = Installation(b"1", SMDP, "2.999.10", b"ci", BppCommand.STORE_METADATA)


def text(table: Table) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def shown(state: State) -> str:
    return text(card_table(IDENTITY, state, datetime(2026, 1, 2, tzinfo=UTC)))


def profile(iccid: bytes, number: int, **fields: object) -> Profile:
    made = Profile(iccid, isdp_aid(number), "Operator", "Name", b"ci", bytes(100))
    return replace(made, **fields)  # type: ignore[arg-type]


def test_nothing_is_said_of_downloads_and_rollbacks_when_there_are_none() -> None:
    assert "download" not in shown(State())
    assert "rollback" not in shown(State())


@pytest.mark.parametrize(
    ("iccid", "told"),
    [
        (None, f"under way from {SMDP}, at storeMetadata"),
        (A, f"under way from {SMDP} of {A_DIGITS}, at storeMetadata"),
    ],
)
def test_a_download_under_way_is_told_with_its_step(iccid: bytes | None, told: str) -> None:
    assert told in shown(State(installation=replace(INSTALLATION, iccid=iccid)))


def test_a_rollback_is_told_with_who_granted_it() -> None:
    state = State(returns=Returns(rollback=Rollback(B, "eim1.example.com", 7, None, 3)))
    assert f"granted to {B_DIGITS} by eim1.example.com, counter 7" in shown(state)


def test_profiles_have_marks_for_what_is_special_about_them() -> None:
    rules = frozenset({Rule.PPR1_NO_DISABLE, Rule.PPR2_NO_DELETE, 9})
    state = State(
        profiles=(
            profile(A, 16, profile_class=0, enabled=True, nickname="Mine"),
            profile(B, 17, ecall=True, rules=rules),
        ),
        fallback_profile=A,
    )
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in text(kept_profiles(state)).splitlines()
        if line.startswith("│")
    ]
    assert rows == [
        [A_DIGITS, "enabled", "test", "Name", "Operator", "Mine", "fallback", "1124"],
        [
            *(B_DIGITS, "disabled", "operational", "Name", "Operator", ""),
            *("emergency ppr1 ppr2 9", "1124"),
        ],
    ]
