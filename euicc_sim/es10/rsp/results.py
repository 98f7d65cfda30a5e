"""ProfileInstallationResult: a signed and stored result (SGP.22 v2.5 clause 2.5.6)."""

from __future__ import annotations

from apdu import tlv
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.sgp22.notifications import NotificationMetadataValue
from euicc_sim.asn1.sgp22.packages import (
    BppCommandIdName,
    ErrorReasonName,
    ErrorResultValue,
    FinalResultValue,
    ProfileInstallationResultData,
    SuccessResultValue,
)
from euicc_sim.asn1.wire import SIGNATURE
from euicc_sim.es10.session import Session
from euicc_sim.model.notification import Notification
from euicc_sim.model.profile import BppCommand, Installation, Profile, ProfileEvent
from euicc_sim.model.replacing import replace

RESULT = 0xBF37
STEPS: dict[BppCommand, BppCommandIdName] = {
    BppCommand.INITIALISE_SECURE_CHANNEL: "initialiseSecureChannel",
    BppCommand.CONFIGURE_ISDP: "configureISDP",
    BppCommand.STORE_METADATA: "storeMetadata",
    BppCommand.REPLACE_SESSION_KEYS: "replaceSessionKeys",
    BppCommand.LOAD_PROFILE_ELEMENTS: "loadProfileElements",
}


class LoadError(Exception):
    """A download fails: an ErrorReason by name, the reason, and the SIMalliance response, if any.

    `step` is the refused BppCommand.
    """

    def __init__(
        self,
        step: BppCommand,
        reason: ErrorReasonName,
        why: str,
        sima_response: bytes | None = None,
    ) -> None:
        super().__init__(f"{reason}: {why}")
        self.step = step
        self.reason: ErrorReasonName = reason
        self.sima_response = sima_response


def succeeded(
    session: Session, download: Installation, profile: Profile, sima_response: bytes
) -> bytes:
    """Store the result of a successful download."""
    result: SuccessResultValue = {"aid": profile.aid, "simaResponse": sima_response}
    return _keep(session, download, profile.iccid, ("successResult", result))


def failed(session: Session, download: Installation, error: LoadError) -> bytes:
    """Store the result of a failed download."""
    session.refuse(f"{error.step.name}: {error}")
    final: ErrorResultValue = {
        "bppCommandId": STEPS[error.step],
        "errorReason": error.reason,
    }
    if error.sima_response is not None:
        final["simaResponse"] = error.sima_response
    return _keep(session, download, download.iccid, ("errorResult", final))


def interrupt(session: Session) -> None:
    """End a download that was interrupted.

    Only its result remains, if the secure channel was open: SGP.22 v2.5 clause 3.1.3.3.
    """
    download = session.state.installation
    if download is not None:
        step = BppCommand(download.step)
        failed(
            session,
            download,
            LoadError(
                step,
                "installFailedDueToInterruption",
                "another command or a reset interrupted the download",
            ),
        )
    session.volatile = session.volatile.loaded()


def _keep(
    session: Session, download: Installation, iccid: bytes | None, final: FinalResultValue
) -> bytes:
    """Number, sign and store a result as the Notification of the installation."""
    state = replace(session.state, installation=None)
    events = frozenset({int(ProfileEvent.INSTALL)})
    metadata: NotificationMetadataValue = {
        "seqNumber": state.next_seq,
        "profileManagementOperation": events,
        "notificationAddress": download.address,
    }
    if iccid is not None:
        metadata["iccid"] = iccid
    data = session.wire[ProfileInstallationResultData].encode(
        {
            "transactionId": download.transaction_id,
            "notificationMetadata": metadata,
            "smdpOid": download.smdp_oid,
            "finalResult": final,
        },
    )
    signature = session.signer_for(download.ci_pk_id).sign(data)
    signed = tlv(RESULT, data, tlv(SIGNATURE, signature))
    session.state = state.with_notification(
        Notification(state.next_seq, events, download.address, iccid, signed),
        session.identity.limits,
    )
    subject = "a download" if iccid is None else f"Profile {iccid_digits(iccid)}"
    session.note(f"{subject} from {download.address}, result {state.next_seq}")
    return signed
