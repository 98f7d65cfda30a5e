"""What ES9+ and ES11 have in common: a server over HTTPS that authenticates itself to cards.

SGP.22 v2.5 clauses 5.6, 5.8 and 6.5: functions are JSON, at the same paths. Needs httpx, from the
extra `servers`.
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
from euicc_sim.parties.messages.interfaces import ServerAuthentication

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
    """The server at `url`; connection errors are LpaError, refusals SmdppError.

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
            "euiccChallenge": base64_of(challenge),
            "euiccInfo1": base64_of(euicc_info1),
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
        return self._ask(function, {"transactionId": number, name: base64_of(response)})

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
    codes = f"({expired}{subject}/{reason})"
    told = message if str(message).endswith(codes) else f"{message} {codes}"  # an eIM passes it on
    raise RemoteSmdppError(subject, reason, told)


def _other_answer(answer: https.Answer, who: str, kind: str) -> LpaError:
    return LpaError(
        f"{who} answered with HTTP status {answer.status} and not as {kind} does. "
        f"Check that {kind} is at that address."
    )


def base64_of(data: bytes) -> str:
    """As JSON has bytes."""
    return b64encode(data).decode()
