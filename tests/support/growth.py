"""How the work for an input grows with its size, whatever the speed of the machine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

TIMES = 16
"""The large input is so many times the small one."""
LINEAR = 4 * TIMES
"""More than this is not linear: what grows with the square takes TIMES * TIMES."""

LEAST = 0.001
"""Seconds. What takes less is lost in the noise, and counted as this."""


def growth(action: Callable[[int], object], size: int) -> float:
    """How many times the CPU time of a sixteenth of that size an action takes for all of it."""
    small = min(_cpu(action, size // TIMES) for _ in range(3))
    return _cpu(action, size) / max(small, LEAST)


def _cpu(action: Callable[[int], object], size: int) -> float:
    gc.collect()
    before = time.process_time()
    action(size)
    return time.process_time() - before
