"""The ES10 functions, one module for each procedure.

Every module of this folder is imported here, so a new function needs no other place.
"""

from importlib import import_module
from pkgutil import iter_modules

from euicc_sim.es10.dispatch import find, interrupts, run
from euicc_sim.es10.download_results import interrupt
from euicc_sim.es10.info import templates
from euicc_sim.es10.registry import FUNCTIONS, Function, ResultError

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

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
