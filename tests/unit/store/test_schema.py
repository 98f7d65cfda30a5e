"""One declaration for each stored thing: every field of the model is written and read again."""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path

import msgspec
import pytest
from support.filled import filled

from euicc_sim.model.eim import PublicKeyData
from euicc_sim.model.identity import CardType, Identity
from euicc_sim.model.profile import Profile
from euicc_sim.model.state import State
from euicc_sim.store import change_log, kinds, schema
from euicc_sim.store.document import from_tree, json_schema, parse, render
from euicc_sim.store.kinds import Field, Record

ROOT = Path(__file__).parents[3]
RECORDS = [one for one in vars(schema).values() if isinstance(one, Record)]


def whole_card() -> tuple[Identity, State]:
    """A card with everything; what names a Profile names the one that is there."""
    state = filled(State)
    (profile,) = state.profiles
    returns = dataclasses.replace(
        state.returns,
        rollback=dataclasses.replace(state.returns.rollback, iccid=profile.iccid),
        fallback=profile.iccid,
        emergency=profile.iccid,
        test=profile.iccid,
    )
    result, notification = state.results[0], state.notifications[0]
    return filled(Identity), dataclasses.replace(
        state,
        fallback_profile=profile.iccid,
        returns=returns,
        results=(dataclasses.replace(result, seq_number=7),),
        notifications=(dataclasses.replace(notification, seq_number=8),),
    )


def fields_of(value: object, name: str) -> dict[str, object]:
    """All leaves of a dataclass, by the names of the fields that lead there."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found: dict[str, object] = {}
        for one in (each for each in dataclasses.fields(value) if each.init):
            found |= fields_of(getattr(value, one.name), f"{type(value).__name__}.{one.name}")
        return found
    if isinstance(value, tuple):
        return {
            f"{name}[{at}] {path}": leaf
            for at, one in enumerate(value)
            for path, leaf in fields_of(one, name).items()
        }
    return {name: value}


def lost(before: object, after: object) -> list[str]:
    """The fields that did not come back."""
    old, new = fields_of(before, ""), fields_of(after, "")
    return [name for name in old if name not in new or old[name] != new[name]]


def test_every_field_that_a_card_keeps_is_written_and_read_again() -> None:
    identity, state = whole_card()
    (profile,) = state.profiles
    again = parse(render(identity, state), {profile.iccid: profile.package}.__getitem__)
    assert lost(identity, again[0]) == []
    assert lost(state, again[1]) == []
    assert again == (identity, state)


def test_every_field_that_a_card_keeps_goes_through_the_change_log() -> None:
    identity, state = whole_card()
    (profile,) = state.profiles
    tree = msgspec.json.decode(render(identity, State()))
    line = msgspec.json.encode(change_log.differences(State(), state))
    change_log.put(tree, msgspec.json.decode(line))
    again = from_tree(tree, {profile.iccid: profile.package}.__getitem__)
    assert lost(state, again[1]) == []


@pytest.mark.parametrize("record", RECORDS, ids=lambda one: one.model.__name__)
def test_each_field_by_itself_is_a_difference(record: Record) -> None:
    one, other = filled(record.model, 1), filled(record.model, 2)
    for field in dataclasses.fields(record.model):
        value = getattr(other, field.name)
        if value == getattr(one, field.name):
            continue
        changed = dataclasses.replace(one, **{field.name: value})
        found = record.differences(one, changed)
        name = next(each.name for each in record.fields if each.attribute == field.name)
        assert list(found) == [name], f"{record.model.__name__}.{field.name} is not seen"


def test_a_field_that_is_not_declared_is_named() -> None:
    with pytest.raises(TypeError, match=r"Recipient\.address is not declared in the schema"):
        Record(schema.RECIPIENT.model, schema.RECIPIENT.fields[0])


def test_a_field_that_no_dataclass_has_is_named() -> None:
    extra = Field("colour", "colour", kinds.BOOLEAN)
    with pytest.raises(TypeError, match=r"Recipient\.colour is no attribute"):
        Record(schema.RECIPIENT.model, *schema.RECIPIENT.fields, extra)


def test_every_dataclass_below_state_and_identity_has_a_record() -> None:
    seen: set[type] = set()

    def walk(owner: type) -> None:
        seen.add(owner)
        for hint in typing.get_type_hints(owner).values():
            for part in (hint, *_all_arguments(hint)):
                if isinstance(part, type) and dataclasses.is_dataclass(part) and part not in seen:
                    walk(part)

    walk(State)
    walk(Identity)
    assert seen - {one.model for one in RECORDS} == {PublicKeyData}, "which is a kind of its own"


def _all_arguments(hint: object) -> list[object]:
    found: list[object] = []
    for one in typing.get_args(hint):
        found += [one, *_all_arguments(one)]
    return found


def test_the_json_schema_in_the_docs_is_the_current_one() -> None:
    assert (ROOT / "docs/card.schema.json").read_bytes() == json_schema(), (
        "write it anew: python -c 'from euicc_sim.store.document import json_schema; "
        "import sys; sys.stdout.buffer.write(json_schema())' > docs/card.schema.json"
    )


def test_all_integers_and_bits_of_the_json_schema_have_bounds() -> None:
    def unbounded(part: object, place: str) -> list[str]:
        if isinstance(part, list):
            return [one for item in part for one in unbounded(item, place)]
        if not isinstance(part, dict):
            return []
        mine = part.get("type") == "integer" and not {"minimum", "maximum"} <= part.keys()
        return [place] * mine + [
            one for name, item in part.items() for one in unbounded(item, f"{place}.{name}")
        ]

    assert unbounded(msgspec.json.decode(json_schema()), "") == []


def test_a_type_of_card_is_written_by_its_word() -> None:
    assert schema.IDENTITY.by_name["type"].kind.write(CardType.IOT_STRICT) == "iot-strict"


@pytest.mark.parametrize(
    ("field", "value"), [("icon_type", 2**63), ("icon_type", -(2**63)), ("rules", {1 << 20})]
)
def test_a_number_that_could_not_be_read_again_is_not_written(field: str, value: object) -> None:
    profile = dataclasses.replace(filled(Profile), **{field: value})
    with pytest.raises(OSError, match="a stored number must be from"):
        schema.PROFILE.write(profile)
