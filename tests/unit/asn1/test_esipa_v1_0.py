"""What an IPA of SGP.32 v1.0.1 sends, written by the judge of that version, is read as v1.2's."""

from __future__ import annotations

from typing import Any

import pytest
from support.by_name import to_eim
from support.eims import tlv
from support.euiccs import sgp22, vector22
from support.hexes import hx
from support.judge import module
from support.vectors import vector

from euicc_sim.asn1 import esipa
from euicc_sim.asn1.esipa import Asn1Error

OLD = "GSMA/SGP_32/v1_0_1/python_gen/sgp32/sgp32.py"
RESULT = vector("res_enable_ok_v101")
INSTALLED = vector22("ES10b.LoadBoundProfilePackage (final response, success)")[1]
NOTIFICATION = vector22("ES10b.RetrieveNotificationsList (by seq, other)")[1][9:]
CERTIFICATES = {name: hx(one["der"]) for name, one in sgp22()["certificates"].items()}
CANCELLED = vector22("ES10b.CancelSession")[1]


def judges(data: bytes) -> bytes:
    """The bytes, once the old judge has read them as a message and written the same."""
    one = module(OLD).SGP32Definitions.EsipaMessageFromIpaToEim
    one.from_der(data)
    one.set_val(one.get_val())
    again: bytes = one.to_der()
    assert again == data
    return data


def read(data: bytes) -> Any:
    found = esipa.from_ipa(judges(data))
    return found[1]


def test_both_lists_of_the_card_come_as_one() -> None:
    lists = tlv("BF2B", tlv("A3", tlv("A0", NOTIFICATION), tlv("A1", RESULT)))
    data = tlv("A6", CERTIFICATES["EUICC"][4:])
    value = read(tlv("BF50", tlv("BF52", tlv("A0", tlv("80", b"smdp.example.com"), data, lists))))
    assert value["eimPackageResult"] == (
        "ipaEuiccDataResponse",
        (
            "ipaEuiccData",
            {
                "defaultSmdpAddress": "smdp.example.com",
                "euiccCertificate": CERTIFICATES["EUICC"],
                "notificationsList": [NOTIFICATION],
                "euiccPackageResultList": [RESULT],
            },
        ),
    )


@pytest.mark.parametrize(
    ("lists", "notifications", "results"),
    [
        (tlv("A0", INSTALLED), [INSTALLED], []),
        (tlv("A2", RESULT), [], [RESULT]),
        (hx("81017F"), [], []),
    ],
)
def test_one_list_of_the_card_comes_alone(
    lists: bytes, notifications: list[bytes], results: list[bytes]
) -> None:
    value = read(tlv("BF50", tlv("BF52", tlv("A0", tlv("BF2B", lists)))))
    assert value["eimPackageResult"][1][1] == {
        "notificationsList": notifications,
        "euiccPackageResultList": results,
    }


def test_a_result_comes_with_notifications() -> None:
    value = read(tlv("BF50", tlv("30", RESULT, tlv("BF2B", tlv("A0", NOTIFICATION)))))
    assert value["eimPackageResult"] == (
        "ePRAndNotifications",
        {"euiccPackageResult": RESULT, "notificationList": [NOTIFICATION]},
    )


def test_errors_have_no_transaction() -> None:
    value = read(hx("BF5003020102"))
    error = {"eimPackageResultErrorCode": "unknownPackage"}
    assert value["eimPackageResult"] == ("eimPackageResultResponseError", error)
    value = read(hx("BF5006 BF5203 810105"))
    assert value["eimPackageResult"][1] == (
        "ipaEuiccDataResponseError",
        {"ipaEuiccDataErrorCode": "euiccCiPKIdNotFound"},
    )


def test_a_failed_download_has_no_reason() -> None:
    value = read(tlv("BF50", tlv("BF54", tlv("30"))))
    assert value["eimPackageResult"][1] == {
        "profileDownloadTriggerResultData": (
            "profileDownloadError",
            {"profileDownloadErrorReason": "undefinedError"},
        )
    }


def test_a_plain_result_is_the_same_in_both() -> None:
    found = esipa.from_ipa(judges(tlv("BF50", RESULT)))
    assert found[1] == {"eimPackageResult": ("euiccPackageResult", RESULT)}


@pytest.mark.parametrize("inside", [tlv("A1", tlv("BF50", RESULT)), tlv("A1", RESULT)])
def test_a_result_may_come_as_a_notification(inside: bytes) -> None:
    found = esipa.from_ipa(tlv("BF3D", inside))
    given = {"eimPackageResult": ("euiccPackageResult", RESULT)}
    assert found[1] == ("provideEimPackageResult", given)


def test_the_answer_to_cancel_session_may_have_lost_its_tag() -> None:
    found = esipa.from_ipa(tlv("BF41", tlv("80", b"\1"), tlv("A1", CANCELLED[3:])))
    assert found[1] == {"transactionId": b"\1", "cancelSessionResponse": CANCELLED}


def test_a_transferred_package_is_answered() -> None:
    found: Any = esipa.from_ipa(tlv("BF4E", tlv("30", RESULT, tlv("BF2B", tlv("A0")))))
    assert found[1] == (
        "ePRAndNotifications",
        {"euiccPackageResult": RESULT, "notificationList": []},
    )


@pytest.mark.parametrize("data", ["BF5003 020101 00", "BF3D02 A100", "BF4100", "BF5004 BF520100"])
def test_what_neither_version_has_is_refused(data: str) -> None:
    with pytest.raises(Asn1Error):
        esipa.from_ipa(hx(data))


# -- the other way round

EID = hx("89049032123451234512345678901235")


def old(result: tuple[str, Any]) -> bytes:
    """A result of v1.2, with its EID, as an eIM of v1.0 gets it."""
    value = {"eidValue": EID, "eimPackageResult": result}
    return judges(esipa.to_old_eim(to_eim("provideEimPackageResult", value)))


def data_of(**fields: Any) -> tuple[str, Any]:
    return "ipaEuiccDataResponse", ("ipaEuiccData", fields)


def test_a_result_goes_without_the_eid() -> None:
    assert old(("euiccPackageResult", RESULT)) == tlv("BF50", RESULT)


def test_notifications_go_as_the_card_of_v1_0_lists_them() -> None:
    value = {"euiccPackageResult": RESULT, "notificationList": [NOTIFICATION]}
    lists = tlv("BF2B", tlv("A0", NOTIFICATION))
    assert old(("ePRAndNotifications", value)) == tlv("BF50", tlv("30", RESULT, lists))


@pytest.mark.parametrize(
    ("fields", "inside"),
    [
        ({"notificationsList": [INSTALLED]}, tlv("A0", INSTALLED)),
        ({"euiccPackageResultList": [RESULT]}, tlv("A2", RESULT)),
        (
            {"notificationsList": [NOTIFICATION], "euiccPackageResultList": [RESULT]},
            tlv("A3", tlv("A0", NOTIFICATION), tlv("A1", RESULT)),
        ),
    ],
)
def test_lists_go_as_one(fields: dict[str, Any], inside: bytes) -> None:
    assert old(data_of(**fields)) == tlv("BF50", tlv("BF52", tlv("A0", tlv("BF2B", inside))))


def test_other_data_goes_as_far_as_v1_0_has_it() -> None:
    given = data_of(
        defaultSmdpAddress="a.b", euiccCertificate=CERTIFICATES["EUICC"], eimTransactionId=b"\1"
    )
    fields = tlv("80", b"a.b") + tlv("A6", CERTIFICATES["EUICC"][4:])
    assert old(given) == tlv("BF50", tlv("BF52", tlv("A0", fields)))


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        (
            (
                "eimPackageResultResponseError",
                {"eimTransactionId": b"\1", "eimPackageResultErrorCode": "unknownPackage"},
            ),
            "BF50 03 020102",
        ),
        (
            (
                "ipaEuiccDataResponse",
                ("ipaEuiccDataResponseError", {"ipaEuiccDataErrorCode": "incorrectTagList"}),
            ),
            "BF50 06 BF5203 810101",
        ),
        (
            (
                "profileDownloadTriggerResult",
                {
                    "eimTransactionId": b"\1",
                    "profileDownloadTriggerResultData": (
                        "profileDownloadError",
                        {"profileDownloadErrorReason": "undefinedError", "errorResponse": b"no"},
                    ),
                },
            ),
            "BF50 0C BF5409 820101 30048002 6E6F",
        ),
    ],
)
def test_errors_go_as_far_as_v1_0_has_them(result: tuple[str, Any], wanted: str) -> None:
    assert old(result) == hx(wanted)


def test_an_answer_to_a_transferred_package_goes_so_too() -> None:
    value = {"euiccPackageResult": RESULT, "notificationList": []}
    given = to_eim("transferEimPackageResponse", ("ePRAndNotifications", value))
    assert esipa.to_old_eim(given) == tlv("BF4E", tlv("30", RESULT, tlv("BF2B", tlv("A0"))))


def test_a_relayed_download_goes_without_the_transaction_of_the_eim() -> None:
    value = {"euiccChallenge": bytes(16), "smdpAddress": "a.b", "eimTransactionId": b"\1"}
    given = to_eim("initiateAuthenticationRequestEsipa", value)
    wanted = tlv("BF39", tlv("81", bytes(16)), tlv("83", b"a.b"))
    assert judges(esipa.to_old_eim(given)) == wanted


CHANGED = {
    "eidValue": EID,
    "notifyStateChange": None,
    "stateChangeCause": "fallback",
    "rPLMN": hx("62F210"),
}


def test_a_changed_profile_is_told_without_its_cause() -> None:
    """v1.0.1 has no stateChangeCause, and its tag for rPLMN."""
    given = to_eim("getEimPackageRequest", CHANGED)
    wanted = tlv("BF4F", tlv("5A", EID), tlv("80"), tlv("81", hx("62F210")))
    assert judges(esipa.to_old_eim(given)) == wanted


def test_the_network_of_v1_0_is_not_taken_for_a_cause() -> None:
    given = tlv("BF4F", tlv("5A", EID), tlv("80"), tlv("81", hx("62F210")))
    value = {"eidValue": EID, "notifyStateChange": None, "rPLMN": hx("62F210")}
    assert esipa.from_ipa(judges(given)) == ("getEimPackageRequest", value)


def test_what_is_the_same_in_both_goes_as_it_is() -> None:
    given = to_eim("getEimPackageRequest", {"eidValue": EID})
    assert esipa.to_old_eim(given) == given


def test_an_answer_without_acknowledgements_is_understood() -> None:
    assert esipa.from_eim(hx("BF5000")) == (
        "provideEimPackageResultResponse",
        ("emptyResponse", {}),
    )
