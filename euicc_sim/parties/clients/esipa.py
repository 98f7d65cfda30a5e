"""A remote eIM: ESipa over HTTP or HTTPS, in ASN.1 or in JSON (SGP.32 clause 6.1).

    with EsipaClient("https://eim.example.com", binding=Binding.JSON) as eim:
        Ipa(card.transmit, eim).poll()

Needs httpx, from the extra `servers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import msgspec

from euicc_sim.asn1 import esipa
from euicc_sim.parties.clients import https
from euicc_sim.parties.clients.rsp_client import fields_of
from euicc_sim.parties.messages import esipa_json
from euicc_sim.parties.messages.errors import EimUnreachableError, LpaError, SmdppError
from euicc_sim.parties.messages.esipa_refusals import code_for
from euicc_sim.parties.messages.interfaces import Esipa

if TYPE_CHECKING:
    import ssl

    import httpx

PATH = "/gsma/rsp2/asn1"
IPAD, IPAE = "gsma-rsp-ipad", "gsma-rsp-ipae"
"""The User-Agent of an IPA in the device, and of one in the card."""
SECONDS = 30.0
"""How long to wait for an answer."""


class Binding(StrEnum):
    """How the messages of ESipa are written."""

    ASN1 = "asn1"
    JSON = "json"


_MEDIA_TYPES = {
    Binding.ASN1: "application/x-gsma-rsp-asn1",
    Binding.JSON: "application/json;charset=UTF-8",
}
_PATHS = {Binding.ASN1: PATH, Binding.JSON: esipa_json.PATH}
_ERRORS = ("eimPackageError", "provideEimPackageResultError")


class EsipaClient:
    """The eIM at `url`, such as https://eim.example.com.

    `trust` are the CA certificates (DER) to which its TLS certificate must chain; if empty, those
    that the system trusts. With `verify` False any certificate is accepted. A `context` stands in
    place of both. `agent` is the User-Agent, `transport` the httpx transport, by default the
    network. A path in `url` stands in place of the usual one; in JSON the name of the function
    follows it.
    """

    def __init__(
        self,
        url: str,
        *,
        binding: Binding = Binding.ASN1,
        trust: Iterable[bytes] = (),
        verify: bool = True,
        seconds: float = SECONDS,
        agent: str = IPAD,
        context: ssl.SSLContext | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Does not connect yet. Raises LpaError for a malformed URL."""
        headers = {
            "User-Agent": agent,
            "X-Admin-Protocol": "gsma/rsp/v2.1.0",
            "Content-Type": _MEDIA_TYPES[binding],
        }
        url_read, self._client = https.connection(
            url,
            trust=trust,
            verify=verify,
            seconds=seconds,
            headers=headers,
            transport=transport,
            context=context,
        )
        self._binding = binding
        bare = url_read.path in ("", "/")
        self._url = url_read.copy_with(path=_PATHS[binding]) if bare else url_read

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def exchange(self, message: bytes) -> bytes:
        """One message, one answer. Raises EimUnreachableError, LpaError."""
        if self._binding is Binding.JSON:
            return self._exchange_json(message)
        answer = self._post(self._url, content=message)
        if not answer.is_success:
            raise LpaError(
                f"{self._url} answered with HTTP status {answer.status}. "
                "Check the eIM's log, and check that an eIM is at that address.",
                str(answer.status),
            )
        return answer.content

    def _exchange_json(self, message: bytes) -> bytes:
        try:
            name, fields = esipa_json.request_fields(message)
        except esipa_json.EsipaJsonError as error:
            raise LpaError(f"{error} Use the ASN.1 binding.") from error
        url = self._url.copy_with(path=f"{self._url.path.rstrip('/')}/{name}")
        answer = self._post(url, json=fields)
        found = _fields_of(answer, name, str(url))
        try:
            return esipa_json.answer_message(name, found, message)
        except esipa_json.EsipaJsonError as error:
            raise LpaError(f"{url} gave an answer that is not one: {error}") from error

    def _post(
        self, url: httpx.URL, content: bytes | None = None, json: Mapping[str, object] | None = None
    ) -> https.Answer:
        return https.post(
            self._client,
            url,
            lambda error: EimUnreachableError(https.unreachable(self._url, error, "CA", "eIM")),
            content=content,
            json=json,
        )


def _fields_of(answer: https.Answer, function: str, who: str) -> Mapping[str, object]:
    """The fields of an answer in JSON. Raises LpaError for a refusal, unless the fields say it."""
    try:
        found = msgspec.json.decode(answer.content) if answer.content.strip() else {}
    except (ValueError, RecursionError):
        found = None
    if answer.is_success and esipa_json.is_object(found):
        if any(found.get(one) for one in _ERRORS):
            return found  # whatever its header says
        if not found:
            return found
    try:
        return fields_of(answer, who, "an eIM")
    except SmdppError as error:
        code = code_for(error.subject, error.reason)
        raise LpaError(f"The eIM refused {function}: {error}. Check its log.", code) from error


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
