"""APDUs over TCP, for programs that have sockets but not PC/SC.

The framing is the same both ways: two bytes of length, big-endian, then that many bytes. The client
sends a command APDU and gets the response, data and status word. A length of 0 resets the card and
is answered with the ATR. Each message has exactly one answer.

    0005 0070000001  ->  0003 01 9000    MANAGE CHANNEL
    0000             ->  0017 3B9F96…    reset

One client at a time has the card; the next one waits for its turn, and there is no timeout. When a
client disconnects, the card is reset. If a reader has the same card, that resets it for both: a
card has only one set of contacts.
"""

import socket
from contextlib import suppress

from euicc_sim.transport.framing import PeerGoneError, messages, send
from euicc_sim.transport.link import ListeningLink
from euicc_sim.transport.vpcd import Control, Observer, PoweredCard, pauses


class TcpLink(ListeningLink):
    """Listens, and serves one client after another; the others wait."""

    backlog = 16

    def _converse(self, sock: socket.socket) -> None:
        self._observer.connected()
        serve_client(sock, self._card, self._observer)


def serve_client(sock: socket.socket, card: PoweredCard, observer: Observer) -> None:
    """Answer messages until the client is gone, then power the card off."""
    try:
        with suppress(PeerGoneError):
            for message in messages(sock, pauses(card, observer)):
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
