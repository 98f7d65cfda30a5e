"""The types of profile packages: each against TCA's own module, and every element of real packages.

What differs is listed: TCA names the header of each element after the element, gives files the
DEFAULTs of another standard, and has fields that are kept here as received.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from support.judge import SAIP, module
from support.judged_types import differences, field_differences
from support.published_pki import PUBLISHED

from apdu.tlv import read, tlv
from euicc_sim.asn1.codec import Asn1Error, message
from euicc_sim.asn1.saip import elements, files

TCA = module(SAIP).PEDefinitions

ELEMENTS: dict[str, Any] = {
    "PE_GenericFileManagement": files.GenericFileManagement,
    "PE_PINCodes": elements.PinCodes,
    "PE_PUKCodes": elements.PukCodes,
    "PE_AKAParameter": elements.AkaParameter,
    "PE_CDMAParameter": elements.CdmaParameter,
    "PE_SecurityDomain": elements.SecurityDomain,
    "PE_RFM": elements.Rfm,
    "PE_Application": elements.Application,
    "PE_NonStandard": elements.NonStandard,
    "PE_End": elements.End,
}
ALTERNATIVES = dict(TCA.ProfileElement._cont.items())
"""Of ProfileElement, which is where an element gets its tag."""

OCTET_DEFAULTS = {
    *("specialFileInformation", "fileDetails", "lcsi"),
    *("rotationConstants", "xoringConstants"),
    *("sqnOptions", "sqnDelta", "sqnAgeLimit", "sqnInit"),
    *("keyAccess", "lifeCycleState"),
}
"""Fields with a DEFAULT of octets: here they are optional, and whoever reads them has the value."""

RENAMED = {
    "header: additional": r"[\w-]+-[hH]eader: lacking",
    "maxNumOfAttemptsRetryNumLeft: additional": "maxNumOfAttemps-retryNumLeft: lacking",
    "keyComponents: additional": "keyCompontents: lacking",
}
"""Fields that are called otherwise here: Python's names have no hyphen, and two are misspelt."""

NAMED_NUMBERS = {"algorithmID", "keyReference", "unblockingPINReference"}
"""INTEGERs with names in TCA's module, which are numbers here."""


def explained(difference: str) -> bool:
    path, _, what = difference.partition(": ")
    field = path.rpartition(".")[2]
    if field in OCTET_DEFAULTS:
        return what.startswith(("optional True", "default None"))
    if what.startswith("numbers"):
        return field in NAMED_NUMBERS
    return any(
        f"{field}: {what}" == ours or re.fullmatch(theirs, f"{field}: {what}")
        for ours, theirs in RENAMED.items()
    )


def unexplained(found: Iterator[str]) -> list[str]:
    return [one for one in found if not explained(one)]


@pytest.mark.parametrize("name", ELEMENTS)
def test_an_element_is_that_of_tcas_module(name: str) -> None:
    ours, theirs = ELEMENTS[name](), getattr(TCA, name)
    (tag,) = (one for one in ALTERNATIVES.values() if one._typeref.called[1] == theirs._name)
    assert [(one.tagClass >> 6, one.tagId) for one in ours.tagSet.superTags] == list(tag._tagc)
    assert not unexplained(field_differences(ours, theirs, name))


@pytest.mark.parametrize("name", files.FILES)
def test_an_element_of_files_is_that_of_tcas_module(name: str) -> None:
    ours, theirs = files.files_specs()[name], ALTERNATIVES[name]
    found = unexplained(differences(ours, theirs, name))
    assert not [one for one in found if not one.endswith(".header: additional")]


def test_no_element_of_the_standard_is_left_out() -> None:
    here = {*files.FILES, "header", *(f"rfu{number}" for number in range(1, 6))}
    called = {getattr(TCA, name)._name for name in ELEMENTS}
    for name, one in ALTERNATIVES.items():
        assert name in here or one._typeref.called[1] in called, name


def test_every_element_of_the_test_profiles_is_read_and_written_byte_for_byte() -> None:
    folder = PUBLISHED.parent / "upp"
    if not folder.is_dir():
        pytest.skip("needs the GSMA TS.48 test profiles in ../shared/upp")
    names, kinds = (
        list(files.FILES),
        {one().tagSet.superTags[0].tagId: one for one in ELEMENTS.values()},
    )
    counted = 0
    for path in sorted(folder.glob("*.der")):
        package, at = path.read_bytes(), 0
        while at < len(package):
            item = read(package, at)
            raw, number, at = package[item.start : item.end], item.tag & 0x1F, item.end
            if number in kinds:
                kind = message(kinds[number])
                assert kind.encode(kind.decode(raw)) == raw
                counted += 1
            elif number:
                found = files.read_files(names[number - 16], raw)
                assert found.files
                counted += 1
    assert counted == 27 * 3 + 29


def test_an_element_with_a_file_out_of_order_is_refused() -> None:
    header = tlv(0xA0, tlv(0x81, b"\x01"))
    template = tlv(0x81, bytes.fromhex("67810F010201"))
    mf = tlv(0xB0, header, template, *map(tlv, (0xA2, 0xA4, 0xA5, 0xA6, 0xA3)))
    with pytest.raises(Asn1Error, match="PE-MF: tag A3 is there twice or out of order"):
        files.read_files("mf", mf)
