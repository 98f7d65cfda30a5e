"""`euicc-sim profile download`: packages bound for a card and installed."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from support import saip
from support.command import Run, runner
from support.fresh import fresh_card
from support.installing import A_DIGITS, B_DIGITS, SMDP
from support.reader import READER, Reader

from euicc_sim import Card
from euicc_sim.cli.card import PPR_WITH_CONSENT
from euicc_sim.cli.console import stderr
from euicc_sim.cli.link import directory_of, pki_of
from euicc_sim.model.identity import CardType
from euicc_sim.model.profile import Operator, Profile, ProfileEvent, Recipient, Rule
from euicc_sim.store.directory import read
from euicc_sim.tracing.journal import Journal
from euicc_sim.transport.pcsc import PcscCard
from keys import Curve, TestPki, make_eid

A_AID = "A0000005591010FFFFFFFF8900001000"
B_AID = "A0000005591010FFFFFFFF8900001100"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
JPG = b"\xff\xd8\xff\xe0" + bytes(100)


@pytest.fixture
def download(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim profile download` with these words."""
    return runner(monkeypatch, capsys, "profile", "download")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed; its PKI lies in it."""
    folder = tmp_path / "card"
    TestPki.load(pki_folder).write(folder / "pki")
    Card.create(folder, pki=folder / "pki", seed=1, fsync=False).close()
    return folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "a.der"
    path.write_bytes(saip.package(A_DIGITS, profile_type="As printed", size=5000))
    return path


def installed(directory: Path) -> Profile:
    (profile,) = read(directory)[1].profiles
    return profile


# -- what is installed


def test_a_package_is_installed_and_its_numbers_are_printed(
    download: Run, directory: Path, package: Path
) -> None:
    assert download(package, "--card", directory).said == [
        f"{A_DIGITS} installed as {A_AID}, result 1"
    ]
    profile = installed(directory)
    assert profile.package == package.read_bytes()
    assert (profile.name, profile.service_provider) == ("As printed", "Test Operator")
    assert (profile.profile_class, profile.rules, profile.owner) == (2, frozenset(), None)
    assert profile.recipients == tuple(
        Recipient(frozenset({one}), SMDP)
        for one in (ProfileEvent.ENABLE, ProfileEvent.DISABLE, ProfileEvent.DELETE)
    )


def test_several_packages_are_installed_one_after_the_other(
    download: Run, directory: Path, package: Path, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    second = tmp_path / "b" / package.name
    second.write_bytes(saip.package(B_DIGITS))
    assert download(package, second, "--card", directory).said == [
        f"{A_DIGITS} installed as {A_AID}, result 1",
        f"{B_DIGITS} installed as {B_AID}, result 2",
    ]


def test_a_package_that_is_refused_ends_the_row_with_what_was_installed(
    download: Run, directory: Path, package: Path
) -> None:
    outcome = download(package, package, "--card", directory)
    assert outcome.code == 1
    assert outcome.out == f"{A_DIGITS} installed as {A_AID}, result 1\n"
    assert "installFailedDueToIccidAlreadyExistsOnEuicc" in outcome.err
    assert f"Profile {A_DIGITS} is installed already" in outcome.err
    assert outcome.err.count("\n") == 1


def test_the_options_are_the_metadata_of_the_profile(
    download: Run, tmp_path: Path, package: Path
) -> None:
    directory = tmp_path / "card"
    Card.create(directory, seed=1, rules=(PPR_WITH_CONSENT,), fsync=False).close()
    (tmp_path / "icon").write_bytes(PNG)
    words = ["--class", "test", "--name", "Blue", "--provider", "Me", "--ppr1", "--ppr2"]
    words += ["--owner", "00101", "--icon", str(tmp_path / "icon"), "--segment-size", "100"]
    words += ["--notify", "a.example.com", "--notify", "b.example.com", "--emergency"]
    assert download(package, "--card", directory, *words).code == 0
    profile = installed(directory)
    assert (profile.name, profile.service_provider, profile.profile_class) == ("Blue", "Me", 0)
    assert profile.rules == {Rule.PPR1_NO_DISABLE, Rule.PPR2_NO_DELETE}
    assert profile.owner == Operator(bytes.fromhex("00F110"))
    assert (profile.icon_type, profile.icon) == (1, PNG)
    assert profile.ecall is True
    assert profile.fallback_allowed is None
    assert profile.recipients == (
        Recipient(frozenset(ProfileEvent), "a.example.com"),
        Recipient(frozenset(ProfileEvent), "b.example.com"),
    )


def test_a_profile_may_be_allowed_the_fallback_attribute(
    download: Run, directory: Path, package: Path, tmp_path: Path
) -> None:
    (tmp_path / "icon").write_bytes(JPG)
    words = ("--fallback-allowed", "--owner", "310410", "--icon", tmp_path / "icon")
    assert download(package, "--card", directory, *words).code == 0
    profile = installed(directory)
    assert profile.fallback_allowed is True
    assert profile.owner == Operator(bytes.fromhex("130014"))
    assert profile.icon_type == 0


@pytest.mark.parametrize("card_type", list(CardType))
def test_every_type_of_card_takes_profiles(
    download: Run, tmp_path: Path, pki_folder: Path, package: Path, card_type: CardType
) -> None:
    folder = tmp_path / "card"
    fresh_card(folder, pki_folder, card_type=card_type)
    assert download(package, "--card", folder, "--pki", pki_folder).code == 0
    assert installed(folder).ci_pk_id == read(folder)[0].ci_pk_ids[0]


@pytest.mark.parametrize(("curve", "number"), [("nist", 0), ("brp", 1), ("BRP", 1)])
def test_the_curve_may_be_chosen(
    download: Run, directory: Path, package: Path, curve: str, number: int
) -> None:
    assert download(package, "--card", directory, "--curve", curve).code == 0
    assert installed(directory).ci_pk_id == read(directory)[0].ci_pk_ids[number]


def test_a_confirmation_code_is_asked_and_given(
    download: Run, directory: Path, package: Path
) -> None:
    assert download(package, "--card", directory, "--confirmation-code", "1234").code == 0
    assert installed(directory).package == package.read_bytes()


# -- on a terminal


def test_a_bar_runs_on_a_terminal_while_the_lines_stay_as_they_are(
    download: Run, directory: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(stderr, "_force_terminal", True)
    monkeypatch.setattr(stderr, "is_interactive", True)
    outcome = download(package, "--card", directory)
    assert outcome.out == f"{A_DIGITS} installed as {A_AID}, result 1\n"
    assert "a.der: loading" in outcome.err


# -- which PKI


def test_a_card_made_with_another_pki_wants_it_named(
    download: Run, card: Card, package: Path
) -> None:
    card.close()
    assert download(package, "--card", card.directory).complaint == (
        f"{card.directory / 'pki'} is not there; "
        "name the PKI that the card was made with: --pki FOLDER."
    )


def test_a_pki_that_is_not_the_cards_is_refused_by_both(
    download: Run, directory: Path, package: Path, tmp_path: Path
) -> None:
    TestPki.create(seed=2).write(tmp_path / "other")
    complaint = download(package, "--card", directory, "--pki", tmp_path / "other").complaint
    assert complaint.endswith("Take both of one PKI.")


@pytest.mark.parametrize(
    ("pki", "words", "sentence"),
    [
        ("nowhere", (), "nowhere is not a folder."),
        ("nist", ("--curve", "brp"), "This PKI has no certificates on brainpoolP256r1."),
    ],
)
def test_a_pki_that_cannot_serve_is_one_sentence(
    download: Run,
    directory: Path,
    package: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pki: str,
    words: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    TestPki.create((Curve.NIST,), seed=1).write(tmp_path / "nist")
    complaint = download(package, "--card", directory, "--pki", pki, *words).complaint
    assert complaint.startswith(sentence)


# -- what cannot be read


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--owner", "0010"), "'0010' is not an owner. Write three digits of the MCC"),
        (("--owner", "00a01"), "'00a01' is not an owner."),
        (
            ("--ppr1",),
            "A Profile with policy rules needs an owner; add one, such as --owner 00101.",
        ),
        (
            ("--icon", "icon"),
            "icon: This is not an icon of a Profile. Give a JPG or PNG of at most 1024",
        ),
        (("--icon", "big"), "big: This is not an icon of a Profile. Give a JPG or PNG of at most"),
        (
            ("--icon", "none"),
            "none cannot be read (No such file or directory); give a different file.",
        ),
        (("--name", "x" * 65), "The metadata cannot be written: "),
        (("--provider", "x" * 33), "The metadata cannot be written: "),
        (("none",), "none cannot be read (No such file or directory); give a different file."),
        (("icon",), "icon: This is not an unprotected Profile Package: "),
    ],
    ids=lambda one: " ".join(one)[:20] if isinstance(one, tuple) else "",
)
def test_an_option_that_cannot_be_used_is_one_sentence_before_the_card_is_asked(
    download: Run,
    directory: Path,
    package: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "icon").write_bytes(b"GIF89a")
    (tmp_path / "big").write_bytes(PNG + bytes(1024))
    before = (directory / "card.json").read_bytes()
    assert download(package, *words, "--card", directory).complaint.startswith(sentence)
    assert (directory / "card.json").read_bytes() == before


def test_rules_that_the_card_does_not_allow_are_refused_with_its_reason(
    download: Run, directory: Path, package: Path
) -> None:
    words = ("--ppr2", "--owner", "00101")
    complaint = download(package, "--card", directory, *words).complaint
    assert complaint.startswith("The Profile has PPR2 (not to be deleted), which the card's Rules ")


# -- over PC/SC


@pytest.mark.pcsc
def test_a_profile_is_installed_and_enabled_over_a_reader(
    download: Run,
    reader: Reader,
    card: Card,
    pki_folder: Path,
    package: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reader.insert(card)
    assert download(package, "--pki", pki_folder, "--reader", READER).said == [
        f"{A_DIGITS} installed as {A_AID}, result 1"
    ]
    profile = runner(monkeypatch, capsys, "profile")
    assert profile("enable", A_DIGITS).code == 0
    assert [row[:2] for row in profile("list").rows] == [[A_DIGITS, "enabled"]]
    refused = profile("enable", A_DIGITS)
    assert refused.complaint.endswith("The Profile is enabled already.")


# -- whose PKI


class Behind(PcscCard):
    """A card in a reader, as far as finding its directory goes."""

    def __init__(self, reader: str) -> None:
        self.reader = reader


def test_the_pki_of_a_served_card_is_that_in_its_directory(
    directory: Path, tmp_path: Path, pki_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    fresh_card(tmp_path / "two", pki_folder, eid=make_eid("89049032", 2))
    eid = read(directory)[0].eid
    with Card.open(directory), Card.open(tmp_path / "two"):
        for one in (tmp_path / "two", directory):
            journal = Journal(one)
            journal.link(1.0, "connected", reader="A reader of this test")
            journal.flush()
        link = Behind("A reader of this test")
        assert directory_of(link, eid) == directory
        assert pki_of(link, eid) == directory / "pki"
        assert directory_of(link, make_eid("89049032", 3)) is None


def test_the_pki_of_another_card_is_never_taken(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(directory.parent)  # there is a card/pki here
    link = Behind("A reader that nobody serves")
    assert pki_of(link, read(directory)[0].eid) == Path("card") / "pki"
    with pytest.raises(typer.Exit):
        pki_of(link, make_eid("89049032", 3))
    assert "name the PKI that it was made with: --pki FOLDER." in capsys.readouterr().err
