"""ISO/IEC 7816 for any card: commands, channels, chaining, status words.

The bytes of a command go in, the bytes of its response come out: `Channels` finds the channel,
joins chained commands, keeps what waits for GET RESPONSE, and hands everything else to the
`Application` that is selected there. An application refuses by raising `StatusError`, which has a
status word and a reason.

Nothing in this package knows what an eUICC is, what an application does, or where a card is kept.
Start reading at `command` (the bytes of a command, in all four cases), then `channels`.
"""

from apdu.application import Application, Files, Offer, Tell
from apdu.channels import Channels, Installed
from apdu.command import Command, Response
from apdu.status import SW, StatusError, counts_tries, refuses
from apdu.tlv import TlvError, tlv

__all__ = [
    "SW",
    "Application",
    "Channels",
    "Command",
    "Files",
    "Installed",
    "Offer",
    "Response",
    "StatusError",
    "Tell",
    "TlvError",
    "counts_tries",
    "refuses",
    "tlv",
]
