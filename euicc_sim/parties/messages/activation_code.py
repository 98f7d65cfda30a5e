"""Activation codes: where a Profile waits and under which name (SGP.22 v2.5 clause 4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_SCHEME = "LPA:"
_FORMAT = "1"
_STRICT = re.compile(r"[0-9A-Za-z-]*")


class ActivationCodeError(ValueError):
    """A text that is not an activation code; a sentence with the next step."""


@dataclass(frozen=True)
class ActivationCode:
    """The address of an SM-DP+, a matchingId, and whether a confirmation code is needed.

    `oid` is the SM-DP+'s own, "" where it is not told.
    """

    address: str
    matching_id: str = ""
    oid: str = ""
    confirmation: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it, with or without "LPA:" before it. Raises ActivationCodeError."""
        code = text.strip()
        if code[: len(_SCHEME)].upper() == _SCHEME:
            code = code[len(_SCHEME) :]
        parts = code.split("$")
        if parts[0] != _FORMAT or len(parts) < 3 or not parts[1]:
            raise ActivationCodeError(
                f"{text[:60]!r} is not an activation code. "
                "Give one such as 'LPA:1$smdp.example.com$MATCHING-ID'."
            )
        oid, flag = (*parts[3:5], "", "")[:2]
        return cls(parts[1], parts[2], oid, flag == "1")

    def __str__(self) -> str:
        """As it is printed below a QR code."""
        parts = [_SCHEME + _FORMAT, self.address, self.matching_id]
        if self.oid or self.confirmation:
            parts.append(self.oid)
        if self.confirmation:
            parts.append("1")
        return "$".join(parts)

    @property
    def strict(self) -> bool:
        """Whether the matchingId has no more than letters, digits and dashes, as clause 4.1 asks.

        Some LPAs take other matchingIds only when they do not come in an activation code.
        """
        return _STRICT.fullmatch(self.matching_id) is not None
