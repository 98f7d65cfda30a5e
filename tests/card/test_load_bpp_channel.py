"""LoadBoundProfilePackage: InitialiseSecureChannel, and what is refused in it (bppCommandId 0)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.bpp import opening
from support.eims import ask, objects, tlv
from support.es10 import SELECT_ISDR, es10_sw
from support.euiccs import PaperEuicc, shared_pki
from support.fresh import pki_in
from support.hexes import hx
from support.installing import B_DIGITS, C_DIGITS, D_DIGITS, C, D, install, order
from support.loading import (
    NOT_EXPECTED,
    Bound,
    Watch,
    installed,
    load,
    prepare,
    seeded,
)
from support.server import Server
from support.spoiling import (
    flipped,
    with_section,
)

from euicc_sim import Card
from euicc_sim.parties.smdpp.binding import Binding, control_reference_template
from keys import Curve

Send = Callable[[bytes], bytes]
Adjust = Callable[[Binding], Binding]

INITIALISE = 0
INCORRECT, SIGNATURE, TRANSACTION, CRT, OPERATION, UNKNOWN = 1, 2, 3, 4, 5, 127


@pytest.fixture
def isdr(send: Send, pki_folder: Path) -> Send:
    """A card on which something is already: a Profile and what is told of it."""
    install(send, pki_folder, B_DIGITS)
    return send


@dataclass(frozen=True)
class Case:
    """A mistake: in what is bound (and signed), or in the bytes."""

    reason: int
    adjust: Adjust = lambda binding: binding
    change: Callable[[bytes], bytes] = lambda package: package


def in_bf23(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return with_section("BF23", change)


def fields(content: bytes) -> dict[str, bytes]:
    return {tag: whole for tag, whole, _ in objects(content)}


def in_order(*tags: str) -> Callable[[bytes], bytes]:
    return in_bf23(lambda content: b"".join(fields(content)[tag] for tag in tags))


def crt(content: bytes) -> Adjust:
    return lambda binding: replace(binding, crt=content)


def off_curve(binding: Binding) -> Binding:
    return replace(binding, shown_otpk=flipped(binding.one_time_key.public, -1))


CASES = {
    "remoteOpId 0": Case(OPERATION, lambda one: replace(one, remote_op_id=0)),
    "remoteOpId 2": Case(OPERATION, lambda one: replace(one, remote_op_id=2)),
    "remoteOpId of no byte": Case(OPERATION, change=in_bf23(lambda one: tlv("82") + one[3:])),
    "another transaction": Case(
        TRANSACTION, lambda one: replace(one, transaction_id=flipped(one.transaction_id, 0))
    ),
    "a transaction cut short": Case(
        TRANSACTION, lambda one: replace(one, transaction_id=one.transaction_id[:-1])
    ),
    "a DES key": Case(CRT, lambda one: replace(one, key_type=0x80)),
    "a key of 32 bytes": Case(CRT, lambda one: replace(one, key_length=32)),
    "no key type": Case(CRT, crt(tlv("A6", hx("810110"), tlv("84", b"smdpp")))),
    "no key length": Case(CRT, crt(tlv("A6", hx("800188"), tlv("84", b"smdpp")))),
    "no host ID": Case(CRT, crt(hx("A606 800188 810110"))),
    "a host ID of no byte": Case(CRT, crt(control_reference_template(b""))),
    "a host ID of 17 bytes": Case(CRT, crt(control_reference_template(bytes(17)))),
    "an empty CRT": Case(CRT, crt(hx("A600"))),
    "a CRT that cannot be read": Case(INCORRECT, crt(hx("A602 8005"))),
    "another signature": Case(SIGNATURE, lambda one: replace(one, signature=bytes(64))),
    "a signature of 63 bytes": Case(SIGNATURE, lambda one: replace(one, signature=bytes(63))),
    "a signature over another key": Case(SIGNATURE, change=in_bf23(lambda one: flipped(one, -70))),
    "otPK not on the curve": Case(INCORRECT, off_curve),
    "otPK of no byte": Case(INCORRECT, lambda one: replace(one, shown_otpk=b"")),
    "otPK compressed": Case(
        INCORRECT, lambda one: replace(one, shown_otpk=b"\2" + one.one_time_key.public[1:33])
    ),
    "otPK at infinity": Case(INCORRECT, lambda one: replace(one, shown_otpk=b"\0")),
    "nothing but a byte": Case(INCORRECT, change=in_bf23(lambda _: b"\0")),
    "nothing": Case(INCORRECT, change=in_bf23(lambda _: b"")),
    "no signature": Case(INCORRECT, change=in_order("82", "80", "A6", "5F49")),
    "no remoteOpId": Case(INCORRECT, change=in_order("80", "A6", "5F49", "5F37")),
    "another order": Case(INCORRECT, change=in_order("80", "82", "A6", "5F49", "5F37")),
    "a field twice": Case(INCORRECT, change=in_order("82", "82", "80", "A6", "5F49", "5F37")),
    "a field more": Case(INCORRECT, change=in_bf23(lambda one: one + hx("0500"))),
    "a byte less": Case(INCORRECT, change=in_bf23(lambda one: one[:-1])),
}


@pytest.mark.parametrize("name", CASES)
def test_a_secure_channel_with_a_mistake_is_refused(
    isdr: Send, card: Card, pki_folder: Path, name: str
) -> None:
    case = CASES[name]
    watch = Watch(isdr, card)
    server = seeded(pki_folder, order(), adjust=case.adjust)
    bound = prepare(isdr, server).changed(case.change)
    answer = load(isdr, bound.chains)
    watch.check_error(answer, bound, (INITIALISE, case.reason))


@pytest.mark.parametrize("curve", list(Curve), ids=lambda one: one.value)
def test_a_point_on_the_other_curve_is_refused(
    isdr: Send, card: Card, pki_folder: Path, curve: Curve
) -> None:
    (other,) = set(Curve) - {curve}
    point = PaperEuicc.below(shared_pki(), other).otpk
    watch = Watch(isdr, card)
    server = seeded(
        pki_folder, order(), curve=curve, adjust=lambda one: replace(one, shown_otpk=point)
    )
    bound = prepare(isdr, server)
    watch.check_error(load(isdr, bound.chains), bound, (INITIALISE, INCORRECT))


def test_host_ids_of_1_and_16_bytes_are_taken(isdr: Send, pki_folder: Path) -> None:
    for digits, iccid, host_id in ((C_DIGITS, C, b"1"), (D_DIGITS, D, bytes(16))):
        server = seeded(pki_folder, order(digits), host_id=host_id)
        installed(isdr, prepare(isdr, server, digits, iccid=iccid))


def test_while_the_emergency_profile_is_enabled_nothing_is_installed(
    send: Send, card: Card, pki_folder: Path
) -> None:
    install(send, pki_folder, B_DIGITS, ecall_indication=True, notifications=())
    assert ask(send, hx("BF5B 03 8001FF")) == hx("BF5B 03 800100")
    watch = Watch(send, card)
    bound = prepare(send, seeded(pki_folder, order()))
    watch.check_error(load(send, bound.chains), bound, (INITIALISE, UNKNOWN))


# -- packages that nothing waits for


@pytest.fixture
def bound(isdr: Send, pki_folder: Path) -> Bound:
    return prepare(isdr, seeded(pki_folder, order()))


def test_before_anything_is_prepared_every_piece_is_6985(
    isdr: Send, card: Card, bound: Bound
) -> None:
    card.reset()
    isdr(SELECT_ISDR)
    before = card.state
    for chain in bound.chains:
        assert es10_sw(isdr, chain) == NOT_EXPECTED
    assert card.state is before


def test_an_authenticated_server_that_prepared_nothing_cannot_load(
    isdr: Send, card: Card, pki_folder: Path, bound: Bound
) -> None:
    Server.below(pki_in(pki_folder).branch(Curve.NIST).ci).session(isdr)
    before = card.state
    assert es10_sw(isdr, bound.chains[0]) == NOT_EXPECTED
    assert card.state is before


def test_a_later_piece_does_not_begin_a_load(isdr: Send, card: Card, bound: Bound) -> None:
    before = card.state
    for chain in bound.chains[1:]:
        assert es10_sw(isdr, chain) == NOT_EXPECTED
    assert card.state is before
    installed(isdr, bound)


def test_until_the_channel_is_open_nothing_is_kept(isdr: Send, card: Card, bound: Bound) -> None:
    before = card.state
    head, _ = opening(bound.package)
    assert es10_sw(isdr, head[:-1]) == (b"", 0x9000)
    assert card.state is before
    assert es10_sw(isdr, head[-1:]) == (b"", 0x9000)
    assert card.state == replace(before, installation=card.state.installation) != before


# -- heads that promise what cannot be


@pytest.mark.parametrize(
    "head",
    [
        "BF36 00",
        "BF36 80",
        "BF36 85 0000000200",
        "BF36 83 200000",
        "BF36 82 0100 A0",
        "BF36 82 0100 BF24",
        "BF36 82 0100 BF23 00",
        "BF36 82 0100 BF23 82 0100",
        "BF36 82 0100 BF23 82 00FC",
    ],
)
def test_a_package_that_cannot_be_read_from_the_start_is_refused_at_once(
    isdr: Send, card: Card, pki_folder: Path, head: str
) -> None:
    watch = Watch(isdr, card)
    bound = prepare(isdr, seeded(pki_folder, order()))
    watch.check_error(load(isdr, [hx(head)]), bound, (INITIALISE, INCORRECT))
    assert es10_sw(isdr, bound.chains[0]) == NOT_EXPECTED
