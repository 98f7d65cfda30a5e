"""The client's side of PC/SC: a card in a reader, over pyscard. Knows no command.

pyscard is imported when it is needed, since a card needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

PREFERRED = "Virtual PCD"
"""In the name of vpcd's readers."""


class PcscError(Exception):
    """A reader or card that cannot be reached: a sentence that says what to do."""


class PcscCard:
    """A card in a reader, shared with other programs; close it, or use it in a `with`."""

    def __init__(self, scard: Any, context: Any, reader: str) -> None:
        """Connect; `open_card` is the way in."""
        self._scard = scard
        self._context = context
        self.reader = reader
        self._protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        code, self._card, self._protocol = scard.SCardConnect(
            context, reader, scard.SCARD_SHARE_SHARED, self._protocols
        )
        self._check(code)

    def reset(self) -> bytes:
        """A warm reset; returns the ATR."""
        scard = self._scard
        code, self._protocol = scard.SCardReconnect(
            self._card, scard.SCARD_SHARE_SHARED, self._protocols, scard.SCARD_RESET_CARD
        )
        self._check(code)
        code, _, _, _, atr = scard.SCardStatus(self._card)
        self._check(code)
        return bytes(atr)

    def transmit(self, apdu: bytes) -> bytes:
        """One command, answered as it comes: no GET RESPONSE is added."""
        code, answer = self._scard.SCardTransmit(
            self._card,
            self._scard.SCARD_PCI_T0
            if self._protocol == self._scard.SCARD_PROTOCOL_T0
            else self._scard.SCARD_PCI_T1,
            list(apdu),
        )
        self._check(code)
        return bytes(answer)

    def close(self) -> None:
        """Let the card go as it is."""
        self._scard.SCardDisconnect(self._card, self._scard.SCARD_LEAVE_CARD)
        self._scard.SCardReleaseContext(self._context)

    def __enter__(self) -> Self:
        """The card itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _check(self, code: int) -> None:
        scard = self._scard
        if code == scard.SCARD_S_SUCCESS:
            return
        if code in (
            scard.SCARD_E_NO_SMARTCARD,
            scard.SCARD_W_REMOVED_CARD,
            scard.SCARD_W_UNPOWERED_CARD,
            scard.SCARD_W_UNRESPONSIVE_CARD,
        ):
            raise PcscError(
                f"No card answers in '{self.reader}'; put one in with: euicc-sim serve --card DIR"
            )
        if code == scard.SCARD_E_SHARING_VIOLATION:
            raise PcscError(
                f"Another program has '{self.reader}' for itself; end that program and try again."
            )
        if code == scard.SCARD_W_RESET_CARD:
            raise PcscError(
                f"Another program has reset the card in '{self.reader}'; end it and start again."
            )
        raise PcscError(f"'{self.reader}' failed ({_words(scard, code)}); is the card still there?")


def open_card(reader: str | None = None) -> PcscCard:
    """Connect to the card in a reader; see `choose` for which. Raises PcscError."""
    scard = _scard()
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if code != scard.SCARD_S_SUCCESS:
        raise PcscError(
            f"No pcscd answers ({_words(scard, code)}); start it, or play into a card's "
            "directory with --card DIR."
        )
    try:
        code, names = scard.SCardListReaders(context, [])
        return PcscCard(scard, context, choose(list(names), reader))
    except BaseException:
        scard.SCardReleaseContext(context)
        raise


def choose(names: Sequence[str], wanted: str | None) -> str:
    """The reader of that name, else the first that has it as a part of its name.

    When none is wanted: the first of vpcd's, or the only one. Raises PcscError.
    """
    if not names:
        raise PcscError(
            "pcscd has no reader; install vsmartcard-vpcd and restart pcscd, or play into a "
            "card's directory with --card DIR."
        )
    if wanted in names:
        return str(wanted)
    found = [one for one in names if (wanted or PREFERRED) in one]
    if found:
        return found[0]
    if wanted is None and len(names) == 1:
        return names[0]
    listed = ", ".join(f"'{one}'" for one in names)
    what = f"No reader is called '{wanted}'" if wanted else "No reader of these is vpcd's"
    raise PcscError(f"{what}; choose one with --reader: {listed}.")


def _scard() -> Any:
    try:
        from smartcard import scard
    except ImportError as error:
        raise PcscError(
            "PC/SC needs pyscard; install it with: pip install 'euicc-sim[pcsc]', or play into "
            "a card's directory with --card DIR."
        ) from error
    return scard


def _words(scard: Any, code: int) -> str:
    return str(scard.SCardGetErrorMessage(code)).strip().rstrip(".")
