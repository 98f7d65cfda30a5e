"""`euicc-sim card set`: the ways in which a card can be difficult."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from support.command import Run, runner
from support.eims import eim1, trust
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card
from support.hexes import hx
from support.published_pki import tree

from euicc_sim import Card, CardError
from euicc_sim.model.state import RefusedElement, Strictness, Switches
from euicc_sim.store.directory import DOCUMENT, Disk, read
from euicc_sim.store.making import set_switches

SWITCHES = {name: is_on for name, is_on in asdict(Switches()).items() if isinstance(is_on, bool)}
NAMES = [name.replace("_", "-") for name, is_on in SWITCHES.items() if not is_on]
AS_NEW = (
    {"SGP.32": "1.2", "SGP.22": "2.5"}
    | {name.replace("_", "-"): "on" if is_on else "off" for name, is_on in SWITCHES.items()}
    | {"isdr-aid": "none", "refuse-element": "none"}
    | {"poll-interval": "off", "strictness": "default"}
)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim card set` with these words."""
    return runner(monkeypatch, capsys, "card", "set")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed."""
    fresh_card(tmp_path / "card", pki_folder)
    return tmp_path / "card"


def test_the_switches_of_a_new_card(run: Run, directory: Path) -> None:
    assert run(directory).facts == AS_NEW


@pytest.mark.parametrize("name", NAMES)
def test_a_switch_goes_on_stays_and_goes_off_again(run: Run, directory: Path, name: str) -> None:
    assert run(directory, f"--{name}").facts == AS_NEW | {name: "on"}
    assert run(directory).facts == AS_NEW | {name: "on"}
    with Card.open(directory, fsync=False) as card:
        switched: dict[str, Any] = {name.replace("-", "_"): True}
        assert card.state.switches == Switches(**switched)
    assert run(directory, f"--no-{name}").facts == AS_NEW


def test_a_card_may_have_no_toolkit(run: Run, directory: Path) -> None:
    assert run(directory, "--no-toolkit").facts == AS_NEW | {"toolkit": "off"}
    assert run(directory).facts["toolkit"] == "off"
    assert run(directory, "--toolkit").facts == AS_NEW


def test_a_card_may_ask_to_be_polled(run: Run, directory: Path) -> None:
    assert run(directory, "--poll-interval", "30").facts == AS_NEW | {"poll-interval": "30 s"}
    assert run(directory, "--poll-interval", "0").facts == AS_NEW
    assert run(directory, "--poll-interval", "256").code == 2
    assert run(directory).facts == AS_NEW


FIVE_BER, ESIM_ME = "A0000005591010FFFFFFFF8900050500", "A0000005591010000000008900000300"


def test_the_isd_r_may_have_further_aids(run: Run, directory: Path) -> None:
    given = run(directory, "--isdr-aid", FIVE_BER.lower(), "--isdr-aid", ESIM_ME)
    assert given.facts == AS_NEW | {"isdr-aid": f"{FIVE_BER}, {ESIM_ME}"}
    assert run(directory, "--isdr-aid", ESIM_ME, "--no-standard-isdr-aid").facts == AS_NEW | {
        "isdr-aid": ESIM_ME,
        "standard-isdr-aid": "off",
    }
    with Card.open(directory, fsync=False) as card:
        assert card.state.switches == Switches(isdr_aids=(hx(ESIM_ME),), standard_isdr_aid=False)
        assert card.transmit(SELECT_ISDR) == hx("6A82")
    assert run(directory, "--no-isdr-aid").complaint == (
        "without its standard AID the ISD-R needs another one; the switches stay as they are"
    )
    assert run(directory, "--no-isdr-aid", "--standard-isdr-aid").facts == AS_NEW


def test_profile_elements_may_be_refused(run: Run, directory: Path) -> None:
    words = ("--refuse-element", "opt-isim", "--refuse-element", "usim=feature-not-supported")
    shown = {"refuse-element": "opt-isim=pe-not-supported, usim=feature-not-supported"}
    assert run(directory, *words).facts == AS_NEW | shown
    with Card.open(directory, fsync=False) as card:
        assert card.state.switches.refused_elements == (
            RefusedElement("opt-isim", 1),
            RefusedElement("usim", 10),
        )
    assert run(directory, "--no-refuse-element").facts == AS_NEW


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("--isdr-aid", "A0000005"),
            "'A0000005' is not an AID; write 5 to 16 bytes as pairs of hex digits.",
        ),
        (
            ("--isdr-aid", "\x1b]0;x" + "A" * 60),
            "'\\x1b]0;xAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' is not an AID; write 5 to 16 bytes as "
            "pairs of hex digits.",
        ),
        (
            ("--refuse-element", "optisim"),
            "'optisim' is not a Profile Element. Did you mean opt-isim?",
        ),
        (
            ("--refuse-element", "usim=pe-not-suported"),
            "'pe-not-suported' is not a PEStatus of a refusal. Did you mean pe-not-supported?",
        ),
        (
            ("--refuse-element", "usim=ok"),
            "'ok' is not a PEStatus of a refusal. One of: bad-values, feature-not-supported, "
            "invalid-parameter, invalid-request-format, lib-not-supported, memory-failure, "
            "not-enough-memory, pe-not-supported, pin-code-missing, runtime-not-supported, "
            "template-not-supported, unsupported-profile-version.",
        ),
        (
            ("--isdr-aid", FIVE_BER, "--no-isdr-aid"),
            "give an option or its --no- form, not both.",
        ),
    ],
    ids=["short", "hostile", "element", "status", "ok", "both"],
)
def test_what_a_switch_cannot_be_is_a_sentence(
    run: Run, directory: Path, words: tuple[str, ...], sentence: str
) -> None:
    assert run(directory, *words).complaint == sentence
    assert run(directory).facts == AS_NEW


def test_a_card_that_has_given_a_number_cannot_begin_at_0(run: Run, directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        eim = eim1()
        card.transmit(SELECT_ISDR)
        trust(card.transmit, eim)
        eim.load(card.transmit, ("listEim", {}))
    assert run(directory, "--number-from-zero").complaint == (
        "this card has given the number 1 already; numbers begin at 0 on a new card only; "
        "the switches stay as they are"
    )
    assert run(directory).facts == AS_NEW
    assert run(directory, "--number-from-zero", "--sgp32", "1.1").complaint.startswith("this card")
    assert run(directory).facts == AS_NEW


def test_what_is_not_named_is_left_as_it_is(run: Run, directory: Path) -> None:
    run(directory, "--toolkit-busy", "--memory-full")
    assert run(directory, "--ipad-required", "--no-memory-full").facts == AS_NEW | {
        "toolkit-busy": "on",
        "ipad-required": "on",
    }


@pytest.mark.parametrize("word", ["strict", "lenient"])
def test_a_card_is_strict_or_lenient_until_it_is_told_not_to_be(
    run: Run, directory: Path, word: str
) -> None:
    assert run(directory, f"--{word}").facts == AS_NEW | {"strictness": word}
    assert run(directory).facts == AS_NEW | {"strictness": word}
    with Card.open(directory, fsync=False) as card:
        assert card.state.switches == Switches(strictness=Strictness(word))
    assert run(directory, f"--no-{word}").facts == AS_NEW


def test_strict_takes_the_place_of_lenient_and_the_other_way_round(
    run: Run, directory: Path
) -> None:
    run(directory, "--strict")
    assert run(directory, "--lenient").facts["strictness"] == "lenient"
    assert run(directory, "--no-strict").facts["strictness"] == "lenient"
    assert run(directory, "--strict").facts["strictness"] == "strict"
    assert run(directory, "--no-lenient").facts["strictness"] == "strict"
    assert run(directory, "--no-lenient", "--no-strict").facts["strictness"] == "default"


def test_a_card_cannot_be_strict_and_lenient(run: Run, directory: Path) -> None:
    assert run(directory, "--strict", "--lenient").complaint == (
        "a card is either strict or lenient; give one of --strict and --lenient."
    )
    assert run(directory).facts == AS_NEW


def test_nothing_else_of_the_card_changes(run: Run, directory: Path) -> None:
    before = tree(directory)
    run(directory, "--memory-full")
    assert tree(directory) != before
    run(directory, "--no-memory-full")
    assert tree(directory) == before


def test_show_names_the_switches_that_are_on(
    run: Run,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(directory, "--memory-full", "--reset-after-switch", "--strict", "--no-toolkit")
    shown = runner(monkeypatch, capsys, "card", "show")(directory).facts
    assert shown["switches"] == "reset-after-switch, no-toolkit, memory-full, strict"
    assert shown["memory"] == "0 of 524288 bytes free"


def test_the_card_is_as_difficult_as_it_was_told_to_be(run: Run, directory: Path) -> None:
    run(directory, "--ipad-required")
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        assert card.transmit(hx("80E29100 03 BF2E00")) == hx("6985")


def test_a_card_that_is_served_is_left_alone_but_its_switches_can_be_seen(
    run: Run, directory: Path
) -> None:
    with Card.open(directory, fsync=False):
        assert run(directory, "--memory-full").complaint.startswith(
            f"the card in {directory} is open already"
        )
        assert run(directory).facts == AS_NEW


def test_a_directory_without_a_card_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    complaint = run(tmp_path, "--memory-full").complaint
    assert complaint.startswith(f"there is no card in {tmp_path} (no {DOCUMENT})")
    assert list(tmp_path.iterdir()) == []


def test_switches_that_cannot_be_kept_are_a_card_error_and_the_card_is_closed(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Disk, "append", fail)
    with pytest.raises(CardError, match=r"^the switches were not saved: No space left on device$"):
        set_switches(directory, memory_full=True)
    monkeypatch.undo()
    assert read(directory)[1].switches == Switches()
    Card.open(directory, fsync=False).close()


def test_show_names_the_aids_and_elements(
    run: Run,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(directory, "--isdr-aid", ESIM_ME, "--refuse-element", "usim", "--number-from-zero")
    show = runner(monkeypatch, capsys, "card", "show")
    facts = show(directory).facts
    assert facts["switches"] == (
        f"number-from-zero, isdr-aid {ESIM_ME}, refuse-element usim=pe-not-supported"
    )
    assert facts["next number"] == "0"
    assert json.loads(show(directory, "--json").out)["switches"] == {
        **{"resetAfterSwitch": False, "ipadRequired": False, "toolkit": True, "pollInterval": 0},
        **{"toolkitBusy": False, "memoryFull": False, "neverTwice": False},
        **{"profileRequired": False, "lostWithChannel": False, "numberFromZero": True},
        **{"standardIsdrAid": True, "isdrAids": [ESIM_ME]},
        "refusedElements": [{"element": "usim", "status": "pe-not-supported"}],
        "strictness": "default",
    }
