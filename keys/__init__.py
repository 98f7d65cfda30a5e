"""A test PKI for remote SIM provisioning, as in SGP.26: CI, EUM, eUICC, SM-DP+, SM-DS, eIM.

    pki = TestPki.create(seed=1)
    pki.write("pki")
    nist, brainpool = pki.issue_euicc("89049032123451234512345678901235")

A seed, an IIN or a folder goes in; certificates and private keys come out, in memory or as a folder
in the layout of SGP.26. Certificates follow SGP.22 and can be made or read for both of its curves.
The keys are for tests only: they are stored unencrypted, and anybody can compute those made from a
seed.

Knows nothing of the card. Start reading at `files` (`TestPki`), then `ca` (what is signed).
"""

from keys.branch import Role
from keys.ca import CertificateIssuer
from keys.credential import EuiccCredential
from keys.curves import Curve
from keys.eid import make_eid, validate_eid
from keys.errors import PkiError
from keys.files import TestPki
from keys.pem import load_private_key, write_private_key

__all__ = [
    "CertificateIssuer",
    "Curve",
    "EuiccCredential",
    "PkiError",
    "Role",
    "TestPki",
    "load_private_key",
    "make_eid",
    "validate_eid",
    "write_private_key",
]
