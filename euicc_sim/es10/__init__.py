"""The ES10 functions of SGP.22 and SGP.32, from the bytes of a request to those of its answer.

A `Session` and a whole request go into `execute`; an answer comes out, or a StatusError. What a
function has done is in the session's drafts, and what it came to in its events: the card keeps the
one and shows the other, when `execute` has returned.

A module has the functions of one subject, each entered into the table by `@es10` (operations of
packages by `@operation`). Every module of this folder and those below is imported here, so a new
function needs no other place.

Functions know types of messages and the session, and neither files nor sockets, nor where random
bytes come from; `dispatch` and `registry` know no function. Start reading at `registry`, then any
small function, such as those of `addresses`.
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
