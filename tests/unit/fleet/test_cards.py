"""Many cards in one directory: made below one PKI, opened when asked for, closed for the next."""

from __future__ import annotations

import os
import resource
import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from support.es10 import SELECT_ISDR, es10
from support.hexes import hx

from euicc_sim import Card, CardError, Fleet
from keys import Curve, TestPki

GET_EID = hx("BF3E 03 5C 01 5A")


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki.create([Curve.NIST])


@pytest.fixture
def fleet(tmp_path: Path, pki: TestPki) -> Iterator[Fleet]:
    with Fleet.create(tmp_path / "fleet", 5, pki=pki, serial=7, fsync=False, most_open=2) as made:
        yield made


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def eid_of(card: Card) -> str:
    card.reset()
    card.transmit(SELECT_ISDR)
    return es10(card.transmit, GET_EID)[5:].hex()


def test_each_card_says_the_eid_of_its_folder(fleet: Fleet) -> None:
    assert len(fleet) == 5
    assert [eid_of(fleet.card(eid)) for eid in fleet] == list(fleet)
    assert [eid[8:30] for eid in fleet] == [f"{n:022}" for n in range(7, 12)]


def test_all_cards_are_certified_by_one_eum(fleet: Fleet, pki: TestPki) -> None:
    eum = pki.branches[0].eum.credential.certificate
    for eid in fleet:
        (one,) = fleet.card(eid).identity.credentials
        x509.load_der_x509_certificate(one.euicc_certificate).verify_directly_issued_by(eum)


def test_the_card_used_longest_ago_is_closed_for_the_next(fleet: Fleet) -> None:
    first, second, third, *_ = fleet
    one, two = fleet.card(first), fleet.card(second)
    assert fleet.card(first) is one
    fleet.card(third)
    assert fleet.card(first) is one
    assert fleet.card(second) is not two


def test_an_open_card_needs_one_descriptor_and_a_parked_one_none(fleet: Fleet) -> None:
    before = descriptors()
    eid = next(iter(fleet))
    fleet.card(eid)
    assert descriptors() == before + 1
    fleet.park(eid)
    assert descriptors() == before


def test_what_a_card_keeps_is_there_when_it_is_opened_again(fleet: Fleet) -> None:
    first, *others = fleet
    card = fleet.card(first)
    card.transmit(SELECT_ISDR)
    es10(card.transmit, hx("BF3F 05 80 03 612E62"))
    for eid in others:
        fleet.card(eid)
    assert fleet.card(first).state.default_dp_address == "a.b"


def test_a_fleet_can_be_made_larger_below_its_own_pki(tmp_path: Path) -> None:
    made: list[str] = []
    for cards in (1, 2):
        Fleet.create(tmp_path, cards, fsync=False, made=lambda card: made.append(card.eid)).close()
    with Fleet(tmp_path) as fleet:
        assert list(fleet) == sorted(made)
        assert len(fleet) == 3
        fleet.check()


def test_two_fleets_take_different_cards(fleet: Fleet) -> None:
    with Fleet(fleet.directory) as other:
        taken = [fleet.take(), other.take(), fleet.take(), other.take(), other.take()]
        cards = [one for one in taken if one is not None]
        try:
            assert sorted(one.eid for one in cards) == list(fleet)
            assert fleet.take() is None
        finally:
            for one in cards:
                one.close()
        again = fleet.take()
        assert again is not None
        again.close()


def test_a_card_of_another_pki_is_named(fleet: Fleet, tmp_path: Path) -> None:
    fleet.check()
    with Fleet.create(tmp_path / "other", 1, fsync=False) as other:
        (stranger,) = other
    shutil.copytree(other.folder(stranger), fleet.folder(stranger))
    with pytest.raises(CardError, match=f"{stranger} is below another PKI"):
        Fleet(fleet.directory).check()


def test_a_card_in_a_folder_of_another_name_is_named(fleet: Fleet) -> None:
    first, second, *_ = fleet
    shutil.rmtree(fleet.folder(second))
    shutil.copytree(fleet.folder(first), fleet.folder(second))
    with pytest.raises(CardError, match=f"has the card {first}"):
        fleet.check()


@pytest.mark.parametrize("eid", ["nobody", "../cards", "../../outside"])
def test_only_cards_of_the_fleet_are_opened(fleet: Fleet, eid: str) -> None:
    with pytest.raises(CardError, match="has no card"):
        fleet.card(eid)


def test_a_directory_without_a_fleet_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"no fleet in .*euicc-sim fleet prepare"):
        Fleet(tmp_path / "nothing")


@contextmanager
def files_at_most(limit: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_of_open_files_is_named(fleet: Fleet) -> None:
    used, limit, free = set(map(int, os.listdir("/proc/self/fd"))), 0, 0
    while free < 2:
        free += limit not in used
        limit += 1
    with (
        files_at_most(limit),
        Fleet(fleet.directory) as many,
        pytest.raises(CardError, match=f"may have {limit} open files.*ulimit -n"),
    ):
        deque(map(many.card, many), maxlen=0)
