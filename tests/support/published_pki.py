"""What the tests of keys share; the certificates that GSMA publishes, when beside the project."""

from pathlib import Path

import pytest
from cryptography import x509

PUBLISHED = Path(__file__).parents[3] / "shared" / "sgp26"
TEST_EID = "89049032123451234512345678901235"

needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published SGP.26 certificates are not beside the project"
)


def published(name: str) -> x509.Certificate:
    return x509.load_der_x509_certificate((PUBLISHED / name).read_bytes())


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
