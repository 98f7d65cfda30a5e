"""`euicc-sim profile fetch`: an activation code, an SM-DP+ over HTTP, and a card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Run, runner
from support.fresh import fresh_card
from support.installing import A_DIGITS, SMDP, order, smdpp
from support.web import Lines, served

from euicc_sim import Card
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.servers.es9_app import es9_app
from euicc_sim.store.directory import read

CODE = f"LPA:1${SMDP}$blue"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys, "profile", "fetch")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    with Card.open(fresh_card(tmp_path / "card", pki_folder), fsync=False) as card:
        return card.directory


@pytest.fixture
def log() -> Lines:
    return Lines()


@pytest.fixture
def url(pki_folder: Path, log: Lines) -> Iterator[str]:
    with_code = Order(order("89000123456789012342").package, "red", confirmation_code="1234")
    server = smdpp(pki_folder, order(matching_id="blue"), with_code)
    with served(es9_app(server, log), log=log) as port:
        yield f"http://127.0.0.1:{port}"


def test_a_profile_is_installed_and_the_server_told(
    run: Run, directory: Path, url: str, log: Lines
) -> None:
    said = run(CODE, "--card", directory, "--url", url).said
    assert said == [
        f"{A_DIGITS} installed as A0000005591010FFFFFFFF8900001000, result 1",
        f"1 notification taken by {SMDP}",
    ]
    assert [one.name for one in read(directory)[1].profiles] == ["Test"]
    assert log.refused == []


def test_without_telling_the_result_stays_on_the_card(run: Run, directory: Path, url: str) -> None:
    assert run(CODE, "--card", directory, "--url", url, "--no-notify").code == 0
    assert [one.address for one in read(directory)[1].notifications] == [
        SMDP,
        "notifications.example.com",
    ]


def test_a_confirmation_code_is_asked_for_before_anything_is_sent(
    run: Run, directory: Path, url: str, log: Lines
) -> None:
    code = f"LPA:1${SMDP}$red$$1"
    assert run(code, "--card", directory, "--url", url).complaint.startswith(
        "The activation code requires a confirmation code."
    )
    assert log.all == []
    done = run(code, "--card", directory, "--url", url, "--confirmation-code", "1234")
    assert done.said[0].startswith("89000123456789012342 installed as ")


def test_an_unknown_matching_id_is_the_server_s_refusal(
    run: Run, directory: Path, url: str
) -> None:
    complaint = run(f"LPA:1${SMDP}$none", "--card", directory, "--url", url).complaint
    assert "8.2.6" in complaint or "no order" in complaint.lower() or "none" in complaint


@pytest.mark.parametrize("code", ["", "LPA:2$a$b", "https://example.com", "LPA:1$$b"])
def test_what_is_no_activation_code_is_refused(run: Run, directory: Path, code: str) -> None:
    complaint = run(code, "--card", directory).complaint
    assert "is not an activation code. Give one such as" in complaint


def test_a_server_that_is_not_there_is_a_sentence(run: Run, directory: Path) -> None:
    complaint = run(CODE, "--card", directory, "--url", "http://127.0.0.1:1").complaint
    assert complaint.count(". ") >= 1
    assert "127.0.0.1:1" in complaint


@pytest.mark.parametrize("address", ["a..b", ".", "a" * 64, "löc.example", " host", "::1"])
def test_an_address_that_no_server_has_is_a_sentence(
    run: Run, directory: Path, address: str
) -> None:
    complaint = run(f"LPA:1${address}$X", "--card", directory).complaint
    assert "is not the address of a server" in complaint


def test_host_names_have_no_case_so_the_server_is_told(run: Run, directory: Path, url: str) -> None:
    said = run(f"LPA:1${SMDP.upper()}$blue", "--card", directory, "--url", url).said
    assert said[-1] == f"1 notification taken by {SMDP.upper()}"
    assert SMDP not in [one.address for one in read(directory)[1].notifications]


def test_a_url_that_no_server_has_is_a_sentence(run: Run, directory: Path) -> None:
    complaint = run(CODE, "--card", directory, "--url", "https://a..b").complaint
    assert "'a..b' is not the address of a server" in complaint
