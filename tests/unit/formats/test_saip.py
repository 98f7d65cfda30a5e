"""Which profile packages are accepted, what is read from them, and the response."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hexes import hx
from support.saip import element, header, package, template

from apdu.tlv import tlv
from euicc_sim.formats.saip import NAMES, PEStatus, elements, examine, response

PUBLISHED = Path(__file__).parents[4] / "shared" / "upp"
TS48 = (
    "TS48v1_A.der",
    "TS48v2_SAIP2.1_NoBERTLV.der",
    "TS48v5_SAIP2.1A_NoBERTLV.der",
    "TS48v5_SAIP2.3_BERTLV_SUCI.der",
)
needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the TS.48 profile packages are not beside the project"
)

SMALLEST = hx(
    "A0 18 800103 810103 830A89000123456789012341 A5028100 A600"  # header
    "AA 07 A005 8000 810102"  # end
)
MF = 0xB0


# What is accepted


def test_the_smallest_package_is_accepted() -> None:
    facts = examine(SMALLEST)
    assert facts.version == (3, 3)
    assert facts.profile_type == ""
    assert facts.connectivity is None
    assert facts.elements == 2


def test_the_iccid_is_coded_as_in_ef_iccid() -> None:
    assert examine(SMALLEST).iccid == hx("98001032547698103214")


def test_an_iccid_of_19_digits_keeps_its_filler() -> None:
    assert examine(package("8900012345678901234")).iccid == hx("980010325476981032F4")


def test_connectivity_parameters_are_returned_unchanged() -> None:
    assert examine(package(connectivity=hx("A103 350103"))).connectivity == hx("A103 350103")


def test_the_profile_type_is_read() -> None:
    assert examine(package(profile_type="Prüfung")).profile_type == "Prüfung"


def test_a_newer_minor_version_is_accepted() -> None:
    assert examine(package(version=(3, 255))).version == (3, 255)


def test_a_version_1_package_is_accepted() -> None:
    assert examine(package(version=(1, 0))).version == (1, 0)


@needs_published
@pytest.mark.parametrize("name", TS48)
def test_a_ts48_package_is_accepted(name: str) -> None:
    facts = examine((PUBLISHED / name).read_bytes())
    assert facts.profile_type == "GSMA Generic eUICC Test Profile"
    assert facts.iccid[:8] == hx("9800103254769810")
    assert facts.version[0] == 2
    assert facts.elements in (28, 30)


@pytest.mark.parametrize(
    "name",
    [
        *("usim", "isim", "csim", "milenage", "tuak128", "usim-test-algorithm", "javacard"),
        *("ber-tlv", "get-identity", "profile-a-x25519", "profile-b-p256"),
    ],
)
def test_a_service_that_the_card_declares_may_be_mandatory(name: str) -> None:
    examine(package(services=[name]))


@pytest.mark.parametrize("number", range(1, 19))
def test_a_template_of_the_standard_may_be_mandatory(number: int) -> None:
    examine(package(templates=[template(number)]))


@pytest.mark.parametrize(
    ("number", "version"),
    [(3, 2), (4, 2), (5, 2), (5, 3), (9, 2), (10, 2), (11, 2), (13, 2), (13, 3), (13, 4)],
)
def test_a_later_version_of_a_template_may_be_mandatory(number: int, version: int) -> None:
    examine(package(templates=[template(number, version)]))


@pytest.mark.parametrize("tag", [0xBF22, 0xBF7F, 0xA9, 0xAB, 0xAF])
def test_an_unknown_element_that_is_not_mandated_is_skipped(tag: int) -> None:
    assert examine(package(elements=[element(tag, 7, mandated=False)])).elements == 3


def test_an_empty_reserved_element_is_skipped() -> None:
    assert examine(package(elements=[hx("AB00")])).elements == 3


@pytest.mark.parametrize("tag", [0xA1, 0xA7, 0xB0, 0xBE, 0xBF1F, 0xBF20, 0xBF21])
def test_a_known_element_may_be_mandated(tag: int) -> None:
    assert examine(package(elements=[element(tag, 7)])).elements == 3


# The answer


def test_success_in_the_response() -> None:
    assert response() == hx("3007 A005 3003 800100")


def test_a_refusal_in_the_response() -> None:
    assert response(PEStatus.PE_NOT_SUPPORTED, 300, aborted=True) == hx(
        "300D A009 3007 800101 8102012C 8100"
    )


def test_a_refusal_of_the_header_names_no_element() -> None:
    assert response(31, aborted=True) == hx("3009 A005 3003 80011F 8100")


def test_a_status_word_in_the_response() -> None:
    assert response(0x9000) == hx("3009 A007 3005 8003009000")


def test_the_names_of_the_status_codes() -> None:
    assert [(one.value, one.name) for one in PEStatus] == [
        (0, "OK"),
        (1, "PE_NOT_SUPPORTED"),
        (2, "MEMORY_FAILURE"),
        (3, "BAD_VALUES"),
        (4, "NOT_ENOUGH_MEMORY"),
        (5, "INVALID_REQUEST_FORMAT"),
        (6, "INVALID_PARAMETER"),
        (7, "RUNTIME_NOT_SUPPORTED"),
        (8, "LIB_NOT_SUPPORTED"),
        (9, "TEMPLATE_NOT_SUPPORTED"),
        (10, "FEATURE_NOT_SUPPORTED"),
        (11, "PIN_CODE_MISSING"),
        (31, "UNSUPPORTED_PROFILE_VERSION"),
    ]


# The list for people


def test_elements_are_listed_with_their_names() -> None:
    raw = package(elements=[element(MF, 4), element(0xBF22, 7, mandated=False), hx("AB00")])
    assert [(one.name, one.tag, one.identification, one.size) for one in elements(raw)] == [
        ("header", 0xA0, None, len(header())),
        ("mf", 0xB0, 4, 9),
        ("unknown", 0xBF22, 7, 8),
        ("rfu1", 0xAB, None, 2),
        ("end", 0xAA, 0x7FFF, 10),
    ]


@needs_published
@pytest.mark.parametrize("name", TS48)
def test_the_elements_of_a_ts48_package_fill_it(name: str) -> None:
    raw = (PUBLISHED / name).read_bytes()
    found = elements(raw)
    assert b"".join(tlv(one.tag, one.content) for one in found) == raw
    assert sum(one.size for one in found) == len(raw)
    assert [one.name for one in found[:5]] == ["header", "mf", "pukCodes", "pinCodes", "telecom"]
    assert all(one.mandated for one in found[1:])


def test_the_tags_of_the_elements() -> None:
    tags = {0xA1: "genericFileManagement", 0xAF: "rfu5", 0xB0: "mf", 0xB9: "csim", 0xBE: "df-snpn"}
    tags |= {0xBF1F: "df-5gprose", 0xBF20: "iot", 0xBF21: "opt-iot"}
    assert {tag: NAMES[tag] for tag in tags} == tags
    assert len(NAMES) == 34
