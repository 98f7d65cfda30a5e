"""Selecting files and applications of a SIM, and the way of a command to its function.

ETSI TS 102 221 clauses 8.4, 8.5 and 11.1.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apdu import SW, Command, Offer, Response, StatusError, Tell
from apdu.cla import PROPRIETARY, ClassByte
from apdu.names import INSTRUCTIONS, instruction, is_proprietary
from euicc_sim.formats.saip import File
from euicc_sim.uicc import authentication, files, identity, outcome, pins
from euicc_sim.uicc.sim import MF, Sim
from euicc_sim.uicc.view import CURRENT_ADF, View

ANY, CHILD_DF, CHILD_EF, PARENT = 0x00, 0x01, 0x02, 0x03
PATH_FROM_MF, PATH_FROM_DF = 0x08, 0x09
STATUS, STORE_DATA = 0xF2, 0xE2
FID_SIZE, SHORTEST_AID = 2, 5
SELECTION = "SELECT"

_OF_APPLICATIONS = authentication.COMMANDS | identity.COMMANDS
_COMMANDS = files.COMMANDS | pins.COMMANDS | _OF_APPLICATIONS


class SimFiles:
    """The SIM as one channel sees it. `sim` returns the present one: a switch brings another.

    `tell` is told what each command on it came to.
    """

    def __init__(self, sim: Callable[[], Sim], tell: Tell, view: View | None = None) -> None:
        """Begin at the MF, or in the place of another channel."""
        self._sim = sim
        self._tell = tell
        self._last = view

    def fork(self) -> SimFiles:
        """The same place, for another channel."""
        return SimFiles(self._sim, self._tell, self._view.copy())

    @property
    def _view(self) -> View:
        """Where this channel is; at the MF again once another Profile is enabled."""
        sim = self._sim()
        if self._last is None or self._last.sim is not sim:
            self._last = View(sim)
        return self._last

    def applications(self) -> Sequence[bytes]:
        """The AIDs of the applications, in the order of the package."""
        return [one.name for one in self._view.sim.tree.applications]

    @property
    def aid(self) -> bytes | None:
        """The AID of the current application."""
        view = self._view
        return None if view.application is None else view.sim.tree.files[view.application].name

    def enter(self, aid: bytes) -> Response:
        """Select the application with that AID; its FCP."""
        view = self._view
        application = next(one for one in view.sim.tree.applications if one.name == aid)
        view.go(application)
        self._tell(SELECTION, application.label)
        return Response(view.fcp(application))

    def status(self) -> bytes:
        """The FCP of the current directory."""
        view = self._view
        return view.fcp(view.sim.tree.files[view.directory])

    def select(self, p1: int, name: bytes) -> Response:
        """Select by identifier, path or parent; the FCP, with 6283 for a deactivated file.

        Raises StatusError 6A82 if there is no such file; the current file then stays as it was.
        """
        view = self._view
        file = found(view, p1, name)
        if file is None:
            raise StatusError(SW.NOT_FOUND, *_missing(view, p1, name))
        view.go(file)
        self._tell(SELECTION, file.label)
        is_usable = file.kind.is_directory or view.sim.is_activated(file)
        return Response(view.fcp(file), SW.OK if is_usable else SW.FILE_DEACTIVATED)

    def call(self, command: Command) -> Response:
        """Answer a command on the files, PINs and keys. Raises StatusError."""
        function = _COMMANDS.get(command.ins)
        if function is not None:
            if bool(command.cla & PROPRIETARY) != is_proprietary(command.ins):
                raise StatusError(
                    SW.WRONG_CLA, f"{instruction(command.ins)} has no class {command.cla:02X}"
                )
            view = self._view
            response = function(view, command)
            self._tell(instruction(command.ins), outcome.in_words(view, command, response))
            return response
        if command.ins == STORE_DATA:
            channel = ClassByte.parse(command.cla).channel
            raise StatusError(
                SW.CONDITIONS_NOT_SATISFIED,
                f"no ISD-R is selected on channel {channel}",
                "SELECT it there first, by its AID (00A40400)",
            )
        if command.ins == STATUS:
            return Response(self.status())
        if command.ins not in INSTRUCTIONS:
            raise StatusError(SW.WRONG_INS, f"this card has no {instruction(command.ins)}")
        raise StatusError(
            SW.WRONG_INS, f"a SIM does not have {instruction(command.ins)}, another application may"
        )

    def offer(self, command: Command) -> Offer | None:
        """The current file for a command on it, the application for one that needs its keys."""
        view = self._view
        proprietary = bool(is_proprietary(command.ins))
        if command.ins in files.COMMANDS and view.file is not None:
            label = view.sim.tree.files[view.file].label
            return Offer(f"the file {label}", proprietary)
        if command.ins in _OF_APPLICATIONS and view.application is not None:
            return Offer(view.sim.tree.files[view.application].label, proprietary)
        return None


def found(view: View, p1: int, name: bytes) -> File | None:
    """The file that SELECT finds; None if there is none. Raises StatusError for a wrong P1."""
    tree = view.sim.tree
    if p1 == PARENT:
        if name:
            raise StatusError(SW.WRONG_LENGTH, "SELECT of the parent directory has no data")
        return tree.files[view.directory[:-2]]
    if p1 in (PATH_FROM_MF, PATH_FROM_DF):
        if not name or len(name) % 2:
            raise StatusError(SW.WRONG_DATA, "a path consists of two-byte file identifiers")
        return view.walk(MF if p1 == PATH_FROM_MF else view.directory, name)
    if p1 == ANY:
        return view.find(name) if name else tree.files[MF]
    if p1 in (CHILD_DF, CHILD_EF):
        child = tree.child(view.directory, name)
        wanted = p1 == CHILD_DF
        return child if child is not None and child.kind.is_directory == wanted else None
    raise StatusError(
        SW.WRONG_P1P2,
        f"SELECT with P1 {p1:02X} is not supported: 00 is by identifier, 04 by AID, 08 by path",
    )


def _missing(view: View, p1: int, name: bytes) -> tuple[str, str]:
    """Why there is no such file, and the likely mistake."""
    shown, tree = name.hex().upper(), view.sim.tree
    if name == CURRENT_ADF and p1 == ANY:
        return "no application is selected", tree.lacks or "SELECT one by its AID first"
    if p1 not in (PATH_FROM_MF, PATH_FROM_DF) and len(name) != FID_SIZE:
        advice = "an AID is selected with P1 04" if len(name) >= SHORTEST_AID else ""
        return f"a file identifier has {FID_SIZE} bytes, not {len(name)}", advice
    advice = tree.lacks
    if not advice and view.application is None and tree.applications:
        advice = "the files of an application are there once it is selected by its AID"
    if p1 in (PATH_FROM_MF, PATH_FROM_DF):
        return f"there is no file at the path {shown}", advice
    return f"from {view.where} no file {shown} can be selected", advice
