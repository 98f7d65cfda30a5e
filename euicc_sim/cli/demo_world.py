"""`euicc-sim demo --world`: a device that is managed from afar, with real servers on loopback."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from euicc_sim.cli.console import console, fail
from euicc_sim.cli.steps import play
from euicc_sim.cli.stories.telling import StoryError
from euicc_sim.cli.stories.world import WorldStory
from euicc_sim.parties.messages import EimError, LpaError, StatusWordError
from euicc_sim.servers import ServerError

TITLE = "A device that is managed from afar"


def tell_of_the_world(picture: Path | None, *, verbose: bool) -> None:
    """Start everything, tell the story, end everything; then draw it if wanted."""

    def log(text: str, *, refused: bool = False) -> None:
        if verbose:
            console.print(Text(f"      {text}", "red" if refused else "dim"))

    try:
        from euicc_sim.cli.world import running_world

        with running_world(log) as (world, card):
            console.print(Text(f"EID {card.eid}: a card, two eIMs and an SM-DP+, all on loopback"))
            console.print(Text(f"SM-DP+ https://{world.smdpp}\n"))
            card.reset()
            play(WorldStory(card.transmit, world).tell(), 1, verbose)
            drawn = world.picture.svg(TITLE)
    except (EimError, LpaError, ServerError, StatusWordError, StoryError) as error:
        fail(str(error))
    if picture is not None:
        picture.write_text(drawn, encoding="utf-8")
        console.print(Text(f"\nwho said what to whom: {picture}"))
