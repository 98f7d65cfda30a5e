"""An IPA: the IoT Profile Assistant, a device's program that does with a card what an eIM orders.

    Ipa(card.transmit, EsipaClient("https://eim.example.com")).poll()

Takes a function that exchanges APDUs with a card, and a way to an eIM (`messages.interfaces`);
gives what a poll came to, and raises LpaError. Downloads as an LPA does, on which it builds. Reads
no package that it carries but to see whether the card may go back, and knows no network beyond
ESipa. Start reading at `ipa`.
"""

from euicc_sim.parties.ipa.es10b import IpaCard, TrustedEim
from euicc_sim.parties.ipa.ipa import Ipa, Poll
from euicc_sim.parties.ipa.triggered_download import DownloadMode

__all__ = ["DownloadMode", "Ipa", "IpaCard", "Poll", "TrustedEim"]
