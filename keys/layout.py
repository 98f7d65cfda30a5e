"""Where SGP.26 keeps each certificate and key. Knows file names, not what the files hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from keys.branch import Role
from keys.curves import Curve


@dataclass(frozen=True)
class Place:
    """The files of one certificate, in `folder`; `stem` is the file name between CERT_ and curve.

    The certificate may also be named `other_stem`. The private key is written to `key_folder`, and
    is looked for in `folder` as well.
    """

    folder: str
    stem: str
    other_stem: str | None = None
    key_folder: str | None = None
    has_public_key_file: bool = True

    def certificate(self, curve: Curve, suffix: str = ".der") -> Path:
        """The certificate's file, relative to the PKI."""
        return Path(self.folder, f"CERT_{self.stem}_{curve.value}{suffix}")

    def private_key(self, curve: Curve) -> Path:
        """The private key's file, relative to the PKI."""
        return Path(self.key_folder or self.folder, f"SK_{self.stem}_{curve.value}.pem")

    def public_key(self, curve: Curve) -> Path:
        """The public key's file, relative to the PKI."""
        return Path(self.folder, f"PK_{self.stem}_{curve.value}.pem")

    def find_certificate(self, root: Path, curve: Curve) -> Path | None:
        """The certificate's file, DER before PEM; None when there is none."""
        stems = [stem for stem in (self.stem, self.other_stem) if stem]
        return _first_file(
            root / self.folder / f"CERT_{stem}_{curve.value}{suffix}"
            for stem in stems
            for suffix in (".der", ".pem")
        )

    def find_private_key(self, root: Path, curve: Curve) -> Path | None:
        """The private key's file; None when there is none."""
        path = self.private_key(curve)
        return _first_file((root / path, root / self.folder / path.name))


# SGP.26 keeps SK_CI beside the certificate, but an SM-DP+ such as osmo-smdpp reads every file of
# that folder as a CI certificate.
CI = Place(
    "CertificateIssuer",
    "CI_ECDSA",
    key_folder="CertificateIssuerKeys",
    has_public_key_file=False,
)
EUM = Place("EUM", "EUM_ECDSA")
PLACES = {
    Role.EUICC: Place("eUICC", "EUICC_ECDSA"),
    Role.DP_AUTH: Place("DPauth", "S_SM_DPauth_ECDSA"),
    Role.DP_PB: Place("DPpb", "S_SM_DPpb_ECDSA"),
    Role.DP_TLS: Place("DPtls", "S_SM_DP_TLS", other_stem="S_SM_DP_VARO_TLS"),
    Role.EIM_SIGNING: Place("EIMsign", "S_EIMsign_ECDSA", has_public_key_file=False),
}


def _first_file(paths: Iterable[Path]) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
