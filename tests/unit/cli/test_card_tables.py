"""What `card show` and `watch` show of eIMs and Profiles: all fields, but for those named here."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console, RenderableType
from support.filled import filled

from euicc_sim.cli.card_tables import eims_table
from euicc_sim.cli.profile_tables import kept_profiles
from euicc_sim.model.eim import Eim, KeyForm, PublicKeyData
from euicc_sim.model.profile import Profile
from euicc_sim.model.state import State

_NO_ROOM = "a row has no room; card.json and GetProfilesInfo have it"

LEFT_OUT: dict[type, dict[str, str]] = {
    Eim: {
        "ci_pk_id": "the CI of the card that the eIM addresses; one PKI's cards all say the same",
        "tls": "keys are shown by their form, and this one is the IPA's affair",
        "protocols": "the IPA's affair",
        "indirect_download": "the IPA's affair",
        "proprietary": "nobody can read it",
        "added_at": "a number of the card's own, for the events of replays",
    },
    Profile: {
        "aid": _NO_ROOM,
        "sim": "profile files shows it",
        "ci_pk_id": "needed for signatures alone",
        "icon_type": "a terminal shows no pictures",
        "icon": "a terminal shows no pictures",
        "recipients": _NO_ROOM,
        "owner": _NO_ROOM,
        "dp_oid": _NO_ROOM,
        "service_data": "nobody can read it",
        "fallback_allowed": "what is shown is which Profile has the fallback attribute",
        "connectivity": "the IPA's affair",
        "iot_data": "nobody can read it",
        "preloaded": _NO_ROOM,
    },
}
OTHERS: dict[str, object] = {
    "eim_id": "another",
    "id_type": 1,
    "key": PublicKeyData(KeyForm.CERTIFICATE, b"0"),
    "token": 7,
    "iccid": bytes(10),
    "profile_class": 0,
    "enabled": False,
    "ecall": False,
    "package": bytes(77),
}


def shown(one: Eim | Profile) -> str:
    out = Console(file=io.StringIO(), width=300)
    table: RenderableType
    if isinstance(one, Eim):
        table = eims_table(State(eims=(one,)))
    else:
        table = kept_profiles(State(profiles=(one,)))
    out.print(table)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_names_from_outside_are_shown_as_they_are_read_not_obeyed() -> None:
    rude = "[/x]\x1b[31m\x9b"
    text = shown(dataclasses.replace(filled(Eim, 1), eim_id=rude, fqdn=rude, id_type=1))
    assert text.count("[/x]\\x1b[31m\\x9b") == 2


@pytest.mark.parametrize("kind", [Eim, Profile])
def test_every_field_is_shown_or_left_out_for_a_reason(kind: type[Eim] | type[Profile]) -> None:
    one, other = filled(kind, 1), filled(kind, 2)
    names = {field.name for field in dataclasses.fields(kind) if field.init}
    seen = set()
    for name in names:
        value = OTHERS.get(name, getattr(other, name))
        if shown(dataclasses.replace(one, **{name: value})) != shown(one):
            seen.add(name)
    left_out = LEFT_OUT[kind].keys()
    missing = [f"{kind.__name__}.{name} is not shown" for name in sorted(names - seen - left_out)]
    assert missing == []
    assert left_out <= names - seen
