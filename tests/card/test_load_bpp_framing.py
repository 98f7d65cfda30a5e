"""LoadBoundProfilePackage: however a package is cut and bound, it installs; and what is stored."""

from __future__ import annotations

import stat
from functools import partial
from pathlib import Path
from random import Random

import pytest
from support import saip
from support.bpp import Cut, at_once, by_blocks, by_clause, by_lpac, by_onomondo, by_parts
from support.eims import ask, objects, tlv
from support.es10 import SELECT_ISDR, es10
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, A, B, order
from support.loading import (
    SIMA_OK,
    Bound,
    Send,
    from_digits,
    installed,
    prepare,
    profiles,
    result_of,
    sections,
    seeded,
    stored,
    waiting,
)
from support.published_pki import PUBLISHED
from support.spoiling import (
    Payload,
    Tampering,
)

from euicc_sim import Card
from euicc_sim.crypto.bsp import Bsp
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.smdpp.binding import Binding
from keys import Curve

curves = pytest.mark.parametrize("curve", list(Curve), ids=lambda one: one.value)
replacing = pytest.mark.parametrize("replace_keys", [True, False], ids=["A2", "no A2"])

CUTS: dict[str, Cut] = {
    "lpac": by_lpac,
    "clause": by_clause,
    "onomondo": by_onomondo,
    "parts": by_parts,
    "at once": at_once,
    "blocks of 255": by_blocks,
    "blocks of 17": partial(by_blocks, size=17),
    "blocks of 2": partial(by_blocks, size=2),
}
MIDDLE = saip.package(size=3000)


def check(card: Card, bound: Bound, package: bytes, final: dict[str, object]) -> None:
    """One Profile more, disabled, with that package, in memory and on disk."""
    (one,) = (one for one in card.state.profiles if one.iccid == bound.iccid)
    assert (one.package, one.enabled, one.nickname) == (package, False, "")
    assert final == {"aid": one.aid, "simaResponse": SIMA_OK}
    assert stored(card)[bound.iccid] == package
    assert card.state.installation is None


@pytest.mark.parametrize("cut", CUTS.values(), ids=list(CUTS))
def test_every_cut_installs(send: Send, card: Card, pki_folder: Path, cut: Cut) -> None:
    bound = prepare(send, seeded(pki_folder, order(package=MIDDLE)))
    final = installed(send, bound, cut(bound.package))
    check(card, bound, MIDDLE, final)


@pytest.mark.parametrize("size", [1, 3, 4, 5, 7, 11, 16, 31, 64, 127])
def test_blocks_of_any_size_install(card: Card, pki_folder: Path, size: int) -> None:
    """Only the very first has to be long enough to say what it is: BF36."""
    package = saip.package(size=300)
    bound = prepare(card.transmit, seeded(pki_folder, order(package=package), segment_size=20))
    first, rest = bound.package[: max(size, 2)], bound.package[max(size, 2) :]
    final = installed(card.transmit, bound, [first, *by_blocks(rest, size)])
    check(card, bound, package, final)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_cuts_anywhere_install(card: Card, pki_folder: Path, seed: int) -> None:
    bound = prepare(card.transmit, seeded(pki_folder, order(package=MIDDLE), segment_size=200))
    rng = Random(seed)  # noqa: S311 where to cut is not a secret
    cuts = sorted(rng.sample(range(2, len(bound.package)), rng.randint(1, 60)))
    edges = zip([0, *cuts], [*cuts, len(bound.package)], strict=True)
    pieces = [bound.package[start:end] for start, end in edges]
    check(card, bound, MIDDLE, installed(card.transmit, bound, pieces))


@pytest.mark.slow
@pytest.mark.parametrize("cut", list(CUTS.values())[:-1], ids=list(CUTS)[:-1])
@curves
@replacing
@pytest.mark.parametrize("segment_size", [32, 1008, 2048])
def test_every_cut_of_every_binding_installs(
    card: Card, pki_folder: Path, cut: Cut, curve: Curve, replace_keys: bool, segment_size: int
) -> None:
    server = seeded(
        pki_folder,
        order(package=MIDDLE),
        curve=curve,
        replace_keys=replace_keys,
        segment_size=segment_size,
    )
    bound = prepare(card.transmit, server)
    assert [tag for tag, _ in sections(bound.package)] == [
        *("BF23", "A0", "A1"),
        *(["A2"] if replace_keys else []),
        "A3",
    ]
    check(card, bound, MIDDLE, installed(card.transmit, bound, cut(bound.package)))


@curves
@replacing
@pytest.mark.parametrize("segment_size", [1, 2, 15, 16, 17, 64, 2048, 3000])
def test_segments_of_every_size_install(
    send: Send, card: Card, pki_folder: Path, curve: Curve, replace_keys: bool, segment_size: int
) -> None:
    package = saip.package(size=200 if segment_size < 64 else 8000)
    server = seeded(
        pki_folder,
        order(package=package),
        curve=curve,
        replace_keys=replace_keys,
        segment_size=segment_size,
    )
    bound = prepare(send, server)
    parts = list(objects(dict(sections(bound.package))["A3"]))
    assert len(parts) == -(-len(package) // segment_size)
    check(card, bound, package, installed(send, bound))


def test_the_signature_of_a_result_is_that_of_the_curve(card: Card, pki_folder: Path) -> None:
    """`result_of` verifies with the certificate that the session showed: one below each CI."""
    keys = set()
    for curve, digits, iccid in ((Curve.NIST, A_DIGITS, A), (Curve.BRP, B_DIGITS, B)):
        bound = prepare(
            card.transmit, seeded(pki_folder, order(digits), curve=curve), digits, iccid=iccid
        )
        installed(card.transmit, bound)
        keys.add(bound.key.curve.name)
    assert keys == {"secp256r1", "brainpoolP256r1"}


# -- the packages that the world has


PACKAGES = PUBLISHED.parent / "upp"


def iccid_in(package: bytes) -> str:
    """The digits in the header."""
    _, _, header = next(objects(package))
    return next(content for tag, _, content in objects(header) if tag == "83").hex().upper()


@pytest.mark.skipif(not PACKAGES.is_dir(), reason="the TS.48 packages are not beside the project")
@pytest.mark.parametrize(("segment_size", "replace_keys"), [(1008, True), (1024, False)])
@pytest.mark.parametrize(
    "name",
    [
        "TS48v1_A",
        "TS48v2_SAIP2.1_NoBERTLV",
        "TS48v5_SAIP2.1A_NoBERTLV",
        "TS48v5_SAIP2.3_BERTLV_SUCI",
    ],
)
def test_the_test_profiles_of_ts_48_install(
    send: Send, card: Card, pki_folder: Path, name: str, segment_size: int, replace_keys: bool
) -> None:
    package = (PACKAGES / f"{name}.der").read_bytes()
    wanted = order(package=package, matching_id=name)
    server = seeded(pki_folder, wanted, segment_size=segment_size, replace_keys=replace_keys)
    bound = prepare(send, server, name, iccid=from_digits(iccid_in(package)))
    check(card, bound, package, installed(send, bound))


# -- the counter


def going_on(binding: Binding) -> Binding:
    """An SM-DP+ whose counter does not begin again with the replaced keys."""
    fields = {name: getattr(binding, name) for name in binding.__dataclass_fields__}

    class Continuing(type(binding.keys)):  # type: ignore[misc]
        def session(self) -> Bsp:
            return Bsp(self.chaining, self.enc, self.cmac, counter=4)

    return Binding(**fields | {"keys": Continuing(*binding.keys or ())})


def test_the_counter_begins_again_with_the_replaced_keys(
    send: Send, card: Card, pki_folder: Path
) -> None:
    """Counted on, the first block is another: no element begins there."""
    server = seeded(pki_folder, order(), adjust=going_on)
    bound = prepare(send, server)
    for chain in bound.chains[:-1]:
        assert es10(send, chain) == b""
    form, final = result_of(es10(send, bound.chains[-1]), bound)["finalResult"]
    assert (form, final["bppCommandId"], final["errorReason"]) == ("errorResult", 5, 12)
    assert card.state.profiles == ()


def test_every_segment_counts_whether_it_is_enciphered_or_not(
    send: Send, card: Card, pki_folder: Path
) -> None:
    """A3 comes third without A2: an SM-DP+ that did not count the 88 would be found out."""

    def tamper(session: Bsp) -> Bsp:
        keys = session.chaining, session.s_enc, session.s_mac
        return Payload(*keys, at=3, payload=lambda one, plain: _second(one)._encipher(plain))

    def _second(one: Bsp) -> Bsp:
        return Bsp(one.chaining, one.s_enc, one.s_mac, counter=2)

    def adjust(binding: Binding) -> Binding:
        fields = {name: getattr(binding, name) for name in binding.__dataclass_fields__}
        return Tampering(**fields, tamper=tamper)

    bound = prepare(send, seeded(pki_folder, order(), adjust=adjust, replace_keys=False))
    for chain in bound.chains[:-1]:
        assert es10(send, chain) == b""
    form, final = result_of(es10(send, bound.chains[-1]), bound)["finalResult"]
    assert (form, final["errorReason"]) == ("errorResult", 12)


# -- what is stored


def test_the_package_is_a_file_that_nobody_else_may_read(
    send: Send, card: Card, pki_folder: Path
) -> None:
    installed(send, prepare(send, seeded(pki_folder, order(package=MIDDLE))))
    path = card.directory / "profiles" / f"{A_DIGITS}.upp"
    assert path.read_bytes() == MIDDLE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_card_that_is_opened_again_has_the_profile_and_its_result(
    tmp_path: Path, pki_folder: Path
) -> None:
    with Card.create(tmp_path / "card", pki=pki_folder, seed=1) as card:
        bound = prepare(card.transmit, seeded(pki_folder, order(package=MIDDLE)))
        final = installed(card.transmit, bound)
        state, shown, told = card.state, profiles(card.transmit), waiting(card.transmit)
    with Card.open(tmp_path / "card") as card:
        assert card.state == state
        check(card, bound, MIDDLE, final)
        card.transmit(SELECT_ISDR)
        assert (profiles(card.transmit), waiting(card.transmit)) == (shown, told)


READ_ICCID = [hx("00A40004022FE2"), hx("00B000000A")]


def test_ef_iccid_is_that_of_the_profile_once_it_is_enabled(
    send: Send, card: Card, pki_folder: Path
) -> None:
    installed(send, prepare(send, seeded(pki_folder, order())))
    send(hx("00A40004023F00"))
    assert [send(one) for one in READ_ICCID][-1][:-2] in (b"", b"\xff" * 10)
    Lpa(send).enable(A_DIGITS)
    card.reset()
    assert [send(one) for one in READ_ICCID][-1] == A + hx("9000")


def test_who_asked_is_told_of_the_installation_unless_it_was_the_server(
    send: Send, pki_folder: Path
) -> None:
    bound = prepare(send, seeded(pki_folder, order()))
    installed(send, bound)
    result, other = waiting(send)
    assert result_of(result, bound)["notificationMetadata"]["seqNumber"] == 1
    ((_, _, inside),) = objects(other)
    metadata = next(objects(inside))[1]
    address = tlv("0C", b"notifications.example.com")
    assert metadata == tlv("BF2F", hx("800102 81020780"), address, tlv("5A", A))
    for number in (1, 2):
        assert ask(send, tlv("BF30", tlv("80", bytes((number,))))) == hx("BF30 03 800100")
    assert waiting(send) == []
