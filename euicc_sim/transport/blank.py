"""A blank card, for vpcd's reversed mode, in which pcscd crashes when a slot has no card.

vpcd 3.3 goes on using its descriptor after its connection was refused or has ended. So a slot that
has no card of the user's gets one that does not support any command.
"""

from euicc_sim.transport.vpcd import Control


class BlankCard:
    """A minimal card: the shortest ATR, and "instruction not supported" for every command."""

    atr = bytes.fromhex("3B00")

    def power_off(self) -> None:
        """Do nothing: there is no state."""

    def reset(self) -> bytes:
        """Return the ATR."""
        return self.atr

    def transmit(self, apdu: bytes) -> bytes:
        """Refuse every command."""
        return bytes.fromhex("6D00")

    def idle(self, seconds: float) -> None:
        """There is nothing to do."""


class SilentObserver:
    """A `LinkObserver` that ignores everything."""

    def powered(self, control: Control) -> None: ...

    def answered(self, apdu: bytes, answer: bytes) -> None: ...

    def idle(self) -> None: ...

    def waiting(self, reason: str) -> None: ...

    def connected(self) -> None: ...

    def disconnected(self) -> None: ...

    def silent(self) -> None: ...

    def another(self, *, is_turned_away: bool) -> None: ...
