"""The scripts that come with the project: played by our runner and by pcsc-tools' own."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import download_script
from support.reader import READER, Reader
from support.vectors import vector

from euicc_sim import Card
from euicc_sim.cli.apdu_script import CardLink, Step, parse, play
from euicc_sim.transport.pcsc import open_card

SCRIPTS = sorted((Path(__file__).parents[2] / "scripts").glob("*.apdu"))
TWICE = range(2)

SCRIPTOR_ANSWER = re.compile(
    r"^> (RESET|[0-9A-Fa-f ]+)\n< (?:OK: ([0-9A-F ]+)$|([0-9A-F \n]+) : )", re.MULTILINE
)
"""What it sent and was answered; it breaks answers into lines of 16 bytes."""

REPEATING_ONLY = {"download"}
"""Scripts for cards that are made with a seed."""

each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda it: it.stem)


def steps_of(script: Path) -> list[Step]:
    return parse(script.read_text(), script.name)


@pytest.fixture(params=["direct", pytest.param("pcsc", marks=pytest.mark.pcsc)])
def link(request: pytest.FixtureRequest, card: Card) -> Iterator[CardLink]:
    """The card, straight and over PC/SC."""
    if request.param == "direct":
        yield card
        return
    reader: Reader = request.getfixturevalue("reader")
    reader.insert(card)
    with open_card(READER) as found:
        yield found


def failures(script: Path, card: CardLink) -> list[str]:
    return [
        f"{one.step.where}: {one.answer.hex()} for {one.step.expected}"
        for one in play(steps_of(script), card)
        if one.passed is False
    ]


def test_there_are_scripts() -> None:
    assert {one.stem for one in SCRIPTS} >= {
        "download",
        "eims",
        "identity",
        "lpac",
        "onomondo-ipa",
        "profiles",
    }


@each_script
def test_a_script_passes_twice_in_a_row(script: Path, link: CardLink) -> None:
    for _ in TWICE:
        assert failures(script, link) == []


@pytest.mark.parametrize(
    "script",
    [one for one in SCRIPTS if one.stem not in REPEATING_ONLY],
    ids=lambda it: it.stem,
)
def test_a_script_passes_on_a_card_with_a_pki_of_its_own(script: Path, tmp_path: Path) -> None:
    with Card.create(tmp_path / "own", fsync=False) as own:
        for _ in TWICE:
            assert failures(script, own) == []


@each_script
def test_every_command_of_a_script_says_what_it_expects(script: Path) -> None:
    assert [one.where for one in steps_of(script) if not one.expected] == []


def test_the_script_of_signed_packages_begins_with_the_reset_of_eims() -> None:
    text = next(one for one in SCRIPTS if one.stem == "eims").read_text()
    requests = [one.command for one in parse(text, "eims.apdu") if one.command]
    assert requests[1][5:] == vector("MemoryReset_req_eim")


def test_the_script_of_a_download_is_what_our_server_and_lpa_would_send() -> None:
    written = download_script.PATH.read_text()
    assert written == download_script.script(), "run tests/support/write_download_script.py"


def scriptor(script: Path) -> list[tuple[bytes | None, bytes]]:
    """What pcsc-tools' scriptor sent, None for a reset, and was answered."""
    program = shutil.which("scriptor") or pytest.skip("scriptor of pcsc-tools is not installed")
    played = subprocess.run(
        [program, "-r", READER, str(script)], capture_output=True, text=True, timeout=60, check=True
    )
    return [
        (None if sent == "RESET" else bytes.fromhex(sent), bytes.fromhex(atr or answer))
        for sent, atr, answer in SCRIPTOR_ANSWER.findall(played.stdout)
    ]


@pytest.mark.pcsc
@each_script
def test_scriptor_sends_the_same_and_gets_what_is_expected(
    script: Path, reader: Reader, card: Card
) -> None:
    reader.insert(card)
    steps = steps_of(script)
    for _ in TWICE:
        played = scriptor(script)
        assert [sent for sent, _ in played] == [one.command for one in steps]
        answers = iter([answer for _, answer in played])
        assert [
            one.step.where for one in play(steps, Replay(answers.__next__)) if not one.passed
        ] == []


class Replay:
    """A card that gives the answers another player was given."""

    def __init__(self, next_answer: Callable[[], bytes]) -> None:
        self._next = next_answer

    def reset(self) -> bytes:
        return self._next()

    def transmit(self, _: bytes) -> bytes:
        return self._next()
