"""What an eIM learns of a card: IpaEuiccData (SGP.32 v1.2 clause 2.11.2.2): certificates, token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.esipa.packages import IpaEuiccDataValue
from euicc_sim.asn1.sgp22.common import EUICCInfo1
from euicc_sim.asn1.sgp32.profiles import EUICCInfo2
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.eim.server.card_records import CardRecord, plain
from euicc_sim.parties.messages.encoding import with_names
from euicc_sim.parties.messages.errors import EimError, SmdppError
from euicc_sim.parties.messages.euicc_certificates import authority_of, check_euicc, eid_of
from euicc_sim.parties.messages.json_document import Json
from keys.credential import key_id

_CERTIFICATES = ("euiccCertificate", "eumCertificate")
_LISTS = ("notificationsList", "euiccPackageResultList")


@dataclass(frozen=True)
class DataTaker:
    """Takes the data that an IPA reports about its card.

    With `authorities` (CI certificates), the card's certificates must chain to one of them;
    without, any certificate with its EID is accepted until one has verified a result of the card.
    `at` is when they must be valid. Nothing of it is signed: a token is only noted.
    """

    authorities: Sequence[x509.Certificate] = ()
    at: datetime | None = None
    wire: Wire = WIRE_1_2

    def take(self, record: CardRecord, data: IpaEuiccDataValue) -> None:
        """Store the data. Raises EimError for certificates of another card or an untrusted CI."""
        euicc, eum = data.get("euiccCertificate"), data.get("eumCertificate")
        if euicc is not None and (not record.proven or euicc == record.euicc_certificate):
            self._check(record.eid, euicc, eum or record.eum_certificate)
            record.euicc_certificate = euicc
            record.eum_certificate = eum or record.eum_certificate
        elif euicc is not None:
            raise EimError(
                "The card shows a different certificate than before, which is refused. If it is "
                "right, give the new one, with: euicc-sim eim card"
            )
        record.token_said = data.get("associationToken", record.token_said)
        record.euicc_info1 = data.get("euiccInfo1", record.euicc_info1)
        record.euicc_info2 = data.get("euiccInfo2", record.euicc_info2)
        record.data |= self.shown(data)

    def shown(self, data: IpaEuiccDataValue) -> dict[str, Json]:
        """The data of card and device as JSON; of long lists, only the length."""
        found: dict[str, Json] = {}
        for name, value in data.items():
            if name == "eimTransactionId":
                continue
            if name in _LISTS and isinstance(value, list):
                found[name] = len(value)
            elif name in _CERTIFICATES and isinstance(value, bytes):
                found[name] = _owner(value)
            elif name in ("euiccInfo1", "euiccInfo2") and isinstance(value, bytes):
                found[name] = self._info(name, value)
            else:
                found[name] = plain(value)
        return found

    def _check(self, eid: str, euicc: bytes, eum: bytes | None) -> None:
        try:
            found = eid_of(euicc)
            if found != eid:
                raise EimError(f"The certificate is that of the card {found}, not of {eid}.")
            if not self.authorities:
                return
            if eum is None:
                raise EimError("No EUM certificate came with the card's. Order data:A5A6.")
            authority = authority_of(eum)
            known = {key_id(one): one for one in self.authorities}
            if authority not in known:
                raise EimError(
                    f"The card's certificates are below the CI key {authority.hex().upper()}, "
                    "which this eIM does not trust. Start it with that CI."
                )
            check_euicc(euicc, eum, known[authority], self.at)
        except (SmdppError, ValueError) as error:
            raise EimError(str(error)) from error

    def _info(self, name: str, value: bytes) -> Json:
        try:
            if name == "euiccInfo1":
                info1 = self.wire[EUICCInfo1]
                return plain(with_names(info1.spec, info1.read_keeping(value)))
            info2 = self.wire[EUICCInfo2]
            return plain(with_names(info2.spec, info2.read_keeping(value)))
        except Asn1Error:
            return plain(value)


def _owner(certificate: bytes) -> str:
    """The EID in the certificate."""
    try:
        name = x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
    except ValueError:
        return certificate.hex().upper()
    return name
