"""EUICCInfo2 that was encoded anew by software of SGP.22 alone: our SM-DP+ says what happened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.eims import objects, tlv
from support.fresh import fresh_card
from support.installing import order, smdpp

from euicc_sim import Card
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import LpaError

ADDED_BY_SGP32 = ("90", "B4")


def without_what_sgp32_added(data: bytes) -> bytes:
    """The message as if encoded anew by software of SGP.22."""
    return without(data, ADDED_BY_SGP32)


def without(data: bytes, fields: tuple[str, ...]) -> bytes:
    """The message with those fields of EUICCInfo2 left out."""
    parts = []
    for tag, whole, content in objects(data):
        if tag == "BF22":
            kept = [one for name, one, _ in objects(content) if name not in fields]
            parts.append(tlv(tag, *kept))
        elif tag in ("BF38", "A0", "30") and b"\xbf\x22" in content:
            parts.append(tlv(tag, without(content, fields)))
        else:
            parts.append(whole)
    return b"".join(parts)


def without_what_v2_7_added(data: bytes) -> bytes:
    """The message without euiccMinimumSecurityLevel, as if encoded anew by software of v2.5."""
    return without(data, ("95",))


def another_signature(data: bytes) -> bytes:
    """The message with a signature over something else."""
    at = data.index(b"\x5f\x37\x40") + 3
    return data[:at] + bytes(63) + b"\1" + data[at + 64 :]


class Between:
    """An SM-DP+ behind an LPA that changes the card's answer on its way."""

    def __init__(self, server: Any, change: Callable[[bytes], bytes]) -> None:
        self._server, self._change = server, change
        self.address = server.address

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def authenticate_client(self, transaction_id: bytes, answer: bytes) -> Any:
        return self._server.authenticate_client(transaction_id, self._change(answer))


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        (without_what_sgp32_added, True),
        (another_signature, False),
    ],
    ids=["encoded anew", "signature changed"],
)
def test_the_likely_cause_is_in_the_refusal(
    card: Card, pki_folder: Path, change: Callable[[bytes], bytes], is_told: bool
) -> None:
    wanted = order()
    server: Any = Between(smdpp(pki_folder, wanted), change)
    with pytest.raises(LpaError) as refused:
        Lpa(card.transmit).download(server, matching_id=wanted.matching_id)
    assert ("--type consumer" in str(refused.value)) == is_told


@pytest.mark.parametrize(
    ("change", "is_told"),
    [(without_what_v2_7_added, True), (another_signature, False)],
    ids=["encoded anew", "signature changed"],
)
def test_so_is_that_of_a_card_of_v2_7(
    tmp_path: Path, pki_folder: Path, change: Callable[[bytes], bytes], is_told: bool
) -> None:
    wanted = order()
    server: Any = Between(smdpp(pki_folder, wanted), change)
    directory = fresh_card(tmp_path / "card", pki_folder, sgp22="2.7")
    with Card.open(directory, fsync=False) as card, pytest.raises(LpaError) as refused:
        Lpa(card.transmit).download(server, matching_id=wanted.matching_id)
    assert ("--sgp22 2.5" in str(refused.value)) == is_told
