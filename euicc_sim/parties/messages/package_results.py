"""The result of a package: reads an EuiccPackageResult and verifies the card's signature.

SGP.32 v1.2 clause 2.11.2.1. The signature is verified over the bytes as received.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from apdu import TlvError, tlv
from apdu.tlv import children, whole
from euicc_sim.asn1.codec import Asn1Error, Unknown
from euicc_sim.asn1.sgp32.packages import (
    EuiccPackageErrorDataSignedValue,
    EuiccPackageErrorUnsignedValue,
    EuiccPackageResult,
    EuiccPackageResultDataSignedValue,
    EuiccResultData,
    EuiccResultDataValue,
)
from euicc_sim.asn1.wire import WIRE_1_2, Wire, token_object
from euicc_sim.crypto.signature import verifies
from euicc_sim.parties.messages.encoding import Plain, shown, with_names
from euicc_sim.parties.messages.errors import EimError, NotGenuineError, UnknownFormError
from euicc_sim.parties.messages.euicc_certificates import EuiccKey, euicc_public_key

_SIGNED_DATA, _SIGNATURE = 0x30, 0x5F37


class Form(StrEnum):
    """The three forms of an answer."""

    RESULT = "result"
    SIGNED_ERROR = "signed error"
    UNSIGNED_ERROR = "unsigned error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one operation.

    `name` is that of the operation, or processingTerminated; `code` is the name of its result code
    ("ok" for results without one); `value` is what it returned, such as an association token. For
    results unknown to this version, `name` is "?" or `code` is "?" and a tag, and `value` is the
    whole object.
    """

    name: str
    code: str
    value: Plain = None

    @property
    def eim_ids(self) -> list[str]:
        """The eIMs in the result of listEim."""
        listed = self.value if isinstance(self.value, list) else []
        return [str(one["eimId"]) for one in listed if isinstance(one, dict)]

    @property
    def done(self) -> bool:
        """Whether the card executed it; removing the last eIM counts, as execution continues."""
        return self.code == "ok" or (self.name, self.code) == ("deleteEim", "lastEimDeleted")


@dataclass(frozen=True, slots=True)
class PackageAnswer:
    """An answer to a package. Fields that its form does not have are None or empty.

    `genuine` says that the card's signature was verified, which is never so for an unsigned error;
    `error` is the name of a signed error's code; `token` the one in an unsigned error.
    """

    form: Form
    eim_id: str
    counter: int | None = None
    transaction_id: bytes | None = None
    seq_number: int | None = None
    outcomes: tuple[Outcome, ...] = ()
    error: str | None = None
    token: int | None = None
    genuine: bool = False

    @property
    def done(self) -> bool:
        """Whether the card accepted the package and every operation succeeded."""
        return self.form is Form.RESULT and all(one.done for one in self.outcomes)


def read_result(result: bytes, wire: Wire = WIRE_1_2) -> PackageAnswer:
    """Read an EuiccPackageResult (BF51) without verifying it.

    Raises EimError for other bytes, UnknownFormError for a form that `wire` does not have.
    """
    try:
        found = wire[EuiccPackageResult].read_keeping(result)
    except Asn1Error as error:
        raise _unreadable(error) from error
    match found:
        case ("euiccPackageResultSigned", value):
            return _result(value["euiccPackageResultDataSigned"], wire)
        case ("euiccPackageErrorSigned", refused):
            return _signed_error(refused["euiccPackageErrorDataSigned"])
        case ("euiccPackageErrorUnsigned", unsigned):
            return _unsigned_error(unsigned)
    raise UnknownFormError(
        f"The answer to the package has the form {shown(found)}, which SGP.32 v{wire.version} "
        "does not have. Speak the card's version."
    )


def verify_result(
    result: bytes,
    euicc: EuiccKey,
    *,
    eim_id: str | None = None,
    token: int | None = None,
    package: bytes | None = None,
    wire: Wire = WIRE_1_2,
) -> PackageAnswer:
    """Read an EuiccPackageResult and verify euiccSignEPR or euiccSignEPE.

    `euicc` is the card's public key, certificate or GetCerts answer; `token` the association token
    of the eIM. Cards of v1.0 also need the `package` (BF51): their signature covers the package's
    signature instead of the token. An unsigned error is returned with `genuine` False. Raises
    NotGenuineError if the signature is not the card's, EimError for other bytes or an answer to
    another eIM.
    """
    answer = read_result(result, wire)
    if eim_id is not None and answer.eim_id != eim_id:
        raise EimError(
            f"This answers a package of {answer.eim_id!r}, not of {eim_id!r}. Take that eIM's file."
        )
    if answer.form is Form.UNSIGNED_ERROR:
        return answer
    data, signature = _signed_parts(result)
    key = euicc_public_key(euicc, wire)
    suffixes = [token_object(token)]
    if package is not None:
        suffixes.append(tlv(_SIGNATURE, _signed_parts(package)[1]))
    if not any(verifies(key, signature, data + one) for one in suffixes):
        known = f"token {token}" if token else "no token"
        raise NotGenuineError(
            f"The signature is not that of this certificate's card over these bytes with {known}. "
            "Check that answer and certificate come from one card and one CI, and the token."
        )
    return replace(answer, genuine=True)


def _signed_parts(result: bytes) -> tuple[bytes, bytes]:
    try:
        outer = whole(result)
        parts = children(result, outer.value, outer.end)
        if len(parts) == 1:  # a result is a CHOICE of forms, a package is not
            parts = children(result, parts[0].value, parts[0].end)
    except TlvError as error:  # pragma: no cover - the decoder has checked these
        raise _unreadable(error) from error
    if [one.tag for one in parts] != [_SIGNED_DATA, _SIGNATURE]:
        raise EimError("The answer is not its data and one signature. Fetch it again.")
    data, signature = parts
    return result[data.start : data.end], result[signature.value : signature.end]


def _result(data: EuiccPackageResultDataSignedValue, wire: Wire) -> PackageAnswer:
    spec = wire[EuiccResultData].spec
    return PackageAnswer(
        Form.RESULT,
        data["eimId"],
        data["counterValue"],
        data.get("eimTransactionId"),
        data["seqNumber"],
        tuple(_outcome_of(one, with_names(spec, one)) for one in data["euiccResult"]),
    )


def _signed_error(data: EuiccPackageErrorDataSignedValue) -> PackageAnswer:
    return PackageAnswer(
        Form.SIGNED_ERROR,
        data["eimId"],
        data["counterValue"],
        data.get("eimTransactionId"),
        error=shown(data["euiccPackageErrorCode"]),
    )


def _unsigned_error(value: EuiccPackageErrorUnsignedValue) -> PackageAnswer:
    return PackageAnswer(
        Form.UNSIGNED_ERROR,
        value["eimId"],
        transaction_id=value.get("eimTransactionId"),
        token=value.get("associationToken"),
    )


def _outcome_of(one: EuiccResultDataValue, named: Plain) -> Outcome:
    """The result in one element; `named` is the same element with code names."""
    if isinstance(named, Unknown):
        return Outcome(named.name, shown(named), named.raw)
    element, _ = one
    value = named[1] if isinstance(named, tuple) else named
    name = element.removesuffix("Result")
    if isinstance(value, Unknown):
        return Outcome(name, shown(value), value.raw)
    if isinstance(value, tuple):
        _, value = value
    elif isinstance(value, dict):
        value = value["setDefaultDpAddressResult"]
    return Outcome(name, value) if isinstance(value, str) else Outcome(name, "ok", value)


def _unreadable(error: Exception) -> EimError:
    return EimError(
        f"This is not an answer to a package: {error}. Give the whole object, which begins with "
        "BF51."
    )
