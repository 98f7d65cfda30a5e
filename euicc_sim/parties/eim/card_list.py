"""What an eIM must know of cards that trust it: a list, one JSON object per line.

    {"eid":"8904…","eims":["eim1"],"initial":"BF57…","euiccCertificate":"3082…",
     "eumCertificate":"3082…"}

Whoever made the cards writes it, an eIM's operator imports it. `initial` is the card's answer to
AddInitialEim, `eims` the eIMs of the request in its order; the certificates are DER. Knows no
files.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from euicc_sim.parties.eim.eim import Eim, initial_tokens
from euicc_sim.parties.messages.errors import EimError


class ListedCard(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A card of the list; the fields other than the EID are hex, or missing if nobody knows."""

    eid: str
    eims: list[str] = []
    initial: str = ""
    euicc_certificate: str = ""
    eum_certificate: str = ""

    def token(self, eim: Eim) -> int | None:
        """The association token that the card gave that eIM. Raises EimError if it has not."""
        if not self.initial:
            return None
        tokens = initial_tokens(_bytes(self.initial), eim.wire)
        if eim.eim_id not in self.eims or len(tokens) != len(self.eims):
            raise EimError(f"the card does not trust {eim.eim_id}, but {', '.join(self.eims)}")
        return tokens[self.eims.index(eim.eim_id)]

    @property
    def certificate(self) -> bytes | None:
        """The card's certificate, DER. Raises EimError."""
        return _bytes(self.euicc_certificate) if self.euicc_certificate else None


_decode = msgspec.json.Decoder(ListedCard).decode


def write(card: ListedCard) -> bytes:
    """A line."""
    return msgspec.json.encode(card) + b"\n"


def read(content: bytes) -> Iterator[ListedCard]:
    """The cards of a list. Raises EimError, which names the line."""
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield _decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise EimError(
                f"Line {number} is not a card: {error}. Each line is an object with an eid, as "
                "euicc-sim fleet prepare writes them."
            ) from error


def _bytes(hexadecimal: str) -> bytes:
    try:
        return bytes.fromhex(hexadecimal)
    except ValueError as error:
        raise EimError(f"{hexadecimal[:20]!r} is not hex") from error
