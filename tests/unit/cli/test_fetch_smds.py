"""`profile fetch --smds`: an SM-DS and an SM-DP+ over HTTPS, and a card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.command import Run, runner
from support.discovery import EID, FIRST, OWNER, SECOND
from support.fresh import fresh_card
from support.installing import order, smdpp
from support.web import Lines, served

from euicc_sim import Card
from euicc_sim.parties.smds import Smds
from euicc_sim.servers.es9_app import es9_app
from euicc_sim.servers.smds_app import smds_app
from euicc_sim.servers.tls import server_context, tls_credential
from euicc_sim.store.directory import read
from keys import Role, TestPki

NOW = datetime.now(UTC)


@dataclass
class Place:
    """Where the servers are, and the SM-DSs themselves."""

    root: Smds
    below: Smds
    smdpp: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys, "profile", "fetch")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    with Card.open(fresh_card(tmp_path / "card", pki_folder), fsync=False) as card:
        return card.directory


@pytest.fixture
def place(pki_folder: Path) -> Iterator[Place]:
    pki, log, names = TestPki.load(pki_folder), Lines(), ["localhost"]
    found = Place(Smds.of(pki), Smds.of(pki), "")
    seller = smdpp(
        pki_folder, order(FIRST, matching_id="CODE-1"), order(SECOND, matching_id="CODE-2")
    )
    with ExitStack() as stack:

        def address(app: object, role: Role) -> str:
            context = server_context(tls_credential(pki, "localhost", NOW, role))
            return f"localhost:{stack.enter_context(served(app, context, log, names=names))}"

        for one in (found.root, found.below):
            one.address = address(smds_app(one, log), Role.DS_TLS)
        found.smdpp = seller.address = address(es9_app(seller, log), Role.DP_TLS)
        yield found


def wait(smds: Smds, event_id: str, address: str) -> None:
    smds.register_event(EID, event_id, address, owner=OWNER)


def names(directory: Path) -> list[str]:
    return [one.iccid.hex() for one in read(directory)[1].profiles]


def test_what_an_sm_ds_has_is_installed_and_the_sm_dpp_told(
    run: Run, directory: Path, pki_folder: Path, place: Place
) -> None:
    wait(place.root, "CODE-1", place.smdpp)
    said = run("--smds", place.root.address, "--card", directory, "--pki", pki_folder).said
    assert said == [
        f"1 event at the SM-DS {place.root.address}",
        f"  CODE-1 at {place.smdpp}",
        f"{FIRST} installed as A0000005591010FFFFFFFF8900001000, result 1",
        f"1 notification taken by {place.smdpp}",
    ]
    assert len(names(directory)) == 1


def test_an_sm_ds_below_is_followed(
    run: Run, directory: Path, pki_folder: Path, place: Place
) -> None:
    wait(place.root, "CODE-1", place.below.address)
    wait(place.root, "CODE-2", place.smdpp)
    wait(place.below, "CODE-1", place.smdpp)
    options = ("--card", directory, "--pki", pki_folder, "--no-notify")
    said = run("--smds", place.root.address, *options).said
    assert [one for one in said if "installed" in one] == [
        f"{FIRST} installed as A0000005591010FFFFFFFF8900001000, result 1",
        f"{SECOND} installed as A0000005591010FFFFFFFF8900001100, result 3",
    ]
    assert f"1 event at the SM-DS {place.below.address}" in said


def test_an_event_that_fails_does_not_hold_up_the_next(
    run: Run, directory: Path, pki_folder: Path, place: Place
) -> None:
    wait(place.root, "GONE", place.smdpp)
    wait(place.root, "CODE-1", place.smdpp)
    done = run("--smds", place.root.address, "--card", directory, "--pki", pki_folder)
    assert done.code == 3
    assert f"GONE at {place.smdpp}: The server refused" in done.err
    assert len(names(directory)) == 1


def test_events_are_only_listed(run: Run, directory: Path, pki_folder: Path, place: Place) -> None:
    options = ("--list", "--card", directory, "--pki", pki_folder)
    assert run("--smds", place.root.address, *options).said == [
        f"no events at the SM-DS {place.root.address}"
    ]
    wait(place.root, "CODE-1", place.smdpp)
    assert len(run("--smds", place.root.address, *options).said) == 2
    assert names(directory) == []


def test_without_an_address_it_is_the_root_sm_ds_of_the_card(
    run: Run, directory: Path, pki_folder: Path, place: Place
) -> None:
    place.root.address = "testrootsmds.example.com"
    place.root.identities = ()
    complaint = run("--smds", "--card", directory, "--insecure", "--url", "http://127.0.0.1:1")
    assert "127.0.0.1:1" in complaint.complaint


def test_an_sm_dpp_is_no_sm_ds_and_an_sm_ds_no_sm_dpp(
    run: Run, directory: Path, pki_folder: Path, place: Place
) -> None:
    options = ("--card", directory, "--pki", pki_folder)
    assert "is no SM-DS" in run("--smds", place.smdpp, *options).complaint
    code = f"LPA:1${place.root.address}$CODE-1"
    assert "is an SM-DS, which has no Profiles" in run(code, *options).complaint


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "Give an activation code, or --smds"),
        (("LPA:1$a$b", "--smds", "c"), "Give an activation code, or --smds"),
        (("LPA:1$a$b", "--list"), "--list is for the events of an SM-DS"),
        (("--smds", "a b"), "is not the address of a server"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(
    run: Run, directory: Path, words: tuple[str, ...], complaint: str
) -> None:
    assert complaint in run(*words, "--card", directory).complaint
