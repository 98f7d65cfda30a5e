"""A download as the LPA leads it: what goes where, and who hears of it when it fails."""

from __future__ import annotations

from typing import Any

import pytest
from support.bpp import by_clause
from support.bsp import BSP
from support.euiccs import ADDRESS, AID, PaperEuicc, open_package, shared_pki
from support.hexes import hx
from support.phone import PaperPhone

from euicc_sim.env import SeededEnv
from euicc_sim.parties.lpa.es10_messages import DownloadResult
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.errors import LpaError, Refusal, SmdppError
from euicc_sim.parties.messages.interfaces import (
    CancelReason,
    ClientAuthentication,
    ServerAuthentication,
    hash_of_confirmation_code,
)
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.smdpp import Smdpp

UPP = hx(BSP["upp"])
STEPS = [
    "initiate_authentication",
    "authenticate_client",
    "get_bound_profile_package",
    "cancel_session",
]


class Desk:
    """An SM-DP+ that writes down what it is asked, and can be told to refuse or to garble."""

    address = ADDRESS

    def __init__(self, smdpp: Smdpp) -> None:
        self.smdpp = smdpp
        self.asked: list[str] = []
        self.refusing = ""
        self.garbled: dict[str, Any] = {}
        self.package = b""
        self.reasons: list[object] = []

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        self._note("initiate_authentication")
        return self.smdpp.initiate_authentication(euicc_info1, challenge, address)

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        self._note("authenticate_client")
        found = self.smdpp.authenticate_client(transaction_id, response)
        fields = {name: getattr(found, name) for name in found.__slots__}
        return ClientAuthentication(**(fields | self.garbled))

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        self._note("get_bound_profile_package")
        self.package = self.smdpp.get_bound_profile_package(transaction_id, response)
        return self.package

    def handle_notification(self, pending: bytes) -> object:
        return self.smdpp.handle_notification(pending)

    def cancel_session(self, transaction_id: bytes, response: bytes) -> object:
        self._note("cancel_session")
        self.reasons.append(self.smdpp.cancel_session(transaction_id, response))
        return None

    def _note(self, step: str) -> None:
        self.asked.append(step)
        if step == self.refusing:
            raise SmdppError(Refusal.PROFILE_NOT_PREPARED, "Not today. Come tomorrow.")


@pytest.fixture
def desk() -> Desk:
    orders = [
        Order(UPP, "A"),
        Order(UPP, "C", confirmation_code="1234"),
        Order(UPP, eid="89049032123451234512345678901235"),
    ]
    return Desk(Smdpp.of(shared_pki(), orders, random=SeededEnv(1).random))


@pytest.fixture
def phone() -> PaperPhone:
    return PaperPhone(PaperEuicc.below(shared_pki()))


def download(phone: PaperPhone, desk: Desk, **options: Any) -> DownloadResult:
    return Lpa(phone.card()).download(desk, **({"matching_id": "A"} | options))


def failed(phone: PaperPhone, desk: Desk, code: str | None, **options: Any) -> LpaError:
    with pytest.raises(LpaError) as caught:
        download(phone, desk, **options)
    assert caught.value.code == code
    assert type(caught.value) is LpaError
    return caught.value


# -- what goes well


def test_a_download_tells_what_was_installed(phone: PaperPhone, desk: Desk) -> None:
    found = download(phone, desk)
    assert (found.iccid, found.aid, found.seq_number) == ("89000123456789012341", AID, 1)
    assert found.metadata["profileName"] == "vector"
    assert found.result == phone.euicc.result(phone.transaction_id)


def test_the_card_gets_the_package_as_the_clause_cuts_it(phone: PaperPhone, desk: Desk) -> None:
    download(phone, desk)
    assert phone.parts == list(by_clause(desk.package))
    opened = open_package(phone.euicc, phone.loaded, host_id=b"smdpp-01")
    assert opened.package == UPP


def test_the_requests_come_in_their_order(phone: PaperPhone, desk: Desk) -> None:
    card = phone.card()
    Lpa(card).download(desk, matching_id="A")
    found = [one[:2].hex().upper() for one in card.requests[:5]]
    assert found == ["BF2E", "BF20", "BF38", "BF21", "BF36"]
    assert desk.asked == STEPS[:3]
    assert card.selections == 1


def test_the_card_hears_the_matching_id_and_the_device(phone: PaperPhone, desk: Desk) -> None:
    download(phone, desk)
    assert phone.context == hx("A00D 800141 A108 8004 35290611 A100")


def test_without_a_matching_id_none_is_sent(phone: PaperPhone, desk: Desk) -> None:
    assert download(phone, desk, matching_id="").iccid
    assert phone.context == hx("A00A A108 8004 35290611 A100")


def test_progress_is_told(phone: PaperPhone, desk: Desk) -> None:
    told: list[tuple[str, int, int]] = []
    download(phone, desk, progress=lambda *one: told.append(one))
    total = len(phone.parts)
    assert told == [
        ("authentication", 0, 2),
        ("authentication", 1, 2),
        ("authentication", 2, 2),
        ("preparation", 0, 1),
        ("preparation", 1, 1),
        *(("loading", done, total) for done in range(total + 1)),
    ]


def test_the_confirmation_code_goes_as_a_hash(phone: PaperPhone, desk: Desk) -> None:
    download(phone, desk, matching_id="C", confirmation_code="1234")
    assert phone.hash_cc == hash_of_confirmation_code("1234", phone.transaction_id)


def test_a_code_that_nobody_asks_for_is_not_sent(phone: PaperPhone, desk: Desk) -> None:
    download(phone, desk, confirmation_code="1234")
    assert phone.hash_cc is None


# -- what fails before there is something to cancel


def test_a_server_that_refuses_at_once_leaves_nothing_to_cancel(
    phone: PaperPhone, desk: Desk
) -> None:
    desk.refusing = "initiate_authentication"
    assert "Not today" in str(failed(phone, desk, "8.2/3.7"))
    assert (phone.cancelled, desk.asked) == ([], STEPS[:1])


def test_a_card_that_refuses_the_server_leaves_nothing_to_cancel(
    phone: PaperPhone, desk: Desk
) -> None:
    phone.instead["BF38"] = hx("BF3808 A106 800107 020101")
    failed(phone, desk, "invalidCertificate")
    assert (phone.cancelled, desk.asked) == ([], STEPS[:1])


# -- what is cancelled


@pytest.mark.parametrize("step", STEPS[1:3])
def test_what_the_server_refuses_is_cancelled(phone: PaperPhone, desk: Desk, step: str) -> None:
    desk.refusing = step
    failed(phone, desk, "8.2/3.7")
    assert phone.cancelled == [CancelReason.UNDEFINED_REASON]
    assert desk.asked[-1] == "cancel_session"


def test_a_wrong_confirmation_code_is_the_servers_refusal(phone: PaperPhone, desk: Desk) -> None:
    failed(phone, desk, "8.2.7/3.8", matching_id="C", confirmation_code="1")
    assert phone.cancelled == [CancelReason.UNDEFINED_REASON]


def test_without_the_confirmation_code_the_download_is_put_off(
    phone: PaperPhone, desk: Desk
) -> None:
    assert "Ask the user" in str(failed(phone, desk, None, matching_id="C"))
    assert phone.cancelled == [CancelReason.POSTPONED]
    assert desk.reasons == [CancelReason.POSTPONED]


def test_a_card_that_refuses_to_prepare_is_cancelled(phone: PaperPhone, desk: Desk) -> None:
    phone.instead["BF21"] = hx("BF2108 A106 800107 020103")
    failed(phone, desk, "unsupportedCurve")
    assert desk.reasons == [CancelReason.UNDEFINED_REASON]


def test_a_status_word_while_preparing_is_cancelled(phone: PaperPhone, desk: Desk) -> None:
    phone.instead["BF21"] = 0x6A80
    failed(phone, desk, "6A80")
    assert desk.reasons == [CancelReason.UNDEFINED_REASON]


def test_a_profile_that_is_not_installed_is_cancelled(phone: PaperPhone, desk: Desk) -> None:
    phone.error = (2, 9)
    error = failed(phone, desk, "installFailedDueToIccidAlreadyExistsOnEuicc")
    assert error.result == phone.euicc.result(phone.transaction_id, error=(2, 9))
    assert "storeMetadata" in str(error)
    assert desk.reasons == [CancelReason.LOAD_BPP_EXECUTION_ERROR]


def test_nothing_is_sent_after_an_early_result(phone: PaperPhone, desk: Desk) -> None:
    phone.instead["A1"] = phone.euicc.result(b"\x07", error=(2, 9))
    failed(phone, desk, "installFailedDueToIccidAlreadyExistsOnEuicc")
    assert phone.parts[-1][0] == 0xA1


def test_a_status_word_while_loading_is_cancelled(phone: PaperPhone, desk: Desk) -> None:
    phone.instead["86"] = 0x6985
    failed(phone, desk, "6985")
    assert desk.reasons == [CancelReason.LOAD_BPP_EXECUTION_ERROR]


def test_a_card_that_says_nothing_is_cancelled(phone: PaperPhone, desk: Desk) -> None:
    phone.instead["86"] = b""
    assert "without a result" in str(failed(phone, desk, None))
    assert desk.reasons == [CancelReason.LOAD_BPP_EXECUTION_ERROR]


def test_a_result_that_cannot_be_read_is_cancelled(phone: PaperPhone, desk: Desk) -> None:
    phone.instead["86"] = hx("BF3700")
    assert "ProfileInstallationResult" in str(failed(phone, desk, None))
    assert desk.reasons == [CancelReason.LOAD_BPP_EXECUTION_ERROR]


@pytest.mark.parametrize("field", ["profile_metadata", "smdp_signed2"])
def test_what_the_server_garbles_is_cancelled(phone: PaperPhone, desk: Desk, field: str) -> None:
    desk.garbled = {field: b"\x30\x00"}
    failed(phone, desk, None)
    assert desk.reasons == [CancelReason.UNDEFINED_REASON]


def test_a_package_that_is_none_is_cancelled(phone: PaperPhone, desk: Desk) -> None:
    desk.smdpp.adjust = lambda _: _Nothing()  # type: ignore[assignment,return-value]
    assert "no Bound Profile Package" in str(failed(phone, desk, None))
    assert desk.reasons == [CancelReason.UNDEFINED_REASON]


class _Nothing:
    def bound(self, euicc_otpk: bytes) -> bytes:
        return b"\xbf\x36\x00"


# -- when cancelling fails too


@pytest.mark.parametrize("answer", [hx("BF4103 810105"), hx("BF4100"), 0x6A88], ids=str)
def test_what_the_card_does_not_cancel_the_server_does_not_hear(
    phone: PaperPhone, desk: Desk, answer: bytes | int
) -> None:
    phone.error = (5, 12)
    phone.instead["BF41"] = answer
    failed(phone, desk, "installFailedDueToPEProcessingError")
    assert desk.asked == STEPS[:3]


def test_a_server_that_refuses_to_cancel_hides_nothing(phone: PaperPhone, desk: Desk) -> None:
    phone.error = (5, 12)
    desk.refusing = "cancel_session"
    failed(phone, desk, "installFailedDueToPEProcessingError")
    assert desk.asked == STEPS
