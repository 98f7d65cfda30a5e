"""Where SGP.26 keeps each certificate and key. Knows file names, not what the files hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from keys.branch import Role
from keys.curves import Curve


@dataclass(frozen=True)
class Place:
    """The files of one certificate, in `folder`; `stem` is the file name between CERT_ and curve.

    Written are `folder` and `stem`. Files are also looked for in `other_folders`, and by
    `other_stems`, which later releases of SGP.26 have. The private key is written to `key_folder`,
    if there is one, and is looked for beside the certificate as well.
    """

    folder: str
    stem: str
    other_folders: tuple[str, ...] = ()
    other_stems: tuple[str, ...] = ()
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
        return _first_file(
            root / folder / f"CERT_{stem}_{curve.value}{suffix}"
            for folder, stem in product(self._folders, self._stems)
            for suffix in (".der", ".pem")
        )

    def find_private_key(self, root: Path, curve: Curve) -> Path | None:
        """The private key's file; None when there is none."""
        folders = (self.key_folder, *self._folders) if self.key_folder else self._folders
        return _first_file(
            root / folder / f"SK_{stem}_{curve.value}.pem"
            for folder, stem in product(folders, self._stems)
        )

    @property
    def _folders(self) -> tuple[str, ...]:
        return self.folder, *self.other_folders

    @property
    def _stems(self) -> tuple[str, ...]:
        return self.stem, *self.other_stems


# SGP.26 keeps SK_CI beside the certificate, but an SM-DP+ such as osmo-smdpp reads every file of
# that folder as a CI certificate.
CI = Place(
    "CertificateIssuer",
    "CI_ECDSA",
    ("CI",),
    ("CI_SIG",),
    key_folder="CertificateIssuerKeys",
    has_public_key_file=False,
)
EUM = Place("EUM", "EUM_ECDSA", other_stems=("EUM_SIG",))
PLACES = {
    Role.EUICC: Place("eUICC", "EUICC_ECDSA", other_stems=("EUICC_SIG",)),
    Role.DP_AUTH: Place(
        "DPauth",
        "S_SM_DPauth_ECDSA",
        ("SM-DP+/SM_DPauth",),
        ("S_SM_DPauth_VARO_SIG", "S_SM_DPauth_SIG"),
    ),
    Role.DP_PB: Place(
        "DPpb",
        "S_SM_DPpb_ECDSA",
        ("SM-DP+/SM_DPpb",),
        ("S_SM_DPpb_VARO_SIG", "S_SM_DPpb_SIG"),
    ),
    Role.DP_TLS: Place("DPtls", "S_SM_DP_TLS", ("SM-DP+/SM_DPtls",), ("S_SM_DP_VARO_TLS",)),
    Role.DS_AUTH: Place(
        "DSauth",
        "S_SM_DSauth_ECDSA",
        ("SM-DS/SM_DSauth",),
        ("S_SM_DSauth_VARO_SIG", "S_SM_DSauth_SIG"),
    ),
    Role.DS_TLS: Place("DStls", "S_SM_DS_TLS", ("SM-DS/SM_DStls",), ("S_SM_DS_VARO_TLS",)),
    Role.EIM_SIGNING: Place(
        "EIMsign",
        "S_EIMsign_ECDSA",
        ("EIM/EIMsign", "EIM", "."),
        has_public_key_file=False,
    ),
}
"""The layout of SGP.26 v1.5 and v3.0, which is written, and that of v3.0.1 on, the other names."""


def _first_file(paths: Iterable[Path]) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
