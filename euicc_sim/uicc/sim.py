"""The SIM of the enabled Profile, or of the card itself: files, codes, and what was verified.

All channels share one `Sim`. What it keeps is a `SimState`, which `change` stores before it counts;
what was verified is forgotten with the `Sim`, at a reset or when another Profile is enabled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from apdu import SW, StatusError, TlvError
from euicc_sim.crypto.aka import AkaAlgorithm
from euicc_sim.formats.saip import AkaParameters, File, Kind, Pin, SimContents
from euicc_sim.model.sim import FileState, PinState, SimState
from euicc_sim.uicc.rules import (
    AllOf,
    Always,
    AnyOf,
    Condition,
    Mode,
    Never,
    Rule,
    Verified,
    condition_for,
    parse,
)

MF = b""
UNIVERSAL_PIN = 0x11
GLOBAL_PINS = frozenset((*range(0x01, 0x09), UNIVERSAL_PIN))
PIN1 = 0x01

Keep = Callable[[SimState], None]
"""Stores a state; raises StatusError if it cannot."""


class Tree:
    """The files of a SIM and where to find them; never changed."""

    def __init__(self, contents: SimContents, lacks: str = "") -> None:
        """Take what a package describes; `lacks` says why there is little, as a sentence's part."""
        self.contents = contents
        self.lacks = lacks
        self.files = contents.files
        self.children: dict[bytes, list[File]] = {}
        for file in contents.files.values():
            if file.path != MF:
                self.children.setdefault(file.parent, []).append(file)
        self.applications = [one for one in contents.files.values() if one.kind is Kind.ADF]
        self._rules: dict[bytes, tuple[Rule, ...]] = {}

    def parents(self, path: bytes) -> Iterator[bytes]:
        """The directory itself, and those above it up to the MF."""
        while path != MF:
            yield path
            path = path[:-2]
        yield MF

    def child(self, directory: bytes, fid: bytes) -> File | None:
        """The file of that identifier in a directory; an ADF has none."""
        found = self.files.get(directory + fid)
        return None if found is None or found.kind is Kind.ADF else found

    def by_sfi(self, directory: bytes, sfi: int) -> File | None:
        """The elementary file with that short identifier."""
        return next((one for one in self.children.get(directory, ()) if one.sfi == sfi), None)

    def parsed(self, record: bytes) -> tuple[Rule, ...]:
        """A record of EF.ARR, read once. Raises TlvError."""
        if record not in self._rules:
            self._rules[record] = parse(record)
        return self._rules[record]


class Sim:
    """A SIM in use: its tree, its state, and the PINs and keys that were verified.

    `algorithms` are prepared ones, by the path of the ADF that has their keys; `sequences` are the
    highest SEQ accepted for each index, likewise.
    """

    def __init__(
        self, tree: Tree, state: SimState, keep: Keep, random: Callable[[int], bytes]
    ) -> None:
        """Take the state as stored; `random` returns that many random bytes."""
        self.tree = tree
        self.state = state
        self.random = random
        self._keep = keep
        self._verified: set[bytes] = set()
        self.algorithms: dict[bytes, AkaAlgorithm] = {}
        self.sequences: dict[bytes, list[int]] = {}

    def change(self, state: SimState) -> None:
        """Store a state. Raises StatusError if that fails, and nothing has changed."""
        self._keep(state)
        self.state = state

    # -- files

    def file_state(self, file: File) -> FileState:
        """How a file differs from the package; the content is in the state of its body."""
        found = self.state.files.get(file.path)
        return FileState(activated=file.is_activated) if found is None else found

    def content(self, file: File) -> bytes:
        """The content of a file, or of the one it links to."""
        body = self.tree.contents.body(file)
        changed = self.file_state(body).content
        return body.content if changed is None else changed

    def write(self, file: File, content: bytes) -> None:
        """Replace the content of a file. Raises StatusError."""
        body = self.tree.contents.body(file)
        if content != self.content(file):
            state = replace(self.file_state(body), content=content)
            self.change(self.state.with_file(body.path, state))

    def is_activated(self, file: File) -> bool:
        """Whether it is neither deactivated by the package nor since."""
        return self.file_state(file).activated

    # -- access

    def check(self, file: File, mode: Mode | None, ins: int) -> None:
        """Refuse a command that its access rule does not allow now. Raises StatusError 6982."""
        condition = self.condition(file, mode, ins)
        if self.holds(condition, file.parent):
            return
        needed = _in_words(condition)
        raise StatusError(SW.SECURITY_STATUS_NOT_SATISFIED, f"{file.label}: {needed}")

    def holds(self, condition: Condition, directory: bytes) -> bool:
        """Whether a condition holds for files in that directory."""
        match condition:
            case Always():
                return True
            case Never():
                return False
            case Verified(reference):
                slot = self.slot(directory, reference)
                return slot is not None and self.is_satisfied(slot)
            case AnyOf(of):
                return any(self.holds(one, directory) for one in of)
            case AllOf(of):
                return all(self.holds(one, directory) for one in of)

    def condition(self, file: File, mode: Mode | None, ins: int) -> Condition:
        """What an instruction in that mode needs, by the access rule of a file."""
        fid, number = file.rule[:2], file.rule[2]
        holder = next(
            (
                found
                for path in self.tree.parents(file.path if file.kind.is_directory else file.parent)
                if (found := self.tree.child(path, fid)) is not None
            ),
            None,
        )
        name = fid.hex().upper()
        if holder is None or not holder.record:
            return Never(f"its access rule is in {name}, which does not exist")
        start = (number - 1) * holder.record
        record = self.content(holder)[start : start + holder.record] if number else b""
        if not record:
            return Never(f"its access rule is record {number} of {name}, which does not exist")
        try:
            rules = self.tree.parsed(record)
        except TlvError as error:
            return Never(f"record {number} of {name} is not an access rule: {error}")
        return condition_for(rules, mode, ins)

    # -- PINs

    def slot(self, directory: bytes, reference: int) -> bytes | None:
        """Where the PIN of that reference is kept: the nearest directory that has one."""
        contents = self.tree.contents
        for path in self.tree.parents(directory):
            source = contents.shared_pins.get(path, path)
            if any(pin.reference == reference for pin in contents.pins.get(source, ())):
                return source + bytes((reference,))
        return None

    def pin(self, slot: bytes) -> tuple[Pin, PinState]:
        """What the package says about a PIN, and how it is now."""
        pin = next(one for one in self.tree.contents.pins[slot[:-1]] if one.reference == slot[-1])
        found = self.state.pins.get(slot)
        return pin, PinState(pin.value, pin.enabled, pin.left) if found is None else found

    def is_satisfied(self, slot: bytes) -> bool:
        """Whether a PIN was verified, or need not be because it is disabled."""
        if slot in self._verified:
            return True
        _, state = self.pin(slot)
        if state.enabled:
            return False
        if not state.replaced:
            return True
        universal = self.slot(slot[:-1], UNIVERSAL_PIN)
        return universal is not None and self.is_satisfied(universal)

    def set_verified(self, slot: bytes, verified: bool) -> None:
        """Remember until the next reset that a PIN was verified, or forget it."""
        if verified:
            self._verified.add(slot)
        else:
            self._verified.discard(slot)

    # -- authentication

    def keys(self, application: bytes) -> tuple[bytes, AkaParameters] | None:
        """The path of the ADF whose keys an application uses, and these."""
        contents = self.tree.contents
        for _ in range(len(contents.same_keys) + 1):
            if own := contents.authentication.get(application):
                return application, own
            aid = contents.same_keys.get(application)
            if aid is None:
                return None
            application = next(one.path for one in self.tree.applications if one.name == aid)
        return None


def rank(reference: int) -> tuple[int, int]:
    """The order of key references in an FCP: global PINs, local ones, keys of administrators.

    wpa_supplicant takes the state of the first for that of PIN1.
    """
    is_admin = reference & 0x7F in range(0x0A, 0x0F)
    return (2 if is_admin else 0 if reference in GLOBAL_PINS else 1), reference


def pin_name(reference: int) -> str:
    """The name of a key reference (ETSI TS 102 221 table 9.3)."""
    if reference == UNIVERSAL_PIN:
        return "the universal PIN"
    number = reference & 0x7F
    if 0x0A <= number <= 0x0E:
        return f"ADM{number - 0x09 + 5 * (reference >> 7)}"
    if 1 <= number <= 8:
        name = f"PIN{1 + (reference >> 7)}"
        return name if number == 1 else f"{name} of application {number}"
    return f"key {reference:02X}"


def _in_words(condition: Condition) -> str:
    match condition:
        case Always():
            return "nothing is needed"
        case Never(why):
            return why
        case Verified(reference):
            return f"{pin_name(reference)} must be verified first (VERIFY 002000{reference:02X})"
        case AnyOf(of):
            return " or ".join(_in_words(one) for one in of)
        case AllOf(of):
            return " and ".join(_in_words(one) for one in of)
