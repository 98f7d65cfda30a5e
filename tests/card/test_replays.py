"""A package that runs again because its eIM's counter began anew: accepted, said so, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from support.eims import (
    LIST_EIM,
    Eim,
    ask,
    brainpool_key,
    eim1,
    eim2,
    error_code,
    read_error,
    read_result,
    spki,
    trust,
    unsigned_error,
    vector_key,
)
from support.es10 import SELECT_ISDR, es10
from support.hexes import hx
from support.installed import switch
from support.packages import certificate, key

from euicc_sim import Card
from euicc_sim.model.notification import RanPackage
from euicc_sim.store import copy_card, set_switches
from euicc_sim.store.history import read

Send = Callable[[bytes], bytes]

RESET_EIMS = hx("BF64 04 82020204")
RESET_ALL = hx("BF64 04 820201FE")
REPLAY = 4
AGAIN = (
    "LoadEuiccPackage: REPLAY ACCEPTED: this package ran before, as counter 1, before "
    "eim1.example.com was added again; only an association token or a new key prevents that"
)
LOWERED = (
    "LoadEuiccPackage: REPLAY ACCEPTED: this package ran before, as counter 1, before "
    "the counter of eim1.example.com was lowered; only a key that it never had prevents that"
)
ORDER = {
    "P-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "brainpoolP256r1": 0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7,
}


def said(card: Card) -> str:
    """The event of the last function."""
    return card.take_events()[-1].text


def begins_anew_by_reset(send: Send, *, token_wanted: bool = False) -> None:
    """a) A reset of the eIM data, then AddInitialEim with the same key and counter 0."""
    assert ask(send, RESET_EIMS) == hx("BF64 06 800100 810100")
    trust(send, eim1(), eim2(), token_wanted=token_wanted)


def begins_anew_by_keys(send: Send, other: Eim) -> None:
    """b) Another eIM gives it another key and its own one again, each with counter 0."""
    changed = Eim("eim1.example.com", vector_key("eim1_new"))
    results = other.load(
        send,
        ("updateEim", changed.configuration(counterValue=0)),
        ("updateEim", eim1().configuration(counterValue=0)),
    )
    assert results == [("updateEimResult", 0)] * 2


def begins_anew_by_another(send: Send, other: Eim, *, token_wanted: bool = False) -> None:
    """c) Another eIM deletes it and adds it with the same key and counter 0."""
    other.load(
        send,
        ("deleteEim", {"eimId": "eim1.example.com"}),
        ("addEim", eim1().configuration(token_wanted=token_wanted)),
    )


WAYS: dict[str, tuple[Callable[[Send, Eim], None], str]] = {
    "reset and AddInitialEim": (lambda send, _: begins_anew_by_reset(send), AGAIN),
    "updateEim there and back": (begins_anew_by_keys, LOWERED),
    "deleteEim and addEim": (begins_anew_by_another, AGAIN),
}
ways = pytest.mark.parametrize("way", WAYS)


@ways
def test_a_package_of_an_earlier_life_runs_as_the_standard_says_and_its_event_says_so(
    send: Send, card: Card, way: str
) -> None:
    begin_anew, event = WAYS[way]
    eim, other = eim1(), eim2()
    trust(send, eim, other)
    first, second = eim.package(LIST_EIM), eim.package(LIST_EIM)
    for one in (first, second):
        assert read_result(ask(send, one))
        assert said(card).startswith("LoadEuiccPackage: eim1.example.com, counter ")
        assert error_code(ask(send, one)) == REPLAY
        assert said(card).startswith("LoadEuiccPackage: package refused: counter ")
    begin_anew(send, other)

    for counter, one in ((1, first), (2, second)):
        again = read_result(ask(send, one))
        again.check(card.identity.credentials[0].euicc_certificate)
        assert again.data["counterValue"] == counter
        assert said(card).startswith(event.replace("counter 1", f"counter {counter}"))
        assert error_code(ask(send, one)) == REPLAY, "its counter counts"
    assert read_result(ask(send, eim.package(LIST_EIM))), "a new one is none"
    assert said(card).startswith("LoadEuiccPackage: eim1.example.com, counter 3, ")


@ways
def test_a_card_that_runs_nothing_twice_refuses_it_with_a_signed_replay_error(
    send: Send, card: Card, way: str
) -> None:
    begin_anew, event = WAYS[way]
    eim, other = eim1(), eim2()
    trust(send, eim, other)
    first, second = eim.package(LIST_EIM), eim.package(LIST_EIM)
    ask(send, first)
    ask(send, second)
    begin_anew(send, other)
    switch(card, never_twice=True)
    before = card.state

    answer = read_error(ask(send, first))
    answer.check(card.identity.credentials[0].euicc_certificate)
    assert answer.data == {
        "eimId": "eim1.example.com",
        "counterValue": 1,
        "euiccPackageErrorCode": REPLAY,
    }
    reason = event.partition("REPLAY ACCEPTED: ")[2].partition(";")[0]
    assert said(card) == (
        f"LoadEuiccPackage: package refused: {reason} (card set --no-never-twice)"
    )
    assert card.state is before
    other_package = eim.package(("deleteEim", {"eimId": "nobody"}), counter=1)
    assert read_result(ask(send, other_package)), "with the same counter"
    assert error_code(ask(send, second)) == REPLAY


@pytest.mark.parametrize(
    "begin_anew",
    [
        lambda send, _: begins_anew_by_reset(send, token_wanted=True),
        lambda send, other: begins_anew_by_another(send, other, token_wanted=True),
    ],
    ids=["AddInitialEim", "addEim"],
)
def test_with_a_token_an_old_package_is_dead(
    send: Send, card: Card, begin_anew: Callable[[Send, Eim], object]
) -> None:
    eim, other = eim1(), eim2()
    trust(send, eim, other)
    old = eim.package(LIST_EIM)
    ask(send, old)
    begin_anew(send, other)
    assert unsigned_error(ask(send, old)) == {"eimId": "eim1.example.com", "associationToken": 1}
    assert said(card) == (
        "LoadEuiccPackage: package refused: the signature is not that of eim1.example.com over "
        "these bytes, association token 1"
    )


def test_with_a_token_a_way_back_to_an_old_key_makes_old_packages_run_all_the_same(
    send: Send, card: Card
) -> None:
    eim, other = eim1(), eim2()
    trust(send, eim, other, token_wanted=True)
    old = eim.package(LIST_EIM)
    ask(send, old)
    begins_anew_by_keys(send, other)
    assert read_result(ask(send, old))
    assert said(card).startswith(LOWERED)


def test_with_a_new_key_an_old_package_is_dead(send: Send, card: Card) -> None:
    eim = eim1()
    trust(send, eim)
    old = eim.package(LIST_EIM)
    ask(send, old)
    ask(send, RESET_EIMS)
    trust(send, Eim("eim1.example.com", vector_key("eim1_new")))
    assert unsigned_error(ask(send, old)) == {"eimId": "eim1.example.com"}


def test_an_operation_that_failed_has_run_too(send: Send, card: Card) -> None:
    eim = eim1()
    trust(send, eim, eim2())
    failing = eim.package(("deleteEim", {"eimId": "nobody"}))
    ask(send, failing)
    begins_anew_by_reset(send)
    assert read_result(ask(send, failing))
    assert said(card).startswith(AGAIN)


def test_a_package_that_was_refused_has_not_run(send: Send, card: Card) -> None:
    eim = eim1(counter=5)
    trust(send, eim)
    early = eim.package(LIST_EIM, counter=1)
    assert error_code(ask(send, early)) == REPLAY
    ask(send, RESET_EIMS)
    trust(send, eim1())
    assert read_result(ask(send, early))
    assert said(card) == "LoadEuiccPackage: eim1.example.com, counter 1, result 1; listEim: 1"


def test_each_life_is_told_of_the_run_before_it(send: Send, card: Card) -> None:
    """After a third adding, the last run was after the second one."""
    eim = eim1()
    trust(send, eim)
    package = eim.package(LIST_EIM)
    for event in ("LoadEuiccPackage: eim1.example.com, counter 1", AGAIN, AGAIN):
        assert read_result(ask(send, package))
        assert said(card).startswith(event)
        ask(send, RESET_EIMS)
        trust(send, eim1())


# -- the same package in other bytes


def malleated(package: bytes, curve: str = "P-256") -> bytes:
    """The same package with the other signature that anybody can make of the eIM's: n - s."""
    s = int.from_bytes(package[-32:])
    return package[:-32] + (ORDER[curve] - s).to_bytes(32)


@pytest.mark.parametrize("curve", ORDER)
@pytest.mark.parametrize("in_certificate", [False, True], ids=["a key", "a certificate"])
def test_a_malleated_signature_is_the_same_package(
    send: Send, card: Card, curve: str, in_certificate: bool
) -> None:
    private = key(1, curve)
    held = certificate(private) if in_certificate else None

    def begin() -> Eim:
        eim = Eim("eim1.example.com", private.private, certificate=held)
        trust(send, eim)
        return eim

    package = begin().package(LIST_EIM)
    ask(send, package)
    ask(send, RESET_EIMS)
    begin()
    assert read_result(ask(send, malleated(package, curve))), "it verifies"
    assert said(card).startswith(AGAIN)
    ask(send, RESET_EIMS)
    begin()
    switch(card, never_twice=True)
    for one in (package, malleated(package, curve)):
        assert error_code(ask(send, one)) == REPLAY


def test_a_key_is_the_same_in_a_certificate_and_by_itself(send: Send, card: Card) -> None:
    private = key(1)
    eim = Eim("eim1.example.com", private.private)
    trust(send, eim)
    package = eim.package(LIST_EIM)
    ask(send, package)
    ask(send, RESET_EIMS)
    trust(send, Eim("eim1.example.com", private.private, certificate=certificate(private)))
    assert read_result(ask(send, package))
    assert said(card).startswith(AGAIN)


@pytest.mark.parametrize("curve", ORDER)
def test_the_fingerprint_is_of_eim_id_key_r_and_the_smaller_s(card: Card, curve: str) -> None:
    private = brainpool_key() if curve != "P-256" else vector_key("eim1")
    eim = Eim("eim1.example.com", private)
    trust(card.transmit, eim)
    package = eim.package(LIST_EIM)
    ask(card.transmit, package)
    card.power_off()
    s = int.from_bytes(package[-32:])
    smaller = min(s, ORDER[curve] - s).to_bytes(32)
    covered = b"eim1.example.com" + spki(private) + package[-64:-32] + smaller
    _, line = (card.directory / "card.history").read_bytes().splitlines()
    assert json.loads(line) == {
        "fingerprint": sha256(covered).hexdigest()[:16].upper(),
        "counterValue": 1,
        "seqNumber": 1,
    }


# -- how long it is remembered


def obeyed(card: Card) -> bytes:
    """A package that has run on a card that trusts eIM 1."""
    eim = eim1()
    trust(card.transmit, eim)
    package = eim.package(LIST_EIM)
    ask(card.transmit, package)
    ask(card.transmit, RESET_EIMS)
    return package


def comes_again(card: Card, package: bytes) -> str:
    """The event of the package when its eIM has been added again."""
    card.transmit(SELECT_ISDR)
    ask(card.transmit, RESET_EIMS)
    trust(card.transmit, eim1())
    assert read_result(ask(card.transmit, package))
    return said(card)


@pytest.mark.parametrize("folded", [False, True], ids=["from the log", "from the file"])
def test_a_reset_of_everything_a_power_cycle_and_the_end_of_the_process_are_outlived(
    card: Card, tmp_path: Path, folded: bool
) -> None:
    package = obeyed(card)
    assert es10(card.transmit, RESET_ALL)[:2] == hx("BF64")
    if folded:
        card.power_off()
        card.close()
        directory = card.directory
    else:
        directory = tmp_path / "copy"
        copy_card(card.directory, directory)
    with Card.open(directory, fsync=False) as again:
        assert comes_again(again, package).startswith(AGAIN)


def test_a_card_of_v1_0_remembers_through_the_reset_of_sgp22(
    tmp_path: Path, pki_folder: Path
) -> None:
    with Card.create(tmp_path / "old", pki=pki_folder, sgp32="1.0.1", fsync=False) as card:
        eim = eim1()
        card.transmit(SELECT_ISDR)
        trust(card.transmit, eim)
        package = eim.package(LIST_EIM)
        es10(card.transmit, package)
        assert es10(card.transmit, hx("BF34 04 82020410"))
        assert not card.state.eims
        trust(card.transmit, eim1())
        es10(card.transmit, package)
        assert said(card).startswith(AGAIN)


@pytest.mark.parametrize("more", [4095, 4096])
def test_4096_packages_are_remembered_and_an_older_one_is_forgotten(card: Card, more: int) -> None:
    package = obeyed(card)
    card.close()
    path = card.directory / "card.history"
    history = read(path.read_bytes())
    history.add(*(RanPackage(number.to_bytes(8), 1, 1) for number in range(more - 1)))
    path.write_bytes(history.render())
    with Card.open(card.directory, fsync=False) as again:
        trust(again.transmit, eim2())
        ask(again.transmit, eim2().package(LIST_EIM))
    assert len(path.read_bytes().splitlines()) - 1 == 4096
    with Card.open(card.directory, fsync=False) as again:
        event = "LoadEuiccPackage: REPLAY" if more < 4096 else "LoadEuiccPackage: eim1"
        assert comes_again(again, package).startswith(event)


def test_a_counter_lowered_by_hand_is_named_as_such(card: Card) -> None:
    eim = eim1()
    trust(card.transmit, eim)
    package = eim.package(LIST_EIM)
    ask(card.transmit, package)
    card.close()
    path = card.directory / "card.json"
    path.write_text(path.read_text().replace('"counterValue": 1', '"counterValue": 0'))
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert read_result(ask(again.transmit, package))
        assert said(again).startswith(LOWERED)


def test_the_switch_is_set_on_a_closed_card(card: Card) -> None:
    package = obeyed(card)
    card.close()
    set_switches(card.directory, never_twice=True)
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        ask(again.transmit, RESET_EIMS)
        trust(again.transmit, eim1())
        assert error_code(ask(again.transmit, package)) == REPLAY
