"""What `card show` and `watch` show of an eIM: every field, but for those named here."""

from __future__ import annotations

import dataclasses
import io

from rich.console import Console
from support.filled import filled

from euicc_sim.cli.card_tables import eims_table
from euicc_sim.model.eim import Eim, KeyForm, PublicKeyData
from euicc_sim.model.state import State

LEFT_OUT = {
    "ci_pk_id": "the CI of the card that the eIM addresses; the cards of one PKI all say the same",
    "tls": "keys are shown by their form, and this one is the IPA's affair",
    "protocols": "the IPA's affair",
    "indirect_download": "the IPA's affair",
    "proprietary": "nobody can read it",
}
OTHERS: dict[str, object] = {
    "id_type": 1,
    "key": PublicKeyData(KeyForm.CERTIFICATE, b"0"),
    "token": 7,
}


def shown(eim: Eim) -> str:
    out = Console(file=io.StringIO(), width=200)
    out.print(eims_table(State(eims=(eim,))))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_names_from_outside_are_shown_as_they_are_read_not_obeyed() -> None:
    rude = "[/x]\x1b[31m\x9b"
    text = shown(dataclasses.replace(filled(Eim, 1), eim_id=rude, fqdn=rude, id_type=1))
    assert text.count("[/x]\\x1b[31m\\x9b") == 2


def test_every_field_of_an_eim_is_shown_or_left_out_for_a_reason() -> None:
    one, other = filled(Eim, 1), filled(Eim, 2)
    names = {field.name for field in dataclasses.fields(Eim)}
    seen = set()
    for name in names:
        value = OTHERS.get(name, getattr(other, name) if name != "eim_id" else "another")
        if shown(dataclasses.replace(one, **{name: value})) != shown(one):
            seen.add(name)
    missing = [f"Eim.{name} is not shown" for name in sorted(names - seen - LEFT_OUT.keys())]
    assert missing == []
    assert LEFT_OUT.keys() <= names - seen
