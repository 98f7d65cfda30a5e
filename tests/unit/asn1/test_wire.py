"""The versions: which types each has, and that what encloses a type of its own follows."""

from __future__ import annotations

from types import ModuleType

import pytest
from support.hexes import hx

from euicc_sim.asn1.codec import Asn1Error, message
from euicc_sim.asn1.esipa.functions import GetEimPackageRequest
from euicc_sim.asn1.sgp22 import notifications as sgp22_notifications
from euicc_sim.asn1.sgp22 import profiles as sgp22_profiles
from euicc_sim.asn1.sgp32 import eims, functions, packages, profiles, v1_0, v1_3
from euicc_sim.asn1.sgp32.functions import ProfileRollbackResponse, ProfileRollbackResponseValue
from euicc_sim.asn1.types import prepared
from euicc_sim.asn1.wire import VERSIONS, WIRE_1_2, WIRE_CONSUMER, check_own_names, wire_of

V1_0, V1_3 = VERSIONS["1.0.1"], VERSIONS["1.3"]
DATA = hx("BF64 03 800101")


def rollback_with(iot_data: bool) -> ProfileRollbackResponseValue:
    """A Profile in a list in a result in a signed result in the answer of a function."""
    info: profiles.ProfileInfoValue = {"profileName": "A"}
    if iot_data:
        info["iotSpecificProfileInfo"] = DATA
    data: packages.EuiccPackageResultDataSignedValue = {
        "eimId": "e",
        "counterValue": 1,
        "seqNumber": 2,
        "euiccResult": [("listProfileInfoResult", ("profileInfoListOk", [info]))],
    }
    signed: packages.EuiccPackageResultSignedValue = {
        "euiccPackageResultDataSigned": data,
        "euiccSignEPR": bytes(64),
    }
    return {"cmdResult": "ok", "eUICCPackageResult": ("euiccPackageResultSigned", signed)}


def test_a_field_that_a_version_adds_is_in_all_that_encloses_its_type() -> None:
    value = rollback_with(iot_data=True)
    written = V1_3[ProfileRollbackResponse].encode(value)
    assert DATA in written
    read = V1_3[ProfileRollbackResponse].decode(written)
    with pytest.raises(Asn1Error, match="ProfileInfo has no field iotSpecificProfileInfo"):
        WIRE_1_2[ProfileRollbackResponse].encode(value)
    assert V1_3[ProfileRollbackResponse].encode(read) == written


def test_what_a_version_does_not_change_is_the_same_in_it() -> None:
    value = rollback_with(iot_data=False)
    assert {wire[ProfileRollbackResponse].encode(value) for wire in (WIRE_1_2, V1_3)} == {
        WIRE_1_2[ProfileRollbackResponse].encode(value)
    }


def test_a_type_and_the_one_in_its_place_are_one_message() -> None:
    assert V1_3[v1_3.EimConfigurationData].spec is V1_3[eims.EimConfigurationData].spec
    assert type(V1_3[eims.EimConfigurationData].spec) is v1_3.EimConfigurationData
    assert type(WIRE_1_2[eims.EimConfigurationData].spec) is eims.EimConfigurationData


def test_a_type_of_another_version_is_not_there() -> None:
    assert v1_0.NotificationAndEprList in V1_0
    assert v1_0.NotificationAndEprList not in WIRE_1_2
    with pytest.raises(LookupError, match=r"SGP.32 v1\.2 has no NotificationAndEprList"):
        WIRE_1_2[v1_0.NotificationAndEprList]


def test_a_card_without_the_iot_has_sgp22s_types() -> None:
    criterion = hx("BF2B 04 A002 8200")  # euiccPackageResults
    asked = functions.RetrieveNotificationsListRequest
    assert WIRE_1_2[asked].decode(criterion) == {"searchCriteria": ("euiccPackageResults", None)}
    with pytest.raises(Asn1Error):
        WIRE_CONSUMER[asked].decode(criterion)
    assert type(WIRE_CONSUMER[asked].spec) is sgp22_notifications.RetrieveNotificationsListRequest


def test_types_of_one_name_in_two_documents_are_two() -> None:
    ours, theirs = profiles.EuiccMemoryResetRequest, sgp22_profiles.EuiccMemoryResetRequest
    value = {"resetOptions": frozenset({0})}
    assert WIRE_1_2[ours].encode({"resetOptions": value["resetOptions"]})[:2] == hx("BF64")
    assert WIRE_1_2[theirs].encode({"resetOptions": value["resetOptions"]})[:2] == hx("BF34")
    assert WIRE_1_2.types["SGP22 EuiccMemoryResetRequest"] is WIRE_1_2[theirs].spec
    assert WIRE_CONSUMER.types["EuiccMemoryResetRequest"] is WIRE_CONSUMER[theirs].spec


def test_known_leaves_out_what_a_version_lacks() -> None:
    value: profiles.IoTSpecificInfoValue = {"iotVersion": [bytes(3)], "ecallSupported": None}
    assert WIRE_1_2[profiles.IoTSpecificInfo].known(value) == value
    assert V1_0[profiles.IoTSpecificInfo].known(value) == {"iotVersion": [bytes(3)]}
    assert set(WIRE_1_2[profiles.IoTSpecificInfo].known(value, only={"ecallSupported"})) == {
        "ecallSupported"
    }
    with pytest.raises(TypeError, match="ProfileInfoListResponse has no fields"):
        WIRE_1_2[profiles.ProfileInfoListResponse].known(("profileInfoListOk", []))


def test_what_is_encoded_already_stands_in_the_place_of_its_value() -> None:
    info = WIRE_1_2[packages.EimIdInfo].encode({"eimId": "e"})
    value: packages.ListEimResultValue = ("eimIdList", [prepared(packages.EimIdInfo, info)])
    assert WIRE_1_2[packages.ListEimResult].encode(value) == hx("A0 05 30 03 80 01 65")


def test_an_alternative_is_read_as_its_type() -> None:
    psmo = hx("A8 0C 5A 0A 98001032547698103214")
    found = WIRE_1_2[packages.Psmo].decode_alternative(
        "setFallbackAttribute", packages.IccidOnly, psmo
    )
    assert found == {"iccid": hx("98001032547698103214")}
    with pytest.raises(TypeError, match="Psmo has no alternative addEim"):
        WIRE_1_2[packages.Psmo].decode_alternative("addEim", packages.IccidOnly, psmo)


def test_a_message_of_no_wire_is_as_it_is_declared() -> None:
    asked = message(GetEimPackageRequest)
    assert message(GetEimPackageRequest) is asked
    assert asked.decode(asked.encode({"eidValue": bytes(16)})) == {"eidValue": bytes(16)}


def test_versions_are_in_their_order() -> None:
    assert [V1_3.since(one) for one in ("1.0", "1.2", "1.3", "1.3.1", "1.10")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert V1_0.since("1.0")
    assert not V1_0.since("1.1")


def test_a_wire_is_called_by_its_version() -> None:
    assert str(wire_of("1.1", strict=True)) == "SGP.32 v1.1 strict"
    assert str(WIRE_CONSUMER) == "SGP.22 v2.5"
    with pytest.raises(KeyError):
        wire_of("0.9")


def test_a_type_of_our_own_with_the_name_of_a_standard_s_is_an_error() -> None:
    ours = ModuleType("euicc_sim.asn1.own.moods")
    theirs = ModuleType("euicc_sim.asn1.sgp22.profiles")
    info, mood = type("ProfileInfo", (), {}), type("Mood", (), {})
    check_own_names({ours: [mood], theirs: [info]})
    with pytest.raises(ValueError, match=r"own\.moods\.ProfileInfo has the name of a type of"):
        check_own_names({ours: [mood, info], theirs: [info]})
