"""Changes of Profile state: enabling, disabling, deleting, and their Notifications.

Only the effects; the functions and operations decide who may request them, and when.
SGP.22 v2.5 clauses 3.2.1 to 3.2.3, SGP.32 v1.2 clause 3.4.
"""

from __future__ import annotations

from typing import Final

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.sgp22.notifications import NotificationMetadata, OtherSignedNotification
from euicc_sim.asn1.types import prepared
from euicc_sim.es10.registry import ResultCode, ResultError, afterwards
from euicc_sim.es10.session import Happening, Session
from euicc_sim.model.notification import Notification
from euicc_sim.model.profile import Profile, ProfileClass, ProfileEvent, Rule
from euicc_sim.model.replacing import replace
from euicc_sim.readings import ROLLBACK_ENDS_WITHOUT_REFRESH, WAYS_BACK_OVERRULE_PPR1

NOT_FOUND: Final = "iccidOrAidNotFound"


def named(profile: Profile) -> str:
    """The name of a Profile in messages."""
    return f"Profile {iccid_digits(profile.iccid)}"


def by_iccid(session: Session, iccid: bytes, code: ResultCode = NOT_FOUND) -> Profile:
    """The Profile of an ICCID (10 bytes). Raises ResultError."""
    profile = session.state.find_profile(iccid)
    if profile is None:
        raise ResultError(code, f"there is no Profile with ICCID {iccid_digits(iccid)}")
    return profile


def switch_to(session: Session, target: Profile | None, *, refresh: bool) -> None:
    """Enable a Profile, or none, and disable the one that was enabled.

    With `refresh`, a terminal with a toolkit is asked for a reset and keeps the old files until it.
    """
    old = session.state.enabled
    session.state = session.state.with_enabled(target.iccid if target else None)
    _switched(session, refresh=refresh)
    if old is not None:
        tell(session, old, ProfileEvent.DISABLE)
        session.note(f"{named(old)} disabled")
    if target is not None:
        tell(session, target, ProfileEvent.ENABLE)
        session.note(f"{named(target)} enabled")


def remove(session: Session, profile: Profile) -> None:
    """Delete a Profile, and every reference to it."""
    session.state = session.state.without_profile(profile.iccid)
    if profile.enabled:
        _switched(session, refresh=True)
    tell(session, profile, ProfileEvent.DELETE)
    session.note(f"{named(profile)} deleted")


def end_rollback(session: Session, *, refresh: bool) -> None:
    """Revoke a package's authorisation after a switch that no package ordered.

    Before v1.2 it was kept.
    """
    if session.wire.since("1.2") and (refresh or ROLLBACK_ENDS_WITHOUT_REFRESH):
        returns = replace(session.state.returns, rollback=None)
        session.state = replace(session.state, returns=returns)


def _switched(session: Session, *, refresh: bool) -> None:
    """Forget the Profile before a test Profile unless a test or Emergency Profile is enabled."""
    toolkit = session.volatile.toolkit
    session.volatile = replace(
        session.volatile, switched=True, toolkit=toolkit.switched() if refresh else toolkit
    )
    now = session.state.enabled
    if now is None or not (now.profile_class == ProfileClass.TEST or now.is_emergency):
        session.state = replace(session.state, returns=replace(session.state.returns, test=None))


def tell(
    session: Session, profile: Profile, event: ProfileEvent, *, not_to: str | None = None
) -> None:
    """Request Notifications of an event, which are made once the function has returned."""
    session.happenings = (*session.happenings, Happening(profile, event, not_to))


def check_may_stop(profile: Profile | None, code: ResultCode = "disallowedByPolicy") -> None:
    """Refuse if PPR1 forbids disabling that Profile; None is accepted."""
    if profile is not None and Rule.PPR1_NO_DISABLE in profile.rules:
        raise ResultError(code, f"PPR1: {named(profile)} must not be disabled")


def check_gives_way(profile: Profile | None, code: ResultCode) -> None:
    """Refuse if PPR1 forbids disabling that Profile for a rollback or fallback."""
    if not WAYS_BACK_OVERRULE_PPR1:
        check_may_stop(profile, code)


def check_may_go(profile: Profile) -> None:
    """Refuse disallowedByPolicy if PPR2 forbids deleting that Profile."""
    if Rule.PPR2_NO_DELETE in profile.rules:
        raise ResultError("disallowedByPolicy", f"PPR2: {named(profile)} must not be deleted")


def check_disabled(profile: Profile) -> None:
    """Refuse profileNotInDisabledState for the enabled Profile."""
    if profile.enabled:
        raise ResultError("profileNotInDisabledState", f"{named(profile)} is enabled")


def check_enabled(profile: Profile) -> None:
    """Refuse profileNotInEnabledState for a disabled Profile."""
    if not profile.enabled:
        raise ResultError("profileNotInEnabledState", f"{named(profile)} is disabled")


def check_not_busy(session: Session, *, refresh: bool = True) -> None:
    """Refuse catBusy while a proactive session would delay REFRESH."""
    if refresh and session.state.switches.toolkit_busy:
        raise ResultError(
            "catBusy", "a proactive session is in progress (card set --no-toolkit-busy)"
        )
    if refresh and (fetched := session.volatile.toolkit.fetched):
        raise ResultError("catBusy", f"{fetched} was fetched and has no TERMINAL RESPONSE yet")


@afterwards
def make_notifications(session: Session) -> None:
    """Number, sign and store the Notifications of all events (SGP.22 v2.5 clause 3.5)."""
    happenings, session.happenings = session.happenings, ()
    for one in happenings:
        for recipient in one.profile.recipients:
            if one.event in recipient.events and recipient.address != one.not_to:
                _keep(session, one, recipient.address)


def _keep(session: Session, one: Happening, address: str) -> None:
    seq_number, events = session.state.next_seq, frozenset({int(one.event)})
    signer = session.signer_for(one.profile.ci_pk_id)
    metadata = session.wire[NotificationMetadata].encode(
        {
            "seqNumber": seq_number,
            "profileManagementOperation": events,
            "notificationAddress": address,
            "iccid": one.profile.iccid,
        },
    )
    signed = session.wire[OtherSignedNotification].encode(
        {
            "tbsOtherNotification": prepared(NotificationMetadata, metadata),
            "euiccNotificationSignature": signer.sign(metadata),
            "euiccCertificate": signer.credential.euicc_certificate,
            "eumCertificate": signer.credential.eum_certificate,
        },
    )
    session.state = session.state.with_notification(
        Notification(seq_number, events, address, one.profile.iccid, signed),
        session.identity.limits,
    )
