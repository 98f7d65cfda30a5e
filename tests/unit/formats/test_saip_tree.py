"""The files, codes and keys that a package makes: of the TS.48 packages, and one rule at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hexes import hx
from support.published_pki import PUBLISHED
from support.saip import element, package
from support.sim_packages import (
    AKA,
    GFM,
    OPT_USIM,
    PIN_CODES,
    PUK_CODES,
    TELECOM,
    content,
    fcp,
    file,
    files,
    mf,
    offset,
    usim,
)

from apdu.tlv import tlv
from euicc_sim.formats.saip import File, Kind, PackageError, PEStatus, SimContents, contents_of
from euicc_sim.formats.saip.templates import TEMPLATES, Pattern

TS48 = {
    "TS48v1_A": (223, 14),
    "TS48v2_SAIP2.1_NoBERTLV": (235, 17),
    "TS48v5_SAIP2.1A_NoBERTLV": (235, 16),
    "TS48v5_SAIP2.3_BERTLV_SUCI": (240, 17),
}
"""GSMA's test profiles: elementary files, and directories with the MF and the ADFs."""
USIM_PATH = hx("7FD0")


def contents(*parts: bytes) -> SimContents:
    return contents_of(package(elements=parts))


def refusal(*parts: bytes) -> tuple[int, int | None, str]:
    with pytest.raises(PackageError) as caught:
        contents(*parts)
    return caught.value.status, caught.value.identification, str(caught.value)


def one(given: bytes, path: str = "7FD06F3E", *, at: int = 5) -> File:
    """A file of opt-usim; EF.GID1 is the fourth."""
    return contents(mf(), usim(), files(OPT_USIM, (5,), {at: given}, 3)).files[hx(path)]


# -- real packages


def published(name: str) -> SimContents:
    path: Path = PUBLISHED.parent / "upp" / f"{name}.der"
    if not path.is_file():
        pytest.skip("needs the GSMA TS.48 test profiles in ../shared/upp")
    return contents_of(path.read_bytes())


@pytest.mark.parametrize("name", TS48)
def test_every_file_of_a_test_profile_is_there(name: str) -> None:
    found = published(name)
    elementary = [each for each in found.files.values() if not each.kind.is_directory]
    assert (len(elementary), len(found.files) - len(elementary)) == TS48[name]
    assert len([each for each in elementary if each.link is not None]) == 29


@pytest.mark.parametrize("name", TS48)
def test_the_files_that_people_look_at_have_their_contents(name: str) -> None:
    found = published(name)
    iccid = "98001032547698103214" if "v2" not in name else "98001032547698103285"
    expected = {"2FE2": iccid, "7FD06F07": "080910101032540636", "7FD06F31": "00"}
    assert {path: found.files[hx(path)].content for path in expected} == {
        path: hx(one) for path, one in expected.items()
    }
    directory = found.files[hx("2F00")]
    assert (directory.record, directory.content[:22]) == (
        33,
        hx("61144F0CA0000000871002FF49FF058950045553494D"),
    )


@pytest.mark.parametrize("name", TS48)
def test_codes_and_keys_belong_to_their_directory(name: str) -> None:
    found = published(name)
    by_directory = {path: [pin.reference for pin in pins] for path, pins in found.pins.items()}
    local = {hx(path): [0x81] for path in ("7F10", "7FD0", "7FC0", "7FB0")}
    assert by_directory == {b"": [0x01, 0x0A, 0x0B], **local}
    pin1 = found.pins[b""][0]
    assert (pin1.value, pin1.enabled, pin1.puk, pin1.tries, pin1.left) == (
        b"0000\xff\xff\xff\xff",
        False,
        1,
        3,
        3,
    )
    assert list(found.puks) == [0x01, 0x81]
    assert {path: one.algorithm for path, one in found.authentication.items()} == {
        hx("7FD0"): 3,
        hx("7FB0"): 3,
    }
    assert found.authentication[USIM_PATH].key == bytes(range(16))


def test_the_size_of_a_file_wins_over_the_records_of_its_template() -> None:
    emergency = published("TS48v1_A").files[hx("7FD06FB7")]
    assert (emergency.record, len(emergency.content)) == (14, 28)


def test_a_file_of_csim_without_a_size_has_that_of_its_contents() -> None:
    found = published("TS48v1_A").files
    assert [len(found[hx(path)].content) for path in ("7FC06F6B", "7FC06F74", "7FC06F45")] == [
        *(1, 1, 4)
    ]


def test_a_link_shows_what_its_target_is() -> None:
    found = published("TS48v5_SAIP2.3_BERTLV_SUCI")
    link = found.files[hx("7F106F40")]
    target = found.body(link)
    assert (target.path, target.record) == (hx("7FD06F40"), 39)


# -- one rule at a time


def test_a_template_fills_in_what_the_package_does_not_say() -> None:
    found = contents(mf(), usim())
    keys = found.files[hx("7FD06F08")]
    assert (keys.content, keys.sfi, keys.rule) == (hx("07" + "FF" * 32), 8, hx("6F0605"))
    assert (keys.kind, keys.descriptor) == (Kind.TRANSPARENT, 0x41)
    nsc = found.files[hx("7FD06FE4")]
    assert (nsc.kind, nsc.record, len(nsc.content)) == (Kind.LINEAR_FIXED, 80, 80)


def test_a_file_that_shall_not_be_created_is_not() -> None:
    found = contents(mf(), usim({5: tlv(0x80)}))
    assert hx("7FD06F08") not in found.files


def test_only_the_files_of_an_optional_element_are_created() -> None:
    found = contents(mf(), usim(), files(OPT_USIM, (5,), {2: b""}, 3))
    assert found.files[hx("7FD06F05")].content == b"\xff" * 6
    assert hx("7FD06F39") not in found.files


def test_contents_continue_where_the_last_ended_and_an_offset_leaves_bytes_as_they_are() -> None:
    given = file(content("0102"), offset(3), content("03"), described=fcp(size="08", fill="AA"))
    assert one(given).content == hx("0102 AAAAAA 03 AAAA")


def test_a_fill_pattern_ends_with_its_last_byte_and_a_repeat_pattern_begins_again() -> None:
    assert one(file(described=fcp(size="05", fill="0102"))).content == hx("0102020202")
    assert one(file(described=fcp(size="05", repeat="0102"))).content == hx("0102010201")


def test_a_pattern_begins_again_in_each_record() -> None:
    given = file(described=fcp(descriptor="42210003", size="06", fill="00FF"))
    assert one(given, "7FD06F40", at=7).content == hx("00FFFF 00FFFF")


def test_a_short_identifier_is_shifted_in_the_package_and_an_empty_one_is_none() -> None:
    assert one(file(described=fcp(sfi="E0"))).sfi == 0x1C
    assert one(file(described=fcp(sfi=""))).sfi is None


def test_a_rule_of_one_byte_is_in_the_implied_ef_arr() -> None:
    found = contents(mf(), usim())
    assert found.files[hx("2FE2")].rule == hx("2F060B")
    assert found.files[USIM_PATH].rule == hx("2F0601")
    assert found.files[hx("7FD06F07")].rule == hx("6F0602")


def management(*commands: bytes, number: int = 9) -> bytes:
    return element(GFM, number, tlv(0xA1, tlv(0x30, *commands)))


def test_generic_file_management_makes_directories_and_files_in_them() -> None:
    found = contents(
        mf(),
        usim(),
        management(
            tlv(0x80, USIM_PATH),
            tlv(0x62, fcp(descriptor="7821", fid="5FC0", rule="01", pins="81")),
            tlv(0x80, hx("7FD05FC0")),
            tlv(0x62, fcp(descriptor="4121", fid="4F07", rule="02", size="05")),
            tlv(0x02, b"\x01"),
            tlv(0x81, hx("A0A1")),
        ),
    )
    file_of_df = found.files[hx("7FD05FC04F07")]
    assert (file_of_df.content, file_of_df.rule, file_of_df.sfi) == (
        hx("FFA0A1FFFF"),
        hx("6F0602"),
        7,
    )


def test_a_ber_tlv_file_has_objects_and_a_maximum() -> None:
    found = contents(
        mf(),
        management(
            tlv(0x62, fcp(descriptor="7921", fid="6F01", rule="02", maximum="0400")),
            tlv(0x81, hx("80021234")),
        ),
    )
    objects = found.files[hx("6F01")]
    assert (objects.kind, objects.content, objects.maximum) == (Kind.BER_TLV, hx("80021234"), 1024)


PUKS = element(PUK_CODES, 5, tlv(0xA1, tlv(0x30, tlv(0x80, b"\1"), tlv(0x81, b"11111111"))))


def pins(*codes: bytes) -> bytes:
    return element(PIN_CODES, 6, tlv(0xA1, tlv(0xA0, *codes)))


def pin(reference: int, *more: bytes) -> bytes:
    number = b"\0" * (reference > 0x7F) + bytes((reference,))
    return tlv(0x30, tlv(0x80, number), tlv(0x81, b"0000\xff\xff\xff\xff"), *more)


def test_the_pins_of_another_directory_can_be_shared() -> None:
    shared = element(PIN_CODES, 7, tlv(0xA1, tlv(0x81, b"")))
    found = contents(mf(), pins(pin(1)), usim(), shared)
    assert found.shared_pins == {USIM_PATH: b""}


def aka(*given: bytes, number: int = 8) -> bytes:
    return element(AKA, number, *given)


def algorithm(number: int, key: bytes, opc: bytes) -> bytes:
    parts = tlv(0x80, bytes((number,))), tlv(0x81, b"\0"), tlv(0x82, key), tlv(0x83, opc)
    return tlv(0xA1, tlv(0xA1, *parts))


def test_keys_have_the_defaults_of_the_standard() -> None:
    found = contents(mf(), usim(), aka(algorithm(1, bytes(16), bytes(16))))
    milenage = found.authentication[USIM_PATH]
    assert (milenage.sqn_options, milenage.delta, milenage.sqn) == (
        2,
        hx("000010000000"),
        (bytes(6),) * 32,
    )


def test_no_key_and_no_code_is_printed() -> None:
    found = contents(
        mf(), PUKS, pins(pin(1)), usim(), aka(algorithm(1, b"\xab" * 16, b"\xcd" * 16))
    )
    text = repr((found.pins, found.puks, found.authentication))
    assert not [one for one in ("0000", "11111111", "\\xab", "\\xcd") if one in text]


# -- contradictions

KEYS = (tlv(0x81, b"\0"), tlv(0x82, bytes(16)), tlv(0x83, bytes(16)))
REFUSED = {
    "contents beyond the size": (
        (mf(), usim(), files(OPT_USIM, (5,), {5: file(content("00" * 9))}, 3)),
        (3, 3, "ef-gid1 has 8 bytes, and contents up to byte 9"),
    ),
    "an offset beyond the size": (
        (mf(), usim(), files(OPT_USIM, (5,), {5: file(offset(60000), content("00"))}, 3)),
        (3, 3, "contents up to byte 60001"),
    ),
    "neither size nor contents": (
        (mf(), files(TELECOM, (3,), {2: file(described=fcp(rule="01")), 8: b""}, 3)),
        (6, 3, "ef-psismsc has records of no size"),
    ),
    "records that do not fill the file": (
        (
            mf(),
            usim(),
            files(OPT_USIM, (5,), {7: file(described=fcp(descriptor="42210005", size="07"))}, 3),
        ),
        (3, 3, "ef-msisdn has 7 bytes, which are not records of 5"),
    ),
    "a file of gigabytes": (
        (mf(), usim(), files(OPT_USIM, (5,), {5: file(described=fcp(size="FFFFFFFF"))}, 3)),
        (3, 3, "has a size 4294967295, more than 65535"),
    ),
    "a size of thousands of digits": (
        (mf(), usim(), files(OPT_USIM, (5,), {5: file(described=fcp(size="FF" * 2000))}, 3)),
        (3, 3, "has a size of 16000 bits, more than 65535"),
    ),
    "a size of 0": (
        (mf(), usim(), files(OPT_USIM, (5,), {5: file(described=fcp(size="00"))}, 3)),
        (6, 3, "ef-gid1 has neither a size nor contents"),
    ),
    "more records than a number can say": (
        (
            mf(),
            usim(),
            files(OPT_USIM, (5,), {7: file(described=fcp(descriptor="42210001", size="00FF"))}, 3),
        ),
        (3, 3, "ef-msisdn has 255 records, more than 254"),
    ),
    "an offset of thousands of digits": (
        (
            mf(),
            usim(),
            files(OPT_USIM, (5,), {5: file(tlv(0x82, b"\x7f" + bytes(2000)), content("00"))}, 3),
        ),
        (3, 3, "an offset of 16007 bits"),
    ),
    "an algorithm of thousands of digits": (
        (mf(), usim(), aka(tlv(0xA1, tlv(0xA1, *(tlv(0x80, b"\x7f" + bytes(2000)), *KEYS))))),
        (10, 8, "is not known"),
    ),
    "both patterns": (
        (mf(), usim(), files(OPT_USIM, (5,), {5: file(described=fcp(fill="00", repeat="00"))}, 3)),
        (3, 3, "both fillPattern and repeatPattern"),
    ),
    "an unknown file descriptor": (
        (mf(), usim(), files(OPT_USIM, (5,), {5: file(described=fcp(descriptor="4021"))}, 3)),
        (3, 3, "4021 is not a file descriptor"),
    ),
    "files of no application": (
        (mf(), files(OPT_USIM, (5,), {2: b""}, 3)),
        (6, 3, "there is no application for these files yet"),
    ),
    "a file in a directory that the element lacks": (
        (mf(), files(TELECOM, (3,), {2: file(described=fcp(rule="01")), 10: b""}, 3)),
        (6, 3, "ef-img is in df-graphics, which the element does not have"),
    ),
    "two files of one identifier": (
        (mf(), usim(), usim()),
        (3, 2, "there are two files 7FD0"),
    ),
    "a link to nothing": (
        (mf(), usim(), files(OPT_USIM, (5,), {5: file(described=fcp(link="7FD06F99"))}, 3)),
        (6, 3, "ef-gid1 links to 7FD06F99, which does not exist"),
    ),
    "a link to a directory": (
        (mf(), usim(), files(OPT_USIM, (5,), {5: file(described=fcp(link="7FD0"))}, 3)),
        (10, 3, "ef-gid1 links to a directory"),
    ),
    "a path to nothing": (
        (mf(), management(tlv(0x80, hx("7F77")))),
        (6, 9, "there is no directory 7F77"),
    ),
    "a path to a file": (
        (mf(), management(tlv(0x80, hx("2FE2")))),
        (6, 9, "2FE2 is not a directory"),
    ),
    "contents before any file": (
        (mf(), management(tlv(0x81, b"\0"))),
        (6, 9, "contents before any file"),
    ),
    "a PIN whose PUK does not exist": (
        (mf(), pins(pin(1, tlv(0x82, b"\1")))),
        (6, 6, "PIN 01 has PUK 01, which does not exist"),
    ),
    "a PIN twice": ((mf(), pins(pin(1), pin(1))), (3, 6, "PIN 01 is there twice")),
    "more tries left than there are": (
        (mf(), pins(pin(1, tlv(0x84, b"\x24")))),
        (3, 6, "4 of 2 tries left"),
    ),
    "PINs of a directory that has none": (
        (mf(), usim(), element(PIN_CODES, 7, tlv(0xA1, tlv(0x81, b"")))),
        (11, 7, "3F00 has no PINs"),
    ),
    "keys of no application": (
        (mf(), aka(algorithm(1, bytes(16), bytes(16)))),
        (6, 8, "there is no application for these files yet"),
    ),
    "a key of the wrong size": (
        (mf(), usim(), aka(algorithm(1, bytes(17), bytes(16)))),
        (3, 8, "a key of 17 bytes does not fit algorithm 1"),
    ),
    "an unknown algorithm": (
        (mf(), usim(), aka(algorithm(4, bytes(16), bytes(16)))),
        (10, 8, "algorithm 4 is not known"),
    ),
    "the keys of an application that is not there": (
        (
            mf(),
            usim(),
            aka(tlv(0xA1, tlv(0xA0, tlv(0x80, b"\0"), tlv(0x81, hx("A0000000871004"))))),
        ),
        (6, 8, "no application has the AID A0000000871004"),
    ),
    "an element that lacks a file": (
        (files(0xB0, (1,), {2: b""}),),
        (5, 1, "PE-MF lacks ef-iccid"),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_contradiction_is_refused_at_its_element(name: str) -> None:
    parts, (status, number, why) = REFUSED[name]
    found = refusal(*parts)
    assert found[:2] == (status, number)
    assert why in found[2]


def test_files_of_more_than_the_memory_of_a_card_are_refused() -> None:
    big = [
        management(
            tlv(0x62, fcp(descriptor="4121", fid=f"6F{at:02X}", rule="02", size="FFFF")),
            number=at,
        )
        for at in range(1, 10)
    ]
    assert refusal(mf(), *big)[:2] == (PEStatus.NOT_ENOUGH_MEMORY, 8)


# -- the templates


def test_every_template_can_be_filled() -> None:
    sizes = [
        len(each.fill.filled(each.record or each.count or 1))
        for templates in TEMPLATES.values()
        for each in templates.values()
        if not each.kind.is_directory
    ]
    assert len(sizes) > 350
    assert min(sizes) >= 1


def test_a_pattern_keeps_its_end() -> None:
    assert Pattern(b"\xff", b"\x07").filled(4) == hx("FFFFFF07")
