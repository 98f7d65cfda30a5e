"""The examples do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copy, which

import pytest
from support.fresh import fresh_card
from support.installing import A_DIGITS
from support.reader import Reader
from support.sims import make_sim

from euicc_sim import Card
from euicc_sim.formats.saip.editing import Changes, edited
from euicc_sim.formats.saip.sample import sample

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


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder with the settings of examples/eap, whose home network and hostapd run."""
    if missing := [one for one in ("hostapd", "eapol_test") if which(one) is None]:
        pytest.skip(f"{', '.join(missing)} not installed (hostapd, eapoltest)")
    for one in (EXAMPLES / "eap").iterdir():
        copy(one, tmp_path)
    network = [sys.executable, "home_network.py", "home_network.sock"]
    with (
        subprocess.Popen(network, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as home,
        subprocess.Popen(
            ["hostapd", "hostapd.conf"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        try:
            assert server.stdout
            assert any("AP-ENABLED" in line for line in server.stdout)
            _wait_for(tmp_path / "home_network.sock")
            yield tmp_path
        finally:
            home.terminate()
            server.terminate()
            home.communicate(timeout=DEADLINE)
            server.communicate(timeout=DEADLINE)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.pcsc
@pytest.mark.parametrize("method", ["AKA", "AKA'"])
def test_the_home_network_authenticates_a_sim_over_pcsc(
    method: str, home: Path, reader: Reader, pki_folder: Path
) -> None:
    settings = home / "sim.conf"
    settings.write_text(settings.read_text().replace("eap=AKA\n", f"eap={method}\n"))
    package = edited(sample(), Changes(iccid=A_DIGITS))
    with Card.open(make_sim(home / "card", pki_folder, package), fsync=False) as card:
        reader.insert(card)
        words = ["-c", "sim.conf", "-a", "127.0.0.1", "-p", "18120", "-s", "radius", "-r", "0"]
        found = run("eapol_test", *words, cwd=home)
        assert (found.stdout.splitlines()[-1], found.returncode) == ("SUCCESS", 0)
        (enabled,) = card.state.profiles
        assert max(enabled.sim.sequence.values()) == 1


@pytest.mark.slow
def test_the_commands_of_the_containerfile_run_outside_of_a_container(tmp_path: Path) -> None:
    text = (EXAMPLES / "ci" / "Containerfile").read_text().replace("\\\n", " ")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(EXAMPLES.parent),
    }
    for command in re.findall(r"^RUN (euicc-sim .*)$", text, re.MULTILINE):
        subprocess.run(
            ["bash", "-ec", command], cwd=tmp_path, env=environment, timeout=DEADLINE, check=True
        )
    servers = re.findall(r"euicc-sim ((?:eim|smdpp) serve [^&]*) &", text)
    assert len(servers) == 2
    for words in servers:
        command = [sys.executable, "-m", "euicc_sim", *words.split(), "--port", "0"]
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout
            line = server.stdout.readline()
            server.terminate()
        assert " listens at " in line


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
