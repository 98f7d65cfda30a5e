"""`euicc-sim apdu es10`: one request, one answer, for pipes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from euicc_sim import Card
from euicc_sim.cli.main import app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Card.create(tmp_path / "card", seed=1, fsync=False):
        return tmp_path / "card"


def test_it_prints_the_answer_in_hex_and_nothing_else(folder: Path) -> None:
    result = CliRunner().invoke(app, ["apdu", "es10", "BF3E035C015A", "--card", str(folder)])
    assert result.stdout == "BF3E125A1089049032123451234512345678901235\n"
    assert result.exit_code == 0


def test_it_fetches_a_response_of_several_pieces(folder: Path) -> None:
    result = CliRunner().invoke(app, ["apdu", "es10", "-", "--card", str(folder)], input="BF5600")
    assert result.stdout.startswith("BF5682")
    assert len(result.stdout) > 2000


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (
            "BF7F00",
            "The card answered the ES10 request BF7F with 6A88 (referenced data not found). "
            "The card's reason: ",
        ),
        ("zz", "request: the file 'zz' does not exist, and it is not hex (two digits per byte)."),
    ],
)
def test_a_refusal_is_reported_with_exit_code_1(folder: Path, request_: str, words: str) -> None:
    result = CliRunner().invoke(app, ["apdu", "es10", request_, "--card", str(folder)])
    assert result.exit_code == 1
    assert words in result.stderr
