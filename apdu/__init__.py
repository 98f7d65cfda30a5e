"""ISO/IEC 7816 for any card: commands, channels, chaining, status words.

Nothing in this package knows what an eUICC is. `Channels` is the entry point: the bytes of a
command go in, the bytes of the response come out.
"""

from apdu.application import Application, Files
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
    "Response",
    "StatusError",
    "TlvError",
    "counts_tries",
    "refuses",
    "tlv",
]
