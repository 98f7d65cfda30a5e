"""A software eUICC for SGP.32 and SGP.22 that programs open through PC/SC."""

from euicc_sim.card import Card
from euicc_sim.es10 import Event
from euicc_sim.store.directory import CardError

__all__ = ["Card", "CardError", "Event"]
