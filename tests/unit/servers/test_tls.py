"""Which certificate a server shows, and that clients who trust the CI believe it."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.euiccs import shared_pki
from support.published_pki import PUBLISHED, needs_published
from support.web import served

from euicc_sim.cli.server_options import demand_clients
from euicc_sim.servers import ServerError
from euicc_sim.servers.tls import server_context, tls_credential
from keys import Curve, Role, TestPki
from keys.credential import Credential
from keys.profiles import DP_HOST

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def hello(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def asked(port: int, name: str, pki: TestPki) -> str:
    """What a client hears that trusts the CI and asks for a name."""
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=pki.branches[0].ci.certificate.public_bytes(Encoding.DER))
    with httpx.Client(verify=context) as client:
        return client.get(f"https://127.0.0.1:{port}/", extensions={"sni_hostname": name}).text


def test_a_server_with_a_ca_for_clients_serves_only_those_below_it(tmp_path: Path) -> None:
    pki, other = shared_pki(), TestPki.create(seed=5)
    branch = pki.branches[0]
    context = server_context(branch.ci.issue_dp_tls("localhost"))
    ca = tmp_path / "ca.der"
    ca.write_bytes(branch.ci.certificate.public_bytes(Encoding.DER))
    demand_clients(context, [ca])
    with served(hello, context) as port:
        assert client(port, pki, branch.ci.issue_dp_tls("client.example.com"), tmp_path) == 200
        stranger = other.branches[0].ci.issue_dp_tls("client.example.com")
        for credential in (stranger, None):
            with pytest.raises((httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError)):
                client(port, pki, credential, tmp_path)


def test_a_client_can_be_ownby_its_own_certificate(tmp_path: Path) -> None:
    pki = shared_pki()
    known, stranger = (
        pki.branches[0].ci.issue_dp_tls(f"{name}.example.com") for name in ("known", "other")
    )
    own = tmp_path / "known.der"
    own.write_bytes(known.der)
    context = server_context(tls_credential(pki, "localhost", NOW))
    demand_clients(context, [own])
    with served(hello, context) as port:
        assert client(port, pki, known, tmp_path) == 200
        with pytest.raises(httpx.TransportError):
            client(port, pki, stranger, tmp_path)


def client(port: int, pki: TestPki, credential: Credential | None, folder: Path) -> int:
    """The HTTP status for a client with that certificate."""
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=pki.branches[0].ci.certificate.public_bytes(Encoding.DER))
    if credential is not None:
        key = credential.private_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        pem = folder / "client.pem"
        pem.write_bytes(key + credential.certificate.public_bytes(Encoding.PEM))
        context.load_cert_chain(pem)
    with httpx.Client(verify=context) as http:
        return http.get(f"https://localhost:{port}/").status_code


def names(certificate: x509.Certificate) -> list[Any]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [one.value for one in found if not isinstance(one, x509.RegisteredID)]


def test_the_pki_s_own_certificate_is_shown_under_its_name() -> None:
    pki = shared_pki()
    found = tls_credential(pki, DP_HOST.upper(), NOW)
    assert found is pki.credential(Role.DP_TLS, Curve.NIST)


@pytest.mark.parametrize("host", ["localhost", "smdp.example.org", "192.0.2.7", "2001:db8::7"])
def test_another_name_gets_a_certificate_of_its_own(host: str) -> None:
    pki = shared_pki()
    found = tls_credential(pki, host, NOW)
    assert [str(one) for one in names(found.certificate)] == [host]
    assert found.certificate.issuer == pki.branches[0].ci.certificate.subject


def test_a_certificate_that_has_expired_is_replaced() -> None:
    pki = shared_pki()
    found = tls_credential(pki, DP_HOST, datetime(2060, 1, 1, tzinfo=UTC))
    assert found is not pki.credential(Role.DP_TLS, Curve.NIST)


def test_the_curve_is_p256_where_there_is_a_choice() -> None:
    assert tls_credential(shared_pki(), "localhost", NOW).curve is Curve.NIST


def test_a_pki_without_the_ci_s_key_is_a_sentence() -> None:
    branch = shared_pki().branches[0]
    pki = TestPki([replace(branch, ci=replace(branch.ci, private_key=None))])
    assert tls_credential(pki, DP_HOST, NOW)
    with pytest.raises(ServerError) as caught:
        tls_credential(pki, "localhost", NOW)
    assert str(caught.value).startswith("The PKI has no valid TLS certificate for localhost. The ")


@needs_published
def test_the_published_pki_can_be_served_at_any_time() -> None:
    pki = TestPki.load(PUBLISHED)
    for year in (2025, 2030):
        at = datetime(year, 1, 1, tzinfo=UTC)
        assert DP_HOST in names(tls_credential(pki, DP_HOST, at).certificate)


@pytest.mark.parametrize("host", ["localhost", "192.0.2.7", DP_HOST])
def test_who_trusts_the_ci_believes_the_server(host: str) -> None:
    pki = shared_pki()
    with served(hello, server_context(tls_credential(pki, host, NOW))) as port:
        assert asked(port, host, pki) == "hello"
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            asked(port, "other.example.com", pki)


def test_who_speaks_no_tls_hears_nothing() -> None:
    with (
        served(hello, server_context(tls_credential(shared_pki(), "localhost", NOW))) as port,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        httpx.get(f"http://127.0.0.1:{port}/")


def test_old_tls_is_not_spoken() -> None:
    context = server_context(tls_credential(shared_pki(), "localhost", NOW))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_brainpool_certificate_can_be_shown() -> None:
    pki = TestPki([shared_pki().branch(Curve.BRP)])
    assert isinstance(server_context(tls_credential(pki, DP_HOST, NOW)), ssl.SSLContext)


def test_no_key_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[tuple[Path, int]] = []

    def load(_: ssl.SSLContext, certfile: str) -> None:
        seen.append((Path(certfile).parent, Path(certfile).stat().st_mode & 0o777))

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", load)
    server_context(tls_credential(shared_pki(), DP_HOST, NOW))
    assert seen == [(tmp_path, 0o600)]
    assert list(tmp_path.iterdir()) == []
