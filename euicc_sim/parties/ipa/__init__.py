"""An IPA, the IoT Profile Assistant: software of a device that carries out an eIM's orders.

    Ipa(card.transmit, EsipaClient("https://eim.example.com")).poll()

Takes a function that exchanges APDUs with a card, and an `Esipa` (`messages.interfaces`); returns
the outcome of a poll and raises LpaError. Builds on the LPA for downloads. Looks into a package
only to see whether the card may go back, and knows no network beyond ESipa. Start reading at
`ipa`.
"""

from euicc_sim.parties.ipa.es10b import IpaCard, TrustedEim
from euicc_sim.parties.ipa.ipa import Ipa, Poll
from euicc_sim.parties.ipa.memory_file import MemoryFile
from euicc_sim.parties.ipa.resident import Pace, Report, ReportEvent, Resident, StoppedError, polled
from euicc_sim.parties.ipa.state_changes import Memory, ShortMemory
from euicc_sim.parties.ipa.triggered_download import DownloadMode, EnableAtOnce

__all__ = [
    "DownloadMode",
    "EnableAtOnce",
    "Ipa",
    "IpaCard",
    "Memory",
    "MemoryFile",
    "Pace",
    "Poll",
    "Report",
    "ReportEvent",
    "Resident",
    "ShortMemory",
    "StoppedError",
    "TrustedEim",
    "polled",
]
