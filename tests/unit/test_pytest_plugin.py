"""The pytest plugin, as users have it: tests of theirs in a directory of their own."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from support.hexes import hx

from euicc_sim import Card
from euicc_sim.pytest_plugin import Es10Error, Euicc, EuiccFactory

pytest_plugins = "pytester"

USER_S_TESTS = '''
"""The README's example, and what else a user might write."""

import json

import pytest

from euicc_sim.pytest_plugin import Es10Error

GET_EID = bytes.fromhex("BF3E035C015A")


def test_my_client_reads_the_eid(euicc):
    euicc.transmit(bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100"))
    assert euicc.transmit(bytes.fromhex("80E2910006BF3E035C015A")) == bytes.fromhex("6115")
    assert euicc.transmit(bytes.fromhex("80C0000015")).hex().upper() == (
        f"BF3E125A10{euicc.eid}9000"
    )


def test_whole_es10_requests(euicc):
    assert euicc.es10(GET_EID)[5:].hex() == euicc.eid
    assert euicc.events == [f"GetEID: {euicc.eid}"]
    with pytest.raises(Es10Error, match="6A88") as caught:
        euicc.es10(bytes.fromhex("BF7F00"))
    assert caught.value.sw == 0x6A88
    assert len(euicc.refusals) == 1


def test_every_test_has_a_fresh_card(euicc, tmp_path):
    assert euicc.events == []
    assert euicc.directory.parent == tmp_path
    assert json.loads((euicc.directory / "card.json").read_text())["eims"] == []


def test_a_reset_forgets_what_was_selected(euicc):
    euicc.es10(GET_EID)
    assert euicc.reset() == euicc.atr
    assert euicc.transmit(bytes.fromhex("80E2910003BF2E00"))[-2:] != b"\\x90\\x00"


@pytest.mark.parametrize("version", ["1.0.1", "1.1", "1.2", "1.3"])
def test_my_ipa_copes_with_each_version(euicc_factory, version):
    assert euicc_factory(sgp32=version).card.identity.sgp32_version == version


def test_two_cards(euicc, euicc_factory):
    other = euicc_factory(card_type="consumer", memory=65536, seed=1)
    assert other.eid != euicc.eid
    assert other.es10(GET_EID) != euicc.es10(GET_EID)


def test_all_cards_are_of_one_pki(euicc_pki, euicc_factory):
    certificate = next((euicc_pki / "EUM").glob("CERT_EUM*.der")).read_bytes()
    for euicc in euicc_factory(), euicc_factory():
        assert certificate in {one.eum_certificate for one in euicc.card.identity.credentials}
'''


@pytest.mark.slow
def test_a_user_s_tests_pass_with_no_configuration(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=USER_S_TESTS)
    result = pytester.runpytest_subprocess(
        "-W", "error", "--strict-config", "-p", "no:cacheprovider"
    )
    result.assert_outcomes(passed=10)


@pytest.mark.slow
def test_the_fixtures_are_listed_with_what_they_are_for(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--fixtures")
    result.stdout.fnmatch_lines_random(
        [
            "euicc -- *pytest_plugin.py:*",
            "    A new software eUICC, powered on: *",
            "euicc_factory -- *pytest_plugin.py:*",
            "euicc_pki [[]session scope[]] -- *pytest_plugin.py:*",
        ]
    )


def test_pytest_finds_it_by_itself() -> None:
    (found,) = entry_points(group="pytest11", name="euicc_sim")
    assert found.value == "euicc_sim.pytest_plugin"


def test_no_card_is_imported_until_a_fixture_is_used() -> None:
    names = [
        "euicc_sim.card",
        "euicc_sim.asn1",
        "euicc_sim.store",
        "keys",
        "apdu",
        "cryptography",
        "pyasn1",
    ]
    code = f"import sys, euicc_sim.pytest_plugin; print([n for n in {names} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_pytest_is_no_dependency_of_the_package() -> None:
    """Only the plugin imports it: tests/unit/test_layers.py sees to that."""
    lines = (Path(__file__).parents[2] / "pyproject.toml").read_text().split("dependencies = [")
    assert "pytest" not in lines[1].split("]")[0]


def test_a_card_is_powered_and_its_facts_are_at_hand(euicc: Euicc, tmp_path: Path) -> None:
    assert isinstance(euicc.card, Card)
    assert euicc.directory == tmp_path / "euicc-1"
    assert euicc.eid == "89049032123451234512345678901235"
    assert euicc.reset() == euicc.atr
    assert euicc.es10(hx("BF3E 03 5C015A")) == hx("BF3E 12 5A10") + bytes.fromhex(euicc.eid)


def test_a_refusal_has_the_card_s_reason(euicc: Euicc) -> None:
    with pytest.raises(Es10Error) as caught:
        euicc.es10(hx("BF3E 03 5C015B"))
    assert str(caught.value) == euicc.refusals[-1]
    assert str(caught.value).count("GetEID") == 1
    assert euicc.events == euicc.refusals


def test_a_request_that_is_too_long_is_refused_with_the_reason(euicc: Euicc) -> None:
    with pytest.raises(Es10Error, match=r"6A84, a request has at most 131072 bytes and 8192 parts"):
        euicc.es10(hx("BF3E 83 020000") + bytes(0x20000))


def test_an_empty_request_is_none(euicc: Euicc) -> None:
    with pytest.raises(ValueError, match=r"^an ES10 request has at least a tag$"):
        euicc.es10(b"")


def test_options_reach_the_card(euicc_factory: EuiccFactory) -> None:
    one = euicc_factory(seed=3, sgp32="1.3", card_type="iot-strict", memory=1000, max_eims=2)
    identity = one.card.identity
    assert identity.seed == 3
    assert identity.sgp32_version == "1.3"
    assert identity.card_type.value == "iot-strict"
    assert (identity.limits.memory, identity.limits.eims) == (1000, 2)


def test_cards_with_a_seed_and_the_same_pki_repeat(
    euicc_factory: EuiccFactory, pki_folder: Path
) -> None:
    eid = "89049032123451234512345678901235"
    one, two = (euicc_factory(seed=3, eid=eid, pki=pki_folder) for _ in range(2))
    assert one.es10(hx("BF2E00")) == two.es10(hx("BF2E00"))


def test_what_the_card_said_is_in_the_report_of_a_failing_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(euicc):
            euicc.es10(bytes.fromhex("BF3E035C015A"))
            euicc.transmit(bytes.fromhex("80E2910003BF6600"))
            assert False

        def test_two(euicc_factory):
            euicc_factory().es10(bytes.fromhex("BF3E035C015A"))
            euicc_factory().es10(bytes.fromhex("BF3E035C015A"))
            assert False

        def test_well(euicc):
            euicc.es10(bytes.fromhex("BF3E035C015A"))
        """
    )
    found = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    found.assert_outcomes(failed=2, passed=1)
    found.stdout.fnmatch_lines(
        [
            "*what the card said*",
            "GetEID: 89049032*",
            "ES10: 6A88, this card has no ES10 function with the tag BF66",
            "*what the card said*",
            "card 1: GetEID: *",
            "card 2: GetEID: *",
        ]
    )
    assert str(found.stdout).count("what the card said") == 2
