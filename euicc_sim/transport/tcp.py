"""APDUs over TCP, for programs that have a socket and no PC/SC.

Both ways the same framing: a length of two bytes, big-endian, and that many bytes. What the client
sends is a command APDU, what it gets the response, data and status word. A length of 0 resets the
card and is answered with the ATR. Each message has exactly one answer.

    0005 0070000001  ->  0003 01 9000    MANAGE CHANNEL
    0000             ->  0017 3B9F96…    reset

One client at a time has the card, the next one waits for its turn; nobody is timed out. When a
client goes, the card is reset. Where a reader has the same card too, that resets it for both: a
card has one set of contacts.
"""

import socket
from contextlib import suppress

from euicc_sim.transport.framing import PeerGoneError, messages, send
from euicc_sim.transport.link import ListeningLink
from euicc_sim.transport.vpcd import Control, Observer, PoweredCard


class TcpLink(ListeningLink):
    """Listens, and serves one client after the other; the others wait."""

    backlog = 16

    def _converse(self, sock: socket.socket) -> None:
        serve_client(sock, self._card, self._observer)


def serve_client(sock: socket.socket, card: PoweredCard, observer: Observer) -> None:
    """Answer what comes until the client is gone, then take the card's power away."""
    try:
        with suppress(PeerGoneError):
            for message in messages(sock, observer.idle):
                if message:
                    answer = card.transmit(message)
                    send(sock, answer)
                    observer.answered(message, answer)
                else:
                    send(sock, card.reset())
                    observer.powered(Control.RESET)
    finally:
        card.power_off()
        observer.idle()
