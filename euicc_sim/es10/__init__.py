"""The ES10 functions, one module for each procedure.

Every module of this folder and those below is imported here, so a new function needs no other
place.
"""

from importlib import import_module
from pkgutil import walk_packages

from euicc_sim.es10.dispatch import execute, interrupt
from euicc_sim.es10.info import templates
from euicc_sim.es10.registry import FUNCTIONS, Function, ResultError
from euicc_sim.es10.session import Event, OnKeys, Session, Signer

for _module in walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)

__all__ = [
    "FUNCTIONS",
    "Event",
    "Function",
    "OnKeys",
    "ResultError",
    "Session",
    "Signer",
    "execute",
    "interrupt",
    "templates",
]
