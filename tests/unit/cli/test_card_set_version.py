"""`euicc-sim card set --sgp32` and `--sgp22`: the versions that a card is of."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Run, runner
from support.es10 import SELECT_ISDR, es10
from support.fresh import fresh_card
from support.hexes import hx
from support.installed import give
from support.installing import A as ICCID
from support.published_pki import tree

from euicc_sim import Card, CardError
from euicc_sim.asn1.wire import VERSIONS
from euicc_sim.model.identity import CardType
from euicc_sim.store.directory import DOCUMENT, Disk, read
from euicc_sim.store.making import Properties, set_properties


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim card` with these words."""
    return runner(monkeypatch, capsys, "card")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card with a Profile, closed."""
    with Card.open(fresh_card(tmp_path / "card", pki_folder), fsync=False) as card:
        give(card, ICCID)
    return tmp_path / "card"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_card_speaks_it_from_then_on(run: Run, directory: Path, version: str) -> None:
    assert run("set", directory, "--sgp32", version).facts["SGP.32"] == version
    assert run("show", directory).facts["SGP.32"] == version
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        info = es10(card.transmit, hx("BF2200"))
    numbers = bytes(int(one) for one in f"{version}.0".split(".")[:3])
    assert (hx("8003") + numbers in info) or (hx("0403") + numbers in info)


def test_the_version_of_sgp_22_follows_that_of_sgp_32_until_it_is_set(
    run: Run, directory: Path
) -> None:
    assert run("set", directory, "--sgp32", "1.3").facts["SGP.22"] == "2.7"
    assert run("set", directory, "--sgp32", "1.2").facts["SGP.22"] == "2.5"
    assert run("set", directory, "--sgp22", "2.6.1").facts["SGP.22"] == "2.6.1"
    assert run("set", directory, "--sgp32", "1.3").facts["SGP.22"] == "2.6.1"


def test_a_card_of_sgp_22_alone_gets_another_version_of_it(
    run: Run, tmp_path: Path, pki_folder: Path
) -> None:
    directory = fresh_card(tmp_path / "card", pki_folder, card_type="consumer")
    facts = run("set", directory, "--sgp22", "2.7", "--security-level", "1F").facts
    assert (facts["SGP.22"], facts["security level"]) == ("2.7", "1F")
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        assert es10(card.transmit, hx("BF2200")).endswith(hx("95011F"))


def test_a_security_level_needs_a_version_that_has_it(run: Run, directory: Path) -> None:
    before = tree(directory)
    complaint = run("set", directory, "--security-level", "0C").complaint
    assert complaint == "SGP.22 v2.5 has no security level; make the card one of v2.7"
    assert tree(directory) == before


def test_the_servers_of_test_profiles_are_set_and_cleared(run: Run, directory: Path) -> None:
    assert run("set", directory, "--sgp22", "2.7").facts["test Profiles"] == "from every SM-DP+"
    words = ["--test-profile-server", "a.example.com", "--test-profile-server", "b.example.com"]
    facts = run("set", directory, *words).facts
    assert facts["test Profiles"] == "from a.example.com, b.example.com"
    facts = run("set", directory, "--no-test-profile-server").facts
    assert facts["test Profiles"] == "from every SM-DP+"


def test_a_list_of_servers_needs_a_version_that_has_it(run: Run, directory: Path) -> None:
    before = tree(directory)
    words = ["--test-profile-server", "a.example.com"]
    assert run("set", directory, *words).complaint == (
        "SGP.22 v2.5 has no list of servers for test Profiles; make the card one of v2.7"
    )
    assert tree(directory) == before


@pytest.mark.parametrize("given", ["", "https://a.example.com/", "a b"])
def test_a_server_of_test_profiles_that_no_server_can_be_is_refused(
    run: Run, directory: Path, given: str
) -> None:
    before = tree(directory)
    found = run("set", directory, "--sgp22", "2.7", "--test-profile-server", given)
    assert found.complaint.startswith(f"{given!r} is not the address of a server: ")
    assert tree(directory) == before


def test_a_version_of_v3_is_announced_and_no_longer(run: Run, directory: Path) -> None:
    assert run("set", directory, "--highest-svn", "3.1.0").facts["highest svn"] == "3.1.0"
    assert "highest svn" not in run("set", directory, "--no-highest-svn").facts
    assert read(directory)[0].highest_svn is None


@pytest.mark.parametrize(
    "words",
    [
        ["--highest-svn", "3.1.0", "--no-highest-svn"],
        ["--test-profile-server", "a.example.com", "--no-test-profile-server"],
    ],
)
def test_a_setting_and_none_of_it_are_not_both(run: Run, directory: Path, words: list[str]) -> None:
    complaint = run("set", directory, *words).complaint
    assert complaint == "give an option or its --no- form, not both."


def test_back_again_the_card_is_as_before(run: Run, directory: Path) -> None:
    before = tree(directory)
    assert run("set", directory, "--sgp32", "1.3").code == 0
    assert tree(directory) != before
    assert run("set", directory, "--sgp32", "1.2").code == 0
    assert tree(directory) == before


def test_profiles_and_their_packages_stay(run: Run, directory: Path) -> None:
    state = read(directory)[1]
    run("set", directory, "--sgp32", "1.0.1")
    assert read(directory)[1] == state
    assert [one.iccid for one in state.profiles] == [ICCID]


def test_it_goes_with_switches(run: Run, directory: Path) -> None:
    facts = run("set", directory, "--sgp32", "1.1", "--memory-full").facts
    assert (facts["SGP.32"], facts["memory-full"]) == ("1.1", "on")


def test_another_version_is_a_sentence_and_the_card_stays(run: Run, directory: Path) -> None:
    before = tree(directory)
    assert run("set", directory, "--sgp32", "2.0", "--memory-full").complaint == (
        "SGP.32 2.0 is not supported; choose 1.0.1, 1.1, 1.2, 1.3"
    )
    assert tree(directory) == before


def test_a_card_of_sgp_22_alone_has_no_version_of_sgp_32(
    run: Run, tmp_path: Path, pki_folder: Path
) -> None:
    kind = CardType.CONSUMER
    Card.create(tmp_path / "c", pki=pki_folder, card_type=kind, fsync=False).close()
    assert run("set", tmp_path / "c", "--sgp32", "1.3").complaint == (
        f"the card in {tmp_path / 'c'} is a consumer card, without SGP.32"
    )
    assert "SGP.32" not in run("set", tmp_path / "c").facts


def test_a_card_that_is_open_is_left_alone(run: Run, directory: Path) -> None:
    with Card.open(directory, fsync=False):
        complaint = run("set", directory, "--sgp32", "1.3").complaint
    assert complaint.startswith(f"the card in {directory} is open already")
    assert read(directory)[0].sgp32_version == "1.2"


def test_a_directory_without_a_card_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    complaint = run("set", tmp_path, "--sgp32", "1.3").complaint
    assert complaint.startswith(f"there is no card in {tmp_path} (no {DOCUMENT})")
    assert list(tmp_path.iterdir()) == []


def test_a_version_that_cannot_be_kept_is_a_card_error_and_the_card_is_closed(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Disk, "write", fail)
    with pytest.raises(
        CardError, match=r"^the properties were not saved: No space left on device$"
    ):
        set_properties(directory, Properties("1.3"))
    monkeypatch.undo()
    assert read(directory)[0].sgp32_version == "1.2"
    Card.open(directory, fsync=False).close()
