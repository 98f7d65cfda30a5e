"""LoadBoundProfilePackage: ReplaceSessionKeys and the profile elements, commands 4 and 5."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support import saip
from support.eims import tlv
from support.fresh import fresh_card
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, A, B, install, order
from support.loading import (
    Watch,
    installed,
    load,
    prepare,
    seeded,
    stored,
)
from support.managing import free_memory
from support.spoiling import (
    enciphered,
    flipped,
    tampered,
    with_section,
)

from euicc_sim import Card
from euicc_sim.es10.session import SessionKeys as CardKeys
from euicc_sim.parties.smdpp.binding import Binding, SessionKeys, replace_session_keys

Send = Callable[[bytes], bytes]

KEYS, ELEMENTS = 4, 5
INCORRECT, STRUCTURE, SECURITY, MEMORY, PROCESSING, MISMATCH = 1, 7, 8, 10, 12, 13
OLD_SEGMENTS = 3
"""Segments under the agreed keys: one each of A0, A1 and A2."""


@dataclass(frozen=True)
class Case:
    """A mistake, in what is bound or in the bytes, and what the card says of it."""

    command: int
    reason: int
    adjust: Callable[[Binding], Binding] = lambda binding: binding
    change: Callable[[bytes], bytes] = lambda package: package
    sima: bytes | None = None


def replacement(reason: int, content: bytes) -> Case:
    return Case(KEYS, reason, lambda one: replace(one, replacement=content))


def section(command: int, reason: int, content: Callable[[bytes], bytes]) -> Case:
    return Case(command, reason, change=with_section({4: "A2", 5: "A3"}[command], content))


def replaced(reason: int, payload: Callable[[bytes], bytes]) -> Case:
    """Another payload in the 87 of A2."""
    return Case(KEYS, reason, lambda one: tampered(one, OLD_SEGMENTS, enciphered(payload)))


def element(reason: int, payload: Callable[[bytes], bytes]) -> Case:
    """Another payload in the one 86, under the agreed keys."""

    def adjust(binding: Binding) -> Binding:
        binding = replace(binding, keys=None)
        return tampered(binding, OLD_SEGMENTS, enciphered(payload))

    return Case(ELEMENTS, reason, adjust)


def content(package: bytes, status: int, identification: int | None = None) -> Case:
    """A package that is bound as it should be, with a mistake in itself."""
    concerned = b"" if identification is None else tlv("81", bytes((identification,)))
    one = tlv("30", tlv("80", bytes((status,))), concerned)
    sima = tlv("30", tlv("A0", one), hx("8100"))
    return Case(ELEMENTS, PROCESSING, lambda one: replace(one, package=package), sima=sima)


IV, ENC, CMAC = tlv("80", bytes(16)), tlv("81", bytes(16)), tlv("82", bytes(16))
APPLICATION = 0xA8
HEADER, END = saip.header(), saip.element(saip.END, 7)
WHOLE = saip.package()
UNTIDY = saip.element(0xB0, 3, tlv("81", saip.template(99)))

CASES = {
    # -- ReplaceSessionKeys
    "expected BF26, got BF24": replacement(STRUCTURE, hx("BF2400")),
    "no BF26 at all": replacement(STRUCTURE, b""),
    "a byte after BF26": replacement(STRUCTURE, tlv("BF26", IV, ENC, CMAC) + b"\0"),
    "a chaining value of 15 bytes": replacement(
        INCORRECT, tlv("BF26", tlv("80", bytes(15)), ENC, CMAC)
    ),
    "a key of 24 bytes": replacement(INCORRECT, tlv("BF26", IV, tlv("81", bytes(24)), CMAC)),
    "a key of no byte": replacement(INCORRECT, tlv("BF26", IV, ENC, hx("8200"))),
    "no chaining value": replacement(INCORRECT, tlv("BF26", ENC, CMAC)),
    "no key for MACs": replacement(INCORRECT, tlv("BF26", IV, ENC)),
    "keys in another order": replacement(INCORRECT, tlv("BF26", ENC, IV, CMAC)),
    "an empty BF26": replacement(INCORRECT, hx("BF2600")),
    "an 86 in A2": section(KEYS, STRUCTURE, lambda one: b"\x86" + one[1:]),
    "an 87 in A2 without room for a MAC": section(KEYS, STRUCTURE, lambda _: tlv("87", bytes(7))),
    "no whole block in A2": Case(
        KEYS, STRUCTURE, lambda one: tampered(one, OLD_SEGMENTS, lambda *_: bytes(17))
    ),
    "another MAC in A2": section(KEYS, SECURITY, lambda one: flipped(one, -8)),
    "another key in A2": section(KEYS, SECURITY, lambda one: flipped(one, 30)),
    "no padding in A2": replaced(SECURITY, lambda plain: plain.ljust(64, b"\0")),
    # -- segments of profile elements
    "an 87 in A3": section(ELEMENTS, STRUCTURE, lambda one: b"\x87" + one[1:]),
    "an 86 without room for a MAC": section(ELEMENTS, STRUCTURE, lambda _: tlv("86", bytes(7))),
    "an 86 of a MAC alone": Case(
        ELEMENTS,
        STRUCTURE,
        lambda one: tampered(replace(one, keys=None), OLD_SEGMENTS, lambda *_: b""),
    ),
    "another MAC in A3": section(ELEMENTS, SECURITY, lambda one: flipped(one, -1)),
    "another block in A3": section(ELEMENTS, SECURITY, lambda one: flipped(one, 40)),
    "no padding in A3": element(SECURITY, lambda plain: plain.ljust(64, b"\0")),
    "padding of FF": element(SECURITY, lambda plain: (plain + b"\x80").ljust(64, b"\xff")),
    "padding of a block too many": element(
        SECURITY, lambda plain: (plain + b"\x80").ljust(96, b"\0")
    ),
    "elements under the old keys": Case(
        ELEMENTS,
        SECURITY,
        lambda one: replace(one, keys=None, replacement=replace_session_keys(_other_keys())),
    ),
    # -- the elements
    "nothing": content(b"", 5),
    "zeros": content(bytes(16), 5),
    "no header": content(END, 5),
    "no end": content(HEADER, 5),
    "a cut element": content(WHOLE[:-1], 5),
    "a byte after the end": content(HEADER + END + b"\0", 5, 7),
    "an element after the end": content(HEADER + END + END, 5, 7),
    "two headers": content(HEADER + WHOLE, 5),
    "an element before the header": content(END + WHOLE, 5),
    "version 4": content(saip.package(version=(4, 0)), 31),
    "a mandatory service that the card lacks": content(saip.package(services=["mbms"]), 10),
    "a template that nobody knows": content(saip.package(templates=[saip.template(99)]), 9),
    "an element of an unknown template": content(saip.package(elements=[UNTIDY]), 9, 3),
    "an unknown element that is mandated": content(
        saip.package(elements=[saip.element(0xAB, 3)]), 1, 3
    ),
    "an element of the vendor that is mandated": content(
        saip.package(elements=[saip.element(saip.NON_STANDARD, 4, saip.ISSUER)]), 1, 4
    ),
    "an application that is mandated": content(
        saip.package(elements=[saip.element(APPLICATION, 6)]), 10, 6
    ),
    "an application that needs Java Card": content(
        saip.package(
            services=["usim", "javacard"],
            elements=[saip.element(APPLICATION, 6, mandated=False)],
        ),
        7,
        6,
    ),
    "an ICCID that is none": content(saip.package("8900012345678901FFFF"), 3),
}


def _other_keys() -> SessionKeys:
    return SessionKeys(bytes(16), bytes(16), bytes(16))


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_in_the_keys_or_elements_is_refused(
    send: Send, card: Card, pki_folder: Path, name: str
) -> None:
    case = CASES[name]
    install(send, pki_folder, B_DIGITS)
    watch = Watch(send, card)
    bound = prepare(send, seeded(pki_folder, order(), adjust=case.adjust)).changed(case.change)
    answer = load(send, bound.chains)
    watch.check_error(answer, bound, (case.command, case.reason), iccid=A, sima=case.sima)


def test_an_application_that_nobody_needs_is_kept_with_an_event(
    send: Send, card: Card, pki_folder: Path
) -> None:
    parts = [saip.element(APPLICATION, 6, mandated=False)]
    wanted = order(package=saip.package(elements=parts))
    installed(send, prepare(send, seeded(pki_folder, wanted)))
    assert "1 application is kept and not run: this card has no runtime" in (
        card.take_events()[-1].text
    )


@pytest.mark.parametrize("digits", [B_DIGITS, "98001032547698103214", A_DIGITS[:19]])
def test_a_package_of_another_iccid_than_the_metadata_is_refused(
    send: Send, card: Card, pki_folder: Path, digits: str
) -> None:
    watch = Watch(send, card)
    server = seeded(
        pki_folder, order(), adjust=lambda one: replace(one, package=saip.package(digits))
    )
    bound = prepare(send, server)
    watch.check_error(load(send, bound.chains), bound, (ELEMENTS, MISMATCH), iccid=A)


def test_an_iccid_of_19_digits_is_padded_in_both(send: Send, card: Card, pki_folder: Path) -> None:
    digits = A_DIGITS[:19]
    wanted = order(digits, package=saip.package(digits))
    installed(send, prepare(send, seeded(pki_folder, wanted), digits))
    assert card.state.profiles[0].iccid == hx("980010325476981032F4")


def test_an_element_that_nobody_needs_is_passed_over(send: Send, pki_folder: Path) -> None:
    parts = [
        saip.element(0xAB, 3, mandated=False),
        saip.element(saip.NON_STANDARD, 4, saip.ISSUER, mandated=False),
        saip.element(0xB0, 5, tlv("81", saip.template(99)), mandated=False),
    ]
    wanted = order(package=saip.package(elements=parts))
    final = installed(send, prepare(send, seeded(pki_folder, wanted)))
    assert final["simaResponse"] == hx("3007 A005 3003 800100")


# -- what is told


def test_who_asks_is_told_the_agreed_keys_and_those_that_replace_them(
    send: Send, card: Card, pki_folder: Path
) -> None:
    new = SessionKeys(hx("C0" * 16), hx("E0" * 16), hx("A0" * 16))
    told: list[CardKeys] = []
    card.on_keys = told.append
    server = seeded(pki_folder, order(), adjust=lambda one: replace(one, keys=new))
    bound = prepare(send, server)
    load(send, bound.chains)
    agreed, replaced = told
    assert (agreed.transaction_id, agreed.replaced) == (bound.transaction, False)
    assert len({agreed.s_enc, agreed.s_mac, agreed.chaining, *new}) == 6
    assert replaced == CardKeys(bound.transaction, new.enc, new.cmac, new.chaining, replaced=True)


def test_the_log_follows_a_package_from_piece_to_piece(
    send: Send, card: Card, pki_folder: Path
) -> None:
    bound = prepare(send, seeded(pki_folder, order()))
    card.take_events()
    load(send, bound.chains)
    events = card.take_events()
    assert not any(one.refused for one in events)
    ends = [sum(map(len, bound.chains[: number + 1])) for number in range(len(bound.chains))]
    steps = ["initialise_secure_channel", "configure_isdp", "store_metadata", "store_metadata"]
    steps += ["replace_session_keys", "load_profile_elements"]
    assert [one.text for one in events] == [
        *[
            f"LoadBoundProfilePackage: {step}, byte {end}"
            for step, end in zip(steps, ends[:-1], strict=True)
        ],
        f"LoadBoundProfilePackage: Profile {A_DIGITS} from {bound.address}, result 1",
    ]


def test_the_log_says_in_which_step_a_package_is_refused_and_why(
    send: Send, card: Card, pki_folder: Path
) -> None:
    bound = prepare(send, seeded(pki_folder, order())).changed(lambda one: flipped(one, -1))
    card.take_events()
    load(send, bound.chains)
    event = card.take_events()[-1]
    assert event.refused
    assert event.text.startswith(
        "LoadBoundProfilePackage: LOAD_PROFILE_ELEMENTS: scp03tSecurityError: "
    )


# -- no room


SIZE, SEGMENT = 6000, 500


@pytest.fixture
def small(tmp_path: Path, pki_folder: Path) -> Iterator[Callable[[int], Card]]:
    """Cards with so many bytes of memory."""
    made: list[Card] = []

    def make(memory: int) -> Card:
        folder = tmp_path / f"card{len(made)}"
        card = Card.open(fresh_card(folder, pki_folder, memory=memory), fsync=False)
        made.append(card)
        return card

    yield make
    for card in made:
        card.close()


@pytest.mark.parametrize("room", [0, 1, SEGMENT - 1, SEGMENT, SIZE // 2, SIZE - 1])
def test_a_package_that_does_not_fit_is_refused_at_the_segment_that_is_too_much(
    small: Callable[[int], Card], pki_folder: Path, room: int
) -> None:
    card = small(1024 + room)
    watch = Watch(card.transmit, card)
    wanted = order(package=saip.package(size=SIZE))
    bound = prepare(card.transmit, seeded(pki_folder, wanted, segment_size=SEGMENT))
    elements = [one for one in bound.chains if one[0] == 0x86]
    before = bound.chains[: -len(elements)]
    assert load(card.transmit, before) == b""
    fitting = room // SEGMENT
    assert load(card.transmit, elements[:fitting]) == b""
    answer = load(card.transmit, elements[fitting:])
    watch.check_error(answer, bound, (ELEMENTS, MEMORY), iccid=A)


def test_a_package_fits_to_the_byte(small: Callable[[int], Card], pki_folder: Path) -> None:
    package = saip.package(size=SIZE)
    card = small(1024 + SIZE)
    installed(card.transmit, prepare(card.transmit, seeded(pki_folder, order(package=package))))
    assert stored(card) == {A: package}
    watch = Watch(card.transmit, card)
    bound = prepare(card.transmit, seeded(pki_folder, order(B_DIGITS)), B_DIGITS, iccid=B)
    watch.check_error(load(card.transmit, bound.chains), bound, (1, MEMORY))


@pytest.mark.parametrize("missing", [0, 1])
def test_a_package_and_its_icon_fit_to_the_byte(
    small: Callable[[int], Card], pki_folder: Path, missing: int
) -> None:
    card = small(1024 + SIZE + 100 - missing)
    wanted = order(package=saip.package(size=SIZE), icon=bytes(100), icon_type=0)
    watch = Watch(card.transmit, card)
    bound = prepare(card.transmit, seeded(pki_folder, wanted))
    if missing:
        watch.check_error(load(card.transmit, bound.chains), bound, (ELEMENTS, MEMORY), iccid=A)
    else:
        installed(card.transmit, bound)
        assert free_memory(card.transmit) == 0


def test_what_was_loaded_is_free_again_when_the_load_has_failed(
    small: Callable[[int], Card], pki_folder: Path
) -> None:
    card = small(1024 + SIZE)
    package = saip.package(size=SIZE)
    for _ in range(3):
        server = seeded(pki_folder, order(package=package))
        bound = prepare(card.transmit, server).changed(
            with_section("A3", lambda one: flipped(one, -1))
        )
        assert load(card.transmit, bound.chains)
    installed(card.transmit, prepare(card.transmit, seeded(pki_folder, order(package=package))))
