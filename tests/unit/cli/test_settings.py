"""Defaults of options from the environment and from a file; what comes before what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from typer.testing import CliRunner

from euicc_sim import Card
from euicc_sim.cli import main, settings
from euicc_sim.tracing.journal import Journal

NOTHING: Mapping[str, str] = MappingProxyType({})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and no settings of whoever runs the tests."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in settings.ENVIRONMENT.values():
        monkeypatch.delenv(name, raising=False)
    return here


@pytest.fixture
def directory(card: Card) -> Path:
    """A card, closed."""
    card.close()
    return card.directory


def run(*words: object, env: Mapping[str, str] = NOTHING) -> str:
    """What the command says, as `main` runs it."""
    found = settings.read()
    if found is not None:
        settings.check_tables(found, main.COMMANDS)
    result = CliRunner().invoke(
        main.app,
        [str(one) for one in words],
        env=dict(env),
        default_map=dict(found.tables) if found else None,
    )
    if result.exit_code == 0:
        return result.output
    return f"{result.exit_code}: {result.output}{result.exception}"


def test_the_environment_names_the_card(directory: Path) -> None:
    said = run("profile", "list", env={"EUICC_SIM_CARD": str(directory)})
    assert "no Profiles" in said


@pytest.mark.parametrize(
    "words",
    [
        ("card", "show", "--json"),
        ("card", "check"),
        ("card", "mend"),
        ("card", "set"),
        ("watch", "--once"),
    ],
)
def test_the_environment_names_the_card_that_is_an_argument(
    directory: Path, words: tuple[str, ...]
) -> None:
    assert not run(*words, env={"EUICC_SIM_CARD": str(directory)}).startswith("1: ")
    named = run(*words, directory, env={"EUICC_SIM_CARD": "elsewhere"})
    assert not named.startswith("1: ")
    assert "Missing argument 'DIR'" in run(*words)


def test_the_file_names_the_card_that_is_an_argument(directory: Path, folder: Path) -> None:
    (folder / "euicc-sim.toml").write_text(f'[card.show]\ncard = "{directory}"\n')
    assert "89049032123451234512345678901235" in run("card", "show")


def test_a_new_card_is_always_named(directory: Path) -> None:
    assert "Missing argument" in run("card", "new", env={"EUICC_SIM_CARD": str(directory)})


def test_the_file_names_the_card(directory: Path, folder: Path) -> None:
    (folder / "euicc-sim.toml").write_text(f'[profile.list]\ncard = "{directory}"\njson = true\n')
    assert run("profile", "list") == "[]\n"


def test_the_users_file_counts_where_there_is_none_in_the_folder(
    directory: Path, folder: Path, tmp_path: Path
) -> None:
    usual = tmp_path / "config" / "euicc-sim"
    usual.mkdir(parents=True)
    (usual / "config.toml").write_text(f'[profile.list]\ncard = "{directory}"\njson = true\n')
    assert run("profile", "list") == "[]\n"
    (folder / "euicc-sim.toml").write_text("")
    assert run("profile", "list") != "[]\n"


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(
    directory: Path, folder: Path
) -> None:
    (folder / "euicc-sim.toml").write_text('[profile.list]\ncard = "of-file"\n')
    assert "of-file" in run("profile", "list")
    assert "of-env" in run("profile", "list", env={"EUICC_SIM_CARD": "of-env"})
    said = run("profile", "list", "--card", directory, env={"EUICC_SIM_CARD": "of-env"})
    assert "no Profiles" in said


def test_a_reader_that_is_named_comes_before_a_card_of_the_environment(directory: Path) -> None:
    said = run("profile", "list", "--reader", "no such", env={"EUICC_SIM_CARD": str(directory)})
    assert "no Profiles" not in said
    assert "two ways to a card" not in said


def test_a_card_that_is_named_comes_before_a_reader_of_the_environment(directory: Path) -> None:
    said = run("profile", "list", "--card", directory, env={"EUICC_SIM_READER": "no such"})
    assert "no Profiles" in said


def test_a_card_of_the_environment_that_is_served_is_reached_through_its_reader(
    directory: Path,
) -> None:
    journal = Journal(directory)
    journal.link(1.0, "connected", reader="Reader of this test")
    journal.flush()
    with Card.open(directory):
        said = run("profile", "list", env={"EUICC_SIM_CARD": str(directory)})
    assert "open already" not in said
    assert said.startswith("1: ")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[serv]\n", r"has \[serv\], which is not a command\. Did you mean serve\?"),
        ("port = 1\n", r"has port, which is not a command|has \[port\]"),
        ("serve = 1\n", r"has serve outside of a table\. Put options under their command"),
        ("[serve\n", r"euicc-sim\.toml is not TOML: .*\. Fix it, or remove it\."),
        ("# " + "x" * settings.MAX_SIZE, r"is longer than 65536 bytes"),
    ],
)
def test_a_file_that_is_wrong_is_a_sentence(folder: Path, content: str, sentence: str) -> None:
    (folder / "euicc-sim.toml").write_text(content)
    with pytest.raises(settings.SettingsError, match=sentence):
        run("profile", "list")


def test_a_file_that_is_not_text_is_a_sentence(folder: Path) -> None:
    (folder / "euicc-sim.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(settings.SettingsError, match="is not TOML"):
        run("profile", "list")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("jsn = true", "[profile.list] of the settings has no option 'jsn'. Did you mean json?"),
        ("json = 1", "has json = 1; it is true or false."),
        ("card = {a = 1}", "it is a text or a number."),
    ],
)
def test_an_option_that_is_wrong_is_a_sentence(folder: Path, line: str, sentence: str) -> None:
    (folder / "euicc-sim.toml").write_text(f"[profile.list]\n{line}\n")
    said = run("profile", "list")
    assert said.startswith("1: ")
    assert sentence in " ".join(said.split())


@pytest.mark.parametrize("value", ["DIR", ["DIR"]], ids=["text", "list"])
def test_an_option_that_may_be_repeated_takes_a_text_or_a_list(
    folder: Path, tmp_path: Path, value: object
) -> None:
    def named(one: object) -> str:
        return "[" + ", ".join(map(named, one)) + "]" if isinstance(one, list) else repr(one)

    (folder / "euicc-sim.toml").write_text(f"[serve]\ncard = {named(value)}\n")
    said = run("serve")
    assert "DIR" in said
    assert "iterable" not in said


def test_one_value_is_not_several(folder: Path) -> None:
    (folder / "euicc-sim.toml").write_text('[profile.list]\ncard = ["a", "b"]\n')
    assert "it takes a single value" in run("profile", "list")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "[profile.lst]\n",
            "[profile] of the settings has 'lst', which is not a command. Did",
        ),
        (
            "[profile]\njson = true\n",
            "[profile] of the settings has 'json', which is not a c",
        ),
        ("[profile]\nlist = true\n", "has 'list' outside of the table of a command"),
    ],
)
def test_what_is_wrong_in_the_table_of_a_group_is_said(
    folder: Path, content: str, sentence: str
) -> None:
    (folder / "euicc-sim.toml").write_text(content)
    assert sentence in " ".join(run("profile", "list").split())


def test_both_words_of_a_flag_are_options(folder: Path, tmp_path: Path) -> None:
    (folder / "euicc-sim.toml").write_text("[card.set]\nno-toolkit = true\n")
    run("card", "new", tmp_path / "made")
    assert "toolkit" in run("card", "set", tmp_path / "made")
    with Card.open(tmp_path / "made") as card:
        assert not card.state.switches.toolkit


@pytest.mark.parametrize("words", [["profile", "list"], ["serve"], ["web"], ["demo"]])
def test_the_help_names_the_variable_and_has_no_placeholder_for_a_flag(words: list[str]) -> None:
    said = run(*words, "--help", env={"COLUMNS": "200"})
    assert "EUICC_SIM_CARD" in said
    assert "<bool>" not in said
