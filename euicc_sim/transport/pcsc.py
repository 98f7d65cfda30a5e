"""The client side of PC/SC: a card in a reader, through pyscard. Knows nothing of commands.

pyscard is imported only when it is needed: serving a card does not need it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

PREFERRED = "Virtual PCD"
"""Part of the names of vpcd's readers."""


_NUMBER = re.compile(r"[0-9]{1,3}")


class PcscError(Exception):
    """A reader or card that cannot be reached. The text says what to do."""


class PcscCard:
    """A card in a reader, shared with other programs. Make one with `open_card`.

    Close it, or use it in a `with`. Everything raises PcscError.
    """

    def __init__(self, scard: Any, context: Any, reader: str) -> None:
        self._scard = scard
        self._context = context
        self.reader = reader
        self._protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        code, self._card, self._protocol = scard.SCardConnect(
            context, reader, scard.SCARD_SHARE_SHARED, self._protocols
        )
        self._check(code)

    def reset(self) -> bytes:
        """Reset the card (warm reset); return the ATR."""
        scard = self._scard
        code, self._protocol = scard.SCardReconnect(
            self._card, scard.SCARD_SHARE_SHARED, self._protocols, scard.SCARD_RESET_CARD
        )
        self._check(code)
        code, _, _, _, atr = scard.SCardStatus(self._card)
        self._check(code)
        return bytes(atr)

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command and return the response as it is: no GET RESPONSE is added."""
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
        """Disconnect from the card without a reset."""
        self._scard.SCardDisconnect(self._card, self._scard.SCARD_LEAVE_CARD)
        self._scard.SCardReleaseContext(self._context)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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
                f"There is no card in '{self.reader}'; insert one with: euicc-sim serve --card DIR"
            )
        if code == scard.SCARD_E_SHARING_VIOLATION:
            raise PcscError(
                f"Another program has exclusive use of '{self.reader}'; end it and try again."
            )
        if code == scard.SCARD_E_PROTO_MISMATCH:
            raise PcscError(
                f"pcscd refuses T=0 in '{self.reader}': a program has connected with "
                "SCARD_SHARE_DIRECT and the raw protocol, and pcscd keeps to it until the card has "
                "been without power; end that program, then stop serve and start it again."
            )
        if code == scard.SCARD_W_RESET_CARD:
            raise PcscError(
                f"Another program has reset the card in '{self.reader}'; end it and try again."
            )
        raise PcscError(f"'{self.reader}' failed ({_words(scard, code)}); is the card still there?")


def open_card(reader: str | None = None) -> PcscCard:
    """Connect to the card in a reader; see `choose` for which. Raises PcscError."""
    scard = _scard()
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if code != scard.SCARD_S_SUCCESS:
        raise PcscError(
            f"pcscd does not answer ({_words(scard, code)}); start it, or use a card without "
            "PC/SC: --card DIR."
        )
    try:
        code, names = scard.SCardListReaders(context, [])
        return PcscCard(scard, context, choose(list(names), reader))
    except BaseException:
        scard.SCardReleaseContext(context)
        raise


def reader_names() -> list[str]:
    """The readers of pcscd; none if it cannot be asked."""
    try:
        scard = _scard()
    except PcscError:
        return []
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if code != scard.SCARD_S_SUCCESS:
        return []
    try:
        code, names = scard.SCardListReaders(context, [])
        return list(names) if code == scard.SCARD_S_SUCCESS else []
    finally:
        scard.SCardReleaseContext(context)


def choose(names: Sequence[str], wanted: str | None) -> str:
    """The reader with the name `wanted`, or that number (from 0), or whose name contains it.

    The first one counts. If `wanted` is None: the first of vpcd's, or the only one. Raises
    PcscError.
    """
    if not names:
        raise PcscError(
            "pcscd has no reader; install vsmartcard-vpcd and restart pcscd, or use a card without "
            "PC/SC: --card DIR."
        )
    if wanted in names:
        return str(wanted)
    if wanted == "":
        pass
    elif wanted is not None and _NUMBER.fullmatch(wanted):
        if int(wanted) < len(names):
            return names[int(wanted)]
    elif found := [one for one in names if (wanted or PREFERRED).lower() in one.lower()]:
        return found[0]
    if wanted is None and len(names) == 1:
        return names[0]
    listed = ", ".join(f"{number} '{one}'" for number, one in enumerate(names))
    what = (
        f"There is no reader '{wanted}'"
        if wanted is not None
        else "None of these readers is vpcd's"
    )
    raise PcscError(f"{what}; choose one with --reader: {listed}.")


def _scard() -> Any:
    try:
        from smartcard import scard
    except ImportError as error:
        raise PcscError(
            "PC/SC needs pyscard; install it with: pip install 'euicc-sim[pcsc]', or use a card "
            "without PC/SC: --card DIR."
        ) from error
    return scard


def _words(scard: Any, code: int) -> str:
    return str(scard.SCardGetErrorMessage(code)).strip().rstrip(".")
