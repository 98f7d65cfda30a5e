"""DeleteProfile (SGP.22): a disabled Profile goes, with its package and all that refers to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import saip
from support.eims import ask
from support.es10 import SELECT_ISDR, es10_sw
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
    delete,
    enable,
    free_memory,
    holding,
    iccids,
    infos,
    made,
    profile,
    resource,
    switched_on,
    told,
)

from euicc_sim import Card
from euicc_sim.model.profile import AuthorisationRule, Operator, Rollback
from euicc_sim.model.state import Returns
from euicc_sim.parties.smdpp.metadata import Owner, PolicyRule
from euicc_sim.store import copy_card

Send = Callable[[bytes], bytes]

OK = hx("BF33 03 800100")
NOT_FOUND, NOT_DISABLED, POLICY = (f"BF33 03 8001{code:02X}" for code in (1, 2, 3))
ANYBODY = (AuthorisationRule(PPR2, (Operator(hx("EEEEEE")),)),)
BIG = profile(A_DIGITS, package=saip.package(A_DIGITS, size=9000), icon=bytes(500), icon_type=1)
DELETE = 3


@pytest.fixture
def contents() -> Contents:
    return Contents((profile(A_DIGITS), profile(B_DIGITS, enabled=True)))


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, contents: Contents) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, contents) as card:
        yield card


def test_by_iccid_it_is_gone(isdr: Send) -> None:
    assert ask(isdr, hx("BF33 0C 5A0A 98001032547698103214")) == OK
    assert iccids(isdr) == [B]


def test_by_aid_too(isdr: Send) -> None:
    assert ask(isdr, hx("BF33 12 4F10 A0000005591010FFFFFFFF8900001000")) == OK
    assert iccids(isdr) == [B]


@pytest.mark.usefixtures("lenient")
def test_a_long_length_is_understood(isdr: Send) -> None:
    assert ask(isdr, hx("BF33 810D 5A810A 98001032547698103214")) == OK
    assert iccids(isdr) == [B]


@pytest.mark.parametrize(
    "request_",
    [
        "BF3300",
        "BF33 0B 5A09 980010325476981032",
        "BF33 03 800100",
        "BF33 18 5A0A 98001032547698103214 5A0A 98001032547698103214",
    ],
    ids=["nothing", "9 bytes", "another field", "two identifiers"],
)
def test_what_cannot_be_read_is_6a80_and_deletes_nothing(
    isdr: Send, card: Card, request_: str
) -> None:
    before = card.state
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)
    assert card.state == before


@pytest.mark.parametrize("identifier", [NO_PROFILE, NO_AID], ids=["ICCID", "AID"])
def test_an_unknown_profile_is_not_found(isdr: Send, card: Card, identifier: bytes) -> None:
    answered(isdr, card, delete(identifier), NOT_FOUND)


def test_a_second_time_it_is_not_found(isdr: Send, card: Card) -> None:
    assert ask(isdr, delete(A)) == OK
    answered(isdr, card, delete(A), NOT_FOUND)


@pytest.mark.parametrize("identifier", [B, AIDS[1]], ids=["ICCID", "AID"])
def test_the_enabled_profile_is_not_disabled(isdr: Send, card: Card, identifier: bytes) -> None:
    answered(isdr, card, delete(identifier), NOT_DISABLED)


@holding(profile(A_DIGITS, rules=PPR2))
def test_ppr2_forbids_it(isdr: Send, card: Card) -> None:
    answered(isdr, card, delete(A), POLICY)


@holding(rules=ANYBODY)
def test_ppr2_that_came_by_download_forbids_it(isdr: Send, card: Card, pki_folder: Path) -> None:
    install(
        card.transmit,
        pki_folder,
        A_DIGITS,
        owner=Owner(hx("00F110")),
        policy_rules=frozenset({PolicyRule.PPR2}),
    )
    answered(isdr, card, delete(A), POLICY)


@holding(profile(A_DIGITS, rules=PPR2, enabled=True))
def test_enabled_comes_before_ppr2(isdr: Send, card: Card) -> None:
    answered(isdr, card, delete(A), NOT_DISABLED)


@holding(profile(A_DIGITS, rules=PPR1))
def test_ppr1_forbids_nothing(isdr: Send) -> None:
    assert ask(isdr, delete(A)) == OK


@holding(profile(A_DIGITS), state=switched_on(toolkit_busy=True))
def test_a_proactive_session_is_in_nobodys_way(isdr: Send) -> None:
    assert ask(isdr, delete(A)) == OK


@holding(
    profile(A_DIGITS, profile_class=TEST),
    profile(B_DIGITS, profile_class=PROVISIONING),
    profile(C_DIGITS, ecall=True),
)
@pytest.mark.parametrize("iccid", [A, B, C], ids=["test", "provisioning", "emergency"])
def test_any_class_can_be_deleted(isdr: Send, iccid: bytes) -> None:
    assert ask(isdr, delete(iccid)) == OK
    assert iccid not in iccids(isdr)


@holding(BIG)
def test_its_memory_is_free_again(isdr: Send) -> None:
    assert resource(isdr) == {"81": 1, "82": 0x80000 - 1024 - 9000 - 500, "83": 0x8000}
    ask(isdr, delete(A))
    assert resource(isdr) == {"81": 0, "82": 0x80000, "83": 0x8000}


def test_its_package_is_not_a_part_of_the_card_any_more(
    isdr: Send, card: Card, tmp_path: Path
) -> None:
    folder = card.directory / "profiles"
    assert {one.name for one in folder.iterdir()} == {f"{A_DIGITS}.upp", f"{B_DIGITS}.upp"}
    ask(isdr, delete(A))
    copy_card(card.directory, tmp_path / "copy")
    folder = tmp_path / "copy" / "profiles"
    assert {one.name for one in folder.iterdir()} == {f"{B_DIGITS}.upp"}


def test_it_stays_deleted_through_a_reset_and_the_end_of_the_process(
    isdr: Send, card: Card
) -> None:
    ask(isdr, delete(A))
    card.reset()
    isdr(SELECT_ISDR)
    assert iccids(isdr) == [B]
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert iccids(again.transmit) == [B]


def test_the_others_keep_their_order_and_their_aids(isdr: Send) -> None:
    ask(isdr, delete(A))
    assert [(one["iccid"], one["isdpAid"]) for one in infos(isdr, "5A 4F")] == [(B, AIDS[1])]


def test_the_next_profile_gets_its_aid(isdr: Send, card: Card, pki_folder: Path) -> None:
    ask(isdr, delete(A))
    install(card.transmit, pki_folder, C_DIGITS)
    assert [(one["iccid"], one["isdpAid"]) for one in infos(isdr, "5A 4F")] == [
        (B, AIDS[1]),
        (C, AIDS[0]),
    ]


def test_it_can_be_installed_anew(isdr: Send, card: Card, pki_folder: Path) -> None:
    ask(isdr, delete(A))
    package = saip.package(A_DIGITS, size=700)
    install(card.transmit, pki_folder, A_DIGITS, package=package)
    assert iccids(isdr) == [B, A]
    assert (card.directory / "profiles" / f"{A_DIGITS}.upp").read_bytes() == package
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        assert [len(one.package) for one in again.state.profiles if one.iccid == A] == [700]


def test_its_notifications_outlive_it(isdr: Send) -> None:
    ask(isdr, enable(A))
    ask(isdr, enable(B))
    before = told(isdr)
    ask(isdr, delete(A))
    *kept, (_, event, _, iccid) = told(isdr)
    assert kept == before
    assert (event, iccid) == (DELETE, A)


@holding(
    profile(A_DIGITS, fallback_allowed=True),
    profile(B_DIGITS, enabled=True, profile_class=TEST),
    state={
        "fallback_profile": A,
        "returns": Returns(Rollback(A, "eim1.example.com", 1, None, 1), A, A, A),
    },
)
def test_nothing_refers_to_it_any_more(isdr: Send, card: Card) -> None:
    assert ask(isdr, delete(A)) == OK
    assert card.state.returns == Returns()
    assert card.state.fallback_profile is None


@holding(
    profile(A_DIGITS),
    profile(B_DIGITS, enabled=True, profile_class=TEST),
    profile(C_DIGITS, fallback_allowed=True),
    state={
        "fallback_profile": C,
        "returns": Returns(Rollback(C, "eim1.example.com", 1, None, 1), C, C, C),
    },
)
def test_references_to_others_stay(isdr: Send, card: Card) -> None:
    before = card.state
    assert ask(isdr, delete(A)) == OK
    assert card.state.returns == before.returns
    assert card.state.fallback_profile == C


def test_free_memory_grows_by_as_much_as_it_shrank(
    isdr: Send, card: Card, pki_folder: Path
) -> None:
    before = free_memory(isdr)
    install(card.transmit, pki_folder, C_DIGITS)
    assert free_memory(isdr) == before - 1024 - len(saip.package(C_DIGITS))
    ask(isdr, delete(C))
    assert free_memory(isdr) == before
