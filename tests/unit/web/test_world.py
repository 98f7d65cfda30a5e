"""The story that the page plays."""

from __future__ import annotations

import pytest

pytest.importorskip("nicegui", reason="the page needs the extra web")

from euicc_sim.web.world_view import World


def test_a_story_from_which_the_card_departs_ends_with_a_sentence() -> None:
    world = World()
    try:
        world.begin("list")
        world.next()
        assert world._teller
        world._teller.transmit = lambda _: b"\x69\x85"
        world.next()
        assert world.is_over
        assert [one.title for one in world.steps] == [
            "Which eIMs does the card trust?",
            "The story ends here",
        ]
        assert world.trouble == world.steps[-1].outcome
        assert world.trouble.startswith("The card answered the ES10 request BF57 with 6985 (")
        before = world.version
        world.next()
        assert world.version == before
    finally:
        world.close()


def test_a_story_that_begins_anew_is_another_one_for_those_who_look() -> None:
    world = World()
    try:
        world.begin("list")
        first = world.begun
        world.next()
        world.begin("list")
        assert (world.begun, world.steps) == (first + 1, [])
    finally:
        world.close()
