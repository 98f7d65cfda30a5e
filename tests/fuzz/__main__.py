"""Runs fuzz targets by hand: `scripts/fuzz card --seconds 3600 --seed 1`."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from fuzz.runner import MAX_CPU_SECONDS, Fault, Figures, Runner, replay
from fuzz.targets import TARGETS

REPORT_SECONDS = 60


def main() -> int:
    """Run the targets one after the other, or repeat one input; 1 if something failed."""
    options = _options()
    logging.disable()  # what the card logs is a message of its own for thousands of inputs
    failed = False
    for name in options.target or TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            target = TARGETS[name](Path(folder))
            try:
                if options.input:
                    fault = replay(target, options.input.read_bytes(), options.slow)
                    print(fault.text if fault else "nothing wrong with this input")
                    failed |= fault is not None
                    continue
                failed |= bool(_run(Runner(target, options.seed, options.slow), name, options))
            finally:
                target.close()
    return int(failed)


def _run(runner: Runner, name: str, options: argparse.Namespace) -> list[Fault]:
    start = last = time.monotonic()
    while (now := time.monotonic()) - start < options.seconds:
        fault = runner.step()
        if fault is not None:
            path = options.failures / f"{name}-{fault.digest}"
            options.failures.mkdir(parents=True, exist_ok=True)
            path.write_bytes(fault.data)
            print(f"{fault.text}\nRepeat it with: scripts/fuzz {name} --input {path}", flush=True)
        if now - last >= REPORT_SECONDS:
            last = now
            print(_line(name, runner.figures, now - start), flush=True)
    print(_line(name, runner.figures, time.monotonic() - start), flush=True)
    return runner.faults


def _line(name: str, found: Figures, seconds: float) -> str:
    return (
        f"{name}: {found.executions} executions in {seconds:.0f} s "
        f"({found.executions / seconds:.0f}/s), {found.seeds} seeds, corpus {found.corpus}, "
        f"longest input {found.longest} bytes, slowest {found.slowest:.3f} s of CPU, "
        f"{found.faults} faults"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", type=float, default=MAX_CPU_SECONDS, help="CPU seconds allowed")
    parser.add_argument("--input", type=Path, help="try only this input")
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures"))
    found = parser.parse_args()
    if unknown := set(found.target) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}")
    return found


sys.exit(main())
