"""A trace of a whole download, judged by tshark, which is not ours."""

from pathlib import Path

import pytest
from support.hexes import hx
from support.traces import fields, trace_of_a_download

from euicc_sim import Card
from euicc_sim.tracing.pcapng import TraceFile
from euicc_sim.tracing.recorder import Recorder

pytestmark = pytest.mark.slow


@pytest.fixture
def download(card: Card, pki_folder: Path, tmp_path: Path) -> Path:
    return trace_of_a_download(card, pki_folder, tmp_path / "x.pcapng")


def test_every_packet_is_gsmtap_of_a_sim(download: Path) -> None:
    layers = fields(download, "frame.protocols")
    assert len(layers) > 20
    assert {one for (one,) in layers} == {"raw:ip:udp:gsmtap:gsm_sim"}


def test_nothing_is_malformed(download: Path) -> None:
    assert fields(download, "frame.number", only="_ws.malformed || _ws.expert.severity >= 8") == []


def test_commands_and_status_words_are_read(download: Path) -> None:
    names = ("gsm_sim.apdu.ins", "gsm_sim.apdu.sw")
    rows = fields(download, *names, only="gsm_sim.apdu.cla.coding")
    assert ["0xa4", "0x6120"] in rows
    assert ["0xe2", "0x9000"] in rows
    assert ["0xc0", "0x9000"] in rows
    assert {ins for ins, _ in rows[1:]} == {"0xa4", "0xe2", "0xc0"}


def test_the_application_is_named(download: Path) -> None:
    assert ["a0000005591010ffffffff8900000100"] in fields(download, "gsm_sim.aid")


def test_commands_of_all_cases_are_read(tmp_path: Path) -> None:
    recorder = Recorder([TraceFile(tmp_path / "x.pcapng")], pytest.fail)
    tap = recorder.tap(0, "")
    for command, answer in (
        ("00700080", "6A86"),
        ("0070000001", "01 9000"),
        ("00C0000000", "00" * 256 + "6100"),
        ("80E2910003 BF2E00 00", "6115"),
        ("80E29100 000100" + "00" * 256, "9000"),
        ("C1E2910003 BF2E00", "6115"),
    ):
        tap.exchange(hx(command), hx(answer))
    recorder.close()
    assert fields(tmp_path / "x.pcapng", "_ws.malformed", "gsm_sim.apdu.sw") == [
        ["", "0x6a86"],
        ["", "0x9000"],
        ["", "0x6100"],
        ["", "0x6115"],
        ["", "0x9000"],
        ["", "0x6115"],
    ]
