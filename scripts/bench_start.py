"""Start-up: the CPU time of commands, beside a bare Python. See bench.py."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench_basics import Bench, Row

ROOT = Path(__file__).parents[1]
TIMES = 9
GOALS = {
    "--version": 3,
    "--help": 18,
    "decode BF3E035C015A": 25,
    "card show": 25,
    "from euicc_sim import Card": 20,
}


def starts(bench: Bench) -> Iterator[Row]:
    """Each command in turn with `python -c pass`; medians, in microseconds of CPU."""
    with bench.card(2) as card:
        directory = str(card.directory)
    program = [sys.executable, "-m", "euicc_sim"]
    commands = {
        "bare Python": [sys.executable, "-c", "pass"],
        "--version": [*program, "--version"],
        "--help": [*program, "--help"],
        "decode BF3E035C015A": [*program, "decode", "BF3E035C015A"],
        "card show": [*program, "card", "show", directory],
        "from euicc_sim import Card": [sys.executable, "-c", "from euicc_sim import Card"],
    }
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(TIMES):
        for name, command in commands.items():
            found[name].append(_cpu(command))
    medians = {name: statistics.median(one) for name, one in found.items()}
    bare = medians.pop("bare Python")
    yield Row(f"floor: bare Python (load {os.getloadavg()[0]:.1f})", bare)
    for name, median in medians.items():
        yield Row(name, median, "bare Python", median / bare, GOALS[name])


def _cpu(command: list[str]) -> float:
    """The CPU time of a process, in microseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(  # noqa: S603 our own
        command, stdout=subprocess.DEVNULL, check=True, cwd=ROOT, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e6
