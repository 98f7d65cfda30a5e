"""Many cards in one directory, below one test PKI.

fleet/pki/                 CI, EUM and the servers' certificates, in the layout of SGP.26
fleet/cards/EID/           a card
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from euicc_sim.card import Card
from euicc_sim.env import SystemEnv
from euicc_sim.store import CardError, CardInUseError, read
from keys import PkiError, TestPki, make_eid

PKI_FOLDER = "pki"
CARDS_FOLDER = "cards"
OPEN_AT_MOST = 256
"""So many cards are open at once unless told otherwise: each needs a descriptor."""
_SERIAL_BYTES = 8


class Fleet:
    """The cards in `directory`, each opened when it is asked for.

    At most `most_open` are open: the one that was used longest ago is closed for the next, as if
    its device had lost power. Use a fleet from one thread at a time; processes may share it.
    """

    def __init__(
        self, directory: Path | str, *, most_open: int = OPEN_AT_MOST, fsync: bool = True
    ) -> None:
        """Look at the directory; `fsync` as for `Card.open`. Raises CardError for another one."""
        if most_open < 1:
            raise CardError("a fleet needs at least one open card")
        self.directory = Path(directory)
        self._most_open, self._fsync = most_open, fsync
        self._open: OrderedDict[str, Card] = OrderedDict()
        self._to_take = 0
        try:
            found = sorted(one.name for one in self._cards.iterdir() if one.is_dir())
            self._eids = dict.fromkeys(found)
        except OSError as error:
            raise CardError(
                f"there is no fleet in {self.directory}: {error.strerror or error}; make one with: "
                f"euicc-sim fleet prepare {self.directory} --cards N"
            ) from error

    @classmethod
    def create(
        cls,
        directory: Path | str,
        cards: int,
        *,
        pki: TestPki | Path | str | None = None,
        serial: int | None = None,
        most_open: int = OPEN_AT_MOST,
        fsync: bool = True,
        made: Callable[[Card], None] = lambda _: None,
        **properties: Any,
    ) -> Self:
        """Make a fleet of so many cards, or add so many to one.

        The EUM of `pki`, a test PKI or a folder, issues all certificates; without it that in the
        fleet's own directory, which is made if need be. The EIDs are those of its first IIN with
        numbers from `serial` on, by default from one drawn by lot. `made` gets each new card
        before it is closed; `properties` are those of `Card.create`. Raises CardError; the cards
        made until then stay.
        """
        directory = Path(directory)
        try:
            issuer = _issuer(directory, pki, fsync=fsync)
            (directory / CARDS_FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
            iin = issuer.branches[0].eum.permitted_iins[0]
            first = int.from_bytes(SystemEnv().random(_SERIAL_BYTES)) if serial is None else serial
            for number in range(cards):
                eid = make_eid(iin, first + number)
                folder = directory / CARDS_FOLDER / eid
                with Card.create(folder, eid=eid, pki=issuer, fsync=fsync, **properties) as card:
                    made(card)
        except PkiError as error:
            raise CardError(str(error)) from error
        except OSError as error:
            raise CardError(
                f"a fleet could not be made in {directory}: {error.strerror or error}"
            ) from error
        return cls(directory, most_open=most_open, fsync=fsync)

    @property
    def pki(self) -> Path:
        """Its PKI's folder; it may not be there when the cards were made below another one."""
        return self.directory / PKI_FOLDER

    @property
    def _cards(self) -> Path:
        return self.directory / CARDS_FOLDER

    def __len__(self) -> int:
        return len(self._eids)

    def __iter__(self) -> Iterator[str]:
        """The EIDs, in order."""
        return iter(self._eids)

    def folder(self, eid: str) -> Path:
        """The directory of a card."""
        return self._cards / eid

    def card(self, eid: str) -> Card:
        """The card with that EID, which is opened if it is not. Raises CardError."""
        card = self._open.get(eid)
        if card is None:
            if eid not in self._eids:
                raise CardError(f"the fleet in {self.directory} has no card {eid}")
            while len(self._open) >= self._most_open:
                self._open.popitem(last=False)[1].close()
            card = Card.open(self.folder(eid), fsync=self._fsync)
            self._open[eid] = card
        self._open.move_to_end(eid)
        return card

    def park(self, eid: str) -> None:
        """Close a card if it is open; it needs no descriptor then."""
        card = self._open.pop(eid, None)
        if card is not None:
            card.close()

    def take(self) -> Card | None:
        """A card that nobody has open, here or in another process; None if there is none.

        It is the caller's from now on: it does not count as open here, and the caller closes it.
        """
        eids = list(self._eids)
        for _ in eids:
            eid = eids[self._to_take % len(eids)]
            self._to_take += 1
            if eid in self._open:
                continue
            with suppress(CardInUseError):
                return Card.open(self.folder(eid), fsync=self._fsync)
        return None

    def check(self) -> None:
        """Raise CardError unless all cards have the EIDs of their folders and the same EUM."""
        first = None
        for eid in self._eids:
            identity = read(self.folder(eid))[0]
            if identity.eid != eid:
                raise CardError(
                    f"{self.folder(eid)} has the card {identity.eid}; move it to a folder of that "
                    "name, as two devices with one card would disturb each other"
                )
            issued = {one.eum_certificate for one in identity.credentials}
            first = first or (eid, issued)
            if issued != first[1]:
                raise CardError(
                    f"the card in {self.folder(eid)} is below another PKI than that of {first[0]}; "
                    "no server can know both, so make a fleet of its own for it"
                )

    def close(self) -> None:
        """Close all cards that are open here."""
        for eid in list(self._open):
            self.park(eid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _issuer(directory: Path, pki: TestPki | Path | str | None, *, fsync: bool) -> TestPki:
    if isinstance(pki, TestPki):
        return pki
    own = directory / PKI_FOLDER
    if pki is not None or own.exists():
        return TestPki.load(own if pki is None else pki)
    made = TestPki.create()
    made.write(own, fsync=fsync)
    return made
