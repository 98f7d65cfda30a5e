"""The story of two Profiles that `euicc-sim demo` tells, played against the card."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.eims import ask, value_of
from support.fresh import pki_in
from support.hexes import hx
from support.installing import A_DIGITS, install
from typer.testing import CliRunner

from euicc_sim import Card
from euicc_sim.cli.main import app
from euicc_sim.stories.profiles import ProfileStory
from euicc_sim.stories.telling import StoryError

Send = Callable[[bytes], bytes]


@pytest.fixture
def story(send: Send, pki_folder: Path) -> ProfileStory:
    return ProfileStory(send, pki_in(pki_folder))


def test_the_card_plays_the_whole_story_and_refuses_in_the_three_right_places(
    story: ProfileStory,
) -> None:
    steps = list(story.tell())
    refused = [number for number, step in enumerate(steps, 1) if step.refused]
    assert refused == [6, 11, 14]


def test_nothing_is_left_of_the_story(send: Send, story: ProfileStory) -> None:
    for _ in story.tell():
        pass
    assert ask(send, hx("BF2D00")) == hx("BF2D 02 A000")
    assert ask(send, hx("BF2800")) == hx("BF28 02 A000")
    assert ask(send, hx("BF5500")) == hx("BF55 02 A000")


def test_every_answer_of_the_story_is_der_of_the_standards_types(story: ProfileStory) -> None:
    for step in story.tell():
        if step.answer:
            value_of(step.answer)


def test_a_story_that_was_cut_is_in_the_way_and_can_be_cleared(
    send: Send, story: ProfileStory, pki_folder: Path
) -> None:
    steps = story.tell()
    for _ in range(4):
        next(steps)
    again = ProfileStory(send, pki_in(pki_folder))
    assert again.in_the_way() == ["Home", "Away"]
    again.clear()
    assert again.in_the_way() == []


def test_a_card_with_another_profile_enabled_departs_from_the_story(
    send: Send, story: ProfileStory, card: Card
) -> None:
    steps = story.tell()
    for _ in range(4):
        next(steps)
    card._state = card.state.with_enabled(None)
    with pytest.raises(StoryError, match=r"^The eIM orders the deletion of Home"):
        for _ in steps:
            pass


def test_the_demo_goes_on_to_profiles_and_ends_with_0() -> None:
    result = CliRunner().invoke(app, ["demo", "--direct"])
    assert result.exit_code == 0
    assert "38 The eIM removes itself" in result.stdout


def test_the_demo_leaves_profiles_of_a_card_alone(tmp_path: Path) -> None:
    with Card.create(tmp_path / "card", seed=1, fsync=False) as card:
        install(card.transmit, tmp_path / "card" / "pki")
    result = CliRunner().invoke(app, ["demo", "--card", str(tmp_path / "card")])
    assert result.exit_code == 0
    assert f"would switch this card's Profile {A_DIGITS}" in result.stdout


def test_the_demo_says_which_pki_it_misses(tmp_path: Path, pki_folder: Path) -> None:
    with Card.create(tmp_path / "card", pki=pki_folder, fsync=False):
        pass
    result = CliRunner().invoke(app, ["demo", "--card", str(tmp_path / "card")])
    assert result.exit_code == 0
    assert "name its folder with --pki" in result.stdout
    whole = ["demo", "--card", str(tmp_path / "card"), "--pki", str(pki_folder)]
    assert "38 The eIM removes itself" in CliRunner().invoke(app, whole).stdout
