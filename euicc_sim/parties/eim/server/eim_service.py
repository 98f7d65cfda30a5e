"""An eIM without a network: what it keeps of its cards, and what people order.

    service = EimService(eim, EimStore(Path("cards")))
    service.order(eid, ["enable:8900...,rollback"])
    reply = EsipaFunctions(service).answer(message, peer="127.0.0.1:4711")

Changes are on the disk before it answers. Safe to use from several threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol

from cryptography import x509

from euicc_sim.crypto.signature import verifies
from euicc_sim.env import SystemEnv
from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.eim.eim import Eim
from euicc_sim.parties.eim.operation_words import Loader
from euicc_sim.parties.eim.server.card_data import DataTaker
from euicc_sim.parties.eim.server.card_records import CardRecord, EimStore, Forward, Order
from euicc_sim.parties.eim.server.orders import check, order_of
from euicc_sim.parties.eim.server.relayed_download import Relay
from euicc_sim.parties.messages.errors import EimError, LpaError, SmdppError
from euicc_sim.parties.messages.euicc_certificates import certificate_der, euicc_public_key
from euicc_sim.parties.messages.interfaces import Servers
from euicc_sim.parties.messages.notifications import read_installation
from keys import PkiError, validate_eid

REMEMBERED = 1024


@dataclass
class Peers:
    """Which card is at the other end of a connection, for messages that do not name it.

    Remembers by connection ("host:port") and by host; the oldest are forgotten.
    """

    _by_peer: dict[str, str] = field(default_factory=dict)

    def saw(self, peer: str, eid: str) -> None:
        """Record that a message from there named that card."""
        self._by_peer.pop(peer, None)
        self._by_peer[peer] = eid
        while len(self._by_peer) > REMEMBERED:
            self._by_peer.pop(next(iter(self._by_peer)))

    def eid(self, peer: str) -> str | None:
        """The card of that connection, or the only one that its host has."""
        if peer in self._by_peer:
            return self._by_peer[peer]
        host = _host(peer)
        found = {eid for other, eid in self._by_peer.items() if host and _host(other) == host}
        return found.pop() if len(found) == 1 else None


def _host(peer: str) -> str:
    return peer.rpartition(":")[0]


RETRY = timedelta(seconds=30)
"""How long an unreachable SM-DP+ is left alone."""


class Tell(Protocol):
    """Logs one line per request, `refused` if it was not carried out."""

    def __call__(self, text: str, *, refused: bool = False) -> None:
        """Log the line."""
        ...


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
    peers: Peers = field(default_factory=Peers, init=False, repr=False)
    relay: Relay = field(init=False, repr=False)
    _away: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)
    _forwarding: dict[str, Lock] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.relay = Relay(self.servers, wire=self.eim.wire)

    @property
    def data(self) -> DataTaker:
        """Takes the data that IPAs report about their cards."""
        return DataTaker(self.authorities, self.at, self.eim.wire)

    def time(self) -> str:
        """The current time as written to records."""
        return self.now().isoformat(timespec="seconds")

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
        self.store.add(self.new_card(eid))
        with self.store.changing(eid) as record:
            record.counter = record.counter if counter is None else counter
            record.token = record.token if token is None else token
            if certificate is not None:
                der = certificate_der(certificate, self.eim.wire)
                record.euicc_certificate = None
                self.data.take(record, {"euiccCertificate": der})
        return record

    def order(self, eid: str, words: Sequence[str], eim_of: Loader | None = None) -> Order:
        """Queue an order for a card, which is added if it is new. Raises EimError."""
        order = order_of(words, self.time(), eim_of, self.eim.wire)
        check(order, self.new_card(eid), self.eim)
        self.store.add(self.new_card(eid))
        with self.store.changing(eid) as record:
            record.add(order)
        return order

    def withdraw(self, eid: str, number: int) -> Order:
        """Remove an order from the queue. Raises EimError."""
        with self.store.changing(eid) as record:
            order = _waiting(record, number)
            record.queue.remove(order)
        return order

    def again(self, eid: str, number: int) -> Order:
        """Release a held order; a package is signed again. Raises EimError."""
        with self.store.changing(eid) as record:
            order = _waiting(record, number)
            order.held, order.problem, order.deliveries = False, None, 0
            order.message = order.transaction_id = order.counter = None
        return order

    def card_of(self, transaction: bytes | None) -> str | None:
        """The EID of the card that has an order with that eimTransactionId."""
        if transaction is None:
            return None
        for eid in self.store.eids():
            record = self.store.card(eid)
            if record.waiting(transaction=transaction) or any(
                one.transaction_id == transaction for one in record.results
            ):
                return eid
        return None

    def signer_of(self, result: bytes) -> str | None:
        """The EID of the card whose certificate verifies a ProfileInstallationResult (BF37)."""
        signed = read_installation(result, self.eim.wire)
        for eid in self.store.eids():
            certificate = self.store.card(eid).euicc_certificate
            if certificate is not None and verifies(
                euicc_public_key(certificate, self.eim.wire), signed.signature, signed.signed
            ):
                return eid
        return None

    def forward(self, eid: str) -> None:
        """Pass a card's notifications on to their SM-DP+s; undelivered ones stay."""
        try:
            with self._forwarding.setdefault(eid, Lock()):
                self._forward_all(eid)
        except EimError as error:
            self.tell(f"{eid}: notifications not passed on: {error}", refused=True)

    def _forward_all(self, eid: str) -> None:
        for one in self.store.card(eid).notifications:
            since = self._away.get(one.address)
            if since is not None and self.now() - since < RETRY:
                continue
            problem = self._forward(eid, one)
            with self.store.changing(eid) as record:
                kept = next((x for x in record.notifications if x.message == one.message), None)
                if kept is not None and problem is None:
                    record.notifications.remove(kept)
                elif kept is not None:
                    kept.tries, kept.problem = kept.tries + 1, problem

    def _forward(self, eid: str, one: Forward) -> str | None:
        """Why it was not delivered, or None; a refusal by the SM-DP+ counts as delivered."""
        about = f"{eid}: a notification for {one.address}"
        try:
            self.servers(one.address).handle_notification(one.message)
        except SmdppError as error:
            self.tell(f"{about} was refused there: {error}", refused=True)
        except LpaError as error:
            self._away[one.address] = self.now()
            self.tell(f"{about} waits: {error}", refused=True)
            return str(error)
        else:
            self._away.pop(one.address, None)
            self.tell(f"{about} passed on")
        return None


def _waiting(record: CardRecord, number: int) -> Order:
    order = record.waiting(number)
    if order is None:
        numbers = ", ".join(str(one.number) for one in record.queue) or "none"
        raise EimError(f"No order {number} is queued for {record.eid}. Queued: {numbers}.")
    return order
