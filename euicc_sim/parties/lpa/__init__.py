"""An LPA, the Local Profile Assistant: software of a phone that downloads and manages Profiles.

    lpa = Lpa(card.transmit)
    lpa.download(smdpp, matching_id="CODE-1")
    lpa.enable("89001234567890123456")

Takes a function that exchanges APDUs with a card, and an SM-DP+ as declared in
`messages.interfaces`; returns values such as `ProfileInfo` and raises LpaError. Knows no eIM, and
of SM-DP+s only their answers. Start reading at `lpa`; its longest task is `profile_download`, and
`event_discovery` finds downloads through an SM-DS.
"""

from euicc_sim.parties.lpa.es10_messages import (
    DownloadResult,
    NotificationInfo,
    ProfileInfo,
    ResetOption,
    identifier,
)
from euicc_sim.parties.lpa.event_discovery import Outcome, SmdsError, fetch_events
from euicc_sim.parties.lpa.lpa import Lpa, download_over_es9
from euicc_sim.parties.lpa.profile_download import Progress

__all__ = [
    "DownloadResult",
    "Lpa",
    "NotificationInfo",
    "Outcome",
    "ProfileInfo",
    "Progress",
    "ResetOption",
    "SmdsError",
    "download_over_es9",
    "fetch_events",
    "identifier",
]
