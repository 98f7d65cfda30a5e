"""What is kept of a SIM, edited so that it does not fit its package: the place and the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.hexes import hx
from support.sims import PIN1, SELECT_USIM, copied
from typer.testing import CliRunner

from euicc_sim import Card
from euicc_sim.cli.main import app

ICCID = "89000123456789012341"
USED = (
    SELECT_USIM,
    hx("0020 0001 08") + PIN1,
    hx("0020 0081 08") + bytes(8),
    hx("00A4 000C 02 6F01"),
    hx("00D6 0000 02 BEEF"),
    hx("00A4 000C 02 6F13"),
    hx("80DB 0080 04 80020102"),
)


@pytest.fixture
def directory(tmp_path: Path, sim_template: Path) -> Path:
    """A card whose SIM was used, closed."""
    folder = copied(sim_template, tmp_path / "used")
    with Card.open(folder, fsync=False) as card:
        card.reset()
        for one in USED:
            assert card.transmit(one)[:1] in (b"\x90", b"\x63")
    return folder


def edited(directory: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads((directory / "card.json").read_text())
    (profile,) = document["profiles"]
    edit(profile["sim"])
    (directory / "card.json").write_text(json.dumps(document))


EDITS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a file that is not there": (
        lambda sim: sim["files"].update({"7FD06FFF": {"content": "00"}}),
        "sim.files.7FD06FFF: the Profile has no such file",
    ),
    "a content that is too short": (
        lambda sim: sim["files"]["7FD06F01"].update({"content": "00"}),
        "sim.files.7FD06F01: the file has 8 bytes, not 1",
    ),
    "objects that are too long": (
        lambda sim: sim["files"]["7FD06F13"].update({"content": "00" * 1100}),
        "sim.files.7FD06F13: the file has at most 1024 bytes, not 1100",
    ),
    "the content of a directory": (
        lambda sim: sim["files"].update({"7FD0": {"content": "00"}}),
        "sim.files.7FD0: a directory has no content",
    ),
    "the content of a link": (
        lambda sim: sim["files"].update({"7FD06F1B": {"content": "00" * 8}}),
        "sim.files.7FD06F1B: it shares the content of 7FD06F01",
    ),
    "a PIN that is not there": (
        lambda sim: sim["pins"].update({"7FD099": next(iter(sim["pins"].values()))}),
        "sim.pins.7FD099: the Profile has no such PIN",
    ),
    "more tries than there are": (
        lambda sim: next(iter(sim["pins"].values())).update({"triesLeft": 9}),
        "9 tries are left of 3",
    ),
    "a PUK that is not there": (
        lambda sim: sim["puks"].update({"99": 3}),
        "sim.puks.99: the Profile has no such PUK",
    ),
    "a PUK with more tries than there are": (
        lambda sim: sim["puks"].update({"01": 15}),
        "sim.puks.01: 15 tries are left of 10",
    ),
    "a sequence number of no application": (
        lambda sim: sim["sequenceNumbers"].update({"7F9900": 3}),
        "sim.sequenceNumbers.7F9900: the Profile has no such sequence number",
    ),
    "a sequence number of no index": (
        lambda sim: sim["sequenceNumbers"].update({"7FD020": 3}),
        "sim.sequenceNumbers.7FD020: the Profile has no such sequence number",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_that_does_not_fit_is_told_with_its_place(directory: Path, name: str) -> None:
    edit, why = EDITS[name]
    edited(directory, edit)
    with Card.open(directory, fsync=False) as card:
        card.reset()
        assert card.transmit(SELECT_USIM) == hx("6A82")
        texts = [one.text for one in card.take_events() if one.refused]
    assert texts[0].startswith("card: the enabled Profile cannot be used as a SIM: card.json, sim.")
    assert why in texts[0]
    for command in (["card", "check"], ["profile", "files", ICCID, "--card"]):
        result = CliRunner().invoke(app, [*command, str(directory)])
        assert result.exit_code == 1
        assert why in result.stderr.replace("\n", " ")


def test_what_does_not_fit_is_not_lost(directory: Path) -> None:
    edited(directory, EDITS["a content that is too short"][0])
    before = json.loads((directory / "card.json").read_text())["profiles"][0]["sim"]
    with Card.open(directory, fsync=False) as card:
        card.reset()
        card.transmit(hx("00A4 000C 02 2FE2"))
        card.transmit(hx("00D6 0000 01 00"))
    assert json.loads((directory / "card.json").read_text())["profiles"][0]["sim"] == before


def test_a_used_sim_is_sound(directory: Path) -> None:
    result = CliRunner().invoke(app, ["card", "check", str(directory)])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].endswith("is sound")


def test_card_show_says_what_the_files_of_the_enabled_sim_say(directory: Path) -> None:
    result = CliRunner().invoke(app, ["card", "show", str(directory)])
    assert "IMSI  001010123456063" in result.stdout
