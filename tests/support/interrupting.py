"""Downloads that are cut off, and what must be left of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from euicc_sim import Card
from euicc_sim.parties.smdpp.smdpp import Smdpp
from support.es10 import SELECT_ISDR
from support.kept import document
from support.loading import (
    INTERRUPTED,
    Bound,
    command_at,
    error_data,
    installed,
    load,
    packages,
    prepare,
    result_of,
    sections,
    stored,
    waiting,
)

Send = Callable[[bytes], bytes]
STORE_DATA, LAST = 0xE2, 0x80


class CutError(Exception):
    """Here it ends."""


@dataclass
class Fuse:
    """Lets so many APDUs through; `taken` are the bytes of the chains that are complete."""

    transmit: Send
    left: int = 1_000_000
    sent: int = 0
    taken: int = 0
    _chain: int = 0

    def __call__(self, apdu: bytes) -> bytes:
        """A command and its answer."""
        if self.sent == self.left:
            raise CutError
        answer = self.transmit(apdu)
        self.sent += 1
        if apdu[1] == STORE_DATA:
            self._chain = (0 if apdu[3] == 0 else self._chain) + apdu[4]
            if apdu[2] & LAST:
                self.taken += self._chain
        return answer


@dataclass
class Attempt:
    """A download, and how far it came: `taken` bytes of the package arrived in whole chains."""

    bound: Bound | None = None
    taken: int = 0
    sent: int = 0

    @property
    def command(self) -> int | None:
        """The BppCommandId that had begun; None before the channel was open."""
        return None if self.bound is None else command_at(self.bound.package, self.taken)

    @property
    def complete(self) -> bool:
        """Whether all of it arrived."""
        return self.bound is not None and self.taken == len(self.bound.package)

    @property
    def iccid(self) -> bytes | None:
        """The ICCID, once the metadata had arrived."""
        if self.bound is None or self.taken < metadata_end(self.bound.package):
            return None
        return self.bound.iccid


def attempt(send: Send, server: Smdpp, apdus: int = 1_000_000) -> Attempt:
    """Download with so many APDUs, then stop."""
    fuse, found = Fuse(send, apdus), Attempt()
    with suppress(CutError):
        bound = prepare(fuse, server)
        found.bound, fuse.taken = bound, 0
        load(fuse, bound.chains)
    found.sent = fuse.sent
    if found.bound is not None:
        found.taken = fuse.taken
    return found


def metadata_end(package: bytes) -> int:
    """Where A1 ends."""
    rest = 0
    for tag, content in reversed(sections(package)):
        if tag == "A1":
            break
        rest += len(content) + _head(len(content))
    return len(package) - rest


def _head(size: int) -> int:
    return 2 if size < 0x80 else 3 if size < 0x100 else 4


def check_left(card: Card, tried: Attempt) -> None:
    """All or nothing is left of an attempt on a fresh card that was told that it is over."""
    send = card.transmit
    send(SELECT_ISDR)
    results = [one for one in waiting(send) if one[:2] == b"\xbf\x37"]
    check_document(card.directory)
    if tried.bound is None or tried.command is None:
        assert results == []
        assert (card.state.profiles, card.state.next_seq, stored(card)) == ((), 1, {})
        return
    (result,) = results
    data = result_of(result, tried.bound)
    if tried.complete:
        assert data["finalResult"][0] == "successResult"
        assert list(stored(card)) == [tried.bound.iccid]
        return
    error = (tried.command, INTERRUPTED)
    assert data == error_data(tried.bound, 1, error, iccid=tried.iccid)
    assert (card.state.profiles, card.state.next_seq, stored(card)) == ((), 2, {})


def check_document(directory: Path) -> None:
    """No download is under way, and profiles/ has what the document names."""
    found = document(directory)
    assert found["installation"] is None
    named = {bytes.fromhex(one["iccid"]) for one in found["profiles"]}
    assert set(packages(directory)) == named


def check_again(card: Card, server: Smdpp, tried: Attempt) -> None:
    """The same download is done again, with success unless it had succeeded already."""
    if tried.complete:
        return
    bound = prepare(card.transmit, server)
    installed(card.transmit, bound)
    assert list(stored(card)) == [bound.iccid]
    check_document(card.directory)


@dataclass(frozen=True)
class Mould:
    """A card's directory that others are copied from."""

    original: Path
    copies: Path

    @contextmanager
    def card(self, name: object, **options: Any) -> Iterator[Card]:
        """A fresh card like it."""
        folder = self.copies / f"{name}"
        shutil.copytree(self.original, folder)
        with Card.open(folder, **{"fsync": False, **options}) as card:
            yield card

    def image(self, card: Card, name: object) -> Path:
        """A copy of an open card's directory: what kill -9 would leave."""
        folder = self.copies / f"{name}"
        shutil.copytree(card.directory, folder)
        return folder
