"""An SM-DP+ without a network: ES9+ as methods (SGP.22 v2.5 clauses 3.1 and 5.6).

    smdpp = Smdpp.of(TestPki.load("pki"), [Order(package, "CODE-1")])
    result = Lpa(card.transmit).download(smdpp, matching_id="CODE-1")

Verifies everything that cards send. Validity dates are checked only if a time is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic
from typing import Self, TypedDict, Unpack

from euicc_sim.asn1.codec import Unknown
from euicc_sim.asn1.sgp22.download import SmdpSigned2, SmdpSigned2Value
from euicc_sim.asn1.sgp22.packages import ProfileInstallationResultValue
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.crypto.signature import UnusableKeyError, sign
from euicc_sim.env import SystemEnv
from euicc_sim.parties.authentication import (
    CHALLENGE_SIZE,
    HIGHEST_SVN,
    LOWEST_SVN,
    SMDPP,
    TRANSACTION_ID_SIZE,
    authentic,
    check_info,
    choose,
    genuine,
    greeting,
    read_authentication,
    unknown,
)
from euicc_sim.parties.messages.download_progress import DownloadProgress, Point
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.messages.interfaces import (
    TO_BE_TRIED_AGAIN,
    CancelReason,
    ClientAuthentication,
    ServerAuthentication,
    hash_of_confirmation_code,
)
from euicc_sim.parties.messages.notifications import (
    Signed,
    is_result,
    read_installation,
    read_notification,
    signature_object,
)
from euicc_sim.parties.smdpp.binding import HOST_ID, SEGMENT_SIZE, Binding
from euicc_sim.parties.smdpp.card_answers import (
    NotificationFacts,
    facts,
    read_cancelling,
    read_preparation,
    result_facts,
)
from euicc_sim.parties.smdpp.download_orders import (
    Delivery,
    Order,
    OrderRecord,
    Prepared,
    wrong_code,
)
from euicc_sim.parties.smdpp.order_book import OrderBook, Orders, check_eligible, find_order
from euicc_sim.parties.smdpp.sessions import (
    Identity,
    Session,
    Sessions,
    check_oid,
    identities,
)
from keys import Curve, TestPki, profiles


class Options(TypedDict, total=False):
    """The fields of an `Smdpp` that have a default."""

    address: str
    random: Callable[[int], bytes]
    at: datetime | None
    host_id: bytes
    segment_size: int
    replace_keys: bool
    reuse_keys: bool
    lowest_svn: bytes
    highest_svn: bytes
    check_rules: bool
    wire: Wire
    clock: Callable[[], datetime]
    seconds: Callable[[], float]
    progress: Callable[[DownloadProgress], None]
    adjust: Callable[[Binding], Binding]


@dataclass(eq=False, kw_only=True)
class Smdpp:
    """An SM-DP+; its refusals are SmdppError, and a refusal ends the transaction, but for that of a
    confirmation code while tries are left.

    `address` is its FQDN, `random` returns that many random bytes, `at` is the time at which cards'
    certificates must be valid (None: dates are not checked). Packages have segments of
    `segment_size` bytes and ReplaceSessionKeys if `replace_keys`; with `reuse_keys` a card that
    retries is asked for the one-time key of its last attempt. Cards have an svn from `lowest_svn`
    to `highest_svn`, 3 bytes each; a card that forbids a policy rule of the Profile is not eligible
    if `check_rules`. `progress` is told how far each download has come. `clock` tells whether an
    order has expired, `seconds` how old a transaction is. `adjust` can change each binding, so that
    a test can make a faulty one.
    """

    identities: tuple[Identity, ...]
    address: str = profiles.DP_HOST
    orders: Orders = field(default_factory=OrderBook)
    random: Callable[[int], bytes] = field(default=SystemEnv().random, repr=False)
    at: datetime | None = None
    host_id: bytes = HOST_ID
    segment_size: int = SEGMENT_SIZE
    replace_keys: bool = True
    reuse_keys: bool = True
    lowest_svn: bytes = LOWEST_SVN
    highest_svn: bytes = HIGHEST_SVN
    check_rules: bool = True
    wire: Wire = WIRE_1_2
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    seconds: Callable[[], float] = field(default=monotonic, repr=False)
    progress: Callable[[DownloadProgress], None] = field(default=lambda _: None, repr=False)
    adjust: Callable[[Binding], Binding] = field(default=lambda one: one, repr=False)
    _sessions: Sessions = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sessions = Sessions(self.seconds)

    @classmethod
    def of(
        cls,
        pki: TestPki,
        orders: Iterable[Order] = (),
        *,
        curves: Iterable[Curve] | None = None,
        **options: Unpack[Options],
    ) -> Self:
        """The SM-DP+ of a test PKI, on all its curves or on these; `options` are the fields.

        Raises PkiError if the PKI lacks its certificates or keys.
        """
        return cls(identities=identities(pki, curves), orders=OrderBook(orders), **options)

    def session(self, transaction_id: bytes) -> Session:
        """The state of a transaction, for observers. Raises SmdppError for an unknown one."""
        return self._sessions.any(transaction_id)

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        """ES9+.InitiateAuthentication, clause 5.6.1: EUICCInfo1 (BF20), a challenge of 16 bytes."""
        info = check_info(
            SMDPP,
            euicc_info1,
            challenge,
            asked=address,
            own=self.address,
            lowest=self.lowest_svn,
            highest=self.highest_svn,
            wire=self.wire,
        )
        identity = choose(
            SMDPP,
            self.identities,
            info["euiccCiPKIdListForVerification"],
            info["euiccCiPKIdListForSigning"],
        )
        session = Session(self.random(TRANSACTION_ID_SIZE), identity, self.random(CHALLENGE_SIZE))
        self._sessions.add(session)
        return greeting(session, challenge, self.address, self.wire)

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        """ES9+.AuthenticateClient, clause 5.6.3, with AuthenticateServerResponse (BF38)."""
        session = self._sessions.current(transaction_id)
        if session.euicc is not None:
            raise unknown(transaction_id)
        with self._sessions.ending(session):
            answer = read_authentication(response, self.wire)
            euicc = authentic(session, answer, self.identities, self.at)
            self._sessions.prove(session, euicc)
            signed = answer.value["euiccSigned1"]
            context = signed["ctxParams1"]
            named = "" if isinstance(context, Unknown) else context[1].get("matchingId", "")
            record = session.record = find_order(self.orders, named, euicc.eid)
            with self._failing(Point.ELIGIBILITY, session):
                record.check_offer(euicc.eid, self.clock())
                order = self.orders.profile(record)
                if self.check_rules:
                    forbidden = signed["euiccInfo2"].get("forbiddenProfilePolicyRules", ())
                    check_eligible(record, order.policy_rules(self.wire), forbidden)
                prepared = self._preparation(session, record, order, answer.signature)
                if record.tries is not None:
                    session.record = self._try(record, euicc.eid)
        self._report(Point.ELIGIBILITY, session)
        return prepared

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        """ES9+.GetBoundProfilePackage, clause 5.6.2, with PrepareDownloadResponse (BF21).

        Returns BoundProfilePackage (BF36); the same bytes if the card retries with the same key,
        or if the same request comes again since the answer was lost.
        """
        session = self._sessions.current(transaction_id)
        euicc, offered = session.download
        given = sha256(response).digest()
        if session.bound and (session.answered != given or session.reported):
            raise unknown(transaction_id)
        with self._sessions.ending(session):
            answer = read_preparation(response, self.wire)
            answer.check(euicc, "euiccSignature2", signature_object(session.smdp_signature2))
            signed = answer.value["euiccSigned2"]
            session.check_transaction(signed["transactionId"])
            record = self.orders.record(offered.number)
            with self._failing(Point.DELIVERY, session):
                record.check_delivery(offered, euicc.eid)
            with self._failing(Point.CONFIRMATION_FAILURE, session):
                self._check_code(session, record, signed.get("hashCc"))
            with self._failing(Point.DELIVERY, session):
                delivery, package = self._bound(session, record, signed["euiccOtpk"])
                with self.orders.changing() as draft:
                    now = draft.record(record.number)
                    now.check_delivery(offered, euicc.eid)
                    draft.put(now.delivered(delivery))
        if not session.bound:
            self._report(Point.DELIVERY, session)
        session.bound, session.answered = True, given
        return package

    def handle_notification(self, pending: bytes) -> NotificationFacts:
        """ES9+.HandleNotification, clause 5.6.4, with any PendingNotification (BF37 or 30).

        A ProfileInstallationResult must belong to a transaction of this SM-DP+; the card of any
        other notification is identified by the certificates in it.
        """
        if is_result(pending):
            return self._handle_result(read_installation(pending, self.wire), pending)
        other = read_notification(pending, self.wire)
        certificate, eum = other.value["euiccCertificate"], other.value["eumCertificate"]
        euicc = genuine(certificate, eum, self.identities, self.at)
        other.check(euicc, "euiccNotificationSignature")
        found = facts(euicc, other.value["tbsOtherNotification"])
        if found.event == "delete" and found.iccid is not None:
            self._deleted(found.iccid, euicc.eid, found.seq_number)
        return found

    def cancel_session(self, transaction_id: bytes, response: bytes) -> CancelReason:
        """ES9+.CancelSession, clause 5.6.5, with CancelSessionResponse (BF41): its reason."""
        session = self._sessions.current(transaction_id)
        euicc, record = session.download
        answer = read_cancelling(response, self.wire)
        answer.check(euicc, "euiccCancelSessionSignature")
        signed = answer.value["euiccCancelSessionSigned"]
        session.check_transaction(signed["transactionId"])
        check_oid(signed["smdpOid"], session.identity.oid)
        self._sessions.end(session)
        known = signed["reason"] in set(CancelReason)
        reason = CancelReason(signed["reason"]) if known else CancelReason.UNDEFINED_REASON
        put_off = session.mendable and reason is CancelReason.UNDEFINED_REASON
        if reason not in TO_BE_TRIED_AGAIN and not put_off:
            with self.orders.changing() as draft:
                now = draft.record(record.number)
                if now.offered_as(record, euicc.eid):
                    draft.put(now.refused(euicc.eid))
        words = f"The session was cancelled: {reason.name.lower().replace('_', ' ')}."
        self._report(Point.CONFIRMATION_FAILURE, session, words)
        return reason

    def _try(self, record: OrderRecord, eid: str) -> OrderRecord:
        """Count an attempt, unless others have used them up meanwhile."""
        with self.orders.changing() as draft:
            now = draft.record(record.number)
            now.check_offer(eid, self.clock())
            return draft.put(now.tried())

    def _check_code(self, session: Session, record: OrderRecord, given: bytes | None) -> None:
        """Raise SmdppError for a wrong hash of a confirmation code, or a missing one."""
        code = record.confirmation_code
        if code is None or given == hash_of_confirmation_code(code, session.transaction_id):
            return
        if given is None:
            raise SmdppError(
                Refusal.CONFIRMATION_CODE_MISSING,
                "The order requires a confirmation code, and none was given. Ask the user for it.",
            )
        euicc, offered = session.download
        with self.orders.changing() as draft:
            now = draft.record(record.number)
            now.check_delivery(offered, euicc.eid)
            now = draft.put(now.given_wrong_code())
        raise wrong_code(now)

    def _deleted(self, iccid: str, eid: str, seq_number: int) -> None:
        for record in self.orders.with_iccid(iccid):
            if record.deleted(eid, seq_number) is not record:
                with self.orders.changing() as draft:
                    draft.put(draft.record(record.number).deleted(eid, seq_number))

    def _preparation(
        self, session: Session, record: OrderRecord, order: Order, euicc_signature1: bytes
    ) -> ClientAuthentication:
        """The input of PrepareDownload; its signature covers that of the card."""
        euicc, _ = session.download
        pb = session.identity.pb
        value: SmdpSigned2Value = {
            "transactionId": session.transaction_id,
            "ccRequiredFlag": record.confirmation_code is not None,
        }
        earlier = record.prepared_for(euicc.eid)
        if self.reuse_keys and earlier and earlier.curve == pb.private_key.curve.name:
            value["bppEuiccOtpk"] = earlier.euicc_otpk
        signed = self.wire[SmdpSigned2].encode(value)
        signature = sign(pb.private_key, signed + signature_object(euicc_signature1))
        session.smdp_signature2 = signature
        return ClientAuthentication(
            session.transaction_id,
            order.store_metadata(self.address, self.wire),
            signed,
            signature,
            pb.der,
        )

    def _bound(
        self, session: Session, record: OrderRecord, euicc_otpk: bytes
    ) -> tuple[Delivery, bytes]:
        """The Bound Profile Package, and what is kept of it."""
        euicc, _ = session.download
        key = session.identity.pb.private_key
        prepared = record.prepared_for(euicc.eid)
        if prepared is None or prepared.euicc_otpk != euicc_otpk:
            curve, replace_keys = key.curve.name, self.replace_keys
            prepared = Prepared.make(euicc_otpk, curve, self.random, replace_keys=replace_keys)
        order = self.orders.profile(record)
        binding = Binding(
            package=order.package,
            metadata=order.store_metadata(self.address, self.wire),
            transaction_id=session.transaction_id,
            eid=bytes.fromhex(euicc.eid),
            signing_key=key,
            one_time_key=prepared.one_time_key,
            keys=prepared.session_keys,
            host_id=self.host_id,
            segment_size=self.segment_size,
        )
        try:
            package = self.adjust(binding).bound(euicc_otpk)
        except UnusableKeyError as error:
            raise SmdppError(
                Refusal.EUICC_SIGNATURE,
                f"The card's one-time key is unusable: {error}. It must be on the curve of "
                "CERT.DPpb.",
            ) from error
        oid = session.identity.oid
        return Delivery.to(euicc, session.transaction_id, oid, prepared), package

    def _handle_result(
        self, result: Signed[ProfileInstallationResultValue], message: bytes
    ) -> NotificationFacts:
        data = result.value["profileInstallationResultData"]
        transaction_id = data["transactionId"]
        session = self._sessions.find(transaction_id)
        # A restart forgets sessions, but not to whom a package was given out.
        kept = self.orders.with_transaction(transaction_id)
        if kept is not None and kept.delivery is not None:
            record, euicc, oid = kept, kept.delivery.euicc, kept.delivery.oid
            expected = kept.awaits_result(transaction_id)
        elif session is not None:
            euicc, offered = session.download
            record, oid = self.orders.record(offered.number), session.identity.oid
            expected = not session.reported and record.offered_as(offered, euicc.eid)
        else:
            raise unknown(transaction_id)
        result.check(euicc, "euiccSignPIR")
        check_oid(data["smdpOid"], oid)
        found = result_facts(euicc, data)
        if found.installed and expected:
            with self.orders.changing() as draft:
                now = draft.record(record.number)
                if now.revision == record.revision or now.awaits_result(transaction_id):
                    draft.put(now.installed(euicc.eid, found.seq_number))
        if expected and (session is None or not session.reported):
            failure = None if found.installed else f"The card did not install it: {found.error}."
            self._report_of(Point.INSTALLATION, record, euicc.eid, failure, result=message)
        if session is not None:
            session.reported = True
        return found

    # -- what the operator is told

    @contextmanager
    def _failing(self, point: Point, session: Session) -> Iterator[None]:
        """Report a refusal in this block as a failure at that point."""
        try:
            yield
        except SmdppError as error:
            self._report(point, session, str(error), (error.subject, error.reason))
            raise

    def _report(
        self,
        point: Point,
        session: Session,
        failure: str | None = None,
        codes: tuple[str, str] | None = None,
    ) -> None:
        euicc, record = session.download
        self._report_of(point, record, euicc.eid, failure, codes)

    def _report_of(
        self,
        point: Point,
        record: OrderRecord,
        eid: str,
        failure: str | None,
        codes: tuple[str, str] | None = None,
        *,
        result: bytes | None = None,
    ) -> None:
        self.progress(
            DownloadProgress(
                point=point,
                iccid=record.iccid or "",
                profile_type=record.profile_type,
                eid=eid,
                at=self.clock(),
                failure=failure,
                codes=codes,
                result=result,
            )
        )
