"""What a channel talks to: the application selected by AID, or else the files of a SIM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from apdu.command import Command, Response


class Offer(NamedTuple):
    """What a command needs and finds here, in words; `proprietary` is the class of the command."""

    what: str
    proprietary: bool


class Tell(Protocol):
    """Receives what a status word does not say."""

    def __call__(self, name: str, text: str, *, lost: bool = False) -> None:
        """Tell a person `text` about the instruction `name`; `lost` if a request was dropped."""
        ...


class Application(Protocol):
    """An application selected on one channel; it lives as long as the selection."""

    @property
    def aid(self) -> bytes:
        """The full application identifier, 5 to 16 bytes."""
        ...

    def fci(self) -> bytes:
        """The template that SELECT returns, tag 6F (or 62) included."""
        ...

    def call(self, command: Command) -> Response:
        """Answer a command; raises StatusError to refuse it."""
        ...

    def offer(self, command: Command) -> Offer | None:
        """What a command that was refused on another channel would have found here, if anything."""
        ...

    def interrupt(self, by: str) -> None:
        """Drop unfinished work, and tell: `by` is what interrupted it, in words."""
        ...

    def fork(self) -> Application:
        """A fresh selection of the same application, for a channel opened from this one."""
        ...


class Files(Protocol):
    """The file system as one channel sees it, with its own current directory and file.

    An application of it (ADF) is a directory that is selected by AID.
    """

    @property
    def aid(self) -> bytes | None:
        """The AID of the current application of the file system."""
        ...

    def applications(self) -> Sequence[bytes]:
        """The AIDs of all of them, in order."""
        ...

    def enter(self, aid: bytes) -> Response:
        """Select one of them; the response is its FCP."""
        ...

    def select(self, p1: int, name: bytes) -> Response:
        """Select by FID, path or parent; the response is the FCP.

        Raises StatusError 6A82 if there is no such file, and the current file stays as it was.
        """
        ...

    def call(self, command: Command) -> Response:
        """Answer a command on the current file; raises StatusError to refuse it."""
        ...

    def offer(self, command: Command) -> Offer | None:
        """What a command that was refused on another channel would have found here, if anything."""
        ...

    def status(self) -> bytes:
        """The FCP of the current directory."""
        ...

    def fork(self) -> Files:
        """The same place in the file system, for a channel opened from this one."""
        ...
