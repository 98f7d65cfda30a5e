"""The card whose document a release keeps: something of everything, always the same.

Run as a program it writes document and profile packages of the current version, which is done
before a release.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from euicc_sim import Card
from euicc_sim.model.notification import Notification
from euicc_sim.model.profile import AuthorisationRule, Operator, Profile, Recipient, Rollback
from euicc_sim.model.state import ImmediateEnable, Returns, Switches
from euicc_sim.store.directory import DOCUMENT, JsonStore
from keys import CertificateIssuer, Curve
from support.eims import (
    LIST_EIM,
    Eim,
    ask,
    eim1,
    trust,
)
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, A, B, C
from support.managing import (
    AIDS,
    PPR1,
    PPR2,
    TEST,
    profile,
)

FOLDER = Path(__file__).parents[1] / "golden" / "state"
VECTORS = Path(__file__).parents[1] / "vectors" / "sgp22-vectors.json"
VERSION = "0.3.0"
"""The release that is under way; its document is the last."""
CURRENT = FOLDER / f"{VERSION}.json"

ADDRESS = "smdp.test.example"
SET_ADDRESS = hx("BF65 13 8011") + ADDRESS.encode()
ICCID = hx("98001032547698103214")
LOADED = "ES10b.LoadBoundProfilePackage (final response, success)"

OWNER = Operator(hx("00F110"), hx("01"), b"")
RULES = (
    AuthorisationRule(PPR1 | PPR2, (OWNER, Operator(hx("EEEEEE"))), consent_required=True),
    AuthorisationRule(PPR2, ()),
)
RETURNS = Returns(Rollback(A, "eim1.example.com", 2, hx("CAFE"), 2, hx("5160")), A, C, B)


def profiles(ci_pk_id: bytes) -> tuple[Profile, ...]:
    """One that has everything, a test Profile that came with the card, and a plain one."""
    rich = profile(
        A_DIGITS,
        nickname="Größe",
        icon_type=1,
        icon=hx("89504E47"),
        recipients=(Recipient(frozenset({1, 3}), "one.example"), Recipient(frozenset(), "two")),
        owner=OWNER,
        dp_oid="2.999.10",
        rules=PPR2,
        service_data=hx("BF22 0D 300B 8002 8837 A105 0403 010203"),
        ecall=False,
        fallback_allowed=True,
        connectivity=hx("3500"),
    )
    return (
        replace(rich, aid=AIDS[0], ci_pk_id=ci_pk_id),
        profile(
            B_DIGITS,
            profile_class=TEST,
            preloaded=True,
            ecall=True,
            aid=AIDS[1],
            ci_pk_id=bytes(20),
        ),
        profile(C_DIGITS, enabled=True, recipients=(), aid=AIDS[2], ci_pk_id=ci_pk_id),
    )


def token_eim(counter: int = 0) -> Eim:
    """Trusted by its bare key, with a token."""
    extra = {"eimFqdn": "eim1.example.com", "eimIdType": 2}
    return eim1(counter=counter, token=1 if counter else None, extra=extra)


def certificate_eim(counter: int = 40) -> Eim:
    """Trusted by a certificate on the other curve."""
    issuer = CertificateIssuer.create(Curve.BRP, seed=2)
    signing = issuer.issue_eim_signing("eim2.example.com")
    return Eim("eim2.example.com", signing.private_key, counter=counter, certificate=signing.der)


def notification(number: int) -> Notification:
    """The ProfileInstallationResult of the vectors, under a number of this card's row."""
    found = next(
        one["response"]
        for one in json.loads(VECTORS.read_text())["vectors"]
        if one["function"] == LOADED
    )
    before, after = hx("800101 8102 0780"), bytes((0x80, 1, number)) + hx("8102 0780")
    signed = bytes.fromhex(found).replace(before, after)
    return Notification(number, frozenset({0}), "testsmdpplus1.example.com", ICCID, signed)


def written(directory: Path) -> None:
    """A card that keeps something of everything; `directory` is then its own."""
    with Card.create(directory, seed=1, max_eims=4, results=8, rules=RULES, fsync=False) as card:
        first, second = token_eim(), certificate_eim()
        trust(card.transmit, first, token_wanted=True)
        first.load(card.transmit, ("addEim", second.configuration()))
        first.load(card.transmit, LIST_EIM)
        second.load(card.transmit, LIST_EIM)
        ask(card.transmit, SET_ADDRESS)
        identity, state = card.identity, card.state
    store = JsonStore(directory, fsync=False)
    store.load()
    store.save(
        replace(
            state,
            notifications=(notification(state.next_seq),),
            next_seq=state.next_seq + 1,
            immediate_enable=ImmediateEnable(True, "2.999.10", "smdp.immediate.example"),
            profiles=profiles(identity.ci_pk_ids[1]),
            fallback_profile=A,
            returns=RETURNS,
            switches=Switches(memory_full=True),
        )
    )
    store.close()


def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder, "card")
        written(directory)
        shutil.copyfile(directory / DOCUMENT, CURRENT)
        packages = CURRENT.with_suffix("")
        shutil.rmtree(packages, ignore_errors=True)
        packages.mkdir()
        (packages / "profiles").mkdir()
        for one in (directory / "profiles").iterdir():
            shutil.copyfile(one, packages / "profiles" / one.name)


if __name__ == "__main__":
    _write()
