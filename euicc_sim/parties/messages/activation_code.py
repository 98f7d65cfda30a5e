"""Activation codes: the address of a Profile and its matchingId (SGP.22 v2.5 clause 4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from euicc_sim.parties.messages.address import Address, AddressError

_SCHEME = "LPA:"
_FORMAT = "1"
_STRICT = re.compile(r"[0-9A-Za-z-]*")


class ActivationCodeError(ValueError):
    """A text that is not an activation code; a sentence with the next step."""


@dataclass(frozen=True)
class ActivationCode:
    """The address of an SM-DP+, a matchingId, and whether a confirmation code is needed.

    `oid` is that of the SM-DP+, "" if absent.
    """

    address: str
    matching_id: str = ""
    oid: str = ""
    confirmation: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a code, with or without the prefix "LPA:". Raises ActivationCodeError."""
        code = text.strip()
        if code[: len(_SCHEME)].upper() == _SCHEME:
            code = code[len(_SCHEME) :]
        parts = code.split("$")
        if parts[0] != _FORMAT or len(parts) < 3 or not parts[1]:
            raise ActivationCodeError(
                f"{text[:60]!r} is not an activation code. "
                "Give one such as 'LPA:1$smdp.example.com$MATCHING-ID'."
            )
        try:
            Address.read(parts[1])
        except AddressError as error:
            raise ActivationCodeError(f"The activation code has no address: {error}") from error
        oid, flag = (*parts[3:5], "", "")[:2]
        return cls(parts[1], parts[2], oid, flag == "1")

    def __str__(self) -> str:
        """The text printed below a QR code."""
        return _SCHEME + self.bare

    @property
    def bare(self) -> str:
        """The code without the prefix "LPA:", which belongs to QR codes: as messages carry it."""
        parts = [_FORMAT, self.address, self.matching_id]
        if self.oid or self.confirmation:
            parts.append(self.oid)
        if self.confirmation:
            parts.append("1")
        return "$".join(parts)

    @property
    def strict(self) -> bool:
        """Whether the matchingId has only letters, digits and dashes, as clause 4.1 requires.

        Some LPAs accept other matchingIds only outside an activation code.
        """
        return _STRICT.fullmatch(self.matching_id) is not None
