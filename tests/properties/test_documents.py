"""Any state that a card could be in, written as a document, is read back the same."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.examples import relaxed
from support.packages import certificate, key

from apdu.tlv import tlv
from euicc_sim import Card
from euicc_sim.model.eim import MAX_COUNTER, Eim, KeyForm, PublicKeyData
from euicc_sim.model.identity import CardType
from euicc_sim.model.notification import Notification, PackageResult
from euicc_sim.model.profile import (
    AuthorisationRule,
    BppCommand,
    Installation,
    Operator,
    Profile,
    ProfileClass,
    Recipient,
    Rollback,
    isdp_aid,
)
from euicc_sim.model.state import ImmediateEnable, Limits, Returns, State, Strictness, Switches
from euicc_sim.store import change_log
from euicc_sim.store.document import from_tree, parse, render, tree

arcs = st.lists(st.integers(0, 2**60), max_size=6)
oids = arcs.map(lambda found: ".".join(map(str, [2, 999, *found])))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
hexes = st.binary(max_size=30)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=32)


def objects(tag: int) -> st.SearchStrategy[bytes]:
    """A whole object with that tag, whatever is in it."""
    return hexes.map(lambda content: tlv(tag, content))


transaction_ids = st.binary(min_size=1, max_size=16)
bits = st.frozensets(st.integers(0, 12))
keys = st.sampled_from(
    [
        PublicKeyData(KeyForm.KEY, key(1).spki),
        PublicKeyData(KeyForm.KEY, key(4, "brainpoolP256r1").spki),
        PublicKeyData(KeyForm.CERTIFICATE, certificate(key(1))),
    ]
)
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
eims = st.builds(
    Eim,
    eim_id=ids,
    counter=st.integers(0, MAX_COUNTER),
    key=keys,
    ci_pk_id=hexes,
    fqdn=st.none() | texts,
    id_type=st.integers(1, 3),
    token=st.none() | st.integers(1, 2**62),
    tls=st.none() | st.builds(PublicKeyData, st.sampled_from(KeyForm), objects(0x30)),
    protocols=st.frozensets(st.integers(0, 60)),
    indirect_download=st.booleans(),
    proprietary=st.none() | objects(0xAA),
)
operators = st.builds(
    Operator, st.binary(min_size=3, max_size=3), st.none() | hexes, st.none() | hexes
)
rules = st.builds(
    AuthorisationRule, bits, st.lists(operators, max_size=3).map(tuple), st.booleans()
)
iccids = st.binary(min_size=10, max_size=10)
profiles = st.builds(
    Profile,
    iccid=iccids,
    aid=st.just(b""),
    service_provider=names,
    name=names,
    ci_pk_id=hexes,
    package=hexes,
    profile_class=st.sampled_from(ProfileClass).map(int),
    nickname=names,
    icon_type=st.none() | st.integers(-(2**9), 2**9),
    icon=st.none() | hexes,
    recipients=st.lists(st.builds(Recipient, bits, texts), max_size=3).map(tuple),
    owner=st.none() | operators,
    dp_oid=st.none() | oids,
    rules=bits,
    service_data=st.none() | objects(0xBF22),
    ecall=st.none() | st.booleans(),
    fallback_allowed=st.none() | st.booleans(),
    connectivity=st.none() | hexes,
    iot_data=st.none() | objects(0xBF64),
    preloaded=st.booleans(),
)
installations = st.builds(
    Installation,
    transaction_ids,
    texts,
    oids,
    hexes,
    st.sampled_from(BppCommand).map(int),
    st.none() | iccids,
)


switches = st.builds(
    Switches,
    **{name: st.booleans() for name, one in asdict(Switches()).items() if isinstance(one, bool)},
    poll_interval=st.integers(0, 255),
    strictness=st.sampled_from(Strictness),
).filter(lambda one: one.standard_isdr_aid)  # without another AID, a card has this one


@st.composite
def with_profiles(draw: st.DrawFn, state: State) -> State:
    """The state with Profiles, of which one at most is enabled, and references to some of them."""
    found = draw(st.lists(profiles, max_size=4, unique_by=lambda one: one.iccid))
    enabled = draw(st.none() | st.integers(0, max(len(found) - 1, 0)))
    installed = tuple(
        replace(one, aid=isdp_aid(0x10 + number), enabled=number == enabled)
        for number, one in enumerate(found)
    )
    some: Any = st.none()
    if installed:
        some = st.none() | st.sampled_from([one.iccid for one in installed])
    back = draw(some)
    grant = st.builds(
        Rollback,
        st.just(back),
        ids,
        st.integers(0, MAX_COUNTER),
        st.none() | transaction_ids,
        numbers,
    )
    return replace(
        state,
        profiles=installed,
        fallback_profile=draw(some),
        returns=Returns(draw(grant) if back else None, draw(some), draw(some), draw(some)),
        installation=draw(st.none() | installations),
        switches=draw(switches),
    )


numbers = st.integers(1, 2**40)


@st.composite
def states(draw: st.DrawFn) -> State:
    """A state that a card could be in."""
    trusted = tuple(draw(st.lists(eims, max_size=4, unique_by=lambda one: one.eim_id)))
    row = draw(st.lists(numbers, max_size=6, unique=True).map(sorted))
    split = draw(st.integers(0, len(row)))
    state = State(
        eims=trusted,
        results=tuple(PackageResult(one, draw(ids), draw(objects(0xBF51))) for one in row[:split]),
        notifications=tuple(
            Notification(
                one,
                draw(st.frozensets(st.integers(0, 12))),
                draw(texts),
                draw(st.none() | st.just(bytes(10))),
                draw(objects(0xBF37) | objects(0x30)),
            )
            for one in row[split:]
        ),
        next_seq=max(row, default=0) + draw(st.integers(1, 9)),
        next_token=max((one.token or 0 for one in trusted), default=0) + draw(st.integers(1, 9)),
        default_dp_address=draw(texts),
        immediate_enable=draw(
            st.builds(ImmediateEnable, st.booleans(), st.none() | oids, st.none() | texts)
        ),
    )
    return draw(with_profiles(state))


@relaxed
@given(state=states(), then=states())
def test_a_state_written_as_a_document_is_read_the_same(
    card: Card, state: State, then: State
) -> None:
    for one in (state, then):
        found = {profile.iccid: profile.package for profile in one.profiles}
        assert parse(render(card.identity, one), found.__getitem__) == (card.identity, one)


@relaxed
@given(state=states(), then=states(), data=st.data())
def test_what_a_change_says_leads_from_any_state_to_any_other(
    card: Card, state: State, then: State, data: st.DataObject
) -> None:
    if data.draw(st.booleans()):
        then = replace(
            then,
            eims=mixed(data, state.eims, then.eims, "eim_id"),
            results=mixed(data, state.results, (), "seq_number"),
            notifications=mixed(data, state.notifications, (), "seq_number"),
            next_seq=max(state.next_seq, then.next_seq),
            next_token=max(state.next_token, then.next_token),
        )
    document = tree(render(card.identity, state))
    changes = json.loads(json.dumps(change_log.differences(state, then)))
    change_log.put(document, changes)
    found = {profile.iccid: profile.package for profile in then.profiles}
    assert from_tree(document, found.__getitem__) == (card.identity, then)
    assert bool(changes) == (state != then)


def mixed(data: st.DataObject, old: Any, new: Any, key: str) -> Any:
    """Items of both, each key once, in an order that often is the old one."""
    found = {getattr(one, key): one for one in (*old, *new)}
    kept = [one for one in found.values() if data.draw(st.booleans())]
    return tuple(data.draw(st.permutations(kept)) if data.draw(st.booleans()) else kept)


@relaxed
@given(
    kind=st.sampled_from(CardType),
    table=st.lists(rules, max_size=3).map(tuple),
    room=st.builds(Limits, numbers, numbers, numbers, st.integers(0, 2**32 - 1)),
)
def test_what_never_changes_is_read_the_same(
    card: Card, kind: CardType, table: tuple[AuthorisationRule, ...], room: Limits
) -> None:
    identity = replace(card.identity, card_type=kind, authorisation_rules=table, limits=room)
    assert parse(render(identity, State())) == (identity, State())
