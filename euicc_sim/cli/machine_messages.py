"""Conversations as `--json` prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Self

from msgspec import UNSET, Meta, UnsetType

from apdu.names import without_pins
from euicc_sim.asn1.tree import Reading
from euicc_sim.cli.machine import Output
from euicc_sim.cli.machine_trees import ReadingOutput
from euicc_sim.tracing.conversation import Es10, Exchange, Item, Reset
from euicc_sim.tracing.tpdu import Tpdu, data_of
from euicc_sim.views.exchanges import shown
from euicc_sim.views.json_body import BodyField
from euicc_sim.views.pasted import Pasted
from euicc_sim.views.places import Places


class ApduOutput(Output):
    """A command APDU and its answer; PINs are FF."""

    command: bytes
    answer: bytes

    @classmethod
    def of(cls, one: Tpdu) -> Self:
        """For programs."""
        return cls(command=without_pins(one.command), answer=one.answer)


class ItemOutput(Output, kw_only=True):
    """A command with its whole answer, in however many APDUs; or a reset, which has its ATR."""

    at: datetime | None
    slot: int
    channel: int | UnsetType = UNSET
    name: str
    about: str | UnsetType = UNSET
    sw: Annotated[str, Meta(pattern="^[0-9A-F]{4}$")] | UnsetType = UNSET
    request: bytes | UnsetType = UNSET
    answer: bytes | UnsetType = UNSET
    messages: list[ReadingOutput] | UnsetType = UNSET
    apdus: list[ApduOutput] | UnsetType = UNSET
    atr: bytes | UnsetType = UNSET


class ConversationOutput(Output):
    """What a text was taken for, if it is no message: commands, or an ATR."""

    kind: str
    is_answered: bool
    atr: bytes | None
    items: list[ItemOutput]

    @classmethod
    def of(cls, found: Pasted) -> Self:
        """For programs."""
        return cls(
            kind=found.kind,
            is_answered=found.is_answered,
            atr=found.atr,
            items=item_outputs(found.items),
        )


class BodyFieldOutput(Output):
    """A field of a body in JSON: its value, or the likeliest readings of the object it holds."""

    name: str
    value: str | UnsetType = UNSET
    readings: list[ReadingOutput] | UnsetType = UNSET


class BodyOutput(Output):
    """A body of ESipa, ES9+ or ES2+ in JSON; names include those of the objects around them."""

    kind: str
    fields: list[BodyFieldOutput]

    @classmethod
    def of(cls, found: Pasted, readings: Callable[[BodyField], Sequence[Reading]]) -> Self:
        """For programs; `readings` are those of a field's object."""
        fields = [
            BodyFieldOutput(name=one.name, value=one.text)
            if one.object is None
            else BodyFieldOutput(
                name=one.name, readings=[ReadingOutput.of(read) for read in readings(one)]
            )
            for one in found.fields
        ]
        return cls(kind=found.kind, fields=fields)


def item_outputs(items: Iterable[Item]) -> list[ItemOutput]:
    """The items of a conversation, oldest first."""
    places = Places()
    return [_item(one, places) for one in items]


def _item(item: Item, places: Places) -> ItemOutput:
    at = datetime.fromtimestamp(item.at, UTC) if item.at else None
    if isinstance(item, Reset):
        places.reset(item.slot)
        return ItemOutput(at=at, slot=item.slot, name="reset", atr=item.atr)
    found = shown(item, places)
    return ItemOutput(
        at=at,
        slot=item.slot,
        channel=item.channel,
        name=found.name,
        about=found.about,
        sw=f"{item.sw:04X}",
        request=_request(item),
        answer=item.answer,
        messages=[ReadingOutput.of(one) for one in found.trees],
        apdus=[ApduOutput.of(one) for one in item.tpdus],
    )


def _request(item: Exchange) -> bytes:
    return item.request if isinstance(item, Es10) else data_of(without_pins(item.command))
