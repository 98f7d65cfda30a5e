"""The orders of an eIM of ours, from the operator's side: HTTP with JSON (docs/servers.md).

Needs httpx, from the extra `servers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from euicc_sim.parties.clients import https
from euicc_sim.parties.messages.errors import EimUnreachableError, LpaError

SECONDS = 30.0
_SHOWN = 200


class OrderClient:
    """The order interface of the eIM at `url`; `token` is the content of its token file.

    `trust` and `verify` are those of `EsipaClient`.
    """

    def __init__(
        self, url: str, token: str, *, trust: Iterable[bytes] = (), verify: bool = True
    ) -> None:
        """Does not connect yet. Raises LpaError for a malformed URL."""
        headers = {"Authorization": f"Bearer {token}"}
        self._url, self._client = https.connection(
            url, trust=trust, verify=verify, seconds=SECONDS, headers=headers
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def order(self, eid: str, words: Sequence[str]) -> None:
        """Queue an order for a card. Raises EimUnreachableError, LpaError."""
        answer = https.post(
            self._client,
            self._url.copy_with(path=f"/eids/{eid}/orders"),
            lambda error: EimUnreachableError(https.unreachable(self._url, error, "CA", "eIM")),
            json={"operations": list(words)},
        )
        if not answer.is_success:
            said = ascii(answer.content[:_SHOWN].decode(errors="replace"))
            raise LpaError(
                f"The eIM took no order {' '.join(words)}: HTTP status {answer.status}, {said}. "
                "Check the token and the eIM's log.",
                str(answer.status),
            )
