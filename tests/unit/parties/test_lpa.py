"""What an LPA asks a card and makes of the answers; the card plays a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.euiccs import EID, metadata, vector22
from support.hexes import hx
from support.phone import ScriptedCard

from euicc_sim.parties.lpa.es10_messages import NotificationInfo, ResetOption
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.errors import LpaError, Refusal, SmdppError
from euicc_sim.parties.messages.interfaces import ClientAuthentication, ServerAuthentication

ICCID = "89000123456789012341"
AID = "A0000005591010FFFFFFFF8900001000"
ADDRESS = "testsmdpplus1.example.com"


def playing(*names: str) -> ScriptedCard:
    """A card that plays vectors."""
    return ScriptedCard(vector22(one) for one in names)


def refused(call: Callable[[], object], code: str | None) -> str:
    with pytest.raises(LpaError) as caught:
        call()
    assert caught.value.code == code
    return str(caught.value)


# -- the card itself


def test_the_eid_is_read() -> None:
    assert Lpa(playing("ES10c.GetEID")).eid() == EID


def test_the_isdr_is_selected_before_each_task() -> None:
    card = playing("ES10c.GetEID", "ES10c.GetEID")
    lpa = Lpa(card)
    lpa.eid()
    lpa.eid()
    assert card.selections == 2


def test_a_card_without_isdr_is_a_sentence() -> None:
    text = refused(lambda: Lpa(lambda _: hx("6A82")).eid(), "6A82")
    assert "SELECT" in text


def test_a_status_word_is_the_code_of_an_error() -> None:
    card = ScriptedCard([(hx("BF3E035C015A"), 0x6A88)])
    refused(Lpa(card).eid, "6A88")


@pytest.mark.parametrize("answer", ["", "BF3E00", "BF2000", "BF3E"])
def test_an_answer_that_cannot_be_read_is_a_sentence(answer: str) -> None:
    card = ScriptedCard([(hx("BF3E035C015A"), hx(answer))])
    assert "GetEuiccDataResponse" in refused(Lpa(card).eid, None)


# -- profiles


def test_a_profile_of_the_list_is_read() -> None:
    (found,) = Lpa(playing("ES10c.GetProfilesInfo")).profiles()
    assert (found.iccid, found.aid, found.enabled) == (ICCID, hx(AID), False)
    assert (found.service_provider, found.name) == ("OsmocomSPN", "vector")
    assert (found.nickname, found.profile_class) == (None, "operational")


def test_only_the_tags_that_are_asked_for_are_there() -> None:
    (found,) = Lpa(playing("ES10c.GetProfilesInfo (tag list)")).profiles([0x5A, 0x9F70])
    assert (found.iccid, found.enabled, found.aid, found.name) == (ICCID, False, None, None)
    assert "isdpAid" not in found.fields


def test_an_enabled_profile_is_enabled() -> None:
    card = ScriptedCard([(hx("BF2D035C019F"), hx("BF2D08A006E3049F700101"))])
    (found,) = Lpa(card).profiles([0x9F])
    assert (found.enabled, found.iccid) == (True, None)


def test_a_card_without_profiles_has_an_empty_list() -> None:
    assert Lpa(playing("ES10c.GetProfilesInfo (no profile)")).profiles() == []


def test_a_refused_list_is_a_sentence() -> None:
    card = ScriptedCard([(hx("BF2D00"), hx("BF2D03810101"))])
    refused(Lpa(card).profiles, "incorrectInputValues")


# -- switching


def test_a_profile_is_enabled_by_its_aid_with_refresh() -> None:
    card = playing("ES10c.EnableProfile (by AID, refresh)")
    Lpa(card).enable(AID, refresh=True)
    assert card.done


def test_an_aid_may_be_bytes() -> None:
    card = playing("ES10c.EnableProfile (by AID, refresh)")
    Lpa(card).enable(hx(AID), refresh=True)
    assert card.done


def test_a_profile_that_is_not_there_is_a_sentence() -> None:
    card = playing("ES10c.EnableProfile (by ICCID, no refresh, not found)")
    text = refused(lambda: Lpa(card).enable("89FF0123456789012341"[2:]), None)
    assert "not an ICCID" in text
    card = ScriptedCard([(hx("BF3111A00C5A0A98001032547698103214810100"), hx("BF3103800101"))])
    assert "List the Profiles" in refused(lambda: Lpa(card).enable(ICCID), "iccidOrAidNotFound")


def test_a_profile_is_disabled_by_its_iccid() -> None:
    card = playing("ES10c.DisableProfile")
    Lpa(card).disable(ICCID, refresh=True)
    assert card.done


def test_a_profile_is_deleted() -> None:
    card = playing("ES10c.DeleteProfile")
    Lpa(card).delete(AID)
    assert card.done


@pytest.mark.parametrize(
    ("tag", "code", "name"),
    [
        ("BF31", 2, "profileNotInDisabledState"),
        ("BF31", 3, "disallowedByPolicy"),
        ("BF31", 4, "wrongProfileReenabling"),
        ("BF31", 5, "catBusy"),
        ("BF31", 99, "99"),
        ("BF32", 2, "profileNotInEnabledState"),
        ("BF32", 127, "undefinedError"),
        ("BF33", 2, "profileNotInDisabledState"),
    ],
)
def test_a_refusal_has_the_name_of_its_code(tag: str, code: int, name: str) -> None:
    identifier = hx("5A0A98001032547698103214")
    request = hx(f"{tag}11A00C") + identifier + hx("810100")
    if tag == "BF33":
        request = hx("BF330C") + identifier
    card = ScriptedCard([(request, hx(f"{tag}038001{code:02X}"))])
    lpa = Lpa(card)
    call = {"BF31": lpa.enable, "BF32": lpa.disable, "BF33": lpa.delete}[tag]
    refused(lambda: call(ICCID), name)


@pytest.mark.parametrize("text", ["", "8900", "A0", "89000123456789012341234", "x" * 20])
def test_what_names_no_profile_is_not_sent(text: str) -> None:
    card = ScriptedCard([])
    assert "not an ICCID" in refused(lambda: Lpa(card).delete(text), None)
    assert card.selections == 0


def test_a_profile_gets_a_nickname() -> None:
    card = playing("ES10c.SetNickname")
    Lpa(card).set_nickname(ICCID, "work")
    assert card.done


def test_a_nickname_that_is_too_long_is_not_sent() -> None:
    card = ScriptedCard([])
    refused(lambda: Lpa(card).set_nickname(ICCID, "x" * 65), None)
    assert card.selections == 0


def test_everything_is_reset_unless_told_otherwise() -> None:
    card = playing("ES10c.eUICCMemoryReset")
    Lpa(card).memory_reset()
    assert card.done


def test_one_thing_can_be_reset() -> None:
    card = ScriptedCard([(hx("BF340482020520"), hx("BF3403800101"))])
    lpa = Lpa(card)
    refused(lambda: lpa.memory_reset([ResetOption.DEFAULT_SMDP_ADDRESS]), "nothingToDelete")


# -- notifications


class Listener:
    """A server that takes notifications."""

    address = ADDRESS

    def __init__(self, refusing: bytes = b"") -> None:
        self.heard: list[bytes] = []
        self.refusing = refusing

    def handle_notification(self, pending: bytes) -> None:
        if pending == self.refusing:
            raise SmdppError(Refusal.TRANSACTION, "Not known here. Go away.")
        self.heard.append(pending)

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        raise NotImplementedError

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        raise NotImplementedError

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        raise NotImplementedError

    def cancel_session(self, transaction_id: bytes, response: bytes) -> object:
        raise NotImplementedError


PIR = vector22("ES10b.LoadBoundProfilePackage (final response, success)")[1]


def listing(*entries: bytes) -> tuple[bytes, bytes]:
    """ListNotification of these entries."""
    body = b"".join(entries)
    return hx("BF2800"), hx("BF28") + bytes((len(body) + 2, 0xA0, len(body))) + body


def test_notifications_are_listed_oldest_first() -> None:
    card = ScriptedCard([listing(metadata(9, "0410", None, "b"), metadata(2, "0780", None, "a"))])
    assert Lpa(card).notifications() == [
        NotificationInfo(2, ("install",), "a", None),
        NotificationInfo(9, ("delete",), "b", None),
    ]


def test_the_notification_of_the_vectors_is_listed() -> None:
    (found,) = Lpa(playing("ES10b.ListNotification")).notifications()
    assert found == NotificationInfo(1, ("install",), ADDRESS, ICCID)


def test_a_list_that_is_refused_is_a_sentence() -> None:
    card = ScriptedCard([(hx("BF2800"), hx("BF280381017F"))])
    refused(Lpa(card).notifications, "undefinedError")


def test_a_notification_goes_to_its_server_as_it_is_and_is_removed() -> None:
    card = playing(
        "ES10b.ListNotification",
        "ES10b.RetrieveNotificationsList (by seq, PIR)",
        "ES10b.RemoveNotificationFromList",
    )
    server = Listener()
    (done,) = Lpa(card).process_notifications(server)
    assert (done.seq_number, server.heard, card.done) == (1, [PIR], True)


def test_a_notification_can_stay() -> None:
    card = playing("ES10b.ListNotification", "ES10b.RetrieveNotificationsList (by seq, PIR)")
    server = Listener()
    Lpa(card).process_notifications(server, remove=False)
    assert (server.heard, card.done) == ([PIR], True)


def test_what_is_for_another_server_stays() -> None:
    card = ScriptedCard([listing(metadata(1, "0780", None, "other.example.com"))])
    server = Listener()
    assert Lpa(card).process_notifications(server) == []
    assert (server.heard, card.done) == ([], True)


def test_what_the_server_refuses_stays() -> None:
    card = playing("ES10b.ListNotification", "ES10b.RetrieveNotificationsList (by seq, PIR)")
    lpa = Lpa(card)
    refused(lambda: lpa.process_notifications(Listener(refusing=PIR)), "8.10.1/3.9")
    assert card.done


@pytest.mark.parametrize(
    ("answer", "code"), [("BF2B02A000", None), ("BF2B0381017F", "undefinedError")]
)
def test_a_notification_that_is_not_there_is_a_sentence(answer: str, code: str | None) -> None:
    card = ScriptedCard([(hx("BF2B05A003800107"), hx(answer))])
    refused(lambda: Lpa(card).notification(7), code)


def test_nothing_to_remove_is_a_sentence() -> None:
    lpa = Lpa(playing("ES10b.RemoveNotificationFromList (unknown)"))
    refused(lambda: lpa.remove_notification(127), "nothingToDelete")
