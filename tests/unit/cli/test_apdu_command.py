"""`euicc-sim apdu send` and `apdu run`, straight into a card's directory."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from euicc_sim import Card, CardError
from euicc_sim.cli import apdu, link
from euicc_sim.transport.pcsc import PcscError

SCRIPT = """# the first channel
reset
0070000001
#< 01 9000
0070000001
#< 019000
0070800500
"""


@pytest.fixture
def directory(tmp_path: Path, card: Card) -> str:
    """A card that nobody has open."""
    card.close()
    return str(card.directory)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "x.apdu"
    path.write_text(SCRIPT)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(apdu.app, list(arguments))


def complaint(*arguments: str) -> str:
    """The one sentence that a refusal is, before which nothing was sent."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    return line.removeprefix("euicc-sim: ")


@pytest.mark.parametrize(
    "words", [["0070000001"], ["00 70 00 00 01"], ["00", "70", "00", "00", "01"]]
)
def test_a_command_is_sent_unchanged_and_the_response_printed(
    directory: str, words: list[str]
) -> None:
    result = run("send", *words, "--card", directory)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "< 01 9000"


def test_several_commands_go_to_one_card_in_one_session(directory: str) -> None:
    result = run("send", "reset", "0070000001", "0070000001", "--card", directory)
    assert result.stdout.splitlines() == [
        "> reset",
        "< 3B9F96803FC7828031E073FE211B6753494D4555303134",
        "> 0070000001",
        "< 01 9000",
        "> 0070000001",
        "< 02 9000",
    ]


def test_a_response_that_does_not_match_is_reported_with_its_line(
    directory: str, script: Path
) -> None:
    result = run("run", str(script), "--card", directory)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{script}:2 - > reset  < 3B9F96803FC7828031E073FE211B6753494D4555303134",
        f"{script}:3 ok > 0070000001  < 01 9000",
        f"{script}:5 FAILED > 0070000001  < 02 9000",
        "  expected 019000",
        f"{script}:7 - > 0070800500  < 6881 (channel not supported)",
        "  MANAGE CHANNEL: 6881, channel 5 is not open, only 0, 1 and 2 are",
        "4 commands, 2 checked, 1 failed",
    ]


def test_a_script_whose_responses_match_exits_with_0(directory: str, script: Path) -> None:
    script.write_text(SCRIPT.replace("#< 019000", "#< 029000"))
    result = run("run", str(script), str(script), "--card", directory)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        "8 commands, 4 checked, 0 failed",
    )


def test_long_bytes_are_shortened_unless_verbose(directory: str, script: Path) -> None:
    apdu_hex = "00A4040010A0000005591010FFFFFFFF8900000100"
    long = "80E2910028" + "BF3F258023" + "41" * 35
    script.write_text(f"# the ISD-R\n{apdu_hex}\n{long}\n")
    short, full = (run("run", str(script), *more, "--card", directory) for more in ([], ["-v"]))
    assert f"{long[:48]}... (45 bytes)" in short.stdout
    assert "# the ISD-R" not in short.stdout
    assert long in full.stdout
    assert "# the ISD-R" in full.stdout


def test_a_bad_line_is_reported_before_anything_is_sent(
    directory: str, script: Path, tmp_path: Path
) -> None:
    (tmp_path / "y.apdu").write_text("reset\n00 A4 zz\n")
    sentence = complaint("run", str(script), str(tmp_path / "y.apdu"), "--card", directory)
    assert sentence.startswith(f"{tmp_path / 'y.apdu'}:2: 'zz' is not a hex pair")


def test_a_file_that_is_not_a_script_is_reported(directory: str, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "binary", tmp_path / "missing", tmp_path):
        assert f"{path} cannot be read" in complaint("run", str(path), "--card", directory)


def test_a_malformed_command_is_reported(directory: str) -> None:
    assert complaint("send", "00A4", "--card", directory).endswith("such as 0070000001.")
    assert "'zz' is not a hex pair" in complaint("send", "zz", "--card", directory)


def test_a_directory_without_a_card_is_a_card_error(tmp_path: Path) -> None:
    result = run("send", "0070000001", "--card", str(tmp_path))
    assert isinstance(result.exception, CardError)


def test_card_and_reader_exclude_each_other(directory: str) -> None:
    sentence = complaint("send", "0070000001", "--card", directory, "--reader", "x")
    assert sentence == "--card and --reader are two ways to a card; give one of them."


def test_a_reader_that_cannot_be_reached_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(reader: str | None) -> None:
        raise PcscError(f"No reader is called '{reader}'; choose one.")

    monkeypatch.setattr(link, "open_card", refuse)
    assert complaint("send", "0070000001", "--reader", "x").startswith("No reader is called 'x'")
