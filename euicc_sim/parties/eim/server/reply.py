"""What an eIM answers to a message, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass

from euicc_sim.parties.messages.errors import EimError

OK, NO_CONTENT, BAD_REQUEST = 200, 204, 400


class EsipaError(EimError):
    """A request that is refused with a code of ESipa's."""

    def __init__(self, code: str, sentence: str) -> None:
        """Say why."""
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """What an eIM answers: the message, empty where ESipa has none, and the status of HTTP.

    `eid` is the card's as far as it is known; its notifications may wait to be passed on.
    """

    body: bytes
    status: int = OK
    eid: str | None = None
