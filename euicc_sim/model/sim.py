"""What an enabled Profile's SIM keeps: where it differs from the package it was installed from.

Paths are file identifiers from the MF, without 3F00; an ADF has its temporary identifier there.
Mappings are replaced, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from euicc_sim.model.replacing import replace


@dataclass(frozen=True, slots=True)
class FileState:
    """A file that was written or deactivated; `content` is None while it is the package's."""

    content: bytes | None = field(default=None, repr=False)
    activated: bool = True


@dataclass(frozen=True, slots=True)
class PinState:
    """A PIN that was changed: its value (8 bytes), and the tries left.

    `replaced` says that the universal PIN stands for it while it is disabled.
    """

    value: bytes = field(repr=False)
    enabled: bool
    left: int
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class SimState:
    """All changes to a SIM since its Profile was installed.

    `files` are by path; `pins` by the path of their directory and a byte, the key reference; `puks`
    (the tries left) by a byte, the key reference. `sequence` has the highest SEQ accepted, by the
    path of the ADF and a byte, the index. `counters` has the highest counter of a remote command
    accepted, by a byte, the version of its key.
    """

    files: Mapping[bytes, FileState] = field(default_factory=dict)
    pins: Mapping[bytes, PinState] = field(default_factory=dict)
    puks: Mapping[bytes, int] = field(default_factory=dict)
    sequence: Mapping[bytes, int] = field(default_factory=dict)
    counters: Mapping[bytes, int] = field(default_factory=dict)

    def with_file(self, path: bytes, state: FileState) -> Self:
        """With a file as it is now."""
        return replace(self, files={**self.files, path: state})

    def with_pin(self, slot: bytes, state: PinState) -> Self:
        """With a PIN as it is now."""
        return replace(self, pins={**self.pins, slot: state})

    def with_puk(self, reference: bytes, left: int) -> Self:
        """With so many tries left for a PUK."""
        return replace(self, puks={**self.puks, reference: left})

    def with_sequence(self, slot: bytes, number: int) -> Self:
        """With a SEQ accepted."""
        return replace(self, sequence={**self.sequence, slot: number})

    def with_counter(self, version: bytes, number: int) -> Self:
        """With a counter accepted."""
        return replace(self, counters={**self.counters, version: number})
