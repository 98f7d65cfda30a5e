"""All certificates of one curve, from the CI down. Knows nothing of files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

from keys import profiles
from keys.ca import CertificateIssuer, EumIssuer
from keys.credential import Credential, EuiccCredential, subject_eid
from keys.curves import Curve
from keys.eid import make_eid

# The digits between the IIN and the check digits in the EID of the published test eUICC
_TEST_SERIAL = 1234512345123456789012


class Role(Enum):
    """The parties below CI and EUM; the value is the party's folder in SGP.26."""

    EUICC = "eUICC"
    DP_AUTH = "DPauth"
    DP_PB = "DPpb"
    DP_TLS = "DPtls"
    DS_AUTH = "DSauth"
    DS_TLS = "DStls"
    EIM_SIGNING = "EIMsign"


@dataclass(frozen=True)
class Branch:
    """CI, EUM and the certificates below them on one curve; a role may be absent."""

    curve: Curve
    ci: CertificateIssuer
    eum: EumIssuer
    credentials: Mapping[Role, Credential] = field(default_factory=dict)

    @classmethod
    def create(cls, curve: Curve, *, seed: int | None = None, iin: str = profiles.IIN) -> Self:
        """A new CI, an EUM for `iin` (8 digits) and one certificate for each `Role`.

        The eUICC has the EID of SGP.26's test eUICC, with this IIN. `PkiError` if `iin` is not
        8 digits.
        """
        ci = CertificateIssuer.create(curve, seed=seed)
        eum = ci.issue_eum(iin)
        credentials = {
            Role.EUICC: eum.certify_euicc(make_eid(iin, _TEST_SERIAL)),
            Role.DP_AUTH: ci.issue_dp_auth(),
            Role.DP_PB: ci.issue_dp_pb(),
            Role.DP_TLS: ci.issue_dp_tls(),
            Role.DS_AUTH: ci.issue_ds_auth(),
            Role.DS_TLS: ci.issue_ds_tls(),
            Role.EIM_SIGNING: ci.issue_eim_signing(),
        }
        return cls(curve, ci, eum, credentials)

    def euicc_of(self, eid: str, seed: int | None = None) -> EuiccCredential:
        """The eUICC of this branch if it has that EID, or else a new one; see `issue_euicc`."""
        own = self.credentials.get(Role.EUICC)
        if own is None or subject_eid(own.certificate) != eid:
            return self.eum.issue_euicc(eid, seed)
        return self.eum.chain_of(own)
