"""ESipa in JSON: every message has one form in each binding, and objects travel as they are."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.by_name import to_eim, to_ipa
from support.esipa_messages import (
    EID,
    FROM_EIMS,
    FROM_IPAS,
    INSTALLED,
    NOTIFICATION,
    PACKAGE,
    RESULT,
)
from support.hexes import hx
from support.judge import judged

from euicc_sim.parties.messages.esipa_json import (
    FUNCTIONS,
    EsipaJsonError,
    Refused,
    answer_fields,
    answer_message,
    request_fields,
    request_message,
)
from euicc_sim.parties.messages.esipa_refusals import code_for

EID_DIGITS = "89049032123451234512345678901235"
REQUESTS = [one for one in FROM_IPAS if one[0] != "transferEimPackageResponse"]
TRANSFERRED = [one for one in FROM_IPAS if one[0] == "transferEimPackageResponse"]
ANSWERS = [one for one in FROM_EIMS if one[0] != "transferEimPackageRequest"]
TRANSFERS = [one for one in FROM_EIMS if one[0] == "transferEimPackageRequest"]


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def function(message: str) -> str:
    """The function of a message by its ASN.1 name: initiateAuthenticationResponseEsipa."""
    return re.sub("(Request|Response)?(Esipa)?$", "", message)


# -- both ways


@pytest.mark.parametrize(("name", "value"), REQUESTS)
def test_a_request_in_json_is_the_same_request(name: str, value: Any) -> None:
    message = to_eim(name, value)
    called, fields = request_fields(message)
    assert called == function(name)
    assert request_message(called, fields) == message


@pytest.mark.parametrize(("name", "value"), TRANSFERS)
def test_a_package_that_is_brought_is_the_same_in_json(name: str, value: Any) -> None:
    message = to_ipa(name, value)
    called, fields = request_fields(message)
    assert called == "transferEimPackage"
    assert request_message(called, fields) == message


@pytest.mark.parametrize(("name", "value"), ANSWERS)
def test_an_answer_in_json_is_the_same_answer_or_a_refusal_with_its_code(
    name: str, value: Any
) -> None:
    message = to_ipa(name, value)
    found = answer_fields(function(name), message)
    if isinstance(found, Refused):
        assert code_for(found.subject, found.reason) == value[1]
    else:
        assert answer_message(function(name), found) == message


@pytest.mark.parametrize(("name", "value"), TRANSFERRED)
def test_the_result_of_a_package_that_was_brought_is_the_same_in_json(
    name: str, value: Any
) -> None:
    message = to_eim(name, value)
    found = answer_fields("transferEimPackage", message)
    assert not isinstance(found, Refused)
    assert answer_message("transferEimPackage", found) == message


# -- as it stands on the wire


def test_an_eid_is_32_digits_and_a_package_is_base64_of_the_whole_object() -> None:
    asked = hx(f"BF4F12 5A10 {EID.hex()}")
    assert request_fields(asked) == ("getEimPackage", {"eidValue": EID_DIGITS})
    given = to_ipa("getEimPackageResponse", ("euiccPackageRequest", PACKAGE))
    assert answer_fields("getEimPackage", given) == {"euiccPackageRequest": b64(PACKAGE)}


def test_a_state_change_says_true_a_number_and_six_digits() -> None:
    asked = hx(f"BF4F1C 5A10 {EID.hex()} 8000 810103 820362F210")
    assert request_fields(asked)[1] == {
        "eidValue": EID_DIGITS,
        "notifyStateChange": True,
        "stateChangeCause": 3,
        "rPLMN": "62F210",
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"eimPackageError": 1}, "BF4F 03 020101"),
        ({"eimPackageError": 127}, "BF4F 03 02017F"),
        (
            {
                "profileDownloadTriggerRequest": (
                    "v1QkoBiAFjEkc21kcC5leGFtcGxlLmNvbSRBQkOCCAECAwQFBgcI"
                )
            },
            "BF4F 27 BF5424 A018 8016 3124736D64702E6578616D706C652E636F6D24414243"
            "8208 0102030405060708",
        ),
    ],
)
def test_answers_to_get_eim_package_as_they_were_seen(
    fields: dict[str, object], message: str
) -> None:
    assert answer_message("getEimPackage", fields) == hx(message)
    judged("EsipaMessageFromEimToIpa", hx(message))


def test_a_result_that_was_seen_in_json_is_read() -> None:
    fields = {"eidValue": EID_DIGITS, "eimPackageResult": "oA2ACAECAwQFBgcIAgEB"}
    message = request_message("provideEimPackageResult", fields)
    assert message == hx(f"BF5021 5A10 {EID.hex()} A00D 8008 0102030405060708 020101")
    judged("EsipaMessageFromIpaToEim", message)


def test_acknowledgements_that_were_seen_in_json_are_read() -> None:
    fields = {"eimAcknowledgements": "v1MDgAEF"}
    assert answer_message("provideEimPackageResult", fields) == hx("BF5006 BF5303 800105")


def test_an_answer_without_fields_acknowledges_nothing() -> None:
    assert answer_message("provideEimPackageResult", {}) == hx("BF5002 3000")
    assert answer_fields("provideEimPackageResult", hx("BF5002 3000")) == {}


def test_a_cancelled_session_has_no_fields() -> None:
    assert answer_message("cancelSession", {}) == hx("BF4102 A000")


def test_acknowledgements_that_were_brought_have_no_answer() -> None:
    brought = to_ipa("transferEimPackageRequest", ("eimAcknowledgements", [8]))
    assert answer_message("transferEimPackage", {}, brought) == b""
    package = to_ipa("transferEimPackageRequest", ("euiccPackageRequest", PACKAGE))
    assert answer_message("transferEimPackage", {}, package) == hx("BF4E02 0500")


@pytest.mark.parametrize(
    "message",
    [
        "BF4E0F BF600C A00A 8008 0102030405060708",
        "BF4E12 BF610F A00A 8008 0102030405060708 810101",
    ],
)
def test_an_answer_of_v1_3_is_the_same_in_json(message: str) -> None:
    found = answer_fields("transferEimPackage", hx(message))
    assert not isinstance(found, Refused)
    assert answer_message("transferEimPackage", found) == hx(message)


def test_an_smds_without_an_event_answers_the_transaction_alone() -> None:
    message = answer_message("authenticateClient", {"transactionId": "0102030405060708"})
    assert message == hx("BF3B0C A10A 8008 0102030405060708")


# -- what others do


def test_a_result_may_stand_in_its_whole_message() -> None:
    inner = to_eim("provideEimPackageResult", {"eimPackageResult": ("euiccPackageResult", RESULT)})
    whole = to_eim(
        "provideEimPackageResult",
        {"eidValue": EID, "eimPackageResult": ("euiccPackageResult", RESULT)},
    )
    for sent in (inner, whole, RESULT):
        fields = {"eidValue": EID_DIGITS, "eimPackageResult": b64(sent)}
        assert request_message("provideEimPackageResult", fields) == whole
    assert request_message("provideEimPackageResult", {"eimPackageResult": b64(whole)}) == whole
    assert request_message("provideEimPackageResult", {"eimPackageResult": b64(inner)}) == inner


def test_a_result_in_handle_notification_may_stand_in_its_whole_message_or_alone() -> None:
    inner = to_eim("provideEimPackageResult", {"eimPackageResult": ("euiccPackageResult", RESULT)})
    messages = {
        request_message("handleNotification", {"provideEimPackageResult": b64(one)})
        for one in (inner, RESULT)
    }
    assert messages == {
        to_eim(
            "handleNotificationEsipa",
            ("provideEimPackageResult", {"eimPackageResult": ("euiccPackageResult", RESULT)}),
        )
    }


def test_the_error_0_beside_a_package_is_none() -> None:
    fields = {"eimPackageError": 0, "euiccPackageRequest": b64(PACKAGE)}
    message = to_ipa("getEimPackageResponse", ("euiccPackageRequest", PACKAGE))
    assert answer_message("getEimPackage", fields) == message
    assert answer_message("provideEimPackageResult", {"eimPackageError": 0}) == hx("BF5002 3000")


def test_a_list_may_be_an_array_of_objects() -> None:
    message = to_eim(
        "transferEimPackageResponse",
        (
            "ePRAndNotifications",
            {"euiccPackageResult": RESULT, "notificationList": [NOTIFICATION, INSTALLED]},
        ),
    )
    found = answer_fields("transferEimPackage", message)
    assert not isinstance(found, Refused)
    both: Any = found["ePRAndNotifications"]
    assert b64decode(both["notificationList"])[:1] == b"\xa0"
    array = both | {"notificationList": [b64(NOTIFICATION), b64(INSTALLED)]}
    assert answer_message("transferEimPackage", {"ePRAndNotifications": array}) == message


def test_base64_may_be_broken_into_lines_and_a_field_unknown() -> None:
    broken = "\n".join(re.findall(".{1,60}", b64(PACKAGE)))
    fields = {"euiccPackageRequest": broken, "somethingNew": [1]}
    message = to_ipa("getEimPackageResponse", ("euiccPackageRequest", PACKAGE))
    assert answer_message("getEimPackage", fields) == message


# -- bad input


@pytest.mark.parametrize(
    ("name", "fields", "why", "missing"),
    [
        ("initiateAuthentication", {}, "lacks euiccChallenge. Send it", True),
        ("provideEimPackageResult", {"eidValue": EID_DIGITS}, "lacks eimPackageResult", True),
        (
            "handleNotification",
            {},
            "lacks pendingNotification or provideEim.*Send one",
            True,
        ),
        (
            "handleNotification",
            {"pendingNotification": b64(INSTALLED), "provideEimPackageResult": b64(RESULT)},
            "has pendingNotification and provideEimPackageResult. Send one of them",
            False,
        ),
        ("getEimPackage", {"eidValue": 1}, "eidValue is not a string", False),
        (
            "getEimPackage",
            {"eidValue": "8904G"},
            "eidValue is not pairs of hex digits",
            False,
        ),
        (
            "getEimPackage",
            {"eidValue": EID_DIGITS, "notifyStateChange": False},
            "notifyStateChange is not true",
            False,
        ),
        (
            "getEimPackage",
            {"eidValue": EID_DIGITS, "stateChangeCause": True},
            "stateChangeCause is not an integer",
            False,
        ),
        (
            "getEimPackage",
            {"eidValue": EID_DIGITS, "stateChangeCause": 1 << 40},
            "stateChangeCause has more than 32 bits",
            False,
        ),
        (
            "authenticateClient",
            {"transactionId": "01", "authenticateServerResponse": b64(RESULT)},
            "authenticateServerResponse has the tag BF51, not BF38",
            False,
        ),
        (
            "authenticateClient",
            {"transactionId": "01", "authenticateServerResponse": "vz"},
            "authenticateServerResponse cannot be read",
            False,
        ),
        (
            "authenticateClient",
            {"transactionId": "01", "authenticateServerResponse": "vzgB"},
            "authenticateServerResponse cannot be read",
            False,
        ),
    ],
)
def test_a_bad_request_says_which_field(
    name: str, fields: dict[str, object], why: str, missing: bool
) -> None:
    with pytest.raises(EsipaJsonError, match=why) as caught:
        request_message(name, fields)
    assert caught.value.missing is missing


@pytest.mark.parametrize(
    ("name", "fields", "why"),
    [
        ("getEimPackage", {}, "lacks euiccPackageRequest, ipaEuiccDataRequest, "),
        ("getBoundProfilePackage", {"transactionId": "01"}, "lacks boundProfilePackage"),
        ("transferEimPackage", {"ePRAndNotifications": "v1E="}, "is not an object"),
        (
            "transferEimPackage",
            {"ePRAndNotifications": {"euiccPackageResult": b64(RESULT)}},
            "ePRAndNotifications it lacks notificationList",
        ),
    ],
)
def test_a_bad_answer_says_which_field(name: str, fields: dict[str, object], why: str) -> None:
    with pytest.raises(EsipaJsonError, match=why):
        answer_message(name, fields)


@pytest.mark.parametrize("message", ["", "BF", "BF4F", "BF7E00", "0500", "BF4F05 5A10 01"])
def test_what_is_no_message_has_no_form_in_json(message: str) -> None:
    with pytest.raises(EsipaJsonError, match="has no form in JSON"):
        request_fields(hx(message))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.binary(max_size=8).map(b64),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
NAMES = sorted(
    {
        field.name
        for one in FUNCTIONS.values()
        for message in (one.request, one.answer)
        if message is not None
        for arm in message.arms
        for field in arm.fields
    }
)


@given(st.sampled_from(sorted(FUNCTIONS)), st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_fields_give_a_message_or_a_sentence(name: str, fields: dict[str, object]) -> None:
    for build in (request_message, answer_message):
        with suppress(EsipaJsonError):
            assert isinstance(build(name, fields), bytes)


@given(st.sampled_from(REQUESTS + ANSWERS), st.data())
def test_a_damaged_message_gives_fields_or_a_sentence(one: tuple[str, Any], data: Any) -> None:
    write: Any = to_eim if one in REQUESTS else to_ipa
    message = bytearray(write(*one))
    at = data.draw(st.integers(0, len(message) - 1))
    message[at] = data.draw(st.integers(0, 255))
    with suppress(EsipaJsonError):
        request_fields(bytes(message))
    with suppress(EsipaJsonError):
        answer_fields(function(one[0]), bytes(message))
