"""An enabled Profile as a SIM: files, access rules, PINs, authentication, toolkit, OTA.

`Tree` is what a package describes, `Sim` one in use, which all channels share, and `SimFiles` what
a channel sees of it. A function gets the channel's `View` and a command, and raises StatusError
with a reason, or returns its response once everything that it changes is stored. Nothing here knows
ES10, files of the host or how a state is kept. Start reading at `selection`, then `files`.
"""

from euicc_sim.uicc.fitting import SimMisfitError, check_fit
from euicc_sim.uicc.inventory import Described, inventory
from euicc_sim.uicc.platform import platform, tree_of
from euicc_sim.uicc.selection import SimFiles
from euicc_sim.uicc.sim import Sim, Tree

__all__ = [
    "Described",
    "Sim",
    "SimFiles",
    "SimMisfitError",
    "Tree",
    "check_fit",
    "inventory",
    "platform",
    "tree_of",
]
