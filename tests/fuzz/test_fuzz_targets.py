"""Each fuzz target for a while: as many inputs as a quiet machine tries in about twenty seconds.

The number of inputs is fixed and none is too slow here, so that what is tried and what fails does
not depend on the speed of the machine. `scripts/fuzz` runs targets for as long as one likes, and
tells inputs that take over a second.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from fuzz.runner import Fault, Runner, WrongError, replay
from fuzz.targets import TARGETS
from fuzz.targets.activation_code import ActivationCodes

EXECUTIONS = {
    "card": 1500,
    "sim": 2000,
    "package": 2000,
    "decode": 300,
    "card.json": 1000,
    "card.changes": 1000,
    "lpac-stdio": 10000,
    "modem": 3000,
    "journal": 300,
    "activation-code": 20000,
    "esipa": 1500,
    "esipa-json": 400,
    "rest": 2000,
    "es9": 2000,
    "es9-asn1": 2000,
    "es2plus": 3000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_target_bears_what_it_is_given(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logging.lastResort", None)
    target = TARGETS[name](tmp_path)
    try:
        runner = Runner(target, seed=1, slow=math.inf)
        for _ in range(EXECUTIONS[name]):
            fault = runner.step()
            assert fault is None, told(name, tmp_path, fault)
        assert runner.figures.corpus > 1
    finally:
        target.close()


def told(name: str, folder: Path, fault: Fault) -> str:
    """The fault, and how to repeat it: its input is kept beside the target's files."""
    path = folder / f"failed-{fault.digest}"
    path.write_bytes(fault.data)
    return f"{fault.text}\nRepeat it with: scripts/fuzz {name} --input {path}"


class Fragile:
    """A target that bears everything but three inputs."""

    def seeds(self) -> Sequence[bytes]:
        return [b"good", b"wrong", b"bug", b"slow", b"also good", b"bug"]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return random.choice(corpus)

    def run(self, data: bytes) -> str:
        match data:
            case b"wrong":
                raise WrongError("12 bytes too many")
            case b"bug":
                raise KeyError(data)
            case b"slow":
                start = time.thread_time()
                while time.thread_time() - start < 0.2:
                    pass
        return "fine"

    def close(self) -> None:
        pass


def test_an_exception_a_wrong_answer_and_a_slow_input_are_faults_told_once() -> None:
    runner = Runner(Fragile(), seed=1, slow=0.1)
    found = [fault for _ in range(6) if (fault := runner.step())]
    assert [one.data for one in found] == [b"wrong", b"bug", b"slow"]
    assert runner.figures.faults == 4
    assert (runner.figures.executions, runner.figures.seeds) == (6, 6)
    assert runner.figures.slowest >= 0.2


def test_a_failing_input_can_be_tried_again() -> None:
    fault = replay(Fragile(), b"bug")
    assert fault is not None
    assert "KeyError" in fault.text
    assert replay(Fragile(), b"good") is None


def test_a_run_with_the_same_seed_is_the_same(tmp_path: Path) -> None:
    ran = []
    for seed in (1, 1, 2):
        runner = Runner(ActivationCodes(tmp_path), seed)
        for _ in range(300):
            assert runner.step() is None
        ran.append((runner.figures.corpus, runner.figures.longest))
    assert ran[0] == ran[1] != ran[2]
