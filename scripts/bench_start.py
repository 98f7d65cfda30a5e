"""Start-up: the CPU time of commands, beside a bare Python. See bench.py."""

from __future__ import annotations

import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
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
    served = [_serve(Path(directory)) for _ in range(TIMES)]
    wall, cpu = (statistics.median(one) for one in zip(*served, strict=True))
    yield Row("serve until a card answers, and its end", cpu, "bare Python", cpu / bare, 30)
    yield Row("  wall time until the answer", wall, "0.6 s", wall / 0.6e6, 1)


def _serve(directory: Path) -> tuple[float, float]:
    """The time until a card answers over TCP, and the CPU time of it all, in microseconds."""
    ready = directory.with_name("ready")
    command = [sys.executable, "-m", "euicc_sim", "serve", "--card", str(directory), "--tcp", "0"]
    before, start = _used(), time.perf_counter()
    with subprocess.Popen(  # noqa: S603 our own
        [*command, "--ready-file", str(ready)],
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        while not ready.exists():
            if process.poll() is not None:
                raise SystemExit("serve has ended")
            time.sleep(0.001)
        host, _, port = json.loads(ready.read_bytes())["cards"][0]["tcp"].rpartition(":")
        with socket.create_connection((host, int(port)), 10) as link:
            link.sendall(b"\0\0")
            link.recv(2)
            wall = (time.perf_counter() - start) * 1e6
        process.terminate()
    return wall, _used() - before


def _cpu(command: list[str]) -> float:
    """The CPU time of a process, in microseconds."""
    before = _used()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(  # noqa: S603 our own
        command, stdout=subprocess.DEVNULL, check=True, cwd=ROOT, env=environment
    )
    return _used() - before


def _used() -> float:
    """The CPU time of all processes that have ended, in microseconds."""
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (now.ru_utime + now.ru_stime) * 1e6
