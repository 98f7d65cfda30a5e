"""What a card needs of the outside world: random bytes. Seeded ones repeat after every reset."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Protocol


class Env(Protocol):
    """A source of random bytes."""

    def random(self, size: int) -> bytes:
        """`size` random bytes."""
        ...

    def restart(self) -> None:
        """Start over: the card was reset."""
        ...


class SystemEnv:
    """Random bytes from the operating system."""

    def random(self, size: int) -> bytes:
        """`size` random bytes."""
        return secrets.token_bytes(size)

    def restart(self) -> None:
        """Do nothing: there is no sequence to start over."""


class SeededEnv:
    """Bytes derived from a seed, the same sequence after every reset. For scripts, not secrets."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0

    def random(self, size: int) -> bytes:
        """The next `size` bytes of the sequence."""
        found = b""
        while len(found) < size:
            found += sha256(f"euicc-sim random {self._seed} {self._count}".encode()).digest()
            self._count += 1
        return found[:size]

    def restart(self) -> None:
        """Start the sequence over."""
        self._count = 0
