"""`smdpp codes --qr`: activation codes for a phone's camera."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from typer.testing import CliRunner

from euicc_sim.cli.main import app

segno = pytest.importorskip("segno", reason="QR codes need the extra qr")

CODE = "LPA:1$localhost:8443$test"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with one package."""
    folder = tmp_path / "packages"
    folder.mkdir()
    made = ["profile", "edit", "--test", "-o", str(folder / "test.der")]
    assert CliRunner().invoke(app, made).exit_code == 0
    return folder


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["smdpp", "codes", *map(str, words)])
    return result.output if result.exit_code == 0 else f"{result.exit_code}: {result.output}"


def test_a_code_is_drawn_under_its_text(packages: Path) -> None:
    first, *drawn = run(packages, "--qr").splitlines()
    assert first == CODE
    width = segno.make(CODE, error="m", micro=False).symbol_size()[0]
    assert {len(one) for one in drawn} == {width}
    assert set("".join(drawn)) == set("█▀▄ ")


def test_a_code_is_a_picture_in_a_new_folder(packages: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    assert run(packages, "--qr", folder).replace("\n", "") == f"{folder}/test.png: {CODE}"
    content = (folder / "test.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width == height
    assert run(packages, "--qr", folder).startswith("1: ")


def test_without_an_order_that_waits_there_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = run(tmp_path / "empty", "--qr")
    assert said.startswith("1: ")
