"""Acts on a card of the page: as the factory, as an eIM, as an LPA.

Each is what the command of the same name does, with the same parties. eIMs that are made here are
files in a folder, as `euicc-sim eim` uses them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from euicc_sim.formats.saip.sample import iccid_of, sample
from euicc_sim.parties.eim import (
    Eim,
    add_initial_eim,
    eim_file,
    operation_words,
    take_added_tokens,
    take_initial_answer,
)
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import (
    EimError,
    Form,
    LpaError,
    PackageAnswer,
    StatusWordError,
    Transmit,
    certificate_der,
    exchange,
    select_isdr,
)
from euicc_sim.parties.smdpp import Metadata, Order, Smdpp
from euicc_sim.store import PKI_FOLDER, CardError
from euicc_sim.stories.home_network import HomeNetwork
from euicc_sim.stories.profiles import ANSWERS
from euicc_sim.stories.telling import StoryError, in_words
from euicc_sim.web.live import ActError, LiveCard
from keys import PkiError, TestPki

EIMS_FOLDER = "eims"
ACT_ERRORS = (
    ActError,
    EimError,
    LpaError,
    StatusWordError,
    CardError,
    PkiError,
    StoryError,
    OSError,
)
"""What an act raises: each is a sentence."""

_GET_CERTS = bytes.fromhex("BF5600")
_ROLLBACK, _WITHOUT_REFRESH = 0xBF58, bytes.fromhex("03800100")
_TEST_IMSI = "00101000000{number:04d}"
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_MOST_PROFILES = 9999


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an act: a sentence, whether the card refused, the messages both ways."""

    outcome: str
    refused: bool
    request: bytes = b""
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Package:
    """A signed package that may be sent, again and again; `added` are the eIMs of its addEim."""

    eim: str
    words: tuple[str, ...]
    request: bytes
    added: tuple[str, ...] = ()


class Acts:
    """The acts on one card.

    The eIMs that were made for it are files in its `folder`; `pki` is the PKI that it was made
    with.
    """

    def __init__(self, card: LiveCard, folder: Path | None = None, pki: Path | None = None) -> None:
        self.card = card
        self._pki = pki or card.directory / PKI_FOLDER
        self.folder = folder or card.directory / EIMS_FOLDER
        self._network = HomeNetwork()
        self._read: dict[Path, tuple[str, object]] = {}

    # -- eIMs

    def eims(self) -> list[str]:
        """The eimIds of the files, in order."""
        return sorted(self._files())

    def make_eim(self, eim_id: str) -> None:
        """Make an eIM with a new key, in a file that only its owner can read. Raises EimError."""
        eim_id = eim_id.strip()
        if any(one in ", " or not one.isprintable() for one in eim_id):
            raise EimError(
                "An eimId that is made here has no spaces, commas or control characters, which "
                "operations could not name. Use euicc-sim eim new for it."
            )
        if eim_id in self._files():
            raise EimError(f"There is an eIM {eim_id} already. Choose a different id.")
        eim = Eim.create(eim_id)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        name = _UNSAFE.sub("_", eim_id)[:64].strip(".") or "eim"
        taken = {one.name for one in self.folder.iterdir()}
        number = next(n for n in range(1, len(taken) + 2) if _file(name, n) not in taken)
        eim_file.create(self.folder / _file(name, number), eim)

    def initial(self, eim_id: str) -> Done:
        """Be the factory: AddInitialEim, unsigned. Raises ACT_ERRORS."""
        with eim_file.changing(self._file(eim_id)) as eim:
            request = add_initial_eim(eim.configuration(want_token=eim.wants_token))
            answer = self.card.act(lambda transmit: _asked(transmit, request))
            try:
                take_initial_answer(answer, eim)
            except EimError as error:
                return Done(str(error), True, request, answer)
            said = f"the card trusts {eim_id}, association token {eim.token}"
            return Done(said, False, request, answer)

    def sign(self, eim_id: str, words: Sequence[str]) -> Package:
        """Sign a package of operations in words; its counter is used then. Raises ACT_ERRORS."""
        added: list[str] = []

        def known(name: str) -> Eim:
            if name not in self._files():
                raise EimError(f"There is no eIM {name} here. Make it first.")
            added.append(name)
            return eim_file.load(self._file(name))

        with eim_file.changing(self._file(eim_id)) as eim:
            ordered = [operation_words.operation(one, known, eim.wire) for one in words]
            request = eim.package(ordered, self.card.eid)
        given = [one for one, word in zip(added, _of_eims(words), strict=True) if "addEim" in word]
        return Package(eim_id, tuple(words), request, tuple(given))

    def send(self, package: Package) -> Done:
        """Send a package, and verify the answer. Raises ACT_ERRORS."""
        eim = eim_file.load(self._file(package.eim))

        def work(transmit: Transmit) -> tuple[bytes, bytes]:
            select_isdr(transmit)
            certificate = certificate_der(exchange(transmit, _GET_CERTS))
            return exchange(transmit, package.request), certificate

        answer, certificate = self.card.act(work)
        found = eim.verify(answer, certificate)
        self._take_tokens(package, found)
        return Done(in_words(found), not found.done, package.request, answer)

    # -- Profiles

    def download(self) -> Done:
        """Download a test Profile with an IMSI that the card has not got. Raises ACT_ERRORS."""
        if not self._pki.is_dir():
            raise ActError(
                f"{self._pki} is not there: the test Profile needs the PKI that the card was made "
                "with. Name it: euicc-sim web --pki FOLDER."
            )
        pki = TestPki.load(self._pki)

        def work(transmit: Transmit) -> str:
            lpa = Lpa(transmit)
            there = {one.iccid for one in lpa.profiles()}
            numbers = range(1, _MOST_PROFILES + 1)
            imsi = next(
                one for n in numbers if iccid_of(one := _TEST_IMSI.format(number=n)) not in there
            )
            iccid = iccid_of(imsi)
            metadata = Metadata(
                iccid=iccid, service_provider_name="Test Operator", profile_name=f"Test {imsi[-4:]}"
            )
            server = Smdpp.of(pki, [Order(sample(imsi), "test", metadata=metadata)])
            lpa.download(server, matching_id="test")
            return f"Profile {iccid} is installed, with the IMSI {imsi}; it is disabled"

        return Done(self.card.act(work), False)

    def enable(self, iccid: str) -> Done:
        """EnableProfile. Raises ACT_ERRORS."""
        self.card.act(lambda transmit: Lpa(transmit).enable(iccid))
        return Done(f"Profile {iccid} is enabled", False)

    def disable(self, iccid: str) -> Done:
        """DisableProfile. Raises ACT_ERRORS."""
        self.card.act(lambda transmit: Lpa(transmit).disable(iccid))
        return Done(f"Profile {iccid} is disabled", False)

    def delete(self, iccid: str) -> Done:
        """DeleteProfile. Raises ACT_ERRORS."""
        self.card.act(lambda transmit: Lpa(transmit).delete(iccid))
        return Done(f"Profile {iccid} is deleted", False)

    def rollback(self) -> Done:
        """ProfileRollback, as an IPA that has lost its network. Raises ACT_ERRORS."""
        request = _ROLLBACK.to_bytes(2) + _WITHOUT_REFRESH
        answer = self.card.act(lambda transmit: _asked(transmit, request))
        code = ANSWERS[_ROLLBACK](answer)
        return Done(f"ProfileRollback: {code}", code != "ok", request, answer)

    def attach(self) -> Done:
        """Be the network of a test Profile: AKA with the enabled SIM. Raises ACT_ERRORS."""
        if self.card.moment().state.enabled is None:
            raise ActError("No Profile is enabled, so there is no SIM. Download one and enable it.")
        imsi = self.card.use(self._network.attach)
        said = f"the network and the SIM with the IMSI {imsi} have authenticated each other"
        return Done(said, False)

    def _take_tokens(self, package: Package, found: PackageAnswer) -> None:
        """Keep the tokens that the card gave to the eIMs which the package added."""
        if not package.added or not found.genuine or found.form is not Form.RESULT:
            return
        eims = [eim_file.load(self._file(one)) for one in package.added]
        if len([one for one in found.outcomes if one.name == "addEim"]) != len(eims):
            return
        take_added_tokens(found, *eims)
        for name, learned in zip(package.added, eims, strict=True):
            with eim_file.changing(self._file(name)) as eim:
                eim.token = learned.token

    def _files(self) -> dict[str, Path]:
        """The files by eimId, each read once as it is; what is not an eIM is left out."""
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob("*.json")):
            try:
                status = path.stat()
                mark = status.st_mtime_ns, status.st_size
                if self._read.get(path, ("", None))[1] != mark:
                    self._read[path] = eim_file.load(path).eim_id, mark
            except (EimError, OSError):
                continue
            found[self._read[path][0]] = path
        return found

    def _file(self, eim_id: str) -> Path:
        found = self._files()
        if eim_id not in found:
            raise EimError(f"There is no eIM {eim_id} here. Make it first.")
        return found[eim_id]


def _asked(transmit: Transmit, request: bytes) -> bytes:
    select_isdr(transmit)
    return exchange(transmit, request)


def _of_eims(words: Sequence[str]) -> list[str]:
    """The words that name the file of an eIM."""
    return [one for one in words if one.startswith(("addEim:", "updateEim:"))]


def _file(name: str, number: int) -> str:
    return f"{name}{'' if number == 1 else f'-{number}'}.json"
