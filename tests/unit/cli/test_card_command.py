"""`euicc-sim card`: copy and show, through the command's own door."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Run, runner
from support.eims import LIST_EIM, Eim, ask, eim1, eim2, trust, vector_key
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card
from support.hexes import hx
from support.published_pki import TEST_EID

from euicc_sim import Card
from euicc_sim.cli.console import console
from euicc_sim.store.directory import CHANGES, DOCUMENT, read


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim card` with these words."""
    return runner(monkeypatch, capsys, "card")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed."""
    fresh_card(tmp_path / "card", pki_folder)
    return tmp_path / "card"


# -- copy


def test_copy_takes_a_card_that_is_in_use_and_the_copy_opens(
    run: Run, directory: Path, tmp_path: Path
) -> None:
    with Card.open(directory, fsync=False) as card:
        trust(card.transmit, eim1())
        outcome = run("copy", directory, tmp_path / "copy")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == f"{directory} copied to {tmp_path / 'copy'}\n"
        with Card.open(tmp_path / "copy") as copy:
            assert copy.state == card.state


def test_copy_leaves_a_directory_alone_that_is_there(
    run: Run, directory: Path, tmp_path: Path
) -> None:
    (tmp_path / "copy").mkdir()
    sentence = run("copy", directory, tmp_path / "copy").complaint
    assert sentence == f"{tmp_path / 'copy'} exists already; choose another directory"
    assert list((tmp_path / "copy").iterdir()) == []


def test_copy_says_when_there_is_no_card(run: Run, tmp_path: Path) -> None:
    assert run("copy", tmp_path, tmp_path / "copy").complaint == f"there is no card in {tmp_path}"


def test_copy_takes_a_directory_s_name_as_it_is(run: Run, directory: Path, tmp_path: Path) -> None:
    target = tmp_path / "a [/b] :heart:"
    assert run("copy", directory, target).out == f"{directory} copied to {target}\n"


# -- show


def test_show_tells_the_facts_of_a_new_card(run: Run, directory: Path) -> None:
    identity, _, _ = read(directory)
    outcome = run("show", directory)
    nist, brainpool = (one.hex().upper() for one in identity.ci_pk_ids)
    facts = outcome.facts
    changed = facts.pop("last changed")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", changed)
    assert facts == {
        "EID": TEST_EID,
        "type": "iot",
        "SGP.32": "1.2",
        "SGP.22": "2.5",
        "certificates": f"NIST below CI {nist}, BRP below CI {brainpool}",
        "memory": "524288 of 524288 bytes free",
        "switches": "none on",
        "default SM-DP+": "none",
        "root SM-DS": "testrootsmds.example.com",
        "package results": "0 of 64",
        "notifications": "0",
        "next number": "1",
        "trusted eIMs": "0 of 16",
    }


def test_show_says_that_nobody_is_trusted(run: Run, directory: Path) -> None:
    last = run("show", directory).out.splitlines()[-1]
    assert last == "none; add the first eIM with AddInitialEim"


def test_show_lists_the_eims_of_a_card_in_use(run: Run, directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        first = eim1(extra={"eimFqdn": "eim1.example.com", "eimIdType": 2})
        trust(card.transmit, first, token_wanted=True)
        first.load(card.transmit, ("addEim", eim2(counter=9).configuration()))
        first.load(card.transmit, LIST_EIM)
        ask(card.transmit, hx("BF65 03 8001 61"))
        outcome = run("show", directory)
        assert card.transmit(SELECT_ISDR)[0] == 0x61
    assert outcome.rows == [
        ["eim1.example.com", "fqdn", "2", "1", "publicKey", "eim1.example.com"],
        ["eim2.example.com", "proprietary", "9", "-", "publicKey", "-"],
    ]
    assert outcome.facts["trusted eIMs"] == "2 of 16"
    assert outcome.facts["package results"] == "2 of 64"
    assert outcome.facts["next number"] == "3"
    assert outcome.facts["default SM-DP+"] == "a"


def test_show_prints_what_an_eim_calls_itself_as_it_is(run: Run, directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        name = "[/red] [bold]x[/bold] :heart:"
        trust(card.transmit, Eim(name, vector_key("eim1"), extra={"eimFqdn": "[/x].example"}))
    assert run("show", directory).rows == [
        [name, "proprietary", "0", "-", "publicKey", "[/x].example"]
    ]


def test_show_cuts_nothing_off_on_a_narrow_terminal(
    run: Run, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, address = "n" * 100, "a" * 100
    with Card.open(directory, fsync=False) as card:
        trust(card.transmit, Eim(name, vector_key("eim1"), extra={"eimFqdn": "f" * 100}))
        ask(card.transmit, hx("BF65 66 8064") + address.encode())
    monkeypatch.setattr(console, "width", 80)
    outcome = run("show", directory)
    assert "…" not in outcome.out
    names, *_, domains = zip(*outcome.rows, strict=True)
    assert ("".join(names), "".join(domains)) == (name, "f" * 100)
    assert outcome.out.count("a") > 100


def test_show_prints_an_address_as_it_is(run: Run, directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        ask(card.transmit, hx("BF65 06 8004") + b"[/x]")
    assert run("show", directory).facts["default SM-DP+"] == "[/x]"


def test_show_needs_no_private_key(run: Run, directory: Path) -> None:
    for path in directory.glob("SK_*"):
        path.unlink()
    assert run("show", directory).facts["EID"] == TEST_EID


def test_show_says_when_there_is_no_card_and_how_to_make_one(run: Run, tmp_path: Path) -> None:
    assert run("show", tmp_path).complaint == (
        f"there is no card in {tmp_path} (no {DOCUMENT}); "
        f"make one with: euicc-sim card new {tmp_path}"
    )


def test_show_says_what_is_damaged_and_where(run: Run, directory: Path) -> None:
    document = json.loads((directory / DOCUMENT).read_text())
    document["nextSeqNumber"] = -1
    (directory / DOCUMENT).write_text(json.dumps(document))
    sentence = run("show", directory).complaint
    assert sentence.startswith(f"{directory / DOCUMENT} is damaged: line 1, at nextSeqNumber: ")


# -- check and mend


def killed(directory: Path) -> Path:
    """What is left of a card whose process was killed after a change."""
    image = directory.with_name("killed")
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        ask(card.transmit, hx("BF65 03 800161"))
        shutil.copytree(directory, image)
    return image


def test_show_and_copy_see_what_waits_in_the_change_log(
    run: Run, directory: Path, tmp_path: Path
) -> None:
    image = killed(directory)
    assert run("show", image).facts["default SM-DP+"] == "a"
    run("copy", image, tmp_path / "copy")
    assert json.loads((tmp_path / "copy" / DOCUMENT).read_text())["defaultDpAddress"] == "a"
    assert not (tmp_path / "copy" / CHANGES).exists()
    assert run("check", tmp_path / "copy").out == f"{tmp_path / 'copy'} is sound\n"


def test_check_says_what_waits(run: Run, directory: Path) -> None:
    assert run("check", directory).out == f"{directory} is sound\n"
    image = killed(directory)
    assert run("check", image).out == f"1 change waits in card.changes\n{image} is sound\n"


def test_check_says_what_is_not_sound(run: Run, directory: Path) -> None:
    (directory / DOCUMENT).write_text("{")
    assert "is damaged: it is not JSON: it ends too early" in run("check", directory).complaint


def test_an_edit_beside_a_change_log_is_mended_as_the_sentence_says(
    run: Run, directory: Path
) -> None:
    image = killed(directory)
    document = image / DOCUMENT
    document.write_text(document.read_text().replace('"nextSeqNumber": 1', '"nextSeqNumber": 7'))
    shutil.copytree(image, image.with_name("other"))
    complaint = run("show", image).complaint
    assert f"euicc-sim card mend {image} --keep edit" in complaint
    assert run("mend", image, "--keep", "edit").out == (
        "card.json is the edited file; the changes are in card.changes.1\n"
    )
    facts = run("show", image).facts
    assert (facts["next number"], facts["default SM-DP+"]) == ("7", "none")
    other = image.with_name("other")
    assert run("mend", other, "--keep", "changes").out == (
        "card.json has the changes; the edited file is card.json.edited\n"
    )
    facts = run("show", other).facts
    assert (facts["next number"], facts["default SM-DP+"]) == ("7", "a")


def test_mend_leaves_a_card_alone_that_is_open(run: Run, directory: Path) -> None:
    with Card.open(directory, fsync=False):
        assert "is open already" in run("mend", directory, "--keep", "edit").complaint


def test_mend_needs_a_card(run: Run, tmp_path: Path) -> None:
    assert run("mend", tmp_path, "--keep", "edit").complaint == f"there is no card in {tmp_path}"
    assert list(tmp_path.iterdir()) == []


# -- as a program


@pytest.mark.slow
def test_a_refusal_is_one_sentence_and_exit_code_1_as_a_program_too(directory: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "euicc_sim", "card", "new", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"euicc-sim: {directory} has a card already; open it, or choose another directory\n"
    )
