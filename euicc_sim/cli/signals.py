"""SIGINT and SIGTERM as an orderly end."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self


@contextmanager
def on_signals(act: Callable[[], None]) -> Iterator[None]:
    """Do that on SIGINT and SIGTERM; it has to be safe in a signal handler."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda _number, _frame: act()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class Stop:
    """Set by SIGINT or SIGTERM while it is entered; a second one raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.is_set = False

    def __enter__(self) -> Self:
        # A pipe, as a handler that sets a threading.Event can meet its own thread in the lock.
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._signals = on_signals(self.set)
        self._signals.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._signals.__exit__(None, None, None)
        os.close(self._read)
        os.close(self._write)

    def set(self) -> None:
        """Stop; safe in a signal handler."""
        if self.is_set:
            raise KeyboardInterrupt
        self.is_set = True
        with suppress(BlockingIOError):
            os.write(self._write, b"!")

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until it is set; whether it is."""
        if not self.is_set:
            select.select([self._read], [], [], seconds)
        return self.is_set
