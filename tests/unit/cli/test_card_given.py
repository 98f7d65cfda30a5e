"""A card's directory without `--card`; EIDs that are completed or made; cards with one EID."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from euicc_sim import Card
from euicc_sim.cli.main import app
from euicc_sim.cli.serve import _twins
from euicc_sim.store import read


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.output if result.exit_code == 0 else f"{result.exit_code}: {result.output}"


@pytest.fixture
def directory(card: Card) -> Path:
    card.close()
    return card.directory


@pytest.mark.parametrize(
    "arguments",
    [
        ("profile", "list", "CARD"),
        ("profile", "list", "--card", "CARD"),
        ("apdu", "es10", "CARD", "BF3E035C015A"),
        ("apdu", "es10", "BF3E035C015A", "CARD"),
        ("apdu", "send", "CARD", "00A40004023F00"),
    ],
)
def test_a_directory_of_a_card_needs_no_option(directory: Path, arguments: tuple[str, ...]) -> None:
    said = run(*(directory if one == "CARD" else one for one in arguments))
    assert not re.match(r"\d+: ", said), said


def test_a_directory_without_a_card_is_told_and_not_called_an_argument(directory: Path) -> None:
    for words in (("profile", "list"), ("serve",), ("web",)):
        result = CliRunner().invoke(app, [*words, str(directory.parent)])
        said = f"{result.output}{result.exception}"
        assert f"there is no card in {directory.parent}" in said


def test_an_argument_of_a_command_stays_one(directory: Path) -> None:
    assert "is not a hex pair" in run("apdu", "send", directory.parent)


def test_the_value_of_another_option_is_left_alone(directory: Path) -> None:
    assert "No such option" in run("profile", "list", "--nothing", directory)
    assert "--reader" in run("profile", "list", "--reader", directory, "--card", directory)


def test_an_eid_gets_its_check_digits(tmp_path: Path, pki_folder: Path) -> None:
    run(
        "card",
        "new",
        tmp_path / "a",
        "--pki",
        pki_folder,
        "--eid",
        "890490321234512345123456789012",
    )
    assert read(tmp_path / "a")[0].eid == "89049032123451234512345678901235"


def test_random_eids_are_different_and_valid(tmp_path: Path, pki_folder: Path) -> None:
    found = set()
    for name in "ab":
        run("card", "new", tmp_path / name, "--pki", pki_folder, "--eid", "random")
        found.add(read(tmp_path / name)[0].eid)
    assert len(found) == 2
    assert all(int(one) % 97 == 1 and one.startswith("89049032") for one in found)


def test_cards_of_one_eid_are_told(tmp_path: Path, pki_folder: Path) -> None:
    cards = [Card.create(tmp_path / name, pki=pki_folder, fsync=False) for name in "ab"]
    (sentence,) = _twins(cards)
    assert f"{tmp_path / 'b'} has the EID of {tmp_path / 'a'}" in sentence
    assert "card new --eid random" in sentence
    assert _twins(cards[:1]) == []
