"""`replace` for the model makes what `dataclasses.replace` makes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import pytest

from euicc_sim.model.eim import Eim, KeyForm, PublicKeyData
from euicc_sim.model.replacing import replace
from euicc_sim.model.state import State

EIM = Eim("eim1", 7, PublicKeyData(KeyForm.KEY, b"\x30\x00"), bytes(20))


def test_a_replaced_value_equals_that_of_dataclasses_and_the_first_is_as_it_was() -> None:
    state = State(eims=(EIM,), next_seq=5)
    made = replace(state, next_seq=6, default_dp_address="smdp.example.com")
    assert made == dataclasses.replace(state, next_seq=6, default_dp_address="smdp.example.com")
    assert made.eims is state.eims
    assert state == State(eims=(EIM,), next_seq=5)


def test_a_replaced_value_is_frozen_and_has_no_other_fields() -> None:
    made = replace(EIM, counter=8)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.counter = 9  # type: ignore[misc]
    with pytest.raises(TypeError, match="Eim has no field count"):
        replace(EIM, count=8)  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class Remembering:
    """A class that keeps beside its field what it was asked once."""

    value: int
    seen: list[int] = field(default_factory=list, init=False, compare=False)


def test_what_a_value_remembers_of_itself_does_not_follow_into_its_copy() -> None:
    first = Remembering(1)
    first.seen.append(1)
    assert replace(first, value=2).seen == []
    with pytest.raises(TypeError, match="Remembering has no field seen"):
        replace(first, seen=[])


@dataclass(frozen=True, slots=True)
class Checked:
    """A class that checks its values."""

    value: int

    def __post_init__(self) -> None:
        """Nothing to check here."""


@dataclass(frozen=True)
class Slotless:
    """A class without slots."""

    value: int


@pytest.mark.parametrize("value", [Checked(1), Slotless(1)])
def test_what_cannot_be_copied_slot_by_slot_is_refused(value: Checked | Slotless) -> None:
    with pytest.raises(TypeError, match="cannot be copied slot by slot"):
        replace(value, value=2)
