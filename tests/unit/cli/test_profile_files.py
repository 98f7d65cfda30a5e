"""`euicc-sim profile files`: what a Profile's SIM holds, and what was written since."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Run, runner
from support.hexes import hx
from support.sims import OPC, PIN1, SELECT_USIM, K, copied, make_sim

from euicc_sim import Card

ICCID = "89000123456789012341"


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim profile files` with these words."""
    return runner(monkeypatch, capsys, "profile", "files")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, pki_folder: Path) -> Path:
    return make_sim(tmp_path_factory.mktemp("files") / "card", pki_folder)


@pytest.fixture
def directory(tmp_path: Path, template: Path) -> Path:
    """A card with an enabled Profile, closed."""
    return copied(template, tmp_path / "card")


def test_all_files_are_listed_below_their_directories(files: Run, directory: Path) -> None:
    rows = files(ICCID, "--card", directory).rows
    by_name = {row[1]: row for row in rows}
    assert rows[0][:2] == ["3F00", "MF"]
    assert by_name["ADF.USIM"][5] == "A0000000871002FF49FF0589"
    assert by_name["EF.ICCID"] == ["2FE2", "EF.ICCID", "10", "never", "never", ICCID]
    assert "001010123456063" in [row[5] for row in rows if row[1] == "EF.IMSI"]


def test_a_file_is_shown_with_its_fcp_and_what_it_says(files: Run, directory: Path) -> None:
    outcome = files(ICCID, "EF.IMSI", "--card", directory)
    facts = outcome.facts
    assert facts["file"].endswith("6F07 EF.IMSI")
    assert facts["kind"] == "transparent"
    assert facts["FCP"].startswith("62")
    assert [line.strip() for line in outcome.said[-2:]] == [
        "content     080910101032540636",
        "001010123456063",
    ]


def test_the_fcp_is_what_select_answers(files: Run, directory: Path) -> None:
    shown = files(ICCID, "EF.IMSI", "--card", directory).facts["FCP"]
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_USIM)
        assert card.transmit(hx("00A4 0004 02 6F07 00")).hex().upper() == f"{shown}9000"


def test_what_was_written_since_is_shown(files: Run, directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_USIM)
        card.transmit(hx("0020 0001 08") + PIN1)
        card.transmit(hx("00A4 000C 02 6F01"))
        assert card.transmit(hx("00D6 0000 02 BEEF")) == hx("9000")
        assert "BEEF" in files(ICCID, "6F01", "--card", directory).out


def test_a_file_with_records_is_shown_by_records(files: Run, directory: Path) -> None:
    said = files(ICCID, "3F00/2F06", "--card", directory).said
    assert any(line.startswith("record 1    8001019000") for line in said)


@pytest.mark.parametrize("path", ["3F00", "MF"])
def test_the_mf_has_an_fcp_too(files: Run, directory: Path, path: str) -> None:
    assert files(ICCID, path, "--card", directory).facts["kind"] == "MF"


@pytest.mark.parametrize(
    "path", ["3F00/EF.ARR", "3f00/2f06", "2F06", "mf/ef.arr"], ids=lambda one: one
)
def test_a_path_from_the_mf_names_one_file(files: Run, directory: Path, path: str) -> None:
    assert files(ICCID, path, "--card", directory).facts["file"] == "2F06 EF.ARR"


def test_a_name_of_several_files_is_answered_with_their_paths(files: Run, directory: Path) -> None:
    complaint = files(ICCID, "EF.ARR", "--card", directory).complaint
    assert complaint.startswith("EF.ARR may be any of 2F06, 7FD0/6F06")


def test_keys_are_nowhere(files: Run, directory: Path) -> None:
    out = files(ICCID, "--card", directory).out
    for one in (K, OPC, PIN1[:4]):
        assert one.hex().upper() not in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("89000123456789019999",), "The card has no Profile 89000123456789019999; it has 8900"),
        (("12",), "'12' is not an ICCID. Write its 18 to 20 digits as printed on a SIM."),
        ((ICCID, "EF.NOBODY"), "There is no file EF.NOBODY; without a path all files are listed."),
        ((ICCID, "/"), "There is no file /; without a path all files are listed."),
    ],
)
def test_what_is_not_there_is_a_sentence(
    files: Run, directory: Path, words: tuple[str, ...], complaint: str
) -> None:
    assert files(*words, "--card", directory).complaint.startswith(complaint)
