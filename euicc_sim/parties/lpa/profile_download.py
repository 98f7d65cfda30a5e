"""A download by an LPA: authentication, preparation, loading (SGP.22 v2.5 3.1.2, 3.1.3).

If it fails, the session is cancelled at both card and server. A Bound Profile Package is cut into
the requests that go to the card one by one (clause 2.5.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from apdu import TlvError
from apdu.tlv import Tlv, children, whole
from euicc_sim.asn1.codec import Unknown
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.sgp22.common import GetRatResponse
from euicc_sim.asn1.sgp22.download import (
    CancelSessionRequest,
    CancelSessionRequestValue,
    CancelSessionResponse,
    PrepareDownloadResponse,
    SmdpSigned2,
)
from euicc_sim.asn1.sgp22.packages import (
    ProfileInstallationResult,
    StoreMetadataRequest,
    StoreMetadataRequestValue,
)
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.lpa.es10_messages import (
    DownloadResult,
    prepare_download,
)
from euicc_sim.parties.lpa.event_discovery import SmdsError
from euicc_sim.parties.lpa.policy_rules import forbidden_rules
from euicc_sim.parties.lpa.server_authentication import (
    authenticate,
    begin,
    check_address,
    refusals,
    refused_by_card,
)
from euicc_sim.parties.messages.apdus import StatusWordError
from euicc_sim.parties.messages.encoding import answer, request, shown
from euicc_sim.parties.messages.errors import LpaError, SmdppError
from euicc_sim.parties.messages.euicc_certificates import is_smds, registered_id
from euicc_sim.parties.messages.interfaces import (
    CancelReason,
    ClientAuthentication,
    RspServer,
    ServerAuthentication,
    hash_of_confirmation_code,
)

_PACKAGE, _INITIALISE = 0xBF36, 0xBF23
_WITH_THEIR_FIRST = (0xA0, 0xA2)
_HEAD_ALONE = (0xA1, 0xA3)
_METADATA, _MAC_SIZE = 0xA1, 8
_GET_RAT = b"\xbf\x43\x00"
_RULES = {1: "PPR1 (not to be disabled)", 2: "PPR2 (not to be deleted)"}


class SegmentationError(ValueError):
    """Bytes that are not a Bound Profile Package."""


def segments(package: bytes) -> list[bytes]:
    """The requests of a package (BF36), in order; concatenated, they are the package.

    The package's tag and length go with BF23, those of A0 and A2 with their first 87; those of A1
    and A3, and every other segment, are separate requests. Raises SegmentationError.
    """
    try:
        outer = whole(package)
        sections = children(package, outer.value)
        if outer.tag != _PACKAGE or not sections or sections[0].tag != _INITIALISE:
            raise SegmentationError("it does not begin with BF36 and BF23")
        found = [package[: sections[0].end]]
        for section in sections[1:]:
            found.extend(_requests(package, section))
    except TlvError as error:
        raise SegmentationError(str(error)) from error
    return found


def _requests(package: bytes, section: Tlv) -> Iterator[bytes]:
    parts = children(package, section.value, section.end)
    if section.tag in _WITH_THEIR_FIRST and parts:
        yield package[section.start : parts[0].end]
        parts = parts[1:]
    elif section.tag in _HEAD_ALONE:
        yield package[section.start : section.value]
    else:
        raise SegmentationError(f"{section.tag:X} is not part of it, or is empty")
    yield from (package[one.start : one.end] for one in parts)


def metadata_in(package: bytes) -> bytes:
    """StoreMetadata (BF25) as it is in the 88s of a package (clause 2.5.3), which are not
    enciphered: each ends with a MAC of 8 bytes. Raises SegmentationError."""
    try:
        outer = whole(package)
        found = [one for one in children(package, outer.value, outer.end) if one.tag == _METADATA]
        parts = [one for row in found for one in children(package, row.value, row.end)]
        if any(one.end - one.value < _MAC_SIZE for one in parts):
            raise SegmentationError("a segment of the metadata is shorter than its MAC")
        return b"".join(package[one.value : one.end - _MAC_SIZE] for one in parts)
    except TlvError as error:
        raise SegmentationError(str(error)) from error


Progress = Callable[[str, int, int], None]
"""Called with the step, how many of its requests are done, and how many it has."""

STEPS = ("authentication", "preparation", "loading")


class _EndError(Exception):
    """An error, with the reason for CancelSession."""

    def __init__(self, reason: CancelReason, error: LpaError) -> None:
        super().__init__(str(error))
        self.reason, self.error = reason, error


@dataclass(frozen=True)
class Download:
    """A download from `server`; `exchange` takes an ES10 request and returns its answer.

    The ISD-R must be selected. The caller catches StatusWordError.
    """

    exchange: Callable[[bytes], bytes]
    server: RspServer
    progress: Progress | None = None
    wire: Wire = WIRE_1_2
    oid: str = ""

    def run(self, matching_id: str, confirmation_code: str | None) -> DownloadResult:
        """From the challenge to the ProfileInstallationResult. Raises LpaError."""
        self._tell(0, 0, 2)
        server = begin(self.exchange, self.server, self.wire)
        self._check_server(server)
        authenticated = authenticate(self.exchange, server, matching_id, self.wire)
        self._tell(0, 1, 2)
        with self._cancelling(server.transaction_id):
            offer = self._offer(server.transaction_id, authenticated)
            metadata = answer(self.wire[StoreMetadataRequest], offer.profile_metadata)
            self._check_rules(metadata)
            prepared = self._prepare(offer, confirmation_code)
            with refusals("to bind the Profile"):
                package = self.server.get_bound_profile_package(server.transaction_id, prepared)
            self._tell(1, 1, 1)
            return self._load(package, metadata, offer.profile_metadata)

    def _check_server(self, server: ServerAuthentication) -> None:
        """Raise LpaError if another server has answered, SmdsError for an SM-DS (clause 3.1.3)."""
        check_address(server, self.server.address, self.wire)
        if is_smds(server.certificate):
            raise SmdsError(self.server.address)
        if self.oid:
            found = registered_id(server.certificate)
            if found != self.oid:
                raise LpaError(
                    f"The server's certificate has the OID {found or '(none)'}, but the activation "
                    f"code demands {self.oid}. Ask who issued the code."
                )

    def _check_rules(self, metadata: StoreMetadataRequestValue) -> None:
        """Raise an error if the card's RAT does not allow the policy rules (clause 2.9.2.4)."""
        rules = metadata.get("profilePolicyRules", frozenset())
        if not rules:
            return
        table = answer(self.wire[GetRatResponse], self.exchange(_GET_RAT))["rat"]
        forbidden = forbidden_rules(rules, metadata.get("profileOwner"), table)
        if forbidden:
            names = ", ".join(sorted(_RULES.get(one, f"rule {one}") for one in forbidden))
            raise _EndError(
                CancelReason.PPR_NOT_ALLOWED,
                LpaError(
                    f"The Profile has {names}, which the card's Rules Authorisation Table does not "
                    "allow for its owner. Ask for one without it.",
                    "pprNotAllowed",
                ),
            )

    def _offer(self, transaction_id: bytes, authenticated: bytes) -> ClientAuthentication:
        with refusals("the card or the order"):
            offer = self.server.authenticate_client(transaction_id, authenticated)
        self._tell(0, 2, 2)
        return offer

    def _prepare(self, offer: ClientAuthentication, confirmation_code: str | None) -> bytes:
        self._tell(1, 0, 1)
        signed = answer(self.wire[SmdpSigned2], offer.smdp_signed2)
        hash_cc = offer.hash_cc
        if signed["ccRequiredFlag"] and hash_cc is None:
            if confirmation_code is None:
                raise _EndError(
                    CancelReason.POSTPONED,
                    LpaError(
                        "The order requires a confirmation code. Ask the user for it and start "
                        "again."
                    ),
                )
            hash_cc = hash_of_confirmation_code(confirmation_code, signed["transactionId"])
        response = self.exchange(prepare_download(offer, hash_cc, self.wire))
        found = answer(self.wire[PrepareDownloadResponse], response)
        if found[0] != "downloadResponseOk":
            code = shown(found if isinstance(found, Unknown) else found[1]["downloadErrorCode"])
            raise refused_by_card(f"{code} in PrepareDownloadResponse", code)
        return response

    def _load(
        self, package: bytes, metadata: StoreMetadataRequestValue, shown_before: bytes
    ) -> DownloadResult:
        try:
            requests = segments(package)
            loaded = metadata_in(package)
        except SegmentationError as error:
            raise LpaError(
                f"The server sent no Bound Profile Package: {error}. Check the server."
            ) from error
        if loaded != shown_before:
            raise _EndError(
                CancelReason.METADATA_MISMATCH,
                LpaError(
                    "The package has other metadata than the server showed before. Check the "
                    "server.",
                    "metadataMismatch",
                ),
            )
        try:
            return _outcome(self._put(requests), metadata, self.wire)
        except StatusWordError as error:
            failed = LpaError(str(error), f"{error.sw:04X}")
            raise _EndError(CancelReason.LOAD_BPP_EXECUTION_ERROR, failed) from error
        except LpaError as error:
            raise _EndError(CancelReason.LOAD_BPP_EXECUTION_ERROR, error) from error

    def _put(self, requests: list[bytes]) -> bytes:
        """Send the requests to the card one by one until it answers with a result."""
        for number, one in enumerate(requests):
            self._tell(2, number, len(requests))
            result = self.exchange(one)
            if result:
                self._tell(2, len(requests), len(requests))
                return result
        raise LpaError(
            "The card accepted the whole package without a result. Check its last answer."
        )

    @contextmanager
    def _cancelling(self, transaction_id: bytes) -> Iterator[None]:
        """An error in this block cancels the session on the card and at the server."""
        try:
            yield
        except _EndError as end:
            self._cancel(transaction_id, end.reason)
            raise end.error from end.__cause__
        except (LpaError, StatusWordError):
            self._cancel(transaction_id, CancelReason.UNDEFINED_REASON)
            raise

    def _cancel(self, transaction_id: bytes, reason: CancelReason) -> None:
        # The user needs the first error; a second one adds nothing.
        with suppress(LpaError, StatusWordError, SmdppError):
            asked: CancelSessionRequestValue = {"transactionId": transaction_id, "reason": reason}
            response = self.exchange(request(self.wire[CancelSessionRequest], asked))
            if answer(self.wire[CancelSessionResponse], response)[0] == "cancelSessionResponseOk":
                self.server.cancel_session(transaction_id, response)

    def _tell(self, step: int, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(STEPS[step], done, total)


def _outcome(result: bytes, metadata: StoreMetadataRequestValue, wire: Wire) -> DownloadResult:
    data = answer(wire[ProfileInstallationResult], result)["profileInstallationResultData"]
    final = data["finalResult"]
    if isinstance(final, Unknown):
        code = shown(final)
        raise LpaError(
            f"The card reports {code} for the Profile, which is unknown to SGP.32 v{wire.version}. "
            "List the Profiles to see whether it is there.",
            code,
            result,
        )
    if final[0] == "errorResult":
        reason = str(final[1]["errorReason"])
        raise LpaError(
            f"The card did not install the Profile: {reason} in {final[1]['bppCommandId']}. "
            "Check the package and the card's capabilities.",
            reason,
            result,
        )
    return DownloadResult(
        iccid_digits(metadata["iccid"]),
        final[1]["aid"],
        data["notificationMetadata"]["seqNumber"],
        metadata,
        result,
    )
