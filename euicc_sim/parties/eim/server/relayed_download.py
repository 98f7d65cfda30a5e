"""An eIM between an IPA and SM-DP+s or SM-DSs: relayed downloads (SGP.32 v1.2 3.2.3.2, 3.7, 6.3.2).

Speaks to SM-DP+s through RspServer; downloads in progress outlive a restart.
"""

from __future__ import annotations

from dataclasses import dataclass

from apdu import TlvError
from apdu.tlv import read, whole
from euicc_sim.asn1.esipa.download import (
    AuthenticateClientOkDPEsipaValue,
    AuthenticateClientRequestEsipaValue,
    CancelSessionRequestEsipaValue,
    GetBoundProfilePackageOkEsipaValue,
    GetBoundProfilePackageRequestEsipaValue,
    InitiateAuthenticationOkEsipaValue,
    InitiateAuthenticationRequestEsipaValue,
)
from euicc_sim.asn1.sgp22.download import ServerSigned1, SmdpSigned2
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.eim.server.card_records import EimStore, Order, Relayed
from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError
from euicc_sim.parties.messages.address import Address, AddressError, same_server
from euicc_sim.parties.messages.encoding import answer
from euicc_sim.parties.messages.errors import EimError, LpaError, SmdppError
from euicc_sim.parties.messages.esipa_refusals import (
    AUTHENTICATE,
    BIND,
    CANCEL,
    INITIATE,
    UNDEFINED,
    code_of,
)
from euicc_sim.parties.messages.euicc_certificates import is_smds
from euicc_sim.parties.messages.interfaces import (
    EventEntry,
    ServerAuthentication,
    Servers,
    events_of,
    hash_of_confirmation_code,
)

REFUSALS = (SmdppError, LpaError)
_COMPACT = 0xA2


class RelayError(EimError):
    """Why a relayed function failed: a sentence, and the ESipa error code."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass
class Relay:
    """The downloads that an eIM is relaying, kept in its store."""

    servers: Servers
    store: EimStore
    wire: Wire = WIRE_1_2

    def initiate(
        self,
        value: InitiateAuthenticationRequestEsipaValue,
        order: Order | None,
        info1: bytes | None,
    ) -> tuple[str, InitiateAuthenticationOkEsipaValue]:
        """InitiateAuthentication: the address of the SM-DP+, InitiateAuthenticationOkEsipa.

        `order` is the order of the download, `info1` the card's EUICCInfo1 if known. Raises
        RelayError.
        """
        code = None
        if order is not None and order.activation_code is not None:
            try:
                code = ActivationCode.parse(order.activation_code)
            except ActivationCodeError as error:
                raise RelayError("invalidDpAddress", str(error)) from error
        address = value.get("smdpAddress") or (code.address if code else None)
        if not address and order is not None:
            address = order.smds
        if not address:
            raise RelayError(
                "invalidDpAddress", "No SM-DP+ is named. Send its address, or the eimTransactionId."
            )
        try:
            Address.read(address)
        except AddressError as error:
            raise RelayError("invalidDpAddress", str(error)) from error
        info = value.get("euiccInfo1", info1)
        if info is None:
            raise RelayError("undefinedError", "The card's EUICCInfo1 is missing. Send it.")
        try:
            found = self.servers(address).initiate_authentication(
                info, value["euiccChallenge"], address
            )
        except REFUSALS as error:
            raise RelayError(code_of(error, INITIATE), str(error)) from error
        if is_smds(found.certificate):
            self._check_smds(found, address)
        ok: InitiateAuthenticationOkEsipaValue = {
            "transactionId": found.transaction_id,
            "serverSigned1": found.server_signed1,
            "serverSignature1": found.server_signature1,
            "euiccCiPKIdentifierToBeUsed": found.ci_pk_id,
            "serverCertificate": found.certificate,
        }
        if code is not None and same_server(code.address, address):
            ok["matchingId"] = code.matching_id
        return address, ok

    def authenticate(
        self,
        download: Relayed,
        value: AuthenticateClientRequestEsipaValue,
        confirmation_code: str | None,
    ) -> AuthenticateClientOkDPEsipaValue:
        """AuthenticateClient: AuthenticateClientOkDPEsipa. Raises RelayError."""
        transaction, response = value["transactionId"], value["authenticateServerResponse"]
        _not_compact(response)
        try:
            found = self.servers(download.address).authenticate_client(transaction, response)
            required = answer(self.wire[SmdpSigned2], found.smdp_signed2)["ccRequiredFlag"]
        except REFUSALS as error:
            raise self._ended(download, code_of(error, AUTHENTICATE), error) from error
        ok: AuthenticateClientOkDPEsipaValue = {
            "transactionId": transaction,
            "profileMetaData": found.profile_metadata,
            "smdpSigned2": found.smdp_signed2,
            "smdpSignature2": found.smdp_signature2,
            "smdpCertificate": found.certificate,
        }
        if required and confirmation_code is not None:
            ok["hashCc"] = hash_of_confirmation_code(confirmation_code, transaction)
        return ok

    def events(
        self, download: Relayed, value: AuthenticateClientRequestEsipaValue
    ) -> tuple[EventEntry, ...]:
        """AuthenticateClient at an SM-DS (ES11'): the events of the card. Raises RelayError."""
        transaction, response = value["transactionId"], value["authenticateServerResponse"]
        _not_compact(response)
        try:
            server = events_of(self.servers(download.address))
            found = server.authenticate_events(transaction, response)
        except REFUSALS as error:
            raise self._ended(download, code_of(error, AUTHENTICATE), error) from error
        self._end(download)
        return found.entries

    def _check_smds(self, found: ServerAuthentication, address: str) -> None:
        """Raise RelayError for an SM-DS that is not the one that was called (clause 3.2.3.2)."""
        try:
            said = answer(self.wire[ServerSigned1], found.server_signed1)["serverAddress"]
        except LpaError as error:
            raise RelayError(UNDEFINED, str(error)) from error
        if not same_server(said, address):
            raise RelayError(
                "smdpAddressMismatch",
                f"The SM-DS calls itself {said[:80]!r}, not {address}. Use its own address.",
            )

    def bind(
        self, download: Relayed, value: GetBoundProfilePackageRequestEsipaValue
    ) -> GetBoundProfilePackageOkEsipaValue:
        """GetBoundProfilePackage: GetBoundProfilePackageOkEsipa. Raises RelayError."""
        transaction, response = value["transactionId"], value["prepareDownloadResponse"]
        _not_compact(response)
        try:
            package = self.servers(download.address).get_bound_profile_package(
                transaction, response
            )
        except REFUSALS as error:
            raise self._ended(download, code_of(error, BIND), error) from error
        return {"transactionId": transaction, "boundProfilePackage": package}

    def cancel(self, download: Relayed, value: CancelSessionRequestEsipaValue) -> None:
        """CancelSession. Raises RelayError."""
        transaction, response = value["transactionId"], value["cancelSessionResponse"]
        _not_compact(response)
        try:
            self.servers(download.address).cancel_session(transaction, response)
        except REFUSALS as error:
            raise self._ended(download, code_of(error, CANCEL), error) from error
        self._end(download)

    def download(self, transaction: bytes) -> Relayed:
        """The download in progress with that transactionId. Raises RelayError."""
        found = self.store.relayed(transaction)
        if found is None or found.over:
            raise RelayError(
                "invalidTransactionId",
                f"No transaction {transaction.hex().upper()} is in progress. "
                "Begin again with InitiateAuthentication.",
            )
        return found

    def _ended(self, download: Relayed, code: str, error: Exception) -> RelayError:
        self._end(download)
        return RelayError(code, str(error))

    def _end(self, download: Relayed) -> None:
        download.over = True
        self.store.relay(download)


def _not_compact(response: bytes) -> None:
    """Refuse compact messages, which an IPA sends only to an eIM that asks for them."""
    try:
        outer = whole(response)
        form = read(response, outer.value, outer.end).tag
    except TlvError:
        return  # the SM-DP+ says what is wrong with it
    if form == _COMPACT:
        raise RelayError(
            "undefinedError", "Compact messages are not understood. Send the card's answer whole."
        )
