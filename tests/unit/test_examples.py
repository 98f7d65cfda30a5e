"""The examples do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copy, which

import pytest
from support.fresh import fresh_card
from support.reader import Reader

from euicc_sim import Card

EXAMPLES = Path(__file__).parents[2] / "examples"
DEADLINE = 60.0


def run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    words = [str(one) for one in command]
    return subprocess.run(
        words, cwd=cwd, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The C program, compiled."""
    if which("make") is None or run("pkg-config", "--exists", "libpcsclite").returncode:
        pytest.skip("make, pkg-config or the headers of pcsclite are not installed")
    for one in (EXAMPLES / "winscard").iterdir():
        copy(one, tmp_path)
    made = run("make", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    return tmp_path / "winscard"


@pytest.mark.slow
def test_the_tests_of_an_ipa_pass(tmp_path: Path) -> None:
    copy(EXAMPLES / "pytest" / "test_my_ipa.py", tmp_path)
    found = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ".", cwd=tmp_path)
    assert found.returncode == 0, found.stdout
    assert "6 passed" in found.stdout


@pytest.mark.slow
def test_the_small_eim_is_obeyed_once(tmp_path: Path, pki_folder: Path) -> None:
    card = fresh_card(tmp_path / "card", pki_folder)
    found = run(sys.executable, EXAMPLES / "eim" / "small_eim.py", card)
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines()[-3:] == [
        "AddInitialEim: trusts small-eim",
        "LoadEuiccPackage: small-eim, counter 1, result 1; listEim: 1",
        "LoadEuiccPackage: package refused: counter 1 is not above 1",
    ]


def test_the_small_eim_has_forty_lines() -> None:
    lines = (EXAMPLES / "eim" / "small_eim.py").read_text().splitlines()
    code = [one for one in lines if one.strip() and not one.strip().startswith(('"""', "#"))]
    assert len(code) <= 40


@pytest.mark.slow
@pytest.mark.pcsc
def test_a_c_program_reads_the_eid_over_pcsc(program: Path, reader: Reader, card: Card) -> None:
    reader.insert(card)
    found = run(program)
    assert (found.stdout, found.stderr, found.returncode) == (f"EID {card.eid}\n", "", 0)


@pytest.mark.slow
@pytest.mark.pcsc
def test_a_c_program_says_what_is_wrong(program: Path, reader: Reader) -> None:
    del reader
    found = run(program, "No such reader")
    assert found.returncode == 1
    assert found.stderr == "No such reader: Unknown reader specified.\n"


@pytest.mark.parametrize(
    "name",
    [
        "ci/github.yml",
        "ci/gitlab.yml",
        "ci/Containerfile",
        "systemd/euicc-sim@.service",
        "systemd/euicc-sim-ipa@.service",
    ],
)
def test_what_was_not_run_says_so(name: str) -> None:
    assert "not run where this project is tested" in (EXAMPLES / name).read_text()
