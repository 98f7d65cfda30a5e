"""`euicc-sim smds`: a server that SM-DP+s register at, and the list of its events."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Run, runner
from support.euiccs import EID
from support.schemas import check

from euicc_sim.cli.smds import DATABASE
from euicc_sim.parties.clients import Es12Client
from euicc_sim.parties.smds import Event
from euicc_sim.servers.database import SmdsDatabase
from euicc_sim.servers.tls import show
from keys import Curve, Role, TestPki

DEADLINE = 120.0


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys, "smds")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "smds"
    found.mkdir()
    with SmdsDatabase(found / DATABASE, fsync=False) as events, events.changing() as draft:
        draft.add(Event(eid=EID, event_id="CODE-1", address="smdp.example.com", owner="2.999.10"))
    return found


def test_the_events_are_a_table(run: Run, folder: Path) -> None:
    said = "\n".join(run("events", folder).said)
    for words in (EID, "CODE-1", "smdp.example.com", "2.999.10"):
        assert words in said


def test_the_events_for_programs(run: Run, folder: Path) -> None:
    found = json.loads("\n".join(run("events", folder, "--json").said))
    check("smds events", found)
    assert found == [
        {
            "eid": EID,
            "eventId": "CODE-1",
            "rspServerAddress": "smdp.example.com",
            "owner": "2.999.10",
            "isForwarded": False,
        }
    ]


def test_no_event_is_said(run: Run, tmp_path: Path) -> None:
    SmdsDatabase(tmp_path / DATABASE, fsync=False).close()
    assert run("events", tmp_path).said == ["no event waits"]


def test_a_folder_without_an_sm_ds_is_left_as_it_is(run: Run, tmp_path: Path) -> None:
    assert "Serve an SM-DS there" in run("events", tmp_path).complaint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--host", "0.0.0.0"), "is not a name that others can use"),  # noqa: S104 - refused
        (("--address", "a$b"), "is not an address"),
        (("--root", "a b"), "is not the address of a server"),
        (("--address", "a:443", "--root", "A"), "a:443 cannot be below itself"),
    ],
)
def test_what_cannot_be_served_is_a_sentence(
    run: Run, tmp_path: Path, pki_folder: Path, words: tuple[str, ...], complaint: str
) -> None:
    found = run("serve", tmp_path, "--pki", pki_folder, "--port", 0, *words).complaint
    assert complaint in found


@pytest.mark.slow
def test_a_served_event_outlives_the_server(run: Run, tmp_path: Path, pki_folder: Path) -> None:
    folder, pki = tmp_path / "new" / "smds", TestPki.load(pki_folder)
    command = [sys.executable, "-u", "-m", "euicc_sim", "smds", "serve", str(folder)]
    with subprocess.Popen(
        [*command, "--pki", str(pki_folder), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            found = re.fullmatch(r"SM-DS (localhost:\d+) listens at https://127.0.0.1:\d+\n", first)
            assert found is not None, first
            with Es12Client(
                f"https://{found[1]}",
                "smdp.example.com",
                trust=pki.ci_certificates,
                identify=lambda tls: show(tls, pki.credential(Role.DP_TLS, Curve.NIST)),
            ) as smdpp:
                smdpp.register_event(EID, "CODE-9", "smdp.example.com", forward=False)
            process.send_signal(signal.SIGTERM)
            said = process.stdout.read()
            assert process.wait(DEADLINE) == 0
        finally:
            process.kill()
    assert f"RegisterEvent: 2.999.10, event CODE-9 at smdp.example.com for EID {EID}" in said
    assert stat.S_IMODE((folder / DATABASE).stat().st_mode) == 0o600
    assert "CODE-9" in "\n".join(run("events", folder).said)
