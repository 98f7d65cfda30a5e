"""The whole test PKI, on one or both curves: created, read from a folder, written to a folder.

The folder has the layout of the certificates that GSMA publishes with SGP.26.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import profiles
from keys.branch import Branch, Role
from keys.credential import Credential, EuiccCredential
from keys.curves import Curve
from keys.errors import PkiError
from keys.layout import CI, EUM, PLACES, Place
from keys.pem import write_private_key, write_public_file
from keys.reading import BranchReader

_File = tuple[Path, bytes | ec.EllipticCurvePrivateKey]

_FOLDER_MODE = 0o700


class TestPki:
    """CI, EUM and the parties below them, on one or both curves.

    `branches` holds one `Branch` per curve, NIST first; `PkiError` when there is none.
    """

    __test__ = False  # the name begins with Test, and pytest would collect it

    def __init__(self, branches: Iterable[Branch]) -> None:
        by_curve = {branch.curve: branch for branch in branches}
        self.branches = tuple(by_curve[curve] for curve in Curve if curve in by_curve)
        if not self.branches:
            raise PkiError("A test PKI needs at least one curve. Name NIST, BRP or both.")

    @classmethod
    def create(
        cls,
        curves: Iterable[Curve] = tuple(Curve),
        *,
        seed: int | None = None,
        iin: str = profiles.IIN,
    ) -> Self:
        """A new PKI for EIDs that begin with `iin`, 8 digits.

        With a seed every byte repeats, private keys included. `PkiError` if `iin` is not 8 digits.
        """
        return cls(Branch.create(curve, seed=seed, iin=iin) for curve in curves)

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a PKI in the SGP.26 layout.

        A curve needs its CI certificate, EUM certificate and EUM key, and is left out without them;
        all other keys and certificates are optional. `PkiError` when neither curve is complete, or
        when a file cannot be used.
        """
        root = Path(folder)
        try:
            return cls._load(root)
        except OSError as reason:
            raise PkiError(
                f"{root} cannot be read: {reason.strerror}. Check its permissions."
            ) from reason

    def write(self, folder: Path | str, *, fsync: bool = True) -> None:
        """Write everything to `folder` in the SGP.26 layout; the folder is made if need be.

        Private keys have mode 0600. The CI's key goes into a folder of its own, since servers read
        every file beside the CI certificate as another one. `PkiError` when one of the files exists
        (then nothing is written) or cannot be written. Without `fsync` the files may be lost with
        the power.
        """
        files = [(Path(folder, path), content) for path, content in self._files()]
        try:
            Path(folder).mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            existing = next((path for path, _ in files if path.exists()), None)
            if existing is not None:
                raise PkiError(
                    f"{existing} exists, and keys are never overwritten. "
                    "Choose a different folder, or move this one away."
                )
            for path, _ in files:
                path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as reason:
            raise PkiError(
                f"{folder} cannot be written: {reason.strerror}. Choose a different folder."
            ) from reason
        for path, content in files:
            if isinstance(content, bytes):
                write_public_file(path, content, fsync=fsync)
            else:
                write_private_key(path, content, fsync=fsync)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """The curves of this PKI, NIST first."""
        return tuple(branch.curve for branch in self.branches)

    @property
    def ci_certificates(self) -> list[bytes]:
        """The certificates of all its CIs, DER."""
        found = (self.branch(curve).ci.certificate for curve in self.curves)
        return [one.public_bytes(Encoding.DER) for one in found]

    def branch(self, curve: Curve) -> Branch:
        """The certificates of one curve; `PkiError` when this PKI lacks it."""
        for branch in self.branches:
            if branch.curve is curve:
                return branch
        raise PkiError(
            f"This PKI has no certificates on {curve.standard_name}. "
            f"Use {self.curves[0].standard_name}, or make a PKI with both."
        )

    def credential(self, role: Role, curve: Curve) -> Credential:
        """The certificate and key of one party; `PkiError` when this PKI lacks them."""
        credential = self.branch(curve).credentials.get(role)
        if credential is None:
            place = PLACES[role]
            raise PkiError(
                f"This PKI lacks {place.certificate(curve)} or {place.private_key(curve)}. "
                "Add the two files to its folder, or make a PKI of your own."
            )
        return credential

    def issue_euicc(self, eid: str, seed: int | None = None) -> tuple[EuiccCredential, ...]:
        """New keys and certificates for the eUICC with this EID, one per curve, NIST first.

        The keys come from `seed`, or else from the seed of this PKI, and are random if it has none.
        `PkiError` when the EID is not 32 digits, has wrong check digits, or does not begin with an
        IIN that the EUM certificate permits.
        """
        return tuple(branch.eum.issue_euicc(eid, seed) for branch in self.branches)

    def euicc_of(self, eid: str, seed: int | None = None) -> tuple[EuiccCredential, ...]:
        """What this PKI holds for the eUICC with this EID, one per curve, NIST first.

        A curve without that eUICC's certificate and key gets new ones; arguments and errors are
        those of `issue_euicc`.
        """
        return tuple(branch.euicc_of(eid, seed) for branch in self.branches)

    @classmethod
    def _load(cls, root: Path) -> Self:
        if not root.is_dir():
            raise PkiError(
                f"{root} is not a folder. Name the folder that holds CertificateIssuer and EUM, "
                "or make a PKI there first."
            )
        readers = [BranchReader(root, curve) for curve in Curve]
        missing = {reader.curve: reader.missing() for reader in readers}
        if all(missing.values()):
            nearest = min(missing.values(), key=len)
            raise PkiError(
                f"{root} does not hold a complete test PKI: {', '.join(map(str, nearest))} "
                f"{'is' if len(nearest) == 1 else 'are'} missing. "
                "Add what is missing, or make a PKI in a different folder."
            )
        return cls(reader.read() for reader in readers if not missing[reader.curve])

    def _files(self) -> Iterator[_File]:
        for branch in self.branches:
            curve, ci = branch.curve, branch.ci
            pem = ci.certificate.public_bytes(Encoding.PEM)
            yield CI.certificate(curve), ci.certificate.public_bytes(Encoding.DER)
            yield CI.certificate(curve, ".pem"), pem
            if ci.private_key is not None:
                yield CI.private_key(curve), ci.private_key
            yield from _credential_files(EUM, branch.eum.credential)
            for role, credential in branch.credentials.items():
                yield from _credential_files(PLACES[role], credential)


def _credential_files(place: Place, credential: Credential) -> Iterator[_File]:
    curve = credential.curve
    yield place.certificate(curve), credential.der
    yield place.private_key(curve), credential.private_key
    if place.has_public_key_file:
        pem = credential.private_key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        yield place.public_key(curve), pem
