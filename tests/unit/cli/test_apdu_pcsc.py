"""The client's side of PC/SC: which reader is taken, and what is said when none answers."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from euicc_sim.transport.pcsc import PcscError, choose, open_card

VPCD = ["Virtual PCD 00 00", "Virtual PCD 00 01"]


class Scard(SimpleNamespace):
    """pyscard's functions over one reader; `code` is what the function named `failing` returns."""

    SCARD_S_SUCCESS = 0
    SCARD_E_NO_SMARTCARD, SCARD_W_REMOVED_CARD = 1, 2
    SCARD_W_UNPOWERED_CARD, SCARD_W_UNRESPONSIVE_CARD = 3, 4
    SCARD_E_SHARING_VIOLATION, SCARD_W_RESET_CARD, SCARD_E_PROTO_MISMATCH = 5, 6, 7
    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = 1, 2
    SCARD_PCI_T0, SCARD_PCI_T1 = "T=0", "T=1"
    SCARD_SCOPE_SYSTEM = SCARD_SHARE_SHARED = SCARD_RESET_CARD = SCARD_LEAVE_CARD = 0

    def __init__(self, failing: str = "", code: int = 99, protocol: int = 1) -> None:
        super().__init__(failing=failing, code=code, protocol=protocol, done=[])

    def _code(self, name: str) -> int:
        self.done.append(name)
        return self.code if name == self.failing else 0

    def SCardEstablishContext(self, scope: int) -> tuple[int, str]:  # noqa: N802
        return self._code("establish"), "context"

    def SCardReleaseContext(self, context: str) -> int:  # noqa: N802
        return self._code("release")

    def SCardListReaders(self, context: str, groups: list[str]) -> tuple[int, list[str]]:  # noqa: N802
        return self._code("list"), VPCD

    def SCardConnect(self, *_: Any) -> tuple[int, str, int]:  # noqa: N802
        return self._code("connect"), "card", self.protocol

    def SCardReconnect(self, *_: Any) -> tuple[int, int]:  # noqa: N802
        return self._code("reconnect"), self.protocol

    def SCardStatus(self, *_: Any) -> tuple[int, str, int, int, list[int]]:  # noqa: N802
        return self._code("status"), VPCD[0], 0, self.protocol, [0x3B, 0x00]

    def SCardTransmit(self, card: str, protocol: str, apdu: list[int]) -> tuple[int, list[int]]:  # noqa: N802
        self.done.append(protocol)
        return self._code("transmit"), [0x90, 0x00]

    def SCardDisconnect(self, card: str, disposition: int) -> int:  # noqa: N802
        return self._code("disconnect")

    def SCardGetErrorMessage(self, code: int) -> str:  # noqa: N802
        return f"Error {code}."


def install(monkeypatch: pytest.MonkeyPatch, scard: Scard) -> Scard:
    monkeypatch.setitem(sys.modules, "smartcard", SimpleNamespace(scard=scard))
    return scard


@pytest.mark.parametrize(
    ("names", "wanted", "chosen"),
    [
        (["ACR 1", *VPCD], None, VPCD[0]),
        (["ACR 1"], None, "ACR 1"),
        (VPCD, VPCD[1], VPCD[1]),
        (["ACR 1", *VPCD], "00 01", VPCD[1]),
        (VPCD, "0", VPCD[0]),
        (VPCD, "1", VPCD[1]),
        (["ACR 1", *VPCD], "acr", "ACR 1"),
        (["1", *VPCD], "1", "1"),
        (["Virtual PCD 00 00 2", VPCD[0]], VPCD[0], VPCD[0]),
    ],
)
def test_the_reader_is_the_named_one_else_vpcds_else_the_only_one(
    names: list[str], wanted: str | None, chosen: str
) -> None:
    assert choose(names, wanted) == chosen


@pytest.mark.parametrize(
    ("names", "wanted", "words"),
    [
        ([], None, "pcscd has no reader"),
        (["ACR 1", "ACR 2"], None, "choose one with --reader: 0 'ACR 1', 1 'ACR 2'."),
        (VPCD, "ACR", "There is no reader 'ACR'; choose one"),
        (VPCD, "2", "There is no reader '2'; choose one"),
        (VPCD, "", "There is no reader ''"),
    ],
)
def test_without_a_usable_reader_the_error_says_what_to_do(
    names: list[str], wanted: str | None, words: str
) -> None:
    with pytest.raises(PcscError) as caught:
        choose(names, wanted)
    assert words in str(caught.value)


@pytest.mark.parametrize(("protocol", "name"), [(1, "T=0"), (2, "T=1")])
def test_a_card_is_connected_reset_used_and_disconnected(
    monkeypatch: pytest.MonkeyPatch, protocol: int, name: str
) -> None:
    scard = install(monkeypatch, Scard(protocol=protocol))
    with open_card() as card:
        assert card.reader == VPCD[0]
        assert card.reset() == b"\x3b\x00"
        assert card.transmit(b"\x00\x70\x00\x00\x01") == b"\x90\x00"
    assert scard.done == [
        *("establish", "list", "connect", "reconnect", "status"),
        *(name, "transmit", "disconnect", "release"),
    ]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "There is no card in 'Virtual PCD 00 00'"),
        (4, "euicc-sim serve --card DIR"),
        (5, "Another program has exclusive use of 'Virtual PCD 00 00'"),
        (6, "Another program has reset the card"),
        (7, "pcscd refuses T=0 in 'Virtual PCD 00 00': a program has connected with SCARD_SHARE"),
        (99, "failed (Error 99); is the card still there?"),
    ],
)
def test_a_card_that_cannot_be_reached_is_reported_and_nothing_stays_open(
    monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    scard = install(monkeypatch, Scard("connect", code))
    with pytest.raises(PcscError) as caught:
        open_card()
    assert words in str(caught.value)
    assert scard.done[-1] == "release"


def test_without_pcscd_the_error_names_both_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Scard("establish"))
    with pytest.raises(
        PcscError, match=r"pcscd does not answer \(Error 99\); start it, or .*--card"
    ):
        open_card()


def test_without_pyscard_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with pytest.raises(PcscError, match=r"pip install 'euicc-sim\[pcsc\]'"):
        open_card()
