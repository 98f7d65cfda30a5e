"""The folder in which an eIM of version 0.2.0 kept its cards: EID.json for each. Only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec import field

from euicc_sim.parties.eim.server.card_records import (
    CardRecord,
    Forward,
    Order,
    Relayed,
    Result,
    StorageError,
)
from euicc_sim.parties.messages.json_document import DocumentError, read_document

TAKEN_OVER = ".taken-over"
"""What is added to the name of a folder whose cards are in a database."""


class _Order(Order, kw_only=True, omit_defaults=True):
    rsp_transactions: list[bytes] = field(default_factory=list)
    rsp_certificate: bytes | None = None


class _Card(CardRecord, kw_only=True):
    schema: Literal[1] = 1
    queue: list[_Order] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    notifications: list[Forward] = field(default_factory=list)


@dataclass(frozen=True)
class KeptCard:
    """A card and everything that was kept with it."""

    record: CardRecord
    orders: list[Order]
    results: list[Result]
    notifications: list[Forward]
    downloads: list[Relayed]


def kept_cards(folder: Path) -> Iterator[KeptCard]:
    """The cards of a folder. Raises StorageError with the file and the place in it."""
    for path in sorted(folder.glob("*.json")):
        try:
            card = read_document(_Card, path.read_bytes())
        except OSError as error:
            raise StorageError(
                f"{path} cannot be read: {error.strerror}. Check its permissions."
            ) from error
        except DocumentError as error:
            raise StorageError(
                f"{path} is not the record of a card: {error} Or move it away."
            ) from error
        if path.stem != card.eid:
            raise StorageError(f"{path} belongs to the card {card.eid}. Rename it to match.")
        yield _kept(card)


def _kept(card: _Card) -> KeptCard:
    record = CardRecord(**{name: getattr(card, name) for name in CardRecord.__struct_fields__})
    record.proven = any(one.verified for one in card.results)
    for one in card.notifications:
        one.sender = card.eid
    downloads = [
        Relayed(
            transaction_id=transaction,
            address="",
            begun_at=order.ordered_at,
            sender=card.eid,
            eid=card.eid,
            order=order.number,
            certificate=order.rsp_certificate,
        )
        for order in card.queue
        for transaction in order.rsp_transactions
    ]
    orders = [
        Order(**{name: getattr(one, name) for name in Order.__struct_fields__})
        for one in card.queue
    ]
    return KeptCard(record, orders, card.results, card.notifications, downloads)
