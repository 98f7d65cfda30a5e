"""Whether what a card keeps of a SIM fits the package of its Profile: card.json may be edited."""

from __future__ import annotations

from collections.abc import Iterator

from euicc_sim.formats.saip import File, Kind
from euicc_sim.model.sim import SimState
from euicc_sim.uicc.sim import Tree

INDICES = 32
"""So many sequence numbers are kept for each application (3GPP TS 33.102 annex C.1.2)."""
MAX_SEQ = 2**43 - 1


class SimMisfitError(ValueError):
    """What is kept does not fit: the place below `sim`, and why."""


def check_fit(tree: Tree, state: SimState) -> None:
    """Raise SimMisfitError for the first value that no command could have left."""
    for place, why in _misfits(tree, state):
        raise SimMisfitError(f"sim.{place}: {why}")


def _misfits(tree: Tree, state: SimState) -> Iterator[tuple[str, str]]:
    contents = tree.contents
    for path, file in state.files.items():
        place = f"files.{path.hex().upper()}"
        found = tree.files.get(path)
        if found is None:
            yield place, "the Profile has no such file"
        elif file.content is not None and (why := _unfit(found, file.content)):
            yield place, why
    for slot, pin in state.pins.items():
        place = f"pins.{slot.hex().upper()}"
        pins = contents.pins.get(slot[:-1], ())
        known = next((one for one in pins if one.reference == slot[-1]), None)
        if known is None:
            yield place, "the Profile has no such PIN"
        elif pin.left > known.tries:
            yield place, f"{pin.left} tries are left of {known.tries}"
    for reference, left in state.puks.items():
        place = f"puks.{reference.hex().upper()}"
        puk = contents.puks.get(reference[0])
        if puk is None:
            yield place, "the Profile has no such PUK"
        elif left > puk.tries:
            yield place, f"{left} tries are left of {puk.tries}"
    for slot, number in state.sequence.items():
        place = f"sequenceNumbers.{slot.hex().upper()}"
        if slot[:-1] not in contents.authentication or slot[-1] >= INDICES:
            yield place, "the Profile has no such sequence number"
        elif number > MAX_SEQ:
            yield place, f"{number} has more than 43 bits"


def _unfit(file: File, content: bytes) -> str:
    """Why a file cannot have that content; "" if it can."""
    if file.kind.is_directory:
        return "a directory has no content"
    if file.link is not None:
        return f"it shares the content of {file.link.hex().upper()}"
    if file.kind is Kind.BER_TLV:
        most = file.maximum
        return (
            f"the file has at most {most} bytes, not {len(content)}" if len(content) > most else ""
        )
    size = len(file.content)
    return "" if len(content) == size else f"the file has {size} bytes, not {len(content)}"
