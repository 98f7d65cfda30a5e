"""The functions of a relayed download as an eIM answers them (SGP.32 v1.2 clause 6.3.2.1 on)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from euicc_sim.asn1.esipa import messages as esipa
from euicc_sim.asn1.esipa.messages import Asn1Error, FromIpa
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.parties.eim.server.record import CardRecord, Order
from euicc_sim.parties.eim.server.relay import RelayError
from euicc_sim.parties.eim.server.reply import Reply
from euicc_sim.parties.eim.server.service import EimService
from euicc_sim.parties.messages.certificates import eid_of


class RelayFunctions:
    """Knows which order of which card a download belongs to; the rest is `Relay`'s."""

    def __init__(self, service: EimService) -> None:
        """Answer for that one."""
        self._service = service
        self._tell = service.tell
        self.functions: dict[str, Callable[[FromIpa, str], Reply]] = {
            "initiateAuthenticationRequestEsipa": self._initiate,
            "authenticateClientRequestEsipa": self._authenticate,
            "getBoundProfilePackageRequestEsipa": self._bind,
            "cancelSessionRequestEsipa": self._cancel,
        }

    def _initiate(self, message: FromIpa, peer: str) -> Reply:
        value = message.value
        given = value.get("eimTransactionId")
        eid = self._service.card_of(given) or self._service.peers.eid(peer)
        record = None if eid is None else self._service.store.card(eid)
        order = None if record is None else _download_of(record, given)
        if given is not None and order is None:
            raise RelayError(
                "invalidEimTransactionId",
                f"No download has the eimTransactionId {given.hex().upper()}. "
                "Ask for a package again.",
            )
        info1 = record.euicc_info1 if record else None
        transaction, ok = self._service.relay.initiate(value, eid, order, info1)
        if eid is not None and order is not None:
            with self._service.store.changing(eid) as changed:
                waiting = changed.waiting(order.number)
                if waiting is not None:
                    waiting.rsp_transactions.append(transaction)
        about = f"{eid or 'a card'}: InitiateAuthentication"
        self._tell(f"{about} relayed, transaction {transaction.hex().upper()}")
        answer = ("initiateAuthenticationOkEsipa", ok)
        return Reply(esipa.to_ipa("initiateAuthenticationResponseEsipa", answer), eid=eid)

    def _authenticate(self, message: FromIpa, _: str) -> Reply:
        with self._noting(message):
            ok = self._service.relay.authenticate(message.value)
        self._keep_certificate(message.value)
        answer = ("authenticateClientOkDPEsipa", ok)
        return self._relayed("AuthenticateClient", "authenticateClientResponseEsipa", answer)

    def _bind(self, message: FromIpa, _: str) -> Reply:
        with self._noting(message):
            ok = self._service.relay.bind(message.value)
        answer = ("getBoundProfilePackageOkEsipa", ok)
        name = "getBoundProfilePackageResponseEsipa"
        return self._relayed("GetBoundProfilePackage", name, answer)

    def _cancel(self, message: FromIpa, _: str) -> Reply:
        self._service.relay.cancel(message.value)
        return self._relayed("CancelSession", "cancelSessionResponseEsipa", ("cancelSessionOk", {}))

    def _relayed(self, function: str, name: str, answer: tuple[str, Any]) -> Reply:
        self._tell(f"{function} relayed")
        return Reply(esipa.to_ipa(name, answer))

    def _keep_certificate(self, value: dict[str, Any]) -> None:
        """Remember the certificate that the SM-DP+ accepted: it verifies how the download ends."""
        transaction: bytes = value["transactionId"]
        download = self._service.relay.downloads.get(transaction)
        certificate = _certificate(value["authenticateServerResponse"])
        if download is None or download.eid is None or certificate is None:
            return
        with self._service.store.changing(download.eid) as record:
            if eid_of(certificate) != record.eid:
                return
            for order in record.queue:
                if transaction in order.rsp_transactions:
                    order.rsp_certificate = certificate

    @contextmanager
    def _noting(self, message: FromIpa) -> Iterator[None]:
        """What an SM-DP+ refuses in here is said at the order, too."""
        transaction: bytes = message.value["transactionId"]
        download = self._service.relay.downloads.get(transaction)
        try:
            yield
        except RelayError as error:
            if download is not None and download.eid is not None:
                with self._service.store.changing(download.eid) as record:
                    for order in record.queue:
                        if transaction in order.rsp_transactions:
                            order.problem = str(error)
            raise


def _certificate(response: bytes) -> bytes | None:
    """The eUICC certificate in an AuthenticateServerResponse."""
    try:
        _, value = WIRE_1_2.decode("AuthenticateServerResponse", response)
    except Asn1Error:
        return None
    found: bytes | None = value.get("euiccCertificate")
    return found


def _download_of(record: CardRecord, transaction: bytes | None) -> Order | None:
    """The download that was given out: with that eimTransactionId, or the last one."""
    found = [one for one in record.queue if one.kind == "download" and one.deliveries]
    if transaction is not None:
        found = [one for one in found if one.transaction_id == transaction]
    return found[-1] if found else None
