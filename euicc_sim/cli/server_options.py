"""Options of the commands that serve: TLS, and what clients may use of the server."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from euicc_sim.servers import ServerError
from euicc_sim.servers.tls import server_context, tls_credential
from keys import TestPki
from keys.pem import load_certificate

if TYPE_CHECKING:
    from euicc_sim.servers.connections import Limits

RequestsOption = Annotated[
    int,
    typer.Option(
        "--requests", min=1, metavar="N", help="Requests at work; 503 is the answer to more."
    ),
]
ConnectionsOption = Annotated[
    int,
    typer.Option(
        "--connections",
        min=1,
        metavar="N",
        help="Open connections; the longest idle one makes room.",
    ),
]
TlsOption = Annotated[
    bool, typer.Option("--tls", help="HTTPS, with a certificate of the PKI or the one given.")
]
CertificateOption = Annotated[
    Path | None,
    typer.Option("--certificate", metavar="PEM", help="A certificate for HTTPS, and those above."),
]
KeyOption = Annotated[Path | None, typer.Option("--key", metavar="PEM", help="Its private key.")]
ClientCaOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--client-ca",
        metavar="FILE",
        help="Serve only clients with a TLS certificate below this CA; repeatable.",
    ),
]
REQUESTS, CONNECTIONS = 100, 4096
HTTPS_PORT = 443

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - named, to ask for a name instead


def name_in_urls(host: str, address: str | None) -> str:
    """The name or IP address in the URLs of the server. Raises ServerError."""
    if address is None:
        if host in _EVERYWHERE:
            raise ServerError(
                f"{host or 'Everywhere'} is not a name that others can use. Say what they call "
                "this machine: --address NAME:PORT."
            )
        return "localhost" if host in _LOOPBACK else host
    try:
        parts = urlsplit(f"//{address}")
        name, whole = parts.hostname, parts.netloc == address and parts.port != 0
    except ValueError:
        name, whole = None, False
    if not name or not whole or "$" in address or "@" in address:
        raise ServerError(
            f"{address[:60]!r} is not an address. Give a name and a port, such as localhost:8443."
        )
    return name


def in_url(host: str, port: int) -> str:
    """As it stands in a URL."""
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if port == HTTPS_PORT else f"{bracketed}:{port}"


def limits(requests: int, connections: int) -> Limits:
    """The limits of a server."""
    from euicc_sim.servers.connections import Limits

    return Limits(requests=requests, connections=connections)


def tls_context(
    name: str,
    tls: bool,
    pki: Path | None,
    certificate: Path | None,
    key: Path | None,
    client_ca: list[Path] | None,
) -> ssl.SSLContext | None:
    """The TLS context of these options, None for HTTP. Raises ServerError, PkiError."""
    if certificate is not None:
        context = _with_certificate(certificate, key)
    elif not tls:
        if client_ca:
            raise ServerError("--client-ca needs HTTPS: add --tls.")
        return None
    elif pki is None:
        raise ServerError("HTTPS needs a certificate: --pki FOLDER, or --certificate and --key.")
    else:
        context = server_context(tls_credential(TestPki.load(pki), name, datetime.now(UTC)))
    demand_clients(context, client_ca)
    return context


def demand_clients(context: ssl.SSLContext, client_ca: list[Path] | None) -> None:
    """Serve only clients with a certificate below one of these CAs, if there are any."""
    if not client_ca:
        return
    found = [load_certificate(one).public_bytes(Encoding.DER) for one in client_ca]
    context.load_verify_locations(cadata=b"".join(found))
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a client's own certificate is one too
    # RSP certificates follow SGP.22, which is laxer than the checks of newer Pythons.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT


def _with_certificate(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    show_certificate(context, certificate, key)
    return context


def show_certificate(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    """Let this side of TLS show a certificate. Raises ServerError."""
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ServerError(
            f"{certificate} and {key or certificate} cannot be used for HTTPS: {error}. "
            "Give a PEM certificate and its unencrypted PEM key."
        ) from error
