"""The story that `euicc-sim demo` tells, played against the card."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.judge import judged
from typer.testing import CliRunner

from euicc_sim import Card
from euicc_sim.cli.main import app
from euicc_sim.parties.eim.eim import Eim
from euicc_sim.stories.contact_list import Story
from euicc_sim.stories.telling import StoryError

Send = Callable[[bytes], bytes]


def test_the_card_plays_the_whole_story_and_refuses_in_the_six_right_places(send: Send) -> None:
    steps = list(Story(send).tell())
    refused = [number for number, step in enumerate(steps, 1) if step.refused]
    assert refused == [3, 6, 8, 11, 15, 19]
    assert steps[0].outcome == steps[-1].outcome == "none"


def test_the_story_shows_a_package_that_runs_again_and_one_that_a_token_has_killed(
    card: Card,
) -> None:
    steps = list(Story(card.transmit).tell())
    again = [one for one in steps if one.title.startswith("The old package with counter 8388607")]
    assert again[0].request == again[1].request
    assert [one.refused for one in again] == [False, True]
    replays = [one.text for one in card.take_events() if "REPLAY ACCEPTED" in one.text]
    assert len(replays) == 1
    assert "before eim1.example.com was added again" in replays[0]


def test_every_answer_of_the_story_is_der_of_the_standards_types(send: Send) -> None:
    types = {
        b"\xbf\x55": "GetEimConfigurationDataResponse",
        b"\xbf\x57": "AddInitialEimResponse",
        b"\xbf\x51": "EuiccPackageResult",
    }
    for step in Story(send).tell():
        judged(types[step.answer[:2]], step.answer)


def test_the_story_ends_with_a_sentence_when_the_card_trusts_somebody_already(card: Card) -> None:
    story = Story(card.transmit)
    steps = story.tell()
    for _ in range(2):
        next(steps)
    assert story.trusted() == ["eim1.example.com"]
    with pytest.raises(StoryError, match=r"^The card trusts eim1\.example\.com\.$"):
        next(Story(card.transmit).tell())


def test_the_story_ends_when_a_card_has_forgotten_its_counters(card: Card) -> None:
    steps = Story(card.transmit).tell()
    for _ in range(5):
        next(steps)
    eims = tuple(replace(one, counter=0) for one in card.state.eims)
    card._state = replace(card.state, eims=eims)
    with pytest.raises(StoryError, match="expected replayError, the card answered"):
        next(steps)


def test_the_demo_tells_it_directly_and_ends_with_0() -> None:
    result = CliRunner().invoke(app, ["demo", "--direct"])
    assert result.exit_code == 0
    assert (
        "   ✗ refused, signed: replayError\n"
        "     the card: package refused: counter 1 is not above 1\n"
    ) in result.stdout


def test_the_demo_leaves_a_card_alone_that_trusts_somebody_and_says_how_to_go_on(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "card"
    with Card.create(folder, seed=1, fsync=False) as card:
        steps = Story(card.transmit).tell()
        next(steps)
        next(steps)
    result = CliRunner().invoke(app, ["demo", "--card", str(folder)])
    assert result.exit_code == 1
    assert "--forget" in result.stderr
    with Card.open(folder) as card:
        assert [one.eim_id for one in card.state.eims] == ["eim1.example.com"]
    assert CliRunner().invoke(app, ["demo", "--card", str(folder), "--forget"]).exit_code == 0


def test_an_eim_keeps_its_private_key_out_of_its_repr() -> None:
    assert "private_key" not in repr(Eim.create("eim1.example.com"))
