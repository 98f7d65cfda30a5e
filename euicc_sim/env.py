"""The outside world that a card needs: randomness. A seeded one repeats after every reset."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Protocol


class Env(Protocol):
    """Where random bytes come from."""

    def random(self, size: int) -> bytes:
        """That many random bytes."""
        ...

    def restart(self) -> None:
        """The card was reset."""
        ...


class SystemEnv:
    """The operating system's randomness."""

    def random(self, size: int) -> bytes:
        """That many random bytes."""
        return secrets.token_bytes(size)

    def restart(self) -> None:
        """Nothing to do: randomness has no beginning."""


class SeededEnv:
    """Bytes that follow from a seed, the same row after every reset. For scripts, not secrets."""

    def __init__(self, seed: int) -> None:
        """Begin the row of this seed."""
        self._seed = seed
        self._count = 0

    def random(self, size: int) -> bytes:
        """The next bytes of the row."""
        found = b""
        while len(found) < size:
            found += sha256(f"euicc-sim random {self._seed} {self._count}".encode()).digest()
            self._count += 1
        return found[:size]

    def restart(self) -> None:
        """Begin the row again."""
        self._count = 0
