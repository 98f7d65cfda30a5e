"""Packages with other values: what was asked for is there, every other byte is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import saip
from support.published_pki import PUBLISHED
from support.sims import ISIM_AID, OPC, K, sim_package

from apdu.tlv import children
from euicc_sim.asn1.saip.elements import MILENAGE, TUAK
from euicc_sim.formats.file_contents import ContentError
from euicc_sim.formats.saip import PackageError, SimContents, contents_of, elements, examine
from euicc_sim.formats.saip.editing import Changes, EditError, Keys, edited

UPP = sorted((PUBLISHED.parent / "upp").glob("*.der"))
OTHER = bytes(range(16))
EVERYTHING = Changes(
    "8988211000000000013", "999700000000007", "Lab", "0080", Keys(MILENAGE, OTHER, bytes(16))
)


def content(contents: SimContents, label: str) -> str:
    """The content of the first file of that name."""
    return next(one.content for one in contents.files.values() if one.label == label).hex().upper()


@pytest.fixture(params=["a package of the tests", *UPP], ids=lambda one: Path(str(one)).stem)
def package(request: pytest.FixtureRequest) -> bytes:
    return request.param.read_bytes() if isinstance(request.param, Path) else sim_package()


def test_the_test_profiles_lie_beside_the_project() -> None:
    if not UPP:
        pytest.skip("needs the GSMA TS.48 test profiles in ../shared/upp")
    assert len(UPP) == 4


def test_without_changes_nothing_changes(package: bytes) -> None:
    assert edited(package, Changes()) == package


def test_all_values_are_there_then(package: bytes) -> None:
    found = edited(package, EVERYTHING)
    contents = contents_of(found)
    assert examine(found).iccid.hex().upper() == "988812010000000010F3"
    assert content(contents, "EF.ICCID") == "988812010000000010F3"
    assert content(contents, "EF.IMSI") == "089999070000000070"
    assert content(contents, "EF.SPN") == "014C6162FFFFFFFFFFFFFFFFFFFFFFFFFF"
    assert content(contents, "EF.ACC") == "0080"
    for keys in contents.authentication.values():
        assert (keys.algorithm, keys.key, keys.opc) == (MILENAGE, OTHER, bytes(16))


def test_elements_that_are_not_concerned_stay_as_they_are(package: bytes) -> None:
    before, after = elements(package), elements(edited(package, EVERYTHING))
    changed = {a.name for a, b in zip(before, after, strict=True) if a.content != b.content}
    assert changed == {"header", "mf", "usim", "akaParameter"}


def test_files_that_are_not_concerned_stay_as_they_are(package: bytes) -> None:
    before, after = contents_of(package), contents_of(edited(package, EVERYTHING))
    changed = {one.label for path, one in before.files.items() if one != after.files[path]}
    assert changed == {"EF.ICCID", "EF.IMSI", "EF.SPN", "EF.ACC"}
    assert (before.pins, before.puks) == (after.pins, after.puks)


def test_the_algorithm_is_the_mandatory_one_in_the_header(package: bytes) -> None:
    header = elements(edited(package, Changes(keys=Keys(TUAK, bytes(16), bytes(32)))))[0].content
    (services,) = [one for one in children(header) if one.tag == 0xA5]
    tags = [one.tag for one in children(header, services.value, services.end)]
    assert tags == sorted(tags)
    assert set(tags) & {0x84, 0x85, 0x90, 0x91} == {0x85}


def test_keys_that_another_application_shares_stay_shared() -> None:
    before = contents_of(sim_package())
    after = contents_of(edited(sim_package(), Changes(keys=Keys(MILENAGE, OPC, K))))
    assert before.same_keys == after.same_keys
    assert ISIM_AID in {one.name for one in after.files.values()}


def test_a_package_without_that_file_is_a_sentence() -> None:
    with pytest.raises(EditError, match="The package has no usim and no iot, where ef-imsi would"):
        edited(saip.package(), Changes(imsi="001010000000001"))
    with pytest.raises(EditError, match="The package has no akaParameter"):
        edited(saip.package(), Changes(keys=Keys(MILENAGE, K, OPC)))


@pytest.mark.parametrize(
    ("algorithm", "key", "opc", "why"),
    [
        (MILENAGE, 15, 16, "The K of Milenage has 32 hex digits, not 30"),
        (MILENAGE, 16, 32, "The OPc of Milenage has 32 hex digits, not 64"),
        (TUAK, 24, 32, "The K of TUAK has 32 or 64 hex digits, not 48"),
        (TUAK, 32, 16, "The TOPc of TUAK has 64 hex digits, not 32"),
    ],
)
def test_keys_of_another_size_are_a_sentence_without_the_key(
    algorithm: int, key: int, opc: int, why: str
) -> None:
    with pytest.raises(EditError, match=why):
        Keys(algorithm, bytes(key), bytes(opc))


def test_keys_are_not_printed() -> None:
    assert "00" not in repr(Keys(MILENAGE, bytes(16), bytes(16)))


def test_what_no_card_would_take_is_refused_before_and_after() -> None:
    with pytest.raises(PackageError):
        edited(saip.package()[:-1], Changes())
    with pytest.raises(ContentError):
        edited(sim_package(), Changes(imsi="12"))
    with pytest.raises(ValueError, match="is not an ICCID"):
        edited(sim_package(), Changes(iccid="12"))
