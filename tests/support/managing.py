"""Cards that hold Profiles, and what an LPA writes to manage them, byte by byte.

The Profiles are put into the store of a card that is closed, so that tests need no download.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from euicc_sim import Card
from euicc_sim.model.profile import Profile, Recipient
from euicc_sim.model.state import Switches
from euicc_sim.store.directory import JsonStore
from support import saip
from support.eims import ask, objects, tlv, value_of
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card
from support.hexes import hx
from support.installing import A_DIGITS, RECIPIENT
from support.judge import SGP22, module
from support.kept import files

Send = Callable[[bytes], bytes]

TEST, PROVISIONING, OPERATIONAL = 0, 1, 2
PPR1, PPR2 = frozenset({1}), frozenset({2})
EVENTS = frozenset({0, 1, 2, 3})

AIDS = tuple(hx(f"A0000005591010FFFFFFFF8900 {number:04X} 00") for number in range(0x10, 0x14))
"""The AIDs of the first four Profiles of a card."""

NO_PROFILE = hx("98001032547698109999")
"""An ICCID that no Profile of a test has."""
NO_AID = hx("A0000005591010FFFFFFFF8900 00FF 00")


# -- cards


@dataclass(frozen=True)
class Contents:
    """What a card is made of: its Profiles, other fields of its state, options of its making."""

    profiles: tuple[Profile, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def holding(*profiles: Profile, state: Any = None, **options: Any) -> pytest.MarkDecorator:
    """A test whose card holds these; the module's fixtures `contents` and `card` see to it."""
    return pytest.mark.parametrize("contents", [Contents(profiles, state or {}, options)], ids=[""])


def profile(digits: str = A_DIGITS, **fields: Any) -> Profile:
    """A Profile that tells RECIPIENT of everything; AID and CI are those that the card gives."""
    package = saip.package(digits)
    given: dict[str, Any] = {
        "iccid": bytes(byte >> 4 | (byte & 0xF) << 4 for byte in hx(digits.ljust(20, "F"))),
        "aid": b"",
        "service_provider": "Operator",
        "name": f"Profile {digits[-1]}",
        "ci_pk_id": b"",
        "package": package,
        "recipients": (Recipient(EVENTS, RECIPIENT),),
    }
    return Profile(**(given | fields))


def made(directory: Path, pki: Path, contents: Contents = Contents()) -> Card:
    """A card with that in it, open."""
    fresh_card(directory, pki, **contents.options)
    put(directory, contents.profiles, **contents.state)
    return Card.open(directory, fsync=False)


def put(directory: Path, profiles: tuple[Profile, ...] = (), **fields: Any) -> None:
    """Put Profiles and other fields of the state into a closed card."""
    store = JsonStore(directory, fsync=False)
    try:
        identity, state = store.load()
        for number, one in enumerate(profiles, start=len(state.profiles)):
            aid = one.aid or hx(f"A0000005591010FFFFFFFF8900 {0x10 + number:04X} 00")
            ci = one.ci_pk_id or identity.ci_pk_ids[0]
            state = state.with_profile(replace(one, aid=aid, ci_pk_id=ci))
        store.save(replace(state, **fields))
    finally:
        store.close()


def switched_on(**switches: Any) -> dict[str, Switches]:
    """Fields of a state with these switches."""
    return {"switches": Switches(**switches)}


# -- requests


def by_iccid(iccid: bytes) -> bytes:
    """A ProfileIdentifier."""
    return tlv("5A", iccid)


def by_aid(aid: bytes) -> bytes:
    """A ProfileIdentifier."""
    return tlv("4F", aid)


def enable(identifier: bytes, refresh: str = "00") -> bytes:
    """EnableProfile; an ICCID (10 bytes) or AID (16)."""
    return _switch("BF31", identifier, refresh)


def disable(identifier: bytes, refresh: str = "00") -> bytes:
    """DisableProfile."""
    return _switch("BF32", identifier, refresh)


def delete(identifier: bytes) -> bytes:
    """DeleteProfile."""
    return tlv("BF33", _identifier(identifier))


def nickname(iccid: bytes, text: bytes) -> bytes:
    """SetNickname."""
    return tlv("BF29", tlv("5A", iccid), tlv("90", text))


def _switch(tag: str, identifier: bytes, refresh: str) -> bytes:
    return tlv(tag, tlv("A0", _identifier(identifier)), tlv("81", hx(refresh)))


def _identifier(value: bytes) -> bytes:
    return by_iccid(value) if len(value) == 10 else by_aid(value)


# -- what comes of it


def answered(send: Send, card: Card, request: bytes, expected: str) -> None:
    """A refusal in these bytes, after which the card is as before, in memory and on the disk."""
    before = card.state, files(card.directory)
    assert ask(send, request) == hx(expected)
    assert (card.state, files(card.directory)) == before


def enabled(send: Send) -> list[bytes]:
    """The ICCIDs of the Profiles that the card shows as enabled."""
    return [one["iccid"] for one in infos(send, "5A 9F70") if one["profileState"] == 1]


def iccids(send: Send) -> list[bytes]:
    """The ICCIDs that the card shows, in order."""
    return [one["iccid"] for one in infos(send, "5A")]


def infos(send: Send, tags: str = "") -> list[dict[str, Any]]:
    """GetProfilesInfo as the judge reads it."""
    request = tlv("BF2D", *([tlv("5C", hx(tags))] if tags else []))
    kind, found = value_of(ask(send, request))
    if kind != "profileInfoListOk":
        raise AssertionError(f"{kind} {found}")
    values: list[dict[str, Any]] = found
    return values


def elements(answer: bytes) -> list[list[tuple[str, bytes]]]:
    """Of each E3 in the answer of GetProfilesInfo its objects: tag in hex, content."""
    ((tag, _, body),) = objects(answer)
    ((inner, _, found),) = objects(body)
    assert (tag, inner) == ("BF2D", "A0")
    return [
        [(one, value) for one, _, value in objects(content)] for _, _, content in objects(found)
    ]


def judged22(name: str, answer: bytes) -> Any:
    """What SGP.22's module reads; fails unless it would write the very same bytes."""
    one = getattr(module(SGP22).RSPDefinitions, name)
    one.from_der(answer)
    value = one.get_val()
    one.set_val(value)
    assert one.to_der() == answer
    return value


def told(send: Send) -> list[tuple[int, int, str, bytes]]:
    """ListNotification: number, the bit of the event, address, ICCID, as the card lists them."""
    kind, found = value_of(ask(send, hx("BF2800")))
    if kind != "notificationMetadataList":
        raise AssertionError(kind)
    return [
        (
            one["seqNumber"],
            _event(*one["profileManagementOperation"]),
            one["notificationAddress"],
            one["iccid"],
        )
        for one in found
    ]


def _event(bits: int, size: int) -> int:
    """The one bit of a BIT STRING, as the judge has it: its value and how many bits it has."""
    assert bits == 1
    return size - 1


def free_memory(send: Send) -> int:
    """What EUICCInfo2 says of free non-volatile memory: extCardResource, tag 82."""
    return resource(send)["82"]


def resource(send: Send) -> dict[str, int]:
    """extCardResource of EUICCInfo2."""
    ((_, _, body),) = objects(ask(send, hx("BF2200")))
    found = next(value for tag, _, value in objects(body) if tag == "84")
    return {tag: int.from_bytes(value) for tag, _, value in objects(found)}


def says_enabled(send: Send) -> bytes:
    """Select the ISD-R and give the end of its FCI: E1."""
    answer = send(SELECT_ISDR + b"\0")
    assert answer.endswith(hx("9000"))
    return answer[answer.rindex(b"\xe1") : -2]


def ef_iccid(send: Send) -> bytes:
    """The content of EF.ICCID, read on a channel of its own."""
    channel = send(hx("0070000001"))[0]
    assert send(bytes((channel, 0xA4, 0x00, 0x0C, 2)) + hx("2FE2")) == hx("9000")
    answer = send(bytes((channel, 0xB0, 0x00, 0x00, 10)))
    send(bytes((0x00, 0x70, 0x80, channel, 0x00)))
    assert answer.endswith(hx("9000"))
    return answer[:-2]
