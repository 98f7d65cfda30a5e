"""SGP.22's types: every vector both ways and named, and every type against GSMA's module."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from support.by_name import V1_2
from support.eims import vector_key
from support.hexes import hx
from support.judge import SGP22, SGP32, judged, module
from support.judged_types import differences, field_differences
from support.vectors import FOLDER

from apdu.tlv import tlv
from euicc_sim.asn1.es9plus import messages as es9plus
from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22 import download as sgp22_download
from euicc_sim.asn1.sgp22 import notifications as sgp22_notifications
from euicc_sim.asn1.sgp22 import packages as sgp22_package
from euicc_sim.asn1.sgp22 import profiles as sgp22_profiles
from euicc_sim.asn1.tree import UNKNOWN, reading, readings
from euicc_sim.asn1.wire import WIRE_1_2

TYPES = WIRE_1_2.types
VECTORS: dict[str, Any] = json.loads((FOLDER / "sgp22-vectors.json").read_text())
RSP = module(SGP22).RSPDefinitions

STEMS = {
    "GetEUICCInfo1": "GetEuiccInfo1",
    "GetEUICCInfo2": "GetEuiccInfo2",
    "GetEUICCChallenge": "GetEuiccChallenge",
    "GetEID": "GetEuiccData",
    "GetEuiccConfiguredAddresses": "EuiccConfiguredAddresses",
    "SetDefaultDpAddress": "SGP22 SetDefaultDpAddress",
    "GetRAT": "GetRat",
    "RemoveNotificationFromList": "NotificationSent",
    "GetProfilesInfo": "ProfileInfoList",
    "eUICCMemoryReset": "SGP22 EuiccMemoryReset",
}
"""Functions whose messages have names of their own."""

NAMES = {
    "GetEuiccInfo1Response": "EUICCInfo1",
    "GetEuiccInfo2Response": "EUICCInfo2",
    "LoadBoundProfilePackageRequest": "Data86",
    "LoadBoundProfilePackageResponse": "ProfileInstallationResult",
    "ISD-R SELECT FCIResponse": "FCI",
}

APDUS = {"ISD-R SELECT FCI"}
"""Vectors whose request is not an object but the APDU around it."""

NOT_ASN1 = {"FCI"}
"""Types of GlobalPlatform, which GSMA's modules lack."""


def messages() -> Iterator[tuple[str, str, bytes]]:
    """Of every request and response of the vectors: where it is, its type and its bytes."""
    for one in VECTORS["vectors"]:
        function = one["function"].removeprefix("ES10").lstrip("abc.").partition(" (")[0]
        stem = STEMS.get(function, function)
        for kind in ("request", "response"):
            if kind == "request" and function in APDUS:
                continue
            name = stem + kind.capitalize()
            yield f"{one['function']} {kind}", NAMES.get(name, name), hx(one[kind])
    package = VECTORS["bsp"]
    yield "whole package", "BoundProfilePackage", hx(package["boundProfilePackage"])
    yield (
        "first piece",
        "InitialiseSecureChannelRequest",
        hx(package["initialiseSecureChannelRequest"]),
    )


MESSAGES = list(messages())


def test_no_vector_is_left_out() -> None:
    assert len(MESSAGES) == 2 * len(VECTORS["vectors"]) - len(APDUS) + 2


def test_every_vector_is_read_and_written_byte_for_byte() -> None:
    for where, name, data in MESSAGES:
        assert V1_2.encode(name, V1_2.decode(name, data)) == data, where


def test_the_judge_reads_and_writes_them_the_same() -> None:
    for where, name, data in MESSAGES:
        if name in NOT_ASN1:
            continue
        if name == "Data86":  # only an element of a list there
            judge, sent = judges_own("SequenceOf86"), tlv(0xA3, data)
        else:
            judge, sent = judges_own(name), data
        if judge is None:
            judged(name, sent)
            continue
        judge.from_der(sent)
        judge.set_val(judge.get_val())
        assert judge.to_der() == sent, where


def test_every_object_has_its_name() -> None:
    for where, name, data in MESSAGES:
        lines = reading(name, TYPES[name], data).lines
        faults = [one for one in lines if UNKNOWN in one.names or one.flaw or not one.names]
        assert (where, faults) == (where, [])


def test_the_type_of_every_vector_is_found() -> None:
    for where, name, data in MESSAGES:
        found = [one.name for one in readings(TYPES, data)]
        stem = name.removesuffix("Request").removesuffix("Response")
        assert found in ([name], [f"{stem}Request", f"{stem}Response"]), where


# -- the parts of a package


PLAIN = dict(
    zip(
        ("ConfigureISDPRequest", "StoreMetadataRequest", "ReplaceSessionKeysRequest"),
        (one["plaintext"] for one in VECTORS["bsp"]["steps"]),
        strict=False,  # profile elements follow, which are not of SGP.22
    )
)


@pytest.mark.parametrize("name", PLAIN)
def test_what_a_protected_part_holds_is_named(name: str) -> None:
    plain = hx(PLAIN[name])
    (found,) = readings(TYPES, plain)
    assert (found.name, found.fit) == (name, (0, 0))
    getattr(RSP, name).from_der(plain)  # it may hold a default, as some servers write it


METADATA = (
    "5A0A 98001032547698103214 9103 535031 9203 6E616D 930101 9403 89504E"
    "B613 3011 80020780 810B 6578616D706C652E636F6D B705 800382F610 99020640"
    "BF2210 300E 8003883703 A1073005020105 0500 BF2310 300E 8003883703 A1073005020105 0500"
)


def test_metadata_has_the_fields_of_sgp32_too() -> None:
    raw = tlv(0xBF25, hx(METADATA), hx("9F7B01FF 9F6701FF"))
    found = V1_2.decode("StoreMetadataRequest", raw)
    assert (found["ecallIndication"], found["fallbackAllowed"]) == (True, True)
    assert found["profileClass"] == 2
    assert V1_2.encode("StoreMetadataRequest", found) == raw
    judged("StoreMetadataRequest", raw)
    (tree,) = readings(TYPES, raw)
    assert (tree.name, tree.fit) == ("StoreMetadataRequest", (0, 0))


def test_a_notification_of_an_installation_is_one_that_waits() -> None:
    raw = next(data for _, name, data in MESSAGES if name == "ProfileInstallationResult")
    name, value = V1_2.decode("PendingNotification", raw)
    assert name == "profileInstallationResult"
    assert value["profileInstallationResultData"]["finalResult"][0] == "successResult"


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("BF42 04 80020640", ["LpaeActivationRequest"]),
        ("BF42 04 80020780", ["IpaeActivationRequest"]),
        ("BF42 03 800101", ["IpaeActivationResponse"]),
        ("BF31 03 800104", ["EnableProfileResponse"]),
        ("BF34 03 800105", ["SGP22 EuiccMemoryResetResponse"]),
        ("BF35 04 A002 A000", ["LoadCRLResponse"]),
        ("BF2A 05 92036E6577", ["UpdateMetadataRequest"]),
        ("87 09 000102030405060708", ["Data87"]),
        ("A2 0B 87 09 000102030405060708", ["SecondSequenceOf87"]),
    ],
)
def test_the_message_is_found_by_what_fits(data: str, names: list[str]) -> None:
    assert [one.name for one in readings(TYPES, hx(data))] == names


def test_a_device_may_say_all_that_it_can() -> None:
    able = hx("8003 0F0000 8B03 020500 8C02 0640 8D0101 AE05 8003 010000")
    raw = tlv(0x30, hx("8004 12345678"), tlv(0xA1, able), hx("8208 1032547698103214"))
    (tree,) = readings({"DeviceInfo": TYPES["DeviceInfo"]}, raw)
    assert tree.fit == (0, 0)
    assert V1_2.encode("DeviceInfo", V1_2.decode("DeviceInfo", raw)) == raw


def test_a_revocation_list_is_kept_whole_and_named() -> None:
    when = datetime(2030, 1, 1, tzinfo=UTC)
    revoked = x509.RevokedCertificateBuilder().serial_number(5).revocation_date(when).build()
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CI")]))
        .last_update(when)
        .next_update(when + timedelta(days=1))
        .add_revoked_certificate(revoked)
        .add_extension(x509.CRLNumber(1), critical=False)
        .sign(vector_key("eim1"), SHA256())
        .public_bytes(Encoding.DER)
    )
    raw = V1_2.encode("LoadCRLRequest", {"crl": crl})
    judged("LoadCRLRequest", raw)
    assert V1_2.decode("LoadCRLRequest", raw) == {"crl": crl}
    (tree,) = readings(TYPES, raw)
    assert (tree.name, tree.fit) == ("LoadCRLRequest", (0, 0))
    assert "userCertificate" in [one.name for one in tree.lines]


# -- every type against GSMA's module


def judges_own(name: str) -> Any:
    """The judge's type where `judged` finds none or SGP.32's: SGP.22's, or a list in a package."""
    plain = name.removeprefix("SGP22 ")
    if plain != name:
        return getattr(RSP, plain)
    parts = dict(RSP.BoundProfilePackage._cont.items())
    return parts.get(name[:1].lower() + name[1:])


MODULES = (sgp22, sgp22_notifications, sgp22_package, sgp22_download, sgp22_profiles)
OURS = {
    name: one()
    for ours in MODULES
    for name, one in vars(ours).items()
    if isinstance(one, type) and one.__module__ == ours.__name__ and hasattr(one, "tagSet")
    if not getattr(one, "hidden", False)
}
BOTH = [name for name in OURS if hasattr(RSP, name)]

ADDED = {
    *("ecallIndication", "fallbackAllowed"),
    *("ipaMode", "euiccCiPKIdListForSigningV3", "additionalEuiccInfo", "highestSvn"),
    "iotSpecificInfo",
}
"""Fields that SGP.32 adds to StoreMetadataRequest and EUICCInfo2."""


def is_added(difference: str) -> bool:
    path, _, what = difference.partition(": ")
    return what == "additional" and path.rpartition(".")[2] in ADDED


@pytest.mark.parametrize("name", BOTH)
def test_a_type_is_that_of_gsmas_module(name: str) -> None:
    found = list(differences(OURS[name], getattr(RSP, name), name))
    assert not [one for one in found if not is_added(one)]


def test_what_is_additional_is_as_in_gsmas_module_for_sgp32() -> None:
    theirs = module(SGP32).SGP32Definitions
    for name in ("StoreMetadataRequest", "EUICCInfo2", "EuiccSigned1", "AuthenticateResponseOk"):
        assert not list(differences(TYPES[name], getattr(theirs, name), name))


UNNAMED = {
    "ProfileSearchCriteria": RSP.ProfileInfoListRequest._cont["searchCriteria"],
    "VendorSpecificExtensionItem": RSP.VendorSpecificExtension._cont,
    "NotificationSearchCriteria": RSP.RetrieveNotificationsListRequest._cont["searchCriteria"],
    "ProfileIdentifier": RSP.EnableProfileRequest._cont["profileIdentifier"],
    "FinalResult": RSP.ProfileInstallationResultData._cont["finalResult"],
    **{
        name[:1].upper() + name[1:]: RSP.BoundProfilePackage._cont[name]
        for name in ("firstSequenceOf87", "sequenceOf88", "secondSequenceOf87", "sequenceOf86")
    },
    "Data86": RSP.BoundProfilePackage._cont["sequenceOf86"]._cont,
    "Data87": RSP.BoundProfilePackage._cont["firstSequenceOf87"]._cont,
    "Data88": RSP.BoundProfilePackage._cont["sequenceOf88"]._cont,
}
"""Types that the module has without a name, and where."""

OF_RFC5280 = {"Certificate", "SubjectPublicKeyInfo", "CertificateList"}


def test_every_type_was_compared() -> None:
    assert set(OURS) - set(BOTH) == {*UNNAMED, *OF_RFC5280}
    assert len(BOTH) > 70


OF_SERVERS = (
    *("InitiateAuthentication", "AuthenticateClient", "GetBoundProfilePackage", "Handle"),
    *("RemoteProfileProvisioning", "CancelSessionRequestEs9", "CancelSessionResponseEs9"),
)
"""How messages of ES9+ and ES11 begin, which no eUICC sees."""


def test_every_message_of_an_euicc_is_here() -> None:
    tagged = {
        name
        for name, one in vars(RSP).items()
        if getattr(one, "_mode", "") == "TYPE" and one._tagc and one._tagc[0][0] == 2
    }
    tagged = {one for one in tagged if not one.startswith(OF_SERVERS)}
    assert len(tagged) > 40
    assert not {one for one in tagged if not one.startswith("_")} - set(TYPES) - {"RemoteOpId"}


ES9PLUS = [
    one
    for one in vars(es9plus).values()
    if isinstance(one, type)
    and hasattr(one, "componentType")
    and one.__module__ == es9plus.__name__
]


@pytest.mark.parametrize("ours", ES9PLUS, ids=lambda one: one.__name__)
def test_a_type_of_es9plus_is_that_of_gsmas_module(ours: Any) -> None:
    name = ours.__name__
    assert list(differences(ours(), getattr(RSP, name), name)) == []


def test_every_message_of_es9plus_is_here() -> None:
    assert len(ES9PLUS) == 19


@pytest.mark.parametrize("name", UNNAMED)
def test_a_type_without_a_name_is_that_of_gsmas_module(name: str) -> None:
    ours, theirs = OURS[name], UNNAMED[name]
    if theirs.TYPE == "CHOICE":  # the field has a tag, which the type of ours lacks
        assert not list(field_differences(ours, theirs, name))
    else:
        assert not list(differences(ours, theirs, name))


def test_the_walk_sees_a_difference() -> None:
    ours, theirs = OURS["EnableProfileResponse"], RSP.DisableProfileResponse
    found = list(differences(ours, theirs, "it"))
    assert len(found) == 3
    assert [one.split(" ")[0] for one in found] == ["it:", "it.disableResult:", "it.enableResult:"]
