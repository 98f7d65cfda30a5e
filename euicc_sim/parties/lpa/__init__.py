"""An LPA: the Local Profile Assistant, a phone's program that fetches and manages Profiles.

    lpa = Lpa(card.transmit)
    lpa.download(smdpp, matching_id="CODE-1")
    lpa.enable("89001234567890123456")

Takes a function that exchanges APDUs with a card, and an SM-DP+ as `messages.interfaces` has it;
gives values such as `ProfileInfo`, and raises LpaError. Knows no eIM, and of SM-DP+s only what
they answer. Start reading at `lpa`; `profile_download` is the longest of its tasks.
"""

from euicc_sim.parties.lpa.es10_messages import (
    DownloadResult,
    NotificationInfo,
    ProfileInfo,
    ResetOption,
    identifier,
)
from euicc_sim.parties.lpa.lpa import Lpa, download_over_es9
from euicc_sim.parties.lpa.profile_download import Progress

__all__ = [
    "DownloadResult",
    "Lpa",
    "NotificationInfo",
    "ProfileInfo",
    "Progress",
    "ResetOption",
    "download_over_es9",
    "identifier",
]
