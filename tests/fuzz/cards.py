"""The card that the targets play with: it has something in every field, and all seeds fit it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

from support.eims import LIST_EIM, Eim, build
from support.golden import token_eim, written
from support.vectors import FOLDER

from apdu.tlv import children, whole
from euicc_sim import Card

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "spec"


class Template:
    """A closed card, and copies of it that can be used up."""

    def __init__(self, folder: Path) -> None:
        self.directory = folder / "template"
        written(self.directory)
        self._numbers = count()
        self._card: Card | None = None
        self._before: object = None

    @property
    def pki(self) -> Path:
        """The PKI of the card."""
        return self.directory / "pki"

    def copy(self) -> Path:
        """A copy that nobody else uses."""
        return Path(
            shutil.copytree(self.directory, self.directory.with_name(f"copy{next(self._numbers)}"))
        )

    def restore(self, copy: Path) -> None:
        """Make a copy that was opened what it was: only what is small, and can have changed."""
        for one in ("aside", "card.json.new", "card.changes"):
            path = copy / one
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for name in ("card.json", "profiles"):
            source = self.directory / name
            if source.is_file():
                shutil.copyfile(source, copy / name)
            else:
                shutil.copytree(source, copy / name, dirs_exist_ok=True)

    def card(self) -> Card:
        """A card in the template's state, with the ISD-R selected; valid until the next call."""
        if self._card is None or self._card.state is not self._before:
            self.close()
            self._card = Card.open(self.copy(), fsync=False)
            self._before = self._card.state
        self._card.reset()
        self._card.take_events()
        return self._card

    def close(self) -> None:
        """Throw the used card away."""
        if self._card is not None:
            self._card.close()
            shutil.rmtree(self._card.directory)
            self._card = None


def trusted_eim() -> Eim:
    """The eIM that the template trusts, with a token, as it will sign next."""
    return token_eim(counter=1)


def vectors() -> Iterator[bytes]:
    """All bytes of the vectors, the shared ones too where they are there."""
    for folder in (FOLDER, SHARED):
        for name in ("sgp22-vectors.json", "sgp32-vectors.json"):
            if (folder / name).is_file():
                yield from _hex_in(json.loads((folder / name).read_text()))


def _hex_in(found: object) -> Iterator[bytes]:
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from _hex_in(one)
    elif isinstance(found, str) and len(found) >= 4 and not len(found) % 2:
        try:
            yield bytes.fromhex(found)
        except ValueError:
            return


def scripts() -> Iterator[list[bytes]]:
    """The commands of each section of the scripts for scriptor."""
    for path in sorted((ROOT / "scripts").glob("*.apdu")):
        section: list[bytes] = []
        for line in path.read_text().replace("\\\n", "").splitlines():
            if line.startswith("# ") and section:
                yield section
                section = []
            elif line and line != "reset" and not line.startswith("#"):
                section.append(bytes.fromhex(line))
        yield section


def packages() -> Iterator[bytes]:
    """euiccPackageSigned of the trusted eIM, each with other operations."""
    eim = trusted_eim()
    iccid = {"iccid": bytes.fromhex("98001032547698103214")}
    rows: Sequence[Iterable[tuple[str, object]]] = (
        [LIST_EIM],
        [("addEim", eim.configuration() | {"eimId": "eim9.example.com"}), LIST_EIM],
        [("updateEim", {"eimId": eim.name, "counterValue": 7}), ("deleteEim", {"eimId": "x"})],
        [("enable", iccid), ("listProfileInfo", {})],
        [("disable", iccid), ("delete", iccid), ("getRAT", {})],
        [("configureImmediateEnable", {"immediateEnableFlag": 0, "defaultSmdpOid": (2, 999)})],
        [("setDefaultDpAddress", {"defaultDpAddress": "dp.example"})],
        [("setFallbackAttribute", iccid), ("unsetFallbackAttribute", {})],
    )
    for row in rows:
        request = build(eim, *row, counter=eim.counter + 1, transaction=b"\1\2\3")
        signed = children(request, whole(request).value)[0]
        yield request[signed.start : signed.end]


class OnACopy:
    """What the targets share whose input is a file of a card: the card, and a copy to spoil."""

    def __init__(self, folder: Path) -> None:
        """Make both."""
        self.template = Template(folder)
        self.directory = self.template.copy()

    def close(self) -> None:
        """Close the card."""
        self.template.close()
