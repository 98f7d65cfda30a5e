"""LoadBoundProfilePackage: ConfigureISDP and StoreMetadata (1 and 2), and what is refused there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.eims import ask, tlv
from support.fresh import fresh_card
from support.hexes import hx
from support.installing import B_DIGITS, A, B, install, order
from support.loading import (
    Watch,
    installed,
    load,
    prepare,
    profiles,
    seeded,
)
from support.spoiling import (
    enciphered,
    flipped,
    rebuilt,
    tampered,
    with_section,
)

from euicc_sim import Card
from euicc_sim.parties.smdpp.binding import Binding, configure_isdp

Send = Callable[[bytes], bytes]

CONFIGURE, METADATA = 1, 2
INCORRECT, CLASS, STRUCTURE, SECURITY, EXISTS, MEMORY = 1, 6, 7, 8, 9, 10
PROVIDER, NAME, ICCID = tlv("91", b"Operator"), tlv("92", b"Name"), tlv("5A", A)


@dataclass(frozen=True)
class Case:
    """A mistake, in what is bound or in the bytes, and what the card says of it."""

    command: int
    reason: int
    adjust: Callable[[Binding], Binding] = lambda binding: binding
    change: Callable[[bytes], bytes] = lambda package: package
    known: bool = False


def configuration(reason: int, content: bytes) -> Case:
    return Case(CONFIGURE, reason, lambda one: replace(one, configuration=content))


def metadata(reason: int, *fields: bytes, known: bool = False) -> Case:
    content = tlv("BF25", *fields)
    return Case(METADATA, reason, lambda one: replace(one, metadata=content), known=known)


def section(command: int, reason: int, content: Callable[[bytes], bytes]) -> Case:
    return Case(command, reason, change=with_section({1: "A0", 2: "A1"}[command], content))


def padding(pad: Callable[[bytes], bytes], reason: int) -> Case:
    return Case(CONFIGURE, reason, lambda one: tampered(one, 1, enciphered(pad)))


def payload(content: bytes, reason: int) -> Case:
    return Case(CONFIGURE, reason, lambda one: tampered(one, 1, lambda *_: content))


def without(tag: str) -> Callable[[bytes], bytes]:
    return lambda package: rebuilt(
        package, lambda one, content: b"" if one == tag else tlv(one, content)
    )


OID = hx("8003883745")
CASES = {
    # -- ConfigureISDP
    "expected BF24, got BF25": configuration(STRUCTURE, hx("BF2500")),
    "no BF24 at all": configuration(STRUCTURE, b""),
    "a byte after BF24": configuration(STRUCTURE, hx("BF240000")),
    "BF24 cut short": configuration(STRUCTURE, hx("BF2405B803")),
    "dpProprietaryData of 129 bytes": configuration(
        INCORRECT, tlv("BF24", tlv("B8", OID, tlv("81", bytes(122))))
    ),
    "dpProprietaryData without dpOid": configuration(INCORRECT, hx("BF2402B800")),
    "dpOid with another tag": configuration(INCORRECT, hx("BF2407B805 8103883745")),
    "dpOid of no byte": configuration(INCORRECT, hx("BF2404B8028000")),
    "an 88 in A0": section(CONFIGURE, STRUCTURE, lambda one: b"\x88" + one[1:]),
    "nothing in A0": section(CONFIGURE, STRUCTURE, lambda _: b""),
    "an 87 without room for a MAC": section(CONFIGURE, STRUCTURE, lambda _: tlv("87", bytes(7))),
    "an 87 of a MAC alone": payload(b"", STRUCTURE),
    "no whole block in A0": payload(bytes(15), STRUCTURE),
    "another MAC in A0": section(CONFIGURE, SECURITY, lambda one: flipped(one, -1)),
    "another block in A0": section(CONFIGURE, SECURITY, lambda one: flipped(one, 2)),
    "a segment of zeros in A0": section(CONFIGURE, SECURITY, lambda one: one[:2] + bytes(24)),
    "no padding": padding(lambda plain: plain + bytes(16 - len(plain)), SECURITY),
    "padding of a block too many": padding(
        lambda plain: (plain + b"\x80").ljust(32, b"\0"), SECURITY
    ),
    # -- StoreMetadata
    "expected BF25, got BF24": Case(
        METADATA, STRUCTURE, lambda one: replace(one, metadata=hx("BF2400"))
    ),
    "no BF25 at all": Case(METADATA, STRUCTURE, lambda one: replace(one, metadata=b"")),
    "a byte after BF25": Case(
        METADATA, STRUCTURE, lambda one: replace(one, metadata=one.metadata + b"\0")
    ),
    "BF25 cut short": Case(
        METADATA, STRUCTURE, lambda one: replace(one, metadata=one.metadata[:-1])
    ),
    "an 87 in A1": section(METADATA, STRUCTURE, lambda one: b"\x87" + one[1:]),
    "nothing in A1": Case(CONFIGURE, STRUCTURE, change=with_section("A1", lambda _: b"")),
    "expected A0, got A1": Case(CONFIGURE, STRUCTURE, change=without("A0")),
    "expected A1, got A3": Case(CONFIGURE, STRUCTURE, change=without("A1")),
    "an 88 without room for a MAC": section(METADATA, STRUCTURE, lambda _: tlv("88", bytes(7))),
    "another MAC in A1": section(METADATA, SECURITY, lambda one: flipped(one, -1)),
    "another byte in A1": section(METADATA, SECURITY, lambda one: flipped(one, 20)),
    "no ICCID": metadata(INCORRECT, PROVIDER, NAME),
    "a profileClass of 2,001 bytes": metadata(
        INCORRECT, ICCID, PROVIDER, NAME, tlv("95", b"\x7f" + b"\xff" * 2000)
    ),
    "a negative profileClass of 2,001 bytes": metadata(
        INCORRECT, ICCID, PROVIDER, NAME, tlv("95", b"\x80" + bytes(2000))
    ),
    "an ICCID of 9 bytes": metadata(INCORRECT, tlv("5A", A[:9]), PROVIDER, NAME),
    "no serviceProviderName": metadata(INCORRECT, ICCID, NAME),
    "no profileName": metadata(INCORRECT, ICCID, PROVIDER),
    "a serviceProviderName of 33": metadata(INCORRECT, ICCID, tlv("91", b"p" * 33), NAME),
    "a profileName of 65": metadata(INCORRECT, ICCID, PROVIDER, tlv("92", b"n" * 65)),
    "a name of 34 bytes, 17 characters": metadata(
        INCORRECT, ICCID, tlv("91", "é".encode() * 17), NAME, known=True
    ),
    "a name that is not UTF-8": metadata(INCORRECT, ICCID, tlv("91", b"\xff"), NAME),
    "an icon of 1025 bytes": metadata(
        INCORRECT, ICCID, PROVIDER, NAME, hx("930100"), tlv("94", bytes(1025))
    ),
    "an icon without a type": metadata(INCORRECT, ICCID, PROVIDER, NAME, hx("9401FF"), known=True),
    "an icon of an unknown type": metadata(
        INCORRECT, ICCID, PROVIDER, NAME, hx("930102 9401FF"), known=True
    ),
    "an icon type of 64 bits": metadata(
        INCORRECT, ICCID, PROVIDER, NAME, hx("9309 008000000000000000")
    ),
    "an object cut short in BF25": metadata(INCORRECT, ICCID, PROVIDER, NAME, hx("9502")),
    "an mccMnc of 2 bytes": metadata(INCORRECT, ICCID, PROVIDER, NAME, hx("B704 80020001")),
    "class 3": metadata(CLASS, ICCID, PROVIDER, NAME, hx("950103"), known=True),
    "an ICCID that is there": metadata(EXISTS, tlv("5A", B), PROVIDER, NAME, known=True),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_before_the_profile_elements_is_refused(
    send: Send, card: Card, pki_folder: Path, name: str
) -> None:
    case = CASES[name]
    install(send, pki_folder, B_DIGITS)
    watch = Watch(send, card)
    bound = prepare(send, seeded(pki_folder, order(), adjust=case.adjust)).changed(case.change)
    answer = load(send, bound.chains)
    iccid = (B if case.reason == EXISTS else A) if case.known else None
    watch.check_error(answer, bound, (case.command, case.reason), iccid=iccid)


def test_an_iccid_of_the_enabled_profile_is_there_too(
    send: Send, card: Card, pki_folder: Path
) -> None:
    install(send, pki_folder)
    ask(send, tlv("BF31", tlv("A0", tlv("5A", A)), hx("810100")))
    watch = Watch(send, card)
    bound = prepare(send, seeded(pki_folder, order()))
    watch.check_error(load(send, bound.chains), bound, (METADATA, EXISTS), iccid=A)
    assert profiles(send)[A]["profileState"] == 1


# -- what is still right


def loaded(send: Send, pki_folder: Path, **changes: Any) -> dict[str, Any]:
    bound = prepare(send, seeded(pki_folder, order(), adjust=lambda one: replace(one, **changes)))
    installed(send, bound)
    return profiles(send)[A]


def test_names_and_icons_may_be_as_long_as_that(send: Send, pki_folder: Path) -> None:
    names = tlv("91", b"p" * 32), tlv("92", "é".encode() * 32)
    content = tlv("BF25", ICCID, *names, hx("930101"), tlv("94", bytes(1024)))
    found = loaded(send, pki_folder, metadata=content)
    assert found["serviceProviderName"] == "p" * 32
    assert found["profileName"] == "é" * 32
    assert (found["iconType"], found["icon"]) == (1, bytes(1024))


def test_names_may_be_empty_and_an_icon_type_come_alone(send: Send, pki_folder: Path) -> None:
    content = tlv("BF25", ICCID, hx("9100 9200 930100"))
    found = loaded(send, pki_folder, metadata=content)
    assert (found["serviceProviderName"], found["profileName"]) == ("", "")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_class_is_installed(send: Send, pki_folder: Path, number: int) -> None:
    content = tlv("BF25", ICCID, PROVIDER, NAME, tlv("95", bytes((number,))))
    assert loaded(send, pki_folder, metadata=content)["profileClass"] == number


def test_what_the_card_does_not_know_in_the_metadata_is_passed_over(
    send: Send, pki_folder: Path
) -> None:
    content = tlv("BF25", ICCID, PROVIDER, NAME, hx("BF7603 800101"))
    assert loaded(send, pki_folder, metadata=content)["profileName"] == "Name"


def test_dp_proprietary_data_may_have_128_bytes(send: Send, pki_folder: Path) -> None:
    data = tlv("B8", OID, tlv("81", bytes(121)))
    assert len(data) - 3 == 128
    loaded(send, pki_folder, configuration=tlv("BF24", data))


def test_the_oid_in_the_configuration_is_kept(send: Send, card: Card, pki_folder: Path) -> None:
    loaded(send, pki_folder, configuration=configure_isdp("2.999.10"))
    assert card.state.profiles[0].dp_oid == "2.999.10"


# -- no room


@pytest.mark.parametrize(
    ("memory", "command", "iccid", "icon"),
    [
        (1023, CONFIGURE, None, None),
        (0, CONFIGURE, None, None),
        (1024 + 99, METADATA, A, bytes(100)),
    ],
)
def test_without_memory_for_an_isdp_or_its_icon_the_load_fails(
    tmp_path: Path,
    pki_folder: Path,
    memory: int,
    command: int,
    iccid: bytes | None,
    icon: bytes | None,
) -> None:
    with Card.open(fresh_card(tmp_path / "card", pki_folder, memory=memory), fsync=False) as card:
        watch = Watch(card.transmit, card)
        wanted = order(icon=icon, icon_type=0 if icon else None)
        bound = prepare(card.transmit, seeded(pki_folder, wanted))
        answer = load(card.transmit, bound.chains)
        watch.check_error(answer, bound, (command, MEMORY), iccid=iccid)
