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
