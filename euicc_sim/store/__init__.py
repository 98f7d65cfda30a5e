"""A card's directory: what a card keeps, as files that a person can read.

Stores a frozen `State` as a whole, and returns the last one stored, whatever happened to the
process or the power in between. `card.json` is for people; `card.changes` beside it has the changes
since then, one line per command; `profiles/` holds the packages of Profiles.

The store knows nothing of a card's commands and functions, and touches nothing outside the
directory. docs/store.md has the rules of recovery. Start with `schema` (what is stored), then
`change_log` (what is written), then `directory` (when).
"""

from euicc_sim.store.copying import copy_card
from euicc_sim.store.directory import JsonStore, changed_at, read
from euicc_sim.store.disk import CHANGES, DOCUMENT, CardError, CardInUseError, Disk
from euicc_sim.store.making import (
    DEFAULT_EID,
    PKI_FOLDER,
    SGP33_EID,
    CardPlan,
    Properties,
    load_signers,
    make_identity,
    set_properties,
    set_switches,
    type_of_card,
)
from euicc_sim.store.mending import Keep, check_card, mend_card
from euicc_sim.store.schema import ID_TYPES, STEPS, protocol_name

__all__ = [
    "CHANGES",
    "DEFAULT_EID",
    "DOCUMENT",
    "ID_TYPES",
    "PKI_FOLDER",
    "SGP33_EID",
    "STEPS",
    "CardError",
    "CardInUseError",
    "CardPlan",
    "Disk",
    "JsonStore",
    "Keep",
    "Properties",
    "changed_at",
    "check_card",
    "copy_card",
    "load_signers",
    "make_identity",
    "mend_card",
    "protocol_name",
    "read",
    "set_properties",
    "set_switches",
    "type_of_card",
]
