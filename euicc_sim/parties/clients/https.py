"""HTTP and HTTPS connections, shared by the ES9+ and ESipa clients.

url, client = connection(url, trust=[ci_certificate], verify=True, seconds=60, headers={})

Needs httpx, from the extra `servers`.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING

from euicc_sim.parties.messages.address import Address, AddressError
from euicc_sim.parties.messages.errors import LpaError

if TYPE_CHECKING:
    import httpx


def connection(
    url: str,
    *,
    trust: Iterable[bytes],
    verify: bool,
    seconds: float,
    headers: Mapping[str, str],
    transport: httpx.BaseTransport | None = None,
) -> tuple[httpx.URL, httpx.Client]:
    """The parsed URL, and a client that has not connected yet.

    `trust` are the CA certificates (DER) to which the server's TLS certificate must chain; if
    empty, those that the system trusts. With `verify` False any certificate is accepted. `seconds`
    is how long to wait for an answer, `transport` the httpx transport, by default the network.
    Raises LpaError for a malformed URL, or without httpx.
    """
    read = url_of(url)
    client: httpx.Client = needed().Client(
        verify=_context(trust, verify and read.scheme == "https"),
        timeout=seconds,
        headers=headers,
        trust_env=False,
        transport=transport,
    )
    return read, client


def url_of(text: str) -> httpx.URL:
    """An http or https URL with a host. Raises LpaError for others."""
    found = needed()
    try:
        url: httpx.URL = found.URL(text)
    except found.InvalidURL as error:
        raise _no_url(text) from error
    if url.scheme not in ("http", "https") or not url.raw_host:
        raise _no_url(text)
    address_read(url.netloc.decode())
    return url


def address_read(text: str) -> Address:
    """The address of a server. Raises LpaError for other texts."""
    try:
        return Address.read(text)
    except AddressError as error:
        raise LpaError(str(error)) from error


def needed() -> ModuleType:
    """Import httpx. Raises LpaError if it is not installed."""
    try:
        import httpx
    except ModuleNotFoundError as error:
        raise LpaError(
            "HTTP and HTTPS need httpx, which is not installed; "
            "install it with: pip install 'euicc-sim[servers]'"
        ) from error
    return httpx


def unreachable(url: httpx.URL, error: Exception, ca: str, server: str) -> str:
    """The LpaError for a failed connection; `ca` is what signs the server's certificate."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            f"{url} failed TLS verification: {error}. Name the {ca} that its TLS certificate is "
            "below (--ca FILE, or --pki FOLDER of the server), or do not verify TLS (--insecure)."
        )
    return (
        f"{url} does not answer: {error or type(error).__name__}. "
        f"Check the address, and that the {server} runs."
    )


def _context(trust: Iterable[bytes], verify: bool) -> ssl.SSLContext:
    if not verify:  # and spare the 20 ms that reading the system's CAs takes
        return ssl._create_unverified_context()  # noqa: S323 requested, or no TLS at all
    context = ssl.create_default_context(cadata=b"".join(trust) or None)
    # RSP certificates follow SGP.22, which is laxer than the checks of newer Pythons.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _no_url(text: str) -> LpaError:
    return LpaError(f"{text[:60]!r} is not a URL. Give one such as https://smdp.example.com.")
