"""An SM-DS over HTTPS: servers show a certificate below a CI of its PKI, LPAs need none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLContext

import pytest
from cryptography import x509
from support.euiccs import CHALLENGE, EID, PaperEuicc, shared_pki
from support.web import Lines, served

from euicc_sim.parties.clients import Es11Client, Es12Client
from euicc_sim.parties.messages.errors import LpaError, RemoteSmdppError
from euicc_sim.parties.messages.interfaces import EventEntry
from euicc_sim.parties.smds import Smds
from euicc_sim.servers.smds_app import smds_app
from euicc_sim.servers.tls import server_context, show, tls_credential, welcome_clients
from keys import Curve, Role, TestPki, profiles

NOW = datetime.now(UTC)


@pytest.fixture
def log() -> Lines:
    return Lines()


@pytest.fixture
def address(log: Lines) -> Iterator[str]:
    pki = shared_pki()
    context = server_context(tls_credential(pki, "localhost", NOW, Role.DS_TLS))
    welcome_clients(context, pki.ci_certificates)
    smds = Smds.of(pki)
    with served(smds_app(smds, log), context, names=["localhost"]) as port:
        smds.address = f"localhost:{port}"
        yield smds.address


def client(address: str, identify: Callable[[SSLContext], None] = lambda _: None) -> Es12Client:
    trust = shared_pki().ci_certificates
    return Es12Client(f"https://{address}", "smdp.example.com", trust=trust, identify=identify)


def showing(pki: TestPki) -> Callable[[SSLContext], None]:
    return lambda context: show(context, pki.credential(Role.DP_TLS, Curve.NIST))


def test_an_event_from_an_sm_dpp_to_a_card(address: str, log: Lines) -> None:
    with client(address, showing(shared_pki())) as smdpp:
        smdpp.register_event(EID, "CODE-1", "smdp.example.com", forward=False)
    euicc = PaperEuicc.below(shared_pki())
    with Es11Client.at(address, trust=shared_pki().ci_certificates) as lpa:
        first = lpa.initiate_authentication(euicc.info1(), CHALLENGE, address)
        found = lpa.authenticate_events(first.transaction_id, euicc.authenticate(first))
    assert found.entries == (EventEntry("CODE-1", "smdp.example.com"),)
    with client(address, showing(shared_pki())) as smdpp:
        smdpp.delete_event(EID, "CODE-1")
    assert log.refused == []
    assert log.all[-1] == f"DeleteEvent: 2.999.10, event CODE-1 for EID {EID} is deleted"


def test_a_server_without_a_certificate_is_refused(address: str) -> None:
    with client(address) as smdpp, pytest.raises(RemoteSmdppError, match="Show a TLS certificate"):
        smdpp.register_event(EID, "CODE-1", "smdp.example.com", forward=False)


def test_a_certificate_below_another_ci_is_not_believed(address: str) -> None:
    other = TestPki.create([Curve.NIST], seed=99)
    with client(address, showing(other)) as smdpp, pytest.raises(LpaError):
        smdpp.register_event(EID, "CODE-1", "smdp.example.com", forward=False)


def test_the_certificate_is_that_of_an_sm_ds() -> None:
    found = tls_credential(shared_pki(), "smds.example.com", NOW, Role.DS_TLS).certificate
    policies = found.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [one.policy_identifier for one in policies] == [profiles.ROLE_DS_TLS]
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["smds.example.com"]


def test_a_pki_of_before_has_no_certificates_of_an_sm_ds_and_issues_them(tmp_path: Path) -> None:
    shared_pki().write(tmp_path, fsync=False)
    for path in [*tmp_path.glob("DSauth/*"), *tmp_path.glob("DStls/*")]:
        path.unlink()
    old = TestPki.load(tmp_path)
    assert Smds.of(old).identities[0].oid == "2.999.15"
    assert tls_credential(old, "smds.example.com", NOW, Role.DS_TLS).curve is Curve.NIST
