"""The test Profile of this program: a package that TCA's module reads, with public values only."""

from __future__ import annotations

import pytest
from support.judge import SAIP, module

from apdu.tlv import read
from euicc_sim.formats.file_contents import ContentError, decoded
from euicc_sim.formats.saip import contents_of, elements, examine
from euicc_sim.formats.saip.sample import IMSI, OPC, K, iccid_of, sample

TCA = module(SAIP).PEDefinitions


def test_tca_s_own_module_reads_every_element_and_writes_it_the_same() -> None:
    package, at, names = sample(), 0, []
    while at < len(package):
        end = read(package, at).end
        judge = TCA.ProfileElement
        judge.from_der(package[at:end])
        names.append(judge.get_val()[0])
        assert judge.to_der() == package[at:end]
        at = end
    assert names == [
        "header",
        "mf",
        "pukCodes",
        "pinCodes",
        "usim",
        "opt-usim",
        "pinCodes",
        "akaParameter",
        "gsm-access",
        "df-5gs",
        "end",
    ]


def test_it_is_small_and_the_same_every_time() -> None:
    assert len(sample()) < 2048
    assert sample() == sample()


def test_every_element_is_mandated_and_has_its_own_number() -> None:
    header, *others = elements(sample())
    assert header.name == "header"
    assert [one.identification for one in others] == list(range(1, len(others) + 1))
    assert all(one.mandated for one in others)


@pytest.mark.parametrize(
    ("imsi", "iccid"),
    [("001010000000001", "8900101000000000100"), ("001010000000002", "8900101000000000209")],
)
def test_its_iccid_follows_from_its_imsi_and_ends_with_a_check_digit(imsi: str, iccid: str) -> None:
    assert iccid_of(imsi) == iccid
    digits = [int(one) for one in reversed(iccid)]
    luhn = sum(digits[::2]) + sum(sum(divmod(2 * one, 10)) for one in digits[1::2])
    assert luhn % 10 == 0
    facts = examine(sample(imsi))
    assert facts.iccid.hex().upper() == "".join(
        b + a for a, b in zip(iccid[::2], f"{iccid}F"[1::2], strict=True)
    )


def test_its_files_have_the_imsi_and_what_follows_from_it() -> None:
    contents = contents_of(sample("001010000000009"))
    said = {one.label: decoded(one.label, one.content) for one in contents.files.values()}
    assert said["EF.IMSI"] == "001010000000009"
    assert said["EF.ACC"] == "class 9"
    assert said["EF.EHPLMN"] == "001-01"
    assert said["EF.SPN"] == "'euicc-sim'"


def test_its_keys_are_set_1_of_ts_35_208() -> None:
    ((_, keys),) = contents_of(sample()).authentication.items()
    assert (keys.key, keys.opc) == (K, OPC)
    assert K.hex() == "465b5ce8b199b49faa5f0a2ee238a6bc"
    assert OPC.hex() == "cd63cb71954a9f4e48a5994e37a02baf"


@pytest.mark.parametrize("imsi", ["", "00101", "00101000000000", IMSI + "0", "00101000000000x"])
def test_an_imsi_of_another_length_is_a_sentence(imsi: str) -> None:
    with pytest.raises(ContentError):
        sample(imsi)
