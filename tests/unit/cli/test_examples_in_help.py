"""Each command has an example in its help, with options that it has."""

from __future__ import annotations

import re
import shlex

import pytest
from support.all_commands import ALL
from typer.testing import CliRunner

from euicc_sim.cli.examples import EXAMPLES
from euicc_sim.cli.main import app

WITHOUT = {"lpac-stdio"}
"""Its options are those of another program."""


def example(name: str) -> str:
    """The example in the help of a command."""
    said = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "250"}).output
    found = re.search(
        rf"euicc-sim {re.escape(name)}( [^\n│]*|$)", said.split("Usage:")[-1].split("\n", 1)[-1]
    )
    assert found, said
    return found[0].strip()


@pytest.mark.parametrize("name", sorted(set(ALL) - WITHOUT))
def test_its_help_has_an_example_with_options_that_it_has(name: str) -> None:
    words = shlex.split(example(name).partition(" | ")[0])
    known = {one for option in ALL[name].params for one in (*option.opts, *option.secondary_opts)}
    given = {one for one in words if one.startswith("--")}
    assert given <= known


def test_each_example_is_of_a_command() -> None:
    assert set(EXAMPLES) <= set(ALL)
    for name, text in EXAMPLES.items():
        assert text.startswith(f"euicc-sim {name} ")
