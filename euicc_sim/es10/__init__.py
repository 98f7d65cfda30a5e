"""The ES10 functions, one module for each procedure.

Every module of this folder and those below is imported here, so a new function needs no other
place.
"""

from importlib import import_module
from pkgutil import walk_packages

from euicc_sim.es10.dispatch import find, interrupts, run
from euicc_sim.es10.info import templates
from euicc_sim.es10.registry import FUNCTIONS, Function, ResultError
from euicc_sim.es10.rsp.results import interrupt

for _module in walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)

__all__ = [
    "FUNCTIONS",
    "Function",
    "ResultError",
    "find",
    "interrupt",
    "interrupts",
    "run",
    "templates",
]
