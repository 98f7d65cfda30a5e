"""An IPA tells its eIM when the enabled Profile changed without a package of that eIM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.esipa import EID, World, es10, kept
from support.heard import SMDP, TOLD, A, B, Heard
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, order, smdpp
from support.judge import judged

from euicc_sim import Card
from euicc_sim.parties.eim import Eim, eim_file
from euicc_sim.parties.ipa import MemoryFile, ShortMemory
from euicc_sim.parties.ipa.ipa import Ipa
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.smdpp.smdpp import Smdpp

EMERGENCY = order(C_DIGITS, notifications=TOLD, ecall_indication=True)
FALLBACK = order(C_DIGITS, notifications=TOLD, fallback_allowed=True)
PLAIN = hx(f"BF4F 12 5A10 {EID}")


@pytest.fixture
def server(pki_folder: Path) -> Smdpp:
    return Heard().by(pki_folder)


@pytest.fixture
def world(tmp_path: Path, card: Card, server: Smdpp) -> World:
    """An eIM that has installed A and B, with A enabled."""
    world = World(tmp_path / "cards", lambda _: server)
    world.trusted_by(card, token=True)
    ordered(world, A, B, f"enable:{A_DIGITS}")
    world.ipa(card).poll()
    return world


def ordered(world: World, *orders: str) -> None:
    for one in orders:
        world.service.order(EID, [one])


@pytest.fixture
def memory() -> ShortMemory:
    return ShortMemory()


@pytest.fixture
def ipa(world: World, card: Card, memory: ShortMemory) -> Ipa:
    """An IPA whose eIM knows that A is enabled."""
    ipa = world.ipa(card, memory=memory)
    ipa.poll()
    return ipa


def asked(ipa: Ipa) -> list[bytes]:
    """The GetEimPackage requests of a poll."""
    found, exchange = list[bytes](), ipa.eim.exchange

    def noted(message: bytes) -> bytes:
        if message[:2] == hx("BF4F"):
            judged("GetEimPackageRequest", message)
            found.append(message)
        return exchange(message)

    ipa.eim.exchange = noted  # type: ignore[method-assign]
    try:
        ipa.poll()
    finally:
        ipa.eim.exchange = exchange  # type: ignore[method-assign]
    return found


def notice(cause: int, more: str = "") -> bytes:
    content = f"5A10 {EID} 8000 8101 {cause:02X} {more}"
    return hx("BF4F") + bytes((len(hx(content)),)) + hx(content)


@pytest.mark.parametrize(("cause", "name"), [(6, "deviceChange"), (127, "undefined")])
def test_an_eim_names_the_causes_that_only_other_ipas_tell(
    world: World, cause: int, name: str
) -> None:
    world.post(notice(cause))
    change = kept(world).record.state_change
    assert change is not None
    assert change.cause == name


def test_a_first_poll_tells_nothing(world: World, card: Card, memory: ShortMemory) -> None:
    assert asked(world.ipa(card, memory=memory)) == [PLAIN]


def test_what_the_eim_ordered_itself_it_knows(world: World, ipa: Ipa) -> None:
    ordered(world, f"enable:{B_DIGITS}", f"disable:{B_DIGITS}")
    assert asked(ipa) == [PLAIN] * 3
    assert asked(ipa) == [PLAIN]


def test_a_change_in_the_device_is_told_once(world: World, card: Card, ipa: Ipa) -> None:
    Lpa(card.transmit).enable(B_DIGITS)
    assert asked(ipa) == [notice(3)]
    assert asked(ipa) == [PLAIN]
    assert world.said[-3:-1] == [
        f"{EID}: the enabled Profile has changed: local",
        f"{EID}: asked for a package, none is queued",
    ]
    change = kept(world).record.state_change
    assert change is not None
    assert (change.cause, change.plmn) == ("local", None)
    (summary,) = world.service.store.cards()
    assert summary.state_change == change


def test_a_change_that_was_undone_is_not_told(card: Card, ipa: Ipa) -> None:
    Lpa(card.transmit).enable(B_DIGITS)
    Lpa(card.transmit).enable(A_DIGITS)
    assert asked(ipa) == [PLAIN]


def test_a_card_without_an_enabled_profile_is_told(card: Card, ipa: Ipa) -> None:
    Lpa(card.transmit).disable(A_DIGITS)
    assert asked(ipa) == [notice(3)]


def test_the_notice_is_repeated_until_the_eim_answers(world: World, card: Card, ipa: Ipa) -> None:
    Lpa(card.transmit).enable(B_DIGITS)
    world.down_if = lambda: True
    with pytest.raises(LpaError):
        ipa.poll()
    world.down_if = lambda: False
    assert asked(ipa) == [notice(3)]


def test_fallback_and_the_return_from_it_are_told(
    world: World, card: Card, ipa: Ipa, pki_folder: Path
) -> None:
    Lpa(card.transmit).download(smdpp(pki_folder, FALLBACK), matching_id=C_DIGITS)
    ordered(world, f"setFallbackAttribute:{C_DIGITS}")
    ipa.poll()
    assert es10(card, hx("BF5D 03 8001 00")) == hx("BF5D 03 8001 00")
    assert asked(ipa) == [notice(1)]
    assert es10(card, hx("BF5E 03 8001 00")) == hx("BF5E 03 8001 00")
    assert asked(ipa) == [notice(1)]


def test_the_emergency_profile_is_told(card: Card, ipa: Ipa, pki_folder: Path) -> None:
    Lpa(card.transmit).download(smdpp(pki_folder, EMERGENCY), matching_id=C_DIGITS)
    assert es10(card, hx("BF5B 03 8001 00")) == hx("BF5B 03 8001 00")
    assert asked(ipa) == [notice(2)]
    assert es10(card, hx("BF5C 03 8001 00")) == hx("BF5C 03 8001 00")
    assert asked(ipa) == [notice(2)]


def test_a_memory_reset_is_told(card: Card, ipa: Ipa) -> None:
    assert es10(card, hx("BF64 04 8202 0780")) == hx("BF64 03 8001 00")
    assert asked(ipa) == [notice(4)]


def test_immediate_enable_is_told_in_the_same_poll(
    world: World, card: Card, ipa: Ipa, pki_folder: Path
) -> None:
    mine = smdpp(pki_folder, order(C_DIGITS, notifications=TOLD, matching_id="C"))
    ipa.servers = ipa._downloads.servers = lambda _: mine
    ipa._downloads.enable_at_once = type(ipa.enable_at_once).ALWAYS
    ordered(world, f"configureImmediateEnable:smdp={SMDP}", f"download:1${SMDP}$C")
    assert asked(ipa) == [PLAIN, PLAIN, notice(5)]


def test_the_package_of_another_eim_is_told(
    world: World, card: Card, ipa: Ipa, memory: ShortMemory, tmp_path: Path
) -> None:
    other = World(tmp_path / "other", world.servers, Eim.create("eim2.example.com", seed=8))
    eim_file.create(tmp_path / "eim2.json", other.eim)
    ordered(world, f"addEim:{tmp_path / 'eim2.json'}")
    ipa.eim_id = None
    ipa.poll()
    ipa.eim_id = world.eim.eim_id
    second = other.ipa(card, memory=memory, eim_id="eim2.example.com")
    other.service.set_card(EID, counter=0)
    assert asked(second) == [PLAIN]
    ordered(other, f"enable:{B_DIGITS}")
    second.poll()
    assert Lpa(card.transmit).profiles()[1].enabled
    assert asked(ipa) == [notice(0)]
    assert asked(second) == [PLAIN]


@pytest.mark.parametrize(
    ("network", "digits"), [("62F210", "262-01"), ("130062", "310-260"), ("00F110", "001-01")]
)
def test_the_network_of_the_device_is_told_with_it(
    world: World, card: Card, memory: ShortMemory, network: str, digits: str
) -> None:
    ipa = world.ipa(card, memory=memory, network=lambda: hx(network))
    ipa.poll()
    Lpa(card.transmit).enable(B_DIGITS)
    assert asked(ipa) == [notice(3, f"8203 {network}")]
    change = kept(world).record.state_change
    assert change is not None
    assert (change.plmn, change.what) == (digits, f"local in network {digits}")


def test_without_a_memory_nothing_is_told_and_the_card_is_not_asked(
    world: World, card: Card
) -> None:
    ipa = world.ipa(card)
    ipa.poll()
    Lpa(card.transmit).enable(B_DIGITS)
    assert asked(ipa) == [PLAIN]


# -- the file


def test_what_is_remembered_outlives_the_ipa(world: World, card: Card, tmp_path: Path) -> None:
    path = tmp_path / "ipa.json"
    world.ipa(card, memory=MemoryFile(path)).poll()
    assert json.loads(path.read_bytes())["cards"][EID]["told"] == {
        "eim1.example.com": {"enabled": A_DIGITS}
    }
    assert path.stat().st_mode & 0o777 == 0o600
    Lpa(card.transmit).enable(B_DIGITS)
    assert asked(world.ipa(card, memory=MemoryFile(path))) == [notice(3)]
    assert asked(world.ipa(card, memory=MemoryFile(path))) == [PLAIN]


def test_an_ipa_that_ended_before_it_could_remember_a_package_tells_nothing_wrong(
    world: World, card: Card, memory: ShortMemory, ipa: Ipa
) -> None:
    ordered(world, f"enable:{B_DIGITS}")
    before = memory.read(EID)
    package = world.ipa(card)  # without a memory, and the eIM goes before it has the result
    polls = iter((False, True, True, True, True))
    world.down_if = lambda: next(polls)
    with pytest.raises(LpaError):
        package.poll()
    world.down_if = lambda: False
    assert memory.read(EID) == before
    assert asked(ipa) == [PLAIN]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is not JSON"),
        ('{"ipa": 2}', "at ipa"),
        ('{"cards": {"1": {"told": 5}}}', "at cards"),
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "ipa.json"
    path.write_text(content)
    with pytest.raises(LpaError, match=why):
        MemoryFile(path)
    assert path.read_text() == content


def test_a_file_that_somebody_removed_is_made_again(
    world: World, card: Card, tmp_path: Path
) -> None:
    memory = MemoryFile(tmp_path / "ipa.json")
    ipa = world.ipa(card, memory=memory)
    ipa.poll()
    (tmp_path / "ipa.json").unlink()
    assert asked(ipa) == [PLAIN]
    Lpa(card.transmit).enable(B_DIGITS)
    assert asked(ipa) == [notice(3)]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LpaError, match="cannot be used: No such file or directory"):
        MemoryFile(tmp_path / "no" / "ipa.json")


def test_a_change_that_cannot_be_written_changes_nothing(
    world: World, card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = MemoryFile(tmp_path / "ipa.json")
    world.ipa(card, memory=memory).poll()
    before = memory.read(EID)

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    Lpa(card.transmit).enable(B_DIGITS)
    with monkeypatch.context() as patch:
        patch.setattr(safe_file, "replace", full)
        with pytest.raises(LpaError, match="No space left on device"):
            world.ipa(card, memory=memory).poll()
    assert memory.read(EID) == before
    assert asked(world.ipa(card, memory=memory)) == [notice(3)]
