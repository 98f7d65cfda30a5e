"""An eIM: makes AddInitialEim requests, signs packages and verifies the card's answers.

Knows one card's counter and token at a time. Knows no files and no transport.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from apdu import tlv
from euicc_sim.asn1.codec import Asn1Error, Unknown
from euicc_sim.asn1.sgp32.eims import (
    AddInitialEimRequest,
    AddInitialEimRequestValue,
    AddInitialEimResponse,
    EimConfigurationDataValue,
    EimPublicKeyDataValue,
)
from euicc_sim.asn1.sgp32.packages import (
    EuiccPackageSigned,
    EuiccPackageSignedValue,
    EuiccPackageValue,
)
from euicc_sim.asn1.wire import WIRE_1_2, Wire, token_object
from euicc_sim.crypto.signature import UnusableKeyError, public_key, sign
from euicc_sim.parties.eim.operations import Operation
from euicc_sim.parties.messages.encoding import shown, written
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.euicc_certificates import EuiccKey
from euicc_sim.parties.messages.identifiers import eid_bytes
from euicc_sim.parties.messages.package_results import PackageAnswer, verify_result
from keys import Curve
from keys.source import key_source

_ID_SIZE = 128


@dataclass
class Eim:
    """An eIM as one card knows it.

    `counter` is the last one used; `package` advances it. `token` is the association token from
    the card, if any; with `wants_token` whoever adds this eIM asks the card for one, so that old
    packages are dead when it is added again.

    `id_type` is 1 (OID), 2 (FQDN) or 3 (proprietary), `protocols` bit numbers of
    eimSupportedProtocol, `certificate` DER. Fields that are None are left out of the configuration
    data, and the card uses its default. `wire` is the version of SGP.32 that the card speaks. The
    private key is never printed.
    """

    eim_id: str
    private_key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)
    counter: int = 0
    token: int | None = None
    fqdn: str | None = None
    id_type: int | None = None
    protocols: frozenset[int] | None = None
    ci_pk_id: bytes | None = None
    certificate: bytes | None = field(default=None, repr=False)
    indirect_download: bool = False
    wants_token: bool = True
    wire: Wire = field(default=WIRE_1_2, repr=False)

    def __post_init__(self) -> None:
        """Raise EimError for what no card would accept, PkiError for a key on another curve."""
        if not 1 <= len(self.eim_id) <= _ID_SIZE:
            raise EimError(f"An eimId has 1 to {_ID_SIZE} characters. Choose a different one.")
        for text in (self.eim_id, self.fqdn or ""):
            if any("\ud800" <= one <= "\udfff" for one in text):
                raise EimError(f"{text!r} is not Unicode text. Write it as UTF-8.")
        if self.counter < 0:
            raise EimError(f"The counter {self.counter} is below 0. Begin with 0.")
        if self.token is not None and self.token < 1:
            raise EimError(f"{self.token} is not an association token. They begin with 1.")
        Curve.of(self.private_key)
        if self.certificate is not None:
            _check_certificate(self.certificate, self.private_key)

    @classmethod
    def create(
        cls, eim_id: str, curve: Curve = Curve.NIST, *, seed: int | None = None, counter: int = 0
    ) -> Self:
        """A new eIM with a new key; the same seed, id and curve give the same key."""
        return cls(eim_id, key_source(seed).key(curve, f"eIM {eim_id}"), counter)

    @property
    def public_key(self) -> bytes:
        """The public key as SubjectPublicKeyInfo, DER."""
        return self.private_key.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    def configuration(
        self, *only: str, want_token: bool = False, counter: int | None = None
    ) -> EimConfigurationDataValue:
        """EimConfigurationData for AddInitialEim, addEim and updateEim (clause 2.11.1.1.1).

        `only` names the fields to include besides eimId (default: all that are set); `want_token`
        requests an association token; `counter` replaces the eIM's own. Raises EimError for a
        field that this eIM does not have.
        """
        config: EimConfigurationDataValue = {"eimId": self.eim_id}

        def wanted(name: str) -> bool:
            return not only or name in only

        if self.fqdn is not None and wanted("eimFqdn"):
            config["eimFqdn"] = self.fqdn
        if self.id_type is not None and wanted("eimIdType"):
            config["eimIdType"] = self.id_type
        if wanted("counterValue"):
            config["counterValue"] = self.counter if counter is None else counter
        if want_token and wanted("associationToken"):
            config["associationToken"] = TOKEN_WANTED
        if wanted("eimPublicKeyData"):
            config["eimPublicKeyData"] = self._key_data()
        if self.protocols is not None and wanted("eimSupportedProtocol"):
            config["eimSupportedProtocol"] = self.protocols
        if self.ci_pk_id is not None and wanted("euiccCiPKId"):
            config["euiccCiPKId"] = self.ci_pk_id
        if self.indirect_download and wanted("indirectProfileDownload"):
            config["indirectProfileDownload"] = None
        missing = [name for name in only if name not in config]
        if missing:
            have = ", ".join(name for name in self.configuration() if name != "eimId")
            raise EimError(
                f"{self.eim_id} has no {', '.join(missing)} to give. "
                f"It has {have}: name only these."
            )
        return config

    def package(
        self,
        operations: Iterable[Operation],
        eid: str,
        *,
        counter: int | None = None,
        transaction_id: bytes | None = None,
    ) -> bytes:
        """A signed eUICC Package (BF51, clause 2.11.1.1) for the card with that EID, 32 digits.

        Without `counter` it has the next one. `self.counter` follows, but never goes back, nor
        above what cards accept. `transaction_id` has 1 to 16 bytes. Raises EimError.
        """
        if counter is None:
            counter = self._next_counter()
        value: EuiccPackageSignedValue = {
            "eimId": self.eim_id,
            "eidValue": eid_bytes(eid),
            "counterValue": counter,
            "euiccPackage": _package_list(list(operations)),
        }
        if transaction_id is not None:
            value["eimTransactionId"] = transaction_id
        signed = written(self.wire[EuiccPackageSigned], value, "The package")
        if counter <= MAX_COUNTER:
            self.counter = max(self.counter, counter)
        return self.sign(signed)

    def sign(self, signed: bytes) -> bytes:
        """A signed package (BF51) with arbitrary bytes in place of euiccPackageSigned."""
        signature = sign(self.private_key, signed + token_object(self.token))
        return tlv(0xBF51, signed, tlv(0x5F37, signature))

    def verify(self, result: bytes, euicc: EuiccKey) -> PackageAnswer:
        """Read the answer to a package and verify it; see `results.verify_result`."""
        return verify_result(result, euicc, eim_id=self.eim_id, token=self.token, wire=self.wire)

    def _key_data(self) -> EimPublicKeyDataValue:
        if self.certificate is not None:
            return "eimCertificate", self.certificate
        return "eimPublicKey", self.public_key

    def _next_counter(self) -> int:
        if self.counter >= MAX_COUNTER:
            raise EimError(
                f"{self.eim_id} has used its last counter, {MAX_COUNTER}. Let another eIM delete "
                "it and add it again with a token, or give a counter yourself."
            )
        return self.counter + 1


def take_initial_answer(answer: bytes, *eims: Eim) -> None:
    """Store in each eIM its token from the answer to AddInitialEim, in the order of the request.

    Raises EimError if the card refused or the number of eIMs differs; then nothing changes.
    """
    if not eims:
        raise EimError("No eIM was added. Name the eIMs of the request, in its order.")
    tokens = initial_tokens(answer, eims[0].wire)
    if len(tokens) != len(eims):
        raise EimError(
            f"The answer is about {len(tokens)} eIMs, not {len(eims)}. "
            "Name the eIMs of the request, in its order."
        )
    for eim, token in zip(eims, tokens, strict=True):
        eim.token = token


def take_added_tokens(answer: PackageAnswer, *eims: Eim) -> None:
    """Store in each eIM the token of its addEim operation in a package, in their order.

    An eIM that was not added keeps its token. Raises EimError unless the answer is genuine and has
    as many addEim operations as eIMs are given.
    """
    added = [one for one in answer.outcomes if one.name == "addEim"]
    if not answer.genuine or len(added) != len(eims):
        raise EimError(
            f"The answer is about {len(added)} addEim operations, not {len(eims)}. "
            "Name the eIMs that the package adds, in its order, up to the one that the card "
            "refused."
        )
    for eim, outcome in zip(eims, added, strict=True):
        if outcome.done:
            eim.token = outcome.value if isinstance(outcome.value, int) else None


def _package_list(operations: list[Operation]) -> EuiccPackageValue:
    kinds = {one.kind for one in operations}
    if len(kinds) > 1:
        names = ", ".join(one.name for one in operations)
        raise EimError(
            f"A package holds PSMOs or eCOs, never both, but these are mixed: {names}. "
            "Put the eIM operations into one package and the rest into another."
        )
    if not kinds:
        raise EimError("A package orders at least one operation. Name one, such as listEim.")
    found = [one.raw for one in operations]
    return ("psmoList", found) if kinds == {"Psmo"} else ("ecoList", found)


def _check_certificate(certificate: bytes, key: ec.EllipticCurvePrivateKey) -> None:
    try:
        found = public_key(certificate, in_certificate=True)
    except UnusableKeyError as error:
        raise EimError(
            f"The eIM's certificate is unusable: {error}. Use a different one."
        ) from error
    if found != key.public_key():
        raise EimError(
            "The certificate is not for the eIM's key. Use a certificate and a key that belong "
            "together."
        )


MAX_COUNTER = 0x7FFFFF
"""The largest counterValue that every card accepts: 8,388,607."""

TOKEN_WANTED = -1
"""The associationToken with which an eIM requests one."""


def add_initial_eim(*configs: EimConfigurationDataValue, wire: Wire = WIRE_1_2) -> bytes:
    """The AddInitialEim request (BF57) for one or more eIMs. Raises EimError."""
    if not configs:
        raise EimError("AddInitialEim adds at least one eIM. Give the configuration of one.")
    value: AddInitialEimRequestValue = {"eimConfigurationDataList": configs}
    return written(wire[AddInitialEimRequest], value, "AddInitialEim")


def initial_tokens(answer: bytes, wire: Wire = WIRE_1_2) -> list[int | None]:
    """The token of each eIM from the answer to AddInitialEim, in order; None for none.

    Raises EimError if it is not such an answer, or the card refused.
    """
    try:
        found = wire[AddInitialEimResponse].read_keeping(answer)
    except Asn1Error as error:
        raise EimError(
            f"This is not an answer to AddInitialEim: {error}. "
            "Give the whole object that begins with BF57."
        ) from error
    if found[0] != "addInitialEimOk":
        code = shown(found if isinstance(found, Unknown) else found[1])
        raise EimError(f"The card added no eIM: {code}. {_ADVICE.get(code, _LOOK)}")
    return [one[1] if one[0] == "associationToken" else None for one in found[1]]


_LOOK = "Check the request against the card's limits and certificates."
_ADVICE = {
    "associatedEimAlreadyExists": "The card trusts an eIM already; that one can add others.",
    "ciPKUnknown": "Leave the CI key identifier out, or take one from its EUICCInfo2.",
    "insufficientMemory": "Add fewer eIMs.",
    "counterValueOutOfRange": f"Take a counter of 0 to {MAX_COUNTER}.",
}
