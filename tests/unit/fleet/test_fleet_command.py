"""`euicc-sim fleet` and `eim import`; Locust itself runs in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.command import Outcome, runner

from euicc_sim import Fleet
from euicc_sim.cli import fleet as fleet_command
from euicc_sim.servers.database import EimDatabase
from euicc_sim.store import read

Run = Callable[..., Outcome]
PATIENCE = 300
"""Seconds that a test waits for what takes a moment: on any machine."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def eim(tmp_path: Path, run: Run) -> Path:
    """An eIM's file."""
    file = tmp_path / "eim1.json"
    assert run("eim", "new", file, "--id", "eim1").code == 0
    return file


@pytest.fixture
def fleet(tmp_path: Path, run: Run, eim: Path) -> Path:
    """Three cards that trust the eIM."""
    assert run("fleet", "prepare", tmp_path / "fleet", "--cards", 3, "--eim", eim).code == 0
    return tmp_path / "fleet"


def listed(fleet: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (fleet / "cards.jsonl").read_text().splitlines()]


def test_every_card_trusts_the_eim_and_is_in_the_list(fleet: Path, eim: Path) -> None:
    cards = Fleet(fleet)
    assert sorted(str(one["eid"]) for one in listed(fleet)) == list(cards)
    for one in listed(fleet):
        identity, state, _ = read(cards.folder(str(one["eid"])))
        assert [trusted.eim_id for trusted in state.eims] == one["eims"] == ["eim1"]
        assert str(one["initial"]).startswith("BF57")
        der = identity.credentials[0].euicc_certificate
        assert one["euiccCertificate"] == der.hex().upper()


def test_the_list_is_for_its_owner_alone(fleet: Path) -> None:
    assert (fleet / "cards.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_larger_fleet_has_a_longer_list(fleet: Path, run: Run, eim: Path) -> None:
    assert run("fleet", "prepare", fleet, "--cards", 2, "--eim", eim).code == 0
    assert len({str(one["eid"]) for one in listed(fleet)}) == len(Fleet(fleet)) == 5


def test_the_request_of_an_eim_of_another_make_is_taken(
    tmp_path: Path, run: Run, eim: Path
) -> None:
    request = run("eim", "initial", eim).out.strip()
    assert run("fleet", "prepare", tmp_path / "f", "--cards", 1, "--initial", request).code == 0
    assert [one["eims"] for one in listed(tmp_path / "f")] == [["eim1"]]


@pytest.mark.parametrize("version", ["1.0.1", "1.1", "1.2", "1.3"])
def test_cards_of_each_version_trust_an_eim_of_that_version(
    tmp_path: Path, run: Run, version: str
) -> None:
    file, directory = tmp_path / "eim.json", tmp_path / "f"
    assert run("eim", "new", file, "--id", "eim1", "--sgp32", version).code == 0
    words = ("--cards", 1, "--eim", file, "--sgp32", version)
    assert run("fleet", "prepare", directory, *words).code == 0
    assert run("eim", "import", file, directory / "cards.jsonl").code == 0
    assert run("fleet", "check", directory, "--eim", file).code == 0


def test_what_a_card_refuses_is_a_sentence(tmp_path: Path, run: Run) -> None:
    found = run("fleet", "prepare", tmp_path / "f", "--cards", 1, "--initial", "BF5700")
    assert found.code == 1
    assert "Traceback" not in found.err


def test_import_makes_the_cards_known_with_token_and_certificate(
    fleet: Path, run: Run, eim: Path
) -> None:
    for _ in range(2):
        assert run("eim", "import", eim, fleet / "cards.jsonl").code == 0
        with closing(EimDatabase(eim.with_suffix(".db"))) as store:
            records = [store.card(eid) for eid in Fleet(fleet)]
            assert [one.token for one in records] == [1, 1, 1]
            assert all(one.euicc_certificate for one in records)


def test_import_keeps_the_counter_of_a_known_card(fleet: Path, run: Run, eim: Path) -> None:
    eid = next(iter(Fleet(fleet)))
    assert run("eim", "card", eim, eid, "--counter", 77).code == 0
    assert run("eim", "import", eim, fleet / "cards.jsonl").code == 0
    with closing(EimDatabase(eim.with_suffix(".db"))) as store:
        assert store.card(eid).counter == 77


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "Line 1 is not a card"),
        ('{"eims":[]}', "Line 1 is not a card"),
        ('{"eid":"8904"}', "8904"),
        ('{"eid":"EID","initial":"zz"}', "not hex"),
        ('{"eid":"EID","initial":"BF5700"}', "not an answer to AddInitialEim"),
        ('{"eid":"EID","euiccCertificate":"00"}', "EID"),
    ],
)
def test_a_list_that_cannot_be_used_says_where(
    fleet: Path, run: Run, eim: Path, line: str, why: str
) -> None:
    eid = next(iter(Fleet(fleet)))
    (fleet / "cards.jsonl").write_text(line.replace("EID", eid) + "\n")
    found = run("eim", "import", eim, fleet / "cards.jsonl")
    assert found.code == 1
    assert why.replace("EID", eid) in found.err


def test_the_list_of_another_eim_is_refused(fleet: Path, run: Run, tmp_path: Path) -> None:
    other = tmp_path / "eim2.json"
    assert run("eim", "new", other, "--id", "eim2").code == 0
    found = run("eim", "import", other, fleet / "cards.jsonl")
    assert found.code == 1
    assert "does not trust eim2, but eim1" in found.err


def test_check_compares_the_counters(fleet: Path, run: Run, eim: Path) -> None:
    assert run("eim", "import", eim, fleet / "cards.jsonl").code == 0
    assert run("fleet", "check", fleet, "--eim", eim).code == 0
    eid = next(iter(Fleet(fleet)))
    assert run("eim", "card", eim, eid, "--counter", 5).code == 0
    found = run("fleet", "check", fleet, "--eim", eim)
    assert (found.code, f"{eid}: the card has 0, the eIM 5" in found.out) == (3, True)


# -- run: what is refused before Locust starts

URL = "http://127.0.0.1:1"


def test_more_devices_than_cards_are_refused(fleet: Path, run: Run) -> None:
    found = run("fleet", "run", fleet, "--eim", URL, "--users", 5)
    assert found.code == 1
    assert "3 cards, too few for 5 devices" in found.err
    assert "--cards 2" in found.err


def test_an_unknown_kind_of_device_is_refused(fleet: Path, run: Run) -> None:
    found = run("fleet", "run", fleet, "--eim", URL, "--device", "Toaster")
    assert (found.code, "choose PollOnly" in found.err) == (1, True)


@pytest.mark.parametrize("weight", ["0", "-1", "x", "1.5", "٣", "9" * 5000])
def test_a_weight_is_a_whole_number(fleet: Path, run: Run, weight: str) -> None:
    found = run("fleet", "run", fleet, "--eim", URL, "--device", f"Packages={weight}")
    assert (found.code, "from 1, such as Packages=19" in found.err) == (1, True)


def test_a_card_of_another_pki_is_refused_before_the_first_device(
    fleet: Path, run: Run, tmp_path: Path
) -> None:
    assert run("fleet", "prepare", tmp_path / "other", "--cards", 1).code == 0
    (stranger,) = Fleet(tmp_path / "other")
    shutil.copytree(Fleet(tmp_path / "other").folder(stranger), fleet / "cards" / stranger)
    found = run("fleet", "run", fleet, "--eim", URL)
    assert (found.code, "is below another PKI than that of" in found.err) == (1, True)


def test_without_locust_there_is_a_sentence(
    fleet: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_command, "find_spec", lambda _: None)
    found = run("fleet", "run", fleet, "--eim", URL)
    assert (found.code, "pip install 'euicc-sim[fleet]'" in found.err) == (1, True)


def test_nothing_but_the_devices_imports_locust() -> None:
    code = (
        "import sys, euicc_sim.cli.fleet, euicc_sim.fleet.cards, euicc_sim.cli.main; "
        "print(sorted({'locust', 'gevent'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# -- run: with Locust


@contextmanager
def process(*words: object, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """`euicc-sim` with these words; no coverage, which does not know gevent's threads."""
    environment = {name: one for name, one in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-m", "euicc_sim", *map(str, words)]
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.terminate()


@contextmanager
def serving(eim: Path) -> Iterator[str]:
    """The URL of the eIM."""
    with process("eim", "serve", eim, "--port", 0, cwd=eim.parent) as server:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]


def results(eim: Path, fleet: Path) -> list[int]:
    """How many results the eIM has of each card."""
    with closing(EimDatabase(eim.with_suffix(".db"))) as store:
        return [len(store.results(eid)) for eid in Fleet(fleet)]


needs_locust = pytest.mark.skipif(find_spec("locust") is None, reason="Locust is not installed")


@pytest.mark.slow
@needs_locust
def test_devices_order_fetch_and_deliver_packages_and_counters_stay_equal(
    fleet: Path, run: Run, eim: Path
) -> None:
    assert run("eim", "import", eim, fleet / "cards.jsonl").code == 0
    with (
        serving(eim) as url,
        process(
            *("fleet", "run", fleet, "--eim", url, "--device", "Packages=2", "--every", "0.1"),
            *("--order-token", eim.with_suffix(".token")),
            cwd=fleet.parent,
        ) as locust,
    ):
        deadline = time.monotonic() + PATIENCE
        while min(results(eim, fleet)) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        locust.send_signal(signal.SIGTERM)
        said, _ = locust.communicate(timeout=PATIENCE)
    assert locust.returncode == 0, said
    assert min(results(eim, fleet)) >= 2
    assert "provideEimPackageResult" in said
    assert run("fleet", "check", fleet, "--eim", eim).code == 0


@pytest.mark.slow
@needs_locust
def test_when_the_eim_is_away_locust_names_request_card_and_reason(fleet: Path) -> None:
    before = [read(Fleet(fleet).folder(eid))[1] for eid in Fleet(fleet)]
    failures = fleet.parent / "out_failures.csv"
    with process(
        *("fleet", "run", fleet, "--eim", URL, "--every", "0.1", "--csv", "out"),
        cwd=fleet.parent,
    ) as locust:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if failures.exists() and URL in failures.read_text():
                break
            time.sleep(0.2)
        locust.send_signal(signal.SIGTERM)
        said, _ = locust.communicate(timeout=PATIENCE)
    assert locust.returncode == 1
    sentences = [
        f"getEimPackageRequest of {eid}: expected an answer, got: {URL}" for eid in Fleet(fleet)
    ]
    assert any(one in said for one in sentences)
    assert [read(Fleet(fleet).folder(eid))[1] for eid in Fleet(fleet)] == before
