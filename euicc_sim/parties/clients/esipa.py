"""A remote eIM: ESipa over HTTP or HTTPS, ASN.1 binding (SGP.32 clause 6.1).

    with EsipaClient("https://eim.example.com") as eim:
        Ipa(card.transmit, eim).poll()

Needs httpx, from the extra `servers`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from euicc_sim.asn1 import esipa
from euicc_sim.parties.clients import https
from euicc_sim.parties.messages.errors import EimUnreachableError, LpaError
from euicc_sim.parties.messages.interfaces import Esipa

if TYPE_CHECKING:
    import httpx

PATH = "/gsma/rsp2/asn1"
HEADERS = {
    "User-Agent": "gsma-rsp-ipad",
    "X-Admin-Protocol": "gsma/rsp/v2.1.0",
    "Content-Type": "application/x-gsma-rsp-asn1",
}
SECONDS = 30.0
"""How long to wait for an answer."""


class EsipaClient:
    """The eIM at `url`, such as https://eim.example.com.

    `trust` are the CA certificates (DER) to which its TLS certificate must chain; if empty, those
    that the system trusts. With `verify` False any certificate is accepted. `transport` is the
    httpx transport, by default the network.
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
        """Does not connect yet. Raises LpaError for a malformed URL."""
        url_read, self._client = https.connection(
            url, trust=trust, verify=verify, seconds=seconds, headers=HEADERS, transport=transport
        )
        bare = url_read.path in ("", "/")
        self._url = url_read.copy_with(path=PATH) if bare else url_read

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def exchange(self, message: bytes) -> bytes:
        """One message, one answer. Raises EimUnreachableError, LpaError."""
        answer = https.post(
            self._client,
            self._url,
            lambda error: EimUnreachableError(https.unreachable(self._url, error, "CA", "eIM")),
            content=message,
        )
        if not answer.is_success:
            raise LpaError(
                f"{self._url} answered with HTTP status {answer.status}. "
                "Check the eIM's log, and check that an eIM is at that address.",
                str(answer.status),
            )
        return answer.content


class EsipaVersion(StrEnum):
    """The versions of ESipa: that of SGP.32 v1.0 and v1.0.1, and the one since."""

    V1_0 = "1.0"
    V1_2 = "1.2"


def spoken(eim: Esipa, version: EsipaVersion) -> Esipa:
    """Adapt an eIM of that version to an IPA of v1.2."""
    return OldEsipa(eim) if version is EsipaVersion.V1_0 else eim


class OldEsipa:
    """Adapts an eIM of SGP.32 v1.0 or v1.0.1 to an IPA of v1.2."""

    def __init__(self, eim: Esipa) -> None:
        self._eim = eim

    def exchange(self, message: bytes) -> bytes:
        """One message, one answer; the answers of v1.0 need no translation."""
        return self._eim.exchange(esipa.to_old_eim(message))
