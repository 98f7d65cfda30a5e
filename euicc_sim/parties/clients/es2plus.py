"""ES2+ over HTTPS, from the asking side (SGP.22 v2.5 clauses 5.3 and 6.5.2).

    with Es2PlusClient("https://smdp.example.com:8444", "me", token=token) as smdp:
        iccid = smdp.download_order(profile_type="Test")
        order = smdp.confirm_order(iccid, release=True)

An operator orders from an SM-DP+, which tells the operator about downloads: both ways are here.
Needs httpx, from the extra `servers`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from ssl import SSLContext
from typing import NamedTuple, Self

from euicc_sim.parties.clients import https
from euicc_sim.parties.clients.rsp_client import fields_of
from euicc_sim.parties.messages.download_progress import DownloadProgress
from euicc_sim.parties.messages.errors import LpaError

PATH = "/gsma/rsp2/es2plus/"
HEADERS = {
    "User-Agent": "gsma-rsp-operator",
    "X-Admin-Protocol": "gsma/rsp/v2.5.0",
    "Content-Type": "application/json",
}
SECONDS = 10.0
"""How long to wait for an answer."""


class ConfirmedOrder(NamedTuple):
    """The answer of ConfirmOrder: what an activation code is made of, and the EID if any."""

    smdp_address: str
    matching_id: str
    eid: str | None


class Es2PlusClient:
    """The server at `url`; connection errors are LpaError, refusals SmdppError.

    `requester` is the functionRequesterIdentifier. `trust` are the CA certificates (DER) to which
    its TLS certificate must chain; if empty, those that the system trusts. With `verify` False any
    certificate is accepted. `token` is shown as a Bearer token, `identify` can give the TLS context
    a certificate of the client.
    """

    def __init__(
        self,
        url: str,
        requester: str,
        *,
        trust: Iterable[bytes] = (),
        verify: bool = True,
        token: str | None = None,
        identify: Callable[[SSLContext], None] = lambda _: None,
        seconds: float = SECONDS,
    ) -> None:
        """Does not connect yet. Raises LpaError for a malformed URL."""
        shown = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._url, self._client = https.connection(
            url,
            trust=trust,
            verify=verify,
            seconds=seconds,
            headers=HEADERS | shown,
            identify=identify,
        )
        self._requester = requester
        self._calls = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def download_order(
        self, *, eid: str | None = None, iccid: str | None = None, profile_type: str | None = None
    ) -> str:
        """ES2+.DownloadOrder, clause 5.3.1: the ICCID that was ordered."""
        given = {"eid": eid, "iccid": iccid, "profileType": profile_type}
        return _text(self._ask("downloadOrder", given), "iccid")

    def confirm_order(
        self,
        iccid: str,
        *,
        release: bool,
        eid: str | None = None,
        matching_id: str | None = None,
        confirmation_code: str | None = None,
        smds_address: str | None = None,
    ) -> ConfirmedOrder:
        """ES2+.ConfirmOrder, clause 5.3.2."""
        given = {
            "iccid": iccid,
            "eid": eid,
            "matchingId": matching_id,
            "confirmationCode": confirmation_code,
            "smdsAddress": smds_address,
            "releaseFlag": release,
        }
        found = self._ask("confirmOrder", given)
        of_card = _text(found, "eid") if found.get("eid") is not None else None
        return ConfirmedOrder(_text(found, "smdpAddress"), _text(found, "matchingId"), of_card)

    def cancel_order(
        self, iccid: str, final: str, *, eid: str | None = None, matching_id: str | None = None
    ) -> None:
        """ES2+.CancelOrder, clause 5.3.3; `final` is Available or Unavailable."""
        given = {"iccid": iccid, "eid": eid, "matchingId": matching_id}
        self._ask("cancelOrder", {**given, "finalProfileStatusIndicator": final})

    def release_profile(self, iccid: str) -> None:
        """ES2+.ReleaseProfile, clause 5.3.4."""
        self._ask("releaseProfile", {"iccid": iccid})

    def handle_download_progress_info(self, progress: DownloadProgress) -> None:
        """ES2+.HandleDownloadProgressInfo, clause 5.3.5, which an SM-DP+ calls at the operator."""
        status: dict[str, object] = {"status": "Executed-Success"}
        if progress.failure is not None:
            status["status"] = "Failed"
        if progress.codes is not None:
            subject, reason = progress.codes
            status["statusCodeData"] = {"subjectCode": subject, "reasonCode": reason}
        given: dict[str, object] = {
            "eid": progress.eid,
            "iccid": progress.iccid,
            "profileType": progress.profile_type,
            "timestamp": progress.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "notificationPointId": int(progress.point),
            "notificationPointStatus": status,
        }
        if progress.result is not None:
            given["resultData"] = b64encode(progress.result).decode()
        self._ask("handleDownloadProgressInfo", given)

    def _ask(self, function: str, fields: Mapping[str, object]) -> Mapping[str, object]:
        header = {
            "functionRequesterIdentifier": self._requester,
            "functionCallIdentifier": str(next(self._calls)),
        }
        sent = {name: value for name, value in fields.items() if value is not None}
        answer = https.post(
            self._client,
            self._url.join(PATH + function),
            lambda error: LpaError(https.unreachable(self._url, error, "CA", "server")),
            json={"header": header, **sent},
        )
        return fields_of(answer, str(self._url), "an ES2+ server")


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise LpaError(f"The answer has no {name}. Check the server.")
    return value
