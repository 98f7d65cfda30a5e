"""StoreMetadata: made of a package, or of any fields; the judge reads what was written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.bsp import BSP
from support.eims import tlv
from support.hexes import hx
from support.judge import judged

from euicc_sim.parties.smdpp.metadata import (
    Event,
    IconType,
    Metadata,
    MetadataError,
    NotificationTarget,
    Owner,
    PolicyRule,
    ProfileClass,
    VendorData,
    iccid_of,
)
from euicc_sim.parties.smdpp.profile_packages import metadata_of

PACKAGE = hx(BSP["upp"])
ICCID = "89000123456789012341"
LEAST = Metadata(iccid=ICCID, service_provider_name="", profile_name="")
HEAD = hx("5A0A98001032547698103214 9100 9200")


def written(**fields: Any) -> bytes:
    """What follows the least metadata when these fields are there too."""
    raw = replace(LEAST, **fields).encoded()
    assert raw.startswith(tlv("BF25", raw[3:])[:3] + HEAD)
    judged("StoreMetadataRequest", raw)
    return raw[3 + len(HEAD) :]


# -- of a package


def test_the_iccid_is_that_of_the_header_with_its_half_bytes_exchanged() -> None:
    assert b"\x5a\x0a" + hx("98001032547698103214") in metadata_of(PACKAGE, "x").encoded()


def test_an_iccid_of_19_digits_keeps_its_filler() -> None:
    package = PACKAGE.replace(hx("89000123456789012341"), hx("8900012345678901234F"))
    found = metadata_of(package, "x")
    assert found.iccid == "8900012345678901234"
    assert hx("5A0A980010325476981032F4") in found.encoded()


def test_the_name_is_the_profile_type_of_the_header() -> None:
    assert metadata_of(PACKAGE, "x").profile_name == "vector"


def test_the_server_hears_of_enabling_disabling_and_deleting() -> None:
    found = metadata_of(PACKAGE, "dp.example.com").notifications
    assert found is not None
    assert [(set(one.events), one.address) for one in found] == [
        ({Event.ENABLE}, "dp.example.com"),
        ({Event.DISABLE}, "dp.example.com"),
        ({Event.DELETE}, "dp.example.com"),
    ]


def test_the_profile_is_operational() -> None:
    assert metadata_of(PACKAGE, "x").profile_class is ProfileClass.OPERATIONAL


def test_the_judge_reads_metadata_of_a_package() -> None:
    value = judged("StoreMetadataRequest", metadata_of(PACKAGE, "dp.example.com").encoded())
    assert value["serviceProviderName"] == "Test Operator"
    assert value["profileName"] == "vector"


@pytest.mark.parametrize(
    "package",
    [b"", b"\x01", hx("BF3600"), hx("A000"), hx("A00483028900"), hx("A0058303")],
    ids=["nothing", "a byte", "bound", "no ICCID", "a short ICCID", "cut"],
)
def test_what_has_no_header_has_no_metadata(package: bytes) -> None:
    with pytest.raises(MetadataError, match="Profile Package"):
        metadata_of(package, "x")


def test_the_iccid_of_metadata_is_read_back() -> None:
    assert iccid_of(LEAST.encoded()) == ICCID


def test_other_bytes_have_no_iccid() -> None:
    with pytest.raises(MetadataError, match="BF25"):
        iccid_of(hx("BF2500"))


# -- every field


def test_the_least_metadata_has_three_fields() -> None:
    assert written() == b""


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"icon_type": IconType.PNG, "icon": b"\x89P"}, "930101 9402 8950"),
        ({"icon_type": IconType.JPG}, "930100"),
        ({"profile_class": ProfileClass.TEST}, "950100"),
        ({"profile_class": ProfileClass.PROVISIONING}, "950101"),
        ({"notifications": ()}, "B600"),
        (
            {"notifications": (NotificationTarget(frozenset({Event.INSTALL}), "a"),)},
            "B609 3007 80020780 810161",
        ),
        ({"owner": Owner(hx("00F110"))}, "B705 800300F110"),
        ({"owner": Owner(hx("00F110"), b"\x01", b"")}, "B70A 800300F110 810101 8200"),
        ({"policy_rules": frozenset({PolicyRule.PPR1})}, "99020640"),
        ({"policy_rules": frozenset({PolicyRule.PPR2, PolicyRule.UPDATE_CONTROL})}, "990205A0"),
        ({"ecall_indication": True}, "9F7B01FF"),
        ({"ecall_indication": False}, "9F7B0100"),
        ({"fallback_allowed": True}, "9F6701FF"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_a_field_is_written(fields: dict[str, Any], found: str) -> None:
    assert written(**fields) == hx(found)


@pytest.mark.parametrize(
    ("name", "tag"), [("service_data_stored", "BF22"), ("service_data_not_stored", "BF23")]
)
def test_data_of_a_vendor_is_written(name: str, tag: str) -> None:
    fields: dict[str, Any] = {name: (VendorData("2.999.1", hx("0401AA")),)}
    assert written(**fields) == tlv(tag, hx("300A 8003883701 A1030401AA"))


@pytest.mark.parametrize(
    "fields",
    [
        {"iccid": "890001"},
        {"iccid": "8900012345678901234x"},
        {"iccid": "890001234567890123411"},
        {"service_provider_name": "x" * 33},
        {"profile_name": "x" * 65},
        {"icon": bytes(1025)},
        {"owner": Owner(b"\x00")},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_value_that_does_not_fit_is_a_sentence(fields: dict[str, Any]) -> None:
    with pytest.raises(MetadataError, match=r"\. (Mend|Write) "):
        replace(LEAST, **fields).encoded()
