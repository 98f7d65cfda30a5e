"""What a SIM holds, for people: every file with its access conditions, content and FCP.

Nothing has to be verified here; it is for whoever owns the card. Keys and codes are not in files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from euicc_sim.formats.saip import File, Kind
from euicc_sim.model.sim import SimState
from euicc_sim.uicc.rules import AllOf, Always, AnyOf, Condition, Mode, Never, Verified
from euicc_sim.uicc.sim import Sim, Tree, pin_name
from euicc_sim.uicc.view import View

_MODES = {
    "read": Mode.READ,
    "update": Mode.UPDATE,
    "deactivate": Mode.DEACTIVATE,
    "activate": Mode.ACTIVATE,
}


@dataclass(frozen=True, slots=True)
class Described:
    """A file as it is now. `conditions` are what each use of it needs, in words."""

    file: File
    kind: Kind
    record: int
    content: bytes = field(repr=False)
    activated: bool
    conditions: dict[str, str]
    fcp: bytes

    @property
    def records(self) -> list[bytes]:
        """The content by records; that of a file without as one."""
        step = self.record or max(len(self.content), 1)
        return [self.content[at : at + step] for at in range(0, len(self.content), step)]


def inventory(tree: Tree, state: SimState) -> Iterator[Described]:
    """All files, each directory before what is in it."""
    sim = Sim(tree, state, _kept_nowhere, _not_random)
    yield from _below(sim, tree.files[b""])


def _below(sim: Sim, file: File) -> Iterator[Described]:
    yield _described(sim, file)
    for child in sim.tree.children.get(file.path, ()):
        if child.kind.is_directory:
            yield from _below(sim, child)
        else:
            yield _described(sim, child)


def _described(sim: Sim, file: File) -> Described:
    body = sim.tree.contents.body(file)
    is_directory = file.kind.is_directory
    conditions = {} if is_directory else {name: _needed(sim, file, name) for name in _MODES}
    return Described(
        file,
        body.kind,
        body.record,
        b"" if is_directory else sim.content(file),
        sim.is_activated(file),
        conditions,
        View(sim).fcp(file),
    )


def _needed(sim: Sim, file: File, use: str) -> str:
    return _in_words(sim.condition(file, _MODES[use], -1))


def _in_words(condition: Condition) -> str:
    match condition:
        case Always():
            return "always"
        case Never():
            return "never"
        case Verified(reference):
            return pin_name(reference)
        case AnyOf(of):
            return " or ".join(map(_in_words, of))
        case AllOf(of):
            return " and ".join(map(_in_words, of))


def _kept_nowhere(_: SimState) -> None:
    """An inventory changes nothing."""


_not_random: Callable[[int], bytes] = bytes
