"""ESipa messages against the judge: what it writes we read, what we write it reads."""

from __future__ import annotations

from typing import Any

import pytest
from support.by_name import to_eim, to_ipa
from support.eims import encoded
from support.esipa_messages import EID, FROM_EIMS, FROM_IPAS
from support.hexes import hx
from support.judge import judged

from euicc_sim.asn1 import esipa
from euicc_sim.asn1.esipa import Asn1Error

FROM_IPA, FROM_EIM = "EsipaMessageFromIpaToEim", "EsipaMessageFromEimToIpa"


@pytest.mark.parametrize(("name", "value"), FROM_IPAS)
def test_the_judge_reads_what_an_ipa_writes(name: str, value: Any) -> None:
    written = to_eim(name, value)
    assert judged(FROM_IPA, written)[0] == name
    found = esipa.from_ipa(written)
    assert found == (name, value)


@pytest.mark.parametrize(("name", "value"), FROM_EIMS)
def test_the_judge_reads_what_an_eim_writes(name: str, value: Any) -> None:
    written = to_ipa(name, value)
    assert judged(FROM_EIM, written)[0] == name
    assert esipa.from_eim(written) == (name, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (("getEimPackageResponse", ("eimPackageError", "eidNotFound")), "BF4F03 020102"),
        (("provideEimPackageResultResponse", ("emptyResponse", {})), "BF5002 3000"),
        (("provideEimPackageResultResponse", ("eimAcknowledgements", [7])), "BF5006 BF5303 800107"),
        (("cancelSessionResponseEsipa", ("cancelSessionOk", {})), "BF4102 A000"),
        (
            (
                "getEimPackageResponse",
                (
                    "profileDownloadTriggerRequest",
                    {"profileDownloadData": ("activationCode", "")},
                ),
            ),
            "BF4F07 BF5404 A002 8000",
        ),
    ],
)
def test_we_read_what_the_judge_writes(value: tuple[str, Any], expected: str) -> None:
    judges = encoded(FROM_EIM, value)
    assert judges == hx(expected)
    assert esipa.from_eim(judges) == value
    assert to_ipa(*value) == judges


def test_a_field_of_another_version_is_skipped() -> None:
    found = esipa.from_ipa(hx("BF4F16 5A10 89049032123451234512345678901235 9F7F0101"))
    assert found[1] == {"eidValue": EID}


@pytest.mark.parametrize("data", ["", "BF", "BF4F00", "BF4F03 5A0101", "BF5000", "BF5102A000"])
def test_what_no_ipa_sends_is_refused(data: str) -> None:
    with pytest.raises(Asn1Error):
        esipa.from_ipa(hx(data))


def test_a_name_is_known_before_the_content() -> None:
    assert esipa.name_of(hx("BF4F00")) == "getEimPackageRequest"
    assert esipa.name_of(hx("BF5100")) is None
    assert esipa.name_of(b"") is None
    assert esipa.name_of(hx("BF4F05")) == "getEimPackageRequest"


KEY = "0102030405060708"
OF_V1_3 = [
    (f"BF4E0F BF600C A00A 8008 {KEY}", "eimPackageReceivedWithCid", "eimTransactionId", None),
    (f"BF4E17 BF6014 A012 5A10 {EID.hex()}", "eimPackageReceivedWithCid", "eidValue", None),
    (
        f"BF4E12 BF610F A00A 8008 {KEY} 810101",
        "eimPackageErrorWithCid",
        "eimTransactionId",
        "invalidPackageFormat",
    ),
]


@pytest.mark.parametrize(("message", "form", "by", "code"), OF_V1_3)
def test_an_answer_of_v1_3_says_for_which_package_it_is(
    message: str, form: str, by: str, code: str | None
) -> None:
    value: dict[str, Any] = {"correlationId": (by, EID if by == "eidValue" else hx(KEY))}
    if code is not None:
        value["eimPackageError"] = code
    assert esipa.from_ipa(hx(message)) == ("transferEimPackageResponse", (form, value))
    assert to_eim("transferEimPackageResponse", (form, value)) == hx(message)


@pytest.mark.parametrize(
    ("message", "form"),
    [
        ("BF4E03 BF6000", "eimPackageReceivedWithCid"),
        ("BF4E06 BF6103 810102", "eimPackageErrorWithCid"),
    ],
)
def test_the_correlation_may_be_left_out(message: str, form: str) -> None:
    read: Any = esipa.from_ipa(hx(message))
    assert (read[0], read[1][0]) == ("transferEimPackageResponse", form)
    assert "correlationId" not in read[1][1]


def test_what_an_ipa_of_v1_3_says_of_its_own_protocol_is_kept() -> None:
    own = "A207 3005 0603 2A0304"
    message = hx(f"BF5018 BF5215 A013 A811 80020640 81020308 {own}")
    capabilities = {
        "ipaFeatures": frozenset({1}),
        "ipaSupportedProtocols": frozenset({4}),
        "eSipaProprietaryProtocolInformation": hx(own),
    }
    result = ("ipaEuiccDataResponse", ("ipaEuiccData", {"ipaCapabilities": capabilities}))
    found = ("provideEimPackageResult", {"eimPackageResult": result})
    assert esipa.from_ipa(message) == found
    assert to_eim(*found) == message


def test_a_download_order_that_expired_is_18_since_v1_3() -> None:
    message = to_ipa(
        "authenticateClientResponseEsipa", ("authenticateClientErrorEsipa", "downloadOrderExpired")
    )
    assert message == hx("BF3B03 820112")
