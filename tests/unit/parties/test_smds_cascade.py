"""An SM-DS below a root: events with a forwardingIndicator are at the root, too (ES15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from support.euiccs import EID, shared_pki

from euicc_sim.parties.messages.errors import LpaError, Refusal, SmdppError
from euicc_sim.parties.smds import Event, Smds

SMDP, ROOT, ALTERNATIVE = "smdp.example.com", "root.example.com", "alternative.example.com"


@dataclass
class Above:
    """The root SM-DS as the one below reaches it."""

    smds: Smds
    trouble: Callable[[], None] = field(default=lambda: None)

    def register_event(self, eid: str, event_id: str, address: str, *, forward: bool) -> None:
        """ES15."""
        self.trouble()
        self.smds.register_event(eid, event_id, address, owner="2.999.15", forward=forward)

    def delete_event(self, eid: str, event_id: str) -> None:
        """ES15."""
        self.trouble()
        self.smds.delete_event(eid, event_id, owner="2.999.15")


def unreachable() -> None:
    """There is no network."""
    raise LpaError("https://root.example.com does not answer.")


@pytest.fixture
def root() -> Smds:
    return Smds.of(shared_pki(), address=ROOT)


@pytest.fixture
def above(root: Smds) -> Above:
    return Above(root)


@pytest.fixture
def smds(above: Above) -> Smds:
    found = Smds.of(shared_pki(), address=ALTERNATIVE)
    found.root = above
    return found


def at(smds: Smds) -> list[tuple[str, str]]:
    return [(one.event_id, one.address) for one in smds.events]


def test_a_forwarded_event_points_to_the_sm_ds_below(smds: Smds, root: Smds) -> None:
    assert smds.register_event(EID, "A", SMDP, owner="2.999.10", forward=True)
    assert (at(smds), at(root)) == ([("A", SMDP)], [("A", ALTERNATIVE)])


def test_without_the_indicator_the_root_knows_nothing(smds: Smds, root: Smds) -> None:
    assert not smds.register_event(EID, "A", SMDP, owner="2.999.10", forward=False)
    assert (at(smds), at(root)) == ([("A", SMDP)], [])


def test_a_root_has_nobody_to_forward_to(root: Smds) -> None:
    assert not root.register_event(EID, "A", SMDP, owner="2.999.10", forward=True)
    assert [one.forwarded for one in root.events] == [False]


def test_a_deleted_event_is_deleted_at_the_root_too(smds: Smds, root: Smds) -> None:
    smds.register_event(EID, "A", SMDP, owner="2.999.10", forward=True)
    smds.delete_event(EID, "A", owner="2.999.10")
    assert (at(smds), at(root)) == ([], [])


def test_a_root_that_is_away_refuses_the_event_and_nothing_is_kept(
    smds: Smds, root: Smds, above: Above
) -> None:
    above.trouble = unreachable
    with pytest.raises(SmdppError, match="root SM-DS did not take this over") as caught:
        smds.register_event(EID, "A", SMDP, owner="2.999.10", forward=True)
    assert caught.value.refusal is Refusal.SMDS
    assert (at(smds), at(root)) == ([], [])


def test_a_root_that_is_away_keeps_the_event_for_another_try(
    smds: Smds, root: Smds, above: Above
) -> None:
    smds.register_event(EID, "A", SMDP, owner="2.999.10", forward=True)
    above.trouble = unreachable
    with pytest.raises(SmdppError, match="did not take this over"):
        smds.delete_event(EID, "A", owner="2.999.10")
    assert at(smds) == [("A", SMDP)]
    above.trouble = lambda: None
    root.delete_event(EID, "A", owner="2.999.15")
    smds.delete_event(EID, "A", owner="2.999.10")
    assert at(smds) == []


def test_what_is_not_kept_here_is_taken_back_at_the_root(smds: Smds, root: Smds) -> None:
    smds.per_card = 1
    smds.register_event(EID, "A", SMDP, owner="2.999.10", forward=True)
    with pytest.raises(SmdppError, match="no room"):
        smds.register_event(EID, "B", SMDP, owner="2.999.10", forward=True)
    assert (at(smds), at(root)) == ([("A", SMDP)], [("A", ALTERNATIVE)])


def test_an_event_that_is_known_stays_as_it_is(smds: Smds, root: Smds) -> None:
    smds.register_event(EID, "A", SMDP, owner="2.999.10", forward=False)
    assert not smds.register_event(EID, "A", SMDP, owner="2.999.10", forward=True)
    assert (at(smds), at(root)) == ([("A", SMDP)], [])


def test_an_event_of_that_name_at_the_root_is_a_refusal(smds: Smds, root: Smds) -> None:
    with root.events.changing() as draft:
        draft.add(Event(eid=EID, event_id="A", address=SMDP, owner="2.999.10"))
    with pytest.raises(SmdppError, match="has another event 'A' already"):
        smds.register_event(EID, "A", SMDP, owner="2.999.10", forward=True)
    assert at(smds) == []
