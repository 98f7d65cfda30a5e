"""`euicc-sim` as a program: exit codes, sentences on standard error, help, pipes; and its demo."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from support.eims import Eim, eim1, trust, vector_key
from support.fresh import fresh_card
from typer.main import get_command
from typer.testing import CliRunner, Result

import euicc_sim
from euicc_sim import Card
from euicc_sim.cli.main import COMMANDS, app, main
from euicc_sim.transport.pcsc import PREFERRED, PcscError
from keys import PkiError

REFUSED_STEPS = 6
DEV_FULL = Path("/dev/full")

Call = Callable[..., tuple[object, str, str]]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide terminal without colours."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed."""
    fresh_card(tmp_path / "card", pki_folder)
    return tmp_path / "card"


def program(*words: object, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run `python -m euicc_sim` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "euicc_sim", *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run `euicc-sim` in this process: exit code, standard output, standard error."""

    def call(*words: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["euicc-sim", *words])
        try:
            main()
        except SystemExit as end:
            return end.code, *capsys.readouterr()
        return 0, *capsys.readouterr()

    return call


# -- exit codes


@pytest.mark.slow
def test_a_command_that_did_its_work_ends_with_0(tmp_path: Path) -> None:
    done = program("card", "new", tmp_path / "card")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("card 89049032123451234512345678901235 made in ")


@pytest.mark.parametrize(
    "words",
    [
        ("card", "show", "nowhere"),
        ("card", "copy", "nowhere", "there"),
        ("card", "new", "card", "--eid", "1"),
        ("card", "new", "card", "--pki", "nowhere"),
        ("card", "new", "card", "--memory", "1G"),
        ("card", "set", "nowhere", "--memory-full"),
        ("profile", "list", "--card", "nowhere"),
        ("profile", "reset", "--card", "nowhere"),
        ("profile", "download", "nowhere", "--card", "nowhere"),
        ("pki", "new", "pki", "--iin", "1"),
        ("serve", "--card", "nowhere"),
        ("demo", "--card", "nowhere"),
        ("apdu", "send", "00", "--card", "nowhere"),
        ("decode", "XY"),
        ("eim", "show", "nowhere"),
        ("card", "show", "x" * 300),
        ("pki", "new", "x" * 300),
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_what_a_person_can_mend_is_one_sentence_on_standard_error_and_exit_code_1(
    words: tuple[str, ...], call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*words)
    assert (code, out) == (1, "")
    assert err.startswith("euicc-sim: ")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_sentence_leaves_the_process_as_it_left_main(tmp_path: Path) -> None:
    done = program("card", "show", tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("euicc-sim: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words", [("nonsense",), ("card", "nonsense"), ("card", "new"), ("serve",), ("--nonsense",)]
)
def test_words_that_are_no_command_end_with_2_and_show_the_usage(
    words: tuple[str, ...], call: Call
) -> None:
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert "Usage: " in err
    assert "Traceback" not in err


def test_no_words_at_all_show_the_help(call: Call) -> None:
    code, out, err = call()
    assert code in (0, 2)
    for name in ("serve", "demo", "decode", "card", "profile", "eim", "apdu", "pki"):
        assert re.search(rf"\b{name}\b", out + err)


@pytest.mark.slow
def test_a_reader_of_the_output_who_has_gone_is_no_fault_of_the_program(directory: Path) -> None:
    for words in (("card", "show", directory), ("demo", "--card", directory), ("--help",)):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = program(*words, stdout=writing)
        finally:
            os.close(writing)
        assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.slow
@pytest.mark.skipif(not DEV_FULL.exists(), reason="this system has no /dev/full")
def test_output_that_finds_no_room_is_one_sentence(directory: Path) -> None:
    with DEV_FULL.open("wb") as full:
        done = program("card", "show", directory, stdout=full.fileno())
    assert done.returncode == 1
    assert done.stderr == "euicc-sim: No space left on device\n"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PkiError("Give 32 digits."), "Give 32 digits."),
        (PermissionError(13, "Permission denied", "a/[/b]"), "a/[/b]: Permission denied"),
        (OSError("without a number"), "without a number"),
    ],
)
def test_an_error_that_a_person_can_mend_is_said_as_it_is(
    error: Exception,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("euicc_sim.cli.card.read", fail)
    monkeypatch.setattr(sys, "argv", ["euicc-sim", "card", "show", "card"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    assert tuple(capsys.readouterr()) == ("", f"euicc-sim: {sentence}\n")


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("euicc_sim.cli.card.read", fail)
    monkeypatch.setattr(sys, "argv", ["euicc-sim", "card", "show", "card"])
    with pytest.raises(ZeroDivisionError):
        main()


# -- version and start


def test_the_version_is_that_of_the_package(call: Call) -> None:
    assert call("--version") == (0, f"euicc-sim {euicc_sim.__version__}\n", "")


def test_the_help_starts_without_the_card() -> None:
    code = """
import sys
sys.argv = ["euicc-sim", "--help"]
try:
    import euicc_sim.cli.main
    euicc_sim.cli.main.main()
finally:
    heavy = {"apdu", "keys", "cryptography", "pyasn1", "pydantic", "msgspec", "euicc_sim.card"}
    print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]")


# -- help


def _commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, *path, name)


ALL = dict(_commands(get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_of_a_command_what_its_own_help_begins_with(name: str) -> None:
    first = ALL[name,].help.partition("\n\n")[0]
    assert COMMANDS[name] == " ".join(first.split())


def test_two_dashes_ask_for_help_as_one_does(call: Call) -> None:
    assert call("card", "new", "--help") == call("card", "new", "-h")


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_ends_with_0_and_names_every_option_and_sub_command(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "-h"])
    assert (result.exit_code, result.stderr) == (0, "")
    command = ALL[path]
    assert command.help.splitlines()[0].split(".")[0] in " ".join(result.stdout.split())
    options = [one for parameter in command.params for one in parameter.opts if one[:2] == "--"]
    names = [*options, *getattr(command, "commands", {})]
    words = set(re.split(r"[\s,│]+", result.stdout))
    assert not set(names) - words


def test_the_help_knows_all_commands_that_the_readme_shows() -> None:
    text = (Path(__file__).parents[3] / "README.md").read_text()
    shown = re.findall(r"euicc-sim (card|profile|eim|apdu|pki) ([a-z0-9]+)", text)
    assert shown
    assert not {one for one in shown if one not in ALL}


@pytest.mark.slow
def test_help_reaches_standard_output_as_a_program_too() -> None:
    done = program("card", "new", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in ("--eid", "--pki", "--seed", "--max-eims", "--results"):
        assert option in done.stdout


# -- demo


class InReader:
    """A card of ours as if it were in a reader."""

    closed = 0

    def __init__(self, card: Card, reader: str) -> None:
        self.reader = reader
        self.transmit = card.transmit

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        InReader.closed += 1


def demo(*words: str) -> Result:
    return CliRunner().invoke(app, ["demo", *words])


@pytest.fixture
def asked(card: Card, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The readers that the demo asks for; in each is the card."""
    names: list[str] = []

    def open_card(name: str) -> InReader:
        names.append(name)
        return InReader(card, f"{name} [/x] 00 00")

    monkeypatch.setattr(import_module("euicc_sim.cli.demo"), "open_card", open_card)
    monkeypatch.setattr(InReader, "closed", 0)
    return names


@pytest.fixture
def no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system on which no card is in a reader."""

    def open_card(name: str) -> InReader:
        raise PcscError(f"there is no reader {name}")

    monkeypatch.setattr(import_module("euicc_sim.cli.demo"), "open_card", open_card)


def test_the_demo_plays_over_a_reader_with_a_card_of_ours(asked: list[str]) -> None:
    result = demo()
    assert result.exit_code == 0
    assert asked == [PREFERRED]
    assert InReader.closed == 1
    assert result.stdout.splitlines()[0] == (
        f"EID 89049032123451234512345678901235: the card in '{PREFERRED} [/x] 00 00'"
    )
    assert result.stdout.count("✗") == REFUSED_STEPS


def test_the_demo_plays_over_the_reader_that_is_named(asked: list[str]) -> None:
    assert demo("--reader", "Mine").exit_code == 0
    assert asked == ["Mine"]


def test_the_demo_asks_for_no_reader_when_it_plays_directly(asked: list[str]) -> None:
    result = demo("--direct")
    assert result.exit_code == 0
    assert asked == []
    assert "a card made for this, without a reader" in result.stdout


@pytest.mark.usefixtures("no_reader")
def test_the_demo_makes_a_card_when_there_is_no_reader() -> None:
    result = demo()
    assert result.exit_code == 0
    assert "a card made for this, without a reader" in result.stdout


@pytest.mark.usefixtures("no_reader")
def test_the_demo_makes_no_card_when_the_reader_that_is_named_is_not_there() -> None:
    result = demo("--reader", "Mine")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "euicc-sim: there is no reader Mine\n"


def test_the_demo_shows_the_bytes_when_it_is_asked_to(directory: Path) -> None:
    lines = demo("--card", str(directory), "--verbose").stdout.splitlines()
    requests = [line for line in lines if re.fullmatch(r"   > BF5[0-9A-F]+", line)]
    answers = [line for line in lines if re.fullmatch(r"   < BF5[0-9A-F]+", line)]
    assert len(requests) == len(answers) == 20


def test_the_demo_shows_no_bytes_unless_it_is_asked_to(directory: Path) -> None:
    assert not re.search(r"^   [<>] ", demo("--card", str(directory)).stdout, re.MULTILINE)


def test_the_demo_begins_again_with_forget_and_says_whom_the_card_trusted(
    directory: Path,
) -> None:
    with Card.open(directory, fsync=False) as card:
        trust(card.transmit, Eim("[/x] :heart:", vector_key("eim1")))
    result = demo("--card", str(directory), "--forget")
    assert result.exit_code == 0
    assert "removed: [/x] :heart:" in result.stdout.splitlines()


def test_the_demo_leaves_a_card_alone_that_trusts_somebody(asked: list[str], card: Card) -> None:
    trust(card.transmit, eim1())
    before = card.state
    result = demo()
    assert result.exit_code == 1
    assert result.stderr.startswith("euicc-sim: The card trusts eim1.example.com already")
    assert result.stderr.count("\n") == 1
    assert card.state == before
    assert InReader.closed == 1
