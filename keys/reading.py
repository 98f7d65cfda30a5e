"""Reads one curve of a test PKI from a folder in the SGP.26 layout, and checks that it fits."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from keys.branch import Branch, Role
from keys.ca import CertificateIssuer, EumIssuer
from keys.credential import Credential, is_issued_by, key_id, permitted_iins, public_key
from keys.curves import Curve
from keys.errors import PkiError
from keys.layout import CI, EUM, PLACES, Place
from keys.pem import load_certificate, load_private_key

_T = TypeVar("_T")


@dataclass(frozen=True)
class BranchReader:
    """The files of one curve below the folder `root`."""

    root: Path
    curve: Curve

    def missing(self) -> tuple[Path, ...]:
        """Required files that are missing, relative to `root`."""
        found = {
            CI.certificate(self.curve): self._certificate_file(CI),
            EUM.certificate(self.curve): self._certificate_file(EUM),
            EUM.private_key(self.curve): self._key_file(EUM),
        }
        return tuple(path for path, file in found.items() if file is None)

    def read(self) -> Branch:
        """Everything there is; a party that lacks certificate or key is left out.

        `PkiError` when a required file is missing, a file cannot be used, a key does not match its
        certificate, or a certificate was not issued by its issuer.
        """
        ci = self._read_ci()
        eum = self._read_eum(ci)
        credentials = {
            role: self._read_credential(
                place, eum.credential.certificate if role is Role.EUICC else ci.certificate
            )
            for role, place in PLACES.items()
            if self._certificate_file(place) and self._key_file(place)
        }
        return Branch(self.curve, ci, eum, credentials)

    def has_key(self, place: Place) -> bool:
        """Whether the private key of a party is there."""
        return self._key_file(place) is not None

    def read_key(self, place: Place) -> ec.EllipticCurvePrivateKey:
        """The private key of a party, on this curve, and that of its certificate if there is one.

        `PkiError` when it is missing or does not fit.
        """
        if self._certificate_file(place):
            return self._read_key(place, self._read_certificate(place))
        path = self._key_file(place)
        if path is None:
            raise _missing(self.root / place.private_key(self.curve))
        key = load_private_key(path)
        if (found := Curve.of(key)) is not self.curve:
            raise self._misnamed(path, found)
        return key

    def _read_ci(self) -> CertificateIssuer:
        certificate = self._read_certificate(CI)
        key = self._read_key(CI, certificate) if self._key_file(CI) else None
        self._ask(CI, certificate, key_id)
        return CertificateIssuer(certificate, key)

    def _read_eum(self, ci: CertificateIssuer) -> EumIssuer:
        credential = self._read_credential(EUM, ci.certificate)
        self._ask(EUM, credential.certificate, key_id)
        self._ask(EUM, credential.certificate, permitted_iins)
        return EumIssuer(credential, ci.certificate)

    def _read_credential(self, place: Place, issuer: x509.Certificate) -> Credential:
        certificate = self._read_certificate(place)
        if not is_issued_by(certificate, issuer):
            raise PkiError(
                f"{self._certificate_file(place)} was not issued by the "
                f"{issuer.subject.rfc4514_string()} of this folder. Use files of one PKI only."
            )
        return Credential(certificate, self._read_key(place, certificate))

    def _read_certificate(self, place: Place) -> x509.Certificate:
        path = self._certificate_file(place)
        if path is None:
            raise _missing(self.root / place.certificate(self.curve))
        certificate = load_certificate(path)
        found = self._ask(place, certificate, lambda it: Curve.of(public_key(it)))
        if found is not self.curve:
            raise self._misnamed(path, found)
        return certificate

    def _misnamed(self, path: Path, found: Curve) -> PkiError:
        return PkiError(
            f"{path} is for {found.standard_name}, but {self.curve.value} in its name means "
            f"{self.curve.standard_name}. Replace it, or rename it."
        )

    def _read_key(self, place: Place, certificate: x509.Certificate) -> ec.EllipticCurvePrivateKey:
        path = self._key_file(place)
        if path is None:
            raise _missing(self.root / place.private_key(self.curve))
        key = load_private_key(path)
        if key.public_key() != certificate.public_key():
            raise PkiError(
                f"{path} is not the key of {self._certificate_file(place)}. "
                "Replace both with files that were made together."
            )
        return key

    def _ask(
        self,
        place: Place,
        certificate: x509.Certificate,
        question: Callable[[x509.Certificate], _T],
    ) -> _T:
        """The answer to `question`; its error gets the file's name in front."""
        try:
            return question(certificate)
        except PkiError as reason:
            raise PkiError(f"{self._certificate_file(place)}: {reason}") from reason

    def _certificate_file(self, place: Place) -> Path | None:
        return place.find_certificate(self.root, self.curve)

    def _key_file(self, place: Place) -> Path | None:
        return place.find_private_key(self.root, self.curve)


def read_eim_signing_key(
    folder: Path | str, curve: Curve | None = None
) -> ec.EllipticCurvePrivateKey:
    """The private key with which an eIM signs its packages (SK_S_EIMsign_ECDSA of SGP.26).

    The folder needs nothing else; a certificate beside the key must belong to it. Without `curve`,
    NIST comes before BRP. `PkiError` when the key is missing or cannot be used.
    """
    root, place = Path(folder), PLACES[Role.EIM_SIGNING]
    try:
        if not root.is_dir():
            raise PkiError(f"{root} is not a folder. Name the folder that holds EIMsign.")
        readers = {one: BranchReader(root, one) for one in Curve}
        there = [one for one, reader in readers.items() if reader.has_key(place)]
        wanted = curve or next(iter(there), None)
        if wanted in there:
            return readers[wanted].read_key(place)
    except OSError as reason:
        raise PkiError(
            f"{root} cannot be read: {reason.strerror}. Check its permissions."
        ) from reason
    if there:
        raise PkiError(
            f"{root} has the signing key of an eIM for {there[0].standard_name} only. Take that "
            f"curve, or add {place.private_key(wanted or there[0])}."
        )
    names = " and ".join(str(place.private_key(one)) for one in Curve)
    raise PkiError(
        f"{root} has no signing key of an eIM: {names} are missing. Name the folder of SGP.26 "
        "that holds EIMsign (from v3.0.1 on, EIM)."
    )


def _missing(path: Path) -> PkiError:
    return PkiError(f"{path} is missing. Add it.")
