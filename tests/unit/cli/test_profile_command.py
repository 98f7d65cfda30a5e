"""`euicc-sim profile`: what an LPA does to a card, straight into its directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import saip
from support.command import Run, runner
from support.fresh import fresh_card
from support.installing import A_DIGITS, B_DIGITS, RECIPIENT, install

from euicc_sim import Card
from euicc_sim.model.identity import CardType
from euicc_sim.store.directory import read
from euicc_sim.store.making import set_switches

A_AID = "A0000005591010FFFFFFFF8900001000"
B_AID = "A0000005591010FFFFFFFF8900001100"
OTHER_AID = "A0000005591010FFFFFFFF8900009900"


@pytest.fixture
def profile(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim profile` with these words."""
    return runner(monkeypatch, capsys, "profile")


def make(folder: Path, pki_folder: Path, card_type: CardType, *digits: str) -> Path:
    with Card.open(fresh_card(folder, pki_folder, card_type=card_type), fsync=False) as card:
        for one in digits:
            install(card.transmit, pki_folder, one, profile_name=f"Profile {one[-1]}")
    return folder


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card with two Profiles, closed."""
    return make(tmp_path / "card", pki_folder, CardType.IOT, A_DIGITS, B_DIGITS)


@pytest.fixture
def strict(tmp_path: Path, pki_folder: Path) -> Path:
    """A card that no LPA manages, with one Profile, closed."""
    return make(tmp_path / "card", pki_folder, CardType.IOT_STRICT, A_DIGITS)


def states(directory: Path) -> list[bool]:
    return [one.enabled for one in read(directory)[1].profiles]


# -- list


def test_list_is_a_table_without_columns_in_which_there_is_nothing(
    profile: Run, directory: Path
) -> None:
    outcome = profile("list", "--card", directory)
    assert "nickname" not in outcome.out
    assert "marks" not in outcome.out
    assert outcome.rows == [
        [A_DIGITS, "disabled", "operational", "Profile 1", "Test Operator"],
        [B_DIGITS, "disabled", "operational", "Profile 2", "Test Operator"],
    ]


def test_list_of_a_card_without_profiles_says_how_to_install_one(
    profile: Run, tmp_path: Path, pki_folder: Path
) -> None:
    empty = make(tmp_path / "card", pki_folder, CardType.IOT)
    assert profile("list", "--card", empty).said == [
        "no Profiles; install one with: euicc-sim profile download FILE"
    ]
    assert profile("list", "--json", "--card", empty).said == ["[]"]


def test_list_for_programs_has_every_field_by_its_name(profile: Run, directory: Path) -> None:
    first, second = json.loads(profile("list", "--json", "--card", directory).out)
    assert first == {
        "iccid": A_DIGITS,
        "isdpAid": A_AID,
        "profileState": "disabled",
        "serviceProviderName": "Test Operator",
        "profileName": "Profile 1",
        "profileClass": "operational",
        "fallbackAttribute": False,
    }
    assert second["isdpAid"] == B_AID


def test_names_that_a_terminal_would_obey_are_shown_escaped(
    profile: Run, tmp_path: Path, pki_folder: Path
) -> None:
    folder = make(tmp_path / "card", pki_folder, CardType.IOT)
    with Card.open(folder, fsync=False) as card:
        install(card.transmit, pki_folder, profile_name="\x1b[31m[/b] :x:\n")
    assert profile("list", "--card", folder).rows[0][3] == r"\x1b[31m[/b] :x:\n"


@pytest.mark.parametrize("width", [80, 240])
def test_iccids_stay_whole_on_any_terminal(
    profile: Run, directory: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr("euicc_sim.cli.console.console.width", width)
    profile("nickname", A_DIGITS, "n" * 64, "--card", directory)
    out = profile("list", "--card", directory).out
    assert A_DIGITS in out
    assert out.count("n" * 4) >= 1
    assert "…" not in out


# -- enable, disable, delete, nickname


@pytest.mark.parametrize("name", [A_DIGITS, A_AID, A_AID.lower()])
def test_a_profile_goes_through_its_life_by_iccid_or_aid(
    profile: Run, directory: Path, name: str
) -> None:
    on = ("--card", directory)
    assert profile("enable", name, *on).said == [f"{name} enabled"]
    assert states(directory) == [True, False]
    assert profile("nickname", name, "Mine", *on).said == [f"{name} is called 'Mine'"]
    assert profile("list", *on).rows[0][-1] == "Mine"
    assert profile("nickname", name, "", *on).said == [f"{name} has no nickname"]
    assert profile("disable", name, "--refresh", *on).said == [f"{name} disabled"]
    assert profile("delete", name, *on).said == [f"{name} deleted"]
    assert [row[0] for row in profile("list", *on).rows] == [B_DIGITS]


def test_enabling_one_disables_the_other(profile: Run, directory: Path) -> None:
    profile("enable", A_DIGITS, "--card", directory)
    profile("enable", B_DIGITS, "--card", directory)
    assert states(directory) == [False, True]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("disable", A_DIGITS),
            "The card refused DisableProfile: profileNotInEnabledState. The Profile is "
            "disabled already. The card's reason: DisableProfile: profileNotInEnabledState: "
            f"Profile {A_DIGITS} is disabled.",
        ),
        (("enable", A_DIGITS[:-1] + "9"), "iccidOrAidNotFound"),
        (("delete", OTHER_AID), "iccidOrAidNotFound"),
        (("nickname", A_DIGITS[:-1] + "9", "x"), "iccidNotFound"),
        (("nickname", OTHER_AID, "x"), f"The card has no Profile {OTHER_AID}. List its Profiles"),
        (("nickname", A_DIGITS, "x" * 65), "cannot be written"),
        (("enable", "12"), "'12' is not an ICCID. Write its 18 to 20 digits"),
        (("reset", "--test"), "nothingToDelete"),
        (("list", "--reader", "x"), "--card and --reader are two ways to a card"),
    ],
    ids=lambda one: " ".join(one)[:30] if isinstance(one, tuple) else "",
)
def test_what_a_card_does_not_do_is_one_sentence(
    profile: Run, directory: Path, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in profile(*words, "--card", directory).complaint


def test_a_difficult_card_says_how_it_is_made_easy(profile: Run, directory: Path) -> None:
    set_switches(directory, ipad_required=True)
    assert profile("list", "--card", directory).complaint == (
        "The card answered the ES10 request BF2D with 6985 (conditions of use not satisfied). "
        "The card's reason: ES10: 6985, "
        "no TERMINAL CAPABILITY has declared an IPAd (card set --no-ipad-required)."
    )
    set_switches(directory, ipad_required=False, toolkit_busy=True)
    complaint = profile("enable", A_DIGITS, "--refresh", "--card", directory).complaint
    assert "catBusy" in complaint
    assert "card set --no-toolkit-busy" in complaint


# -- cards that no LPA manages


@pytest.mark.parametrize("order", ["enable", "disable", "delete"])
@pytest.mark.parametrize("name", [A_DIGITS, A_AID])
def test_a_strict_card_is_managed_by_an_eim_and_the_sentence_says_how(
    profile: Run, strict: Path, order: str, name: str
) -> None:
    assert profile(order, name, "--card", strict).complaint == (
        "This card does not obey an LPA; an eIM has to order it by a package: euicc-sim eim "
        f"package EIM.json {order}:{A_DIGITS} --eid 89049032123451234512345678901235"
    )


def test_a_strict_card_has_no_nicknames(profile: Run, strict: Path) -> None:
    complaint = profile("nickname", A_DIGITS, "x", "--card", strict).complaint
    assert complaint.endswith("use a card of type iot: euicc-sim card new DIR --type iot")


def test_a_strict_card_is_reset_by_the_request_in_the_sentence(
    profile: Run,
    strict: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    complaint = profile("reset", "--all", "--card", strict).complaint
    sentence, _, command = complaint.partition(" euicc-sim ")
    assert sentence == "This card knows the memory reset of SGP.32 only; send it with:"
    run = runner(monkeypatch, capsys, *command.split())
    assert run("--card", strict).said == ["BF6403800100"]
    assert read(strict)[1].profiles == ()


def test_a_strict_card_lists_what_it_has(profile: Run, strict: Path) -> None:
    assert [row[0] for row in profile("list", "--card", strict).rows] == [A_DIGITS]
    assert len(profile("notifications", "--card", strict).rows) == 2


# -- notifications, reset


def test_notifications_are_listed_oldest_first(profile: Run, directory: Path) -> None:
    profile("enable", B_DIGITS, "--card", directory)
    assert profile("notifications", "--card", directory).rows == [
        ["1", "install", A_DIGITS, "testsmdpplus1.example.com"],
        ["2", "install", A_DIGITS, RECIPIENT],
        ["3", "install", B_DIGITS, "testsmdpplus1.example.com"],
        ["4", "install", B_DIGITS, RECIPIENT],
        ["5", "enable", B_DIGITS, RECIPIENT],
    ]


def test_a_card_with_no_notifications_says_so(
    profile: Run, tmp_path: Path, pki_folder: Path
) -> None:
    empty = make(tmp_path / "card", pki_folder, CardType.IOT)
    assert profile("notifications", "--card", empty).said == ["no notifications"]


def test_reset_asks_what_is_to_go_and_leaves_the_rest(profile: Run, directory: Path) -> None:
    assert profile("reset", "--card", directory).complaint == (
        "Say what to delete: --operational, --test, --smdp-address or --all."
    )
    assert states(directory) == [False, False]


@pytest.mark.parametrize(
    ("option", "left"),
    [("--operational", [b"t"]), ("--test", [b"o"]), ("--all", [])],
)
def test_reset_deletes_what_the_option_says(
    profile: Run, tmp_path: Path, pki_folder: Path, option: str, left: list[bytes]
) -> None:
    folder = make(tmp_path / "card", pki_folder, CardType.IOT)
    for digits, kind in ((A_DIGITS, "test"), (B_DIGITS, "operational")):
        (tmp_path / kind).write_bytes(saip.package(digits))
        words = (tmp_path / kind, "--class", kind, "--name", kind[0], "--pki", pki_folder)
        assert profile("download", *words, "--card", folder).code == 0
    assert profile("reset", option, "--card", folder).said == ["memory reset"]
    assert [one.name.encode() for one in read(folder)[1].profiles] == left


# -- card show


def test_card_show_has_the_profiles_their_marks_and_sizes(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    profiles = read(directory)[1].profiles
    shown = runner(monkeypatch, capsys, "card", "show")(directory)
    assert shown.rows == [
        [A_DIGITS, "disabled", "operational", "Profile 1", "Test Operator", str(profiles[0].size)],
        [B_DIGITS, "disabled", "operational", "Profile 2", "Test Operator", str(profiles[1].size)],
    ]
    free = 524288 - sum(one.size for one in profiles)
    assert shown.facts["memory"] == f"{free} of 524288 bytes free"
