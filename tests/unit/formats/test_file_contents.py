"""What files of a SIM say in words, and a few written: TS 31.102, TS 23.038, TS 102 221 annex A."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from euicc_sim.formats.file_contents import (
    DECODERS,
    ContentError,
    acc_content,
    decoded,
    imsi_content,
    spn_content,
)

CONTENTS = [
    ("EF.ICCID", "98001032547698103214", "89000123456789012341"),
    ("EF.ICCID", "980700000000003846FF", "897000000000008364"),
    ("EF.IMSI", "080910101032540636", "001010123456063"),
    ("EF.IMSI", "0801101010325406F6", "00101012345606"),
    ("EF.SPN", "0147534D411154455354FFFFFFFFFFFFFF", "'GSMA_TEST'"),
    ("EF.SPN", "01805B9A65E5FFFFFFFFFFFFFFFFFFFFFF", "'定日'"),
    ("EF.MSISDN", "FF" * 10 + "0791947121436587" + "FF" * 6, "+491712345678"),
    ("EF.MSISDN", "4D65FF0391214365" + "FF" * 8, None),
    ("EF.MSISDN", "4D65FF04812143F5" + "FF" * 9, "12345 'Me'"),
    ("EF.FPLMN", "00F11062F220FFFFFFFFFFFF", "001-01, 262-02"),
    ("EF.EHPLMN", "131084", "310-481"),
    ("EF.PLMNWACT", "00F110C000FFFFFF0000", "001-01 (UTRAN E-UTRAN)"),
    ("EF.HPLMNWACT", "00F1100880", "001-01 (NG-RAN GSM)"),
    ("EF.OPLMNWACT", "00F1100000", "001-01 (none)"),
    ("EF.UST", "9E00000001", "services 2-5 8 33"),
    ("EF.UST", "0000", "no services"),
    ("EF.ACC", "0200", "class 9"),
    ("EF.ACC", "8003", "class 0-1 15"),
    ("EF.ACC", "0000", "no class"),
    ("EF.AD", "00000002", "normal operation, MNC of 2 digits"),
    ("EF.AD", "800000", "type approval"),
    ("EF.AD", "77000003", "mode 77, MNC of 3 digits"),
    ("EF.LOCI", "FFFFFFFF42F618FFFEFF01", "TMSI FFFFFFFF, 246-81 LAC FFFE, not updated"),
    ("EF.LOCI", "01020304FFFFFF0000FF00", "TMSI 01020304, no area LAC 0000, updated"),
    ("EF.LOCI", "0102", None),
    ("EF.IMSI", "FFFFFFFFFFFFFFFFFF", None),
    ("EF.IMSI", "0A09", None),
    ("EF.NOBODY", "00", None),
]


@pytest.mark.parametrize(("label", "content", "words"), CONTENTS)
def test_a_content_in_words(label: str, content: str, words: str | None) -> None:
    assert decoded(label, hx(content)) == words


@given(label=st.sampled_from(sorted(DECODERS)), content=st.binary(max_size=60))
def test_any_bytes_are_words_or_nothing(label: str, content: bytes) -> None:
    found = decoded(label, content)
    assert found is None or isinstance(found, str)


@pytest.mark.parametrize(
    ("digits", "content"),
    [("001010123456063", "080910101032540636"), ("00101012345606", "0801101010325406F6")],
)
def test_an_imsi_is_written_with_its_parity(digits: str, content: str) -> None:
    assert imsi_content(digits) == hx(content)


@given(st.from_regex(r"[0-9]{6,15}", fullmatch=True))
def test_an_imsi_is_read_as_it_was_written(digits: str) -> None:
    assert len(imsi_content(digits)) == 9
    assert decoded("EF.IMSI", imsi_content(digits)) == digits


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("euicc-sim", "0165756963632D73696DFFFFFFFFFFFFFF"),
        ("Ünet", "015E6E6574FFFFFFFFFFFFFFFFFFFFFFFF"),
        ("日本", "018065E5672CFFFFFFFFFFFFFFFFFFFFFF"),
    ],
)
def test_an_spn_is_in_the_alphabet_of_gsm_or_in_ucs2(name: str, content: str) -> None:
    assert spn_content(name) == hx(content)
    assert decoded("EF.SPN", spn_content(name)) == repr(name)


def test_an_acc_is_two_bytes() -> None:
    assert acc_content("0200") == hx("0200")


@pytest.mark.parametrize(
    "digits", ["", "00101", "0010101234560631", "0010101234560x3", "００１０１０１２３４５６"]
)
def test_what_is_not_an_imsi_is_a_sentence(digits: str) -> None:
    with pytest.raises(ContentError, match=r"is not an IMSI: it has 6 to 15 digits\.$"):
        imsi_content(digits)


@pytest.mark.parametrize("name", ["", "a" * 17, "日" * 8])
def test_an_spn_that_does_not_fit_is_a_sentence(name: str) -> None:
    with pytest.raises(ContentError, match="an SPN has 1 to 16 characters"):
        spn_content(name)


@pytest.mark.parametrize("digits", ["", "1", "00100", "zzzz"])
def test_what_is_not_an_acc_is_a_sentence(digits: str) -> None:
    with pytest.raises(ContentError, match="write 4 hex digits"):
        acc_content(digits)
