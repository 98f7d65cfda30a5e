"""A remote SM-DP+: ES9+ over HTTPS (SGP.22 v2.5 clauses 5.6 and 6.5).

    with Es9Client("https://smdp.example.com", trust=[ci_certificate]) as smdp:
        Lpa(card.transmit).download(smdp, matching_id="CODE-1")

Needs httpx, from the extra `servers`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Self

import msgspec

from apdu import TlvError
from apdu.tlv import whole
from euicc_sim.asn1.wire import SIGNATURE
from euicc_sim.parties.clients import https
from euicc_sim.parties.messages.errors import LpaError, RemoteSmdppError
from euicc_sim.parties.messages.interfaces import ClientAuthentication, ServerAuthentication

if TYPE_CHECKING:
    from euicc_sim.parties.clients.network import Resolve


PATH = "/gsma/rsp2/es9plus/"
HEADERS = {
    "User-Agent": "gsma-rsp-lpad",
    "X-Admin-Protocol": "gsma/rsp/v2.5.0",
    "Content-Type": "application/json",
}
SECONDS = 60.0
"""How long to wait for an answer."""

_OCTET_STRING, _NO_CONTENT = 0x04, 204


class RspClient:
    """What ES9+ and ES11 have in common; connection errors are LpaError, refusals SmdppError.

    `trust` are the CI certificates (DER) to which its TLS certificate must chain; if empty, those
    that the system trusts. With `verify` False any certificate is accepted, for servers whose TLS
    certificate has expired. `address` is the name by which cards know it and which its TLS
    certificate must have, by default the host in the URL. `seconds` is how long a request and its
    answer may take, `resolve` gives the address to connect to, by default any that has the name.
    """

    def __init__(
        self,
        url: str,
        *,
        trust: Iterable[bytes] = (),
        verify: bool = True,
        address: str | None = None,
        seconds: float = SECONDS,
        resolve: Resolve | None = None,
    ) -> None:
        """Does not connect yet. Raises LpaError for a malformed URL or address."""
        called = None if address is None else https.address_read(address)
        self._url, self._client = https.connection(
            url, trust=trust, verify=verify, seconds=seconds, headers=HEADERS, resolve=resolve
        )
        self._address = address or self._url.netloc.decode()
        self._host = called or https.address_read(self._address)

    @classmethod
    def at(
        cls,
        address: str,
        *,
        trust: Iterable[bytes] = (),
        verify: bool = True,
        seconds: float = SECONDS,
        resolve: Resolve | None = None,
    ) -> Self:
        """The server at an address of a card or an activation code. Raises LpaError."""
        url = https.address_read(address).url
        return cls(
            url, trust=trust, verify=verify, address=address, seconds=seconds, resolve=resolve
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    @property
    def address(self) -> str:
        """The name under which LPAs and cards know it."""
        return self._address

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        """ES9+.InitiateAuthentication, clause 5.6.1, and that of ES11, clause 5.8.1."""
        given = {
            "smdpAddress": address,
            "euiccChallenge": _base64(challenge),
            "euiccInfo1": _base64(euicc_info1),
        }
        found = self._ask("initiateAuthentication", given)
        return ServerAuthentication(
            found.read("transactionId", bytes.fromhex),
            found.data("serverSigned1"),
            found.content("serverSignature1", SIGNATURE),
            found.content("euiccCiPKIdToBeUsed", _OCTET_STRING),
            found.data("serverCertificate"),
        )

    def _go_on(self, function: str, transaction_id: bytes, name: str, response: bytes) -> RspAnswer:
        number = transaction_id.hex().upper()
        return self._ask(function, {"transactionId": number, name: _base64(response)})

    def _ask(self, function: str, fields: Mapping[str, str], *, empty: bool = False) -> RspAnswer:
        """The answer of a function; `empty` says that it may have no fields."""
        answer = https.post(
            self._client,
            self._url.join(PATH + function),
            lambda error: LpaError(https.unreachable(self._url, error, "CI", "server")),
            json=dict(fields),
            host=self._host,
        )
        if empty and answer.is_success and not answer.content.strip():
            return RspAnswer(self._address, {})
        return RspAnswer(
            f"{self._address}, asked for {function},", fields_of(answer, self._address)
        )


class Es9Client(RspClient):
    """The `RspServer` at `url`."""

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        """ES9+.AuthenticateClient, clause 5.6.3."""
        found = self._go_on(
            "authenticateClient", transaction_id, "authenticateServerResponse", response
        )
        return ClientAuthentication(
            transaction_id,
            found.data("profileMetadata"),
            found.data("smdpSigned2"),
            found.content("smdpSignature2", SIGNATURE),
            found.data("smdpCertificate"),
        )

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        """ES9+.GetBoundProfilePackage, clause 5.6.2."""
        found = self._go_on(
            "getBoundProfilePackage", transaction_id, "prepareDownloadResponse", response
        )
        return found.data("boundProfilePackage")

    def handle_notification(self, pending: bytes) -> None:
        """ES9+.HandleNotification, clause 5.6.4."""
        given = {"pendingNotification": _base64(pending)}
        self._ask("handleNotification", given, empty=True)

    def cancel_session(self, transaction_id: bytes, response: bytes) -> None:
        """ES9+.CancelSession, clause 5.6.5."""
        self._go_on("cancelSession", transaction_id, "cancelSessionResponse", response)


class RspAnswer:
    """The fields of an answer; reading a missing or malformed one raises LpaError."""

    def __init__(self, who: str, fields: Mapping[str, object]) -> None:
        self._who = who
        self.fields = fields

    def read(self, name: str, read: Callable[[str], bytes]) -> bytes:
        """A string, read."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise LpaError(f"{self._who} gave no {name}. Check the server.")
        try:
            return read(value)
        except ValueError as error:
            raise LpaError(
                f"{self._who} gave a {name} that cannot be read: {error}. Check the server."
            ) from error

    def data(self, name: str) -> bytes:
        """Bytes in base64."""
        return self.read(name, lambda text: b64decode("".join(text.split()), validate=True))

    def content(self, name: str, tag: int) -> bytes:
        """The content of an object with that tag."""
        data = self.data(name)
        try:
            found = whole(data)
        except TlvError as error:
            raise LpaError(f"{self._who} gave no {name}: {error}. Check the server.") from error
        if found.tag != tag:
            raise LpaError(
                f"{self._who} gave a {name} with the tag {found.tag:X}, not {tag:X}. "
                "Check the server."
            )
        return data[found.value : found.end]


def fields_of(answer: https.Answer, who: str, kind: str = "an SM-DP+") -> Mapping[str, object]:
    """The fields of a successful answer. Raises SmdppError for a refusal, else LpaError."""
    if answer.status == _NO_CONTENT:
        return {}
    try:
        found = msgspec.json.decode(answer.content)
        status = found["header"]["functionExecutionStatus"] if found else {}
        _check_status(status, who)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _other_answer(answer, who, kind) from error
    if not answer.is_success or not isinstance(found, dict):
        raise _other_answer(answer, who, kind)
    return found


def _check_status(status: Mapping[str, object], who: str) -> None:
    """Raise SmdppError for a function that was not executed, LpaError if no codes say why."""
    said = status.get("status")
    if said not in ("Failed", "Expired"):
        return
    data = status.get("statusCodeData")
    if not isinstance(data, dict):
        raise LpaError(f"{who} answered {said} and gave no codes. Check its log.", str(said))
    subject, reason = str(data["subjectCode"]), str(data["reasonCode"])
    message = data.get("message") or "no reason given"
    expired = "" if said == "Failed" else f"{said}, "
    raise RemoteSmdppError(subject, reason, f"{message} ({expired}{subject}/{reason})")


def _other_answer(answer: https.Answer, who: str, kind: str) -> LpaError:
    return LpaError(
        f"{who} answered with HTTP status {answer.status} and not as {kind} does. "
        f"Check that {kind} is at that address."
    )


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
