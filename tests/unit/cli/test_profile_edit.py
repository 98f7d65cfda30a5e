"""`euicc-sim profile edit`, and the test Profile of `profile download --test`."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Run, runner
from support.sims import sim_package

from euicc_sim import Card
from euicc_sim.formats.saip import contents_of
from euicc_sim.formats.saip.sample import sample
from euicc_sim.store.directory import read
from keys import TestPki

KEY, OPC = "00112233445566778899AABBCCDDEEFF", "0F" * 16


@pytest.fixture
def edit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim profile edit` with these words."""
    return runner(monkeypatch, capsys, "profile", "edit")


@pytest.fixture
def download(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim profile download` with these words."""
    return runner(monkeypatch, capsys, "profile", "download")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed; its PKI lies in it."""
    folder = tmp_path / "card"
    TestPki.load(pki_folder).write(folder / "pki")
    Card.create(folder, pki=folder / "pki", fsync=False).close()
    return folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "a.der"
    path.write_bytes(sim_package())
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.der"


def test_a_package_gets_other_values_and_is_described(edit: Run, package: Path, out: Path) -> None:
    words = ("--iccid", "8988211000000000013", "--imsi", "999700000000001", "--spn", "Lab")
    keys = ("--acc", "0002", "--milenage", KEY, OPC)
    assert edit(package, "-o", out, *words, *keys).said == [
        f"{out}: ICCID 8988211000000000013, IMSI 999700000000001, SPN 'Lab', ACC class 1, Milenage"
    ]
    found = next(iter(contents_of(out.read_bytes()).authentication.values()))
    assert (found.key.hex().upper(), found.opc.hex().upper()) == (KEY, OPC)
    assert out.stat().st_mode & 0o777 == 0o600


def test_the_test_profile_is_written_with_its_own_iccid(edit: Run, out: Path) -> None:
    (said,) = edit("--test", "-o", out, "--imsi", "001010000000007").said
    assert said == (
        f"{out}: ICCID 8900101000000000704, IMSI 001010000000007, SPN 'euicc-sim', ACC class 7, "
        "Milenage"
    )
    assert out.read_bytes() == sample("001010000000007")


def test_tuak_takes_keys_of_16_or_32_bytes(edit: Run, package: Path, out: Path) -> None:
    assert edit(package, "-o", out, "--tuak", KEY * 2, OPC * 2).said[0].endswith(", TUAK")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "Name a package, or use --test for the one that comes with this program."),
        (
            ("PACKAGE", "--test"),
            "Name a package, or use --test for the one that comes with this program.",
        ),
        (("PACKAGE", "--imsi", "1"), "'1' is not an IMSI: it has 6 to 15 digits."),
        (("--test", "--imsi", "001010"), "'001010' has 6 digits; the test Profile has an IMSI of"),
        (("PACKAGE", "--iccid", "1"), "'1' is not an ICCID; an ICCID has 18 to 20 digits."),
        (("PACKAGE", "--milenage", "secret", OPC), "Keys are pairs of hex digits."),
        (("PACKAGE", "--milenage", "AB", OPC), "The K of Milenage has 32 hex digits, not 2."),
        (
            ("PACKAGE", "--milenage", KEY, OPC, "--tuak", KEY, OPC),
            "A USIM has one algorithm; give one of --milenage and --tuak.",
        ),
        (("nofile",), "nofile: No such file or directory"),
        (("README.md",), "This profile package cannot be used: "),
    ],
)
def test_what_cannot_be_is_a_sentence(
    edit: Run, package: Path, out: Path, words: tuple[str, ...], complaint: str
) -> None:
    given = [package if one == "PACKAGE" else one for one in words]
    assert edit(*given, "-o", out).complaint.startswith(complaint)
    assert not out.exists()


def test_a_file_that_is_there_is_not_overwritten(edit: Run, package: Path) -> None:
    before = package.read_bytes()
    assert edit("--test", "-o", package).complaint == (
        f"{package} is there already; choose a different name."
    )
    assert package.read_bytes() == before


# -- download --test


def test_the_test_profile_is_installed_without_a_file(download: Run, directory: Path) -> None:
    (said,) = download("--test", "--card", directory, "--name", "Blue").said
    assert said.startswith("8900101000000000100 installed as ")
    (profile,) = read(directory)[1].profiles
    assert (profile.name, profile.package) == ("Blue", sample())


def test_others_have_another_imsi(download: Run, directory: Path) -> None:
    download("--test", "--card", directory)
    download("--test", "--imsi", "001010000000002", "--card", directory)
    assert [one.package for one in read(directory)[1].profiles] == [
        sample(),
        sample("001010000000002"),
    ]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "Name a profile package, or install the test Profile with --test."),
        (("--imsi", "001010000000002"), "--imsi needs --test; for other packages use: euicc-sim"),
        (("--test", "--imsi", "2"), "'2' is not an IMSI: it has 6 to 15 digits."),
    ],
)
def test_download_says_what_is_missing(
    download: Run, directory: Path, words: tuple[str, ...], complaint: str
) -> None:
    assert download(*words, "--card", directory).complaint.startswith(complaint)
