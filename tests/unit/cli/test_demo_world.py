"""`euicc-sim demo --world`: servers, an IPA and a card on loopback, from factory to goodbye."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path

import pytest
from support.command import Run, runner

from euicc_sim.parties.messages.errors import EimUnreachableError
from euicc_sim.stories.servers import running_world
from euicc_sim.stories.world import HOME, PARTIES, WITH_SMDS, Line, WorldStory

pytestmark = pytest.mark.slow


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys, "demo")


def quiet(text: str, *, refused: bool = False) -> None:
    """No log."""


@pytest.mark.parametrize("binding", ["asn1", "json"])
def test_the_whole_story_is_told_drawn_and_leaves_nothing_running(
    run: Run, tmp_path: Path, binding: str
) -> None:
    before = threading.active_count()
    picture = tmp_path / "told.html"
    said = run("--world", "--picture", picture, "--binding", binding).said
    assert said[-1] == f"who said what to whom: {picture}"
    assert [line for line in said if "✗" in line] == [
        "   ✗ refused: the card does not know this signature, and does not sign its answer"
    ]
    assert (
        "     the card: package refused: this card does not trust the eIM eim1.example.com" in said
    )
    assert "   ✓ rollback ok; signature verified" in said
    assert "   ✓ none" in said
    assert threading.active_count() == before
    port = int(re.search(r"SM-DP\+ https://localhost:(\d+)", "\n".join(said))[1])  # type: ignore[index]
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 5):
        pass
    drawn = picture.read_text(encoding="utf-8")
    assert all(f">{one}</div>" in drawn for one in PARTIES)
    assert ">ProvideEimPackageResult: no network</div>" in drawn


def test_the_story_goes_by_way_of_an_sm_ds(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "told.html"
    said = run("--world", "--smds", "--picture", picture).said
    assert "   ✓ Home is installed" in said
    assert "   ✓ Away is installed" in said
    assert "   ✓ none" in said
    drawn = picture.read_text(encoding="utf-8")
    assert all(f">{one}</div>" in drawn for one in WITH_SMDS)
    for one in ("RegisterEvent: Home", "DeleteEvent: Away"):
        assert f">{one}</div>" in drawn


def test_an_sm_ds_is_only_for_the_world(run: Run) -> None:
    complaint = run("--smds", "--direct").complaint
    assert complaint == "--smds is for the story of --world; give both."


def test_a_picture_as_svg_is_one_for_each_chapter(run: Run, tmp_path: Path) -> None:
    said = run("--direct", "--picture", tmp_path / "told.svg").said
    first, last = tmp_path / "told-1.svg", tmp_path / "told-11.svg"
    assert said[-1] == f"who said what to whom: {first} to {last}"
    assert sorted(tmp_path.iterdir()) == sorted(tmp_path / f"told-{at}.svg" for at in range(1, 12))
    assert "A contact list and two Profiles: The first eIM" in first.read_text(encoding="utf-8")
    assert "38. The eIM removes itself" in last.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("told.png", "told.png ends in neither of .html and .svg; name such a --picture."),
        ("no/told.svg", "no is not a directory; name a --picture in one."),
    ],
)
def test_a_picture_that_cannot_be_is_refused_before_the_story(
    run: Run, name: str, sentence: str
) -> None:
    assert run("--picture", name, "--direct").complaint == sentence


def test_a_binding_is_only_chosen_for_the_world(run: Run) -> None:
    complaint = run("--binding", "json", "--direct").complaint
    assert complaint == "--binding is for the story of --world; give both."


def test_verbose_shows_what_the_servers_say(run: Run) -> None:
    said = "\n".join(run("--world", "--verbose").said)
    assert "GetBoundProfilePackage: EID 89049032123451234512345678901235, Home" in said
    assert "given order 1 (download:" in said


def test_through_a_profile_without_network_no_eim_is_reached() -> None:
    with running_world(quiet) as (world, card):
        card.reset()
        story = WorldStory(card.transmit, world)
        steps = story.tell()
        for _ in range(3):
            next(steps)
        assert [one.iccid for one in story.lpa.profiles()] == [HOME]
        away = Line(world.first, world.arrows, lambda: "89000999000000000057")
        with pytest.raises(EimUnreachableError, match="no network through Away"):
            away.exchange(b"\xbf\x4f\x00")
