"""A card of 0.2.0 that was killed in the middle of a command: it opens, and loses nothing."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
from support.eims import LIST_EIM
from support.es10 import SELECT_ISDR
from support.golden import token_eim
from support.installing import A_DIGITS, B_DIGITS, A

from euicc_sim import Card
from euicc_sim.store.directory import DOCUMENT, DRAFT, read

KILLED = Path(__file__).parents[2] / "golden" / "killed" / "0.2.0"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The killed card, with keys of its own."""
    new = tmp_path / "new"
    Card.create(new, seed=1, fsync=False).close()
    shutil.copytree(KILLED, tmp_path / "card")
    for key in new.glob("SK_*"):
        shutil.copy(key, tmp_path / "card")
    credentials = json.loads((new / DOCUMENT).read_text())["card"]["credentials"]
    document = json.loads((KILLED / DOCUMENT).read_text())
    document["card"]["credentials"] = credentials
    (tmp_path / "card" / DOCUMENT).write_text(json.dumps(document))
    return tmp_path / "card"


def test_it_was_killed_before_the_draft_had_its_name() -> None:
    old, new = (json.loads((KILLED / name).read_text()) for name in (DOCUMENT, DRAFT))
    assert (old["schema"], len(old["profiles"]), len(new["profiles"])) == (1, 1, 2)
    assert {one.name for one in (KILLED / "profiles").iterdir()} == {
        f"{A_DIGITS}.upp",
        f"{B_DIGITS}.upp",
    }


def test_it_opens_as_it_was_before_the_command(directory: Path) -> None:
    before = (directory / DOCUMENT).read_bytes()
    with Card.open(directory, fsync=False) as card:
        assert [one.iccid for one in card.state.profiles] == [A]
        assert [(one.eim_id, one.counter) for one in card.state.eims] == [("eim1.example.com", 1)]
    assert (directory / DOCUMENT).read_bytes() == before, "nothing was changed, so nothing written"


def test_what_no_document_names_is_moved_aside_and_said(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    package = (directory / "profiles" / f"{B_DIGITS}.upp").read_bytes()
    with caplog.at_level(logging.WARNING):
        Card.open(directory).close()
    assert (directory / "aside" / f"{B_DIGITS}.upp").read_bytes() == package
    assert f"{B_DIGITS}.upp is not a package of this card, and was moved to" in caplog.text


def test_its_first_change_makes_it_a_card_that_0_2_0_refuses(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        token_eim(1).load(card.transmit, LIST_EIM)
        schema = json.loads((directory / DOCUMENT).read_text())["schema"]
        assert schema == 2, "before there is a change log that 0.2.0 would not read"
        state = card.state
        assert read(directory)[1] == state
        shutil.copytree(directory, directory.with_name("again"))
    with Card.open(directory.with_name("again")) as card:
        assert card.state == state
        assert card.state.eims[0].counter == 2
