"""An eIM at the other end of a line: ESipa over HTTP or HTTPS, ASN.1 binding (SGP.32 clause 6.1).

    with EsipaClient("https://eim.example.com") as eim:
        Ipa(card.transmit, eim).poll()

Needs httpx, of the extra `servers`.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, Self

from euicc_sim.offcard.lpa.messages import LpaError

if TYPE_CHECKING:
    import httpx

PATH = "/gsma/rsp2/asn1"
HEADERS = {
    "User-Agent": "gsma-rsp-ipad",
    "X-Admin-Protocol": "gsma/rsp/v2.1.0",
    "Content-Type": "application/x-gsma-rsp-asn1",
}
SECONDS = 30.0
"""How long an answer may take."""


class EimUnreachableError(LpaError):
    """The eIM does not answer at all."""


class Esipa(Protocol):
    """Takes a message to an eIM and gives its answer, empty where ESipa has none.

    Raises EimUnreachableError, LpaError for what is no answer of an eIM.
    """

    def exchange(self, message: bytes) -> bytes:
        """One message, one answer."""
        ...


class EsipaClient:
    """The eIM at `url`, such as https://eim.example.com.

    `trust` are the CA certificates, DER, below which its TLS certificate must be; without any it
    is those that the system trusts. With `verify` False whoever answers is believed. `transport` is
    httpx's way to the server, the network by default.
    """

    def __init__(
        self,
        url: str,
        *,
        trust: Iterable[bytes] = (),
        verify: bool = True,
        seconds: float = SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connects to nobody yet. Raises LpaError for what is no URL."""
        httpx = _httpx()
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise _no_url(url) from error
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise _no_url(url)
        if self._url.path in ("", "/"):
            self._url = self._url.copy_with(path=PATH)
        self._client = httpx.Client(
            verify=_context(trust, verify and self._url.scheme == "https"),
            timeout=seconds,
            headers=HEADERS,
            trust_env=False,
            transport=transport,
        )

    def __enter__(self) -> Self:
        """Nothing to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the connection."""
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def exchange(self, message: bytes) -> bytes:
        """One message, one answer. Raises EimUnreachableError, LpaError."""
        httpx = _httpx()
        try:
            answer = self._client.post(self._url, content=message)
        except httpx.TransportError as error:
            raise self._not_reached(error) from error
        if not answer.is_success:
            raise LpaError(
                f"{self._url} answered with HTTP status {answer.status_code}. "
                "Look at the eIM's log, and check that an eIM is at that address.",
                str(answer.status_code),
            )
        return bytes(answer.content)

    def _not_reached(self, error: Exception) -> EimUnreachableError:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return EimUnreachableError(
                f"{self._url} is not who it should be: {error}. Name the CA that its TLS "
                "certificate is below, or do not verify TLS."
            )
        return EimUnreachableError(
            f"{self._url} does not answer: {error or type(error).__name__}. "
            "Check the address, and that the eIM runs."
        )


def _httpx() -> Any:
    try:
        import httpx
    except ModuleNotFoundError as error:
        raise LpaError(
            "httpx is not installed, which ESipa needs; "
            "install it with: pip install 'euicc-sim[servers]'"
        ) from error
    return httpx


def _context(trust: Iterable[bytes], verify: bool) -> ssl.SSLContext:
    if not verify:  # and spare the 20 ms that reading the system's CAs takes
        return ssl._create_unverified_context()  # noqa: S323 asked for, or no TLS at all
    context = ssl.create_default_context(cadata=b"".join(trust) or None)
    # Certificates for RSP follow SGP.22, which is laxer than what newer Pythons ask for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _no_url(url: str) -> LpaError:
    return LpaError(f"{url[:60]!r} is no URL. Give one such as https://eim.example.com.")
