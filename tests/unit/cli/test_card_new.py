"""`euicc-sim card new`: what a card may be made like."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import Run, runner
from support.eims import ask
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card
from support.hexes import hx
from support.published_pki import PUBLISHED, TEST_EID, needs_published, published, tree

from euicc_sim import Card
from euicc_sim.asn1.wire import VERSIONS
from euicc_sim.model.identity import CardType
from euicc_sim.model.sgp22_versions import SGP22_VERSIONS
from euicc_sim.store.directory import DOCUMENT, read
from keys import make_eid


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim card` with these words."""
    return runner(monkeypatch, capsys, "card")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed."""
    fresh_card(tmp_path / "card", pki_folder)
    return tmp_path / "card"


def test_new_makes_a_card_and_says_how_to_serve_it(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / "card"
    outcome = run("new", directory)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        f"card {TEST_EID} made in {directory}",
        f"serve it on a reader with: euicc-sim serve --card {directory}",
    ]
    with Card.open(directory) as card:
        assert card.eid == TEST_EID
        assert card.identity.seed is None


def test_new_takes_eid_pki_seed_and_limits(run: Run, tmp_path: Path, pki_folder: Path) -> None:
    eid = make_eid("89049032", 42)
    words = ["--eid", eid, "--pki", pki_folder, "--seed", 7, "--max-eims", 3, "--results", 5]
    assert run("new", tmp_path / "card", *words).code == 0
    with Card.create(
        tmp_path / "same", eid=eid, pki=pki_folder, seed=7, max_eims=3, results=5, fsync=False
    ):
        assert tree(tmp_path / "card") == tree(tmp_path / "same")


@pytest.mark.parametrize("kind", list(CardType))
def test_new_makes_a_card_of_each_type(run: Run, tmp_path: Path, kind: CardType) -> None:
    assert run("new", tmp_path / "card", "--type", kind.value).code == 0
    assert read(tmp_path / "card")[0].card_type is kind
    shown = run("show", tmp_path / "card").facts
    assert shown["type"] == kind.value
    assert ("SGP.32" in shown) is (kind is not CardType.CONSUMER)


@pytest.mark.parametrize("version", VERSIONS)
def test_new_takes_a_version_of_sgp_32(run: Run, tmp_path: Path, version: str) -> None:
    assert run("new", tmp_path / "card", "--sgp32", version).code == 0
    assert read(tmp_path / "card")[0].sgp32_version == version
    assert run("show", tmp_path / "card").facts["SGP.32"] == version


def test_new_names_the_versions_that_there_are(run: Run, tmp_path: Path) -> None:
    complaint = run("new", tmp_path / "card", "--sgp32", "1.0").complaint
    assert complaint == "SGP.32 1.0 is not supported; choose 1.0.1, 1.1, 1.2, 1.3"
    assert not (tmp_path / "card").exists()


@pytest.mark.parametrize("version", SGP22_VERSIONS)
def test_new_takes_a_version_of_sgp_22(run: Run, tmp_path: Path, version: str) -> None:
    words = ["--type", "consumer", "--sgp22", version]
    assert run("new", tmp_path / "card", *words).code == 0
    facts = run("show", tmp_path / "card").facts
    assert facts["SGP.22"] == version
    assert facts.get("security level") == ("0C" if version == "2.7" else None)


def test_the_version_of_sgp_22_is_that_below_sgp_32_unless_it_is_given(
    run: Run, tmp_path: Path
) -> None:
    run("new", tmp_path / "a", "--sgp32", "1.2")
    run("new", tmp_path / "b", "--sgp32", "1.3")
    run("new", tmp_path / "c", "--sgp32", "1.3", "--sgp22", "2.6.1")
    shown = [run("show", tmp_path / one).facts["SGP.22"] for one in "abc"]
    assert shown == ["2.5", "2.7", "2.6.1"]


def test_new_takes_a_security_level(run: Run, tmp_path: Path) -> None:
    run("new", tmp_path / "card", "--sgp22", "2.7", "--security-level", "1e")
    assert run("show", tmp_path / "card").facts["security level"] == "1E"
    assert json.loads(run("show", tmp_path / "card", "--json").out)["securityLevel"] == "1E"


def test_new_takes_servers_of_test_profiles_and_a_version_of_v3(run: Run, tmp_path: Path) -> None:
    words = ["--sgp22", "2.7", "--test-profile-server", "a.example.com", "--highest-svn", "3.1"]
    run("new", tmp_path / "card", *words)
    found = json.loads(run("show", tmp_path / "card", "--json").out)
    assert (found["testProfileServers"], found["highestSvn"]) == (["a.example.com"], "3.1")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--sgp22", "2.7", "--test-profile-server", "http://a/"],
            "'http://a/' is not the address of a server: a port is a number from 1 to 65535. "
            "Give HOST or HOST:PORT, such as smdp.example.com.",
        ),
        (["--sgp22", "2.4"], "SGP.22 2.4 is not supported; choose 2.5, 2.6.1, 2.7"),
        (
            ["--security-level", "12"],
            "SGP.22 v2.5 has no security level; make the card one of v2.7",
        ),
        (
            ["--security-level", "C"],
            "'C' is not a security level; write it as hex digits, such as 0C.",
        ),
    ],
)
def test_new_says_what_is_wrong_with_a_version_of_sgp_22(
    run: Run, tmp_path: Path, words: list[str], sentence: str
) -> None:
    assert run("new", tmp_path / "card", *words).complaint == sentence
    assert not (tmp_path / "card").exists()


@pytest.mark.parametrize(
    ("size", "count"), [("0", 0), ("65536", 65536), ("64k", 65536), ("1M", 1048576)]
)
def test_new_takes_a_size_of_memory(run: Run, tmp_path: Path, size: str, count: int) -> None:
    assert run("new", tmp_path / "card", "--memory", size).code == 0
    assert read(tmp_path / "card")[0].limits.memory == count


@pytest.mark.parametrize("size", ["", "k", "64K", "64 k", "1G", "-1", "1.5M", "0x10", "9" * 13])
def test_new_says_how_a_size_is_written(run: Run, tmp_path: Path, size: str) -> None:
    assert run("new", tmp_path / "card", f"--memory={size}").complaint == (
        f"{size!r} is not a memory size; write bytes, such as 65536, 64k or 1M."
    )
    assert not (tmp_path / "card").exists()


def test_new_says_how_much_memory_a_card_may_have(run: Run, tmp_path: Path) -> None:
    complaint = run("new", tmp_path / "card", "--memory", "4096M").complaint
    assert complaint == "the memory must be 0 to 4294967295 bytes"


def test_new_allows_no_policy_rules_unless_it_is_told_to(run: Run, directory: Path) -> None:
    assert read(directory)[0].authorisation_rules == ()


def test_new_allows_both_policy_rules_to_every_operator_with_consent(
    run: Run, tmp_path: Path
) -> None:
    assert run("new", tmp_path / "card", "--allow-ppr").code == 0
    with Card.open(tmp_path / "card", fsync=False) as card:
        card.transmit(SELECT_ISDR)
        answer = ask(card.transmit, hx("BF4300"))
    assert answer == hx("BF4319 A017 3015 8002 0560 A10B 3009 8003EEEEEE 8100 8200 8202 0780")


def test_new_leaves_a_card_alone_that_is_there(run: Run, directory: Path) -> None:
    before = tree(directory)
    assert run("new", directory).complaint == (
        f"{directory} has a card already; open it, or choose another directory"
    )
    assert tree(directory) == before


def test_new_takes_a_directory_s_name_as_it_is(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / "a [/b] :heart:"
    outcome = run("new", directory)
    assert outcome.out.splitlines()[0].endswith(f" made in {directory}")
    assert (directory / DOCUMENT).is_file()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--eid", "8904"], "'8904' is not an EID: "),
        (["--eid", TEST_EID[:-1] + "4"], f"The EID {TEST_EID[:-1]}4 has wrong check digits: "),
        (["--eid", make_eid("89033023", 7)], "does not begin with 89049032"),
        (["--pki", "nowhere"], "nowhere is not a folder. Name the folder"),
    ],
)
def test_new_says_in_one_sentence_what_is_wrong(
    run: Run, tmp_path: Path, words: list[str], sentence: str
) -> None:
    assert sentence in run("new", tmp_path / "card", *words).complaint
    assert not (tmp_path / "card").exists()


@pytest.mark.parametrize(
    "words",
    [["--seed", "x"], ["--max-eims", "0"], ["--results", "0"], ["--seeds", "1"], ["--eid"]],
)
def test_new_shows_how_it_is_used_when_an_option_cannot_be_read(
    run: Run, tmp_path: Path, words: list[str]
) -> None:
    outcome = run("new", tmp_path / "card", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert words[0] in outcome.err
    assert list(tmp_path.iterdir()) == []


@needs_published
def test_new_makes_a_card_under_the_published_certificates(run: Run, tmp_path: Path) -> None:
    assert run("new", tmp_path / "card", "--pki", PUBLISHED).code == 0
    ci = published("CertificateIssuer/CERT_CI_ECDSA_NIST.der")
    with Card.open(tmp_path / "card") as card:
        eum = card.identity.credentials[0].eum_certificate
        assert ci.subject.public_bytes() in eum
        card.transmit(SELECT_ISDR)
        assert eum[4:] in ask(card.transmit, hx("BF5600"))
    assert not (tmp_path / "card" / "pki").exists()


def certificates_of(directory: Path) -> list[bytes]:
    return [one.euicc_certificate for one in read(directory)[0].credentials]


def test_the_card_of_sgp_33_is_the_euicc_of_its_pki(
    run: Run, tmp_path: Path, pki_folder: Path
) -> None:
    outcome = run("new", tmp_path / "card", "--sgp33", "--pki", pki_folder)
    assert (outcome.code, len(outcome.said)) == (0, 2)
    names = ("CERT_EUICC_ECDSA_NIST.der", "CERT_EUICC_ECDSA_BRP.der")
    held = [(pki_folder / "eUICC" / name).read_bytes() for name in names]
    assert certificates_of(tmp_path / "card") == held
    with Card.open(tmp_path / "card", fsync=False) as card:
        card.transmit(SELECT_ISDR)
        assert ask(card.transmit, hx("BF3E 03 5C015A")) == hx("BF3E 12 5A10" + TEST_EID)
    run("new", tmp_path / "other", "--pki", pki_folder)
    assert not set(certificates_of(tmp_path / "other")) & set(held)


def test_the_card_of_sgp_33_without_a_pki_says_that_its_keys_are_new(
    run: Run, tmp_path: Path
) -> None:
    said = run("new", tmp_path / "card", "--sgp33", "--eid", TEST_EID).said
    assert said[:2] == [
        f"card {TEST_EID} made in {tmp_path / 'card'}",
        "its keys are new; --pki takes those that SGP.26 publishes",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--eid", "random"], f"--sgp33 is the EID {TEST_EID}; leave out --eid, or --sgp33."),
        (
            ["--type", "consumer"],
            "SGP.33-1 is for IoT eUICCs; leave out --type consumer, or --sgp33.",
        ),
    ],
)
def test_what_contradicts_sgp_33_is_a_sentence(
    run: Run, tmp_path: Path, words: list[str], sentence: str
) -> None:
    assert run("new", tmp_path / "card", "--sgp33", *words).complaint == sentence
    assert not (tmp_path / "card").exists()


@needs_published
def test_the_card_of_sgp_33_has_the_published_certificates_and_keys(
    run: Run, tmp_path: Path
) -> None:
    run("new", tmp_path / "card", "--sgp33", "--pki", PUBLISHED)
    names = ("eUICC/CERT_EUICC_ECDSA_NIST.der", "eUICC/CERT_EUICC_ECDSA_BRP.der")
    assert certificates_of(tmp_path / "card") == [(PUBLISHED / name).read_bytes() for name in names]
    Card.open(tmp_path / "card", fsync=False).close()
