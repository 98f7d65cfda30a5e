"""Traces of cards of tests, and Debian's tshark to judge them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from euicc_sim import Card
from euicc_sim.cli.tracing import TraceOptions, traced
from support.installing import install

WITHOUT_TSHARK = "tshark is not installed (Debian's package tshark)"


def trace_of_a_download(card: Card, pki_folder: Path, path: Path, *, keys: bool = False) -> Path:
    """Reset the card, install a Profile, and give the file that tells of it."""
    with traced(card, TraceOptions(path, None, anywhere=False, keys=keys)) as link:
        link.reset()
        install(link.transmit, pki_folder)
    return path


def fields(path: Path, *names: str, only: str = "") -> list[list[str]]:
    """What tshark makes of each packet; skips the test where there is no tshark, but not in CI."""
    if shutil.which("tshark") is None and not os.environ.get("CI"):
        pytest.skip(WITHOUT_TSHARK)
    chosen = [word for name in names for word in ("-e", name)]
    return [line.split("\t") for line in _tshark(path, only, "-T", "fields", *chosen)]


def _tshark(path: Path, only: str, *options: str) -> Sequence[str]:
    command = ["tshark", "-n", "-r", str(path), *options]
    if only:
        command += ["-Y", only]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()
