"""An eIM without a network: what it keeps of its cards, and what people order.

    service = EimService(eim, EimDatabase(Path("eim.db")))
    service.order(eid, ["enable:8900...,rollback"])
    reply = EsipaFunctions(service).answer(message, peer="127.0.0.1:4711")

Changes are on the disk before it answers. Safe to use from several threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509

from euicc_sim.env import SystemEnv
from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.eim.eim import Eim
from euicc_sim.parties.eim.operation_words import Loader
from euicc_sim.parties.eim.server.card_data import DataTaker
from euicc_sim.parties.eim.server.card_records import CardDraft, CardRecord, EimStore, Order
from euicc_sim.parties.eim.server.forwarding import Forwarder
from euicc_sim.parties.eim.server.orders import (
    check,
    download_order,
    order_of,
    sign_again,
    stamp,
)
from euicc_sim.parties.eim.server.relayed_download import Relay
from euicc_sim.parties.messages.activation_code import ActivationCode
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.euicc_certificates import certificate_der
from euicc_sim.parties.messages.interfaces import Servers, Tell
from keys import PkiError, validate_eid

REMEMBERED = 1024


@dataclass
class Connections:
    """Which card is at the other end of a connection, for messages that do not name it.

    Keyed by "host:port"; the oldest are forgotten.
    """

    _eids: dict[str, str] = field(default_factory=dict)

    def saw(self, peer: str, eid: str) -> None:
        """Record that a message from there named that card."""
        self._eids.pop(peer, None)
        self._eids[peer] = eid
        while len(self._eids) > REMEMBERED:
            self._eids.pop(next(iter(self._eids)))

    def eid(self, peer: str) -> str | None:
        """The card of that connection."""
        return self._eids.get(peer)


def host_of(peer: str) -> str:
    """The host of "host:port"."""
    return peer.rpartition(":")[0]


def _nobody(text: str, *, refused: bool = False) -> None:
    """Log nothing."""


def _over_https(address: str) -> Es9Client:
    return Es9Client.at(address)


@dataclass(eq=False)
class EimService:
    """An eIM with many cards.

    `eim` has the key; its counter and token are the first ones of a new card. `servers` returns
    the SM-DP+ at an address, `authorities` are CI certificates below which cards must be (none:
    the first certificate of a card is believed), `at` is when they must be valid.
    """

    eim: Eim
    store: EimStore
    servers: Servers = _over_https
    tell: Tell = _nobody
    authorities: Sequence[x509.Certificate] = ()
    at: datetime | None = None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    random: Callable[[int], bytes] = field(default=SystemEnv().random, repr=False)
    connections: Connections = field(default_factory=Connections, init=False, repr=False)
    relay: Relay = field(init=False, repr=False)
    forwarder: Forwarder = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.relay = Relay(self.servers, self.store, self.eim.wire)
        self.forwarder = Forwarder(self.store, self.servers, self.tell, self.now)

    @property
    def data(self) -> DataTaker:
        """Takes the data that IPAs report about their cards."""
        return DataTaker(self.authorities, self.at, self.eim.wire)

    def time(self) -> str:
        """The current time as written to records."""
        return stamp(self.now())

    def new_card(self, eid: str) -> CardRecord:
        """The record of a new card. Raises EimError for a malformed EID."""
        try:
            validate_eid(eid)
        except PkiError as error:
            raise EimError(str(error)) from error
        return CardRecord(eid=eid, counter=self.eim.counter, token=self.eim.token)

    def set_card(
        self,
        eid: str,
        *,
        counter: int | None = None,
        token: int | None = None,
        certificate: bytes | None = None,
    ) -> CardRecord:
        """Add a card, or set what is given: last counter, association token, certificate.

        `certificate` may be the card's answer to GetCerts. Raises EimError.
        """
        with self.store.changing(eid, self.new_card(eid)) as card:
            record = card.record
            record.counter = record.counter if counter is None else counter
            if token is not None:
                record.token, record.token_proven, record.token_said = token, True, None
            if certificate is not None:
                der = certificate_der(certificate, self.eim.wire)
                record.euicc_certificate, record.proven = None, False
                self.data.take(record, {"euiccCertificate": der})
                record.proven = True
        return record

    def order(self, eid: str, words: Sequence[str], eim_of: Loader | None = None) -> Order:
        """Queue an order for a card, which is added if it is new. Raises EimError."""
        return self._queued(eid, order_of(words, self.time(), eim_of, self.eim.wire))

    def order_download(self, eid: str, code: ActivationCode) -> Order:
        """Queue a download for a card, which is added if it is new. Raises EimError."""
        return self._queued(eid, download_order(code, self.time()))

    def _queued(self, eid: str, order: Order) -> Order:
        new = self.new_card(eid)
        check(order, new, self.eim)
        with self.store.changing(eid, new) as card:
            card.add(order)
        return order

    def withdraw(self, eid: str, number: int) -> Order:
        """Remove an order from the queue. Raises EimError."""
        with self.store.changing(eid) as card:
            order = self._waiting(card, number)
            card.remove(order)
        return order

    def again(self, eid: str, number: int) -> Order:
        """Release a held or postponed order; a package is signed again. Raises EimError."""
        with self.store.changing(eid) as card:
            order = self._waiting(card, number)
            sign_again(order)
        return order

    def card_of(self, transaction: bytes | None, peer: str) -> str | None:
        """The EID of the card that has an order or result with that eimTransactionId.

        Otherwise that of the connection, or of the only card that polled last from its host.
        """
        found = self.store.card_of(transaction) if transaction else None
        found = found or self.connections.eid(peer)
        if found is None and host_of(peer):
            there = self.store.cards_at(host_of(peer))
            found = there[0] if len(there) == 1 else None
        return found

    def _waiting(self, card: CardDraft, number: int) -> Order:
        order = card.order(number=number)
        if order is None:
            eid = card.record.eid
            numbers = ", ".join(str(one.number) for one in self.store.queue(eid)) or "none"
            raise EimError(f"No order {number} is queued for {eid}. Queued: {numbers}.")
        return order
