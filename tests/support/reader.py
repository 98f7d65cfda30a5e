"""A real reader: pcscd with vpcd, one card slot that stays, one card after the other in it."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from euicc_sim import Card
from euicc_sim.transport.blank import SilentObserver
from euicc_sim.transport.link import ConnectingLink

READER = "Virtual PCD 00 00"
DEADLINE = 20.0


class Slot:
    """What vpcd sees: always a card, whichever it is at the moment."""

    def __init__(self) -> None:
        self.card: Card | None = None

    @property
    def atr(self) -> bytes:
        return bytes.fromhex("3B9F96803FC7828031E073FE211B6753494D4555303134")

    def idle(self, seconds: float) -> None:
        if self.card:
            self.card.idle(seconds)

    def power_off(self) -> None:
        if self.card:
            self.card.power_off()

    def reset(self) -> bytes:
        return self.card.reset() if self.card else self.atr

    def transmit(self, apdu: bytes) -> bytes:
        return self.card.transmit(apdu) if self.card else b"\x6f\x00"


class Reader:
    """The first slot of the private pcscd of this test run."""

    def __init__(self) -> None:
        if not os.environ.get("EUICC_SIM_PRIVATE_PCSCD"):
            raise LookupError("no pcscd of the tests' own: run them by scripts/test")
        from smartcard.System import readers

        self._readers = readers
        self.slot = Slot()
        self._link = ConnectingLink("127.0.0.1", 35963, self.slot, SilentObserver())
        self._thread = threading.Thread(target=self._link.run, daemon=True)
        self._thread.start()
        self._connection = self._connect()

    def _connect(self) -> Any:
        from smartcard.CardConnection import CardConnection
        from smartcard.Exceptions import SmartcardException
        from smartcard.scard import SCARD_UNPOWER_CARD

        deadline = time.monotonic() + DEADLINE
        while True:
            for reader in self._readers():
                if str(reader) == READER:
                    connection = reader.createConnection()
                    try:
                        connection.connect(
                            CardConnection.T0_protocol, disposition=SCARD_UNPOWER_CARD
                        )
                    except SmartcardException:
                        break
                    return connection
            if time.monotonic() > deadline:
                raise TimeoutError(f"no card in {READER}")
            time.sleep(0.02)

    def insert(self, card: Card) -> None:
        """Put a card in the slot and power it."""
        self.slot.card = card
        self._connection.disconnect()
        self._connection = self._connect()

    def transmit(self, apdu: bytes) -> bytes:
        """One command over PC/SC, answered as it comes."""
        data, sw1, sw2 = self._connection.transmit(list(apdu))
        return bytes(data) + bytes((sw1, sw2))

    def pull(self) -> None:
        """Pull the card out of the reader; who uses it loses it."""
        self._link.stop()
        self._thread.join(DEADLINE)

    def push(self) -> None:
        """Put it back."""
        self._link = ConnectingLink("127.0.0.1", 35963, self.slot, SilentObserver())
        self._thread = threading.Thread(target=self._link.run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take the card out and end the link."""
        self._connection.disconnect()
        self.slot.card = None
        self._link.stop()
        self._thread.join(DEADLINE)
