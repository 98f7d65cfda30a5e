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
            raise PkiError(
                f"{path} is for {found.standard_name}, but {self.curve.value} in its name means "
                f"{self.curve.standard_name}. Replace it, or rename it."
            )
        return certificate

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


def _missing(path: Path) -> PkiError:
    return PkiError(f"{path} is missing. Add it.")
