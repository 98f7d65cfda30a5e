"""A software eUICC for SGP.32 and SGP.22 that programs reach through PC/SC.

    with Card.create("card") as card:
        card.transmit(bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100"))

`Card` is a card in a directory, `CardError` why it cannot be made or opened, `Event` the outcome of
one of its functions, `Fleet` a directory of many cards. Each is imported on first use.
docs/architecture.md is a tour of the packages below.
"""

from typing import TYPE_CHECKING

__all__ = ["Card", "CardError", "Event", "Fleet", "__version__"]

__version__ = "0.3.0.dev0"

if TYPE_CHECKING:
    from euicc_sim.card import Card
    from euicc_sim.es10 import Event
    from euicc_sim.fleet.cards import Fleet
    from euicc_sim.store import CardError
else:

    def __getattr__(name: str) -> object:
        match name:
            case "Card":
                from euicc_sim.card import Card

                return Card
            case "CardError":
                from euicc_sim.store import CardError

                return CardError
            case "Event":
                from euicc_sim.es10 import Event

                return Event
            case "Fleet":
                from euicc_sim.fleet.cards import Fleet

                return Fleet
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
