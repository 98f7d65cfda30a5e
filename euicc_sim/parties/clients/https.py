"""HTTP and HTTPS connections, shared by the ES9+ and ESipa clients.

    url, client = connection(url, trust=[ci_certificate], verify=True, seconds=60, headers={})
    answer = post(client, url, failed, json={})

An answer has a limit of size, packed and unpacked, and one of time, however slowly it comes. Needs
httpx, from the extra `servers`.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from euicc_sim.parties.messages.address import Address, AddressError
from euicc_sim.parties.messages.errors import LpaError

if TYPE_CHECKING:
    import httpx

    from euicc_sim.parties.clients.network import Resolve

ANSWER_AT_MOST = 8 * 1024 * 1024
"""Bytes of an answer; a Bound Profile Package has some hundred thousand."""
CONNECT_SECONDS = 5.0

_GZIP = zlib.MAX_WBITS + 32  # zlib's own format, too


@dataclass(frozen=True)
class Answer:
    """The HTTP status and the body, unpacked."""

    status: int
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


def connection(
    url: str,
    *,
    trust: Iterable[bytes],
    verify: bool,
    seconds: float,
    headers: Mapping[str, str],
    transport: httpx.BaseTransport | None = None,
    resolve: Resolve | None = None,
    identify: Callable[[ssl.SSLContext], None] = lambda _: None,
    context: ssl.SSLContext | None = None,
) -> tuple[httpx.URL, httpx.Client]:
    """The parsed URL, and a client that has not connected yet.

    `trust` are the CA certificates (DER) to which the server's TLS certificate must chain; if
    empty, those that the system trusts. With `verify` False any certificate is accepted; a
    `context` stands in place of both. `seconds` is how long a request and its answer may take,
    `transport` the httpx transport, by default the network, where `resolve` gives the address of a
    host; `identify` can give the TLS context a certificate of the client. Raises LpaError for a
    malformed URL, or without httpx.
    """
    read = url_of(url)
    found = needed()
    if transport is None:
        from euicc_sim.parties.clients.network import Network

        context = context or _context(trust, verify and read.scheme == "https")
        identify(context)
        transport = Network(context, seconds, resolve)
    client: httpx.Client = found.Client(
        timeout=found.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
        headers={"Accept-Encoding": "identity", **headers},
        trust_env=False,
        transport=transport,
    )
    return read, client


def post(
    client: httpx.Client,
    url: httpx.URL,
    failed: Callable[[Exception], LpaError],
    *,
    content: bytes | None = None,
    json: Mapping[str, object] | None = None,
    host: Address | None = None,
) -> Answer:
    """POST bytes or JSON; `failed` makes the error for a broken connection.

    `host` is the name to ask for, by default that in the URL. Raises the error made, and LpaError
    for an answer that is too large or cannot be unpacked.
    """
    from euicc_sim.parties.clients.network import FAILURES

    try:
        headers = {} if host is None else {"Host": str(host)}
        names = {} if host is None else {"sni_hostname": host.host}
        with client.stream(
            "POST", url, content=content, json=json, headers=headers, extensions=names
        ) as answer:
            return Answer(answer.status_code, _body(answer, url))
    except FAILURES as error:
        raise failed(error) from error


def _body(answer: httpx.Response, url: httpx.URL) -> bytes:
    """The body, unpacked."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", "deflate", ""):
        raise LpaError(f"{url} answered in the coding {coding[:20]!r}. It has to take identity.")
    packed = coding in ("gzip", "deflate")
    unpacking, content, size = zlib.decompressobj(_GZIP), bytearray(), 0
    try:
        for chunk in answer.iter_raw():
            size += len(chunk)
            room = ANSWER_AT_MOST + 1 - len(content)
            content += unpacking.decompress(chunk, room) if packed else chunk
            if max(size, len(content)) > ANSWER_AT_MOST:
                raise LpaError(
                    f"{url} answered with more than {ANSWER_AT_MOST} bytes. Check the server."
                )
    except zlib.error as error:
        raise LpaError(f"{url} answered with bytes that are not {coding}: {error}.") from error
    if packed and not unpacking.eof:
        raise LpaError(f"{url} answered with {coding} that is cut off. Check the server.")
    return bytes(content)


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
