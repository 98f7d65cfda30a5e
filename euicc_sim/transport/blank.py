"""A blank card, for vpcd's reversed mode, in which pcscd dies when a slot has no card to talk to.

(vpcd 3.3 goes on with a descriptor it does not have when its connection is refused or ends.) So
the slot of a reader that no card was named for gets one that knows no command.
"""

from euicc_sim.transport.vpcd import Control


class BlankCard:
    """The least a card can be: an ATR of nothing, and "instruction not supported"."""

    atr = bytes.fromhex("3B00")

    def power_off(self) -> None:
        """There is nothing to lose."""

    def reset(self) -> bytes:
        """Give the ATR."""
        return self.atr

    def transmit(self, apdu: bytes) -> bytes:
        """Know no command."""
        return bytes.fromhex("6D00")


class Unheard:
    """A `LinkObserver` for what nobody wants to read."""

    def powered(self, control: Control) -> None:
        """Say nothing."""

    def answered(self, apdu: bytes, answer: bytes) -> None:
        """Say nothing."""

    def idle(self) -> None:
        """Say nothing."""

    def waiting(self, reason: str) -> None:
        """Say nothing."""

    def connected(self) -> None:
        """Say nothing."""

    def silent(self) -> None:
        """Say nothing."""
