"""The ES10 functions of SGP.22 and SGP.32, from the bytes of a request to those of its answer.

`execute` takes a `Session` and a complete request, and returns an answer or raises StatusError. The
changes made by a function are in the session's drafts, its outcome in the events: when `execute`
has returned, the card stores the drafts and shows the events.

A module has the functions of one subject, each registered with `@es10` (operations of packages with
`@operation`). All modules of this folder and those below are imported here, so a new function needs
no change elsewhere.

Functions know the message types and the session, but not files, sockets or the source of random
bytes; `dispatch` and `registry` know no particular function. Start reading at `registry`, then any
small function, such as those of `addresses`.
"""

from importlib import import_module
from pkgutil import walk_packages

from euicc_sim.es10.dispatch import execute, interrupt
from euicc_sim.es10.info import templates
from euicc_sim.es10.registry import FUNCTIONS, Function, ResultError
from euicc_sim.es10.session import IPAE, Event, OnKeys, Session

for _module in walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)

__all__ = [
    "FUNCTIONS",
    "IPAE",
    "Event",
    "Function",
    "OnKeys",
    "ResultError",
    "Session",
    "execute",
    "interrupt",
    "templates",
]
